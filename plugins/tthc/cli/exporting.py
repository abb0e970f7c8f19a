"""Tables as files: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tthc.cli import output
from tthc.cli.options import AsJson


def export(
    schema: Annotated[
        str,
        typer.Argument(
            metavar="LƯỢC_ĐỒ", help="marts, hoặc indicators (các khung nhìn).", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="THƯ_MỤC", help="Nơi ghi.", show_default=False)],
    table: Annotated[
        list[str] | None,
        typer.Option(metavar="BẢNG", help="Chỉ bảng này; nêu được nhiều lần.", show_default=False),
    ] = None,
    reason: Annotated[
        str | None,
        typer.Option(metavar="LÝ_DO", help="Để làm gì, ghi vào ops.access_log.", show_default=False),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Xuất mỗi bảng, khung nhìn thành một tệp Parquet, kèm kiểu và lời chú của từng cột.

    Chỉ những gì nhóm tthc_analyst được đọc; lược đồ restricted không xuất. Mọi tệp của một lần xuất là của cùng một
    thời điểm. Mỗi lần xuất để lại một dòng ở ops.access_log. Ngày “infinity” (chưa kết thúc) trong tệp là trống.

    Ví dụ: tthc export marts --out so-lieu

    Ví dụ: tthc export indicators --out so-lieu --table published --table comparisons
    """
    from tthc.reports import parquet

    done = parquet.export(schema, out, tuple(table or ()), reason, output.note)
    if as_json:
        output.as_json(done)
        return
    output.as_table(
        ("Bảng", "Số dòng", "Số byte", "Tệp"),
        ((one["table"], one["rows"], one["bytes"], one["path"]) for one in done),
    )
