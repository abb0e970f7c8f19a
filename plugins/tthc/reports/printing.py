"""What every printed workbook shares: how it opens, its page, its letters, its head, its signatures.

No text in a workbook becomes a formula or a link, nothing touches the disk, and nothing in it tells when it was
made: the same numbers give the same bytes.
"""

from __future__ import annotations

import io
import re
from datetime import datetime, time
from typing import Any

from tthc.reports.letterhead import Letterhead
from tthc.reports.papers import Common
from tthc.reports.values import Edition
from tthc.workdays.periods import Period

FONT = "Times New Roman"
#: A dot between thousands and a comma before decimals, whatever the language of the reader's machine.
WHOLE, DECIMAL = "[$-42A]#,##0", "[$-42A]#,##0.00"
PERCENT = f'{DECIMAL}" %"'
SIGNED, SIGNED_WHOLE = (f"[$-42A]+{n};[$-42A]-{n};0" for n in ("#,##0.00", "#,##0"))
A4 = 9
#: Shown where there is no number: a blank cell would be read as 0.
NOTHING = "…"
#: Looks that the row of totals has too.
_IN_TOTALS = ("text", "centred", "number", "decimal", "percent", "signed", "nothing")


def open_workbook(period: Period, edition: Edition, title: str, author: str) -> tuple[Any, io.BytesIO]:
    """Return a new workbook and the buffer that gets its bytes when it is closed."""
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": made_at(period, edition), "title": title, "author": author})
    return book, buffer


def made_at(period: Period, edition: Edition) -> datetime:
    """Return the instant at which a file says it was made: its publication, for a draft the end of the period."""
    if edition.published_at:
        return edition.published_at.replace(tzinfo=None)
    return datetime.combine(period.end, time())


def file_name(
    paper: Common,
    period: Period,
    edition: Edition,
    commune: str,
    suffix: str,
    of: str = "",
    version: str = "",
) -> str:
    """Return a name that says what, who, which period and which revision.

    ``ii06a_11674_2025-07_15-den-14_lan-1.xlsx``; ``of`` is the code of whom it is about, where it is about one.
    """
    calendar = "thang" if period.calendar == "month" else "15-den-14"
    number, form = edition.revision_number, re.sub(r"[^\w-]", "", paper.form.lower())
    which = f"lan-{number}" if number is not None else f"du-thao-{edition.build_id}"
    who = [re.sub(r"[^\w-]", "-", of)] if of else []
    more = [version] if version else []
    return f"{'_'.join([form, commune, *who, period.label, calendar, which, *more])}.{suffix}"


def edition_in_words(edition: Edition) -> str:
    """Say which numbers these are: a draft, or which revision."""
    if edition.revision_number is None:
        return f"BẢN DỰ THẢO, chưa công bố (bản tính {edition.build_id})"
    return f"Bản công bố lần {edition.revision_number}, {edition.published_at:%d/%m/%Y}"


_KINDS = {"month": "tháng", "quarter": "quý", "half": "nửa năm", "nine_months": "chín tháng", "year": "năm"}


def period_in_words(period: Period) -> str:
    """Return a period as people say it.

    >>> from tthc.workdays.periods import parse
    >>> period_in_words(parse("2025-07")), period_in_words(parse("2025-Q3", "report"))
    ('tháng 7 năm 2025', 'quý III năm 2025')
    >>> period_in_words(parse("2025-H2")), period_in_words(parse("2025-9M")), period_in_words(parse("2025"))
    ('6 tháng cuối năm 2025', '9 tháng đầu năm 2025', 'năm 2025')
    """
    year, _, rest = period.label.partition("-")
    if period.kind == "month":
        return f"tháng {int(rest)} năm {year}"
    if period.kind == "quarter":
        return f"quý {('I', 'II', 'III', 'IV')[int(rest[1]) - 1]} năm {year}"
    if period.kind == "half":
        return f"6 tháng {'đầu' if rest == 'H1' else 'cuối'} năm {year}"
    return f"9 tháng đầu năm {year}" if period.kind == "nine_months" else f"năm {year}"


def days_in_words(period: Period) -> str:
    """Return the first and the last day of a period in words."""
    return f"từ ngày {period.start:%d/%m/%Y} đến ngày {period.end:%d/%m/%Y}"


def lay_out(sheet: Any, widths: list[float], edition: Edition, name: str) -> None:
    """Make the sheet one A4 page wide, lying down, with its name and the number of the page at the foot."""
    sheet.set_landscape()
    sheet.set_paper(A4)
    sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.7)
    sheet.fit_to_pages(1, 0)
    sheet.center_horizontally()
    sheet.hide_gridlines(2)
    for place, width in enumerate(widths):
        sheet.set_column(place, place, width)
    sheet.set_footer(
        f'&L&"{FONT},Italic"&8 {name}&C&"{FONT}"&9Trang &P/&N&R&"{FONT},Italic"&8 {edition_in_words(edition)}'
    )


