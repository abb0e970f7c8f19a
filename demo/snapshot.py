"""What the city answers at one moment: rows ready to be sent, found by window or by code."""

from collections.abc import Iterable
from datetime import date, datetime
from sys import intern
from typing import NamedTuple

from . import dates
from .city import City
from .dossier import Event, Record, encode, event_date, window_date

EPOCH = datetime(2025, 1, 1)


class Row(NamedTuple):
    """One row as sent. ``order`` sorts it (newest created first), ``day`` finds it by window, ``key`` is
    what makes it distinct (None: nothing does). ``is_clean`` says that no counting rule refuses it,
    whatever was planted. ``changed`` sorts it by its last change, the newest first."""

    order: int
    day: date | None
    code: str | None
    key: str | int | None
    body: bytes
    is_clean: bool
    changed: int


class Listing:
    """An answer before it is cut into pages. ``total`` counts distinct dossiers or events, not rows: a row
    listed twice, or one without a code, announces nothing."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.total = len({row.key for row in rows if row.key is not None})

    def by_update(self) -> list[Row]:
        """Return the rows in the order of their last change, the newest first."""
        return sorted(self.rows, key=lambda row: (row.changed, row.order))


class Snapshot:
    """The rows of one moment. Both kinds are found by ``window`` (days, both inside) or by ``codes``."""

    def __init__(self, moment: datetime, dossiers: list[Row], events: list[Row]) -> None:
        self.moment = moment
        self._rows = {"ho-so": dossiers, "tien-do": events}
        self._by_code: dict[str, dict[str, list[Row]]] = {}
        self._windows: dict[tuple[str, date, date], Listing] = {}

    def window(self, kind: str, first: date, last: date) -> Listing:
        found = self._windows.get((kind, first, last))
        if found is None:
            rows = [row for row in self._rows[kind] if row.day is not None and first <= row.day <= last]
            found = self._windows[kind, first, last] = Listing(rows)
        return found

    def codes(self, kind: str, wanted: Iterable[str]) -> Listing:
        if kind not in self._by_code:
            index: dict[str, list[Row]] = {}
            for row in self._rows[kind]:
                if row.code:
                    index.setdefault(row.code, []).append(row)
            self._by_code[kind] = index
        found = [row for code in dict.fromkeys(wanted) for row in self._by_code[kind].get(code, ())]
        return Listing(sorted(found, key=lambda row: row.order))


class Camera:
    """Takes snapshots of a city; rows that have not changed since the last one are not encoded again."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._dossier_rows: dict[tuple[date, int], tuple[int, list[Row]]] = {}
        self._event_rows: dict[int, Row] = {}

    def take(self, moment: datetime) -> Snapshot:
        dossiers: list[Row] = []
        events: list[Row] = []
        for dossier in self._city.dossiers(moment):
            if not dossier.exists(moment):
                continue
            place, version = id(dossier), dossier.version(moment)
            known = self._dossier_rows.get(place)
            if known is None or known[0] != version:
                changed = dossier.moments()[version - 1] if version else dossier.created
                rows = [
                    _dossier_row(record, created, dossier.serial, dossier.clean, changed)
                    for created, record in dossier.rows(moment)
                ]
                known = self._dossier_rows[place] = (version, rows)
            dossiers += known[1]
            for event in dossier.events:
                if event.since <= moment:
                    row = self._event_rows.get(id(event))
                    if row is None:
                        row = self._event_rows[id(event)] = _event_row(event, dossier.serial)
                    events.append(row)
        dossiers.sort(key=lambda row: row.order)
        events.sort(key=lambda row: row.order)
        return Snapshot(moment, dossiers, events)


def newest_first(created: datetime, serial: int) -> int:
    """Return a sort key: later creation first, then the higher serial (which is below 100,000)."""
    return -(round((created - EPOCH).total_seconds()) * 100_000 + serial)


def _dossier_row(record: Record, created: datetime, serial: int, is_clean: bool, changed: datetime) -> Row:
    code = intern(record.get("MaHoSo") or "") or None
    order, last = newest_first(created, serial), newest_first(max(created, changed), serial)
    return Row(order, window_date(record), code, code, encode(record), is_clean, last)


def _event_row(event: Event, serial: int) -> Row:
    record = event.record
    code, moment = intern(record["MaHoSo"] or "") or None, record["ThoiDiemXuLy"]
    key = None
    if code and dates.read(moment) and record["TrangThai"] in {str(n) for n in range(1, 11)}:
        # A number instead of four texts: a city has 150,000 events.
        key = hash((code, moment, record["TrangThai"], record["NoiDungXuLy"]))
    order = newest_first(event.since, serial)
    return Row(order, event_date(record), code, key, event.body, True, order)
