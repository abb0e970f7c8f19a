"""The secret of the installation: how it stands, changing it, taking the old one out."""

from __future__ import annotations

import os
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tthc.cli import output
from tthc.cli.options import AsJson, By, Reason
from tthc.cli.wording import Command, Group

Wait = Annotated[
    float, typer.Option(min=0, metavar="GIÂY", help="Chờ các lần đọc, lần nhập đang chạy tới bấy lâu.")
]
_STDIN = Path("-")
_KINDS = {
    "found": "ghi nhận lần đầu",
    "routine": "đổi định kỳ",
    "leaked": "đổi vì nghi lộ",
    "retired": "bỏ khóa cũ",
}


def build() -> typer.Typer:
    """Return the group ``tthc key``."""
    app = typer.Typer(
        name="key",
        cls=Group,
        no_args_is_help=True,
        help="Khóa TTHC_SECRET_KEY: đang thế nào, đổi định kỳ, đổi vì nghi lộ. Không lệnh nào in khóa ra.",
    )
    for command in (status, rotate, settle, retire):
        app.command(cls=Command)(command)
    return app


def status(as_json: AsJson = False) -> None:
    """Khóa đang thế nào: khóa nào mở được kho lưu, đang ở thế hệ nào, còn việc gì phải làm. Chỉ in mã của khóa.

    Ví dụ: tthc key status
    """
    from tthc.safekeeping import rotation

    found = rotation.status()
    if as_json:
        output.as_json(found)
        return
    present, others = (
        sum(row["object_count"] for row in found["objects"] if row["is_present"] is is_present)
        for is_present in (True, False)
    )
    slots = ", ".join(each["key_id"] for each in found["slots"]) or found["secret_key_id"]
    output.facts(
        [
            ("mã của TTHC_SECRET_KEY đang đặt", found["secret_key_id"]),
            ("mở được kho lưu", "có" if found["opens"] else "KHÔNG"),
            ("tệp khóa trong kho lưu", "có" if found["has_key_file"] else "chưa có: chưa đổi khóa lần nào"),
            ("khóa mở được kho lưu", slots),
            (
                "thế hệ khóa: tệp khóa, kho dữ liệu",
                f"{found['generation'] or '–'}, {found['warehouse_generation'] or '–'}",
            ),
            ("đối tượng dưới khóa đang dùng", present),
            ("đối tượng dưới khóa khác", others),
        ]
    )
    if found["changes"]:
        rows = ((row["changed_at"], _KINDS[row["kind"]], *list(row.values())[2:]) for row in found["changes"])
        output.as_table(("Lúc", "Việc", "Thế hệ", "Ai", "Vì sao"), rows, "Các lần đổi khóa")
    for todo in found["todo"]:
        output.note(f"Việc phải làm: {todo}")


def rotate(
    by: By,
    reason: Reason,
    new_key_file: Annotated[
        Path | None,
        typer.Option(
            metavar="TỆP",
            help="Tệp (0600) chứa khóa mới; chưa có thì lệnh này tạo, với một khóa ngẫu nhiên; - là stdin. "
            "Không nêu: new_secret_key trong thư mục var.",
            show_default=False,
        ),
    ] = None,
    leaked: Annotated[
        bool, typer.Option("--leaked", help="Khóa đang dùng có thể đã lộ: thay mọi khóa, mã hóa lại kho lưu.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Chỉ nói sẽ làm gì.")] = False,
    wait: Wait = 60,
    as_json: AsJson = False,
) -> None:
    """Đổi TTHC_SECRET_KEY mà không mất kho lưu, không mất phép nối nào.

    Đổi định kỳ: không mã băm nào đổi; khóa cũ và khóa mới cùng mở được cho đến khi chạy tthc key retire, nên bộ máy
    không phải dừng. Với --leaked: khóa cũ hết mở được ngay; mã băm, dấu niêm, mọi đối tượng của kho lưu sang khóa
    mới; hồ sơ, phiên bản, số đã công bố giữ nguyên. Bị ngắt giữa chừng thì chạy lại đúng lệnh ấy.

    Ví dụ: tthc key rotate --by "Trần Thị Lan" --reason "đổi khóa năm 2027"

    Ví dụ: tthc key rotate --leaked --by "Trần Thị Lan" --reason "máy chủ bị xâm nhập, biên bản 5"
    """
    from tthc import settings
    from tthc.safekeeping import rotation

    path = new_key_file or settings.state() / "new_secret_key"
    is_new = not (path == _STDIN or path.exists())
    new = secrets.token_urlsafe(72) if is_new else _read(path)
    if is_new and not dry_run:
        # Kept before anything is locked with it.
        from tthc.stack.keys import write_private

        write_private(path, new + "\n")
    done = rotation.rotate(
        new, leaked=leaked, by=by, reason=reason, patience=wait, progress=output.note, dry_run=dry_run
    )
    done["new_key_file"] = str(path)
    done["next"] = [] if dry_run else _next(path, leaked)
    if as_json:
        output.as_json(done)
        return
    if dry_run:
        touched = (
            f"{done['object_count']} đối tượng, {done['revision_count']} lần công bố"
            if leaked
            else "tệp khóa"
        )
        output.note(f"Sẽ đổi: {touched}. Chưa đổi gì.")
        return
    _tell(done)
    for number, step in enumerate(done["next"], start=1):
        output.note(f"{number}. {step}")


