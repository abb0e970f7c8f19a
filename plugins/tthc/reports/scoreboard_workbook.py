"""All indicators of a period as a workbook: one board to print, and where each number and each target comes from."""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from tthc import settings
from tthc.reports import printing
from tthc.reports.comparison import (
    Comparison,
    Line,
    Told,
    gaps_in_words,
    in_words,
    is_percentage,
    is_whole,
    number_in_words,
    target_in_words,
)
from tthc.reports.letterhead import Letterhead
from tthc.reports.papers import Scoreboard

_WIDTHS = {"target": 9.5, "now": 10.5, "met": 10, "before": 10.5, "change": 10, "year_ago": 10.5, "units": 11}
_SERIAL, _NAME = 5, 44
_MEANING = (6, 40, 30, 40, 44, 34, 26)
#: Columns before those that are declared: the serial number and the name.
_FIXED = 2


def workbook(paper: Scoreboard, told: Comparison, head: Letterhead) -> bytes:
    """Return the board as the bytes of an xlsx file."""
    book, buffer = printing.open_workbook(
        told.period, told.edition, f"{paper.code}, {told.period.label}", head.short_name
    )
    styles = printing.styles_of(book)
    sheet = book.add_worksheet("Bảng theo dõi")
    places = list(_places(paper, told))
    last = _FIXED + len(places) - 1
    printing.lay_out(
        sheet, [_SERIAL, _NAME, *(_WIDTHS[show] for show, _, _ in places)], told.edition,
        f"{paper.code} · {head.short_name} · {told.period.label}",
    )  # fmt: skip
    top = printing.write_head(sheet, styles, paper, head, told.period, told.edition, last)
    first = _write_header(sheet, styles, paper, told, places, top)
    at = first
    serial = 0
    for title, lines in grouped(paper, told):
        sheet.merge_range(at, 0, at, last, title, styles["band"])
        sheet.set_row(at, 20)
        for line in lines:
            at, serial = at + 1, serial + 1
            _write_line(sheet, styles, at, serial, line, places, told)
        at += 1
    at += 1
    lines_below = [(text, "warning") for text in gaps_in_words(told.gaps)]
    lines_below += [(footnote.text, "note") for footnote in paper.footnotes]
    for text, style in lines_below:
        sheet.merge_range(at, 0, at, last, text, styles[style])
        sheet.set_row(at, 16 * math.ceil(len(text) / 190) + 2)
        at += 1
    printing.write_signatures(sheet, styles, paper, head, at + 1, last)
    sheet.repeat_rows(top, first - 1)
    sheet.freeze_panes(first, _FIXED)
    _write_meanings(book.add_worksheet("Định nghĩa"), styles, paper, told)
    book.close()
    return buffer.getvalue()


def grouped(paper: Scoreboard, told: Comparison) -> Iterable[tuple[str, list[Line]]]:
    """Yield the lines by the section of the directive that they answer to, in its order."""
    for section, title in paper.groups.items():
        lines = [line for line in told.lines if _section(paper, line) == section]
        if lines:
            yield title, sorted(lines, key=lambda line: _order(line.indicator.clause))


def _section(paper: Scoreboard, line: Line) -> str:
    section = line.indicator.clause.partition(".")[0]
    return section if section in paper.groups else ""


def _order(clause: str) -> tuple[int, ...]:
    return tuple(int(part) for part in clause.split(".") if part.isdigit())


def _places(paper: Scoreboard, told: Comparison) -> Iterable[tuple[str, str, str | None]]:
    """Yield (what is shown, the head, the code of the unit) of each column."""
    for column in paper.columns:
        if column.show == "units":
            yield from (("units", name, code) for code, name in told.units)
        else:
            yield column.show, column.head, None


def _write_header(
    sheet: Any,
    styles: dict[str, Any],
    paper: Scoreboard,
    told: Comparison,
    places: list[tuple[str, str, str | None]],
    top: int,
) -> int:
    head = styles["head"]
    sheet.merge_range(top, 0, top + 1, 0, "STT", head)
    sheet.merge_range(top, 1, top + 1, 1, paper.row_head, head)
    units = [place for place, (show, _, _) in enumerate(places) if show == "units"]
    for place, (show, name, _) in enumerate(places):
        if show == "units":
            sheet.write_string(top + 1, place + _FIXED, name, head)
            continue
        if show in told.against:
            name = f"{name} ({told.against[show][0].label})"
        sheet.merge_range(top, place + _FIXED, top + 1, place + _FIXED, name, head)
    if units:
        title = next(column.head for column in paper.columns if column.show == "units")
        first, last = units[0] + _FIXED, units[-1] + _FIXED
        if last > first:
            sheet.merge_range(top, first, top, last, title, head)
        else:
            sheet.write_string(top, first, title, head)
    sheet.set_row(top, 20)
    sheet.set_row(top + 1, 64)
    return top + 2


