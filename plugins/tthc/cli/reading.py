"""The options that say how a file is to be read; the same for a load and for its dry run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from tthc.sources.workbooks import Choices

Encoding = Annotated[
    Literal["unicode", "tcvn3", "vni", "cp1258"] | None,
    typer.Option(help="Bảng mã của chữ trong tệp, khi tệp bị hỏi lại."),
]
Dates = Annotated[
    Literal["day-first", "month-first", "swapped"] | None,
    typer.Option(help="Ngày trong tệp: ngày trước, tháng trước, hay đã bị Excel đảo; khi tệp bị hỏi lại."),
]
Thousands = Annotated[
    Literal["dot", "comma"] | None,
    typer.Option(help="Dấu ngăn hàng nghìn trong tệp, khi tệp bị hỏi lại."),
]
MendedBy = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="AI",
        help="Người sửa các dòng của phiếu trả lại, khi tệp không ghi.",
        show_default=False,
    ),
]


def choices(encoding: str | None, dates: str | None, thousands: str | None) -> Choices | None:
    """Return what a person decided about a file, None when nothing was."""
    from tthc.sources.workbooks import Choices

    decided = Choices(alphabet=encoding, dates=dates, thousands=thousands)
    return None if decided == Choices() else decided
