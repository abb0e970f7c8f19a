"""Opens the files that people keep: xlsx, xls, csv and HTML tables become sheets of cells, whatever they are called.

Its first bytes say what a file is. What is dangerous is refused before it is parsed. Nothing here knows a stream;
``header_search`` finds the columns. It runs in the process that ``reader_process`` starts, under its limits.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from tthc.errors import UsageError
from tthc.sources import delimited
from tthc.sources.cell_values import WHITE, Cell, Percentage
from tthc.sources.html_tables import read_html
from tthc.sources.old_workbooks import inspect_ole
from tthc.sources.zip_check import PercentCells, inspect_zip
from tthc.vietnamese.old_alphabets import DECODERS

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_EMPTY_ZIP = b"PK\x05\x06"
_UNREADABLE = "Tệp không phải bảng tính đọc được: hãy mở bằng Excel và lưu lại thành .xlsx."
_MOST_COLUMNS = 2_000

#: Inclusive corners of a merged area, rows and columns counted from 0.
Merge = tuple[tuple[int, int], tuple[int, int]]


class Choices(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a person decided about one content, where the file itself does not prove it.

    ``alphabet`` in which its text is written; ``dates``: what comes first in ``03/04/2025``, or ``swapped`` when
    Excel has already mistaken days for months in its real dates; ``thousands``: the sign that groups digits.
    """

    alphabet: Literal["unicode", "tcvn3", "vni", "cp1258"] | None = None
    dates: Literal["day-first", "month-first", "swapped"] | None = None
    thousands: Literal["dot", "comma"] | None = None


@dataclass(frozen=True)
class Sheet:
    """One sheet of a file (a csv has one, named ""). Row 1 is the first that ``rows`` yields, empty ones included."""

    name: str
    rows: Callable[[], Iterator[list[Cell]]]
    is_hidden: bool = False
    merges: tuple[Merge, ...] = ()
    #: Numbers of the rows a reader of the file does not see.
    hidden_rows: tuple[int, ...] = ()


class Book:
    """One opened file; making it raises UsageError when it is not a spreadsheet that can be read safely."""

    def __init__(self, content: bytes, choices: Choices | None = None) -> None:
        self.choices = choices or Choices()
        self.is_1904 = False
        #: Texts that stand in no cell: headers and footers, comments, drawings, text around HTML tables.
        self.other_texts: list[str] = []
        #: The text of a csv, None when the file is something else.
        self.text: delimited.DelimitedText | None = None
        #: The bytes are of no Unicode encoding: only a person can say of which alphabet they are.
        self.is_one_byte = False
        #: By stream, how the file writes dates and numbers; filled when the whole of it has been read once.
        self.conventions: dict[str, Any] = {}
        self.sheets = list(self._opened(content))

    def _opened(self, content: bytes) -> Iterator[Sheet]:
        if content.startswith((_ZIP, _EMPTY_ZIP)):
            zipped = inspect_zip(content)
            self.is_1904, self.other_texts = zipped.is_1904, zipped.other_texts
            yield from self._workbook(
                content,
                lambda name, _: zipped.hidden_rows.get(name, []),
                lambda name, _: zipped.percentages.get(name, {}),
            )
        elif content.startswith(_OLE):
            old = inspect_ole(content)
            self.is_1904, self.other_texts = old.is_1904, old.other_texts
            yield from self._workbook(
                content,
                lambda _, at: old.hidden_rows[at] if at < len(old.hidden_rows) else [],
                lambda _, at: old.percentages[at] if at < len(old.percentages) else {},
            )
        else:
            yield from self._written(content)

    def _workbook(
        self,
        content: bytes,
        hidden: Callable[[str, int], list[int]],
        percentages: Callable[[str, int], PercentCells],
    ) -> Iterator[Sheet]:
        import python_calamine as calamine

        with _refusing_unreadable():
            workbook = calamine.load_workbook(io.BytesIO(content))
            described = workbook.sheets_metadata
        if any(sheet.typ == calamine.SheetTypeEnum.MacroSheet for sheet in described):
            raise UsageError("Tệp có macro: hãy lưu lại thành .xlsx (không macro) rồi nạp lại.")
        for place, sheet in enumerate(described):
            if sheet.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            with _refusing_unreadable():
                opened = workbook.get_sheet_by_name(sheet.name)
                merges = opened.merged_cell_ranges or []
            yield Sheet(
                sheet.name,
                self._decoding(_rows_of(opened, percentages(sheet.name, place))),
                sheet.visible != calamine.SheetVisibleEnum.Visible,
                tuple(merges),
                tuple(hidden(sheet.name, place)),
            )

    def _written(self, content: bytes) -> Iterator[Sheet]:
        encoding = delimited.encoding_of(content)
        if not delimited.is_readable(content, encoding):
            if self.choices.alphabet == "unicode":
                raise UsageError(delimited.NOT_UNICODE)
            self.is_one_byte, encoding = True, delimited.ONE_BYTE
        start = delimited.beginning(content[:4096], encoding).lstrip(WHITE)
        if start.startswith("<"):
            if "urn:schemas-microsoft-com:office:spreadsheet" in start:
                raise UsageError("Tệp là bảng tính XML 2003: hãy mở bằng Excel và lưu lại thành .xlsx.")
            text = content.decode(encoding, "tthc-latin" if self.is_one_byte else "strict")
            tables, outside = read_html(text)
            self.other_texts = outside.split("\n")
            for number, table in enumerate(tables, start=1):
                rows = self._decoding(table.rows.__iter__)
                yield Sheet(f"Bảng {number}", rows, False, tuple(table.merges), tuple(table.hidden_rows))
        else:
            self.text = delimited.DelimitedText(content, encoding)
            yield Sheet("", self._decoding(self.text.rows))

    def _decoding(self, rows: Callable[[], Iterator[list[Cell]]]) -> Callable[[], Iterator[list[Cell]]]:
        decode = DECODERS.get(self.choices.alphabet or "")
        if decode is None:
            return rows
        return lambda: (
            [decode(cell) if isinstance(cell, str) and not cell.isascii() else cell for cell in cells]
            for cells in rows()
        )


def _rows_of(sheet, percentages: PercentCells) -> Callable[[], Iterator[list[Cell]]]:
    """Return what yields the rows; iterating leaves out the empty columns on the left, which are put back."""
    first = sheet.start[1] if sheet.start else 0
    if (sheet.end[1] if sheet.end else 0) >= _MOST_COLUMNS:
        raise UsageError(f"Trang tính rộng hơn {_MOST_COLUMNS} cột: hãy lưu lại chỉ với bảng cần nạp.")
    before: list[Cell] = [None] * first

    def rows() -> Iterator[list[Cell]]:
        with _refusing_unreadable():
            for number, cells in enumerate(sheet.iter_rows(), start=1):
                cells = before + cells
                for at in percentages.get(number, ()):
                    if at < len(cells) and isinstance(cells[at], float):
                        cells[at] = Percentage(cells[at])
                yield cells

    return rows


@contextmanager
def _refusing_unreadable() -> Iterator[None]:
    import python_calamine as calamine

    try:
        yield
    except calamine.PasswordError:
        raise UsageError("Tệp có mật khẩu: hãy bỏ mật khẩu trong Excel rồi nạp lại.") from None
    except (calamine.CalamineError, OSError, ValueError):
        raise UsageError(_UNREADABLE) from None
