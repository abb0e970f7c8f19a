"""Opens the files that people keep: xlsx, xls and csv become tables of cells, whatever the file is called.

Its first bytes say what a file is. Nothing here knows a stream; ``spreadsheets`` finds the columns.
"""

from __future__ import annotations

import csv
import datetime
import io
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tthc.errors import UsageError

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

#: A cell as the file gives it; None is an empty one.
Cell = str | float | bool | datetime.date | datetime.time | datetime.timedelta | None

MOST_ENTRIES = 2_000
MOST_BYTES_UNPACKED = 300 * 1024 * 1024
ALWAYS_BYTES_UNPACKED = 20 * 1024 * 1024
MOST_TIMES_LARGER = 200

_ZIP, _OLE, _BOM_8, _BOM_LE, _BOM_BE = (
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xfe\xff",
)
_DELIMITERS = ",;\t"
_SAMPLE_ROWS = 50
_WHITE = " \t\r\n\u00a0\u200b\ufeff"


@dataclass(frozen=True)
class Table:
    """One sheet of a file (a csv has one, named ""); row 1 is the first of ``rows``, empty ones included."""

    sheet: str
    rows: list[list[Cell]]


class Book:
    """One opened file; raises UsageError when it is not a spreadsheet that can be read safely."""

    def __init__(self, source: bytes | Path) -> None:
        self._content = source if isinstance(source, bytes) else source.read_bytes()

    @cached_property
    def tables(self) -> list[Table]:
        """Every sheet that has a cell."""
        is_workbook = self._content.startswith((_ZIP, _OLE))
        found = self._sheets() if is_workbook else [Table("", _read_csv(_decode(self._content)))]
        return [table for table in found if table.rows]

    def _sheets(self) -> Iterator[Table]:
        if self._content.startswith(_ZIP):
            _refuse_dangerous_zip(self._content)
        workbook = _open_workbook(self._content)
        for name in workbook.sheet_names:
            with _refusing_unreadable():
                # Without skip_empty_area=False an empty first column shifts every cell to the left.
                cells = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield Table(name, cells)


def read_tables(source: bytes | Path) -> Iterator[Table]:
    """Yield every sheet of the file that has a cell; raises UsageError when it cannot be read safely."""
    yield from Book(source).tables


def cell_text(cell: Cell) -> str | None:
    """Return a cell as text in NFC without spaces around it, None when it is blank.

    Whole numbers lose their fraction, real dates become ISO text.

    >>> cell_text(5.0), cell_text(datetime.date(2025, 7, 1)), cell_text(" ")
    ('5', '2025-07-01', None)
    """
    if cell is None:
        return None
    if isinstance(cell, str):
        return unicodedata.normalize("NFC", cell).strip(_WHITE) or None
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


def _open_workbook(content: bytes) -> CalamineWorkbook:
    import python_calamine

    with _refusing_unreadable():
        return python_calamine.load_workbook(io.BytesIO(content))


@contextmanager
def _refusing_unreadable() -> Iterator[None]:
    # Imported here, as above: most commands never open a workbook.
    import python_calamine

    try:
        yield
    except python_calamine.PasswordError:
        raise UsageError("Tệp có mật khẩu: hãy bỏ mật khẩu trong Excel rồi nạp lại.") from None
    except (python_calamine.CalamineError, OSError, ValueError):
        raise UsageError(
            "Tệp không phải bảng tính đọc được: hãy mở bằng Excel và lưu lại thành .xlsx."
        ) from None


def _refuse_dangerous_zip(content: bytes) -> None:
    """Refuse a zip that unpacks into far more than it is, before anything is parsed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if (
                len(entries) > MOST_ENTRIES
                or unpacked > MOST_BYTES_UNPACKED
                or unpacked > max(ALWAYS_BYTES_UNPACKED, MOST_TIMES_LARGER * len(content))
            ):
                raise UsageError(
                    f"Tệp nén {len(content):,} byte mở ra {unpacked:,} byte, {len(entries):,} phần: "
                    f"quá lớn để đọc an toàn. Hãy lưu lại chỉ với trang tính cần nạp."
                )
            # The directory may lie about sizes; reading each part finds out within the size it announced.
            damaged = archive.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        damaged = "?"
    if damaged:
        raise UsageError("Tệp .xlsx bị hỏng hoặc tải về chưa đủ: hãy lấy lại tệp gốc.")


def _decode(content: bytes) -> str:
    if content.startswith((_BOM_LE, _BOM_BE)):
        encoding = "utf-16"
    elif content.startswith(_BOM_8):
        encoding = "utf-8-sig"
    elif b"\0" in content[:200]:
        # Latin letters have their zero bytes in the upper halves: second place when low bytes come first.
        encoding = "utf-16-le" if content[1:200:2].count(0) >= content[0:200:2].count(0) else "utf-16-be"
    else:
        encoding = "utf-8"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise UsageError(
            "Tệp không phải bảng tính, cũng không phải văn bản UTF-8 hay UTF-16: "
            "hãy lưu lại thành .xlsx hoặc “CSV UTF-8”."
        ) from None
    if text.lstrip(_WHITE).startswith("<"):
        raise UsageError("Tệp là trang HTML mang đuôi bảng tính: hãy mở bằng Excel và lưu lại thành .xlsx.")
    return text


def _read_csv(text: str) -> list[list[Cell]]:
    """Return the records cut by whichever of comma, semicolon and tab gives most rows several cells."""

    def width(delimiter: str) -> float:
        return median([len(row) for row in _records(text, delimiter, _SAMPLE_ROWS) if any(row)] or [0])

    delimiter = max(_DELIMITERS, key=width)
    try:
        return [
            [cell or None for cell in row]
            for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
        ]
    except csv.Error:
        raise UsageError("Tệp CSV sai dấu nháy hoặc có ô quá dài: hãy lưu lại từ Excel.") from None


def _records(text: str, delimiter: str, most: int) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            rows.append(row)
            if len(rows) == most:
                break
    except csv.Error:
        pass
    return rows
