"""The rows kept apart: list, show, send back, judge again, reject."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from tthc.cli import output
from tthc.cli.options import AsJson, By, Reason
from tthc.cli.wording import Command, Group

StreamOption = Annotated[
    str | None, typer.Option("--stream", metavar="LUỒNG", help="Chỉ một luồng.", show_default=False)
]
UnitOption = Annotated[
    str | None,
    typer.Option(
        "--unit",
        metavar="ĐƠN_VỊ",
        help="Chỉ một đơn vị: mã, tên, hoặc “không rõ đơn vị”.",
        show_default=False,
    ),
]
Ids = Annotated[list[int], typer.Argument(metavar="SỐ…", help="Số của dòng cách ly.", show_default=False)]
SomeIds = Annotated[
    list[int] | None, typer.Argument(metavar="[SỐ…]", help="Số của dòng cách ly.", show_default=False)
]
_LISTED = (
    "quarantine_id", "stream", "unit_code", "row_key", "rules", "reason", "state", "fetch_id", "row_number", "address",
    "seen_count", "opened_at",
)  # fmt: skip
_TITLES = (
    "Số", "Luồng", "Đơn vị", "Khóa", "Luật", "Lý do", "Trạng thái", "Lần đọc", "Dòng", "Địa chỉ", "Số lần gặp",
    "Lúc cách ly",
)  # fmt: skip


def build() -> typer.Typer:
    """Return the group of commands."""
    app = typer.Typer(
        name="quarantine",
        cls=Group,
        no_args_is_help=True,
        help="Các dòng bị cách ly: xem, trả nơi gửi, xét lại, loại. Kho giữ luật, lý do, địa chỉ, không giữ dòng.",
    )
    app.command("list", cls=Command)(list_rows)
    app.command("show", cls=Command)(show)
    app.command("export", cls=Command)(export)
    app.command("release", cls=Command)(release)
    app.command("answer", cls=Command)(answer)
    app.command("reject", cls=Command)(reject)
    return app


def list_rows(
    stream: StreamOption = None,
    unit: UnitOption = None,
    state: Annotated[
        Literal["open", "resolved", "released", "rejected", "all"],
        typer.Option(
            help="open: đang cách ly; resolved: đã tốt; released: xét lại đạt; rejected: bị loại; all: mọi dòng."
        ),
    ] = "open",
    shape: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Dạng in ra.")] = "table",
    as_json: AsJson = False,
) -> None:
    """Liệt kê các dòng bị cách ly, mới nhất trước.

    Ví dụ: tthc quarantine list --stream city__dossiers
    """
    from tthc.flows import desk
    from tthc.quality import quarantine
    from tthc.sources import streams
    from tthc.warehouse import database

    if stream:
        streams.stream_named(stream)
    with database.connection() as connection:
        code = None if unit is None else desk.unit_code(connection, unit)
        rows = quarantine.list_rows(connection, None if state == "all" else state, stream, code)
    if as_json or shape == "json":
        output.as_json([{name: row[name] for name in _LISTED} for row in rows])
    elif shape == "csv":
        output.as_csv(_LISTED, ([_joined(row[name]) for name in _LISTED] for row in rows))
    elif rows:
        output.as_table(_TITLES, ([row[name] for name in _LISTED] for row in rows))
    else:
        output.note("Không có dòng nào.")


def show(
    number: Annotated[int, typer.Argument(metavar="SỐ", help="Số của dòng cách ly.", show_default=False)],
    reveal: Annotated[
        bool,
        typer.Option(
            "--reveal", help="Mở nguyên văn dòng từ kho lưu; cần --by, --reason và được ghi nhật ký."
        ),
    ] = False,
    by: Annotated[str, typer.Option(metavar="AI", help="Người mở.", show_default=False)] = "",
    reason: Annotated[str, typer.Option(metavar="LÝ_DO", help="Vì sao mở.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """Xem một dòng bị cách ly: luật, lý do, địa chỉ, các cột được phép giữ. --reveal mở cả phần còn lại.

    Ví dụ: tthc quarantine show 12

    Ví dụ: tthc quarantine show 12 --reveal --by "Trần Văn Kiểm" --reason "đối chiếu với một cửa"
    """
    from tthc.errors import UsageError
    from tthc.quality import decisions, quarantine
    from tthc.warehouse import database

    if reveal and not (by.strip() and reason.strip()):
        raise UsageError("Mở nguyên văn cần người mở (--by) và lý do (--reason); việc mở được ghi nhật ký.")
    with database.connection() as connection:
        row = quarantine.show(connection, number)
        if reveal:
            decisions.note_access(connection, row, by.strip(), reason.strip())
            # The log must stand before anybody sees anything.
            connection.commit()
        record = decisions.record(connection, row, everything=reveal)
        asked = decisions.newest_request(connection, number)
    if as_json:
        output.as_json({**row, "release_request": asked, "revealed": reveal, "record": record})
        return
    output.facts((title, row[name]) for title, name in zip(_TITLES, _LISTED, strict=True))
    if row["case_id"]:
        output.facts([("Bản sửa của số", row["case_id"])])
    if asked:
        answered = {None: "chờ máy nạp", True: "đã đạt", False: "chưa đạt"}[asked["is_released"]]
        output.facts([
            ("Đề nghị xét lại", f"{asked['asked_by']}: {asked['reason']}"),
            ("Lúc đề nghị", asked["asked_at"]),
            ("Kết quả xét lại", answered),
        ])  # fmt: skip
    if row["decided_at"]:
        output.facts(
            [("Quyết định", f"{row['decided_by']}: {row['decision_reason']}"), ("Lúc", row["decided_at"])]
        )
    if row["closed_fetch_id"]:
        where = f", dòng {row['closed_row_number']}" if row["closed_row_number"] else ""
        output.facts([("Bản khép", f"lần đọc {row['closed_fetch_id']}{where}")])
    output.data("nguyên văn\n" if reveal else "các cột được giữ\n")
    output.facts((f"  {name}", _text(value)) for name, value in record.items())


def export(
    by: By,
    reason: Reason,
    unit: UnitOption = None,
    stream: StreamOption = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="THƯ_MỤC", help="Nơi ghi phiếu (mặc định ~/phieu-tra-lai).", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Ghi phiếu trả lại: mỗi luồng, mỗi đơn vị một tệp xlsx, ô sai tô màu kèm lý do. Được ghi nhật ký.

    Phiếu chỉ chủ tệp đọc được, không bao giờ nằm trong kho mã nguồn, kho lưu hay hộp nhận. Sửa phiếu rồi đặt vào
    hộp nhận (hoặc tthc load): dòng đạt thì được nhập và khép đúng dòng cách ly ấy; dòng chưa đạt vẫn chờ.

    Ví dụ: tthc quarantine export --unit "Phòng Kinh tế" --by "Trần Văn Kiểm" --reason "trả đơn vị sửa"
    """
    from tthc.flows import desk

    written = desk.export(by, reason, unit, stream, out, output.note)
    if as_json:
        output.as_json(written)
    elif written:
        output.as_table(
            ("Luồng", "Đơn vị", "Số dòng", "Tệp"),
            ((row["stream"], row["unit_name"], row["rows"], row["path"]) for row in written),
        )
    if not written:
        output.note("Không có dòng nào để trả lại.")


