"""The steps of the flow as commands: init, ingest, load, unload, refresh, publish."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated

import typer

from tthc.cli import output
from tthc.cli.options import AsJson, By, Calendar, PeriodLabel, Reason
from tthc.cli.reading import Dates, Encoding, MendedBy, Thousands, choices
from tthc.errors import TthcError, Unreachable

_ACCOUNTING = ("fetch_id", "stream", "read", "merged", "unchanged", "quarantined", "superseded", "months")
_ACCOUNTING_TITLES = (
    "lần đọc", "luồng", "đọc", "đổi", "không đổi", "cách ly", "bị thay trong lần đọc", "tháng có thể đổi số",
)  # fmt: skip


def init(
    plan: Annotated[
        bool, typer.Option("--plan", help="Chỉ nói sẽ làm gì, mất bao lâu, ai phải chờ; không đổi gì.")
    ] = False,
    go_back: Annotated[
        bool,
        typer.Option(
            "--go-back", help="Kho đã ở bản mới hơn: dựng lại theo bản này (khi chưa qua bước di trú nào)."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Chuẩn bị kho dữ liệu, hoặc nâng cấp nó cho bản phần mềm này. Chạy lại lúc nào cũng được.

    Bảng nào đổi hình dạng thì được dựng và điền bên cạnh bảng đang dùng, rồi đổi chỗ trong chưa đầy một giây: người
    đọc không phải chờ, bước nạp thì chờ đến khi xong. Hỏng giữa chừng thì kho còn nguyên như trước.

    Ví dụ: tthc init --plan

    Ví dụ: tthc init
    """
    from tthc import flows

    if plan:
        _tell_plan(as_json)
        return
    done = flows.init(output.note, go_back=go_back)
    if as_json:
        output.as_json(done)
        return
    output.facts(
        [("bảng dựng mới", len(done["changed"])), ("đã nạp sẵn", ", ".join(done["seeded"]) or "không")]
    )
    if done["months"]:
        output.facts([("tháng cần tính lại (tthc refresh)", ", ".join(done["months"]))])


_STATES = {
    "same": "kho đúng bản của phần mềm này, không có gì phải làm",
    "older": "kho thuộc bản cũ hơn: tthc init sẽ nâng cấp",
    "newer": "kho thuộc bản MỚI HƠN phần mềm này: chạy bản mới",
    "empty": "kho còn trống: tthc init sẽ dựng mọi bảng",
}


def _tell_plan(as_json: bool) -> None:
    """Print what ``init`` would do."""
    from dataclasses import asdict

    from tthc.warehouse import database, upgrade_plan

    with database.connection() as connection:
        found = upgrade_plan.plan(connection)
    if as_json:
        output.as_json({**asdict(found), "seconds": found.seconds})
        return
    output.facts([
        ("kho", _STATES[found.state]),
        ("bước di trú", ", ".join(found.migrations) or "không"),
        ("khung nhìn, hàm định nghĩa lại", len(found.defined)),
        ("bảng bỏ hẳn", ", ".join(found.gone) or "không"),
        ("khung nhìn riêng sẽ mất (hãy cất câu lệnh)", ", ".join(found.private) or "không"),
    ])  # fmt: skip
    if not found.is_needed or found.state == "empty":
        return
    if found.rebuilt:
        output.as_table(
            ("bảng dựng lại", "dòng (ước)", "điền từ", "khoảng giây"),
            ((each.table, each.row_count, each.filled_from, each.seconds) for each in found.rebuilt),
        )
    output.facts([
        ("cả lần, khoảng", f"{found.seconds} giây"),
        ("người đọc", "đọc bản đang dùng đến phút chót; lúc đổi chỗ chờ chưa đầy một giây"),
        ("bước nạp, tính, công bố", "chờ đến khi xong, rồi làm tiếp; tiến trình của bản cũ thì từ chối"),
        ("hỏng giữa chừng", "kho còn nguyên như trước; chạy lại"),
    ])  # fmt: skip


