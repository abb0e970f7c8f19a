"""A run that failed for good is one open incident of the warehouse, closed when a run of the same DAG ends
well.

``tthc doctor`` and the pages show incidents; nobody has to look through Airflow to learn that a month is old.
"""

import logging
from typing import Any

from airflow.sdk import get_current_context

from tthc.errors import BatchStopped, TthcError, UsageError

log = logging.getLogger("tthc.dags")
KIND = "step_failed"


def open_for(title: str, error: BaseException, message: str) -> None:
    """Open the incident of the present run, when no further try follows and the step has not told by itself."""
    context = _context()
    if context is None or isinstance(error, BatchStopped) or _will_try_again(context, error):
        return
    dag = context["dag"]
    text = (
        f"{dag.dag_display_name}, bước {title}: {message} Xem nhật ký trong Airflow, rồi bấm Clear ở bước đó."
    )
    _change("open_incident", KIND, _subject(context), text)


def close() -> None:
    """Close the incident of the DAG (of the month, where each month has runs of its own)."""
    context = _context()
    if context is not None:
        _change("close_incident", KIND, _subject(context), "Lần chạy sau đã xong.")


def _subject(context: Any) -> str:
    run = context["dag_run"]
    return " ".join(filter(None, (run.dag_id, run.partition_key)))


def _will_try_again(context: Any, error: BaseException) -> bool:
    instance = context["task_instance"]
    return not isinstance(error, UsageError) and instance.try_number <= instance.max_tries


def _change(change: str, *values: str) -> None:
    from psycopg.rows import tuple_row

    from tthc.landing import incidents
    from tthc.warehouse import database

    try:
        with database.connection(autocommit=True, rows=tuple_row) as connection:
            getattr(incidents, change)(connection, *values)
    except TthcError as error:
        # The warehouse itself is away: the red step is then all there is to see.
        log.warning("Không ghi được sự cố: %s", error)


def _context() -> Any:
    try:
        return get_current_context()
    except RuntimeError:
        return None
