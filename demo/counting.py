"""What the counting rules say of one dossier; plain Python, record by record."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from .judging import Events, Sheet, end_day, members, text, unit_code
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
    spent: int | None = None
    allowed: int | None = None

    def paused_on(self, b: date) -> bool:
        """Say whether a pause covers the end of day ``b``."""
        return any(start <= b and (end is None or end > b) for start, end in self.pauses)


def facts(versions: list[tuple[datetime, Sheet]], events: Events) -> Facts | None:
    """Return what is known of a dossier with these good versions; None when it is not a counted one."""
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
    found = Facts(
        unit=unit_code(sheet, at.date()) or "",
        procedure=sheet.procedure or "khac",
        field=folded(procedure.field) or "khac" if procedure else "khac",
        received=sheet.received,
        ended=end_day(sheet, events),
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
        apology_on=min(sheet.apologies, default=None),
    )
    if found.outcome == "resolved" and source in ("given", "computed") and found.first_due:
        try:
            days = between(found.received, found.ended)
            allowed = between(found.received, found.first_due)
        except NotPublished:
            return found
        found.spent = sum(not found.paused_on(d) for d in days)
        found.allowed = len(allowed)
    return found


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
