"""Reporting periods: months, quarters, halves, nine months and years of the two calendars.

Calendar ``month`` has calendar months; in ``report`` a month runs from the 15th of the month before to the
14th. Labels are the same in both: ``2025-07``, ``2025-Q3``, ``2025-H2``, ``2025-9M``, ``2025``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from tthc.errors import UsageError

Kind = Literal["month", "quarter", "half", "nine_months", "year"]
Calendar = Literal["month", "report"]

CALENDARS: tuple[Calendar, ...] = ("month", "report")
FIRST_YEAR, LAST_YEAR = 1990, 2100

_LENGTHS: dict[Kind, int] = {"month": 1, "quarter": 3, "half": 6, "nine_months": 9, "year": 12}
_LABEL = re.compile(
    r"(?P<year>\d{4})(?:-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4])|H(?P<half>[12])|(?P<nine_months>9M)))?",
    re.ASCII,
)
#: They begin with the year, so a year has one of each.
_FROM_JANUARY = ("nine_months", "year")
_REPORT_OPENS = 15


@dataclass(frozen=True)
class Period:
    """A period ``[start, end]``, both days inside."""

    label: str
    kind: Kind
    calendar: Calendar
    start: date
    end: date

    @property
    def months(self) -> tuple[str, ...]:
        """The labels of its months, in order."""
        return months_of(self)


def parse(label: str, calendar: str = "month") -> Period:
    """Return the period that a label names in a calendar; raises UsageError for any other text.

    >>> period = parse("2025-H2", "report")
    >>> period.start.isoformat(), period.end.isoformat()
    ('2025-06-15', '2025-12-14')
    """
    found = _LABEL.fullmatch(label)
    if not found or not FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
        raise UsageError(
            f"Kỳ không hợp lệ: {label!r}. Hãy viết 2025-07, 2025-Q3, 2025-H2, 2025-9M (chín tháng) hoặc 2025."
        )
    if calendar not in CALENDARS:
        raise UsageError(
            f"Lịch không hợp lệ: {calendar!r}. Hãy chọn month (tháng dương lịch) hoặc report (15 đến 14)."
        )
    kind: Kind = next((kind for kind in ("month", "quarter", "half", "nine_months") if found[kind]), "year")
    number = 1 if kind in _FROM_JANUARY else int(found[kind])
    return _period(int(found["year"]), number, kind, calendar)


def months_of(period: Period) -> tuple[str, ...]:
    """Return the labels of the months a period is made of, in order."""
    year, first = _year_and_first_month(period.label, period.kind)
    return tuple(_label(year, first + step, "month") for step in range(_LENGTHS[period.kind]))


def months_between(first: str, last: str) -> list[str]:
    """Return the month labels from first to last, both inside; raises UsageError when they are reversed.

    >>> months_between("2025-11", "2026-01")
    ['2025-11', '2025-12', '2026-01']
    """
    for label in (first, last):
        if parse(label).kind != "month":
            raise UsageError(f"Cần một tháng như 2025-07, không phải {label!r}.")
    start, end = (int(label[:4]) * 12 + int(label[5:]) - 1 for label in (first, last))
    if start > end:
        raise UsageError(f"Tháng đầu {first} đứng sau tháng cuối {last}: hãy đổi chỗ.")
    return [_label(number // 12, number % 12 + 1, "month") for number in range(start, end + 1)]


def periods_touched(months: Iterable[str], calendar: str = "month") -> list[Period]:
    """Return every period that contains one of the months: months, quarters, halves, nine months, years.

    Each kind in order.

    >>> [period.label for period in periods_touched(["2025-07", "2025-08"])]
    ['2025-07', '2025-08', '2025-Q3', '2025-H2', '2025-9M', '2025']
    """
    wanted = [(int(label[:4]), int(label[5:])) for month in months for label in months_between(month, month)]
    labels = {
        _label(year, (month - 1) // length * length + 1, kind): (rank, year, month)
        for rank, (kind, length) in enumerate(_LENGTHS.items())
        for year, month in sorted(wanted)
        if kind not in _FROM_JANUARY or month <= length
    }
    return [parse(label, calendar) for label in sorted(labels, key=labels.__getitem__)]


def periods_closing_with(month: str) -> list[str]:
    """Return the labels of the periods whose last month this is, itself first.

    >>> periods_closing_with("2025-12")
    ['2025-12', '2025-Q4', '2025-H2', '2025']
    """
    return [period.label for period in periods_touched([month]) if period.months[-1] == month]


def shifted(period: Period, steps: int) -> Period:
    """Return the period of the same kind and calendar that lies some steps later, or earlier.

    >>> [shifted(parse(label), -1).label for label in ("2026-01", "2026-Q1", "2026-H1", "2026-9M", "2026")]
    ['2025-12', '2025-Q4', '2025-H2', '2025-9M', '2025']
    """
    year, first = _year_and_first_month(period.label, period.kind)
    months = 12 if period.kind in _FROM_JANUARY else _LENGTHS[period.kind]
    number = year * 12 + first - 1 + steps * months
    return parse(_label(number // 12, number % 12 + 1, period.kind), period.calendar)


def month_of(day: date, calendar: str = "month") -> str:
    """Return the label of the month that holds the day.

    >>> month_of(date(2025, 12, 15), "report")
    '2026-01'
    """
    if calendar not in CALENDARS:
        parse("2025", calendar)
    if calendar == "report" and day.day >= _REPORT_OPENS:
        return _label(day.year + day.month // 12, day.month % 12 + 1, "month")
    return _label(day.year, day.month, "month")


def _period(year: int, number: int, kind: Kind, calendar: Calendar) -> Period:
    length = _LENGTHS[kind]
    first = (number - 1) * length + 1
    start = date(year, first, 1)
    after = date(year + (first + length - 1) // 12, (first + length - 1) % 12 + 1, 1)
    if calendar == "report":
        start = (start - timedelta(days=1)).replace(day=_REPORT_OPENS)
        after = (after - timedelta(days=1)).replace(day=_REPORT_OPENS)
    return Period(_label(year, first, kind), kind, calendar, start, after - timedelta(days=1))


def _label(year: int, first_month: int, kind: Kind) -> str:
    if kind in _FROM_JANUARY:
        return f"{year:04}" if kind == "year" else f"{year:04}-9M"
    if kind == "month":
        return f"{year:04}-{first_month:02}"
    letter = "Q" if kind == "quarter" else "H"
    return f"{year:04}-{letter}{(first_month - 1) // _LENGTHS[kind] + 1}"


def _year_and_first_month(label: str, kind: Kind) -> tuple[int, int]:
    if kind in _FROM_JANUARY:
        return int(label[:4]), 1
    number = int(label[5:].lstrip("QH"))
    return int(label[:4]), (number - 1) * _LENGTHS[kind] + 1