def release(
    by: By,
    reason: Reason,
    numbers: SomeIds = None,
    every: Annotated[bool, typer.Option("--all", help="Mọi dòng đang cách ly.")] = False,
    stream: StreamOption = None,
    as_json: AsJson = False,
) -> None:
    """Xét lại các dòng bị cách ly bằng luật hôm nay: dòng đạt thì được nhập, dòng chưa đạt ở lại với lý do.

    Không có cách cho qua một dòng sai: sửa bảng đơn vị, lịch, hoặc nhờ nguồn sửa rồi xét lại.
    Không dòng nào đạt thì trả về 1. Tài khoản chỉ có quyền trông khu cách ly thì ghi đề nghị; máy nạp xét lại
    trong vòng mười phút (tthc quarantine answer).

    Ví dụ: tthc quarantine release 12 15 --by "Trần Văn Kiểm" --reason "đã thêm tên đơn vị"

    Ví dụ: tthc quarantine release --all --stream city__dossiers --by "Trần Văn Kiểm" --reason "đã nạp lịch 2027"
    """
    from tthc.errors import TthcError, UsageError
    from tthc.flows import releases

    if bool(numbers) == every:
        raise UsageError("Nêu các số cần xét lại, hoặc --all để xét mọi dòng đang cách ly.")
    done = releases.release(by, reason, None if every else numbers, stream, output.note)
    if done["asked"]:
        output.note(
            "Đã ghi đề nghị; tài khoản này không được nhập dòng vào kho nên máy nạp sẽ xét lại. "
            "Xem kết quả: tthc quarantine show SỐ."
        )
    _tell(done, as_json)
    if done["still_refused"] and not done["released"]:
        raise TthcError("Không dòng nào đạt khi xét lại; lý do của từng dòng ở trên.")
    if not any(done[name] for name in ("asked", "released", "still_refused")):
        output.note("Không có dòng nào đang cách ly.")


def answer(as_json: AsJson = False) -> None:
    """Xét lại những dòng mà người trông khu cách ly đã đề nghị; cần quyền nạp. DAG release_quarantined làm việc này.

    Ví dụ: tthc quarantine answer
    """
    from tthc.flows import releases

    done = releases.answer(progress=output.note)
    _tell({"asked": [], **done}, as_json)
    if not done["released"] and not done["still_refused"]:
        output.note("Không có đề nghị nào đang chờ.")


def _tell(done: dict[str, Any], as_json: bool) -> None:
    still = done["still_refused"]
    if as_json:
        output.as_json({
            "asked": done["asked"],
            "released": done["released"],
            "still_refused": [{name: row[name] for name in _LISTED} for row in still],
            "months": done["months"],
        })  # fmt: skip
        return
    if done["asked"]:
        output.facts([("chờ máy nạp xét lại", done["asked"])])
        return
    output.facts(
        [
            ("đã nhập", done["released"]),
            ("còn bị cách ly", len(still)),
            ("tháng có thể đổi số", done["months"]),
        ]
    )
    if still:
        output.as_table(
            ("Số", "Khóa", "Luật", "Lý do"),
            ((row["quarantine_id"], row["row_key"], row["rules"], row["reason"]) for row in still),
        )


def reject(numbers: Ids, by: By, reason: Reason, as_json: AsJson = False) -> None:
    """Loại hẳn các dòng bị cách ly, do một người quyết định với lý do; cả nhóm hoặc không dòng nào.

    Ví dụ: tthc quarantine reject 12 --by "Trần Văn Kiểm" --reason "hồ sơ nhập thử"
    """
    from tthc.quality import quarantine
    from tthc.warehouse import database

    with database.connection() as connection:
        count = quarantine.reject(connection, numbers, by, reason)
    if as_json:
        output.as_json({"rejected": sorted(set(numbers))})
    else:
        output.facts([("đã loại", count)])


def _joined(value: Any) -> Any:
    return ";".join(value) if isinstance(value, list) else value


def _text(value: Any) -> str:
    import json

    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
