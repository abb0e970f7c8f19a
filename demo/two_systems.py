"""What the counting rules say of city and portal together: which dossier is which, and where the two differ."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from . import dates
from .city import City
from .connector import Memory
from .counting import BY_CODE
from .exports import portal_dossiers
from .judging import (
    DISSOLVED,
    DISSOLVED_INTO,
    DISSOLVED_UNTIL,
    NO_EVENTS,
    UNIT_CODES,
    end_day,
    text,
    unit_code,
)
from .periods import Period
from .spelling import folded
from .stream_file import Context
from .tally import hundredths
from .units import NAMES

CLASS_OF_STATUS = {1: "waiting", 2: "open", 4: "open", 5: "open", 6: "open", 3: "refused"}
INSTANTS = ("submitted_at", "received_at", "due_at", "finished_at", "handed_over_at")
#: Exports have no rows of days off: so many days may lie between two that they cover.
LONGEST_GAP = 11


@dataclass(slots=True)
class Side:
    """One dossier as one of the systems shows it; instants are local time."""

    code: str
    other_code: str | None
    procedure: str | None
    unit: str | None
    status: int
    filed: datetime | None
    received: datetime | None
    due: date | None
    ended: date | None
    #: The end by the columns that both systems have.
    shown_end: date | None

    @property
    def received_on(self) -> date | None:
        """The day of reception, None for a dossier that this side has not received."""
        return self.received.date() if self.received and self.status != 1 else None


@dataclass(slots=True)
class Item:
    """One dossier of either system, compared."""

    kind: str
    unit: str
    procedure: str
    field: str
    in_city: date | None
    on_portal: date | None
    is_shown: bool
    is_covered: bool


def partners(seed: int, memory: Memory, exports: Iterable[datetime]) -> dict[str, str]:
    """Return the portal's code of each city dossier that has one."""
    return match(*_sides(memory, _shown(seed, exports)[0]))


def _sides(memory: Memory, rows: dict[str, dict[str, Any]]) -> tuple[dict[str, Side], dict[str, Side]]:
    city = {code: side for code in memory.rows if (side := _city_side(memory, code))}
    return city, {code: _portal_side(row) for code, row in rows.items()}


def _shown(seed: int, exports: Iterable[datetime]) -> tuple[dict[str, dict[str, Any]], set[date]]:
    """Return the newest row of each dossier that the exports show, and the days of reception in them."""
    rows: dict[str, dict[str, Any]] = {}
    days: set[date] = set()
    for moment in exports:
        context = Context(seed, moment, City(seed))
        asked = portal_dossiers.window(context)
        if asked:
            days |= {asked[0] + timedelta(days=n) for n in range((asked[1] - asked[0]).days + 1)}
        for row in portal_dossiers.rows(context):
            rows[row["dossier_code"]] = row
            if row["received_at"] and not asked:
                days.add(row["received_at"].date())
    return rows, days


def compared(seed: int, memory: Memory, exports: Iterable[datetime]) -> list[Item]:
    """Return every dossier that either system received, given the moments (local time) of the portal's exports."""
    rows, days = _shown(seed, exports)
    known = sorted(days)
    city, portal = _sides(memory, rows)
    partners = match(city, portal)
    taken = set(partners.values())
    pairs: list[tuple[Side | None, Side | None]] = [
        (side, portal.get(partners.get(code, ""))) for code, side in city.items()
    ]
    pairs += [(None, side) for code, side in portal.items() if code not in taken]
    return [
        _item(ours, theirs, known)
        for ours, theirs in pairs
        if (ours and ours.received_on) or (theirs and theirs.received_on)
    ]


def _city_side(memory: Memory, code: str) -> Side | None:
    versions = memory.versions(code)
    if not versions:
        return None
    at, sheet = versions[-1]
    record, events = sheet.record, memory.events.get(code, NO_EVENTS)

    def moment(name: str) -> datetime | None:
        written = text(record.get(name))
        return dates.read(written) if written else None

    finished, handed = sheet.days["NgayKetThucXuLy"], sheet.days["NgayTra"]
    return Side(
        code=code,
        other_code=text(record.get("MaHoSoKhac")),
        procedure=sheet.procedure,
        unit=unit_code(sheet, at.date()),
        status=sheet.status,
        filed=moment("NgayNopHoSo"),
        received=moment("NgayTiepNhan"),
        due=sheet.days["NgayHenTra"],
        ended=end_day(sheet, events) if sheet.is_counted() else None,
        shown_end=_end(sheet.status, sheet.received, finished, handed),
    )


def _portal_side(row: dict[str, Any]) -> Side:
    at = {
        name: value.replace(tzinfo=None) if isinstance(value := row[name], datetime) else None
        for name in INSTANTS
    }
    on = {name: value.date() if value else None for name, value in at.items()}
    ended = _end(row["status"], on["received_at"], on["finished_at"], on["handed_over_at"])
    return Side(
        code=row["dossier_code"],
        other_code=row["other_dossier_code"],
        procedure=row["procedure_code"],
        unit=_unit(row["unit_name"], on["received_at"]),
        status=row["status"],
        filed=at["submitted_at"],
        received=at["received_at"],
        due=on["due_at"],
        ended=ended,
        shown_end=ended,
    )


def _unit(name: str | None, received: date | None) -> str | None:
    key = folded(name) if name else None
    if key in UNIT_CODES:
        return UNIT_CODES[key]
    return DISSOLVED_INTO if key in DISSOLVED and received and received <= DISSOLVED_UNTIL else None


