"""One dossier as a line in time: what the city would answer about it at any moment."""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from . import dates

Record = dict[str, Any]
FOREVER = datetime.max
MISSING = object()


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


@dataclass(slots=True)
class Event:
    """A progress event and the moment from which the city shows it."""

    since: datetime
    record: Record


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
    _boundaries: list[datetime] = field(default_factory=list)

    def freeze(self) -> None:
        """Sort the line; to be called once it is complete."""
        self.steps.sort(key=lambda step: step[0])
        moments = {moment for moment, _ in self.steps}
        for overlay in self.overlays:
            moments |= {overlay.since, overlay.until}
        for twin in self.twins:
            moments |= {twin.created, twin.until}
        self._boundaries = sorted(moments - {FOREVER})

    def exists(self, moment: datetime) -> bool:
        return self.created <= moment < self.deleted

    def version(self, moment: datetime) -> int:
        """Return the number of the version in force at ``moment``; equal numbers mean equal records."""
        return bisect_right(self._boundaries, moment)

    def record(self, moment: datetime) -> Record:
        """Return the row as the city shows it at ``moment``; members marked MISSING are left out."""
        values: Record = {}
        for since, patch in self.steps:
            # What a back-dated row held before it was entered nobody ever saw, so its first step always
            # counts.
            if since <= moment or not values:
                values.update(patch)
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
