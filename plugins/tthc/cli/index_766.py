"""The index set of Decision 766 as a command: points by group, what was lost, how to win it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tthc.cli import output
from tthc.cli.figures import MonthCalendar, say_what_lacks, say_which
from tthc.cli.options import AsJson, Draft, PeriodLabel, Revision


def index_766(
    period: PeriodLabel,
    calendar: MonthCalendar = "month",
    draft: Draft = False,
    revision: Revision = None,
    as_json: AsJson = False,
) -> None:
    """In điểm Bộ chỉ số 766 của xã: từng nhóm, từng phần, điểm mất và cách lấy lại, đặt cạnh điểm cổng công bố.

    Điểm một phần = tối đa × min(1, tỷ lệ ÷ ngưỡng đủ điểm), theo bộ quy tắc có hiệu lực vào ngày cuối kỳ. Phần xã không
    tính được thì đứng ngoài và được nêu lý do. Danh sách hồ sơ, thủ tục làm mất điểm: tthc explain CHỈ_TIÊU KỲ.

    Ví dụ: tthc index-766 2025-10

    Ví dụ: tthc index-766 2025-Q3 --draft --json
    """
    from tthc.errors import TthcError
    from tthc.reports import index_766 as papers
    from tthc.reports import values
    from tthc.warehouse import database
    from tthc.workdays import periods

    parsed = periods.parse(period, calendar)
    with database.connection() as connection:
        edition = values.edition(connection, parsed, draft, revision)
        say_which(connection, parsed, edition, draft)
        if edition is None:
            raise TthcError(f"Chưa có số liệu kỳ {parsed.label} để tính điểm 766.")
        say_what_lacks(values.gaps(connection, edition))
        sheet = papers.sheet(connection, parsed, edition)
    if as_json:
        output.as_json(sheet)
        return
    _show(sheet)


def _show(sheet: dict[str, Any]) -> None:
    lines = []
    for group in sheet["groups"]:
        told = _number(group["points"]), _number(group["known_max"]), _number(group["max"])
        lines.append(("", group["name"], "", *told, _number(group["published"]), ""))
        lines += [_line(part) for part in group["parts"]]
    output.as_table(
        ("Phần", "Tên", "Tỷ lệ", "Điểm", "Tính được", "Tối đa", "Cổng", "Cách lấy lại điểm mất"),
        lines,
        f"Bộ chỉ số 766, kỳ {sheet['period']} (lịch {sheet['calendar']})",
    )
    output.facts(
        [
            (
                "bộ quy tắc",
                f"{sheet['rules']['name']} (bản {sheet['rules']['version']}; {sheet['rules']['owner']})",
            ),
            ("điểm tự tính, quy về 100", _number(sheet["score"]) or "không có dữ liệu"),
            ("xếp loại theo điểm tự tính", sheet["band"] or "chưa xếp được"),
            ("điểm cổng công bố", _number(sheet["published_score"]) or "chưa có"),
        ]
    )
    if sheet["is_partial"]:
        output.note("Điểm chưa đủ: có tỷ lệ còn thiếu nguồn của kỳ.")


def _line(part: dict[str, Any]) -> tuple[str, ...]:
    rate = (
        ""
        if part["rate"] is None
        else f"{_number(part['rate'])} % ({part['numerator']}/{part['denominator']})"
    )
    way = part["aside"] or ""
    if part["needed"]:
        gain = f"thêm {part['needed']} {part['counted']} đạt thì thêm {_number(part['lost'])} điểm"
        way = f"{gain}: {part['explained_by']}"
    return (
        part["number"],
        "  " + part["name"],
        rate,
        _number(part["points"]),
        "",
        _number(part["max"]),
        "",
        way,
    )


def _number(value: Decimal | None) -> str:
    return "" if value is None else output.vietnamese_decimal(value)
