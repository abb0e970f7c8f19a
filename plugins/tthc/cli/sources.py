"""What files may be: proposals for headers that no declaration knows, accepted by a person."""

from __future__ import annotations

from typing import Annotated

import typer

from tthc.cli import output
from tthc.cli.options import AsJson
from tthc.cli.wording import Command, Group

_TITLES = ("Cột", "Tiêu đề trong tệp", "Đọc là", "Tiêu đề khai báo", "Giống", "Vài giá trị")


def build() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(
        name="sources",
        cls=Group,
        no_args_is_help=True,
        help="Nguồn dữ liệu: ghép tiêu đề cột lạ với cột đã khai báo. Không có gì được nạp nhờ đoán.",
    )

    # Without it the group would be its only command.
    @app.callback()
    def opening() -> None:
        pass

    app.command("map", cls=Command)(map_headers)
    return app


def map_headers(
    file: Annotated[
        str, typer.Argument(metavar="TỆP", help="Đường dẫn hoặc URL của tệp.", show_default=False)
    ],
    stream: Annotated[
        str | None, typer.Option("--stream", metavar="LUỒNG", help="Tệp thuộc luồng này.", show_default=False)
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            "--accept",
            metavar="TIÊU_ĐỀ=CỘT",
            help="Chấp nhận một tiêu đề cho một cột; nêu lại được.",
            show_default=False,
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            metavar="CỘT",
            help="Chấp nhận tệp của luồng này không có cột ấy; nêu lại được.",
            show_default=False,
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="AI", help="Người quyết định.", show_default=False)
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", metavar="BẢNG_MÃ", help="tcvn3, vni, cp1258 hoặc unicode.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Đề nghị mỗi cột của tệp là cột nào đã khai báo; chấp nhận thì ghi một dòng vào sources/headers/<luồng>.yaml.

    Giá trị chỉ hiện ở cột không phải dữ liệu cá nhân. Chỉ xem thì không ghi gì.

    Ví dụ: tthc sources map danh-sach.xlsx --accept "Ngày hẹn=due_at" --by "Trần Văn Duyệt"
    """  # fmt: skip
    from tthc.flows import mapping

    if accept or without:
        done = mapping.accept(file, stream, accept or [], without or [], by or "", encoding)
        output.note(
            f"Đã ghi {done['lines']} quyết định vào {done['path']}: hãy xem lại rồi đưa vào kho mã nguồn."
        )
    found = mapping.propose(file, stream, encoding)
    if as_json:
        output.as_json(found)
        return
    where = f"trang “{found['sheet']}”, " if found["sheet"] else ""
    output.note(
        f"Giống nhất: {found['stream']} ({found['title']}); {where}tiêu đề ở dòng {found['header_row']}."
    )
    output.as_table(_TITLES, ([*_shown(column)] for column in found["columns"]))
    if found["missing"]:
        output.note(f"Chưa thấy cột: {', '.join(found['missing'])}.")


def _shown(column: dict) -> list:
    if column["column"] is None:
        state, like = "không nạp", ""
    else:
        state = column["column"] if column["is_known"] else f"{column['column']} ?"
        like = f"{round(100 * column['likeness'])} %"
    preview = "(không xem trước)" if column["preview"] is None else " | ".join(column["preview"])
    return [column["letter"], column["header"], state, column["declared"] or "", like, preview]
