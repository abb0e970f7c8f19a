"""Airflow plugin: schedules that follow Vietnamese working days and whole months.

Evaluated by the scheduler, so nothing here touches a database: the working days are those of the seed file,
which is the calendar that ``tthc init`` loads. A year without published days off has Monday to Friday, and
the scheduler's log says so.
"""

import logging
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, ClassVar

import pendulum
from airflow.plugins_manager import AirflowPlugin
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from tthc import settings
from tthc.workdays.working_calendar import WorkingCalendar, read_seed

log = logging.getLogger(__name__)
ZONE = pendulum.timezone("Asia/Ho_Chi_Minh")


@cache
def working_calendar() -> WorkingCalendar:
    """Return the working days that are published; none when the file is absent."""
    path = settings.root() / "sources" / "seeds" / "register__working_days.csv"
    try:
        return read_seed(path)
    except OSError:
        log.warning("Không đọc được %s: lịch chạy tạm tính thứ Hai đến thứ Sáu.", path)
        return WorkingCalendar([])


@cache
def nth_working_day(year: int, month: int, n: int) -> date:
    """Return the n-th working day of a month; an unpublished year has Monday to Friday, said once."""
    found = working_calendar().nth_working_day(year, month, n)
    if not found.is_published:
        log.warning("Chưa có lịch nghỉ năm %s: lịch chạy tạm tính thứ Hai đến thứ Sáu.", year)
    return found.day


def now() -> pendulum.DateTime:
    """Return the present moment in Viet Nam."""
    return pendulum.now(ZONE)


class _Months(Timetable):
    """Runs that stand for one calendar month of Viet Nam each: the month is their data interval."""

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """Return the last month that had ended; a form that names months wins over it."""
        return _month(_first_day(run_after).subtract(months=1))

    def _from(self, earliest: pendulum.DateTime) -> Iterator[DataInterval]:
        first = _first_day(earliest)
        first = first if first >= earliest else first.add(months=1)
        while True:
            yield _month(first)
            first = first.add(months=1)


class AfterMonthEnd(_Months):
    """The month just ended, at ``hour`` on the n-th Vietnamese working day after it."""

    def __init__(self, n: int = 2, hour: int = 2) -> None:
        self.n = n
        self.hour = hour
        self.description = f"{hour:02}:00 ngày làm việc thứ {n} sau khi hết tháng"

    @property
    def summary(self) -> str:
        """What the list of DAGs shows."""
        return self.description

    def serialize(self) -> dict[str, Any]:
        """Return what :meth:`deserialize` needs."""
        return {"n": self.n, "hour": self.hour}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Timetable:
        """Return the schedule that was serialized."""
        return cls(**data)

    def run_after(self, month: DataInterval) -> pendulum.DateTime:
        """Return when the run for ``month`` is due."""
        after = month.end.in_timezone(ZONE)
        day = nth_working_day(after.year, after.month, self.n)
        return pendulum.datetime(day.year, day.month, day.day, self.hour, tz=ZONE)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the next month due.

        Without catching up, a scheduler that was down runs the newest month it missed and no older one; the
        very first run lies in the future.
        """
        last = last_automated_data_interval
        if last is None and restriction.earliest is None:
            return None
        months = self._from(last.end if last else restriction.earliest)
        month = next(months)
        if not restriction.catchup:
            moment = now()
            for following in months:
                due = self.run_after(month) if last is None else self.run_after(following)
                if due > moment:
                    break
                month = following
        if restriction.latest is not None and month.start > restriction.latest:
            return None
        return DagRunInfo(run_after=self.run_after(month), data_interval=month)


class MonthsOnRequest(_Months):
    """Never by itself; a backfill from day to day gives one run for each month that begins between them."""

    description = "Chỉ khi có người yêu cầu"

    @property
    def summary(self) -> str:
        """What the list of DAGs shows."""
        return self.description

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the next month of a backfill (which catches up by nature); nothing for the scheduler."""
        if not restriction.catchup or restriction.earliest is None:
            return None
        last = last_automated_data_interval
        month = next(self._from(last.end if last else restriction.earliest))
        if restriction.latest is not None and month.start > restriction.latest:
            return None
        return DagRunInfo.interval(month.start, month.end)


def _first_day(moment: pendulum.DateTime) -> pendulum.DateTime:
    return moment.in_timezone(ZONE).start_of("month")


def _month(first: pendulum.DateTime) -> DataInterval:
    return DataInterval(start=first, end=first.add(months=1))


class VietnameseSchedule(AirflowPlugin):
    """Makes the schedules known to Airflow."""

    name = "vietnamese_schedule"
    timetables: ClassVar[list[type[Timetable]]] = [AfterMonthEnd, MonthsOnRequest]
