"""The workbook that people fill a register in with: made from the stream's declaration, read back by the same.

First sheet: one title, the headers, one row marked as an example (the reader leaves it out), then empty rows
whose cells carry what to write and, for closed lists, the words to choose from. Second sheet: the same in full.
Third: the words. Nothing is a formula, and codes and dates are kept as they are typed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from tthc.errors import UsageError
from tthc.sources.streams import Column, Stream
from tthc.vietnamese.instants import read_day
from tthc.warehouse import seeds

#: First cell of the row that shows how to fill in; no row that begins so is ever data.
EXAMPLE = "VÍ DỤ"
DATA, GUIDE, WORDS = "Nhập liệu", "Hướng dẫn", "Danh sách chữ"
#: Rows below the headers that carry notes and lists.
ROWS = 2_000
HEADER_ROW = 1
_LONGEST_NOTE, _LONGEST_TITLE = 255, 32


@dataclass(frozen=True)
class Field:
    """One column of a template: what several declared columns with the same header say of it together."""

    header: str
    note: str
    example: str
    words: tuple[str, ...]
    is_required: bool
    is_dropped: bool
    is_date: bool
    is_number: bool


def fields(stream: Stream) -> list[Field]:
    """Return the columns of a register's template in order; raises UsageError for a stream nobody fills in."""
    if not stream.stream.startswith("register__"):
        raise UsageError(
            f"Luồng {stream.stream} ({stream.title}) do hệ thống khác xuất ra, không điền tay nên không có biểu mẫu."
        )
    headers = dict.fromkeys(column.header for column in stream.columns)
    return [_field([c for c in stream.columns if c.header == header], stream) for header in headers]


def _field(columns: list[Column], stream: Stream) -> Field:
    first = columns[0]
    return Field(
        header=first.header,
        note=next((column.note for column in columns if column.note), ""),
        example=next((column.example for column in columns if column.example), ""),
        words=next((words for column in columns if (words := _words(column))), ()),
        is_required=any(column.required or column.name in stream.key for column in columns),
        is_dropped=all(column.personal == "drop" for column in columns),
        is_date=first.type == "date",
        is_number=first.type in ("decimal", "integer", "vnd"),
    )


def _words(column: Column) -> tuple[str, ...]:
    if column.choices == "units":
        return tuple(unit.name for unit in sorted(seeds.declared_units().units, key=lambda unit: unit.sort))
    return tuple(column.choices)


def workbook(stream: Stream) -> bytes:
    """Return a register's template as the bytes of an xlsx file; raises UsageError for a stream nobody fills in."""
    import xlsxwriter

    columns = fields(stream)
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    styles = _styles(book)
    data, guide, words = (book.add_worksheet(name) for name in (DATA, GUIDE, WORDS))
    places = _write_words(words, columns, styles)
    _write_data(data, stream, columns, places, styles)
    _write_guide(guide, stream, columns, styles)
    book.close()
    return buffer.getvalue()


def _styles(book: Any) -> dict[str, Any]:
    base = {"font_name": "Times New Roman", "font_size": 11, "valign": "top"}
    head = base | {"bold": True, "text_wrap": True, "border": 1, "valign": "vcenter", "align": "center"}
    example = base | {"italic": True, "font_color": "#7F7F7F", "bg_color": "#F2F2F2"}
    return {
        "title": book.add_format(base | {"bold": True, "font_size": 13}),
        "head": book.add_format(head | {"bg_color": "#DDEBF7"}),
        "required": book.add_format(head | {"bg_color": "#FCE4D6"}),
        # “@” keeps leading zeros and 2.000920 as they are typed.
        "text": book.add_format(base | {"num_format": "@"}),
        "date": book.add_format(base | {"num_format": "dd/mm/yyyy"}),
        "number": book.add_format(base),
        "example text": book.add_format(example | {"num_format": "@"}),
        "example date": book.add_format(example | {"num_format": "dd/mm/yyyy"}),
        "wrapped": book.add_format(base | {"text_wrap": True}),
    }


