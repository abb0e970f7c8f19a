"""Promises as commands: the clock of one dossier, and what is about to break this morning."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from tthc.cli import output
from tthc.cli.options import AsJson

_FIRST_SHOWN = 50
_DAY_TITLES = ("Ngày", "Thứ", "Là", "Tính", "Đã tính", "Vì sao", "Căn cứ")
_WEEKDAYS = ("Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy", "CN")
_FACTS = {
    "unit_code": "đơn vị",
    "procedure_code": "thủ tục",
    "status": "trạng thái",
    "outcome": "kết cục",
    "received_at": "tiếp nhận",
    "first_due_on": "hẹn đầu tiên",
    "due_on": "hẹn trả",
    "due_source": "hạn từ",
    "ended_at": "kết thúc",
    "allowed_working_days": "được hẹn, ngày làm việc",
    "used_working_days": "đã dùng, ngày làm việc",
}
_SUMMARY_TITLES = (
    "Đơn vị", "Người xử lý", "Quá hạn", "Phải xin lỗi", "Hẹn hôm nay", "Còn 1 ngày", "Còn 2 ngày", "Còn 3 ngày",
    "Trực tuyến chờ", "Kết quả chưa trả",
)  # fmt: skip
_SUMMARY = (
    "unit_code", "official_code", "overdue", "apology_owed", "due_0", "due_1", "due_2", "due_3", "online_waiting",
    "result_waiting",
)  # fmt: skip
_WARNING_TITLES = (
    "Điều phải làm", "Mã hồ sơ", "Đơn vị", "Người xử lý", "Thủ tục", "Hẹn trả", "Làm trước hết ngày",
    "Còn ngày làm việc", "Chờ từ", "Đã chờ",
)  # fmt: skip


def clock(
    dossier: Annotated[str, typer.Argument(metavar="MÃ_HỒ_SƠ", help="Mã hồ sơ.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Đồng hồ của một hồ sơ: từng ngày từ khi tiếp nhận, được tính hay không, đang dừng hay không, văn bản nào nói thế.

    Kèm các dấu hiệu hạn trả bị bẻ, nếu có; dấu hiệu chỉ để xem, không bao giờ thành điểm.

    Ví dụ: tthc clock H24.12.01-250701-0321
    """
    from tthc.errors import TthcError
    from tthc.warehouse import clock as clocks
    from tthc.warehouse import database

    with database.connection() as connection:
        told = clocks.clock(connection, dossier)
    if told is None:
        raise TthcError(
            f"Kho không có bản tốt nào của hồ sơ {dossier}: kiểm tra mã, hoặc xem nó có bị cách ly không (tthc trace)."
        )
    if as_json:
        output.as_json(told)
        return
    output.facts((words, told["facts"][name]) for name, words in _FACTS.items())
    if not told["facts"]["is_counted"]:
        output.note("Hồ sơ chưa được tiếp nhận nên chưa có đồng hồ.")
    else:
        output.as_table(_DAY_TITLES, (_day(day, clocks.WHY) for day in told["days"]))
    if told["agrees"] is False:
        output.note(
            f"Từng ngày cộng lại được {told['counted_days']}, kho ghi {told['facts']['used_working_days']}:"
            " chạy tthc doctor."
        )
    for signal in told["signals"]:
        output.facts([("dấu hiệu", _signal(signal, clocks.SIGNALS))])


def _day(day: dict[str, Any], why: dict[str, str]) -> list[Any]:
    marks = list(day["marks"])
    if day["is_paused"] and day["why"] != "paused":
        marks.append("đang dừng")
    return [
        day["day"],
        _WEEKDAYS[day["day"].weekday()],
        ", ".join(marks),
        1 if day["is_counted"] else 0,
        day["counted_through"],
        why[day["why"]],
        "; ".join(day["documents"]),
    ]


def _signal(signal: dict[str, Any], words: dict[str, str]) -> str:
    parts = [words[signal["signal"]]]
    if signal["was_at"]:
        parts.append(
            f"{output.in_words(signal['was_at'])} → {output.in_words(signal['became_at']) or 'không còn'}"
        )
    if signal["dossier_count"]:
        parts.append(f"{signal['dossier_count']} hồ sơ lúc {output.in_words(signal['became_at'])}")
    if signal["official_code"]:
        parts.append(f"người xử lý {signal['official_code']}")
    return "; ".join([*parts, f"lần đọc {signal['fetch_id']}", signal["address"] or ""]).rstrip("; ")


