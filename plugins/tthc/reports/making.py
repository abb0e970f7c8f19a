"""A paper made: its rows as data, its bytes as a file, and what to say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import psycopg

from tthc import settings
from tthc.errors import UsageError
from tthc.reports import (
    backing,
    comparison,
    filling,
    grid_workbook,
    index_766,
    index_766_workbook,
    monthly_report,
    pdf,
    scoreboard_workbook,
)
from tthc.reports.letterhead import letterhead
from tthc.reports.papers import INDEX_766, Common, Grid, Index766, Report, Scoreboard, ScorePaper
from tthc.reports.values import Edition
from tthc.workdays.periods import Period

File = Literal["xlsx", "docx", "pdf"]


@dataclass(frozen=True)
class Made:
    """``columns`` and ``rows`` for data, ``titles`` for the heads of a table, ``body`` when a file was asked for."""

    columns: tuple[str, ...]
    titles: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    said: tuple[str, ...]
    commune: str
    body: bytes = b""


def make(
    connection: psycopg.Connection, paper: Common, period: Period, edition: Edition | None, file: File | None
) -> Made:
    """Return a paper of a period from one build; without a build only its columns.

    Raises TthcError when its printed checks do not hold, UsageError when it does not come as that kind of file.
    """
    commune = settings.commune_code()
    if isinstance(paper, ScorePaper):
        raise UsageError(
            f"{paper.code} là giấy tờ đánh giá, lập bằng: tthc score paper {period.label} --unit MÃ, --official MÃ"
            " hoặc --all."
        )
    if isinstance(paper, Grid):
        return _grid(connection, paper, period, edition, file, commune)
    if isinstance(paper, Index766):
        return _index_766(connection, paper, period, edition, file, commune)
    assert isinstance(paper, Scoreboard | Report)
    return _board(connection, paper, period, edition, file, commune)


def _grid(
    connection: psycopg.Connection,
    paper: Grid,
    period: Period,
    edition: Edition | None,
    file: File | None,
    commune: str,
) -> Made:
    numbers = tuple(column.number for column in paper.leaves)
    columns = ("code", "name", *map(str, numbers))
    titles = ("Mã", paper.row_head, *(f"({number})" for number in numbers))
    if edition is None:
        return Made(columns, titles, (), (), commune)
    if file == "docx":
        raise UsageError(f"Biểu {paper.form} có dạng xlsx và pdf, không có docx.")
    filled = filling.fill(connection, paper, period, edition)
    rows = tuple((row.code, row.name, *(row.cells[n].value for n in numbers)) for row in filled.rows)
    if not filled.is_whole:
        # Whole numbers keep the columns that readers know; those that are not whole are named where they stand.
        columns, titles = (*columns, "incomplete"), (*titles, "Chưa đủ")
        rows = tuple(
            (*told, " ".join(str(n) for n in numbers if row.cells[n].status == "incomplete"))
            for told, row in zip(rows, filled.rows, strict=True)
        )
    said = [f"Kiểm tra {check}: đúng" for check in filled.checks]
    said += [f"Ghi chú: {note}" for note in filled.notes]
    body = b""
    if file == "xlsx":
        body = grid_workbook.workbook(filled, backing.backing(connection, filled))
    elif file == "pdf":
        body = pdf.converted(grid_workbook.workbook(filled), "xlsx", period, edition)
    return Made(columns, titles, rows, tuple(said), commune, body)


def _index_766(
    connection: psycopg.Connection,
    paper: Index766,
    period: Period,
    edition: Edition | None,
    file: File | None,
    commune: str,
) -> Made:
    titles = tuple(paper.heads.values())
    if edition is None:
        return Made(INDEX_766, titles, (), (), commune)
    if file == "docx":
        raise UsageError(f"{paper.code} có dạng xlsx và pdf, không có docx.")
    told = index_766.sheet(connection, period, edition)
    rows = []
    for group in told["groups"]:
        own = (group["points"], group["published"], index_766_workbook.gap(group))
        rows.append((group["portal_field"], group["name"], group["max"], *([None] * 4), *own, None))
        rows += [
            (
                part["number"], part["name"], part["max"], part["full_at"] if part["indicator"] else None,
                part["numerator"], part["denominator"], part["rate"], part["points"], None, None,
                index_766_workbook.way(part) + (" SỐ LIỆU CHƯA ĐỦ." if part["status"] == "incomplete" else ""),
            )
            for part in group["parts"]
        ]  # fmt: skip
    said = ["Điểm chưa đủ: có tỷ lệ còn thiếu nguồn của kỳ."] if told["is_partial"] else []
    body = b""
    if file is not None:
        lost = _lost(connection, period, edition, told) if file == "xlsx" else {}
        body = index_766_workbook.workbook(paper, period, edition, letterhead(period), told, lost)
    if file == "pdf":
        body = pdf.converted(body, "xlsx", period, edition)
    return Made(INDEX_766, titles, tuple(rows), tuple(said), commune, body)


def _lost(
    connection: psycopg.Connection, period: Period, edition: Edition, told: dict[str, Any]
) -> dict[str, list[backing.Item] | None]:
    """Return by part those that did not succeed; None where the list would not agree with the number."""
    found = backing.behind(connection, period, edition)
    lists: dict[str, list[backing.Item] | None] = {}
    for part in (part for group in told["groups"] for part in group["parts"] if part["lost"]):
        items = backing.losers(connection, found, part["indicator"])
        agrees = items is not None and len(items) == part["denominator"] - part["numerator"]
        lists[part["number"]] = items if agrees else None
    return lists


_BOARD = {
    "indicator": "Mã chỉ tiêu", "name": "Chỉ tiêu", "target": "Mục tiêu", "value": "Kỳ này", "status": "Trạng thái",
    "is_met": "Đạt", "before": "Kỳ trước", "before_status": "Trạng thái kỳ trước", "year_ago": "Cùng kỳ",
    "year_ago_status": "Trạng thái cùng kỳ",
}  # fmt: skip


def _board(
    connection: psycopg.Connection,
    paper: Scoreboard | Report,
    period: Period,
    edition: Edition | None,
    file: File | None,
    commune: str,
) -> Made:
    if edition is None:
        return Made(tuple(_BOARD), tuple(_BOARD.values()), (), (), commune)
    own: File = "xlsx" if isinstance(paper, Scoreboard) else "docx"
    if file not in (None, own, "pdf"):
        raise UsageError(f"{paper.code} có dạng {own} và pdf, không có {file}.")
    told = comparison.compare(connection, period, edition)
    rows = tuple(
        (
            line.indicator.id, line.indicator.name, line.target.value if line.target else None,
            *_value(line.of_commune), line.is_met, *_value(line.before), *_value(line.year_ago),
        )
        for line in told.lines
    )  # fmt: skip
    body = b""
    if file is not None and isinstance(paper, Scoreboard):
        body = scoreboard_workbook.workbook(paper, told, letterhead(period))
    elif file is not None:
        body = monthly_report.document(monthly_report.content(connection, paper, told))
    if file == "pdf":
        body = pdf.converted(body, own, period, edition)
    return Made(tuple(_BOARD), tuple(_BOARD.values()), rows, (), commune, body)


def _value(told: comparison.Told | None) -> tuple[Any, str | None]:
    return (None, None) if told is None else (told.value, told.status)
