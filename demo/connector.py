"""What a connector sees of the city, pull after pull, and which version of each dossier it ends with."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from . import dates
from .city import City
from .dossier import Dossier, Record, window_date
from .judging import NO_EVENTS, Events, Sheet, Step, read_sheet, refusal, text
from .spelling import folded

OPEN_STATUSES = (1, 2, 4, 5, 6)
STATUSES = {str(n) for n in range(1, 11)}
#: What senders write when they do not know who acted.
PLACEHOLDERS = {"chuyên viên", "cán bộ một cửa"}


class Pull(NamedTuple):
    """One reading: the moment (local time) and the window of days, both inside."""

    at: datetime
    first: date
    last: date


class ReadEvent(NamedTuple):
    """A good progress event; the first four together are its natural key."""

    code: str
    moment: datetime
    status: int
    content: str | None
    officer: str | None = None
    due: date | None = None


class Seen(NamedTuple):
    """The rows of one dossier in one pull, in the order in which they were read."""

    at: datetime
    rows: tuple[tuple[date | None, Sheet], ...]


@dataclass(slots=True)
class Memory:
    """Everything read so far: rows by dossier code, good events by dossier code."""

    rows: dict[str, list[Seen]]
    events: dict[str, Events]

    def versions(self, code: str) -> list[tuple[datetime, Sheet]]:
        """Return the good versions in order, one per pull at most: in one reading the later good row wins."""
        events = self.events.get(code, NO_EVENTS)
        found = []
        for at, rows in self.rows[code]:
            good = [sheet for _, sheet in rows if refusal(sheet, at.date(), events) is None]
            if good:
                found.append((at, good[-1]))
        return found

    def in_force(self, code: str) -> Sheet | None:
        """Return the last good version as far as is known now."""
        events = self.events.get(code, NO_EVENTS)
        for at, rows in reversed(self.rows[code]):
            for _, sheet in reversed(rows):
                if refusal(sheet, at.date(), events) is None:
                    return sheet
        return None

    def refused_for(self, code: str) -> str | None:
        """Return why the row that was read last is refused as far as is known now, None when it is good."""
        at, rows = self.rows[code][-1]
        return refusal(rows[-1][1], at.date(), self.events.get(code, NO_EVENTS))

    def asked_by_code(self) -> set[str]:
        """Return what a connector asks for besides its window: what it believes open, and what was refused."""
        return {
            code
            for code in self.rows
            if self.refused_for(code) is not None
            or ((sheet := self.in_force(code)) is not None and sheet.status in OPEN_STATUSES)
        }


def read_pulls(entries: list[dict]) -> list[Pull]:
    """Return the pulls of a decoded ``pulls.json``."""
    return [
        Pull(dates.parse_moment(e["at"]), date.fromisoformat(e["from"]), date.fromisoformat(e["to"]))
        for e in entries
    ]


def simulate(city: City, pulls: list[Pull]) -> Memory:
    """Make every pull in turn and return what is known: the window, and by code what ``asked_by_code`` names.

    Events come before the dossiers, as an end instant may live only there; what is refused for want of one is
    asked for once more.
    """
    memory = Memory({}, {})
    read_events: dict[int, ReadEvent | None] = {}
    sheets: dict[tuple[int, int], tuple[tuple[date | None, Sheet], ...]] = {}
    for pull in pulls:
        alive = [dossier for dossier in city.dossiers(pull.at) if dossier.exists(pull.at)]
        _read_events(memory, alive, pull, memory.asked_by_code(), read_events)
        asked = memory.asked_by_code()
        # Rows are kept apart from what is known until the end: a reading is one piece.
        reading: dict[str, list[tuple[datetime, date | None, Sheet]]] = {}
        for dossier in alive:
            for created, (found_by, sheet) in _rows(dossier, pull.at, sheets):
                in_window = found_by is not None and pull.first <= found_by <= pull.last
                if sheet.code and (in_window or sheet.code in asked):
                    reading.setdefault(sheet.code, []).append((created, found_by, sheet))
        for code, rows in reading.items():
            rows.sort(key=lambda row: row[0], reverse=True)
            seen = Seen(pull.at, tuple((found_by, sheet) for _, found_by, sheet in rows))
            memory.rows.setdefault(code, []).append(seen)
        endless = {code for code in memory.rows if memory.refused_for(code) == "no_end"}
        _read_events(memory, alive, pull, endless, read_events)
    return memory


def _rows(dossier: Dossier, moment: datetime, known: dict):
    """Return (creation, (day that finds it, sheet)) of every row of a dossier, each version read once."""
    place = (id(dossier), dossier.version(moment))
    if place not in known:
        known[place] = tuple(
            (created, (window_date(record), read_sheet(record))) for created, record in dossier.rows(moment)
        )
    return known[place]


def _read_events(
    memory: Memory, alive: list[Dossier], pull: Pull, wanted: set[str], known: dict[int, ReadEvent | None]
) -> None:
    """Add the good events of the window and of ``wanted`` codes; ``known`` keeps what was read before."""
    for dossier in alive:
        for event in dossier.events:
            if event.since > pull.at:
                continue
            place = id(event)
            if place not in known:
                known[place] = read_event(event.record)
            read = known[place]
            if read and (pull.first <= read.moment.date() <= pull.last or read.code in wanted):
                step = Step(read.moment, read.status, read.officer, read.due)
                memory.events.setdefault(read.code, Events()).add(step, read.content)


def read_event(record: Record) -> ReadEvent | None:
    """Return an event as the rules read it, None when it is refused."""
    code, status, moment = text(record["MaHoSo"]), text(record["TrangThai"]), text(record["ThoiDiemXuLy"])
    found = dates.read(moment) if moment else None
    if code is None or found is None or status not in STATUSES:
        return None
    officer = folded(text(record.get("NguoiXuLy")))
    due = dates.read(text(record.get("NgayKetThucTheoQuyDinh")) or "")
    return ReadEvent(
        code,
        found,
        int(status),
        text(record["NoiDungXuLy"]),
        None if officer in PLACEHOLDERS else officer,
        due.date() if due else None,
    )
