"""City and portal side by side as a command: reconcile."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from tthc.cli import output
from tthc.cli.figures import MonthCalendar, shown_value
from tthc.cli.options import AsJson, PeriodLabel

_FIRST_SHOWN = 50
_TITLES = (
    "Đơn vị", "Loại", "Tên loại", "Mã hồ sơ", "Mã trên cổng", "Ghép theo", "Thủ tục", "TT thành phố", "TT cổng",
    "Tiếp nhận (TP)", "Tiếp nhận (cổng)", "Hạn (TP)", "Hạn (cổng)", "Kết thúc (TP)", "Kết thúc (cổng)", "Việc cần làm",
)  # fmt: skip


def reconcile(
    period: PeriodLabel,
    unit: Annotated[
        str | None, typer.Option(metavar="MÃ", help="Chỉ một đơn vị.", show_default=False)
    ] = None,
    calendar: MonthCalendar = "month",
    limit: Annotated[
        int | None,
        typer.Option(min=0, help="Số hồ sơ in ra; bảng in 50, csv và json in hết.", show_default=False),
    ] = None,
    shape: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Dạng in ra.")] = "table",
    as_json: AsJson = False,
) -> None:
    """Đối soát hệ thống thành phố với Cổng DVCQG: số hồ sơ từng loại, hai chỉ tiêu, danh sách việc của từng đơn vị.

    Tính từ dữ liệu lúc này. Ngày nào chưa có tệp xuất của cổng bao trùm thì hồ sơ ngày ấy đứng ngoài, không bị coi là
    thiếu. csv là danh sách việc. Số tổng của nguồn mà ta đếm ra khác được nêu ở stderr, kèm con số nó chạm tới.

    Ví dụ: tthc reconcile 2025-07

    Ví dụ: tthc reconcile 2025-07 --unit kinh_te --format csv > viec-sang-nay.csv
    """
    from tthc.errors import UsageError
    from tthc.indicators import explain
    from tthc.reports import reconciliation
    from tthc.warehouse import database
    from tthc.workdays import periods

    shape = "json" if as_json else shape
    parsed = periods.parse(period, calendar)
    shown = _FIRST_SHOWN if limit is None and shape == "table" else limit
    with database.connection() as connection:
        scope = explain.scope(connection, unit)
        if scope.level not in ("commune", "unit"):
            raise UsageError(f"“{unit}” không phải là mã đơn vị.")
        report: dict[str, Any] = {
            "period": parsed.label,
            "calendar": parsed.calendar,
            "period_start": parsed.start,
            "period_end": parsed.end,
            "level": scope.level,
            "code": scope.code,
            "classes": reconciliation.classes(connection, parsed, scope),
            "units": reconciliation.units(connection, parsed) if scope.level == "commune" else [],
            "indicators": reconciliation.figures(connection, parsed, scope),
            "worklist": reconciliation.worklist(connection, parsed, scope, shown),
            "control_totals": reconciliation.gaps(connection, parsed),
        }
    for gap in report["control_totals"]:
        output.note(f"SỐ TỔNG LỆCH: {reconciliation.told(gap)}")
    if shape == "json":
        output.as_json(report)
    elif shape == "csv":
        columns = reconciliation.WORKLIST
        output.as_csv(columns, ([row[column] for column in columns] for row in report["worklist"]))
    else:
        _told(report, reconciliation.WORKLIST)
        if shown is not None and len(report["worklist"]) == shown:
            output.note(f"Chỉ in {shown} hồ sơ đầu; thêm --limit, hoặc --format csv để lấy hết.")


def _told(report: dict[str, Any], columns: tuple[str, ...]) -> None:
    from tthc.indicators import definitions

    output.as_table(
        ("Loại", "Số hồ sơ"),
        ((row["title"], row["count"]) for row in report["classes"]),
        f"Đối soát kỳ {report['period']} ({report['period_start']:%d/%m/%Y} – {report['period_end']:%d/%m/%Y}),"
        f" {report['code']}",
    )
    output.facts(
        (row["name"], shown_value(_valued(row), definitions.indicators())) for row in report["indicators"]
    )
    if report["units"]:
        output.as_table(
            ("Đơn vị", *(row["title"] for row in report["classes"])),
            (
                (unit["name"], *(unit["counts"].get(row["class"], 0) for row in report["classes"]))
                for unit in report["units"]
            ),
            "Theo đơn vị",
        )
    if report["worklist"]:
        output.as_table(
            _TITLES, ([row[column] for column in columns] for row in report["worklist"]), "Việc cần làm"
        )


def _valued(row: dict[str, Any]) -> dict[str, Any]:
    """Return a figure with its value and status, as a build would say them."""
    from decimal import ROUND_HALF_UP, Decimal

    if not row["denominator"]:
        return {**row, "value": None, "status": "no_data"}
    value = (Decimal(100 * row["numerator"]) / row["denominator"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
    status = "incomplete" if row["lacking"] else "small_n" if row["denominator"] < 5 else "ok"
    return {**row, "value": value, "status": status}
