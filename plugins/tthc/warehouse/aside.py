"""Tables built aside and put in the place of others: readers go on with the old ones until the new are full.

Everything happens in one transaction. While it lasts, whoever runs a statement on its connection means the new
tables, which stand in schemas of their own (``next_core`` beside ``core``); everybody else means the old ones. At
its end the old are dropped and the new moved to their names, which takes a part of a second. Whatever kills it
before leaves the warehouse as it was.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors, sql

from tthc import rehearsal
from tthc.errors import TthcError
from tthc.rehearsal import Uncommitted
from tthc.warehouse import database, roles, row_rights, tables

Progress = Callable[[str], None]
PREFIX = "next_"
#: Where functions go that were in force. Nothing locks a function, so a query that has begun may call one after it
#: was replaced; they stay until the next upgrade, where nobody finds them by name.
REPLACED = "replaced"
#: So long one lock is waited for, and all together, before those that wait behind us are let through. Less than
#: the second after which Postgres looks for deadlocks.
_ONE_LOCK, _ALL_LOCKS = "150ms", 0.4
#: Between two tries; and so long it is tried in all, for the sake of a reader of hours.
_PAUSE, _PATIENCE = 1.5, 3600.0
_NAME = re.compile(rf'(?<![\w."])("?)({"|".join(tables.LAYERS)})\1\.("?)(\w+?)(_\d{{4}})?\3(?![\w"])')


class _Cursor(psycopg.Cursor):
    """A cursor that means the tables built aside."""

    def execute(self, query: Any, *arguments: Any, **named: Any) -> _Cursor:
        return super().execute(self.connection.meant(query), *arguments, **named)

    def executemany(self, query: Any, *arguments: Any, **named: Any) -> None:
        super().executemany(self.connection.meant(query), *arguments, **named)

    def copy(self, statement: Any, *arguments: Any, **named: Any) -> Any:
        return super().copy(self.connection.meant(statement), *arguments, **named)


class Aside(Uncommitted):
    """A connection on which the names in ``standing`` mean tables aside; nothing is committed but by :meth:`keep`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.cursor_factory = _Cursor
        self.standing: frozenset[str] = frozenset()

    def meant(self, query: Any) -> Any:
        """Return a statement with the names of what stands aside instead of those of what is in force."""
        if not self.standing:
            return query
        if isinstance(query, sql.Composable):
            query = query.as_string(self)
        if isinstance(query, bytes):
            query = query.decode()
        return _NAME.sub(self._meant, query)

    def _meant(self, found: re.Match[str]) -> str:
        quote, schema, other, name, year = found.groups(default="")
        if not {f"{schema}.{name}", f"{schema}.{name}{year}"} & self.standing:
            return found[0]
        return f"{quote}{PREFIX}{schema}{quote}.{other}{name}{year}{other}"

    @contextmanager
    def as_written(self) -> Iterator[None]:
        """Let names mean what everybody else means by them until the block ends."""
        before, self.standing = self.standing, frozenset()
        try:
            yield
        finally:
            self.standing = before

    def keep(self) -> None:
        """Commit."""
        psycopg.Connection.commit(self)


@contextmanager
def working(
    url: str, commune_locks: Callable[[psycopg.Connection], None], progress: Progress
) -> Iterator[Aside]:
    """Give the connection of a transaction in which tables are built aside; kept unless an error leaves the block.

    Whoever writes waits meanwhile. Whatever else runs in the block, on whatever connection it asks for, runs in it.
    """
    try:
        opened = database.opened(url, Aside)
        with rehearsal.on(opened):
            wait_for_writers(opened, commune_locks, progress)
            yield opened
            opened.keep()
    except psycopg.Error as error:
        raise database.wrapped(error) from None


def wait_for_writers(
    connection: Aside, commune_locks: Callable[[psycopg.Connection], None], progress: Progress
) -> None:
    """Become the only writer, of whatever release the others are; readers are not waited for and do not wait."""

    def alone() -> None:
        connection.execute("SET LOCAL lock_timeout = '1500ms'")
        commune_locks(connection)
        if names := _tables_in_force(connection):
            # A program of an older release knows of no gate: it waits for the tables themselves.
            connection.execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE")
        connection.execute("SET LOCAL lock_timeout = 0")

    until_free(connection, alone, progress, "một bước đang ghi vào kho")


def build(connection: Aside, names: list[str]) -> None:
    """Make these tables, views and functions, in this order, beside those in force; from now on they are meant."""
    connection.execute(f"DROP SCHEMA IF EXISTS {REPLACED} CASCADE")
    connection.execute(f"CREATE SCHEMA {REPLACED}")
    connection.execute(
        f"COMMENT ON SCHEMA {REPLACED} IS 'Các hàm của bản trước, cho câu hỏi đang chạy dở; bỏ ở lần nâng cấp sau.'"
    )
    connection.standing = frozenset(names)
    for schema in sorted({name.partition(".")[0] for name in names}):
        connection.execute(f"CREATE SCHEMA {PREFIX}{schema}")
    for name in names:
        connection.execute(tables.tables()[name].shape)