def _end(status: int, received: date | None, finished: date | None, handed: date | None) -> date | None:
    if status in (7, 9, 10):
        return finished or handed
    return finished if status == 8 or (status == 3 and received) else None


def match(city: dict[str, Side], portal: dict[str, Side]) -> dict[str, str]:
    """Return the portal's code of each city dossier that has one: by code, by the other code, by what is alike."""
    partners = {code: code for code in city if code in portal}
    ours = {code: side for code, side in city.items() if code not in partners}
    theirs = {code: side for code, side in portal.items() if code not in city}

    def join(code: str, portal_code: str) -> None:
        partners[code] = portal_code
        del ours[code], theirs[portal_code]

    for code, side in list(ours.items()):
        named = theirs.get(side.other_code or "")
        if named and named.other_code == code:
            join(code, named.code)
    naming = defaultdict(list)
    for side in theirs.values():
        if side.other_code in ours:
            naming[side.other_code].append(side)
    for code, several in naming.items():
        join(code, min(several, key=lambda side, mine=ours[code]: _likeness(mine, side, side.code)).code)
    naming = defaultdict(list)
    for side in ours.values():
        if side.other_code in theirs:
            naming[side.other_code].append(side)
    for code, several in naming.items():
        join(min(several, key=lambda side, its=theirs[code]: _likeness(side, its, side.code)).code, code)
    for key in (_wholly, _together):
        groups: dict[Any, tuple[list[Side], list[Side]]] = defaultdict(lambda: ([], []))
        for place, sides in enumerate((ours, theirs)):
            for side in sides.values():
                if side.received and side.procedure and side.unit:
                    groups[key(side)][place].append(side)
        for mine, its in groups.values():
            for one, other in zip(sorted(mine, key=_order), sorted(its, key=_order), strict=False):
                join(one.code, other.code)
    return partners


def _likeness(ours: Side, theirs: Side, code: str) -> tuple:
    return ours.received != theirs.received, ours.due != theirs.due, code


def _together(side: Side) -> tuple:
    return side.procedure, side.received, side.unit


def _wholly(side: Side) -> tuple:
    return (*_together(side), side.filed, side.due)


def _order(side: Side) -> tuple:
    # What is not known comes last.
    return side.filed or datetime.max, side.due or date.max, side.code


def _item(ours: Side | None, theirs: Side | None, covered: list[date]) -> Item:
    first = ours or theirs
    procedure = BY_CODE.get(first.procedure or "")
    return Item(
        kind=_kind(ours, theirs),
        unit=first.unit or "khac",
        procedure=first.procedure or "khac",
        field=(folded(procedure.field) or "khac") if procedure else "khac",
        in_city=ours.received_on if ours else None,
        on_portal=theirs.received_on if theirs else None,
        is_shown=theirs is not None,
        is_covered=any(
            is_between(side.received_on, covered) for side in (ours, theirs) if side and side.received_on
        ),
    )


def _kind(ours: Side | None, theirs: Side | None) -> str:
    if theirs is None:
        return "missing_on_portal"
    if ours is None:
        return "missing_in_city"
    if ours.status in (5, 6, 8) and theirs.status == 9:
        return "status_rewritten"
    if CLASS_OF_STATUS.get(ours.status, "ended") != CLASS_OF_STATUS.get(theirs.status, "ended"):
        return "status_mismatch"
    is_same_end = ours.ended == theirs.ended or (theirs.ended is None and ours.shown_end is None)
    is_same = ours.received_on == theirs.received_on and ours.due == theirs.due and is_same_end
    return "equal" if is_same else "date_mismatch"


def is_between(day: date, known: list[date]) -> bool:
    """Say whether the day is one that exports show, or lies between two such days that are close together."""
    before, after = bisect_right(known, day) - 1, bisect_left(known, day)
    if before < 0 or after == len(known):
        return False
    return (known[after] - known[before]).days <= LONGEST_GAP


def tallies(items: Iterable[Item], period: Period, commune: str) -> dict[tuple[str, str], Counter]:
    """Return the counts of one period by (level, code): classes, and the parts of the two indicators."""
    found = {("commune", commune): Counter()} | {("unit", unit): Counter() for unit in NAMES}
    for item in items:
        in_city, on_portal = (
            day is not None and period.first <= day <= period.last for day in (item.in_city, item.on_portal)
        )
        if not (in_city or on_portal):
            continue
        # Nobody asked the portal about these days, so nothing is known to be missing there.
        kind = item.kind if item.is_shown or item.is_covered else "not_covered"
        for place in (
            ("commune", commune),
            ("unit", item.unit),
            ("procedure", item.procedure),
            ("field", item.field),
        ):
            tally = found.setdefault(place, Counter())
            tally[kind] += 1
            if not item.is_covered:
                tally["unasked"] += 1
                tally["received_unasked"] += in_city
                continue
            tally["asked"] += 1
            tally["same"] += kind == "equal"
            tally["received"] += in_city
            tally["received_shown"] += in_city and item.is_shown
    return found


def indicators(tally: Counter) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (id, numerator, denominator, value, status) as text."""
    for name, succeeds, counts, lacking in (
        ("national_portal_receipt_rate", "received_shown", "received", "received_unasked"),
        ("two_system_match_rate", "same", "asked", "unasked"),
    ):
        n, d = tally[succeeds], tally[counts]
        status = "no_data" if d == 0 else "incomplete" if tally[lacking] else "small_n" if d < 5 else "ok"
        yield name, str(n), str(d), hundredths(100 * n, d) if d else "", status
