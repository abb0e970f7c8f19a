"""Form II.06a as a workbook that can be printed, signed and sent."""

from __future__ import annotations

import io
from datetime import datetime, time
from typing import Any

from tthc import settings
from tthc.reports.form_ii06a import NUMBERS, Form

_GROUPS = (
    (3, 6, "Số hồ sơ nhận giải quyết"),
    (7, 10, "Số lượng hồ sơ đã giải quyết"),
    (11, 13, "Số lượng hồ sơ đang giải quyết"),
)
_LEAVES = {
    3: "Tổng số", 4: "Trực tuyến", 5: "Trực tiếp, dịch vụ bưu chính", 6: "Từ kỳ trước", 7: "Tổng số", 8: "Trước hạn",
    9: "Đúng hạn", 10: "Quá hạn", 11: "Tổng số", 12: "Trong hạn", 13: "Quá hạn",
}  # fmt: skip
_LAST = 12
_HEAD = 7
#: Where the first unit stands, counted from 0.
FIRST_ROW = _HEAD + 4


def workbook(form: Form) -> bytes:
    """Return the form as the bytes of an xlsx file; no text in it is a formula or a link."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    # The only place in the file that would tell when it was written: the same numbers give the same bytes.
    published = form.edition.published_at
    book.set_properties(
        {
            "created": published.replace(tzinfo=None)
            if published
            else datetime.combine(form.period.end, time())
        }
    )
    sheet = book.add_worksheet("II.06a")
    styles = _styles(book)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_column(0, 0, 5)
    sheet.set_column(1, 1, 36)
    sheet.set_column(2, _LAST, 9.5)
    _heading(sheet, styles, form)
    _header(sheet, styles)
    for place, row in enumerate(form.rows):
        at = FIRST_ROW + place
        text, number = (styles["total"],) * 2 if row.is_total else (styles["text"], styles["number"])
        sheet.write(at, 0, "" if row.is_total else place + 1, number)
        sheet.write_string(at, 1, row.name, text)
        for column in NUMBERS:
            sheet.write_number(at, column - 1, row.cells[column], number)
    _foot(sheet, styles, form, FIRST_ROW + len(form.rows) + 1)
    sheet.freeze_panes(FIRST_ROW, 2)
    book.close()
    return buffer.getvalue()


def edition_in_words(form: Form) -> str:
    """Say which numbers these are: a draft, or which revision."""
    edition = form.edition
    if edition.revision_number is None:
        return f"BẢN DỰ THẢO, chưa công bố (bản tính {edition.build_id})"
    return f"Bản công bố lần {edition.revision_number}, {edition.published_at:%d/%m/%Y}"


def _heading(sheet: Any, styles: dict, form: Form) -> None:
    period = form.period
    sheet.merge_range(0, 0, 0, 4, "Biểu số II.06a/VPCP/KSTT", styles["bold"])
    sheet.merge_range(
        0, 8, 0, _LAST, f"Đơn vị báo cáo: UBND xã (mã {settings.commune_code()})", styles["plain"]
    )
    sheet.merge_range(
        2, 0, 2, _LAST,
        "TÌNH HÌNH, KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH TẠI CƠ QUAN, ĐƠN VỊ TRỰC TIẾP GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH",
        styles["title"],
    )  # fmt: skip
    sheet.merge_range(
        3, 0, 3, _LAST,
        f"Kỳ báo cáo: {period.label} (từ ngày {period.start:%d/%m/%Y} đến ngày {period.end:%d/%m/%Y})",
        styles["centre"],
    )  # fmt: skip
    sheet.merge_range(4, 0, 4, _LAST, edition_in_words(form), styles["centre"])
    sheet.merge_range(5, 8, 5, _LAST, "Đơn vị tính: Số hồ sơ", styles["right"])


def _header(sheet: Any, styles: dict) -> None:
    head = styles["head"]
    sheet.set_row(_HEAD + 2, 45)
    sheet.merge_range(_HEAD, 0, _HEAD + 2, 0, "STT", head)
    sheet.merge_range(_HEAD, 1, _HEAD + 2, 1, "Đơn vị", head)
    for first, last, name in _GROUPS:
        sheet.merge_range(_HEAD, first - 1, _HEAD, last - 1, name, head)
    for column in NUMBERS:
        if column in (4, 5):
            sheet.write_string(_HEAD + 2, column - 1, _LEAVES[column], head)
        else:
            sheet.merge_range(_HEAD + 1, column - 1, _HEAD + 2, column - 1, _LEAVES[column], head)
    sheet.merge_range(_HEAD + 1, 3, _HEAD + 1, 4, "Trong kỳ", head)
    for column in range(1, 14):
        sheet.write_string(_HEAD + 3, column - 1, f"({column})", styles["index"])


def _foot(sheet: Any, styles: dict, form: Form, at: int) -> None:
    lines = [f"Kiểm tra: {name}: {'đúng' if holds else 'KHÔNG KHỚP'}." for name, holds in form.checks]
    if form.note:
        lines.insert(0, f"Ghi chú: {form.note}")
    for place, line in enumerate(lines):
        sheet.merge_range(at + place, 0, at + place, _LAST, line, styles["small"])


def _styles(book: Any) -> dict[str, Any]:
    font = {"font_name": "Times New Roman", "font_size": 12}
    boxed = {**font, "border": 1, "valign": "vcenter"}
    return {
        "plain": book.add_format({**font, "align": "center"}),
        "bold": book.add_format({**font, "bold": True}),
        "title": book.add_format(
            {**font, "bold": True, "font_size": 13, "align": "center", "text_wrap": True}
        ),
        "centre": book.add_format({**font, "italic": True, "align": "center"}),
        "right": book.add_format({**font, "italic": True, "align": "right"}),
        "head": book.add_format({**boxed, "bold": True, "align": "center", "text_wrap": True}),
        "index": book.add_format({**boxed, "italic": True, "align": "center"}),
        "text": book.add_format(boxed),
        "number": book.add_format({**boxed, "num_format": "#,##0"}),
        "total": book.add_format({**boxed, "bold": True, "num_format": "#,##0"}),
        "small": book.add_format({**font, "font_size": 11, "italic": True}),
    }
