"""How the same schema lies on a distributed Postgres (Citus and what speaks like it): by ``commune_code``.

    python -m tthc.warehouse.distribution        writes docs/distributed.sql, from the catalogue of the warehouse

Three places: tables spread over the nodes by the commune, all rows of one commune on one node; tables that every node
holds whole; and tables that stay where the connections arrive. Which is which follows from keys, triggers and foreign
keys, so a table that could no longer be spread is noticed when it is changed, not when a city has outgrown its server.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Literal

import psycopg

from tthc import settings
from tthc.warehouse import database
from tthc.warehouse.roles import SCHEMAS

COLUMN = "commune_code"
#: Small, the same for all communes, and asked by queries over spread tables or by their policies.
REFERENCE = ("indicators.definition_versions", "ops.commune_readers")
#: The table beside which all others are laid.
FIRST = "core.communes"
#: Schemas whose tables grow with dossiers, and have to be spread.
GROWING = ("core", "marts")
PAGE = "docs/distributed.sql"

Place = Literal["distributed", "reference", "local"]


@dataclass(frozen=True)
class Placed:
    """Where a table lies, and why it is not spread when it has the column."""

    name: str
    place: Place
    why: str = ""


def placed(connection: psycopg.Connection) -> list[Placed]:
    """Return every table of the warehouse with its place, in the order in which it has to be laid there."""
    rows = {row["name"]: row for row in connection.execute(_TABLES, {"schemas": list(SCHEMAS)}).fetchall()}
    why = {name: _obstacle(row) for name, row in rows.items()}
    # A key that points at what stays keeps its own table there, and so does one that is pointed at from there.
    changed = True
    while changed:
        changed = False
        for name, row in rows.items():
            for other in row["points_at"]:
                for one, its in ((name, other), (other, name)):
                    if not why[one] and why[its]:
                        why[one], changed = f"khóa ngoại nối với {its}, bảng ấy ở lại", True
    order = sorted(rows, key=lambda name: (name != FIRST, _depth(rows, name), name))
    return [
        Placed(name, "reference" if name in REFERENCE else "local" if why[name] else "distributed", why[name])
        for name in order
    ]


def statements(connection: psycopg.Connection) -> str:
    """Return the SQL that lays an empty warehouse, after ``tthc init``, over the nodes."""
    every = placed(connection)
    lines = [
        "-- Máy viết từ danh mục của kho: python -m tthc.warehouse.distribution. Đọc docs/distributed.md trước.",
        "-- Chạy một lần, bằng tài khoản của kho, trên kho trống vừa tthc init.",
        "",
        "-- Bảng nhỏ, node nào cũng có trọn.",
        *(f"SELECT create_reference_table('{one.name}');" for one in every if one.place == "reference"),
        "",
        "-- Bảng chia theo xã; mọi dòng của một xã ở cùng một node.",
    ]
    for one in every:
        if one.place == "distributed":
            beside = "" if one.name == FIRST else f", colocate_with => '{FIRST}'"
            lines.append(f"SELECT create_distributed_table('{one.name}', '{COLUMN}'{beside});")
    lines += ["", "-- Ở lại nơi nhận kết nối:"]
    lines += [f"-- {one.name}: {one.why}" for one in every if one.place == "local"]
    return "\n".join(lines) + "\n"


def problems(connection: psycopg.Connection) -> list[str]:
    """Return in words every growing table that cannot be spread, and why; none when the schema is ready."""
    return [
        f"{one.name}: {one.why}"
        for one in placed(connection)
        if one.name.partition(".")[0] in GROWING and one.place != "distributed"
    ]


def _obstacle(row: dict) -> str:
    if row["name"] in REFERENCE:
        return ""
    if row["is_unlogged"]:
        return "vùng chờ, không ghi WAL"
    if not row["has_column"]:
        return f"không có cột {COLUMN}"
    loose = [key for key in row["keys"] if COLUMN not in key]
    if loose:
        return f"khóa ({', '.join(loose[0])}) không có {COLUMN}"
    if row["triggers"]:
        return f"có trigger {row['triggers'][0]}"
    return ""


def _depth(rows: dict[str, dict], name: str) -> int:
    return 1 + max((_depth(rows, other) for other in rows[name]["points_at"] if other != name), default=0)


_TABLES = """
SELECT
    n.nspname || '.' || c.relname AS name,
    c.relpersistence = 'u' AS is_unlogged,
    EXISTS (
        SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'commune_code' AND NOT a.attisdropped
    ) AS has_column,
    (
        SELECT coalesce(json_agg((
            SELECT json_agg(a.attname ORDER BY k.place)
            FROM unnest(i.indkey) WITH ORDINALITY AS k (number, place)
            INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.number
        )), '[]')
        FROM pg_index AS i WHERE i.indrelid = c.oid AND i.indisunique
    ) AS keys,
    (
        SELECT coalesce(json_agg(t.tgname ORDER BY t.tgname), '[]') FROM pg_trigger AS t
        WHERE t.tgrelid = c.oid AND NOT t.tgisinternal
    ) AS triggers,
    (
        SELECT coalesce(json_agg(DISTINCT m.nspname || '.' || p.relname), '[]')
        FROM pg_constraint AS f
        INNER JOIN pg_class AS p ON p.oid = f.confrelid
        INNER JOIN pg_namespace AS m ON m.oid = p.relnamespace
        WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid
    ) AS points_at
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


def main() -> int:
    """Write the page."""
    with database.connection() as connection:
        (settings.root() / PAGE).write_text(statements(connection), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
