"""Working days of 2024 to 2026, from the list in the counting rules; nothing outside those years is known."""

from datetime import date, timedelta
from functools import lru_cache

FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)


def _days(year: int, *spans: str) -> set[date]:
    """Return the days of ``"d/m"`` and ``"d/m-d/m"`` texts."""
    found = set()
    for span in spans:
        ends = [date(year, *reversed([int(n) for n in end.split("/")])) for end in span.split("-")]
        day = ends[0]
        while day <= ends[-1]:
            found.add(day)
            day += timedelta(days=1)
    return found


OFF = (
    _days(2024, "1/1", "8/2-14/2", "18/4", "29/4-1/5", "2/9-3/9")
    | _days(2025, "1/1", "27/1-31/1", "7/4", "30/4-2/5", "1/9-2/9")
    | _days(2026, "1/1-2/1", "16/2-20/2", "27/4", "30/4-1/5", "31/8-2/9", "24/11")
)
WORKING_SATURDAYS = {date(2024, 5, 4), date(2025, 4, 26), date(2026, 1, 10), date(2026, 8, 22)}


class NotPublished(Exception):
    """A span left the years whose calendar is published."""


def is_working(day: date) -> bool:
    """Say whether ``day`` is a working day; outside the published years raise NotPublished."""
    if not FIRST <= day <= LAST:
        raise NotPublished(day.year)
    return day in WORKING_SATURDAYS or (day.weekday() < 5 and day not in OFF)


@lru_cache(maxsize=100_000)
def nth_after(day: date, n: int) -> date:
    """Return the ``n``-th working day after ``day`` (``day`` itself is never counted; n = 0 gives
    ``day``)."""
    while n > 0:
        day += timedelta(days=1)
        n -= is_working(day)
    return day


@lru_cache(maxsize=200_000)
def between(after: date, through: date) -> tuple[date, ...]:
    """Return the working days in (after, through]; raise NotPublished when the span leaves the
    published years."""
    if through > after and not (after >= FIRST and through <= LAST):
        raise NotPublished(through.year)
    return tuple(
        day
        for step in range(1, (through - after).days + 1)
        if is_working(day := after + timedelta(days=step))
    )
