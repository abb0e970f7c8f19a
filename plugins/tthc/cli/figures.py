"""The numbers as commands: indicators."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

import typer

from tthc.cli import output
from tthc.cli.options import AsJson, Draft, PeriodLabel, Revision

MonthCalendar = Annotated[
    Literal["month", "report"],
    typer.Option("--calendar", help="month: tháng dương lịch; report: từ ngày 15 tháng trước đến ngày 14."),
]
Level = Annotated[
    Literal["commune", "unit", "procedure", "field", "official"] | None,
    typer.Option(
        help="Chỉ một cấp: xã, đơn vị, thủ tục, lĩnh vực, công chức."
        " Không nêu: bảng có xã và đơn vị, csv và json có mọi cấp.",
        show_default=False,
    ),
]


def indicators(
    period: PeriodLabel,
    level: Level = None,
    calendar: MonthCalendar = "month",
    draft: Draft = False,
    revision: Revision = None,
    shape: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Dạng in ra.")] = "table",
    as_json: AsJson = False,
) -> None:
    """In các chỉ tiêu của một kỳ: bản đã công bố, hoặc bản tính mới nhất với --draft.

    csv có các cột period, calendar, level, code, indicator, numerator, denominator, value, status.

    Ví dụ: tthc indicators 2025-07

    Ví dụ: tthc indicators 2025-Q3 --draft --level unit --format csv > quy-3.csv
    """
    from tthc.indicators.definitions import LEVELS
    from tthc.reports import values
    from tthc.warehouse import database
    from tthc.workdays import periods

    shape = "json" if as_json else shape
    parsed = periods.parse(period, calendar)
    every = ("commune", "unit") if shape == "table" else LEVELS
    with database.connection() as connection:
        edition = values.edition(connection, parsed, draft, revision)
        rows = values.values(connection, parsed, edition, (level,) if level else every) if edition else []
        names = values.names(connection) if shape == "table" else {}
        say_which(connection, parsed, edition, draft)
        say_what_lacks(values.gaps(connection, edition) if edition else [])
    if shape == "json":
        output.as_json(rows)
    elif shape == "csv":
        output.as_csv(values.COLUMNS, ([row[column] for column in values.COLUMNS] for row in rows))
    elif rows:
        _indicator_table(
            rows, names, f"Chỉ tiêu kỳ {parsed.label} ({parsed.start:%d/%m/%Y} – {parsed.end:%d/%m/%Y})"
        )


def say_which(connection, period, edition, draft: bool) -> None:
    """Say on stderr which numbers these are, or how to get some."""
    from tthc.reports import values

    named = f"Kỳ {period.label} (lịch {period.calendar})"
    if edition is None and draft:
        output.note(f"{named} chưa được tính. Tính bằng: tthc refresh THÁNG [THÁNG] rồi xem lại.")
    elif edition is None:
        output.note(
            f"{named} chưa được công bố. Xem bản tính: thêm --draft;"
            f" công bố: tthc publish {period.label} --by … --reason …"
        )
    elif edition.revision_number is None:
        output.note(f"{named}: bản tính {edition.build_id}, CHƯA công bố.")
    else:
        output.note(
            f"{named}: bản công bố lần {edition.revision_number}, {edition.published_at:%d/%m/%Y %H:%M},"
            f" người duyệt {edition.approved_by}."
        )
        if not draft and values.refreshed_since(connection, period, edition):
            output.note("Đã có bản tính mới hơn chưa công bố; xem bằng --draft.")


def _indicator_table(rows: list[dict[str, Any]], names: dict, title: str) -> None:
    from tthc.indicators import definitions

    declared = definitions.shown()
    if {row["level"] for row in rows} <= {"commune", "unit"}:
        codes = list(dict.fromkeys((row["level"], row["code"]) for row in rows))
        cells = {(row["level"], row["code"], row["indicator"]): shown_value(row, declared) for row in rows}
        output.as_table(
            ["Chỉ tiêu", *(names.get(code, code[1]) for code in codes)],
            ([i.name, *(cells.get((*code, i.id), "") for code in codes)] for i in declared.values()),
            title,
        )
        return
    output.as_table(
        ("Mã", "Tên", "Chỉ tiêu", "Giá trị"),
        (
            (
                row["code"],
                names.get((row["level"], row["code"]), ""),
                declared[row["indicator"]].name,
                shown_value(row, declared),
            )
            for row in rows
        ),
        title,
    )


def shown_value(row: dict[str, Any], declared: dict) -> str:
    """Return a value as people read it: with its numerator and denominator, and in words when it says little."""
    kind = declared[row["indicator"]].kind
    if row["status"] == "no_source":
        return "chưa có nguồn"
    fraction = (
        ""
        if row["denominator"] is None or row["numerator"] is None
        else f" ({row['numerator']}/{row['denominator']})"
    )
    if row["status"] == "no_data":
        return f"không có dữ liệu{fraction}"
    value = output.vietnamese_decimal(
        row["numerator"] if kind in ("count", "sum", "mapped") else Decimal(row["value"])
    )
    unit = {"rate": " %", "clauses": " %", "change": " điểm %", "weighted": " điểm", "scored": " điểm"}.get(
        kind, ""
    )
    few = {"small_n": ", ít dữ liệu", "incomplete": ", chưa đủ dữ liệu của cả kỳ"}.get(row["status"], "")
    return f"{value}{unit}{fraction}{few}"


def say_what_lacks(gaps: list[dict[str, Any]]) -> None:
    """Say on stderr which sources of the period are missing or late, since when, and how many indicators need them."""
    from tthc.sources import streams

    declared = streams.streams()
    for gap in gaps:
        title = declared[gap["stream"]].title if gap["stream"] in declared else gap["stream"]
        output.note(
            f"Thiếu nguồn “{title}” ({gap['stream']}) từ ngày {gap['lacks_from']:%d/%m/%Y}:"
            f" {len(gap['indicators'])} chỉ tiêu chưa đủ hoặc chưa có số."
        )
