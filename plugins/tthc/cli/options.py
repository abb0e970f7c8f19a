"""The options and arguments that several commands share, so that one word means one thing everywhere."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

AsJson = Annotated[bool, typer.Option("--json", help="In dữ liệu dạng JSON ra stdout.")]
Calendar = Annotated[
    Literal["month", "report"] | None,
    typer.Option(help="month: tháng dương lịch; report: từ ngày 15 tháng trước đến ngày 14."),
]
Draft = Annotated[
    bool, typer.Option("--draft", help="Lấy bản tính mới nhất, dù đã công bố hay chưa.", show_default=False)
]
Revision = Annotated[
    int | None,
    typer.Option(
        "--revision", metavar="LẦN", help="Một lần công bố cũ; không nêu: lần gần nhất.", show_default=False
    ),
]
PeriodLabel = Annotated[
    str,
    typer.Argument(metavar="KỲ", help="2025-07, 2025-Q3, 2025-H2, 2025-9M hoặc 2025.", show_default=False),
]
By = Annotated[str, typer.Option(metavar="AI", help="Người quyết định.", show_default=False)]
Reason = Annotated[str, typer.Option(metavar="LÝ_DO", help="Vì sao.", show_default=False)]
