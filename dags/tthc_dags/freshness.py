"""Which months still have to be asked for, and which that were asked for have been counted since.

One reading moves a month several times (its events, then its dossiers), and while one month is counted others
wait. A count that begins after several merges answers for all of them, so

- a merge asks only for months that no waiting request already covers;
- a request finds its month counted when a count began after it was made.

Three small tables in the state of the asset of months tell this: when each month was last ``asked`` for, when
a count last ``began``, and when the last successful one had begun (``counted``). Losing an entry costs one
count too many, never one too few.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk.exceptions import AirflowRescheduleException

from tthc import settings
from tthc_dags import communes

#: Clocks of two machines may differ by this much.
CLOCKS_AGREE_WITHIN = timedelta(seconds=2)
#: A request older than this may have been lost with its run: it covers nothing any more.
A_REQUEST_COVERS = timedelta(minutes=10)
#: To look again costs a process of its own.
LOOK_AGAIN_AFTER = timedelta(seconds=20)

Moments = Mapping[str, str]


def to_ask(months: Iterable[str], asked: Moments, began: Moments, now: datetime) -> list[str]:
    """Return those of ``months`` that no waiting request covers, in order."""
    return [month for month in sorted(set(months)) if not _is_waiting(month, asked, began, now)]


def is_fresh(month: str, counted: Moments, dag_run: Any, task_instance: Any) -> bool:
    """Return whether the last successful count of a month began after this run was asked for."""
    last = counted.get(month)
    if last is None or is_repeated(dag_run, task_instance):
        return False
    return datetime.fromisoformat(last) > dag_run.run_after + CLOCKS_AGREE_WITHIN


def is_being_counted(month: str, began: Moments, counted: Moments, dag_run: Any, now: datetime) -> bool:
    """Return whether another run began to count a month after this one was asked for, and has not ended yet."""
    at = began.get(month)
    if at is None or at <= counted.get(month, ""):
        return False
    moment = datetime.fromisoformat(at)
    return dag_run.run_after + CLOCKS_AGREE_WITHIN < moment and now - moment < A_REQUEST_COVERS


def give_way_while_counted(
    month: str, began: Moments, counted: Moments, dag_run: Any, task_instance: Any
) -> None:
    """Give the slot away while another run counts this month along with its own; come back to see that it did."""
    now = present()
    if not is_repeated(dag_run, task_instance) and is_being_counted(month, began, counted, dag_run, now):
        raise AirflowRescheduleException(now + LOOK_AGAIN_AFTER)


def is_repeated(dag_run: Any, task_instance: Any) -> bool:
    """Return whether this is a try after a failure or a run that a person cleared: those always do their work."""
    return bool(dag_run.clear_number) or task_instance.try_number > 1


def waiting(asked: Moments, counted: Moments, now: datetime) -> set[str]:
    """Return the months that were asked for lately and not counted since.

    >>> at = datetime(2025, 8, 1, 9, tzinfo=UTC)
    >>> asked = {"2025-06": "2025-08-01T08:59:00+00:00", "2025-07": "2025-08-01T08:59:00+00:00"}
    >>> waiting(asked, {"2025-06": "2025-08-01T08:59:30+00:00"}, at)
    {'2025-07'}
    """
    oldest = (now - A_REQUEST_COVERS).isoformat()
    return {month for month, at in asked.items() if at > max(oldest, counted.get(month, ""))}


def note(table: Moments | None, months: Iterable[str], moment: datetime) -> dict[str, str]:
    """Return the table with ``moment`` for each of ``months``."""
    return {**(table or {}), **{month: moment.isoformat() for month in months}}


def present() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def _is_waiting(month: str, asked: Moments, began: Moments, now: datetime) -> bool:
    if month not in asked:
        return False
    request = datetime.fromisoformat(asked[month])
    if now - request > A_REQUEST_COVERS:
        return False
    # A count that began about when the request was made may not have seen what came with this merge.
    return month not in began or datetime.fromisoformat(began[month]) < request - CLOCKS_AGREE_WITHIN


def recall(memory: Any, what: str) -> dict[str, str]:
    """Return one of the tables of the commune in force, empty when nothing was noted yet."""
    return memory.get(_key(what)) or {}


def remember(memory: Any, what: str, months: Iterable[str], moment: datetime) -> None:
    """Note ``moment`` for months of the commune in force.

    Among several communes two counts of one commune may end together, and neither may forget the other's note.
    """
    from tthc.warehouse import database

    if not communes.are_several():
        memory.set(_key(what), note(recall(memory, what), months, moment))
        return
    with database.connection(autocommit=True) as guard:
        database.lock(guard, "freshness", session=True)
        memory.set(_key(what), note(recall(memory, what), months, moment))


def _key(what: str) -> str:
    return f"{what} {settings.commune_code()}" if communes.are_several() else what
