"""The list for the council of emulation as a workbook: who meets what, why, and the quota. The council decides."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from tthc.reports import printing
from tthc.reports.evaluation_sheet import Frame, level, points
from tthc.reports.unit_scores_workbook import put_heads, put_label, put_lines
from tthc.sources import streams

_BEFORE = (
    ("TT", 5),
    ("Mã", 13),
    ("Họ và tên", 24),
    ("Đơn vị", 32),
    ("Điểm đề xuất", 20),
    ("Mức đề xuất", 30),
)
_TITLE, _AFTER = 14, (("Ý kiến hội đồng", 22),)
_WHY = (("Danh hiệu", 34), ("Của", 34), ("Đủ điều kiện", 13), ("Vì", 96))
_QUOTA = (("Đơn vị", 34), ("Nhóm việc", 18), ("Từ tốt trở lên", 11), ("Được xuất sắc", 11), ("Nâng tỷ lệ", 11),
          ("Vượt", 9), ("Chắc chắn xuất sắc", 38), ("Có thể xuất sắc", 38))  # fmt: skip
_WORDS = {True: ("đủ", "good"), False: ("không", "bad"), None: ("chưa biết", "centred")}


#: What the groups of work are called.
def works() -> dict[str, str]:
    """Return the groups of work that a quota is of, in words."""
    kinds = streams.stream_named("register__staff").words("staff_kind")
    return {"heads": "người đứng đầu", **{code: word.lower() for code, word in kinds.items()}}


def workbook(
    frame: Frame,
    label: str,
    titles: Sequence[tuple[str, str, str]],
    told: Mapping[str, Mapping[str, Any]],
    answers: Sequence[Mapping[str, Any]],
    quotas: Sequence[Mapping[str, Any]],
) -> bytes:
    """Return the list as the bytes of an xlsx file.

    ``titles`` are (code, name, person or unit), ``told`` the sheets of units and people by code, ``answers`` and
    ``quotas`` as ``tthc score --people --json`` tells them.
    """
    book, buffer = printing.open_workbook(
        frame.period, frame.edition, f"{frame.paper.code}, {frame.period.label}", frame.head.short_name
    )
    styles = printing.styles_of(book)
    met = {(answer["title"], answer["code"]): answer["meets"] for answer in answers}
    for name, level_of, who in (("Cá nhân", "official", "person"), ("Tập thể", "unit", "unit")):
        held = [(code, title) for code, title, of in titles if of == who]
        shown = [sheet for sheet in told.values() if sheet["level_of"] == level_of]
        _write_list(book.add_worksheet(name), styles, frame, label, name, held, shown, met)
    names = {code: title for code, title, _ in titles}
    _write_why(book.add_worksheet("Điều kiện"), styles, frame, label, names, answers)
    _write_quotas(book.add_worksheet("Tỷ lệ xuất sắc"), styles, frame, label, quotas)
    book.close()
    return buffer.getvalue()


def _write_list(
    sheet: Any,
    styles: dict[str, Any],
    frame: Frame,
    label: str,
    name: str,
    titles: Sequence[tuple[str, str]],
    told: Sequence[Mapping[str, Any]],
    met: Mapping[tuple[str, str], bool | None],
) -> None:
    heads = [*_BEFORE, *((title, _TITLE) for _, title in titles), *_AFTER]
    if name == "Tập thể":
        heads = [head for head in heads if head[0] not in ("Mã", "Họ và tên")]
    last = len(heads) - 1
    footer = f"{frame.paper.code} · {name} · {frame.period.label} · {frame.seal or 'chưa niêm'}"
    printing.lay_out(sheet, [width for _, width in heads], frame.edition, footer)
    put_label(sheet, label)
    top = printing.write_head(sheet, styles, frame.paper, frame.head, frame.period, frame.edition, last)
    put_heads(sheet, styles, top, heads)
    at = top
    for serial, each in enumerate(told, start=1):
        at += 1
        unit = each["code"] if each["level_of"] == "unit" else each["home_unit"]
        whose = [each["code"], ""] if each["level_of"] == "official" else []
        texts = [*whose, frame.unit_name(unit), points(each), level(each)]
        sheet.write_number(at, 0, serial, styles["centred"])
        for place, text in enumerate(texts, start=1):
            sheet.write_string(at, place, text, styles["text"])
        for place, (code, _) in enumerate(titles, start=len(texts) + 1):
            word, look = _WORDS[met.get((code, each["code"]))]
            sheet.write_string(at, place, word, styles[look])
        sheet.write_blank(at, last, None, styles["text"])
        sheet.set_row(at, 32)
    because = sorted({why for each in told for why in each["provisional_because"]})
    lines = [(f"DANH SÁCH TẠM: {'; '.join(because)}.", "warning")] if because else []
    lines += [(text, "note") for text in sorted({label, *(each["label"] for each in told)})]
    lines += [(footnote.text, "note") for footnote in frame.paper.footnotes]
    at = put_lines(sheet, styles, at, last, lines)
    printing.write_signatures(sheet, styles, frame.paper, frame.head, at + 2, last)
    sheet.repeat_rows(top)
    sheet.freeze_panes(top + 1, 2)


def _write_why(
    sheet: Any,
    styles: dict[str, Any],
    frame: Frame,
    label: str,
    names: Mapping[str, str],
    answers: Sequence[Mapping[str, Any]],
) -> None:
    printing.lay_out(sheet, [width for _, width in _WHY], frame.edition, f"{frame.paper.code} · Điều kiện")
    put_label(sheet, label)
    for place, (text, _) in enumerate(_WHY):
        sheet.write_string(0, place, text, styles["head"])
    for at, answer in enumerate(answers, start=1):
        why = "; ".join(answer["why"])
        word, look = _WORDS[answer["meets"]]
        sheet.write_string(at, 0, names[answer["title"]], styles["text"])
        sheet.write_string(at, 1, frame.unit_name(answer["code"]), styles["text"])
        sheet.write_string(at, 2, word, styles[look])
        sheet.write_string(at, 3, why, styles["text"])
        sheet.set_row(at, 17 * max(1, math.ceil(len(why) / 105)))
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 2)


def _write_quotas(
    sheet: Any, styles: dict[str, Any], frame: Frame, label: str, quotas: Sequence[Mapping[str, Any]]
) -> None:
    printing.lay_out(
        sheet, [width for _, width in _QUOTA], frame.edition, f"{frame.paper.code} · Tỷ lệ xuất sắc"
    )
    put_label(sheet, label)
    for place, (text, _) in enumerate(_QUOTA):
        sheet.write_string(0, place, text, styles["head"])
    sheet.set_row(0, 34)
    for at, quota in enumerate(quotas, start=1):
        sure, maybe = (", ".join(quota[name]) for name in ("at_level", "may_be"))
        sheet.write_string(at, 0, frame.unit_name(quota["unit"]), styles["text"])
        sheet.write_string(at, 1, works()[quota["work"]], styles["text"])
        for place, name in enumerate(("rated", "allowed", "allowed_raised"), start=2):
            sheet.write_number(at, place, quota[name], styles["number"])
        sheet.write_string(at, 5, "vượt" if quota["is_exceeded"] else "", styles["bad"])
        sheet.write_string(at, 6, sure, styles["text"])
        sheet.write_string(at, 7, maybe, styles["text"])
        sheet.set_row(at, 17 * max(1, math.ceil(max(len(sure), len(maybe)) / 38)))
    sheet.repeat_rows(0)
