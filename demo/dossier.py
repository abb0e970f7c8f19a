"""One dossier as a line in time: what the city would answer about it at any moment."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import msgspec

from . import dates

Record = dict[str, Any]
FOREVER = datetime.max
MISSING = object()

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


@dataclass(slots=True)
class Overlay:
    """Values that stand over the true ones while ``since <= moment < until``: a mistake, or what a later
    silent correction changed."""

    since: datetime
    until: datetime
    values: Record


@dataclass(slots=True)
class Twin:
    """A second row of the same dossier with other values, listed before the true one (it was created
    later)."""

    created: datetime
    until: datetime
    values: Record


class Event:
    """A progress event and the moment from which the city shows it. ``body`` is it as sent, once frozen."""

    __slots__ = ("_record", "body", "since")

    def __init__(self, since: datetime, record: Record) -> None:
        self.since = since
        self.body = b""
        self._record: Record | None = record

    @property
    def record(self) -> Record:
        return self._record if self._record is not None else decode(self.body)

    def freeze(self) -> None:
        if self._record is not None:
            self.body, self._record = encode(self._record), None


class Step:
    """A change packed as bytes: a whole city of dictionaries would fill the machine."""

    __slots__ = ("_body", "_missing", "moment")

    def __init__(self, moment: datetime, patch: Record) -> None:
        self.moment = moment
        self._missing = tuple(name for name, value in patch.items() if value is MISSING)
        self._body = encode({name: value for name, value in patch.items() if value is not MISSING})

    def apply(self, values: Record) -> None:
        """Write this change into ``values``."""
        values.update(decode(self._body))
        for name in self._missing:
            values.pop(name, None)


@dataclass(slots=True)
class Dossier:
    """``steps`` are changes in order; ``created`` is when the city first shows the row, ``deleted`` when it
    stops.

    ``tags`` name the planted edges, so that tests can count them; the answer key never reads them.
    """

    serial: int
    created: datetime
    steps: list[tuple[datetime, Record]]
    overlays: list[Overlay] = field(default_factory=list)
    twins: list[Twin] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    deleted: datetime = FOREVER
    tags: set[str] = field(default_factory=set)
    clean: bool = True
    _line: list[Step] = field(default_factory=list)
    _boundaries: list[datetime] = field(default_factory=list)

    def freeze(self) -> None:
        """Sort and pack the line; to be called once it is complete. ``steps`` is empty from then on."""
        self._line = [Step(moment, patch) for moment, patch in sorted(self.steps, key=lambda step: step[0])]
        self.steps = []
        for event in self.events:
            event.freeze()
        moments = {step.moment for step in self._line}
        for overlay in self.overlays:
            moments |= {overlay.since, overlay.until}
        for twin in self.twins:
            moments |= {twin.created, twin.until}
        self._boundaries = sorted(moments - {FOREVER})

    def moments(self) -> list[datetime]:
        """Return every moment at which the row changes."""
        return self._boundaries

    def exists(self, moment: datetime) -> bool:
        return self.created <= moment < self.deleted

    def version(self, moment: datetime) -> int:
        """Return the number of the version in force at ``moment``; equal numbers mean equal records."""
        return bisect_right(self._boundaries, moment)

    def record(self, moment: datetime) -> Record:
        """Return the row as the city shows it at ``moment``; members marked MISSING are left out."""
        values: Record = {}
        for step in self._line:
            # Nobody ever saw what a back-dated row held before it was entered: its first step always counts.
            if step.moment <= moment or not values:
                step.apply(values)
        for overlay in self.overlays:
            if overlay.since <= moment < overlay.until:
                values.update(overlay.values)
        return {name: value for name, value in values.items() if value is not MISSING}

    def rows(self, moment: datetime) -> list[tuple[datetime, Record]]:
        """Return every row of this dossier at ``moment`` with its creation instant, the newest first."""
        if not self.exists(moment):
            return []
        record = self.record(moment)
        rows = [
            (twin.created, record | twin.values) for twin in self.twins if twin.created <= moment < twin.until
        ]
        return [*rows, (self.created, record)]


def window_date(record: Record) -> date | None:
    """Return the day by which a window finds a dossier: reception, or filing when reception cannot be
    read."""
    return dates.read_date(record.get("NgayTiepNhan")) or dates.read_date(record.get("NgayNopHoSo"))


def event_date(record: Record) -> date | None:
    """Return the day by which a window finds an event, None when its instant cannot be read."""
    return dates.read_date(record.get("ThoiDiemXuLy"))
