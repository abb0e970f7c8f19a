"""The report of a month in sentences, as a Word document in the form of Nghị định 30/2020/NĐ-CP.

Every number in it is a value of an indicator; one that is not whole says so where it stands.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import Any

import psycopg

from tthc import settings
from tthc.indicators import definitions
from tthc.reports import charts, comparison, printing, values
from tthc.reports.comparison import Comparison, Line, Told
from tthc.reports.documents import SMALL, closed, grid, keep_whole, open_document, say, set_widths
from tthc.reports.letterhead import Letterhead, letterhead
from tthc.reports.papers import Chart, Report, Section, Table
from tthc.workdays.periods import Period


@dataclass(frozen=True)
class Content:
    """All that the document says: ``numbers`` by (code, indicator), ``trend`` the months of its charts."""

    paper: Report
    told: Comparison
    head: Letterhead
    numbers: dict[tuple[str, str], Told]
    trend: list[tuple[Period, dict[str, Told]]]
    #: The indicators and cells of forms it shows that lack a source.
    lacking: frozenset[str] = frozenset()

    def value(self, id: str, code: str | None = None) -> Told | None:
        """Return a value of the commune or of a unit."""
        return self.numbers.get((code or settings.commune_code(), id))


def content(connection: psycopg.Connection, paper: Report, told: Comparison) -> Content:
    """Return what the report of a period says."""
    drawn = [
        part.of
        for section in paper.sections
        if section.chart and section.chart.kind == "trend"
        for part in section.chart.parts
    ]
    return Content(
        paper,
        told,
        letterhead(told.period),
        comparison.numbers(connection, told.edition, ("commune", "unit")),
        comparison.trend(connection, told.period, told.edition, drawn) if drawn else [],
        frozenset(
            id
            for gap in values.gaps(connection, told.edition, sorted(paper.asked))
            for id in gap["indicators"]
        ),
    )


def sentence(content: Content, text: str) -> str:
    """Return a text with its words in braces replaced by the numbers, as they are told in words."""
    period = content.told.period
    words = {
        "period": printing.period_in_words(period),
        "days": printing.days_in_words(period),
        "unit": content.head.name,
        "edition": printing.edition_in_words(content.told.edition),
    }

    def put(found: re.Match[str]) -> str:
        word = found[1]
        if word in words:
            return words[word]
        said = comparison.in_words(content.value(word), definitions.indicators()[word])
        lacks = word in content.lacking and "CHƯA ĐỦ" not in said
        return said + (" (số liệu CHƯA ĐỦ)" if lacks else "")

    return re.sub(r"\{(\w+)\}", put, text)


def missed(content: Content) -> list[Line]:
    """Return the indicators whose target the commune does not meet, those furthest from it first."""
    lines = [line for line in content.told.lines if line.is_met is False]
    return sorted(lines, key=lambda line: (-_distance(line), line.indicator.id))


def lacking(content: Content) -> list[tuple[Line, str]]:
    """Return the indicators of which no whole number can be told, and why."""
    found = []
    for line in content.told.lines:
        status = line.of_commune.status if line.of_commune else "no_data"
        if line.indicator.kind == "no_source":
            found.append((line, f"chưa có nguồn số liệu: {line.indicator.reason}"))
        elif status == "incomplete" or line.indicator.id in content.told.lacking:
            missing = [
                f"thiếu nguồn “{values.stream_title(gap['stream'])}” từ ngày {gap['lacks_from']:%d/%m/%Y}"
                for gap in content.told.gaps
                if line.indicator.id in gap["indicators"]
            ]
            found.append((line, f"số liệu CHƯA ĐỦ: {'; '.join(missing) or 'một phần của kỳ chưa biết'}"))
    return found


def _distance(line: Line) -> float:
    told, aim = line.of_commune, float(line.target.value) if line.target else 0.0
    return abs(float(told.value) - aim) / max(1.0, abs(aim)) if told and told.value is not None else 0.0


def document(content: Content) -> bytes:
    """Return the report as the bytes of a docx file."""
    made = open_document()
    _write_head(made, content)
    say(made, sentence(content, content.paper.opening), indent=True)
    for section in content.paper.sections:
        # Nobody signs a page that says nothing: the last words stay with the signature.
        _write_section(made, content, section, is_last=section is content.paper.sections[-1])
    for footnote in content.paper.footnotes:
        say(made, f"Ghi chú: {footnote.text}", italic=True, size=SMALL, keep=True)
    _write_signatures(made, content)
    told = content.told
    title = f"{content.paper.title}, {told.period.label}"
    return closed(made, title, content.head.short_name, printing.made_at(told.period, told.edition))


def _write_head(made: Any, content: Content) -> None:
    """Write the names of the authority and of the country, the number, the place and the day, the title."""
    head, table = content.head, made.add_table(rows=1, cols=2)
    left, right = table.rows[0].cells
    set_widths(table, (6.5, 10.0))
    # A People's Committee names no authority above itself; its own name stands on two lines.
    for place, line in enumerate(head.name.upper().replace("NHÂN DÂN ", "NHÂN DÂN\n").split("\n")):
        say(left, line, bold=True, align="CENTER", first=place == 0)
    say(left, "―――――", size=9, align="CENTER")
    say(left, "Số: ……/BC-UBND", align="CENTER")
    say(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", bold=True, size=12, align="CENTER", first=True)
    say(right, "Độc lập - Tự do - Hạnh phúc", bold=True, align="CENTER")
    say(right, "―――――――――――", size=9, align="CENTER")
    say(right, f"{head.place}, ngày …… tháng …… năm ……", italic=True, align="CENTER")
    say(made, "", size=6)
    say(made, "BÁO CÁO", bold=True, size=15, align="CENTER")
    say(made, content.paper.title, bold=True, align="CENTER")
    period = printing.period_in_words(content.told.period)
    say(made, f"{period[:1].upper()}{period[1:]}", bold=True, align="CENTER")
    if content.told.edition.revision_number is None:
        say(made, printing.edition_in_words(content.told.edition), bold=True, italic=True, align="CENTER")
    say(made, "", size=6)


def _write_section(made: Any, content: Content, section: Section, *, is_last: bool) -> None:
    say(made, section.heading, bold=True, keep=True)
    for text in section.paragraphs:
        say(made, sentence(content, text), indent=True, keep=is_last)
    if section.table:
        _write_table(made, content, section.table)
    if section.chart:
        _write_chart(made, content, section.chart)
    if section.list == "missed":
        _write_missed(made, content)
    if section.list == "lacking":
        _write_lacking(made, content)


def _write_table(made: Any, content: Content, table: Table) -> None:
    say(made, table.title, italic=True, align="CENTER", keep=True)
    rows = [("TT", "Đơn vị", *(column.head for column in table.columns))]
    codes = [*content.told.units, (settings.commune_code(), "Tổng số")]
    for place, (code, name) in enumerate(codes, start=1):
        serial = "" if place == len(codes) else str(place)
        rows.append((serial, name, *(_figure(content, column.of, code) for column in table.columns)))
    width = (16.5 - 1.0 - 4.6) / len(table.columns)
    grid(made, rows, (1.0, 4.6, *([width] * len(table.columns))), total=True)


def _write_missed(made: Any, content: Content) -> None:
    lines = missed(content)
    if not lines:
        say(made, "Mọi chỉ tiêu có mục tiêu và có đủ số liệu đều đạt.", indent=True)
        return
    rows = [("TT", "Chỉ tiêu", "Mục tiêu", "Kết quả", "Kỳ trước", "Chịu trách nhiệm")]
    for serial, line in enumerate(lines, start=1):
        before = line.before
        rows.append((
            str(serial), line.indicator.name, comparison.target_in_words(line.indicator, line.target),
            comparison.in_words(line.of_commune, line.indicator),
            comparison.number_in_words(before.value, line.indicator) if before and before.value is not None else "…",
            line.indicator.responsible,
        ))  # fmt: skip
    grid(made, rows, (1.0, 4.7, 1.8, 3.1, 1.9, 4.0), texts=(1, 5))


def _write_lacking(made: Any, content: Content) -> None:
    lines = lacking(content)
    if not lines:
        say(made, "Không có: mọi chỉ tiêu của kỳ đều đủ số liệu.", indent=True)
    for text in comparison.gaps_in_words(content.told.gaps):
        say(made, f"- {text}", indent=True)
    if lines:
        rows = [("TT", "Chỉ tiêu", "Vì sao")]
        rows += [(str(serial), line.indicator.name, why) for serial, (line, why) in enumerate(lines, start=1)]
        grid(made, rows, (1.0, 7.5, 8.0), texts=(1, 2))


def _write_chart(made: Any, content: Content, chart: Chart) -> None:
    from docx.shared import Cm

    if chart.kind == "units":
        names = [_folded(name) for _, name in content.told.units]
        parts = [
            (part.head, [_whole(content.value(part.of, code)) for code, _ in content.told.units])
            for part in chart.parts
        ]
        picture = charts.stacked(names, parts)
        told = [content.value(part.of, code) for part in chart.parts for code, _ in content.told.units]
    else:
        months = [month.label for month, _ in content.trend]
        by_part = [[values.get(part.of) for _, values in content.trend] for part in chart.parts]
        picture = charts.lines(
            months,
            [
                (
                    part.head,
                    [None if one is None or one.value is None else float(one.value) for one in line],
                    [one is None or one.status != "incomplete" for one in line],
                )
                for part, line in zip(chart.parts, by_part, strict=True)
            ],
        )
        told = [one for line in by_part for one in line]
    paragraph = say(made, "", align="CENTER", keep=True)
    paragraph.add_run().add_picture(io.BytesIO(picture), width=Cm(15.5))
    caption = chart.title
    if any(one is not None and one.status == "incomplete" for one in told):
        caption += " (có số liệu CHƯA ĐỦ)" if chart.kind == "units" else " (dấu rỗng: số liệu CHƯA ĐỦ)"
    say(made, caption, italic=True, align="CENTER")


def _figure(content: Content, id: str, code: str) -> str:
    told = content.value(id, code)
    star = "*" if id in content.lacking or (told is not None and told.status == "incomplete") else ""
    if told is None or told.value is None:
        return printing.NOTHING + star
    return comparison.number_in_words(told.value, definitions.indicators()[id]) + star


def _whole(told: Told | None) -> int:
    return int(told.value) if told is not None and told.value is not None else 0


def _folded(name: str, width: int = 22) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(name, width))


def _write_signatures(made: Any, content: Content) -> None:
    signature, table = content.paper.signature, made.add_table(rows=1, cols=2)
    set_widths(table, (8.0, 8.5))
    left, right = table.rows[0].cells
    keep_whole(table.rows[0])
    for place, text in enumerate(signature.left):
        say(
            left,
            text,
            bold=place == 0,
            italic=place == 0,
            size=12 if place == 0 else SMALL,
            align="LEFT",
            first=place == 0,
        )
    for place, text in enumerate(signature.right):
        say(right, text.format(place=content.head.place), bold=True, align="CENTER", first=place == 0)
