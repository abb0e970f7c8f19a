"""The papers as a command: report."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tthc.cli import output
from tthc.cli.figures import say_which
from tthc.cli.options import AsJson, Calendar, Draft, PeriodLabel, Revision

_FILES = ("xlsx", "docx", "pdf")


def report(
    form: Annotated[
        str,
        typer.Argument(
            metavar="BIỂU",
            help="II.04, II.05a, II.06a, II.06b, II.08, 07a/BTP, 766, bang-chi-tieu hoặc bao-cao-thang.",
            show_default=False,
        ),
    ],
    period: PeriodLabel,
    calendar: Calendar = None,
    draft: Draft = False,
    revision: Revision = None,
    shape: Annotated[
        Literal["table", "csv", "xlsx", "docx", "pdf", "json"], typer.Option("--format", help="Dạng in ra.")
    ] = "table",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="TỆP",
            help="Ghi ra tệp thay vì stdout; nếu là thư mục thì tệp mang tên nói rõ biểu, xã, kỳ, lần công bố.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Lập biểu báo cáo của một kỳ: mỗi đơn vị một dòng, kể cả dòng toàn số 0, rồi dòng tổng số.

    csv có các cột code, name, 3…13. Biểu có phép kiểm tra không khớp thì không được lập: lệnh nói chỗ sai và trả về 1.
    xlsx có ba trang: biểu để in và ký, định nghĩa và nguồn gốc, từng hồ sơ đứng sau. pdf cần LibreOffice.

    Ví dụ: tthc report II.06a 2025-07 --format xlsx --out ii06a-2025-07.xlsx

    Ví dụ: tthc report II.06a 2025-Q3 --calendar month --draft --format csv
    """
    from tthc.errors import TthcError, UsageError
    from tthc.reports import making, papers, printing, values
    from tthc.warehouse import database
    from tthc.workdays import periods

    shape = "json" if as_json else shape
    if shape in _FILES and out is None and sys.stdout.isatty():
        raise UsageError(
            f"Tệp {shape} không in ra màn hình được: thêm --out TỆP, hoặc chuyển stdout vào một tệp."
        )
    parsed = periods.parse(period, calendar or papers.usual_calendar(form))
    paper = papers.paper(form, parsed)
    with database.connection() as connection:
        edition = values.edition(connection, parsed, draft, revision)
        say_which(connection, parsed, edition, draft)
        if edition is None and shape in _FILES:
            raise TthcError(
                f"Chưa có số liệu để lập biểu {paper.form} kỳ {parsed.label}; không tệp nào được ghi."
            )
        made = making.make(connection, paper, parsed, edition, shape if shape in _FILES else None)
    for line in made.said:
        output.note(line)
    if shape in _FILES:
        if out is not None and out.is_dir():
            out = out / printing.file_name(paper, parsed, edition, made.commune, shape)
        output.binary(made.body, out)
    elif shape == "csv":
        output.as_csv(made.columns, made.rows, out)
    elif shape == "json":
        output.as_json([dict(zip(made.columns, row, strict=True)) for row in made.rows], out)
    elif edition:
        output.as_table(
            made.titles,
            ([_shown(cell) for cell in row] for row in made.rows),
            f"Biểu {paper.form}, kỳ {parsed.label} ({parsed.start:%d/%m/%Y} – {parsed.end:%d/%m/%Y})",
        )


def _shown(cell: Any) -> Any:
    return output.vietnamese_decimal(cell) if isinstance(cell, Decimal) else cell
