"""Return sheets: the refused rows of one stream and one unit, with the cells to mend coloured and the reasons told.

The sheet of a file stream has that stream's headers, so that it is loaded as a file of the stream when it comes
back; the numbers in its first column let it close the cases it came from. For the city system it only tells what to
correct there. Columns that are never loaded are not in it. Nothing is a formula, nothing touches the disk.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tthc.landing.readers import reader_of
from tthc.quality.returns import CASE, MENDER, PLACE, REASON, case_text
from tthc.sources.streams import Column, Stream
from tthc.vietnamese.instants import ZONE, UnreadableInstant
from tthc.vietnamese.quantities import UnreadableQuantity
from tthc.warehouse import seeds

SHEET = "Phiếu trả lại"
#: The row of the headers, counted from 0; above it stand a title and what to do.
HEADER_ROW = 3
#: Each coloured cell has a note of its own, up to so many; the reasons also stand in a column.
MOST_NOTES = 5_000
_DAYS, _NUMBERS = ("date", "instant"), ("integer", "vnd", "decimal")
_LONGEST_LIST = 255


@dataclass(frozen=True)
class ReturnedRow:
    """One refused row: its case, why and where, its cells by header as received, the reasons by header to mend."""

    case_number: int
    reason: str
    address: str
    values: dict[str, Any]
    wrong: dict[str, str] = field(default_factory=dict)


def workbook(stream: Stream, unit_name: str, on: date, rows: list[ReturnedRow]) -> bytes:
    """Return the sheet as the bytes of an xlsx file."""
    import xlsxwriter

    buffer = io.BytesIO()
    # In memory: a temporary file would be read by whoever may read the machine's temporary folder.
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet, styles = book.add_worksheet(SHEET), _styles(book)
    columns = _columns(stream, rows)
    ours = [CASE, REASON, PLACE]
    headers = [*ours, *columns, *([MENDER] if stream.kind == "file" else [])]
    _write_head(sheet, styles, stream, f"{stream.title} · {unit_name} · {on:%d/%m/%Y}", headers, len(ours))
    notes_left = MOST_NOTES
    for at, row in enumerate(rows, start=HEADER_ROW + 1):
        for place, text in enumerate((case_text(row.case_number), row.reason, row.address)):
            sheet.write_string(at, place, text, styles["ours"])
        for place, (header, column) in enumerate(columns.items(), start=len(ours)):
            is_wrong = header in row.wrong
            _write_cell(sheet, at, place, column, row.values.get(header), styles, is_wrong)
            if is_wrong and notes_left:
                notes_left -= 1
                sheet.write_comment(at, place, row.wrong[header], {"author": "tthc", "x_scale": 2})
    if stream.kind == "file":
        _offer_words(sheet, columns, len(ours), len(rows))
    book.close()
    return buffer.getvalue()


def _columns(stream: Stream, rows: list[ReturnedRow]) -> dict[str, Column]:
    """Return the columns to show by header, in the order of the declaration; of two in one cell the typed one."""
    found: dict[str, Column] = {}
    for column in stream.staged_columns:
        if column.type == "list":
            continue
        known = found.get(column.header)
        if known is None or (known.type not in _DAYS + _NUMBERS and column.type in _DAYS + _NUMBERS):
            found[column.header] = column
    if stream.kind == "file":
        return found
    # Whoever corrects in the city system needs to find the dossier, and what is wrong with it; no more is shown.
    wrong = set().union(*(row.wrong for row in rows))
    return {
        header: column
        for header, column in found.items()
        if column.personal == "keep"
        and (header in wrong or column.name in (*stream.key, "unit_name", "unit_key"))
    }


def _write_head(
    sheet: Any, styles: dict[str, Any], stream: Stream, title: str, headers: list[str], ours: int
) -> None:
    if stream.kind == "file":
        todo = (
            f"Sửa các ô tô màu, ghi tên mình ở cột “{MENDER}”, giữ nguyên tên các cột và cột “{CASE}”, rồi gửi lại "
            "chính tệp này vào hộp nhận. Dòng chưa sửa được thì xóa khỏi tệp: dòng ấy vẫn chờ."
        )
    else:
        todo = (
            "Hãy sửa các ô tô màu trên hệ thống một cửa của thành phố; lần đọc sau sẽ nhận bản đã sửa. "
            "Không cần gửi lại tệp này."
        )
    sheet.write_string(0, 0, f"PHIẾU TRẢ LẠI: {title}", styles["title"])
    sheet.write_string(1, 0, todo, styles["plain"])
    for place, header in enumerate(headers):
        width = {CASE: 11, REASON: 60, PLACE: 24}.get(header, max(14, min(40, len(header) + 4)))
        sheet.set_column(place, place, width)
        sheet.write_string(HEADER_ROW, place, header, styles["our head" if place < ours else "head"])
    sheet.freeze_panes(HEADER_ROW + 1, 1)


def _write_cell(
    sheet: Any, at: int, place: int, column: Column, value: Any, styles: dict[str, Any], is_wrong: bool
) -> None:
    """Write a value so that it is read as what it is; days as text, which no Excel turns round."""
    style = "wrong" if is_wrong else "text"
    read = _read(column, value)
    if read is None:
        text = "" if value is None or isinstance(value, dict | list) else str(value)
    elif isinstance(read, datetime):
        text = f"{read.astimezone(ZONE):%d/%m/%Y %H:%M:%S}"
    elif isinstance(read, date):
        text = f"{read:%d/%m/%Y}"
    else:
        sheet.write_number(at, place, float(read), styles[f"{style} number"])
        return
    if text:
        sheet.write_string(at, place, text, styles[style])
    else:
        sheet.write_blank(at, place, None, styles[style])


def _read(column: Column, value: Any) -> date | datetime | int | Decimal | None:
    if value is None or column.type not in _DAYS + _NUMBERS:
        return None
    read: Callable[[Any], Any] = reader_of(column)
    try:
        found = read(value)
    except (UnreadableInstant, UnreadableQuantity):
        return None
    if isinstance(found, int | Decimal) and Decimal(repr(float(found))) != found:
        return None
    return found


def _offer_words(sheet: Any, columns: dict[str, Column], first: int, count: int) -> None:
    """Let the words of a closed list be chosen in its cells."""
    for place, column in enumerate(columns.values(), start=first):
        words = (
            [unit.name for unit in seeds.declared_units().units]
            if column.choices == "units"
            else list(column.choices)
        )
        # A longer list would need a sheet of its own; the reason tells where the words are.
        if words and len(",".join(words)) <= _LONGEST_LIST and not any("," in word for word in words):
            sheet.data_validation(
                HEADER_ROW + 1, place, HEADER_ROW + count, place,
                {"validate": "list", "source": words, "error_type": "warning"},
            )  # fmt: skip


def _styles(book: Any) -> dict[str, Any]:
    base = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
    wrong = {"bg_color": "#FFC7CE", "border": 1}
    head = base | {"bold": True, "text_wrap": True, "border": 1, "valign": "vcenter", "align": "center"}
    made = {
        "text": base | {"num_format": "@"},
        "text number": base,
        "wrong": base | wrong | {"num_format": "@"},
        "wrong number": base | wrong,
        "title": base | {"bold": True, "font_size": 13},
        "plain": base | {"italic": True},
        "head": head | {"bg_color": "#DDEBF7"},
        "our head": head | {"bg_color": "#E7E6E6"},
        "ours": base | {"text_wrap": True, "bg_color": "#F2F2F2", "num_format": "@"},
    }
    return {name: book.add_format(properties) for name, properties in made.items()}
