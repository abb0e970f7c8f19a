"""The board of units as a workbook: points by group beside each other, every item, and where its numbers come from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tthc.indicators import definitions
from tthc.reports import printing
from tthc.reports.evaluation_sheet import Frame, level

#: Serial number, unit, dossiers, group of volume, rank; then a column for each group of items, then these.
_BEFORE = (
    ("TT", 5),
    ("Đơn vị", 34),
    ("Hồ sơ trong kỳ", 10),
    ("Nhóm lượng hồ sơ", 10),
    ("Hạng trong nhóm", 10),
)
_AFTER = (("Điểm trừ", 9), ("Tổng điểm", 10), ("Mức đề xuất", 30), ("Chặn mức", 12))
_ITEM = (("Đơn vị", 24), ("Mục", 7), ("Nội dung", 38), ("Tử số", 9), ("Mẫu số", 9), ("Tỷ lệ (%)", 10),
         ("Mục tiêu", 9), ("Tối đa", 9), ("Điểm", 9), ("Vì sao", 40))  # fmt: skip
_MEANING = (("Mục", 7), ("Chỉ tiêu", 42), ("Mã", 32), ("Căn cứ", 36), ("Lệnh liệt kê từng dòng", 62))
_GROUP = 10


def workbook(
    frame: Frame,
    told: Mapping[str, Mapping[str, Any]],
    places: Sequence[Mapping[str, Any]],
    volume: Sequence[int],
) -> bytes:
    """Return the board as the bytes of an xlsx file; ``told`` sheets by code, ``places`` in the order of the rows."""
    book, buffer = printing.open_workbook(
        frame.period, frame.edition, f"{frame.paper.code}, {frame.period.label}", frame.head.short_name
    )
    styles = printing.styles_of(book)
    first = next(iter(told.values()))
    _write_board(book.add_worksheet("Bảng điểm"), styles, frame, told, places, volume)
    _write_items(book.add_worksheet("Từng mục"), styles, frame, told, places)
    write_meanings(book.add_worksheet("Định nghĩa"), styles, frame, first)
    book.close()
    return buffer.getvalue()


def put_label(sheet: Any, label: str) -> None:
    """Write at the head of every printed page whose rule it is and that it is a proposal."""
    # Excel takes 255 characters and reads & as an order.
    sheet.set_header(f'&C&"{printing.FONT},Bold"&8 {label.replace("&", "&&")}'[:255])


def put_heads(sheet: Any, styles: dict[str, Any], top: int, heads: Sequence[tuple[str, float]]) -> None:
    """Write the heads of the columns into a row."""
    for place, (name, _) in enumerate(heads):
        sheet.write_string(top, place, name, styles["head"])
    sheet.set_row(top, 48)


def put_lines(
    sheet: Any, styles: dict[str, Any], at: int, last: int, lines: Sequence[tuple[str, str]]
) -> int:
    """Write lines of (text, look) below a row, each over all columns; return the last row written."""
    for text, look in lines:
        at += 1
        sheet.merge_range(at, 0, at, last, text, styles[look])
        sheet.set_row(at, 16 * math.ceil(len(text) / 150) + 2)
    return at


def _groups(told: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(line["group"] for sheet in told.values() for line in sheet["items"]))


def _write_board(
    sheet: Any,
    styles: dict[str, Any],
    frame: Frame,
    told: Mapping[str, Mapping[str, Any]],
    places: Sequence[Mapping[str, Any]],
    volume: Sequence[int],
) -> None:
    groups, first = _groups(told), next(iter(told.values()))
    heads = [*_BEFORE, *((f"Nhóm {group}", _GROUP) for group in groups), *_AFTER]
    last = len(heads) - 1
    footer = (
        f"{frame.paper.code} · {frame.head.short_name} · {frame.period.label} · {frame.seal or 'chưa niêm'}"
    )
    printing.lay_out(sheet, [width for _, width in heads], frame.edition, footer)
    put_label(sheet, first["label"])
    top = printing.write_head(sheet, styles, frame.paper, frame.head, frame.period, frame.edition, last)
    put_heads(sheet, styles, top, heads)
    at = top
    for serial, place in enumerate(places, start=1):
        at += 1
        _write_unit(sheet, styles, at, serial, place, told[place["code"]], groups, frame, volume)
    at = put_lines(sheet, styles, at, last, _below(frame, told))
    printing.write_signatures(sheet, styles, frame.paper, frame.head, at + 2, last)
    sheet.repeat_rows(top)
    sheet.freeze_panes(top + 1, 2)


def _below(frame: Frame, told: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    first = next(iter(told.values()))
    rules = first["ruleset"]
    because = sorted({why for sheet in told.values() for why in sheet["provisional_because"]})
    lines = [(f"BẢNG TẠM: {'; '.join(because)}.", "warning")] if because else []
    lines.append((first["label"], "warning"))
    lines.append(
        (
            f"Bộ quy tắc {rules['id']}, phiên bản {rules['version']}: {rules['name']}. Văn bản: {rules['document']}."
            f" Dấu: {rules['sha256'][:16]}. {frame.standing}.",
            "note",
        )
    )
    return lines + [(footnote.text, "note") for footnote in frame.paper.footnotes]


def _write_unit(
    sheet: Any,
    styles: dict[str, Any],
    at: int,
    serial: int,
    place: Mapping[str, Any],
    told: Mapping[str, Any],
    groups: Sequence[str],
    frame: Frame,
    volume: Sequence[int],
) -> None:
    sheet.set_row(at, 34)
    sheet.write_number(at, 0, serial, styles["centred"])
    sheet.write_string(at, 1, frame.unit_name(place["code"]), styles["text"])
    sheet.write_number(at, 2, place["volume"], styles["number"])
    sheet.write_string(at, 3, _volume(place["group"], volume), styles["centred"])
    rank = printing.NOTHING if place["rank"] is None else f"{place['rank']}/{place['of']}"
    sheet.write_string(at, 4, rank, styles["centred"])
    column = len(_BEFORE)
    for group in groups:
        got = [line["points"] for line in told["items"] if line["group"] == group]
        known = [Decimal(str(points)) for points in got if points is not None]
        write_number(sheet, styles, at, column, sum(known, Decimal(0)) if known else None)
        column += 1
    write_number(sheet, styles, at, column, told["deducted_points"])
    write_number(sheet, styles, at, column + 1, told["points"])
    sheet.write_string(at, column + 2, level(told), styles["text"])
    held = ", ".join(veto["code"] for veto in told["vetoes"] if veto["holds"])
    sheet.write_string(at, column + 3, held, styles["centred"])


def _volume(group: int, limits: Sequence[int]) -> str:
    """Return the span of dossiers of a group of volume.

    >>> _volume(0, (50, 300)), _volume(1, (50, 300)), _volume(2, (50, 300)), _volume(0, ())
    ('dưới 50', '50–299', 'từ 300', 'tất cả')
    """
    if not limits:
        return "tất cả"
    if group == 0:
        return f"dưới {limits[0]}"
    return f"từ {limits[-1]}" if group == len(limits) else f"{limits[group - 1]}–{limits[group] - 1}"


def write_number(
    sheet: Any, styles: dict[str, Any], at: int, place: int, value: Any, look: str = "decimal"
) -> None:
    """Write a number, or the sign that there is none."""
    if value is None:
        sheet.write_string(at, place, printing.NOTHING, styles["nothing"])
    else:
        sheet.write_number(at, place, float(value), styles[look])


def _write_items(
    sheet: Any,
    styles: dict[str, Any],
    frame: Frame,
    told: Mapping[str, Mapping[str, Any]],
    places: Sequence[Mapping[str, Any]],
) -> None:
    printing.lay_out(sheet, [width for _, width in _ITEM], frame.edition, f"{frame.paper.code} · Từng mục")
    put_label(sheet, next(iter(told.values()))["label"])
    for place, (name, _) in enumerate(_ITEM):
        sheet.write_string(0, place, name, styles["head"])
    at = 0
    for code in (place["code"] for place in places):
        for line in told[code]["items"]:
            at += 1
            texts = (frame.unit_name(code), line["item"], line["name"])
            for place, text in enumerate(texts):
                sheet.write_string(at, place, text, styles["text"])
            for place, name in enumerate(("numerator", "denominator"), start=3):
                write_number(sheet, styles, at, place, line[name], "number")
            for place, name in enumerate(("value", "target", "weight", "points"), start=5):
                write_number(sheet, styles, at, place, line[name])
            sheet.write_string(at, 9, line["why"] or "", styles["text"])
            sheet.set_row(
                at, 17 * max(math.ceil(len(line["why"] or "") / 42), math.ceil(len(line["name"]) / 40), 1)
            )
    sheet.freeze_panes(1, 3)
    sheet.repeat_rows(0)


def write_meanings(sheet: Any, styles: dict[str, Any], frame: Frame, told: Mapping[str, Any]) -> None:
    """Write a page that says of every item by which indicators it is scored and which command lists the rows."""
    printing.lay_out(
        sheet, [width for _, width in _MEANING], frame.edition, f"{frame.paper.code} · Định nghĩa"
    )
    put_label(sheet, told["label"])
    for place, (name, _) in enumerate(_MEANING):
        sheet.write_string(0, place, name, styles["head"])
    known, at = definitions.indicators(), 0
    for line in told["items"]:
        for id, command in zip(line["indicators"], line["evidence"], strict=True):
            at += 1
            declared = known.get(id)
            asked = command.replace(f"--code {told['code']}", "--code MÃ")
            texts = (
                line["item"],
                declared.name if declared else id,
                id,
                declared.legal if declared else "",
                asked,
            )
            for place, (text, (_, width)) in enumerate(zip(texts, _MEANING, strict=True)):
                sheet.write_string(at, place, text, styles["cell"])
                if place in (1, 3):
                    sheet.set_row(at, 15 * max(1, math.ceil(len(text) / (width - 4))) + 4)
    sheet.repeat_rows(0)
