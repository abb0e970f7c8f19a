"""What the counting rules say of one dossier; plain Python, record by record."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .answers.papers import NO_PAPERS, Papers
from .judging import Events, Sheet, Step, day, end_day, members, text, unit_code
from .procedures import CATALOGUE, NO_DEADLINE, UNKNOWN_DEADLINE
from .spelling import folded
from .working_days import NotPublished, between, nth_after

BY_CODE = {procedure.code: procedure for procedure in CATALOGUE}
OUTCOMES = {9: "resolved", 10: "resolved", 7: "withdrawn", 8: "stopped", 3: "refused"}
ONE_DAY = timedelta(days=1)
Pause = tuple[date, date | None]


@dataclass(slots=True)
class Facts:
    """One counted dossier. ``spent`` and ``allowed``: working days of a resolved one, None if unknown."""

    unit: str
    procedure: str
    field: str
    received: date
    ended: date | None
    outcome: str | None
    due: date | None
    due_source: str
    first_due: date | None
    pauses: list[Pause]
    channel: int | None
    level: int | None
    has_fee: bool
    paid_online: bool
    must_digitize: bool
    components_digitized: bool
    gives_result: bool
    result_digitized: bool
    reused: bool
    supplement_count: int
    apology_on: date | None
    is_known: bool
    component_file: bool
    from_national_store: bool
    vneid: bool
    handed_over: date | None
    status: int
    told_late: date | None
    rescheduled_again: date | None
    full_progress: bool
    violated: bool
    rated: bool
    rated_badly: bool
    petitioned: bool
    official: str | None
    late_official: str | None
    reception_official: str | None
    spent: int | None = None
    allowed: int | None = None

    def paused_on(self, b: date) -> bool:
        """Say whether a pause covers the end of day ``b``."""
        return any(start <= b and (end is None or end > b) for start, end in self.pauses)


def facts(versions: list[tuple[datetime, Sheet]], events: Events, papers: Papers = NO_PAPERS) -> Facts | None:
    """Return what is known of a dossier with these good versions; None when it is not a counted one.

    ``papers`` is what registers and other systems say of it.
    """
    at, sheet = versions[-1]
    if not sheet.is_counted():
        return None
    procedure = BY_CODE.get(sheet.procedure or "")
    pauses = pauses_of(versions, events)
    due, source = due_of(sheet, pauses)
    parts = [
        part
        for part in members(sheet.record.get("TaiLieuNop"))
        if text(part.get("IsDeleted")) not in ("True", "true", "1")
    ]
    inputs = {text(part.get("DuongDanTaiTepTin")) for part in parts}
    results = [text(r.get("DuongDanTepTinKetQua")) for r in members(sheet.record.get("DanhSachGiayToKetQua"))]
    fees = [int(text(fee.get("Gia")) or 0) for fee in members(sheet.record.get("DanhSachLePhi"))]
    asked = sum(status == 5 for _, status in events.ordered())
    letters = papers.letters.get(sheet.code or "", [])
    ended, handed_over = end_day(sheet, events), sheet.days["NgayTra"]
    apologies = [*sheet.apologies, *(letter.apologised for letter in letters if letter.apologised)]
    statuses = {status for _, status in events.ordered()}
    found = Facts(
        unit=unit_code(sheet, at.date()) or "",
        procedure=sheet.procedure or "khac",
        field=folded(procedure.field) or "khac" if procedure else "khac",
        received=sheet.received,
        ended=ended,
        outcome=OUTCOMES.get(sheet.status),
        due=due,
        due_source=source,
        first_due=first_due_of(versions),
        pauses=pauses,
        channel=sheet.channel,
        level=procedure.level if procedure else None,
        has_fee=sum(fees) > 0,
        paid_online=text(sheet.record.get("DuocThanhToanTrucTuyen")) in ("1", "2"),
        must_digitize=sheet.channel != 2 and bool(parts),
        components_digitized=all(text(part.get("DuocSoHoa")) == "1" for part in parts),
        gives_result=bool(procedure and procedure.gives_result),
        result_digitized=any(path is not None and path not in inputs for path in results),
        reused=any(
            text(part.get("DuocTaiSuDung")) in ("1", "2") or text(part.get("DuocLayTuKhoDMQG")) == "1"
            for part in parts
        ),
        supplement_count=max(len(sheet.supplements), asked),
        apology_on=min(apologies, default=None),
        is_known=procedure is not None,
        component_file=any(path is not None for path in inputs),
        from_national_store=any(text(part.get("DuocLayTuKhoDMQG")) == "1" for part in parts),
        vneid=text(sheet.record.get("TaiKhoanDuocXacThucVoiVNeID")) == "1",
        handed_over=handed_over,
        status=sheet.status or 0,
        told_late=min([*apologies, *(letter.noticed for letter in letters if letter.noticed)], default=None),
        rescheduled_again=second_new_date(sheet, letters),
        full_progress=(
            2 in statuses
            and bool({9, 10} & statuses)
            and (handed_over is None or 10 in statuses)
            and asked >= len(sheet.supplements)
        ),
        violated=sheet.code in papers.violated,
        rated=sheet.code in papers.rated,
        rated_badly=sheet.code in papers.rated_badly,
        petitioned=sheet.code in papers.petitioned,
        official=handler(events, ended, papers),
        late_official=late_handler(events, ended, papers),
        reception_official=next(
            (
                papers.official(step.officer, step.moment.date())
                for step in events.steps()
                if step.status == 2
            ),
            None,
        ),
    )
    if found.outcome == "resolved":
        with suppress(NotPublished):
            found.spent = sum(not found.paused_on(d) for d in between(found.received, found.ended))
        if source in ("given", "computed") and found.first_due:
            with suppress(NotPublished):
                found.allowed = len(between(found.received, found.first_due))
    return found


def second_new_date(sheet: Sheet, letters: list) -> date | None:
    """Return the day on which the second of the different new dates was told; None when there is none."""
    told: dict[date, date] = {}
    every = [
        (day(row, "NgayXinLoi"), day(row, "NgayHenTraMoi"))
        for row in members(sheet.record.get("DanhSachXinLoi"))
    ]
    every += [(letter.apologised or letter.noticed, letter.new_due) for letter in letters]
    for on, new_due in every:
        if on and new_due:
            told[new_due] = min(on, told.get(new_due, on))
    days = sorted(told.values())
    return days[1] if len(days) > 1 else None


def handler(events: Events, ended: date | None, papers: Papers) -> str | None:
    """Return the official of the last step that names anybody, by the end; handing over is no handling."""
    named = [
        step
        for step in events.steps()
        if step.officer and step.status != 10 and (ended is None or step.moment.date() <= ended)
    ]
    return papers.official(named[-1].officer, named[-1].moment.date()) if named else None


def late_handler(events: Events, ended: date | None, papers: Papers) -> str | None:
    """Return the official of the first step whose own term passed before the next one began, or the end came."""
    steps: list[Step] = events.steps()
    for place, step in enumerate(steps):
        left = steps[place + 1].moment.date() if place + 1 < len(steps) else ended
        if step.status in (2, 4) and step.due and step.due < (left or date.max):
            return papers.official(step.officer, step.moment.date())
    return None


def pauses_of(versions: list[tuple[datetime, Sheet]], events: Events) -> list[Pause]:
    """Return the days on which pauses began and ended (None: not ended); they may overlap."""
    sheet = versions[-1][1]
    pauses: list[Pause] = [(asked, answered) for asked, answered, _ in sheet.supplements if asked]
    ordered = events.ordered()
    for place, (moment, status) in enumerate(ordered):
        if status in (5, 6):
            ends = [later for later, other in ordered[place + 1 :] if other != status]
            pauses.append((moment.date(), ends[0].date() if ends else None))
    if sheet.status in (5, 6) and all(end is not None for _, end in pauses):
        first_seen = versions[-1][0]
        for at, version in reversed(versions):
            if version.status != sheet.status:
                break
            first_seen = at
        pauses.append((first_seen.date(), None))
    return pauses


def promised(sheet: Sheet) -> date | None:
    """Return the due date by the catalogue, without pauses; None when it gives none; raise NotPublished."""
    procedure = BY_CODE.get(sheet.procedure or "")
    if procedure is None or procedure.deadline in (NO_DEADLINE, UNKNOWN_DEADLINE):
        return None
    return nth_after(sheet.received, int(procedure.deadline))


def due_of(sheet: Sheet, pauses: list[Pause]) -> tuple[date | None, str]:
    """Return the due date in force and where it comes from."""
    given = sheet.days["NgayHenTra"]
    if given:
        return given, "given"
    procedure = BY_CODE.get(sheet.procedure or "")
    if procedure and procedure.deadline == NO_DEADLINE:
        return None, "none"
    try:
        without_pauses = promised(sheet)
        if without_pauses is None:
            return None, "unknown"
        waited: set[date] = set()
        for start, end in pauses:
            if end is not None and end > start:
                waited.update(between(start - ONE_DAY, end - ONE_DAY))
        return nth_after(without_pauses, len(waited)), "computed"
    except NotPublished:
        return None, "unknown"


def first_due_of(versions: list[tuple[datetime, Sheet]]) -> date | None:
    """Return the first promise: that of the first version with one, before any supplement moved it."""
    for _, sheet in versions:
        moved = [previous for *_, previous in sheet.supplements if previous]
        if moved or sheet.days["NgayHenTra"]:
            return moved[0] if moved else sheet.days["NgayHenTra"]
        if sheet.is_counted():
            try:
                found = promised(sheet)
            except NotPublished:
                found = None
            if found:
                return found
    return None
