"""Tables for whoever works with files: one Parquet file for each relation that analysts may read, with its comments.

The rows go from a cursor of the server into the file some thousands at a time, all relations as one moment knew them.
What the group of analysts may not read is not written, whoever asks; each export leaves a line in ``ops.access_log``
before its first row.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.warehouse import database
from tthc.warehouse.roles import role_of
from tthc.whole_files import whole

READERS = role_of("analyst")
#: So many rows are in memory at once.
BATCH = 20_000
#: What an analyst works with: all of marts; of indicators what is made for reading.
_KINDS = {"marts": ("r", "p", "v"), "indicators": ("v",)}
SCHEMAS = tuple(_KINDS)

_RELATIONS = """
SELECT
    c.relname::text AS name,
    obj_description(c.oid, 'pg_class') AS comment,
    has_table_privilege(%(readers)s, c.oid, 'SELECT') AS is_readable,
    (
        SELECT json_agg(json_build_array(
            a.attname, format_type(a.atttypid, a.atttypmod), col_description(a.attrelid, a.attnum), a.attnotnull
        ) ORDER BY a.attnum)
        FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS columns
FROM pg_class AS c
WHERE
    c.relnamespace::regnamespace::text = %(schema)s
    AND c.relkind::text = ANY (%(kinds)s)
    AND NOT c.relispartition
ORDER BY c.relname COLLATE "C"
"""


def export(
    schema: str, folder: Path, only: tuple[str, ...] = (), reason: str | None = None, progress: Callable = str
) -> list[dict[str, Any]]:
    """Write the relations of a schema (or ``only`` some) into a folder; return name, rows, bytes and path of each.

    Raises UsageError for a schema that is not exported, a relation that is not there, and a folder that cannot be
    written; TthcError for a relation that analysts may not read. A file is whole or not there.
    """
    if schema not in SCHEMAS:
        raise UsageError(
            f"Lược đồ {schema} không xuất ra tệp, chỉ {' và '.join(SCHEMAS)}: dữ liệu hạn chế, dòng vừa nhận và sổ cái"
            " ở lại trong kho."
        )
    with database.connection() as connection:
        found = {row["name"]: row for row in _relations(connection, schema)}
    names = [name.removeprefix(f"{schema}.") for name in only] or list(found)
    for name in names:
        if name not in found:
            raise UsageError(f"Không có {schema}.{name}. Các bảng: {', '.join(found)}.")
        if not found[name]["is_readable"]:
            raise TthcError(f"Nhóm {READERS} không được đọc {schema}.{name}, nên bảng này không xuất ra tệp.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"Không dùng được thư mục {folder} ({error.strerror}).") from error
    _note(schema, names, reason)
    with database.connection() as connection:
        # The files of one export know the same moment, and nothing can be written by mistake.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return [_written(connection, schema, found[name], folder, progress) for name in names]


def _relations(connection: psycopg.Connection, schema: str) -> list[dict[str, Any]]:
    known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (READERS,)).fetchone()
    if known is None:
        raise TthcError(f"Chưa có nhóm {READERS}, nên chưa biết được xuất những gì: chạy tthc init.")
    return connection.execute(
        _RELATIONS, {"schema": schema, "kinds": list(_KINDS[schema]), "readers": READERS}
    ).fetchall()


def _note(schema: str, names: list[str], reason: str | None) -> None:
    with database.connection() as connection:
        connection.execute(
            "INSERT INTO ops.access_log (accessed_by, action, subject, reason)"
            " VALUES (current_user, 'xuất Parquet', %s, %s)",
            (f"{schema}: {', '.join(names)}", reason),
        )


def _written(
    connection: psycopg.Connection, schema: str, relation: dict[str, Any], folder: Path, progress: Callable
) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    name, columns = f"{schema}.{relation['name']}", relation["columns"]
    shape = pa.schema(
        [
            pa.field(column, _type(kind), metadata={"comment": comment or "", "postgres_type": kind})
            for column, kind, comment, _ in columns
        ],
        metadata={"table": name, "comment": relation["comment"] or "", "commune": settings.commune_code()},
    )
    path, rows = folder / f"{name}.parquet", 0
    with whole(path) as unfinished, pq.ParquetWriter(unfinished, shape, compression="zstd") as writer:
        for batch in _batches(connection, name, columns):
            lists = zip(*batch, strict=True)
            arrays = [pa.array(values, type=field.type) for values, field in zip(lists, shape, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=shape))
            rows += len(batch)
    progress(f"{name}: {rows} dòng")
    return {"table": name, "rows": rows, "bytes": path.stat().st_size, "path": str(path)}


def _batches(
    connection: psycopg.Connection, name: str, columns: list[list[Any]]
) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of the commune, so many at a time, each value as its column's type of Arrow takes it."""
    asked = ", ".join(_asked(column, kind) for column, kind, *_ in columns)
    ours = " WHERE commune_code = %(commune)s" if "commune_code" in {column for column, *_ in columns} else ""
    with connection.cursor(f"export_{secrets.token_hex(4)}", row_factory=psycopg.rows.tuple_row) as cursor:
        cursor.execute(f"SELECT {asked} FROM {name}{ours}", {"commune": settings.commune_code()})
        while batch := cursor.fetchmany(BATCH):
            yield batch


def _asked(column: str, kind: str) -> str:
    if kind in ("date", "timestamp with time zone"):
        # Files know no infinity: what has no end has no date.
        return f'CASE WHEN isfinite("{column}") THEN "{column}" END'
    if kind.startswith("numeric"):
        return f'round("{column}", {_scale(kind)})'
    return f'"{column}"' if _is_native(kind) else f'"{column}"::text'


def _scale(kind: str) -> int:
    given = re.search(r",(\d+)\)", kind)
    return int(given[1]) if given else 6


_PLAIN = {
    "text": "string",
    "smallint": "int16",
    "integer": "int32",
    "bigint": "int64",
    "boolean": "bool_",
    "double precision": "float64",
    "date": "date32",
}


def _is_native(kind: str) -> bool:
    return kind.removesuffix("[]") in _PLAIN


def _type(kind: str) -> Any:
    """Return the type of Arrow for one of Postgres; what has none of its own is text."""
    import pyarrow as pa

    if kind.endswith("[]") and _is_native(kind):
        return pa.list_(_type(kind.removesuffix("[]")))
    if kind in _PLAIN:
        return getattr(pa, _PLAIN[kind])()
    if kind == "timestamp with time zone":
        return pa.timestamp("us", tz="Asia/Ho_Chi_Minh")
    if kind.startswith("numeric"):
        return pa.decimal128(38, _scale(kind))
    return pa.string()
