"""A filled grid as a workbook: the form to print and sign, then what its columns mean, then what stands behind it."""

from __future__ import annotations

import math
from typing import Any

from tthc.reports import printing
from tthc.reports.backing import Backing
from tthc.reports.backing_sheets import write_backing
from tthc.reports.filling import Cell, Filled, Row
from tthc.reports.papers import FIRST_NUMBER, Head

_SERIAL, _NAME = 5.0, 34.0
_SHORT_NAME, _LOW = 27.0, 20.0
_NARROWEST, _NARROW, _WIDE = 6.8, 8.5, 11.0
#: Characters of a name on one line.
_LINE, _SHORT_LINE = 36, 28
#: With more columns than that all of them are narrow.
_MANY = 16


def workbook(filled: Filled, backing: Backing | None = None) -> bytes:
    """Return the form as the bytes of an xlsx file; with ``backing`` also the sheets behind it."""
    book, buffer = printing.open_workbook(
        filled.period, filled.edition, f"{filled.paper.code}, {filled.period.label}", filled.head.short_name
    )
    styles = printing.styles_of(book)
    sheet = book.add_worksheet(filled.paper.form.replace("/", "-"))
    leaves = filled.paper.leaves
    last = len(leaves) + 1
    width = _WIDE if len(leaves) <= 12 else _NARROW if len(leaves) <= _MANY else _NARROWEST
    printing.lay_out(
        sheet, [_SERIAL, _NAME if width > _NARROWEST else _SHORT_NAME, *([width] * len(leaves))], filled.edition,
        f"{filled.paper.code} · {filled.head.short_name} · {filled.period.label}",
    )  # fmt: skip
    top = printing.write_head(
        sheet, styles, filled.paper, filled.head, filled.period, filled.edition, last, filled.paper.counted
    )
    first = _write_header(sheet, styles, filled, top, width)
    for place, row in enumerate(filled.rows):
        _write_row(sheet, styles, first + place, row, place + 1, filled)
    at = _write_notes(sheet, styles, filled, first + len(filled.rows), last)
    printing.write_signatures(sheet, styles, filled.paper, filled.head, at + 1, last)
    sheet.repeat_rows(top, first - 1)
    sheet.freeze_panes(first, 2)
    if backing is not None:
        write_backing(book, styles, filled, backing)
    book.close()
    return buffer.getvalue()


def _write_header(sheet: Any, styles: dict[str, Any], filled: Filled, top: int, width: float) -> int:
    """Write the heads, joined as they are declared, and the row of numbers; return the first row below."""
    heads = filled.paper.columns
    depth = max(len(column.path) for column in filled.paper.leaves)
    for place, name in enumerate(("STT", filled.paper.row_head)):
        _join(sheet, top, place, top + depth - 1, place, name, styles["head"])
    _write_level(sheet, styles["head"], heads, top, FIRST_NUMBER - 1, depth)
    for level, height in enumerate(_heights(heads, width, depth)):
        sheet.set_row(top + level, height)
    index = top + depth
    for number in range(1, FIRST_NUMBER + len(filled.paper.leaves)):
        sheet.write_string(index, number - 1, f"({number})", styles["index"])
    return index + 1


def _heights(heads: tuple[Head, ...], width: float, depth: int) -> list[float]:
    """Return how high each row of the header must be for its words, given the width of a column."""
    heights = [_LOW] * depth

    def measure(head: Head, level: int) -> int:
        across = sum(measure(below, level + 1) for below in head.columns) or 1
        # A word is not broken, so a narrow column holds less than its width.
        needed = 16 * math.ceil(len(head.head) / (width * across * (0.8 if across == 1 else 0.9))) + 4
        if head.columns:
            heights[level] = max(heights[level], needed)
        else:
            heights[-1] += max(0, needed - sum(heights[level:]))
        return across

    for head in heads:
        measure(head, 0)
    return heights


def _write_level(sheet: Any, style: Any, heads: tuple[Head, ...], row: int, column: int, depth: int) -> int:
    """Write heads side by side from a cell on, ``depth`` rows high; return the column after them."""
    for head in heads:
        if head.columns:
            after = _write_level(sheet, style, head.columns, row + 1, column, depth - 1)
            _join(sheet, row, column, row, after - 1, head.head, style)
            column = after
        else:
            _join(sheet, row, column, row + depth - 1, column, head.head, style)
            column += 1
    return column


def _join(sheet: Any, top: int, left: int, bottom: int, right: int, text: str, style: Any) -> None:
    if (top, left) == (bottom, right):
        sheet.write_string(top, left, text, style)
    else:
        sheet.merge_range(top, left, bottom, right, text, style)


def _write_row(sheet: Any, styles: dict[str, Any], at: int, row: Row, serial: int, filled: Filled) -> None:
    kind = "total " if row.is_total else ""
    line = _LINE if len(filled.paper.leaves) <= _MANY else _SHORT_LINE
    sheet.set_row(at, 18 * max(1, math.ceil(len(row.name) / line)) + 2)
    if row.is_total:
        sheet.write_blank(at, 0, None, styles["total centred"])
    else:
        sheet.write_number(at, 0, serial, styles["centred"])
    sheet.write_string(at, 1, row.name, styles[f"{kind}text"])
    for column in filled.paper.leaves:
        write_cell(sheet, styles, at, column.number - 1, row.cells[column.number], column.is_additive, kind)


def write_cell(
    sheet: Any, styles: dict[str, Any], row: int, column: int, cell: Cell, is_whole: bool, kind: str = ""
) -> None:
    """Write one number; one that is not whole has a star, one that is not there is never a 0 or a blank."""
    star = " starred" if cell.status == "incomplete" else ""
    if cell.value is None:
        sheet.write_string(
            row, column, printing.NOTHING + ("*" if star else ""), styles[f"{kind}nothing{star}"]
        )
        return
    look = "number" if is_whole else "decimal"
    sheet.write_number(row, column, float(cell.value), styles[f"{kind}{look}{star}"])


def _write_notes(sheet: Any, styles: dict[str, Any], filled: Filled, at: int, last: int) -> int:
    """Write footnotes and checks below the table; return the row after them."""
    lines = [(f"Ghi chú: {note}", "warning" if "CHƯA ĐỦ" in note else "note") for note in filled.notes]
    lines.append((f"Đã kiểm tra, đều đúng: {'; '.join(filled.checks)}.", "note"))
    for place, (line, style) in enumerate(lines, start=1):
        sheet.merge_range(at + place, 0, at + place, last, line, styles[style])
        sheet.set_row(at + place, 16 * math.ceil(len(line) / 150) + 2)
    return at + len(lines) + 1