def ingest(
    streams: Annotated[
        list[str],
        typer.Argument(metavar="LUỒNG…", help="city__dossiers, city__progress_events.", show_default=False),
    ],
    first: Annotated[
        str | None, typer.Option("--from", metavar="NGÀY", help="Ngày đầu: 2025-07-01 hoặc 01/07/2025.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="NGÀY", help="Ngày cuối, cũng được đọc.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Đọc hệ thống thành phố: lấy về, cất kho lưu, chấm, nhập. Không nêu ngày thì đọc phần đến hạn.

    Dòng bị từ chối nằm ở khu cách ly (tthc quarantine list); một luồng bị dừng không dừng luồng khác.

    Ví dụ: tthc ingest city__progress_events city__dossiers --from 2025-07-01 --to 2025-07-31
    """
    from tthc import flows
    from tthc.errors import UsageError
    from tthc.sources import streams as declarations

    known = [stream.stream for stream in declarations.city_streams()]
    for name in streams:
        if name not in known:
            declarations.stream_named(name)
            raise UsageError(f"Luồng {name} đến bằng tệp: dùng “tthc load TỆP”, không phải “tthc ingest”.")
    ordered = [name for name in known if name in streams]
    _accounted(ordered, lambda name: flows.ingest([name], first, last, output.note), as_json)


def load(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="TỆP…", help="Đường dẫn hoặc URL; xlsx, xls, csv, bảng HTML.", show_default=False
        ),
    ],
    encoding: Encoding = None,
    dates: Dates = None,
    thousands: Thousands = None,
    by: MendedBy = "",
    as_json: AsJson = False,
) -> None:
    """Nạp tệp; tệp thuộc luồng nào thì nhận ra qua tiêu đề cột. Tệp được chép vào kho lưu, không bị dời đi.

    Nội dung đã nạp rồi thì chỉ báo lại. Một tệp sai không cản tệp khác. Quyết định về cách viết của tệp được nhớ
    theo nội dung tệp. Phiếu trả lại đã sửa thì khép đúng những dòng cách ly ghi trong phiếu. Xem trước mà không
    ghi gì: tthc check TỆP.

    Ví dụ: tthc load danh-muc-tthc.xlsx lich-2027.csv
    """
    from tthc import flows

    decided, mended_by = choices(encoding, dates, thousands), by.strip() or None
    _accounted(files, lambda name: flows.load([name], output.note, decided, mended_by), as_json)


def unload(
    fetch: Annotated[
        int, typer.Argument(metavar="LẦN_ĐỌC", help="Số của lần đọc, xem tthc status.", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Rút một lần đọc đã nhập, như thể nó chưa từng đến; in các tháng có thể đổi số.

    Ví dụ: tthc unload 12, rồi tthc refresh với các tháng được in ra.
    """
    from tthc import flows

    done = flows.unload(fetch, output.note)
    if as_json:
        output.as_json(done)
    else:
        output.facts([
            ("lần đọc", done["fetch_id"]), ("luồng", done["stream"]), ("tháng có thể đổi số", done["months"]),
        ])  # fmt: skip


def refresh(
    first: Annotated[
        str, typer.Argument(metavar="THÁNG", help="Tháng đầu, như 2025-07.", show_default=False)
    ],
    last: Annotated[
        str | None, typer.Argument(metavar="[THÁNG]", help="Tháng cuối, cũng được tính.", show_default=False)
    ] = None,
    calendar: Calendar = None,
    as_json: AsJson = False,
) -> None:
    """Tính lại các tháng đã nêu và mọi quý, nửa năm, chín tháng, năm chứa chúng; cả hai lịch khi không nêu lịch.

    Ví dụ: tthc refresh 2025-07 2025-12 --calendar month
    """
    from tthc import flows
    from tthc.workdays import periods

    done = flows.refresh(periods.months_between(first, last or first), calendar, output.note)
    if as_json:
        output.as_json(done)
    else:
        output.as_table(
            ("lịch", "kỳ", "bản tính", "khác bản trước"),
            ((row["calendar"], row["period"], row["build_id"], row["is_new"]) for row in done["periods"]),
        )


def publish(
    period: PeriodLabel,
    by: By,
    reason: Reason,
    calendar: Calendar = None,
    as_json: AsJson = False,
) -> None:
    """Công bố bản tính mới nhất của kỳ, cùng quý, nửa năm, chín tháng, năm kết thúc với nó. Công bố rồi không sửa được.

    Không có gì mới thì không thêm lần công bố nào.

    Ví dụ: tthc publish 2025-12 --by "Trần Văn Duyệt" --reason "Số liệu tháng 12"
    """
    from tthc import flows
    from tthc.workdays import periods

    periods.parse(period)
    done = flows.publish(period, by, reason, calendar)
    if as_json:
        output.as_json(done)
    else:
        output.as_table(
            ("lịch", "kỳ", "lần công bố", "mới"),
            (
                (row["calendar"], row["period"], row["revision_number"], row["is_new"])
                for row in done["published"]
            ),
        )


def _accounted(names: Iterable[str], step: Callable[[str], list[dict]], as_json: bool) -> None:
    """Do a step for each name and print every accounting, then raise what went wrong first.

    One that failed stops only itself; when the database or the city is out of reach the rest would fail too.
    """
    results: list[dict] = []
    errors: list[TthcError] = []
    for name in names:
        try:
            results += step(name)
        except Unreachable as error:
            errors.insert(0, error)
            break
        except TthcError as error:
            errors.append(error)
            if len(errors) > 1:
                output.note(str(error))
    if as_json:
        output.as_json(results)
    elif results:
        output.as_table(_ACCOUNTING_TITLES, ([row.get(column) for column in _ACCOUNTING] for row in results))
    if errors:
        raise errors[0]
