"""The working calendar, against a walk day by day that knows no index, and against the notices."""

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tthc.vietnamese.quantities import read_yes_no
from tthc.workdays.working_calendar import CalendarNotPublished, WorkingCalendar, read_seed

SEED = Path(__file__).parents[2] / "sources" / "seeds" / "register__working_days.csv"
DAY = timedelta(days=1)

PUBLISHED = WorkingCalendar((day, working, "") for day, working, _ in read_seed(SEED).exceptions.values())
DAYS = st.dates(date(2023, 6, 1), date(2027, 6, 30))
EXCEPTIONS = st.dictionaries(DAYS, st.booleans(), min_size=1, max_size=60)


class NotPublished(Exception):
    pass


def counts(exceptions, day):
    if day.year not in {known.year for known in exceptions}:
        raise NotPublished
    return exceptions.get(day, day.isoweekday() <= 5)


def walk(exceptions, day, count):
    while count:
        day += DAY
        count -= counts(exceptions, day)
    return day


def count_walking(exceptions, after, through):
    return sum(counts(exceptions, after + DAY * step) for step in range(1, (through - after).days + 1))


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except (NotPublished, CalendarNotPublished):
        return "not published"


@given(exceptions=EXCEPTIONS, day=DAYS, count=st.integers(0, 300))
def test_adding_is_walking(exceptions, day, count):
    calendar = WorkingCalendar((at, working, "") for at, working in exceptions.items())
    assert outcome(calendar.add, day, count) == outcome(walk, exceptions, day, count)


@given(exceptions=EXCEPTIONS, after=DAYS, through=DAYS)
def test_counting_is_walking(exceptions, after, through):
    calendar = WorkingCalendar((at, working, "") for at, working in exceptions.items())
    assert outcome(calendar.between, after, through) == outcome(count_walking, exceptions, after, through)


@given(day=st.dates(date(2024, 1, 1), date(2026, 6, 30)), count=st.integers(1, 100))
def test_between_undoes_add(day, count):
    reached = PUBLISHED.add(day, count)
    assert PUBLISHED.between(day, reached) == count
    assert PUBLISHED.is_working(reached)
    assert PUBLISHED.between(day, reached - DAY) == count - 1


@given(day=st.dates(date(2024, 1, 1), date(2026, 12, 31)), n=st.integers(1, 15))
def test_nth_working_day_is_the_nth_after_the_month_before(day, n):
    first = day.replace(day=1)
    assume(first > date(2024, 1, 1))
    assert PUBLISHED.nth_working_day(day.year, day.month, n) == (PUBLISHED.add(first - DAY, n), True)


def test_an_unpublished_year_is_never_a_guess():
    """The last published working day of 2026 is 31 December, a Thursday; the next one would be a guess."""
    assert PUBLISHED.add(date(2026, 12, 30), 1) == date(2026, 12, 31)
    for ask in (
        lambda: PUBLISHED.add(date(2026, 12, 30), 2),
        lambda: PUBLISHED.between(date(2026, 12, 30), date(2027, 1, 1)),
        lambda: PUBLISHED.is_working(date(2027, 1, 4)),
        lambda: PUBLISHED.add(date(2026, 12, 31), 1),
    ):
        with pytest.raises(CalendarNotPublished, match="2027") as caught:
            ask()
        assert caught.value.year == 2027
    with pytest.raises(CalendarNotPublished, match="2023"):
        PUBLISHED.add(date(2023, 12, 20), 20)
    with pytest.raises(CalendarNotPublished):
        WorkingCalendar([]).add(date(2025, 1, 1), 1)


def test_the_day_before_the_first_published_year_may_start_a_span():
    assert PUBLISHED.add(date(2023, 12, 31), 1) == date(2024, 1, 2)
    assert PUBLISHED.between(date(2023, 12, 31), date(2024, 1, 2)) == 1


def test_an_empty_span_asks_for_no_calendar():
    assert PUBLISHED.between(date(2030, 1, 2), date(2030, 1, 1)) == 0
    assert PUBLISHED.add(date(2030, 1, 2), 0) == date(2030, 1, 2)


def test_a_timetable_falls_back_on_monday_to_friday_and_says_so():
    assert PUBLISHED.nth_working_day(2027, 1, 2) == (date(2027, 1, 4), False)
    assert PUBLISHED.nth_working_day(2026, 1, 1) == (date(2026, 1, 5), True)
    with pytest.raises(ValueError, match="2026-02"):
        PUBLISHED.nth_working_day(2026, 2, 20)


def span(first, last):
    return {first + DAY * step for step in range((last - first).days + 1)}


# As the notices put it: days on which offices are closed, weekends inside a stretch included.
CLOSED = (
    {
        date(2024, 1, 1),
        date(2024, 4, 18),
        date(2025, 1, 1),
        date(2025, 4, 7),
        date(2026, 4, 27),
        date(2026, 11, 24),
    }
    | span(date(2024, 2, 8), date(2024, 2, 14))
    | span(date(2024, 4, 27), date(2024, 5, 1))
    | span(date(2024, 8, 31), date(2024, 9, 3))
    | span(date(2025, 1, 25), date(2025, 2, 2))
    | span(date(2025, 4, 30), date(2025, 5, 4))
    | span(date(2025, 8, 30), date(2025, 9, 2))
    | span(date(2026, 1, 1), date(2026, 1, 4))
    | span(date(2026, 2, 14), date(2026, 2, 22))
    | span(date(2026, 4, 30), date(2026, 5, 3))
    | span(date(2026, 8, 29), date(2026, 9, 2))
)
OPEN_SATURDAYS = {date(2024, 5, 4), date(2025, 4, 26), date(2026, 1, 10), date(2026, 8, 22)}


def test_the_seed_says_what_the_notices_say_for_every_day_of_three_years():
    calendar = read_seed(SEED)
    assert calendar.years == {2024, 2025, 2026}
    assert all(day.isoweekday() == 6 for day in OPEN_SATURDAYS)
    for day in span(date(2024, 1, 1), date(2026, 12, 31)):
        expected = day in OPEN_SATURDAYS or (day.isoweekday() <= 5 and day not in CLOSED)
        assert calendar.is_working(day) == expected, day
    assert calendar.between(date(2024, 12, 31), date(2025, 12, 31)) == 261 - 12 + 1


def test_every_seeded_day_names_reason_and_document():
    with SEED.open(encoding="utf-8") as file:
        seeded = list(csv.DictReader(file))
    assert len(seeded) == 42
    for row in seeded:
        assert row["Lý do"] and len(row["Văn bản"]) > 10, row
        # A row that says what the weekday says already would be noise.
        assert read_yes_no(row["Làm việc"]) != (date.fromisoformat(row["Ngày"]).isoweekday() <= 5), row