def swap(connection: Aside, gone: list[str], progress: Progress) -> float:
    """Put what stands aside in the place of what is in force under the names that go; return the seconds it took.

    ``gone`` is in the order of dropping. Waits for whoever is reading without letting others wait behind it.
    """
    names = [name for name in tables.tables() if name in connection.standing]
    for name in names:
        if tables.tables()[name].kind == "TABLE":
            connection.execute(f"ANALYZE {name}")
    moves = _moves(connection, names)
    connection.standing = frozenset()
    old = [statement for name in gone for statement in _leaving(connection, name)]
    took = 0.0

    def exchange() -> None:
        nonlocal took
        connection.execute(f"SET LOCAL lock_timeout = '{_ONE_LOCK}'")
        began = time.monotonic()
        for statement in old:
            connection.execute(statement)
            if time.monotonic() - began > _ALL_LOCKS:
                raise errors.LockNotAvailable
        connection.execute("SET LOCAL lock_timeout = 0")
        if moves:
            connection.execute(";\n".join(moves))
        took = time.monotonic() - began

    until_free(connection, exchange, progress, "người đang đọc các bảng sắp thay")
    return took


def give_rights(connection: Aside) -> list[str]:
    """Give the groups their rights on everything, also on what stands aside; return what :func:`roles.apply` says.

    In the same transaction: nobody meets a table that is there without their rights on it.
    """
    roles.apply_aside(connection, sorted(connection.standing), PREFIX)
    with connection.as_written():
        advice = roles.apply(connection)
        schemas = [*roles.SCHEMAS, *(PREFIX + schema for schema in roles.SCHEMAS)]
        # Those in force that lack a policy were given it before, one by one: here readers would wait to the end.
        row_rights.apply(connection, schemas, lambda name: name.startswith(PREFIX))
        return advice


def _leaving(connection: psycopg.Connection, name: str) -> list[str]:
    """Return the statements that free a name of what is in force under it."""
    leaving = [
        # One that depends on another may be gone with it.
        f"DROP {kind} IF EXISTS {name} CASCADE"
        for kind in ("TABLE", "VIEW")
        if tables.exists(connection, name, kind)
    ]
    return leaving + [
        f"ALTER FUNCTION {signature} SET SCHEMA {REPLACED}" for signature in _signatures(connection, name)
    ]


def _signatures(connection: psycopg.Connection, name: str) -> list[str]:
    rows = connection.execute(
        "SELECT oid::regprocedure::text AS signature FROM pg_proc"
        " WHERE pronamespace::regnamespace || '.' || proname = %s",
        (name,),
    ).fetchall()
    return [row["signature"] for row in rows]


def _moves(connection: Aside, names: list[str]) -> list[str]:
    """Return the statements that give what stands aside its names."""
    moves, every = [], tables.tables()
    for name in names:
        schema = name.partition(".")[0]
        if every[name].kind == "FUNCTION":
            moves += [
                f"ALTER FUNCTION {signature} SET SCHEMA {schema}"
                for signature in _signatures(connection, PREFIX + name)
            ]
            continue
        parts = connection.execute(
            f"SELECT '{name}'::regclass::text AS name UNION ALL SELECT inhrelid::regclass::text FROM pg_inherits"
            f" WHERE inhparent = '{name}'::regclass AND inhparent IN (SELECT partrelid FROM pg_partitioned_table)"
        ).fetchall()
        moves += [f"ALTER {every[name].kind} {row['name']} SET SCHEMA {schema}" for row in parts]
    # The bodies of functions are text, in which the names were those aside.
    for name in names:
        if every[name].kind == "FUNCTION":
            moves.append(
                every[name]
                .shape.replace("CREATE FUNCTION ", "CREATE OR REPLACE FUNCTION ")
                .rstrip()
                .rstrip(";")
            )
    moves += [
        f"DROP SCHEMA {PREFIX}{schema}" for schema in sorted({name.partition(".")[0] for name in names})
    ]
    return moves


def _tables_in_force(connection: psycopg.Connection) -> list[str]:
    rows = connection.execute(
        "SELECT c.oid::regclass::text AS name FROM pg_class AS c WHERE c.relkind IN ('r', 'p')"
        " AND NOT c.relispartition AND c.relnamespace::regnamespace::text || '.' || c.relname IN"
        " (SELECT table_name FROM ops.table_shapes) ORDER BY 1"
    ).fetchall()
    return [row["name"] for row in rows]


def until_free(
    connection: psycopg.Connection, work: Callable[[], None], progress: Progress, whom: str
) -> None:
    """Do some work as soon as its locks can be had at once; between the tries everybody else goes on."""
    began = told = time.monotonic()
    while True:
        try:
            with connection.transaction():
                work()
            return
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            now = time.monotonic()
            if now - began > _PATIENCE:
                raise TthcError(
                    f"Đã chờ {whom} {_PATIENCE / 60:.0f} phút mà chưa được: kho còn nguyên như trước khi nâng cấp. "
                    "Xem ai đang giữ: SELECT pid, usename, state, query_start FROM pg_stat_activity; rồi chạy lại."
                ) from None
            if now - told > 10 or told == began:
                told = now
                progress(f"chờ {whom}; không ai phải chờ theo…")
            time.sleep(_PAUSE)