def settle(by: By, reason: Reason, wait: Wait = 60, as_json: AsJson = False) -> None:
    """Đưa kho dữ liệu và kho lưu về đúng các khóa của tệp khóa; viết lại tệp khóa nếu mất. Chạy thừa không sao.

    Dùng khi một lần đổi khóa bị ngắt mà khóa mới đã được đặt, và sau khi khôi phục một bản sao lưu cũ hơn lần đổi khóa.

    Ví dụ: tthc key settle --by "Trần Thị Lan" --reason "sau khi khôi phục bản sao lưu tháng 10"
    """
    from tthc.safekeeping import rotation

    done = rotation.settle(by=by, reason=reason, patience=wait, progress=output.note)
    if as_json:
        output.as_json(done)
        return
    _tell(done)


def retire(by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Bỏ khóa cũ: từ đây chỉ TTHC_SECRET_KEY đang đặt mở được kho lưu. Chạy khi mọi nơi đã khởi động với khóa mới.

    Ví dụ: tthc key retire --by "Trần Thị Lan" --reason "mọi máy đã dùng khóa mới"
    """
    from tthc.safekeeping import rotation

    done = rotation.retire(by=by, reason=reason)
    if as_json:
        output.as_json(done)
        return
    output.facts([("khóa cũ đã bỏ", done["removed_count"]), ("khóa còn mở được", done["key_id"])])


def _tell(done: dict[str, Any]) -> None:
    facts = [("mã của khóa mới", done["key_id"])]
    if "object_count" in done:
        facts += [
            ("mã băm đã chuyển", done["hash_count"]),
            ("dòng đã viết lại", done["row_count"]),
            ("đối tượng đã mã hóa lại", done["object_count"]),
            ("đối tượng đã mở thử, nguyên vẹn", done["checked_count"]),
        ]
    output.facts(facts)


def _read(path: Path) -> str:
    from tthc.errors import UsageError

    if path == _STDIN:
        return sys.stdin.readline().strip()
    try:
        if os.stat(path).st_mode & 0o077:
            raise UsageError(f"{path}: người khác đọc được tệp khóa mới. Chạy: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: không đọc được tệp khóa mới ({type(error).__name__}).") from error


def _next(path: Path, leaked: bool) -> list[str]:
    """Return what a person has to do now, in this order."""
    from tthc import settings

    place = settings.find("TTHC_SECRET_KEY")[1]
    path = "tệp khóa mới" if path == _STDIN else path
    compose = settings.state() / "compose" / "secrets" / "secret_key"
    if compose.exists():
        put = f"cp {path} {compose} (giữ chmod 600); rồi make up"
    elif place == str(settings.run_file()):
        put = (
            f"thay giá trị “secret_key” trong {settings.state() / 'keys.json'} bằng nội dung {path}; rồi make stop, "
            "make run (var/run.env được viết lại)"
        )
    else:
        put = f"thay TTHC_SECRET_KEY ở {place} bằng nội dung {path}; rồi khởi động lại mọi thành phần"
    steps = [f"Đặt khóa mới: {put}.", "tthc key status: “mở được kho lưu” phải là “có”; rồi tthc doctor."]
    if not leaked:
        steps.append(
            "tthc key retire, khi mọi thành phần đã khởi động lại: từ đó khóa cũ không mở được gì nữa."
        )
    steps += [
        "Chép lại kho lưu (bản chép cũ chỉ mở được bằng khóa cũ) và sao lưu: tthc backup --drill.",
        f"Cất khóa mới ở nơi khác máy này, rồi xóa {path}.",
    ]
    if leaked:
        steps.append(
            "Hủy mọi bản chép cũ của kho lưu và bản sao lưu trước lần đổi này khi không cần nữa: ai có khóa đã lộ thì "
            "mở được bản chép ấy. Đổi cả TTHC_BACKUP_KEY nếu nó cũng có thể đã lộ."
        )
    return steps
