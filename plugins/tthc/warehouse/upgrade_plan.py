"""What an upgrade would do, found out without doing any of it."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from tthc.sources import streams
from tthc.warehouse import tables, versions

#: Rows in a second, as measured on two cores (docs/performance.md): read again from the archive, derived from core,
#: laid into the months. Rough on purpose.
_AGAIN, _DERIVED, _MONTHLY = 1_500, 3_000, 15_000
#: What every preparation takes, however little there is to do.
_AT_LEAST = 3


@dataclass(frozen=True)
class Rebuilt:
    """A table that would be filled anew, aside or where it is: its rows now, from what, and in about how long."""

    table: str
    row_count: int
    filled_from: str
    seconds: int


@dataclass(frozen=True)
class Plan:
    """An upgrade that was not done. ``state``: same, older (the warehouse is), newer, empty.

    ``defined`` are views and functions: made again at no cost. ``private`` are views of somebody else's that read
    what is replaced, and would be dropped with it.
    """

    state: str
    migration: str | None
    migrations: list[str]
    rebuilt: list[Rebuilt]
    defined: list[str]
    gone: list[str]
    private: list[str]

    @property
    def seconds(self) -> int:
        """About how many seconds it takes in all."""
        return _AT_LEAST + sum(each.seconds for each in self.rebuilt)

    @property
    def is_needed(self) -> bool:
        """Say whether there is anything to do."""
        return bool(self.migrations or self.rebuilt or self.defined or self.gone)


def plan(connection: psycopg.Connection) -> Plan:
    """Return what ``tthc init`` would do now."""
    migration = versions.migration_of(connection)
    if migration is None:
        every = tables.tables()
        rebuilt = [Rebuilt(name, 0, "trống", 0) for name in every if every[name].kind == "TABLE"]
        defined = [name for name in every if every[name].kind != "TABLE"]
        return Plan("empty", None, versions.migrations(), rebuilt, defined, [], [])
    made, gone = tables.changed(connection)
    pending = versions.pending(migration)
    state = "newer" if versions.is_newer(connection) else "older" if made or gone or pending else "same"
    every = tables.tables()
    return Plan(
        state,
        migration,
        pending,
        [
            _rebuilt(connection, name)
            for name in every
            if name in tables.stale(made) or (name in made and every[name].kind == "TABLE")
        ],
        [name for name in made if every[name].kind != "TABLE"],
        [name for name in gone if name not in every],
        _private(connection, gone),
    )


def _rebuilt(connection: psycopg.Connection, name: str) -> Rebuilt:
    rows = connection.execute(
        "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint AS n FROM pg_class AS c"
        " WHERE c.relkind = 'r' AND (c.oid = to_regclass(%(name)s)"
        " OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(%(name)s)))",
        {"name": name},
    ).fetchone()["n"]
    for stream in streams.streams().values():
        if name == stream.history_table:
            return Rebuilt(name, rows, f"cùng lúc với {stream.table}", 0)
        if name == stream.table:
            read = connection.execute(
                "SELECT count(*) AS readings, coalesce(sum(read_count), 0)::bigint AS rows FROM ops.fetches"
                " WHERE stream = %s AND state = 'merged'",
                (stream.stream,),
            ).fetchone()
            told = f"kho lưu: {read['readings']} lần đọc, {read['rows']} dòng"
            return Rebuilt(name, rows, told, round(read["rows"] / _AGAIN))
    if name.startswith(("staging.", "restricted.register__")):
        return Rebuilt(name, rows, "trống: lần đọc sau tự đưa vào", 0)
    rate = _MONTHLY if name == "marts.dossier_periods" else _DERIVED
    return Rebuilt(name, rows, "core", round(rows / rate))


def _private(connection: psycopg.Connection, gone: list[str]) -> list[str]:
    rows = connection.execute(
        "SELECT DISTINCT v.oid::regclass::text AS name FROM pg_depend AS d"
        " INNER JOIN pg_rewrite AS w ON w.oid = d.objid INNER JOIN pg_class AS v ON v.oid = w.ev_class"
        " WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass"
        " AND d.refobjid IN (SELECT to_regclass(n) FROM unnest(%s::text[]) AS n)"
        " AND v.relnamespace::regnamespace::text || '.' || v.relname NOT IN (SELECT table_name FROM ops.table_shapes)"
        " ORDER BY 1",
        (gone,),
    ).fetchall()
    return [row["name"] for row in rows]
