"""The evaluation sheet of one unit or person as a Word document: what is proposed, of what, and what people still say.

Whatever page is torn off says whose rule it was by and that it is a proposal. No name is known here: a line is left
for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tthc.indicators import definitions
from tthc.reports import printing
from tthc.reports.comparison import decimal, whole
from tthc.reports.documents import SMALL, closed, grid, keep_whole, open_document, say, set_widths
from tthc.reports.letterhead import Letterhead
from tthc.reports.papers import ScorePaper
from tthc.reports.values import Edition
from tthc.workdays.periods import Period

_ITEMS = ("Mục", "Nội dung", "Tử số", "Mẫu số", "Tỷ lệ", "Mục tiêu", "Tối đa", "Điểm")
_ITEM_WIDTHS = (1.3, 6.2, 1.5, 1.5, 1.6, 1.5, 1.4, 1.5)
_OWED = ("Mục", "Nội dung", "Tối đa", "Tự chấm", "Người đứng đầu chấm", "Quyết định")
_OWED_WIDTHS = (1.3, 7.0, 1.6, 2.0, 2.6, 2.0)
_OFF = ("Mã", "Nội dung", "Số việc", "Điểm", "Ghi chú")
_OFF_WIDTHS = (1.2, 6.6, 1.6, 1.5, 5.6)
_CAPS = ("Mã", "Nội dung", "Của ai", "Có", "Căn cứ")
_CAP_WIDTHS = (1.4, 6.0, 2.6, 1.6, 4.9)
_MEANINGS = ("Mục", "Chỉ tiêu", "Căn cứ", "Lệnh liệt kê từng dòng")
_MEANING_WIDTHS = (1.3, 5.2, 4.4, 5.6)
_FREE = ("Hồ sơ", "Miễn trừ", "Nguyên nhân", "Văn bản")
_FREE_WIDTHS = (5.2, 3.4, 4.4, 3.5)
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII")
#: A line to write on.
_LINE = "…" * 38


@dataclass(frozen=True)
class Frame:
    """What every paper of an evaluation has around its numbers; ``seal`` says which sealed version it is, if any."""

    paper: ScorePaper
    head: Letterhead
    period: Period
    edition: Edition
    units: Mapping[str, str]
    seal: str | None = None

    def unit(self, code: str | None) -> str:
        """Return the name of a unit with its code."""
        return "" if code is None else f"{self.units[code]} ({code})" if code in self.units else code

    def unit_name(self, code: str) -> str:
        """Return the name of a unit, of anything else its code.

        In workbooks a unit goes without its code: some programs read ``_xa_`` in a cell as an escaped character.
        """
        return self.units.get(code, code)

    @property
    def standing(self) -> str:
        """Say which numbers and which version of the sheets these are."""
        return f"{printing.edition_in_words(self.edition)}; {self.seal or 'phiếu CHƯA NIÊM'}"


def document(frame: Frame, told: Mapping[str, Any]) -> bytes:
    """Return the sheet ``told`` as the bytes of a docx file; the same sheet gives the same bytes."""
    made = open_document()
    _write_feet(made, frame, told)
    _write_head(made, frame, told)
    _write_whose(made, frame, told)
    numerals = iter(_NUMERALS)
    for write in (_write_items, _write_owed, _write_deductions, _write_exempted):
        write(made, told, numerals)
    _write_caps(made, frame, told, numerals)
    _write_proposal(made, frame, told, numerals)
    _write_words(made, frame, numerals)
    _write_signatures(made, frame)
    _write_meanings(made, frame, told)
    title = f"{frame.paper.code} {told['code']}, {frame.period.label}"
    return closed(made, title, frame.head.short_name, printing.made_at(frame.period, frame.edition))


def count(value: Any) -> str:
    """Return a number of things as Vietnamese readers write it; with decimals only where it has some.

    >>> count(1234), count(Decimal("7.5")), count(None)
    ('1.234', '7,50', '')
    """
    if value is None:
        return ""
    exact = Decimal(str(value))
    return whole(exact) if exact == exact.to_integral_value() else decimal(exact)


def number(value: Any) -> str:
    """Return points or a percentage as Vietnamese readers write it; nothing for none.

    >>> number(15), number("7.5"), number(None)
    ('15,00', '7,50', '')
    """
    return "" if value is None else decimal(Decimal(str(value)))


def points(told: Mapping[str, Any]) -> str:
    """Return the proposed points, or the span of them while people owe some."""
    if told["level_most"] is None:
        return "không đề xuất"
    least, most = number(told["points_least"]), number(told["points_most"])
    return least if least == most else f"từ {least} đến {most}"


def level(told: Mapping[str, Any]) -> str:
    """Return the proposed level, or the span of levels."""
    if told["level_most"] is None:
        return "không đề xuất"
    return told["proposed_level"] or f"từ “{told['level_least']}” đến “{told['level_most']}”"


def answer(value: bool | None) -> str:
    """Return an answer that may not be known."""
    return "chưa biết" if value is None else "có" if value else "không"


def cause(text: str, units: Mapping[str, str]) -> str:
    """Return the cause of a cap as people read it: indicators and units by name, months with a comma.

    >>> cause("đơn vị kinh_te: V5; dossier_overdue_open_count: 7; làm việc 5.25 tháng", {"kinh_te": "Phòng Kinh tế"})
    'đơn vị Phòng Kinh tế: V5; Số hồ sơ đang giải quyết đã quá hạn: 7; làm việc 5,25 tháng'
    """
    known = definitions.indicators()

    def name(found: re.Match[str]) -> str:
        word = found[0]
        return known[word].name if word in known else units.get(word, word)

    return re.sub(r"(\d)\.(\d\d tháng)", r"\1,\2", re.sub(r"\b[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b", name, text))


def _write_feet(made: Any, frame: Frame, told: Mapping[str, Any]) -> None:
    page = made.sections[0]
    for foot in (page.footer, page.first_page_footer):
        foot.is_linked_to_previous = False
        say(foot, told["label"], bold=True, size=9, align="CENTER", first=True)
        say(
            foot,
            f"{frame.paper.code} {told['code']} · {frame.period.label} · {frame.standing}",
            italic=True,
            size=8,
            align="CENTER",
        )


def _write_head(made: Any, frame: Frame, told: Mapping[str, Any]) -> None:
    table = made.add_table(rows=1, cols=2)
    left, right = table.rows[0].cells
    set_widths(table, (6.5, 10.0))
    for place, line in enumerate(frame.head.name.upper().replace("NHÂN DÂN ", "NHÂN DÂN\n").split("\n")):
        say(left, line, bold=True, size=12, align="CENTER", first=place == 0)
    say(left, "―――――", size=9, align="CENTER")
    say(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold=True, size=12, align="CENTER", first=True)
    say(right, "Độc lập - Tự do - Hạnh phúc", bold=True, size=12, align="CENTER")
    say(right, "―――――――――――", size=9, align="CENTER")
    say(made, frame.paper.title.upper(), bold=True, size=14, align="CENTER")
    say(
        made,
        f"Kỳ {printing.period_in_words(frame.period)} ({printing.days_in_words(frame.period)})",
        bold=True,
        align="CENTER",
    )
    say(made, frame.standing, italic=True, size=SMALL, align="CENTER")
    if told["is_provisional"]:
        why = "; ".join(told["provisional_because"])
        say(made, f"PHIẾU TẠM: {why}.", bold=True, align="CENTER")


def _write_whose(made: Any, frame: Frame, told: Mapping[str, Any]) -> None:
    rules = told["ruleset"]
    lines = [("Mã", told["code"])]
    if told["level_of"] == "unit":
        lines = [("Đơn vị", frame.unit(told["code"]))]
    lines += [(name, "…" * 30) for name in frame.paper.blanks]
    if told["home_unit"]:
        lines += [("Đơn vị chủ quản", frame.unit(told["home_unit"]))]
        if told["working_unit"] != told["home_unit"]:
            lines += [("Nơi làm việc", frame.unit(told["working_unit"]))]
    lines += [
        ("Mẫu chấm", rules["form"]),
        ("Bộ quy tắc", f"{rules['name']} ({rules['id']}, {rules['basis']})"),
        ("Văn bản", rules["document"]),
        ("Dấu của bộ quy tắc", rules["sha256"][:16]),
    ]
    table = made.add_table(rows=len(lines), cols=2)
    set_widths(table, (4.0, 12.5))
    for row, (name, text) in zip(table.rows, lines, strict=True):
        keep_whole(row)
        say(row.cells[0], f"{name}:", bold=True, size=SMALL, align="LEFT", first=True)
        say(row.cells[1], text, size=SMALL, align="LEFT", first=True)
    say(made, "", size=4)


def _write_items(made: Any, told: Mapping[str, Any], numerals: Iterator[str]) -> None:
    say(made, f"{next(numerals)}. Kết quả theo số liệu", bold=True, keep=True)
    rows: list[tuple[str, ...]] = [_ITEMS]
    for line in told["items"]:
        why = "người nhập" if line["state"] == "người nhập" else line["why"] or ""
        rows.append(
            (
                line["item"],
                line["name"] + (f" ({why.rstrip('.')})" if why else ""),
                count(line["numerator"]),
                count(line["denominator"]),
                # Of a count the number itself is the value.
                ""
                if line["denominator"] is None and line["numerator"] is not None
                else number(line["value"]),
                number(line["target"]),
                number(line["weight"]),
                printing.NOTHING if line["points"] is None else number(line["points"]),
            )
        )
    grid(made, rows, _ITEM_WIDTHS)


def _write_owed(made: Any, told: Mapping[str, Any], numerals: Iterator[str]) -> None:
    own = {one["item"]: one["points"] for one in told["self_scored"]}
    owed = [line for line in told["items"] if line["state"] == "người nhập" or line["item"] in own]
    if not owed:
        return
    say(made, f"{next(numerals)}. Phần người chấm", bold=True, keep=True)
    rows = [_OWED] + [
        (
            line["item"],
            f"{line['name']}: {(line['why'] or '').removeprefix('Người nhập: ')}".removesuffix(": "),
            number(line["weight"]),
            number(own.get(line["item"])),
            "" if line["state"] == "người nhập" else number(line["points"]),
            "",
        )
        for line in owed
    ]
    grid(made, rows, _OWED_WIDTHS)


def _write_deductions(made: Any, told: Mapping[str, Any], numerals: Iterator[str]) -> None:
    if not told["deductions"]:
        return
    is_counted = any(each["is_counted"] for each in told["deductions"])
    total = f"Điểm trừ: {number(told['deducted_points'])} điểm"
    title = total if is_counted else "Việc làm căn cứ (không tự trừ điểm)"
    say(made, f"{next(numerals)}. {title}", bold=True, keep=True)
    rows = [_OFF] + [
        (
            each["code"],
            each["name"],
            count(each["events"]),
            "" if each["events"] is None else number(each["points"]),
            each["why"] or "",
        )
        for each in told["deductions"]
    ]
    grid(made, rows, _OFF_WIDTHS, texts=(1, 4))


def _write_exempted(made: Any, told: Mapping[str, Any], numerals: Iterator[str]) -> None:
    if not told["exempted"]:
        return
    say(
        made,
        f"{next(numerals)}. Hồ sơ muộn được miễn trừ (hai người duyệt, không tính là chậm)",
        bold=True,
        keep=True,
    )
    rows = [_FREE] + [
        (one["dossier"], one["exemption"], one["cause"], one["document"] or "") for one in told["exempted"]
    ]
    grid(made, rows, _FREE_WIDTHS, texts=(1, 2, 3))


def _write_caps(made: Any, frame: Frame, told: Mapping[str, Any], numerals: Iterator[str]) -> None:
    if not told["vetoes"]:
        return
    say(made, f"{next(numerals)}. Điều kiện chặn mức (không đổi điểm)", bold=True, keep=True)
    rows = [_CAPS] + [
        (one["code"], one["name"], one["basis"], answer(one["holds"]), cause(one["cause"], frame.units))
        for one in told["vetoes"]
    ]
    grid(made, rows, _CAP_WIDTHS, texts=(1, 2, 3, 4))


def _write_proposal(made: Any, frame: Frame, told: Mapping[str, Any], numerals: Iterator[str]) -> None:
    say(made, f"{next(numerals)}. Đề xuất", bold=True, keep=True)
    owed = ", phần còn lại chờ người nhập" if told["level_most"] and told["points"] is None else ""
    say(made, f"Điểm: {points(told)}{owed}.", bold=True, indent=True, keep=True)
    say(made, f"Mức: {level(told)}.", bold=True, indent=True)
    if told["not_rated_because"]:
        say(made, f"Vì: {told['not_rated_because'].rstrip('.')}.", indent=True)
    for text in (*told["notes"], *(footnote.text for footnote in frame.paper.footnotes)):
        say(made, f"Ghi chú: {text}", italic=True, size=SMALL)


def _write_words(made: Any, frame: Frame, numerals: Iterator[str]) -> None:
    say(made, f"{next(numerals)}. Ý kiến của người", bold=True, keep=True)
    for text in frame.paper.remarks:
        # Nobody signs a page that says nothing: the last room for words stays with the signatures.
        is_last = text is frame.paper.remarks[-1]
        say(made, f"{text}:", size=SMALL, keep=True, align="LEFT")
        say(made, _LINE, size=SMALL, keep=True, align="LEFT")
        say(made, _LINE, size=SMALL, keep=is_last, align="LEFT")


def _write_signatures(made: Any, frame: Frame) -> None:
    say(
        made,
        f"{frame.head.place}, ngày …… tháng …… năm ……",
        italic=True,
        size=12,
        align="RIGHT",
        keep=True,
    )
    signers = frame.paper.signers
    table = made.add_table(rows=1, cols=len(signers))
    set_widths(table, (16.5 / len(signers),) * len(signers))
    keep_whole(table.rows[0])
    for cell, signer in zip(table.rows[0].cells, signers, strict=True):
        for place, text in enumerate(signer.right):
            say(
                cell,
                text,
                bold=place == 0,
                italic=place > 0,
                size=SMALL,
                align="CENTER",
                first=place == 0,
            )
        for _ in range(3):
            say(cell, "", size=SMALL)


def _write_meanings(made: Any, frame: Frame, told: Mapping[str, Any]) -> None:
    """Write where each number comes from, and the command that lists every row behind it."""
    known = definitions.indicators()
    rows: list[tuple[str, ...]] = [_MEANINGS]
    for line in told["items"]:
        for id, command in zip(line["indicators"], line["evidence"], strict=True):
            declared = known.get(id)
            rows.append(
                (
                    line["item"],
                    f"{declared.name} ({id})" if declared else id,
                    declared.legal if declared else "",
                    command,
                )
            )
    if len(rows) == 1:
        return
    heading = say(made, "Phụ lục. Định nghĩa và lệnh tra căn cứ", bold=True, keep=True)
    heading.paragraph_format.page_break_before = True
    grid(made, rows, _MEANING_WIDTHS, texts=(1, 2, 3))
