"""The tables of ``sql/``: one file each, built in the order that the SQL itself gives.

A file holds the shape of one table, view or function, and after a line ``-- Refill`` the statements that fill it.
When the shape of a file changes, the table and everything that reads it are made again
(:mod:`tthc.warehouse.aside`), and filled from the archive.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache, cached_property
from graphlib import TopologicalSorter
from pathlib import Path

import psycopg
import sqlglot

from tthc import settings, vietnamese
from tthc.errors import UsageError
from tthc.sources import streams
from tthc.warehouse import seeds

LAYERS = ("staging", "restricted", "core", "marts", "indicators", "reports")
KINDS = ("TABLE", "VIEW", "FUNCTION")
_REFILL = "\n-- Refill\n"
#: Suites are remembered beside the shapes, under their path.
SUITES = "expectations/"


@dataclass(frozen=True)
class Table:
    """One file of ``sql/``: its name with the schema, its shape, and what fills it (empty for views)."""

    name: str
    shape: str
    refill: str

    @cached_property
    def words(self) -> set[str]:
        """Every ``schema.name`` that the file mentions outside comments and strings."""
        tokens = [token.text for token in sqlglot.tokenize(self.shape + "\n" + self.refill, read="postgres")]
        bodies = [part for part in tokens if "\n" in part]
        for body in bodies:  # the body of a function arrives as one string
            tokens += [token.text for token in sqlglot.tokenize(body, read="postgres")]
        return {
            f"{tokens[i]}.{tokens[i + 2]}"
            for i in range(len(tokens) - 2)
            if tokens[i + 1] == "." and tokens[i] in LAYERS
        }

    @property
    def kind(self) -> str:
        """TABLE, VIEW or FUNCTION."""
        code = "\n".join(line for line in self.shape.splitlines() if not line.startswith("--"))
        for kind in ("FUNCTION", "VIEW"):
            if f"CREATE {kind} " in code:
                return kind
        return "TABLE"

    @property
    def shape_hash(self) -> str:
        """Fingerprint of the shape, and of what fills it: a table filled by another rule is another table."""
        return hashlib.sha256((self.shape + self.refill).encode()).hexdigest()


@cache
def tables() -> dict[str, Table]:
    """Return every table by name, each after those it reads."""
    found: dict[str, Table] = {}
    root = settings.root() / "sql"
    for path in sorted(root.glob("*/*.sql")):
        shape, _, refill = path.read_text(encoding="utf-8").partition(_REFILL)
        name = f"{path.parent.name}.{path.stem}"
        if path.parent.name not in LAYERS:
            raise UsageError(
                f"sql/{path.parent.name}/ không phải là một tầng; các tầng là {', '.join(LAYERS)}."
            )
        found[name] = Table(name, shape, refill)
    if not found:
        raise UsageError(f"Không thấy tệp SQL nào trong {root}.")
    for stream in streams.streams().values():
        found[stream.staging_table] = Table(stream.staging_table, staging_shape(stream), "")
    order = TopologicalSorter({name: table.words & found.keys() - {name} for name, table in found.items()})
    return {name: found[name] for name in order.static_order()}


def reached_from(*names: str) -> set[str]:
    """Return the tables that these read, themselves or through others, and these."""
    every, reached, waiting = tables(), set(), list(names)
    while waiting:
        name = waiting.pop()
        if name in every and name not in reached:
            reached.add(name)
            waiting += every[name].words
    return reached


def staging_shape(stream: streams.Stream) -> str:
    """Return the statements that make a stream's staging table: the declared columns and each row's address."""
    own = {
        "fetch_id": ("bigint NOT NULL", "Số của lần đọc."),
        "row_number": ("integer NOT NULL", "Số thứ tự dòng trong lần đọc, từ 1."),
        "row_uid": ("bigint NOT NULL", "Số riêng của dòng trong luồng."),
        "key_mark": ("uuid", "Mã băm có khóa của khóa dòng; trống khi nguồn là tệp."),
        "mark": ("uuid", "Mã băm có khóa của bản ghi gốc; trống khi nguồn là tệp."),
        "row_hash": ("uuid NOT NULL", "Dấu vân tay của mọi cột được giữ."),
        "answered_at": ("timestamptz NOT NULL", "Thời điểm nguồn trả lời trang chứa dòng này."),
        "address": ("text", "Trang tính và dòng, khi nguồn là tệp."),
        "unreadable": ("text[] NOT NULL", "Tên các cột mà nguồn ghi không đọc được."),
    }
    columns = [f"    {name} {kind}" for name, (kind, _) in own.items()]
    comments = [(name, comment) for name, (_, comment) in own.items()]
    for column in stream.staged_columns:
        columns.append(f"    {column.name} {streams.STAGED_AS[column.type]}")
        kept = "chỉ giữ mã băm có khóa" if column.personal == "hash" else "như đã nhận"
        comments.append((column.name, f"{column.header}, {kept}."))
    lines = [f"CREATE UNLOGGED TABLE {stream.staging_table} (", ",\n".join(columns), ");"]
    lines.append(f"CREATE INDEX ON {stream.staging_table} (fetch_id, row_number);")
    lines.append(f"COMMENT ON TABLE {stream.staging_table} IS '{stream.title}: các dòng vừa nhận.';")
    lines += [f"COMMENT ON COLUMN {stream.staging_table}.{name} IS '{text}';" for name, text in comments]
    return "\n".join(lines)


def judged_by(connection: psycopg.Connection, stream: streams.Stream) -> bytes:
    """Return what stands for all that a staged row is judged by, the row itself apart (16 bytes).

    That is the declaration, the suite, the SQL they use, the units, the code that reads values, and the newest
    readings of the registers in all of these.
    """
    every, root = tables(), settings.root()
    suite = (root / "expectations" / f"{stream.suite}.json").read_text(encoding="utf-8")
    reached = reached_from(stream.candidates, *(name for name in every if name in suite))
    registers = [s.stream for s in streams.streams().values() if s.kind == "file" and s.table in reached]
    readings = connection.execute(
        "SELECT fetch_id FROM ops.fetches WHERE commune_code = %s AND stream = ANY (%s) AND state = 'merged'"
        " ORDER BY fetch_id",
        (settings.commune_code(), registers),
    ).fetchall()
    digest = hashlib.blake2b(digest_size=16)
    for part in (repr(stream), suite, *(every[name].shape_hash for name in sorted(reached))):
        digest.update(part.encode())
    units = seeds.declaration(settings.commune_code())
    for path in (units, *sorted(Path(vietnamese.__file__).parent.glob("*.py"))):
        digest.update(path.read_bytes())
    digest.update(repr([row["fetch_id"] for row in readings]).encode())
    return digest.digest()


def changed(connection: psycopg.Connection) -> tuple[list[str], list[str]]:
    """Return what has to be made (new, of another shape, or reading such) and what is in force no longer.

    The first in the order of making; the second, what is to be dropped for it or has no file any more, in the order
    of dropping.
    """
    known = known_shapes(connection)
    every = tables()
    other: set[str] = set()
    for name, table in every.items():
        if known.get(name) != table.shape_hash or other & _shape_words(table):
            other.add(name)
    without_file = sorted(known.keys() - every.keys())
    return (
        [name for name in every if name in other],
        [*without_file, *reversed([name for name in every if name in other & known.keys()])],
    )


def stale(made: Collection[str]) -> set[str]:
    """Return the tables that are filled by statements of ours and are not full any more, or not by today's rules.

    That is when one of those made is the table itself, or a view or function that its filling reads.
    """
    return {name for name, table in tables().items() if table.refill and (table.words | {name}) & set(made)}


def known_shapes(connection: psycopg.Connection) -> dict[str, str]:
    """Return the fingerprints of the shapes that the warehouse has, by table."""
    rows = connection.execute("SELECT table_name, sql_hash FROM ops.table_shapes").fetchall()
    return {row["table_name"]: row["sql_hash"] for row in rows if not row["table_name"].startswith(SUITES)}


def note_shapes(connection: psycopg.Connection, made: list[str]) -> None:
    """Remember of what shape each table is that was made, and forget those that have no file any more."""
    every = tables()
    connection.cursor().executemany(
        "INSERT INTO ops.table_shapes (table_name, sql_hash) VALUES (%s, %s)"
        " ON CONFLICT (table_name) DO UPDATE SET sql_hash = excluded.sql_hash, shaped_at = now()",
        [(name, every[name].shape_hash) for name in made],
    )
    connection.execute(
        "DELETE FROM ops.table_shapes WHERE NOT starts_with(table_name, %s) AND table_name <> ALL (%s)",
        (SUITES, list(every)),
    )


def _shape_words(table: Table) -> set[str]:
    return Table(table.name, table.shape, "").words - {table.name}


def exists(connection: psycopg.Connection, name: str, kind: str) -> bool:
    """Say whether there is a table, view or function of this name."""
    test = {
        "TABLE": "SELECT FROM pg_class WHERE oid = to_regclass(%s) AND relkind IN ('r', 'p')",
        "VIEW": "SELECT FROM pg_class WHERE oid = to_regclass(%s) AND relkind = 'v'",
        "FUNCTION": "SELECT FROM pg_proc WHERE (pronamespace::regnamespace || '.' || proname) = %s",
    }[kind]
    return connection.execute(test, (name,)).fetchone() is not None


def columns_of(connection: psycopg.Connection, name: str) -> list[str]:
    """Return the names of a table's columns, in their order."""
    rows = connection.execute(
        f"SELECT attname::text AS name FROM pg_attribute WHERE attrelid = '{name}'::regclass"
        f" AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    ).fetchall()
    return [row["name"] for row in rows]


def is_other_suite(connection: psycopg.Connection, path: Path) -> bool:
    """Return whether a suite says something else than when it was last noted."""
    known = connection.execute(
        "SELECT FROM ops.table_shapes WHERE table_name = %s AND sql_hash <> %s", _suite(path)
    ).fetchone()
    return known is not None


def note_suite(connection: psycopg.Connection, path: Path) -> None:
    """Remember what a suite says."""
    connection.execute(
        "INSERT INTO ops.table_shapes (table_name, sql_hash) VALUES (%s, %s)"
        " ON CONFLICT (table_name) DO UPDATE SET sql_hash = excluded.sql_hash, shaped_at = now()"
        " WHERE ops.table_shapes.sql_hash <> excluded.sql_hash",
        _suite(path),
    )


def _suite(path: Path) -> tuple[str, str]:
    return f"{SUITES}{path.name}", hashlib.sha256(path.read_bytes()).hexdigest()


def refill(connection: psycopg.Connection, name: str, parameters: dict | None = None) -> int:
    """Run what fills a table; return the rows that its last statement wrote."""
    statements = [part for part in tables()[name].refill.split(";\n") if part.strip()]
    written = 0
    for statement in statements:
        written = connection.execute(statement, parameters or {}).rowcount
    return written


def year_partition(connection: psycopg.Connection, name: str, year: int) -> None:
    """Make the partition of a year when it is missing. Who only loads data may do so too."""
    # The name is part of the statement, so that it is the table aside while one is built.
    connection.execute(f"SELECT core.make_year_partition('{name}', %s)", (year,))
