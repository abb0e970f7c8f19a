"""A rehearsal: every step is really done, in one transaction that the steps cannot end, with an archive in memory.

While one lasts, whoever asks for a connection to the warehouse gets this one, and whoever archives a body keeps
it here. So a dry run is the run itself, not a second opinion about it. Only the counters behind identity columns
move, as they do for any transaction that fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tthc.sources.contents import Content


class Uncommitted(psycopg.Connection):
    """A connection whose transaction nobody ends before :meth:`end`; savepoints work as ever."""

    def commit(self) -> None:
        """Do nothing: what is rehearsed is never committed."""

    def rollback(self) -> None:
        """Do nothing: what was rehearsed so far is still to be looked at."""

    def close(self) -> None:
        """Do nothing: others go on with it."""

    def end(self) -> None:
        """Undo everything, and disconnect."""
        super().close()


@dataclass
class Rehearsal:
    """What a rehearsal holds: its connection, and the bodies that were archived, by their sha256."""

    connection: Uncommitted
    bodies: dict[str, Content] = field(default_factory=dict)

    @contextmanager
    def lent(self, rows: Any) -> Iterator[Uncommitted]:
        """Give the connection, its rows made by ``rows`` until the block ends."""
        before, self.connection.row_factory = self.connection.row_factory, rows
        try:
            yield self.connection
        finally:
            self.connection.row_factory = before


_PRESENT: ContextVar[Rehearsal | None] = ContextVar("tthc_rehearsal", default=None)


def present() -> Rehearsal | None:
    """Return the rehearsal that lasts in this thread or task, None when everything is in earnest."""
    return _PRESENT.get()


@contextmanager
def on(connection: Uncommitted) -> Iterator[Rehearsal]:
    """Let everything until the end of the block be a rehearsal on this connection, which is undone then."""
    token = _PRESENT.set(Rehearsal(connection))
    try:
        yield _PRESENT.get()
    finally:
        _PRESENT.reset(token)
        connection.end()