def warnings(
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="NGÀY",
            help="Cảnh báo của ngày ấy; không nêu là của lần đọc mới nhất.",
            show_default=False,
        ),
    ] = None,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="MÃ", help="Chỉ một đơn vị.", show_default=False)
    ] = None,
    official: Annotated[
        str | None,
        typer.Option(
            "--official", metavar="MÃ", help="Chỉ một người, theo mã công chức.", show_default=False
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=0, help="Số dòng in ra; bảng in 50, csv và json in hết.", show_default=False),
    ] = None,
    shape: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Dạng in ra.")] = "table",
    as_json: AsJson = False,
) -> None:
    """Cảnh báo sớm: sắp đến hạn, quá hạn, phải xin lỗi, trực tuyến chờ tiếp nhận, kết quả chưa trả.

    Đếm theo đơn vị và người xử lý, rồi từng hồ sơ, việc gấp trước. Ngưỡng và giờ làm việc: sources/office_hours.yaml.

    Ví dụ: tthc warnings --unit kinh_te

    Ví dụ: tthc warnings --on 2025-07-17 --format csv > canh-bao.csv
    """
    from tthc.vietnamese.instants import ZONE
    from tthc.warehouse import database, early_warnings

    shape = "json" if as_json else shape
    shown = _FIRST_SHOWN if limit is None and shape == "table" else limit
    with database.connection() as connection:
        if unit is not None:
            _require_unit(connection, unit)
        newest = early_warnings.known_at(connection)
        moment = early_warnings.moment_of(_day_named(on), newest)
        found = early_warnings.warnings(connection, moment, unit=unit, official=official)
    lines = early_warnings.summary(found)
    if moment > newest:
        output.note(
            f"Dữ liệu mới đến {output.in_words(newest.astimezone(ZONE))}; hồ sơ có thể đã đổi từ lúc ấy."
        )
    if not all(row["is_calendar_published"] for row in found):
        output.note("Có ngày ngoài lịch làm việc đã công bố: đếm tạm theo thứ Hai đến thứ Sáu. Hãy nạp lịch.")
    if shape == "json":
        output.as_json({
            "moment": moment.astimezone(ZONE), "known_at": newest.astimezone(ZONE), "summary": lines,
            "warnings": found[:shown],
        })  # fmt: skip
    elif shape == "csv":
        output.as_csv(
            early_warnings.COLUMNS,
            ([_cell(row[name]) for name in early_warnings.COLUMNS] for row in found[:shown]),
        )
    elif not found:
        output.note("Không có gì phải báo.")
    else:
        output.facts([("vào lúc", moment.astimezone(ZONE)), ("số cảnh báo", len(found))])
        output.as_table(_SUMMARY_TITLES, ([line[name] for name in _SUMMARY] for line in lines))
        output.as_table(_WARNING_TITLES, (_warning(row, early_warnings.WARNINGS) for row in found[:shown]))
        if shown is not None and len(found) > shown:
            output.note(f"Chỉ in {shown} dòng đầu; thêm --limit, hoặc --format csv để lấy hết.")


def _require_unit(connection: Any, unit: str) -> None:
    from tthc import settings
    from tthc.errors import UsageError

    rows = connection.execute(
        "SELECT unit_code FROM marts.units WHERE commune_code = %s ORDER BY sort_order",
        (settings.commune_code(),),
    ).fetchall()
    known = [row["unit_code"] for row in rows]
    if unit not in known:
        raise UsageError(f"Không có đơn vị “{unit}”. Các đơn vị: {', '.join(known)}.")


def _day_named(text: str | None) -> Any:
    from tthc.errors import UsageError
    from tthc.vietnamese.instants import read_day

    if text is None:
        return None
    try:
        day = read_day(text)
    except ValueError:
        day = None
    if day is None:
        raise UsageError(f"Không hiểu ngày “{text}”. Hãy viết 2025-07-17 hoặc 17/07/2025.")
    return day


def _warning(row: dict[str, Any], words: dict[str, str]) -> list[Any]:
    waited = None
    if row["waited_hours"] is not None:
        waited = f"{output.vietnamese_decimal(row['waited_hours'])} giờ"
    elif row["waited_working_days"] is not None:
        waited = f"{row['waited_working_days']} ngày"
    return [
        words[row["warning"]], row["dossier_code"], row["unit_code"], row["official_code"], row["procedure_code"],
        row["due_on"], row["act_by"], row["working_days_left"], row["waiting_since"], waited,
    ]  # fmt: skip


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else value
