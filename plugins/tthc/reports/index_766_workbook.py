"""The points of Decision 766 as a workbook: the sheet to print, the rules, and who lost each point."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from tthc.reports import printing
from tthc.reports.backing import MOST_ITEMS, Item
from tthc.reports.comparison import decimal, whole
from tthc.reports.letterhead import Letterhead
from tthc.reports.papers import Index766
from tthc.reports.values import Edition
from tthc.workdays.periods import Period

_WIDTHS = {
    "number": 7, "name": 40, "max": 8, "full_at": 8.5, "numerator": 8.5, "denominator": 8.5, "rate": 10, "points": 9,
    "published": 9.5, "gap": 9, "way": 44,
}  # fmt: skip
_LOST_HEADS = ("Phần", "Mã", "Đơn vị", "Thủ tục", "Lĩnh vực")


def workbook(
    paper: Index766,
    period: Period,
    edition: Edition,
    head: Letterhead,
    told: dict[str, Any],
    lost: dict[str, list[Item] | None],
) -> bytes:
    """Return the sheet ``told`` as the bytes of an xlsx file; ``lost`` by part those that did not succeed."""
    book, buffer = printing.open_workbook(period, edition, f"{paper.code}, {period.label}", head.short_name)
    styles = printing.styles_of(book)
    sheet = book.add_worksheet("766")
    names = list(paper.heads)
    last = len(names) - 1
    footer = f"{paper.code} · {head.short_name} · {period.label}"
    printing.lay_out(sheet, [_WIDTHS[name] for name in names], edition, footer)
    top = printing.write_head(sheet, styles, paper, head, period, edition, last)
    for place, text in enumerate(paper.heads.values()):
        sheet.write_string(top, place, text, styles["head"])
        sheet.write_string(top + 1, place, f"({place + 1})", styles["index"])
    sheet.set_row(top, 48)
    at = top + 2
    for group in told["groups"]:
        _write_group(sheet, styles, at, group)
        for part in group["parts"]:
            at += 1
            _write_part(sheet, styles, at, part)
        at += 1
    at = _write_total(sheet, styles, at, told, last)
    lines = [(text, "note") for text in (_rules(told), *(footnote.text for footnote in paper.footnotes))]
    if told["is_partial"]:
        lines.insert(
            0,
            (
                "SỐ LIỆU CHƯA ĐỦ: có tỷ lệ (dấu *) còn thiếu nguồn của kỳ, nên điểm chưa phải điểm cuối.",
                "warning",
            ),
        )
    for text, style in lines:
        at += 1
        sheet.merge_range(at, 0, at, last, text, styles[style])
        sheet.set_row(at, 16 * math.ceil(len(text) / 190) + 2)
    printing.write_signatures(sheet, styles, paper, head, at + 2, last)
    sheet.repeat_rows(top, top + 1)
    sheet.freeze_panes(top + 2, 2)
    _write_lost(book.add_worksheet("Việc mất điểm"), styles, paper, edition, told, lost)
    book.close()
    return buffer.getvalue()


def gap(group: dict[str, Any]) -> Decimal | None:
    """Return what the portal published less our own points; None when one of them is not known."""
    if group["published"] is None or group["points"] is None:
        return None
    return group["published"] - group["points"]


def way(part: dict[str, Any]) -> str:
    """Say how the lost points are won back, or why the part stands aside."""
    if part["aside"]:
        return part["aside"]
    if part["needed"]:
        return f"Thêm {whole(part['needed'])} {part['counted']} đạt thì thêm {decimal(part['lost'])} điểm."
    return ""


def _write_group(sheet: Any, styles: dict[str, Any], at: int, group: dict[str, Any]) -> None:
    band = styles["band"]
    is_short = group["known_max"] != group["max"]
    sheet.write_string(at, 0, group["portal_field"], band)
    sheet.write_string(at, 1, group["name"] + (" ¹" if is_short else ""), band)
    _number(sheet, styles, at, 2, group["max"], "band number")
    for place in (3, 4, 5, 6):
        sheet.write_blank(at, place, None, band)
    for place, value in ((7, group["points"]), (8, group["published"]), (9, gap(group))):
        _number(sheet, styles, at, place, value, "band signed" if place == 9 else "band decimal")
    text = f"Tính được {decimal(group['known_max'])} trên {decimal(group['max'])} điểm." if is_short else ""
    _text(sheet, at, 10, text, band)
    sheet.set_row(at, 20)


def _write_part(sheet: Any, styles: dict[str, Any], at: int, part: dict[str, Any]) -> None:
    star = " starred" if part["status"] == "incomplete" else ""
    sheet.write_string(at, 0, part["number"], styles["centred"])
    sheet.write_string(at, 1, part["name"], styles["text"])
    _number(sheet, styles, at, 2, part["max"], "decimal")
    _number(sheet, styles, at, 3, part["full_at"] if part["indicator"] else None, "decimal")
    _number(sheet, styles, at, 4, part["numerator"], f"number{star}")
    _number(sheet, styles, at, 5, part["denominator"], f"number{star}")
    _number(sheet, styles, at, 6, part["rate"], f"decimal{star}")
    _number(sheet, styles, at, 7, part["points"], f"decimal{star}")
    for place in (8, 9):
        sheet.write_blank(at, place, None, styles["shaded"])
    text = way(part)
    _text(sheet, at, 10, text, styles["text"])
    lines = max(math.ceil(len(text) / 58), math.ceil(len(part["name"]) / 50), 1)
    sheet.set_row(at, 16 * lines + 2)


def _write_total(sheet: Any, styles: dict[str, Any], at: int, told: dict[str, Any], last: int) -> int:
    """Write what the groups add up to, and the score of 100; return the last row written."""
    groups = told["groups"]
    known = sum((group["known_max"] for group in groups), Decimal(0))
    points = sum((group["points"] or Decimal(0) for group in groups), Decimal(0))
    sheet.merge_range(at, 0, at, 1, "Tổng số", styles["total text"])
    _number(sheet, styles, at, 2, sum((group["max"] for group in groups), Decimal(0)), "total number")
    for place in (3, 4, 5, 6):
        sheet.write_blank(at, place, None, styles["total centred"])
    _number(sheet, styles, at, 7, points if known else None, "total decimal")
    published = told["published_score"]
    _number(sheet, styles, at, 8, published, "total decimal")
    _number(
        sheet, styles, at, 9, None if published is None or not known else published - points, "total signed"
    )
    sheet.write_string(at, 10, f"Tính được {decimal(known)} trên 100 điểm.", styles["total text"])
    sheet.set_row(at, 20)
    score = (
        "chưa tính được"
        if told["score"] is None
        else f"{decimal(told['score'])}, xếp loại {told['band'].lower()}"
    )
    own = f"Điểm tự tính, quy về 100: {score}."
    theirs = "chưa có" if published is None else decimal(published)
    sheet.merge_range(at + 1, 0, at + 1, last, f"{own} Cổng công bố: {theirs}.", styles["plain bold"])
    sheet.set_row(at + 1, 20)
    return at + 1


def _rules(told: dict[str, Any]) -> str:
    rules = told["rules"]
    return (
        f"Bộ quy tắc {rules['version']}, có hiệu lực từ {rules['valid_from']:%d/%m/%Y}: {rules['name']}."
        f" Căn cứ: {rules['document']}. Nguồn của điểm từng phần: {rules['owner']}."
    )


def _text(sheet: Any, at: int, place: int, text: str, style: Any) -> None:
    if text:
        sheet.write_string(at, place, text, style)
    else:
        sheet.write_blank(at, place, None, style)


def _number(sheet: Any, styles: dict[str, Any], at: int, place: int, value: Any, look: str) -> None:
    if value is None:
        base = (
            "band" if look.startswith("band") else "total nothing" if look.startswith("total") else "nothing"
        )
        sheet.write_string(at, place, printing.NOTHING, styles["band right" if base == "band" else base])
    else:
        sheet.write_number(at, place, float(value), styles[look])


def _write_lost(
    sheet: Any,
    styles: dict[str, Any],
    paper: Index766,
    edition: Edition,
    told: dict[str, Any],
    lost: dict[str, list[Item] | None],
) -> None:
    """Write part by part what did not succeed, each with where to read more."""
    printing.lay_out(sheet, [9, 36, 34, 13, 44], edition, f"{paper.code} · Việc mất điểm")
    sheet.write_string(0, 0, f"{paper.code}: việc làm mất điểm của từng phần", styles["bold left"])
    for place, name in enumerate(_LOST_HEADS):
        sheet.write_string(2, place, name, styles["head"])
    at, left = 3, MOST_ITEMS
    for part in (part for group in told["groups"] for part in group["parts"] if part["lost"]):
        text = (
            f"{part['number']} {part['name']}: mất {decimal(part['lost'])} điểm. Xem: {part['explained_by']}"
        )
        items = lost.get(part["number"])
        if items is None:
            text += ". Không có danh sách: bản này không giữ, hoặc dữ liệu đã đổi từ khi tính."
        elif len(items) > left:
            text += f". Có {len(items)} dòng, quá nhiều cho một bảng tính."
        sheet.merge_range(at, 0, at, len(_LOST_HEADS) - 1, text, styles["band"])
        at += 1
        for item in items if items is not None and len(items) <= left else ():
            texts = (part["number"], item.code, item.unit, item.procedure, item.field)
            for place, cell in enumerate(texts):
                sheet.write_string(at, place, cell, styles["line"])
            at, left = at + 1, left - 1
    sheet.freeze_panes(3, 2)
    sheet.repeat_rows(2)
