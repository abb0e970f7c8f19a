"""One row read by the rules: what it says, and whether it is refused."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from . import dates, units
from .dossier import Record
from .spelling import folded, short_code

INSTANTS = ("NgayNopHoSo", "NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra", "NgayTuChoi")
LISTED_INSTANTS = {
    "DanhSachHoSoBoSung": ("NgayBoSung", "NgayTiepNhanBoSung", "NgayHenTraTruoc", "NgayHenTraMoi"),
    "DanhSachXinLoi": ("NgayXinLoi", "NgayHenTraMoi"),
}
UNIT_CODES = {folded(name): code for code, name in units.NAMES.items()}
DISSOLVED = {folded(name) for name in units.DISSOLVED}
DISSOLVED_UNTIL, DISSOLVED_INTO = date(2025, 6, 30), "phuc_vu_hanh_chinh_cong"


class Unreadable(Exception):
    """An instant of the row cannot be read."""


def text(value: Any) -> str | None:
    """Return a value's text, None for the three ways of saying nothing."""
    return str(value).strip() or None if value is not None else None


def members(value: Any) -> list[Record]:
    """Return a list's records, none when the list is missing, null or an empty string."""
    return value if isinstance(value, list) else []


def day(record: Record, name: str) -> date | None:
    """Return the date of one instant, None when blank; raise Unreadable."""
    written = text(record.get(name))
    if written is None:
        return None
    moment = dates.read(written)
    if moment is None:
        raise Unreadable(name)
    return moment.date()


@dataclass(slots=True)
class Sheet:
    """A row as read: dates by name of instant, the rest as the counting rules use it."""

    code: str | None
    status: int | None
    is_readable: bool
    days: dict[str, date | None]
    supplements: list[tuple[date | None, date | None, date | None]]
    apologies: list[date]
    unit_name: str | None
    procedure: str | None
    channel: int | None
    record: Record

    @property
    def received(self) -> date | None:
        return self.days.get("NgayTiepNhan")

    def scalar_end(self) -> date | None:
        """Return when it ended by its own instants; None while open, or when only an event could tell."""
        finished, handed, refused = (self.days.get(n) for n in ("NgayKetThucXuLy", "NgayTra", "NgayTuChoi"))
        if self.status in (9, 10, 7):
            return finished or handed
        if self.status == 8:
            return finished
        return (refused or finished) if self.status == 3 else None

    def must_end(self) -> bool:
        """Say whether the status needs an end instant: 7 to 10, and 3 after acceptance."""
        return self.status in (7, 8, 9, 10) or (self.status == 3 and self.received is not None)

    def is_counted(self) -> bool:
        """Say whether it is a dossier that the figures count: accepted, and not waiting."""
        return self.status != 1 and self.received is not None


def read_sheet(record: Record) -> Sheet:
    """Read one row as sent."""
    status = text(record.get("TrangThaiHoSo"))
    days: dict[str, date | None] = {}
    supplements, apologies, is_readable = [], [], True
    try:
        days = {name: day(record, name) for name in INSTANTS}
        for listed, names in LISTED_INSTANTS.items():
            for row in members(record.get(listed)):
                found = [day(row, name) for name in names]
                if listed == "DanhSachXinLoi":
                    apologies += [found[0]] if found[0] else []
                else:
                    supplements.append((found[0], found[1], found[2]))
    except Unreadable:
        is_readable = False
    channel = text(record.get("KenhThucHien"))
    return Sheet(
        text(record.get("MaHoSo")),
        int(status) if status and status.isdigit() and 1 <= int(status) <= 10 else None,
        is_readable,
        days,
        supplements,
        apologies,
        folded(text(record.get("DonViXuLy"))),
        short_code(text(record.get("MaTTHC"))),
        int(channel) if channel in ("1", "2", "3") else None,
        record,
    )


def unit_code(sheet: Sheet, pulled: date) -> str | None:
    """Return the unit of the row's name on its day: reception, else filing, else the day of the pull."""
    if sheet.unit_name in UNIT_CODES:
        return UNIT_CODES[sheet.unit_name]
    on = sheet.received or sheet.days.get("NgayNopHoSo") or pulled
    return DISSOLVED_INTO if sheet.unit_name in DISSOLVED and on <= DISSOLVED_UNTIL else None


class Step(NamedTuple):
    """One progress event: who acted (None: nobody is named) and the last day of the step's own term."""

    moment: datetime
    status: int
    officer: str | None
    due: date | None


class Events:
    """The good progress events of one dossier that have been seen, in order of instant."""

    def __init__(self) -> None:
        self._seen: dict[tuple, Step] = {}

    def add(self, step: Step, content: str | None) -> None:
        self._seen[step.moment, step.status, content] = step

    def steps(self) -> list[Step]:
        return sorted(self._seen.values(), key=lambda step: step[:2])

    def ordered(self) -> list[tuple[datetime, int]]:
        return [(step.moment, step.status) for step in self.steps()]

    def last(self, status: int | None) -> date | None:
        moments = [step.moment for step in self._seen.values() if step.status == status]
        return max(moments).date() if moments else None


NO_EVENTS = Events()


def end_day(sheet: Sheet, events: Events) -> date | None:
    """Return when processing ended, by the row or else by its events (statuses 7, 8 and 3)."""
    if not sheet.must_end():
        return None
    return sheet.scalar_end() or (events.last(sheet.status) if sheet.status in (3, 7, 8) else None)


def refusal(sheet: Sheet, pulled: date, events: Events) -> str | None:
    """Return why the row is refused when read on day ``pulled``, None when it is good."""
    if sheet.code is None:
        return "no_code"
    if sheet.status is None:
        return "status"
    if not sheet.is_readable:
        return "unreadable"
    received = sheet.received
    if received is None and sheet.status not in (1, 3, 5):
        return "no_reception"
    ended = end_day(sheet, events)
    if ended is None and sheet.must_end():
        return "no_end"
    if any(d and d > pulled for d in (received, sheet.days["NgayKetThucXuLy"], sheet.days["NgayTra"])):
        return "future"
    if ended and received and ended < received:
        return "ended_before_reception"
    return None if unit_code(sheet, pulled) else "unit"
