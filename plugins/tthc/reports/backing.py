"""What stands behind a form: each item that was counted, with the columns it counted in; and how it all was computed.

The items of a revision are those it kept when it was published, so an old paper comes out again as it was. The
items of a draft are those of now; when they no longer give its numbers, that is said and no list is handed out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from tthc.errors import TthcError
from tthc.indicators import definitions, facts, publish
from tthc.reports import values
from tthc.reports.filling import Filled
from tthc.reports.papers import Column
from tthc.reports.values import Edition
from tthc.workdays.periods import Period

#: A list is for reading; whoever needs more asks ``tthc explain`` for one number at a time.
MOST_ITEMS = 20_000
_WHOSE = ("unit_code", "procedure_code", "field_code")


@dataclass(frozen=True)
class Item:
    """One thing that was counted: its code, whose it is, and what it adds to each column."""

    code: str
    unit: str
    procedure: str
    field: str
    parts: dict[int, int]


@dataclass(frozen=True)
class Backing:
    """The sheets behind a form. ``items`` is empty when ``why_none`` says why; ``sql`` has what each column counts."""

    items: tuple[Item, ...]
    why_none: str
    sql: dict[str, str]
    revision: dict[str, Any] | None


@dataclass(frozen=True)
class Behind:
    """The rows that an edition counted, lying in temporary tables; ``laid`` None: it kept none."""

    laid: facts.Laid | None
    revision: dict[str, Any] | None
    known: dict[str, facts.Definition]
    #: The names of the units by their codes.
    named: dict[str, str]

    @property
    def is_kept(self) -> bool:
        """Whether these are the rows that a revision kept, not those of now."""
        return self.revision is not None and self.laid is not None


def behind(connection: psycopg.Connection, period: Period, edition: Edition) -> Behind:
    """Lay out the rows that an edition counted; needs a transaction that the caller ends."""
    number = edition.revision_number
    revision = None if number is None else publish.revision(connection, period, number)
    laid: facts.Laid | None = None
    if revision is None:
        laid = facts.take(connection, period)
    elif revision["inputs"] is not None:
        laid = facts.unpack(connection, revision, "paper")
    if edition.units is not None:
        named = {code: name for code, (name, _) in edition.units.items()}
    else:
        named = {code: name for (level, code), name in values.names(connection).items() if level == "unit"}
    return Behind(laid, revision, {one.id: one for one in laid.definitions} if laid else {}, named)


def backing(connection: psycopg.Connection, filled: Filled) -> Backing:
    """Return what stands behind a form; needs a transaction that the caller ends."""
    found = behind(connection, filled.period, filled.edition)
    laid, known, number, revision = found.laid, found.known, filled.edition.revision_number, found.revision
    if laid is None:
        why = "Lần công bố này không giữ các dòng đã đếm, nên không có danh sách."
        return Backing((), why, _sql(filled, {}), revision)
    lists = [
        _List(table, [name for name, _ in laid.columns[item]], of_item, known)
        for item, table in laid.tables.items()
        if (
            of_item := [
                c for c in _shown(filled) if c.declared.of in known and known[c.declared.of].item == item
            ]
        )
    ]
    sql = _sql(filled, known)
    count, sums = 0, dict.fromkeys((column.number for column in _shown(filled)), 0)
    for one in lists:
        rows, parts = one.measured(connection)
        count, sums = count + rows, sums | parts
    if sums != {number: filled.total.numbers[number] for number in sums}:
        if found.is_kept:
            raise TthcError(
                f"Các dòng mà bản công bố lần {number} đã giữ không cho ra số của biểu {filled.paper.form}:"
                " chạy tthc doctor."
            )
        why = "Dữ liệu đã đổi từ khi tính bản dự thảo này: tính lại bằng tthc refresh rồi lập lại biểu."
        return Backing((), why, sql, revision)
    if count > MOST_ITEMS:
        why = (
            f"Có {count} dòng, quá nhiều cho một bảng tính: lấy danh sách của từng con số bằng"
            f" tthc explain CHỈ_TIÊU {filled.period.label} --calendar {filled.period.calendar} --format csv."
        )
        return Backing((), why, sql, revision)
    items = [item for one in lists for item in one.items(connection, found.named)]
    return Backing(tuple(items), "", sql, revision)


def _shown(filled: Filled) -> list[Column]:
    return [column for column in filled.paper.leaves if column.is_additive]


@dataclass(frozen=True)
class _List:
    """The rows of one item table that count in the columns shown: the aggregates of the columns, row by row."""

    table: str
    columns: list[str]
    shown: list[Column]
    known: dict[str, facts.Definition]

    def measured(self, connection: psycopg.Connection) -> tuple[int, dict[int, int]]:
        """Return how many rows there are, and what they add up to in each column."""
        sums = ", ".join(
            f"coalesce(sum(c{column.number}), 0)::bigint AS c{column.number}" for column in self.shown
        )
        row = connection.execute(f"SELECT count(*) AS rows, {sums} FROM ({self._query}) AS q").fetchone()
        return row["rows"], {column.number: row[f"c{column.number}"] for column in self.shown}

    def items(self, connection: psycopg.Connection, named: dict[str, str]) -> list[Item]:
        """Return the rows, by unit and code."""
        rows = connection.execute(
            f'{self._query} ORDER BY unit_code COLLATE "C" NULLS LAST, code COLLATE "C"'
        ).fetchall()
        return [
            _item(
                row,
                named,
                {
                    column.number: row[f"c{column.number}"]
                    for column in self.shown
                    if row[f"c{column.number}"]
                },
            )
            for row in rows
        ]

    @property
    def _query(self) -> str:
        # The first column is what stands for the row, the second the key of the item.
        key = self.columns[1]
        parts = [f"({self._aggregate(column)})::bigint AS c{column.number}" for column in self.shown]
        whose = [
            f"max({name}) AS {name}" if name in self.columns else f"NULL::text AS {name}" for name in _WHOSE
        ]
        some = " OR ".join(f"c{column.number} <> 0" for column in self.shown)
        return (
            f"SELECT * FROM (SELECT max({key}::text) AS code, {', '.join([*whose, *parts])}"
            f" FROM {self.table} GROUP BY fact_key) AS f WHERE {some}"
        )

    def _aggregate(self, column: Column) -> str:
        definition = self.known[column.declared.of]
        return definition.denominator if column.declared.part == "denominator" else definition.numerator


def losers(connection: psycopg.Connection, found: Behind, id: str) -> list[Item] | None:
    """Return the rows that an indicator asked of and that did not succeed; None when their list cannot be told."""
    definition = found.known.get(id)
    if found.laid is None or definition is None:
        return None
    columns = [name for name, _ in found.laid.columns[definition.item]]
    whose = [f"max({name}) AS {name}" if name in columns else f"NULL::text AS {name}" for name in _WHOSE]
    rows = connection.execute(
        f"SELECT * FROM (SELECT max({columns[1]}::text) AS code, {', '.join(whose)},"
        f" ({definition.numerator})::bigint AS n, ({definition.denominator})::bigint AS d"
        f" FROM {found.laid.tables[definition.item]} GROUP BY fact_key) AS f WHERE d > n"
        ' ORDER BY unit_code COLLATE "C" NULLS LAST, code COLLATE "C"'
    ).fetchall()
    return [_item(row, found.named, {}) for row in rows]


def _item(row: dict[str, Any], named: dict[str, str], parts: dict[int, int]) -> Item:
    return Item(
        row["code"],
        named.get(row["unit_code"], row["unit_code"] or ""),
        row["procedure_code"] or "",
        values.field_name(row["field_code"]) if row["field_code"] else "",
        parts,
    )


def _sql(filled: Filled, known: dict[str, facts.Definition]) -> dict[str, str]:
    """Return what the database counted for each indicator: in a revision that of its day."""
    said = {}
    for column in filled.paper.leaves:
        id = column.declared.of
        if id is None:
            continue
        now = definitions.indicators()[id]
        kept = known.get(id)
        numerator = kept.numerator if kept else now.numerator_sql
        denominator = kept.denominator if kept else now.denominator_sql
        parts = {"numerator": numerator, "denominator": denominator}
        both = numerator if column.is_count else f"{numerator} / {denominator}"
        said[f"{id} {column.declared.part}"] = parts.get(column.declared.part, both)
    return said