def _write_words(sheet: Any, columns: list[Field], styles: dict[str, Any]) -> dict[str, str]:
    """Write each closed list as a column; return the range of each by header."""
    from xlsxwriter.utility import xl_range_abs

    places = {}
    for at, column in enumerate(column for column in columns if column.words):
        sheet.set_column(at, at, 34)
        # Not the bare header: this sheet must never look like the register itself.
        sheet.write_string(0, at, f"Chữ dùng cho cột “{column.header}”", styles["head"])
        for row, word in enumerate(column.words, start=1):
            sheet.write_string(row, at, word, styles["text"])
        places[column.header] = f"='{WORDS}'!{xl_range_abs(1, at, len(column.words), at)}"
    return places


def _write_data(
    sheet: Any, stream: Stream, columns: list[Field], places: dict[str, str], styles: dict[str, Any]
) -> None:
    first, last = HEADER_ROW + 2, HEADER_ROW + 1 + ROWS
    sheet.write_string(0, 0, stream.title.upper(), styles["title"])
    sheet.write_string(HEADER_ROW, 0, "STT", styles["head"])
    sheet.write_string(HEADER_ROW + 1, 0, EXAMPLE, styles["example text"])
    sheet.set_column(0, 0, 7)
    sheet.set_row(HEADER_ROW, 48)
    sheet.freeze_panes(HEADER_ROW + 1, 2)
    for at, column in enumerate(columns, start=1):
        style = "date" if column.is_date else "number" if column.is_number else "text"
        sheet.set_column(at, at, max(14, min(40, len(column.header) + 4)), styles[style])
        sheet.write_string(
            HEADER_ROW, at, column.header, styles["required" if column.is_required else "head"]
        )
        if day := read_day(column.example) if column.is_date else None:
            sheet.write_datetime(HEADER_ROW + 1, at, day, styles["example date"])
        else:
            sheet.write_string(HEADER_ROW + 1, at, column.example, styles["example text"])
        shown = {
            "input_title": column.header[:_LONGEST_TITLE],
            "input_message": _note(column)[:_LONGEST_NOTE],
        }
        rule: dict[str, Any] = {"validate": "any"}
        if column.header in places:
            rule = {
                "validate": "list",
                "source": places[column.header],
                "error_title": "Chữ ngoài danh sách",
                "error_message": "Hãy chọn một chữ trong danh sách của ô.",
            }
        sheet.data_validation(first, at, last, at, rule | shown)


def _note(column: Field) -> str:
    return f"{'Bắt buộc. ' if column.is_required else ''}{column.note}" or column.header


def _write_guide(sheet: Any, stream: Stream, columns: list[Field], styles: dict[str, Any]) -> None:
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 12)
    sheet.set_column(2, 2, 70)
    sheet.set_column(3, 3, 50)
    lines = [
        stream.guide or stream.title,
        f"Điền vào trang “{DATA}”, dưới dòng {EXAMPLE}; dòng ấy không bao giờ được nạp.",
        "Không đổi tên cột, không gộp ô. Thêm cột khác thì được, cột ấy không được nạp.",
        "Ngày ghi ngày/tháng/năm. Cột có danh sách thì chọn trong danh sách. Cột tô cam là bắt buộc.",
        "Nạp lại cả tệp mỗi khi sửa: dòng cùng mã được thay bằng bản mới, dòng không còn trong tệp vẫn được giữ.",
    ]
    sheet.write_string(0, 0, stream.title.upper(), styles["title"])
    for row, line in enumerate(lines, start=1):
        sheet.merge_range(row, 0, row, 3, line, styles["wrapped"])
        sheet.set_row(row, 15 * (1 + len(line) // 140))
    head = len(lines) + 2
    for at, text in enumerate(("Tên cột", "Phải ghi", "Ghi gì", "Chữ được dùng")):
        sheet.write_string(head, at, text, styles["head"])
    for row, column in enumerate(columns, start=head + 1):
        sheet.write_string(row, 0, column.header, styles["wrapped"])
        sheet.write_string(row, 1, "bắt buộc" if column.is_required else "", styles["wrapped"])
        sheet.write_string(row, 2, column.note, styles["wrapped"])
        sheet.write_string(row, 3, "; ".join(column.words), styles["wrapped"])