def _write_line(
    sheet: Any,
    styles: dict[str, Any],
    at: int,
    serial: int,
    line: Line,
    places: list[tuple[str, str, str | None]],
    told: Comparison,
) -> None:
    sheet.set_row(at, 17 * math.ceil(len(line.indicator.name) / 56) + 3)
    sheet.write_number(at, 0, serial, styles["centred"])
    sheet.write_string(at, 1, line.indicator.name, styles["text"])
    commune = settings.commune_code()
    for place, (show, _, code) in enumerate(places, start=_FIXED):
        if show == "target":
            _write_target(sheet, styles, at, place, line)
        elif show == "met":
            word, look = {True: ("Đạt", "good"), False: ("Chưa đạt", "bad"), None: ("", "centred")}[
                line.is_met
            ]
            sheet.write_string(at, place, word, styles[look])
        elif show == "change":
            _write_change(sheet, styles, at, place, line)
        else:
            value = {
                "now": line.now.get(commune), "before": line.before, "year_ago": line.year_ago,
                "units": line.now.get(code or ""),
            }[show]  # fmt: skip
            is_asked = ("unit" if show == "units" else "commune") in line.indicator.at
            lacks = show in ("now", "units") and line.indicator.id in told.lacking
            _write_value(sheet, styles, at, place, line, value, is_asked, lacks)


def _write_target(sheet: Any, styles: dict[str, Any], at: int, place: int, line: Line) -> None:
    if line.target is None:
        sheet.write_blank(at, place, None, styles["centred"])
        return
    sheet.write_string(at, place, target_in_words(line.indicator, line.target), styles["centred"])


def _write_value(
    sheet: Any,
    styles: dict[str, Any],
    at: int,
    place: int,
    line: Line,
    value: Told | None,
    is_asked: bool,
    lacks: bool,
) -> None:
    if not is_asked:
        sheet.write_blank(at, place, None, styles["shaded"])
        return
    if value is None or value.value is None:
        star = "*" if lacks or (value is not None and value.status == "incomplete") else ""
        said = "chưa có nguồn" if value is not None and value.status == "no_source" else printing.NOTHING
        sheet.write_string(at, place, said + star, styles["nothing starred" if star else "nothing"])
        return
    mark = {"incomplete": " starred", "small_n": " few"}.get(value.status, "")
    sheet.write_number(at, place, float(value.value), styles[_look(line) + mark])


def _write_change(sheet: Any, styles: dict[str, Any], at: int, place: int, line: Line) -> None:
    now, before = line.of_commune, line.before
    if now is None or before is None or now.value is None or before.value is None:
        sheet.write_string(at, place, printing.NOTHING, styles["nothing"])
        return
    is_lacking = "incomplete" in (now.status, before.status)
    look = "signed whole" if is_whole(line.indicator) else "signed"
    sheet.write_number(
        at, place, float(now.value - before.value), styles[look + (" starred" if is_lacking else "")]
    )


def _look(line: Line) -> str:
    if is_whole(line.indicator):
        return "number"
    return "percent" if is_percentage(line.indicator) else "decimal"


def _write_meanings(sheet: Any, styles: dict[str, Any], paper: Scoreboard, told: Comparison) -> None:
    printing.lay_out(sheet, list(_MEANING), told.edition, f"{paper.code} · Định nghĩa")
    sheet.write_string(0, 0, f"{paper.code}: định nghĩa và nguồn gốc", styles["bold left"])
    at = 1
    for text in (
        f"Kỳ {told.period.label}, lịch {told.period.calendar}, {printing.days_in_words(told.period)}."
        f" {printing.edition_in_words(told.edition)}.",
        *(
            f"So với {other.label}: "
            + (printing.edition_in_words(edition) if edition else "chưa có bản nào lúc lập bảng này")
            + "."
            for other, edition in told.against.values()
        ),
    ):
        sheet.write_string(at, 0, text, styles["small left"])
        at += 1
    at += 1
    heads = (
        "Mục",
        "Chỉ tiêu",
        "Mã (tthc explain)",
        "Giá trị kỳ này",
        "Mục tiêu, nguồn của mục tiêu",
        "Chịu trách nhiệm",
        "Căn cứ",
    )
    for place, name in enumerate(heads):
        sheet.write_string(at, place, name, styles["head"])
    sheet.repeat_rows(at)
    for _, lines in grouped(paper, told):
        for line in lines:
            at += 1
            target = (
                f"{number_in_words(Decimal(str(line.target.value)), line.indicator)}, từ"
                f" {line.target.valid_from:%d/%m/%Y}: {line.target.source}"
                if line.target
                else "Chưa đặt mục tiêu"
            )
            texts = (
                line.indicator.clause, line.indicator.name, line.indicator.id,
                in_words(line.of_commune, line.indicator), target, line.indicator.responsible,
                line.indicator.legal,
            )  # fmt: skip
            for place, text in enumerate(texts):
                sheet.write_string(at, place, text, styles["cell"])
            lines_needed = max(
                math.ceil(len(text) / (width - 2)) for text, width in zip(texts, _MEANING, strict=True)
            )
            sheet.set_row(at, 15 * lines_needed + 2)
