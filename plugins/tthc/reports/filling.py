"""A form filled from one build: its rows, its footnotes, and whether its printed checks hold.

The numbers are those of ``indicators.values``; nothing is counted here. A form whose checks do not hold is never
handed out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.reports import values
from tthc.reports.letterhead import Letterhead, letterhead
from tthc.reports.papers import Column, Grid
from tthc.reports.values import Edition
from tthc.vietnamese.names import sort_key
from tthc.workdays.periods import Period

_LAST = 1 << 31
_UNKNOWN = {"khac": "Chưa rõ đơn vị"}
#: Rows named in the message about a check that does not hold.
_NAMED = 5


@dataclass(frozen=True)
class Cell:
    """One number; ``value`` is None where there is none, and ``status`` says why.

    ``counted`` is what was counted, for the checks: of a source that lacks, nothing counted is nothing known.
    """

    value: Any
    status: str = "ok"
    counted: int | None = None


@dataclass(frozen=True)
class Row:
    """One row: ``cells`` by the number of their column."""

    code: str
    name: str
    is_total: bool
    cells: dict[int, Cell]

    @property
    def numbers(self) -> dict[int, int]:
        """What was counted in the row, by column."""
        return {number: cell.counted for number, cell in self.cells.items() if cell.counted is not None}


@dataclass(frozen=True)
class Filled:
    """A filled form. ``notes`` are its footnotes, ``checks`` what was verified, in the words that are printed."""

    paper: Grid
    period: Period
    edition: Edition
    head: Letterhead
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    checks: tuple[str, ...]
    is_whole: bool = True

    @property
    def total(self) -> Row:
        """The row of the commune."""
        return next(row for row in self.rows if row.is_total)


def fill(connection: psycopg.Connection, paper: Grid, period: Period, edition: Edition) -> Filled:
    """Return the form of a period from one build: rows in the order of the commune, the total last.

    Raises TthcError when the build lacks a cell, or when a check that the form prints does not hold.
    """
    found = _values(connection, paper, edition)
    gaps = values.gaps(
        connection, edition, [column.declared.of for column in paper.leaves if column.declared.of]
    )
    rows = tuple(_rows(connection, paper, edition, found, {id for gap in gaps for id in gap["indicators"]}))
    if not rows or any(
        column.declared.of and (column.declared.of not in found.get(("commune", rows[-1].code), {}))
        for column in paper.leaves
    ):
        raise TthcError(
            f"Bản tính {edition.build_id} của kỳ {period.label} không đủ các ô của biểu {paper.form}:"
            " tính lại bằng tthc refresh."
        )
    checks = tuple(_verified(paper, rows))
    lacking = [
        column.number
        for column in paper.leaves
        if any(row.cells[column.number].status == "incomplete" for row in rows)
    ]
    notes = [*_notes(paper, rows, found[("commune", rows[-1].code)])]
    if lacking:
        notes.append(_lacks(lacking, gaps))
    return Filled(
        paper, period, edition, letterhead(period), rows, tuple(notes), checks, is_whole=not lacking
    )


def _values(
    connection: psycopg.Connection, paper: Grid, edition: Edition
) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """Return the values that the form is made of, by (level, code) and indicator."""
    asked = {column.declared.of for column in paper.leaves if column.declared.of}
    asked |= {footnote.count for footnote in paper.footnotes if footnote.count}
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for row in connection.execute(
        "SELECT level, code, indicator, numerator, denominator, value, status FROM indicators.values"
        " WHERE build_id = %s AND indicator = ANY (%s) AND level = ANY (%s)",
        (edition.build_id, sorted(asked), ["commune", paper.rows]),
    ):
        found.setdefault((row["level"], row["code"]), {})[row["indicator"]] = row
    return found


def _rows(
    connection: psycopg.Connection,
    paper: Grid,
    edition: Edition,
    found: dict[tuple[str, str], dict[str, dict[str, Any]]],
    lacking: set[str],
) -> Iterable[Row]:
    codes = [code for level, code in found if level == paper.rows]
    named = _names(connection, paper, edition, codes)
    for code in sorted(codes, key=lambda code: (*named[code], code)):
        yield _row(paper, code, named[code].name, found[paper.rows, code], lacking, is_total=False)
    commune = settings.commune_code()
    if ("commune", commune) in found:
        yield _row(paper, commune, "Tổng số", found["commune", commune], lacking, is_total=True)


class _Named(NamedTuple):
    order: int
    sort_key: tuple
    name: str


def _names(
    connection: psycopg.Connection, paper: Grid, edition: Edition, codes: list[str]
) -> dict[str, _Named]:
    """Return the order and the name of each row by its code, as on the day of publication where that is kept."""
    if paper.rows == "field":
        named = {code: values.field_name(code) for code in codes}
        # What belongs to no field of the catalogue comes last.
        return {code: _Named(int(code == "khac"), sort_key(name), name) for code, name in named.items()}
    kept = edition.units
    if kept is None:
        names, order = values.names(connection), values.unit_order(connection)
        kept = {code: (names["unit", code], place) for code, place in order.items()}
    # What belongs to no unit that is known comes last.
    found = {code: kept.get(code, (_UNKNOWN.get(code, code), _LAST)) for code in codes}
    return {code: _Named(order, (), name) for code, (name, order) in found.items()}


def _row(
    paper: Grid, code: str, name: str, told: dict[str, dict[str, Any]], lacking: set[str], *, is_total: bool
) -> Row:
    cells = {column.number: _cell(column, told, lacking) for column in paper.leaves}
    return Row(code, name, is_total, cells)


def _cell(column: Column, told: dict[str, dict[str, Any]], lacking: set[str]) -> Cell:
    id = column.declared.of
    if id is None:
        return Cell(None, "no_source")
    row = told.get(id)
    if row is None:
        # Nothing of this kind happened in this row, so the pass over the items did not meet it.
        row = {
            "numerator": 0,
            "denominator": None if column.is_count else 0,
            "value": None,
            "status": "no_data",
        }
    part = "numerator" if column.is_count else column.declared.part
    counted = int(row[part] or 0) if column.is_additive else None
    value = row["value"] if counted is None else counted
    if id in lacking or row["status"] == "incomplete":
        return Cell(value if row["numerator"] or row["denominator"] else None, "incomplete", counted)
    return Cell(value, row["status"], counted)


def _verified(paper: Grid, rows: tuple[Row, ...]) -> Iterable[str]:
    """Yield each check that holds in every row; raise TthcError with the rows of the first that does not."""
    for check in paper.sums:
        broken = [row for row in rows if not check.holds(row.numbers)]
        if broken:
            said = "; ".join(f"{row.name}: {check.told(row.numbers)}" for row in broken[:_NAMED])
            raise _does_not_hold(paper, check.text, said)
        yield check.text
    parts, total = [row.numbers for row in rows if not row.is_total], rows[-1].numbers
    is_exact = paper.total == "exact"
    for column in paper.leaves:
        if not column.is_additive:
            continue
        summed, told = sum(row[column.number] for row in parts), total[column.number]
        if (told != summed) if is_exact else (told < summed):
            raise _does_not_hold(
                paper, f"tổng số cột ({column.number})", f"tổng {told}, cộng các dòng {summed}"
            )
    yield f"tổng số {'=' if is_exact else '≥'} cộng các {_ROW_WORDS[paper.rows]}"


_ROW_WORDS = {"unit": "đơn vị", "field": "lĩnh vực"}


def _does_not_hold(paper: Grid, check: str, said: str) -> TthcError:
    return TthcError(
        f"Biểu {paper.form} có phép kiểm tra không khớp nên không được lập: {check} ({said})."
        " Chạy tthc doctor để tìm chỗ sai, rồi tính lại bằng tthc refresh."
    )


def _notes(paper: Grid, rows: tuple[Row, ...], told: dict[str, dict[str, Any]]) -> Iterable[str]:
    for footnote in paper.footnotes:
        if footnote.count is None:
            yield footnote.text
        elif footnote.count not in told:
            # An old build did not count them; nobody can say that there were none.
            yield footnote.text.replace(" {n}", "")
        elif told[footnote.count]["numerator"]:
            yield footnote.text.replace("{n}", str(told[footnote.count]["numerator"]))
    if paper.total == "covers":
        left = [
            column
            for column in paper.leaves
            if column.is_additive
            and rows[-1].numbers[column.number] > sum(row.numbers[column.number] for row in rows[:-1])
        ]
        if left:
            yield (
                f"Dòng tổng số lớn hơn cộng các {_ROW_WORDS[paper.rows]} ở cột "
                + ", ".join(f"({column.number})" for column in left)
                + f": gồm cả những việc chưa rõ thuộc {_ROW_WORDS[paper.rows]} nào."
            )
    for column in paper.leaves:
        if column.declared.no_source:
            yield f"Cột ({column.number}) chưa có nguồn số liệu: {column.declared.no_source}"


def _lacks(numbers: list[int], gaps: list[dict[str, Any]]) -> str:
    """Say which columns are not whole, and which source lacks since when."""
    missing = "; ".join(
        f"thiếu nguồn “{values.stream_title(gap['stream'])}” từ ngày {gap['lacks_from']:%d/%m/%Y}"
        for gap in gaps
    )
    columns = ", ".join(f"({number})" for number in numbers)
    return f"Dấu * ở cột {columns}: SỐ LIỆU CHƯA ĐỦ, {missing or 'một phần dữ liệu của kỳ chưa biết'}."
