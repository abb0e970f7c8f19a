"""When every scheduled DAG is due between two moments, by its own timetable; nothing is repeated here by hand."""

from __future__ import annotations

from datetime import datetime, timedelta

import pendulum
from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.timetables.base import DataInterval, TimeRestriction, Timetable

from tthc import settings

#: What is due more often is taken this far apart: thirty days of every ten minutes would only repeat themselves.
CLOSEST = timedelta(hours=1)


def due_runs(start: datetime, end: datetime) -> list[tuple[datetime, str, DataInterval]]:
    """Return (when, DAG, data interval) of every run that is due from ``start`` until before ``end``, in order."""
    bag = DagBag(str(settings.root() / "dags"))
    if bag.import_errors:
        raise RuntimeError(f"DAG files that cannot be read: {', '.join(bag.import_errors)}")
    found = []
    for dag_id, dag in bag.dags.items():
        timetable = coerce_to_core_timetable(dag.timetable)
        if timetable.can_be_scheduled and not timetable.asset_condition and _comes_by_itself(timetable):
            found += [(when, dag_id, interval) for when, interval in _of(timetable, start, end)]
    return sorted(found, key=lambda due: due[:2])


def _comes_by_itself(timetable: Timetable) -> bool:
    """Say whether a run ever comes without a person who asks for it."""
    from_now_on = TimeRestriction(pendulum.now(), None, catchup=False)
    return timetable.next_dagrun_info(last_automated_data_interval=None, restriction=from_now_on) is not None


def _of(timetable: Timetable, start: datetime, end: datetime) -> list[tuple[datetime, DataInterval]]:
    # A month that ended before the start may be due after it.
    earliest = pendulum.instance(start).subtract(months=2)
    last, found, taken = None, [], None
    while True:
        info = timetable.next_dagrun_info(
            last_automated_data_interval=last, restriction=TimeRestriction(earliest, None, catchup=True)
        )
        if info is None or info.run_after >= end:
            return found
        last = info.data_interval
        if info.run_after >= start and (taken is None or info.run_after - taken >= CLOSEST):
            taken = info.run_after
            found.append((info.run_after, last))
