"""A person's request: what is held of them, and taking it out."""

from __future__ import annotations

import sys

import typer

from tthc.cli import output
from tthc.cli.options import AsJson, By, Reason
from tthc.cli.wording import Command, Group


def build() -> typer.Typer:
    """Return the group ``tthc subject``."""
    app = typer.Typer(
        name="subject",
        cls=Group,
        no_args_is_help=True,
        help="Yêu cầu của một người về dữ liệu của họ: tìm, xóa. Số giấy tờ đọc từ bàn phím, không từ dòng lệnh.",
    )
    for command in (find, erase):
        app.command(cls=Command)(command)
    return app


def find(by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Tìm những gì đang giữ của một người, theo mã băm có khóa của số giấy tờ; việc tìm được ghi vào ops.access_log.

    Ví dụ: tthc subject find --by "Trần Thị Lan" --reason "đơn số 12"
    """
    from tthc.safekeeping import subjects

    found = subjects.find(subjects.subject_key(_number()), by=by, reason=reason)
    if as_json:
        output.as_json(found)
        return
    output.as_table(
        ("Hồ sơ", "Tiếp nhận", "Đơn vị"),
        (list(row.values()) for row in found["dossiers"]),
        "Hồ sơ của người ấy",
    )
    output.facts(
        [("mã băm", found["subject_key"]), ("trang của kho lưu có các hồ sơ ấy", len(found["pages"]))]
    )
    _tell_files(found["files"])


def erase(by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Xóa mọi điều cho biết các hồ sơ ấy là của ai: viết lại kho lưu, gỡ bản cũ, dựng lại core.

    Hồ sơ vẫn được đếm, số đã công bố không đổi. Sổ ops.erasures và ops.redactions giữ ai xóa, vì sao, mã băm cũ
    thành mã băm nào. Hệ thống thành phố còn giữ thì lần đọc sau lại nhận được: phải yêu cầu thành phố xóa trước.

    Ví dụ: tthc subject erase --by "Trần Thị Lan" --reason "đơn số 12, phiếu giải quyết 34"
    """
    from tthc.safekeeping import subjects

    done = subjects.erase(subjects.subject_key(_number()), by=by, reason=reason, progress=output.note)
    if as_json:
        output.as_json(done)
        return
    output.facts(
        [
            ("mã băm", done["subject_key"]),
            ("hồ sơ", done["dossier_count"]),
            ("đối tượng của kho lưu được viết lại", done["object_count"]),
            ("bản cũ đã gỡ", done["removed_count"]),
        ]
    )
    _tell_files(done["files"])


def _tell_files(files: list[dict]) -> None:
    if files:
        named = ", ".join(f"{each['stream']} lần đọc {each['fetch_id']}" for each in files)
        output.note(
            f"Các tệp sau cũng nêu những hồ sơ ấy và có thể có tên người: {named}. "
            "Xin nơi gửi xuất lại không có người ấy, rồi tthc unload SỐ và tthc load TỆP."
        )


def _number() -> str:
    """Return the identity number typed without being shown, or the first line of stdin."""
    if sys.stdin.isatty():
        return typer.prompt("Số giấy tờ", hide_input=True, err=True)
    return sys.stdin.readline().strip()