def write_head(
    sheet: Any,
    styles: dict[str, Any],
    paper: Common,
    head: Letterhead,
    period: Period,
    edition: Edition,
    last: int,
    counted: str = "",
) -> int:
    """Write what stands above the table, over the columns 0 to ``last``; return the row of the table."""
    middle = max(2, last // 2)
    sheet.merge_range(0, 0, 0, middle - 1, paper.code, styles["bold left"])
    sheet.merge_range(1, 0, 1, middle - 1, f"Theo {paper.legal}", styles["small left"])
    sheet.merge_range(0, middle, 0, last, f"Đơn vị báo cáo: {head.name}", styles["bold right"])
    if head.superior:
        sheet.merge_range(1, middle, 1, last, head.superior, styles["small right"])
    sheet.set_row(2, 8)
    sheet.merge_range(3, 0, 3, last, paper.title.upper(), styles["title"])
    sheet.set_row(3, 20 if len(paper.title) < 100 else 38)
    sheet.merge_range(
        4, 0, 4, last,
        f"Kỳ báo cáo: {period_in_words(period)} ({days_in_words(period)})", styles["centre"],
    )  # fmt: skip
    sheet.merge_range(
        5,
        0,
        5,
        last,
        edition_in_words(edition),
        styles["draft" if edition.revision_number is None else "centre"],
    )
    if counted:
        sheet.merge_range(6, middle, 6, last, f"Đơn vị tính: {counted}", styles["small right"])
    return 7


def write_signatures(
    sheet: Any, styles: dict[str, Any], paper: Common, head: Letterhead, at: int, last: int
) -> None:
    """Write who signs, to the left and to the right, with the room that a signature takes."""
    half = max(1, last // 2)
    left, right = list(paper.signature.left), list(paper.signature.right)
    # The right side begins with place and day, so the names of the posts stand on one line.
    left = [""] * (len(right) - len(left)) + left
    for place, (one, other) in enumerate(zip(left, right, strict=False)):
        is_post = one.isupper() or other.isupper()
        style = styles["post" if is_post else "sign"]
        if one:
            _across(sheet, at + place, 0, half - 1, one, style)
        if other:
            _across(sheet, at + place, half + 1, last, other.format(place=head.place), style)
    sheet.set_row(at + len(right), 60)


def _across(sheet: Any, row: int, first: int, last: int, text: str, style: Any) -> None:
    if last > first:
        sheet.merge_range(row, first, row, last, text, style)
    else:
        sheet.write_string(row, first, text, style)


def styles_of(book: Any) -> dict[str, Any]:
    """Return the looks of a workbook's cells by name."""
    plain = {"font_name": FONT, "font_size": 12, "valign": "vcenter"}
    boxed = {**plain, "border": 1, "border_color": "#404040"}
    head = {**boxed, "bold": True, "align": "center", "text_wrap": True, "bg_color": "#DCE6F1"}
    total = {"bold": True, "bg_color": "#F2F2F2"}
    starred = {"font_color": "#C00000"}
    looks = {
        "bold left": {**plain, "bold": True},
        "small left": {**plain, "font_size": 11, "italic": True},
        "bold right": {**plain, "bold": True, "align": "right"},
        "small right": {**plain, "font_size": 11, "italic": True, "align": "right"},
        "title": {**plain, "bold": True, "font_size": 14, "align": "center", "text_wrap": True},
        "centre": {**plain, "italic": True, "align": "center"},
        "draft": {**plain, "italic": True, "bold": True, "align": "center", "font_color": "#C00000"},
        "head": head,
        "index": {**boxed, "italic": True, "align": "center", "font_size": 10, "bg_color": "#F7F9FC"},
        "text": {**boxed, "text_wrap": True, "indent": 1},
        "centred": {**boxed, "align": "center"},
        "nothing": {**boxed, "align": "right", "indent": 1, "shrink": True, "font_color": "#7F7F7F"},
        "nothing starred": {**boxed, "align": "right", "indent": 1, **starred},
        "note": {**plain, "font_size": 11, "italic": True, "text_wrap": True, "valign": "top"},
        "warning": {**plain, "font_size": 11, "bold": True, "text_wrap": True, "valign": "top", **starred},
        "shaded": {**boxed, "bg_color": "#EDEDED"},
        "post": {**plain, "bold": True, "align": "center"},
        "sign": {**plain, "italic": True, "align": "center"},
        "band": {**boxed, "bold": True, "bg_color": "#EAF1DD", "text_wrap": True},
        "good": {**boxed, "align": "center", "font_color": "#1E6B34", "bold": True},
        "bad": {**boxed, "align": "center", "font_color": "#C00000", "bold": True},
        "plain": {**plain, "text_wrap": True, "valign": "top"},
        "plain bold": {**plain, "bold": True, "text_wrap": True, "valign": "top"},
        "code": {**plain, "font_name": "Courier New", "font_size": 9, "text_wrap": True, "valign": "top"},
        "cell": {**boxed, "text_wrap": True, "valign": "top", "font_size": 11},
        "line": {**boxed, "font_size": 10},
        "part": {**boxed, "font_size": 10, "align": "center"},
        "code cell": {
            **boxed,
            "font_name": "Courier New",
            "font_size": 8,
            "text_wrap": True,
            "valign": "top",
        },
    }
    for name, code in (
        ("number", WHOLE),
        ("decimal", DECIMAL),
        ("percent", PERCENT),
        ("signed", SIGNED),
        ("signed whole", SIGNED_WHOLE),
    ):
        number = {**boxed, "align": "right"}
        looks[name] = {**number, "num_format": _marked(code, "")}
        looks[f"{name} starred"] = {**number, **starred, "num_format": _marked(code, "*")}
        looks[f"{name} few"] = {**number, "num_format": _marked(code, "°"), "font_color": "#595959"}
    for name in ("number", "decimal", "signed"):
        looks[f"band {name}"] = {**looks[name], "bold": True, "bg_color": "#EAF1DD"}
    looks["band right"] = {**looks["band"], "align": "right"}
    for name in [name for name in looks if name.split()[0] in _IN_TOTALS]:
        looks[f"total {name}"] = {**looks[name], **total}
    return {name: book.add_format(look) for name, look in looks.items()}


def _marked(code: str, mark: str) -> str:
    """Return a number format with a mark after the number, and a little room before the line of the cell."""
    shown = f'"{mark}"' if mark else ""
    return ";".join(f"{part}{shown}_)" for part in code.split(";"))
