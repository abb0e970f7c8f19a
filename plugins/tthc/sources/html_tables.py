"""The tables of an HTML page that a one-stop system saved as ``.xls``.

Such a page is one outer table with others inside it, for the heading, the data and the signatures: each table is
read by itself, and the cell around an inner table does not hold its text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from tthc.errors import UsageError

MOST_CELLS = 4_000_000
_MOST_COLUMNS, _MOST_SPAN = 2_000, 65_536
_SPACES = re.compile(r"[ \t\r\n\f]+")
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|mso-hide\s*:\s*all")
_SILENT = frozenset({"script", "style", "title", "head"})


@dataclass
class HtmlTable:
    """One table: its cells (the text of a spanning cell in its first place), merges counted from 0, inclusive."""

    rows: list[list[str | None]] = field(default_factory=list)
    merges: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    #: Rows numbered from 1.
    hidden_rows: list[int] = field(default_factory=list)
    #: Places taken by cells that began in a row above: (row, column).
    taken: set[tuple[int, int]] = field(default_factory=set)
    cell: list[str] | None = None
    place: tuple[int, int] = (0, 0)


def read_html(text: str) -> tuple[list[HtmlTable], str]:
    """Return the tables that have a cell, in the order they begin, and the text outside them.

    Raises UsageError when the page has no table, or more cells than fit in memory.
    """
    reader = _Reader()
    reader.feed(text)
    reader.close()
    found = [table for table in reader.tables if any(any(row) for row in table.rows)]
    if not found:
        raise UsageError(
            "Tệp là trang HTML không có bảng nào: hãy xuất lại bảng từ hệ thống, hoặc lưu thành .xlsx."
        )
    return found, "".join(reader.outside)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[HtmlTable] = []
        self.outside: list[str] = []
        self._open: list[HtmlTable] = []
        self._silent = 0
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            table = HtmlTable()
            self.tables.append(table)
            self._open.append(table)
        elif not self._open:
            if tag in ("br", "p", "div"):
                self.outside.append("\n")
        elif tag == "tr":
            self._end_cell()
            self._begin_row(hidden="hidden" in given or bool(_HIDDEN.search(given.get("style", ""))))
        elif tag in ("td", "th"):
            self._end_cell()
            self._begin_cell(_span(given.get("colspan")), _span(given.get("rowspan")))
        elif tag in ("br", "p", "div", "li") and self._open[-1].cell is not None:
            self._open[-1].cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif self._open and tag in ("td", "th", "tr"):
            self._end_cell()
        elif self._open and tag == "table":
            self._end_cell()
            self._open.pop().taken.clear()

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if not self._open:
            self.outside.append(data)
        elif self._open[-1].cell is not None:
            # Line breaks of the source are spaces; those that were meant stand as tags.
            self._open[-1].cell.append(_SPACES.sub(" ", data))

    def close(self) -> None:
        super().close()
        while self._open:
            self._end_cell()
            self._open.pop()

    def _begin_row(self, *, hidden: bool) -> None:
        table = self._open[-1]
        table.rows.append([])
        if hidden:
            table.hidden_rows.append(len(table.rows))

    def _begin_cell(self, columns: int, rows: int) -> None:
        table = self._open[-1]
        if not table.rows:
            table.rows.append([])
        row = len(table.rows) - 1
        column = len(table.rows[row])
        while (row, column) in table.taken:
            column += 1
        self._cells += columns
        if column + columns > _MOST_COLUMNS or self._cells > MOST_CELLS:
            raise UsageError("Bảng HTML quá lớn để đọc an toàn: hãy xuất ít dòng hơn, hoặc lưu thành .xlsx.")
        cells = table.rows[row]
        cells += [None] * (column + columns - len(cells))
        rows = min(rows, _MOST_SPAN)
        if columns * rows > 1:
            table.merges.append(((row, column), (row + rows - 1, column + columns - 1)))
        if rows > 1:
            self._cells += columns * (rows - 1)
            if self._cells > MOST_CELLS:
                raise UsageError(
                    "Bảng HTML quá lớn để đọc an toàn: hãy xuất ít dòng hơn, hoặc lưu thành .xlsx."
                )
            table.taken |= {
                (below, beside)
                for below in range(row + 1, row + rows)
                for beside in range(column, column + columns)
            }
        table.cell, table.place = [], (row, column)

    def _end_cell(self) -> None:
        table = self._open[-1]
        if table.cell is not None:
            row, column = table.place
            lines = [line.strip(" ") for line in "".join(table.cell).split("\n")]
            table.rows[row][column] = "\n".join(lines).strip() or None
            table.cell = None


def _span(text: str | None) -> int:
    return (
        min(max(int(text), 1), _MOST_SPAN)
        if text and text.isascii() and text.isdigit() and len(text) < 6
        else 1
    )
