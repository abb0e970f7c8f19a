"""The numbers as commands: indicators, report, explain."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tthc.cli import output
from tthc.cli.options import AsJson, Draft, PeriodLabel, Revision

MonthCalendar = Annotated[
    Literal["month", "report"],
    typer.Option("--calendar", help="month: tháng dương lịch; report: từ ngày 15 tháng trước đến ngày 14."),
]
Level = Annotated[
    Literal["commune", "unit", "procedure", "field"] | None,
    typer.Option(
        help="Chỉ một cấp: xã, đơn vị, thủ tục, lĩnh vực. Không nêu: bảng có xã và đơn vị, csv và json có mọi cấp.",
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
    if shape == "json":
        output.as_json(rows)
    elif shape == "csv":
        output.as_csv(values.COLUMNS, ([row[column] for column in values.COLUMNS] for row in rows))
    elif rows:
        _indicator_table(
            rows, names, f"Chỉ tiêu kỳ {parsed.label} ({parsed.start:%d/%m/%Y} – {parsed.end:%d/%m/%Y})"
        )


def report(
    form: Annotated[str, typer.Argument(metavar="BIỂU", help="II.06a", show_default=False)],
    period: PeriodLabel,
    calendar: MonthCalendar = "report",
    draft: Draft = False,
    revision: Revision = None,
    shape: Annotated[
        Literal["table", "csv", "xlsx", "json"], typer.Option("--format", help="Dạng in ra.")
    ] = "table",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="TỆP", help="Ghi ra tệp thay vì stdout.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lập biểu báo cáo của một kỳ: mỗi đơn vị một dòng, kể cả dòng toàn số 0, rồi dòng tổng số.

    csv có các cột code, name, 3…13. Các phép kiểm tra của biểu được in ra stderr; không khớp thì trả về 1.

    Ví dụ: tthc report II.06a 2025-07 --format xlsx --out ii06a-2025-07.xlsx

    Ví dụ: tthc report II.06a 2025-Q3 --calendar month --draft --format csv
    """
    from tthc.errors import TthcError, UsageError
    from tthc.reports import form_ii06a, values
    from tthc.reports.form_ii06a_workbook import workbook
    from tthc.warehouse import database
    from tthc.workdays import periods

    shape = "json" if as_json else shape
    if form.casefold() != form_ii06a.FORM.casefold():
        raise UsageError(f"Không có biểu “{form}”; các biểu đã có: {form_ii06a.FORM}.")
    if shape == "xlsx" and out is None and sys.stdout.isatty():
        raise UsageError(
            "Tệp xlsx không in ra màn hình được: thêm --out TỆP, hoặc chuyển stdout vào một tệp."
        )
    parsed = periods.parse(period, calendar)
    with database.connection() as connection:
        edition = values.edition(connection, parsed, draft, revision)
        say_which(connection, parsed, edition, draft)
        filled = form_ii06a.form(connection, parsed, edition) if edition else None
    columns = ("code", "name", *(str(number) for number in form_ii06a.NUMBERS))
    rows = [
        (row.code, row.name, *(row.cells[number] for number in form_ii06a.NUMBERS))
        for row in (filled.rows if filled else ())
    ]
    if shape == "xlsx" and filled:
        output.binary(workbook(filled), out)
    elif shape == "xlsx":
        raise TthcError(
            f"Chưa có số liệu để lập biểu {form_ii06a.FORM} kỳ {parsed.label}; không tệp nào được ghi."
        )
    elif shape == "csv":
        output.as_csv(columns, rows, out)
    elif shape == "json":
        output.as_json([dict(zip(columns, row, strict=True)) for row in rows], out)
    elif filled:
        titles = ("Mã", "Đơn vị", *(f"({number})" for number in form_ii06a.NUMBERS))
        output.as_table(
            titles, rows, f"Biểu II.06a, kỳ {parsed.label} ({parsed.start:%d/%m/%Y} – {parsed.end:%d/%m/%Y})"
        )
    for name, holds in filled.checks if filled else ():
        output.note(f"Kiểm tra {name}: {'đúng' if holds else 'KHÔNG KHỚP'}")
    if filled and filled.note:
        output.note(f"Ghi chú: {filled.note}")
    if filled and not all(holds for _, holds in filled.checks):
        raise TthcError(
            "Biểu có phép kiểm tra không khớp, không được gửi đi: chạy tthc doctor để tìm chỗ sai."
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
    if kind == "count":
        return str(row["numerator"])
    fraction = f"({row['numerator']}/{row['denominator']})"
    if row["status"] == "no_data":
        return f"không có dữ liệu {fraction}"
    value = output.vietnamese_decimal(Decimal(row["value"]))
    few = {"small_n": ", ít hồ sơ", "incomplete": ", chưa đủ dữ liệu của cả kỳ"}.get(row["status"], "")
    return f"{value}{' %' if kind == 'rate' else ''} {fraction}{few}"
