"""The workbooks that people fill registers in with: template."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tthc.cli import output


def template(
    stream: Annotated[
        str, typer.Argument(metavar="LUỒNG", help="Một sổ điền tay, như register__tasks.", show_default=False)
    ],
    out: Annotated[
        Path,
        typer.Option("--out", metavar="TỆP.xlsx", help="Tệp biểu mẫu được ghi ra.", show_default=False),
    ],
) -> None:
    """Ghi biểu mẫu xlsx của một sổ điền tay: tiêu đề, lời nhắc từng cột, danh sách chữ, một dòng ví dụ.

    Điền xong thì nạp bằng tthc load; dòng VÍ DỤ không bao giờ được nạp.

    Ví dụ: tthc template register__tasks --out so-nhiem-vu.xlsx
    """
    from tthc.errors import UsageError
    from tthc.reports import templates
    from tthc.sources import streams

    if out.suffix.lower() != ".xlsx":
        raise UsageError("Biểu mẫu là tệp xlsx: đặt tên tệp ở --out với đuôi .xlsx.")
    made = templates.workbook(streams.stream_named(stream))
    try:
        with out.open("xb") as file:
            file.write(made)
    except FileExistsError:
        raise UsageError(
            "Đã có tệp ở --out, có thể đã điền dở: đặt tên khác, hoặc xóa tệp ấy trước."
        ) from None
    except OSError as error:
        raise UsageError(
            f"Không ghi được tệp ở --out ({type(error).__name__}): kiểm tra thư mục và quyền."
        ) from None
    output.facts([("đã ghi", str(out))])
