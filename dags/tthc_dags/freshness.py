"""Whether a month that was asked to be counted again has been counted since.

One reading moves a month several times (events, then dossiers), and while one run works others of the same
month wait. The first that begins after all of them were asked for answers for all.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

#: Clocks of two machines may differ by this much; counting once too often does no harm.
CLOCKS_AGREE_WITHIN = timedelta(seconds=2)


def moment() -> str:
    """Return the present moment, to be remembered as the beginning of a count."""
    return datetime.now(UTC).isoformat()


def is_fresh(last_began: str | None, dag_run: Any, task_instance: Any) -> bool:
    """Return whether the last successful count began after this run was asked for.

    A try after a failure, and a run that a person cleared, always count.
    """
    if last_began is None or dag_run.clear_number or task_instance.try_number > 1:
        return False
    return datetime.fromisoformat(last_began) > dag_run.run_after + CLOCKS_AGREE_WITHIN
