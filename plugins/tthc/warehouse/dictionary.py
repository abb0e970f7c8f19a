"""The data dictionary: a page written by the comments of a prepared database, so that it cannot say anything else.

``python -m tthc.warehouse.dictionary`` writes ``docs/dictionary.md``; with ``--check`` it only says whether the
page is stale. Both read the database that the settings name.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.sources import streams
from tthc.warehouse import database

SCHEMAS = ("ops", "staging", "restricted", "core", "marts", "indicators", "reports")
PAGE = "docs/dictionary.md"
_KINDS = {"r": "bảng", "p": "bảng, chia theo năm", "v": "khung nhìn"}
_HEAD = """# Từ điển dữ liệu

Trang này do máy viết từ lời chú trong cơ sở dữ liệu (`COMMENT ON …`). Muốn đổi một câu ở đây thì đổi lời chú trong tệp
SQL của bảng, rồi chạy `.venv/bin/python -m tthc.warehouse.dictionary`. Phép thử `tests/warehouse` báo khi trang đã cũ.

Cách đọc: cột **in đậm** thuộc khóa chính; “bắt buộc” là không bao giờ trống. Thời điểm (`timestamptz`) lưu kèm múi giờ;
mọi so sánh là giữa các **ngày** theo giờ Việt Nam. Ý nghĩa của từng con số: [counting.md](counting.md); từ ngữ:
[glossary.md](glossary.md); cột nào là dữ liệu cá nhân: [personal-data.md](personal-data.md); cột nguồn nào đến chỉ tiêu
nào: [lineage.md](lineage.md).
"""


@dataclass
class Entry:
    """One table, view or function: name with schema, what it is, its comment and (name, type, notes, comment) rows."""

    name: str
    kind: str
    comment: str | None
    columns: list[tuple[str, str, str, str | None]] = field(default_factory=list)


def entries(connection: psycopg.Connection) -> dict[str, list[Entry]]:
    """Return the entries of each schema, sorted by name; partitions and what an extension owns are left out."""
    found: dict[str, list[Entry]] = {schema: [] for schema in SCHEMAS}
    by_oid: dict[int, Entry] = {}
    for row in connection.execute(_RELATIONS, {"schemas": list(SCHEMAS)}).fetchall():
        entry = Entry(f"{row['schema']}.{row['name']}", _KINDS[row["kind"]], row["comment"])
        by_oid[row["oid"]] = entry
        found[row["schema"]].append(entry)
    for row in connection.execute(_COLUMNS, {"oids": list(by_oid)}).fetchall():
        name = f"**{row['name']}**" if row["is_key"] else row["name"]
        notes = "bắt buộc" if row["is_required"] else ""
        by_oid[row["oid"]].columns.append((name, row["type"], notes, row["comment"]))
    for row in connection.execute(_FUNCTIONS, {"schemas": list(SCHEMAS)}).fetchall():
        found[row["schema"]].append(_function(row))
    return found


def _function(row: dict) -> Entry:
    """Return the entry of a function; the comment of one that returns rows has a line for each column."""
    name, result = f"{row['schema']}.{row['name']}({row['arguments']})", " ".join(row["result"].split())
    comment, _, lines = (row["comment"] or "").partition("\n")
    if not result.startswith("TABLE("):
        return Entry(name, f"hàm, trả về `{result}`", comment)
    meanings = dict(line.split(": ", 1) for line in lines.splitlines() if ": " in line)
    columns = [column.split(" ", 1) for column in result[6:-1].split(", ")]
    return Entry(
        name,
        "hàm, trả về bảng",
        comment,
        [(column, kind, "", meanings.get(column)) for column, kind in columns],
    )


def page(connection: psycopg.Connection) -> str:
    """Return the page; raises TthcError that names everything without a comment."""
    found = entries(connection)
    comments = dict(_pairs(connection.execute(_SCHEMAS, {"schemas": list(SCHEMAS)}).fetchall()))
    silent = [schema for schema in SCHEMAS if not comments.get(schema)]
    for entry in (entry for listed in found.values() for entry in listed):
        silent += [] if entry.comment else [entry.name]
        silent += [f"{entry.name}.{name.strip('*')}" for name, *_, comment in entry.columns if not comment]
    if silent:
        raise TthcError(f"Thiếu lời chú (COMMENT ON) ở: {', '.join(silent)}.")
    parts = [_HEAD]
    for schema, listed in found.items():
        parts.append(f"## {schema}\n\n{comments[schema]}\n")
        parts += [_section(entry) for entry in listed]
    return "\n".join(parts)


def _pairs(rows: list[dict]):
    return ((row["name"], row["comment"]) for row in rows)


def _section(entry: Entry) -> str:
    lines = [f"### {entry.name}", "", f"{entry.comment} ({entry.kind}{_source(entry)})", ""]
    if entry.columns:
        lines += ["| Cột | Kiểu | | Nghĩa |", "|---|---|---|---|"]
        lines += [
            f"| {name} | {kind} | {notes} | {_cell(text)} |" for name, kind, notes, text in entry.columns
        ]
        lines.append("")
    return "\n".join(lines)


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ")


def _source(entry: Entry) -> str:
    """Return a link to the file that an entry comes from."""
    name = entry.name.partition("(")[0]
    schema, _, table = name.partition(".")
    if schema in ("staging", "restricted") and table in streams.streams():
        return f", từ [sources/{table}.yaml](../sources/{table}.yaml)"
    path = f"sql/{schema}/{table}.sql"
    if (settings.root() / path).exists():
        return f", từ [{path}](../{path})"
    return ", từ các bước di trú"


def main(arguments: list[str]) -> int:
    """Write the page, or check it; return the exit code."""
    path = settings.root() / PAGE
    with database.connection() as connection:
        text = page(connection)
    return write_or_check(path, text, "tthc.warehouse.dictionary", check="--check" in arguments)


def write_or_check(path: Path, text: str, module: str, *, check: bool) -> int:
    """Write a generated page, or say on stderr that the one on disk is stale; return the exit code."""
    known = path.read_text(encoding="utf-8") if path.exists() else ""
    if known == text:
        return 0
    if check:
        print(f"docs/{path.name} đã cũ: chạy .venv/bin/python -m {module}", file=sys.stderr)
        return 1
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return 0


_SCHEMAS = """
SELECT nspname::text AS name, obj_description(oid, 'pg_namespace') AS comment
FROM pg_namespace
WHERE nspname = ANY (%(schemas)s)
"""

_RELATIONS = """
SELECT
    c.oid,
    n.nspname AS schema,
    c.relname AS name,
    c.relkind::text AS kind,
    obj_description(c.oid, 'pg_class') AS comment
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition
ORDER BY c.relname COLLATE "C"
"""

_COLUMNS = """
SELECT
    a.attrelid AS oid,
    a.attname AS name,
    format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS is_required,
    coalesce(a.attnum = ANY (i.indkey), false) AS is_key,
    col_description(a.attrelid, a.attnum) AS comment
FROM pg_attribute AS a
LEFT JOIN pg_index AS i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = ANY (%(oids)s) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""

_FUNCTIONS = """
SELECT
    n.nspname AS schema,
    p.proname AS name,
    pg_get_function_identity_arguments(p.oid) AS arguments,
    pg_get_function_result(p.oid) AS result,
    obj_description(p.oid, 'pg_proc') AS comment
FROM pg_proc AS p
INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE
    n.nspname = ANY (%(schemas)s)
    AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e')
ORDER BY p.proname COLLATE "C", p.oid
"""


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TthcError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
