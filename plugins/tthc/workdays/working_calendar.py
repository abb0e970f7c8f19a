"""Working days of Viet Nam: Monday to Friday, except the days that a published notice names."""

import csv
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

from tthc.errors import TthcError

_DAY = timedelta(days=1)
_FRIDAY = 5


class CalendarNotPublished(TthcError):
    """A span of days leaves the years whose days off are published; ``year`` is the first such year."""

    def __init__(self, year: int) -> None:
        super().__init__(
            f"Chưa công bố lịch làm việc năm {year}: hãy nạp ngày nghỉ, ngày làm bù của năm {year} "
            f"vào luồng register__working_days."
        )
        self.year = year


class ExceptionDay(NamedTuple):
    """A weekday off, or a Saturday that counts, with the document that says so."""

    day: date
    is_working: bool
    document: str


class NthWorkingDay(NamedTuple):
    """``is_published`` is False when the year has no published days off and Monday to Friday was assumed."""

    day: date
    is_published: bool


class WorkingCalendar:
    """The working days of the years that have an exception row; a year without one is not published."""

    def __init__(self, exceptions: Iterable[tuple[date, bool, str]]) -> None:
        self.exceptions = {
            day: ExceptionDay(day, is_working, document) for day, is_working, document in exceptions
        }
        self.years = frozenset(day.year for day in self.exceptions)
        self._working = [day for year in sorted(self.years) for day in self._working_days_of(year)]

    def is_working(self, day: date) -> bool:
        """Say whether the day counts; raises CalendarNotPublished."""
        self._require(day.year, day.year)
        return self._counts(day)

    def add(self, day: date, count: int) -> date:
        """Return the count-th working day after ``day`` (which is not counted); 0 gives the day itself.

        Raises CalendarNotPublished when the days after ``day`` leave the published years before that.
        """
        if count < 0:
            raise ValueError("count must not be negative")
        if count == 0:
            return day
        first = (day + _DAY).year
        place = bisect_right(self._working, day) + count - 1
        last = self._working[place].year if place < len(self._working) else max(self.years, default=first) + 1
        self._require(first, max(first, last))
        return self._working[place]

    def between(self, after: date, through: date) -> int:
        """Return how many working days lie in (after, through]; raises CalendarNotPublished."""
        if through <= after:
            return 0
        self._require((after + _DAY).year, through.year)
        return bisect_right(self._working, through) - bisect_right(self._working, after)

    def nth_working_day(self, year: int, month: int, n: int) -> NthWorkingDay:
        """Return the n-th working day of a month, n from 1; an unpublished year has Monday to Friday.

        >>> WorkingCalendar([(date(2026, 1, 1), False, "")]).nth_working_day(2026, 1, 1).day
        datetime.date(2026, 1, 2)
        >>> WorkingCalendar([]).nth_working_day(2027, 1, 1)
        NthWorkingDay(day=datetime.date(2027, 1, 1), is_published=False)
        """
        day, left = date(year, month, 1), n
        while n > 0 and day.month == month:
            left -= self._counts(day)
            if left == 0:
                return NthWorkingDay(day, year in self.years)
            day += _DAY
        raise ValueError(f"{year}-{month:02} has no working day number {n}")

    def _counts(self, day: date) -> bool:
        exception = self.exceptions.get(day)
        return day.weekday() < _FRIDAY if exception is None else exception.is_working

    def _working_days_of(self, year: int) -> Iterator[date]:
        day = date(year, 1, 1)
        while day.year == year:
            if self._counts(day):
                yield day
            day += _DAY

    def _require(self, first: int, last: int) -> None:
        for year in range(first, last + 1):
            if year not in self.years:
                raise CalendarNotPublished(year)


def read_seed(path: Path) -> WorkingCalendar:
    """Return the calendar of the seed file ``sources/seeds/register__working_days.csv``."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return WorkingCalendar(
            (date.fromisoformat(row["Ngày"]), row["Làm việc"] == "Có", row["Văn bản"])
            for row in csv.DictReader(file)
        )
