"""When a month is closed: 02:00 on the second Vietnamese working day after it."""

import logging
from datetime import date, timedelta

import pendulum
import pytest
from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction

import vietnamese_schedule as schedule
from tthc import settings
from vietnamese_schedule import AfterMonthEnd, MonthsOnRequest

ZONE = "Asia/Ho_Chi_Minh"
START = pendulum.datetime(2025, 7, 1, tz=ZONE)


def month(year: int, number: int):
    return schedule._month(pendulum.datetime(year, number, 1, tz=ZONE))


@pytest.mark.parametrize(
    ("closing", "due"),
    [
        # Nothing special: Wednesday 1 October 2025, Thursday 2 October.
        ((2025, 9), (2025, 10, 2)),
        # 1 and 2 September are off, so 3 and 4 September are the first two.
        ((2025, 8), (2025, 9, 4)),
        # 1 and 2 January 2026 are off, 3 and 4 are a weekend; 10 January counts but comes later.
        ((2025, 12), (2026, 1, 6)),
        # 1 November 2025 is a Saturday.
        ((2025, 10), (2025, 11, 4)),
        # 30 April and 1 May 2026 are off, 2 and 3 May are a weekend.
        ((2026, 4), (2026, 5, 5)),
    ],
)
def test_the_second_working_day(closing, due):
    assert AfterMonthEnd().run_after(month(*closing)) == pendulum.datetime(*due, 2, tz=ZONE)


def test_each_run_is_two_working_days_into_the_next_month_by_an_independent_count():
    days_off = {
        line.split(",")[0]: line.split(",")[1] == "Có"
        for line in (settings.root() / "sources/seeds/register__working_days.csv")
        .read_text(encoding="utf-8-sig")
        .splitlines()[1:]
    }
    checked = 0
    for number in range(36):
        first = date(2024 + number // 12, number % 12 + 1, 1)
        counted, day = 0, first
        while True:
            counted += days_off.get(day.isoformat(), day.weekday() < 5)
            if counted == 2:
                break
            day += timedelta(days=1)
        before = first - timedelta(days=1)
        assert AfterMonthEnd().run_after(month(before.year, before.month)).date() == day
        checked += 1
    assert checked == 36


def test_an_unpublished_year_has_monday_to_friday_and_says_so(caplog):
    schedule.nth_working_day.cache_clear()
    with caplog.at_level(logging.WARNING):
        due = AfterMonthEnd().run_after(month(2027, 3))
    assert due == pendulum.datetime(2027, 4, 2, 2, tz=ZONE)
    assert "Chưa có lịch nghỉ năm 2027" in caplog.text


@pytest.fixture
def runs(monkeypatch):
    """Return a function giving the first few runs that the scheduler would make at a moment."""

    def make(timetable, moment, *, last=None, count=1):
        monkeypatch.setattr(schedule, "now", lambda: moment)
        restriction = TimeRestriction(earliest=START, latest=None, catchup=False)
        found = []
        for _ in range(count):
            info = timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)
            if info is None:
                break
            found.append((info.data_interval.start.in_timezone(ZONE).format("YYYY-MM"), info.run_after))
            last = info.data_interval
        return found

    return make


def test_the_first_run_lies_in_the_future(runs):
    now = pendulum.datetime(2025, 10, 20, 9, tz=ZONE)
    first = runs(AfterMonthEnd(), now)
    assert first == [("2025-10", pendulum.datetime(2025, 11, 4, 2, tz=ZONE))]


def test_the_month_whose_day_is_still_to_come_is_not_passed_over(runs):
    now = pendulum.datetime(2025, 11, 3, 9, tz=ZONE)
    assert runs(AfterMonthEnd(), now)[0][0] == "2025-10"


def test_after_a_long_stop_the_newest_missed_month_runs_and_no_older_one(runs):
    now = pendulum.datetime(2026, 2, 20, 9, tz=ZONE)
    found = runs(AfterMonthEnd(), now, last=month(2025, 9), count=2)
    assert [label for label, _ in found] == ["2026-01", "2026-02"]


def test_month_follows_month_without_a_gap(runs):
    now = pendulum.datetime(2025, 11, 10, 9, tz=ZONE)
    found = runs(AfterMonthEnd(), now, last=month(2025, 9))
    assert [label for label, _ in found] == ["2025-10"]


def test_nothing_runs_by_itself_on_request_but_a_backfill_gives_every_month(runs):
    now = pendulum.datetime(2026, 2, 20, tz=ZONE)
    assert runs(MonthsOnRequest(), now) == []
    restriction = TimeRestriction(START, pendulum.datetime(2025, 9, 30, tz=ZONE), catchup=True)
    last, found = None, []
    while info := MonthsOnRequest().next_dagrun_info(
        last_automated_data_interval=last, restriction=restriction
    ):
        last = info.data_interval
        found.append(last.start.in_timezone(ZONE).format("YYYY-MM"))
    assert found == ["2025-07", "2025-08", "2025-09"]


def test_airflow_backfills_whole_vietnamese_months(dags):
    read = DagSerialization.deserialize_dag(DagSerialization.to_dict(dags["rebuild_month"])["dag"])
    infos = read.iter_dagrun_infos_between(
        pendulum.datetime(2025, 11, 1, tz=ZONE), pendulum.datetime(2026, 1, 31, tz=ZONE)
    )
    assert [info.logical_date.in_timezone(ZONE).format("YYYY-MM-DD HH") for info in infos] == [
        "2025-11-01 00",
        "2025-12-01 00",
        "2026-01-01 00",
    ]


def test_a_schedule_is_read_back_as_it_was_written():
    written = AfterMonthEnd(n=3, hour=5).serialize()
    read = AfterMonthEnd.deserialize(written)
    assert (read.n, read.hour, read.summary) == (3, 5, "05:00 ngày làm việc thứ 3 sau khi hết tháng")
