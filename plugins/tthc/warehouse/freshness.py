"""How fresh each stream is: the last reading that was merged, and whether a later one should have been by now.

A city stream with a schedule is late when two of its scheduled times have passed since its last merged reading, and
half an hour more. A stream that comes in files has no time of its own: only its age is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from croniter import croniter

from tthc import settings
from tthc.sources import streams
from tthc.sources.streams import Stream

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
GRACE = timedelta(minutes=30)
MISSED_RUNS = 2


@dataclass(frozen=True)
class Freshness:
    """One stream: when it was merged last (None: never), from when on it is late (None: never), whether it is."""

    stream: str
    title: str
    merged_at: datetime | None
    late_at: datetime | None
    is_late: bool

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Return what a monitor reads: texts and seconds."""
        return {
            "stream": self.stream,
            "merged_at": self.merged_at and self.merged_at.isoformat(),
            "age_seconds": self.merged_at and round((now - self.merged_at).total_seconds()),
            "late_at": self.late_at and self.late_at.isoformat(),
            "is_late": self.is_late,
        }


def of_streams(connection: psycopg.Connection, now: datetime) -> list[Freshness]:
    """Return the freshness of every stream, in the order of their names."""
    merged = {
        row["stream"]: row["merged_at"]
        for row in connection.execute(
            "SELECT stream, max(merged_at) AS merged_at FROM ops.fetches"
            " WHERE commune_code = %s AND state = 'merged' AND kind <> 'codes' GROUP BY stream",
            (settings.commune_code(),),
        )
    }
    return [_of(stream, merged.get(name), now) for name, stream in sorted(streams.streams().items())]


def late_from(schedule: str, merged_at: datetime) -> datetime:
    """Return from when on a reading is late.

    >>> friday = datetime(2026, 11, 27, 17, 12, tzinfo=ZONE)
    >>> late_from("10 7-17/2 * * 1-5", friday).isoformat()
    '2026-11-30T09:40:00+07:00'
    """
    times = croniter(schedule, merged_at.astimezone(ZONE))
    for _ in range(MISSED_RUNS):
        due = times.get_next(datetime)
    return due + GRACE


def _of(stream: Stream, merged_at: datetime | None, now: datetime) -> Freshness:
    late_at = None
    if stream.kind == "city" and stream.schedule is not None and merged_at is not None:
        late_at = late_from(stream.schedule, merged_at)
    # A stream that was never read is not late: an installation begins when its first reading is asked for.
    return Freshness(stream.stream, stream.title, merged_at, late_at, late_at is not None and now > late_at)
