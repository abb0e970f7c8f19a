"""The gate between those who write to the warehouse and the one who upgrades it.

Steps that write pass through it together; an upgrade has it alone. So a step either ends before the tables change
their shape, or begins after it, and then learns first whether they still are what its software knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any

import psycopg

from tthc import rehearsal
from tthc.warehouse import database, versions

#: One for the whole warehouse, whatever the commune.
_GATE = "(74484, 1)"
_INSIDE: ContextVar[bool] = ContextVar("tthc_gate", default=False)


@contextmanager
def passed(progress: Callable[[str], None]) -> Iterator[None]:
    """Hold the gate open while the block runs; waits for an upgrade that is under way.

    Raises OtherVersion when the warehouse is shaped for another release. Within a step that has passed, and within
    an upgrade or a rehearsal, there is nothing to wait for.
    """
    if _INSIDE.get() or rehearsal.present() is not None:
        yield
        return
    with database.connection(autocommit=True) as guard:
        tried = guard.execute(f"SELECT pg_try_advisory_lock_shared{_GATE} AS passed").fetchone()
        if not tried["passed"]:
            progress("kho đang được nâng cấp: chờ xong rồi làm tiếp…")
            guard.execute(f"SELECT pg_advisory_lock_shared{_GATE}")
        versions.require_same(guard)
        token = _INSIDE.set(True)
        try:
            yield
        finally:
            _INSIDE.reset(token)


def writes(step: Callable[..., Any]) -> Callable[..., Any]:
    """Let a step pass the gate first; it is told of waiting by its own ``progress``, when it is given one by name."""

    @wraps(step)
    def guarded(*arguments: Any, **named: Any) -> Any:
        given = [named.get("progress"), *arguments]
        progress = next((each for each in given if callable(each)), _silent)
        with passed(progress):
            return step(*arguments, **named)

    return guarded


def close(connection: psycopg.Connection) -> None:
    """Keep everybody out until the end of the transaction; obeys ``lock_timeout``."""
    connection.execute(f"SELECT pg_advisory_xact_lock{_GATE}")


def _silent(_: str) -> None:
    """Show nothing."""
