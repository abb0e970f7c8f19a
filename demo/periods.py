"""Periods of both calendars, built from the counting rules' section 2."""

from datetime import date, timedelta
from typing import NamedTuple

CALENDARS = ("month", "report")
DEMO_MONTHS = [f"{2025 + n // 12}-{n % 12 + 1:02}" for n in range(6, 22)]


class Period(NamedTuple):
    """[first, last], both inside."""

    label: str
    calendar: str
    first: date
    last: date


def touched(months: list[str]) -> list[Period]:
    """Return the months (``2025-07``) and every quarter, half, nine months and year that they touch, in both calendars.

    >>> [period.label for period in touched(["2025-07"]) if period.calendar == "report"]
    ['2025-07', '2025-Q3', '2025-H2', '2025-9M', '2025']
    """
    spans: dict[str, tuple[int, int, int]] = {}
    for label in months:
        year, month = int(label[:4]), int(label[5:])
        quarter, half = (month + 2) // 3, (month + 5) // 6
        spans[label] = (year, month, month)
        spans[f"{year}-Q{quarter}"] = (year, quarter * 3 - 2, quarter * 3)
        spans[f"{year}-H{half}"] = (year, half * 6 - 5, half * 6)
        if month <= 9:
            spans[f"{year}-9M"] = (year, 1, 9)
        spans[str(year)] = (year, 1, 12)
    return [_period(label, calendar, *span) for calendar in CALENDARS for label, span in spans.items()]


def _period(label: str, calendar: str, year: int, first: int, last: int) -> Period:
    if calendar == "month":
        after = date(year + last // 12, last % 12 + 1, 1)
        return Period(label, calendar, date(year, first, 1), after - timedelta(days=1))
    before = date(year - 1, 12, 15) if first == 1 else date(year, first - 1, 15)
    return Period(label, calendar, before, date(year, last, 14))
