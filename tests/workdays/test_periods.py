"""Periods of both calendars, against arithmetic on days."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tthc.errors import UsageError
from tthc.workdays.periods import (
    CALENDARS,
    month_of,
    months_between,
    months_of,
    parse,
    periods_closing_with,
    periods_touched,
)

DAY = timedelta(days=1)
_LENGTHS = {"month": 1, "quarter": 3, "half": 6, "nine_months": 9, "year": 12}
MONTHS = st.builds("{:04}-{:02}".format, st.integers(1991, 2099), st.integers(1, 12))
LABELS = MONTHS | st.builds(
    lambda year, end: f"{year:04}{end}",
    st.integers(1991, 2099),
    st.sampled_from(["", "-Q1", "-Q2", "-Q3", "-Q4", "-H1", "-H2", "-9M"]),
)


@pytest.mark.parametrize(
    ("label", "calendar", "start", "end"),
    [
        ("2025-07", "month", "2025-07-01", "2025-07-31"),
        ("2024-02", "month", "2024-02-01", "2024-02-29"),
        ("2025-Q3", "month", "2025-07-01", "2025-09-30"),
        ("2025-H2", "month", "2025-07-01", "2025-12-31"),
        ("2025-9M", "month", "2025-01-01", "2025-09-30"),
        ("2025", "month", "2025-01-01", "2025-12-31"),
        ("2025-07", "report", "2025-06-15", "2025-07-14"),
        ("2025-01", "report", "2024-12-15", "2025-01-14"),
        ("2025-Q3", "report", "2025-06-15", "2025-09-14"),
        ("2025-H2", "report", "2025-06-15", "2025-12-14"),
        ("2025-9M", "report", "2024-12-15", "2025-09-14"),
        ("2025", "report", "2024-12-15", "2025-12-14"),
    ],
)
def test_periods_as_the_counting_rules_put_them(label, calendar, start, end):
    period = parse(label, calendar)
    assert (period.label, period.calendar) == (label, calendar)
    assert (period.start.isoformat(), period.end.isoformat()) == (start, end)


@pytest.mark.parametrize("calendar", CALENDARS)
@given(label=LABELS)
def test_a_period_is_its_months_without_gap_or_overlap(calendar, label):
    period = parse(label, calendar)
    months = [parse(month, calendar) for month in months_of(period)]
    assert len(months) == _LENGTHS[period.kind]
    assert (months[0].start, months[-1].end) == (period.start, period.end)
    assert all(one.end + DAY == other.start for one, other in pairwise(months))


@pytest.mark.parametrize("calendar", CALENDARS)
@given(day=st.dates(date(1991, 1, 1), date(2099, 12, 31)))
def test_every_day_lies_in_exactly_one_month(calendar, day):
    month = parse(month_of(day, calendar), calendar)
    assert month.kind == "month"
    assert month.start <= day <= month.end
    assert month_of(month.start, calendar) == month_of(month.end, calendar) == month.label
    assert month_of(month.end + DAY, calendar) != month.label


@pytest.mark.parametrize("calendar", CALENDARS)
@given(months=st.sets(MONTHS, min_size=1, max_size=8))
def test_touched_periods_are_those_that_contain_a_month(calendar, months):
    touched = periods_touched(months, calendar)
    labels = [period.label for period in touched]
    assert len(set(labels)) == len(labels)
    every = {
        f"{year}{end}"
        for year in {month[:4] for month in months}
        for end in [
            "",
            *(f"-Q{n}" for n in range(1, 5)),
            "-H1",
            "-H2",
            "-9M",
            *(f"-{n:02}" for n in range(1, 13)),
        ]
    }
    assert set(labels) == {label for label in every if months & set(months_of(parse(label)))}
    assert all(period.calendar == calendar for period in touched)
    assert set(labels[: len(months)]) == months


@given(month=MONTHS)
def test_a_month_closes_the_periods_that_end_with_it(month):
    closing = periods_closing_with(month)
    assert closing[0] == month
    for period in periods_touched([month]):
        assert (period.label in closing) == (period.end == parse(month).end)


def test_closings_by_hand():
    assert periods_closing_with("2025-12") == ["2025-12", "2025-Q4", "2025-H2", "2025"]
    assert periods_closing_with("2025-06") == ["2025-06", "2025-Q2", "2025-H1"]
    assert periods_closing_with("2025-09") == ["2025-09", "2025-Q3", "2025-9M"]
    assert periods_closing_with("2025-07") == ["2025-07"]


def test_months_between():
    assert months_between("2025-07", "2025-07") == ["2025-07"]
    assert len(months_between("2025-07", "2026-10")) == 16
    assert months_between("2024-12", "2025-02") == ["2024-12", "2025-01", "2025-02"]


WRONG = [
    "",
    "2025-13",
    "2025-00",
    "2025-7",
    "2025-Q5",
    "2025-q3",
    "2025-9m",
    "2025-6M",
    "2025-H3",
    "25-07",
    "2025-07-01",
    " 2025",
]
WRONG += ["1989", "2101", "2025-07\n", "٢٠٢٥"]


@pytest.mark.parametrize("label", WRONG, ids=repr)
def test_a_wrong_label_is_a_usage_error_that_shows_the_right_ones(label):
    with pytest.raises(UsageError, match="2025-Q3"):
        parse(label)


def test_other_wrong_uses():
    for wrong in (
        lambda: parse("2025-07", "lunar"),
        lambda: month_of(date(2025, 7, 1), "lunar"),
        lambda: months_between("2025-08", "2025-07"),
        lambda: months_between("2025", "2025-07"),
        lambda: periods_touched(["2025-Q3"]),
    ):
        with pytest.raises(UsageError):
            wrong()
