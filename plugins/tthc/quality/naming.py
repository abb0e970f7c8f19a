"""How a staged row is called where people see it: its table, its key, its unit; all as SQL."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tthc.sources.streams import Stream


def key_is_whole(stream: Stream) -> bool:
    """Whether ``row_key`` tells one thing from another: an event shows only its dossier."""
    return stream.kind != "city" or len(stream.key) == 1


def row_key_of(stream: Stream, alias: str) -> sql.Composed:
    """Return the SQL of a row's key as people see it: the dossier code, or key columns joined by `` · ``."""
    shown = ("dossier_code",) if stream.kind == "city" else stream.key
    parts = [sql.SQL("{}::text").format(sql.Identifier(alias, column)) for column in shown]
    return sql.SQL("nullif(btrim(concat_ws(' · ', {})), '')").format(sql.SQL(", ").join(parts))


def bare_key(stream: Stream, alias: str) -> sql.Composable:
    """Return the key as text of a merged row; a single column is left bare, so that its index serves."""
    if len(stream.key) > 1:
        return row_key_of(stream, alias)
    return sql.SQL("{}::text").format(sql.Identifier(alias, stream.key[0]))


def unit_column_of(stream: Stream) -> str | None:
    """Return the column that says whose row it is, None when there is none or few may know."""
    if stream.restricted:
        return None
    names = [column.name for column in stream.staged_columns if column.type == "name"]
    chosen = [column.name for column in stream.staged_columns if column.choices == "units"]
    return "unit_key" if "unit_key" in names else next(iter(chosen), None)


def unit_code_of(stream: Stream, row: str, fetch: str) -> sql.Composable:
    """Return the SQL of the unit that a staged row names, on whatever day the name was valid."""
    name = unit_column_of(stream)
    if name is None:
        return sql.SQL("NULL::text")
    return sql.SQL(
        "(SELECT u.unit_code FROM core.unit_names AS u WHERE u.commune_code = {commune}"
        " AND u.name_key = {name} ORDER BY u.valid_to DESC, u.unit_code LIMIT 1)"
    ).format(commune=sql.Identifier(fetch, "commune_code"), name=sql.Identifier(row, name))


def staging_of(stream: Stream) -> sql.Identifier:
    """Return the staging table's name, quoted."""
    return sql.Identifier(*stream.staging_table.split("."))


def runner(connection: psycopg.Connection):
    """Return a function that runs a statement and yields tuples, whatever rows the connection gives."""

    def run(statement: Any, parameters: Any = None) -> psycopg.Cursor:
        return connection.cursor(row_factory=tuple_row).execute(statement, parameters)

    return run
