"""Which login sees which communes: give, take, list."""

from __future__ import annotations

from typing import Annotated

import typer

from tthc.cli import output
from tthc.cli.options import AsJson, By, Reason
from tthc.cli.wording import Command, Group
from tthc.errors import UsageError

Login = Annotated[
    str,
    typer.Argument(metavar="TÀI_KHOẢN", help="Tên đăng nhập Postgres, không phải nhóm.", show_default=False),
]
Communes = Annotated[
    list[str] | None,
    typer.Option("--commune", metavar="XÃ", help="Mã xã; nêu được nhiều lần.", show_default=False),
]
City = Annotated[bool, typer.Option("--city", help="Mọi xã của kho, cả xã thêm về sau.", show_default=False)]


def build() -> typer.Typer:
    """Return the group ``tthc rights``."""
    app = typer.Typer(
        name="rights",
        cls=Group,
        no_args_is_help=True,
        help="Ai xem số liệu của xã nào. Kho một xã không cần khai; kho nhiều xã thì ai không được khai không thấy gì.",
    )
    for command in (give, take):
        app.command(cls=Command)(command)
    app.command("list", cls=Command)(list_readers)
    return app


def give(
    login: Login,
    by: By,
    reason: Reason,
    commune: Communes = None,
    city: City = False,
    as_json: AsJson = False,
) -> None:
    """Cho một tài khoản xem số liệu của xã (--commune) hoặc cả thành phố (--city). Chỉ chủ kho làm được.

    Tài khoản phải có sẵn và ở trong một nhóm (docs/roles.md): lệnh này nói được xem xã nào, nhóm nói được xem bảng nào.
    Có hiệu lực ở câu hỏi kế tiếp của người ấy; để lại một dòng ở ops.access_log.

    Ví dụ: tthc rights give lan --commune 11674 --by "Trần Văn Duyệt" --reason "văn bản số 12"

    Ví dụ: tthc rights give minh --city --by "Trần Văn Duyệt" --reason "tổ tổng hợp thành phố"
    """
    from tthc.warehouse import commune_readers, database

    if bool(commune) == city:
        raise UsageError("Nêu --commune XÃ (một hoặc nhiều lần), hoặc --city, một trong hai.")
    codes = [commune_readers.CITY] if city else list(commune or [])
    with database.connection() as connection:
        new = commune_readers.give(connection, login, codes, by, reason)
        connection.commit()
    if as_json:
        output.as_json({"login": login, "given": new})
        return
    output.note(
        f"{login}: nay được xem {_said(new)}." if new else f"{login}: đã được xem từ trước, không đổi gì."
    )


def take(
    login: Login,
    by: By,
    reason: Reason,
    commune: Communes = None,
    city: City = False,
    as_json: AsJson = False,
) -> None:
    """Thôi cho một tài khoản xem xã; không nêu xã thì thôi mọi điều đã cho. Chỉ chủ kho làm được.

    Thôi quyền cả thành phố: --city. Kho chỉ có một xã thì thôi ở đây là về mặc định, tức vẫn thấy: muốn đóng hẳn thì
    nhờ người quản trị đưa tài khoản ra khỏi nhóm.

    Ví dụ: tthc rights take lan --by "Trần Văn Duyệt" --reason "chuyển công tác"
    """
    from tthc.warehouse import commune_readers, database

    codes = [*(commune or []), *([commune_readers.CITY] if city else [])]
    with database.connection() as connection:
        gone = commune_readers.take(connection, login, codes, by, reason)
        connection.commit()
    if as_json:
        output.as_json({"login": login, "taken": gone})
        return
    output.note(f"{login}: thôi xem {_said(gone)}." if gone else f"{login}: không có gì để thôi.")


def list_readers(as_json: AsJson = False) -> None:
    """Mọi tài khoản của ba nhóm tra cứu, và xã mà từng tài khoản được xem.

    Ví dụ: tthc rights list
    """
    from tthc.warehouse import commune_readers, database

    with database.connection() as connection:
        found = commune_readers.readers(connection)
    if as_json:
        output.as_json(found)
        return
    output.as_table(
        ("Tài khoản", "Nhóm", "Xem xã", "Ai cho, vì sao"),
        (
            (
                row["login"],
                ", ".join(row["groups"]) or "không nhóm nào: không đọc được bảng nào",
                "xã duy nhất của kho" if row["communes"] is None else _said(row["communes"]),
                "; ".join(f"{one['by']}: {one['reason']}" for one in row["given"]) or "–",
            )
            for row in found
        ),
    )


def _said(communes: list[str]) -> str:
    if "*" in communes:
        return "mọi xã"
    return f"xã {', '.join(communes)}" if communes else "không xã nào"
