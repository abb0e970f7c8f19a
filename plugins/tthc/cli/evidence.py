"""From a number to its dossiers, and from a dossier to its bytes: explain, trace."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from tthc.cli import output
from tthc.cli.figures import MonthCalendar, say_what_lacks, say_which, shown_value
from tthc.cli.options import AsJson, Draft, PeriodLabel

_FIRST_SHOWN = 50
_EVIDENCE_TITLES = {
    "dossier_code": "Mã hồ sơ", "in_numerator": "Đạt", "numerator_part": "Tử", "denominator_part": "Mẫu",
    "status": "Trạng thái", "outcome": "Kết cục", "unit_code": "Đơn vị", "procedure_code": "Thủ tục",
    "received_on": "Tiếp nhận", "due_on": "Hạn", "ended_on": "Kết thúc", "due_source": "Hạn từ", "fetch_id": "Lần đọc",
    "address": "Bản mới nhất trong kho lưu", "class": "Loại", "matched_by": "Ghép theo", "portal_code": "Mã trên cổng",
    "city_status": "TT thành phố", "portal_status": "TT cổng", "city_received_on": "Tiếp nhận (TP)",
    "portal_received_on": "Tiếp nhận (cổng)", "city_due_on": "Hạn (TP)", "portal_due_on": "Hạn (cổng)",
    "city_ended_on": "Kết thúc (TP)", "portal_ended_on": "Kết thúc (cổng)", "portal_fetch_id": "Lần đọc (cổng)",
    "portal_address": "Dòng của cổng trong kho lưu",
}  # fmt: skip


_MADE_OF_TITLES = {
    "clause": "Mục", "indicator": "Chỉ tiêu", "name": "Tên", "numerator": "Tử số", "denominator": "Mẫu số",
    "value": "Giá trị", "status": "Trạng thái", "weight": "Trọng số", "floor": "Không điểm ở", "target": "Mục tiêu",
    "points": "Điểm", "is_reached": "Đạt",
}  # fmt: skip


def explain(
    indicator: Annotated[
        str,
        typer.Argument(metavar="CHỈ_TIÊU", help="Mã chỉ tiêu, như dossier_on_time_rate.", show_default=False),
    ],
    period: PeriodLabel,
    code: Annotated[
        str | None,
        typer.Option(
            metavar="MÃ", help="Mã đơn vị, thủ tục hoặc lĩnh vực; không nêu là toàn xã.", show_default=False
        ),
    ] = None,
    calendar: MonthCalendar = "month",
    draft: Draft = False,
    limit: Annotated[
        int | None,
        typer.Option(min=0, help="Số hồ sơ in ra; bảng in 50, csv và json in hết.", show_default=False),
    ] = None,
    shape: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="Dạng in ra.")] = "table",
    as_json: AsJson = False,
) -> None:
    """Giải thích một con số: định nghĩa, căn cứ, tử số, mẫu số, ai bị để ngoài, và từng hồ sơ đứng sau.

    Danh sách dùng đúng các điều kiện đã đếm. Nếu dữ liệu đã đổi sau khi công bố, lệnh nói rõ.

    Ví dụ: tthc explain dossier_on_time_rate 2025-07 --code kinh_te

    Ví dụ: tthc explain form_ii06a_open_overdue 2025-07 --calendar report --format csv > qua-han.csv
    """
    from tthc.indicators import explain as explaining
    from tthc.reports import values
    from tthc.warehouse import database
    from tthc.workdays import periods

    shape = "json" if as_json else shape
    parsed, chosen = periods.parse(period, calendar), explaining.indicator_named(indicator)
    shown = _FIRST_SHOWN if limit is None and shape == "table" else limit
    columns = explaining.evidence_columns(chosen.item) if chosen.item else ()
    with database.connection() as connection:
        scope = explaining.scope(connection, code)
        explaining.refuse_level(chosen, scope)
        edition = values.edition(connection, parsed, draft)
        say_which(connection, parsed, edition, draft)
        if edition:
            gaps = [gap for gap in values.gaps(connection, edition) if chosen.id in gap["indicators"]]
            say_what_lacks([{**gap, "indicators": [chosen.id]} for gap in gaps])
        told = explaining.told(connection, edition.build_id, chosen, scope) if edition else None
        now = explaining.now(connection, chosen, parsed, scope)
        evidence = explaining.evidence(connection, chosen, parsed, scope, shown)
        report = {
            "period": parsed.label,
            "calendar": parsed.calendar,
            "period_start": parsed.start,
            "period_end": parsed.end,
            "level": scope.level,
            "code": scope.code,
            "definition": explaining.definition(chosen),
            "build_id": edition.build_id if edition else None,
            "revision_number": edition.revision_number if edition else None,
            "told": told,
            "now": now,
            "left_out": explaining.left_out(connection, chosen, parsed, scope),
            "evidence": evidence,
            "made_of": explaining.made_of(connection, edition.build_id, chosen, parsed, scope)
            if edition and chosen.item is None
            else [],
        }
    if (
        told
        and chosen.item
        and (told["numerator"], told["denominator"]) != (now["numerator"], now["denominator"])
    ):
        output.note(
            f"Dữ liệu đã đổi từ khi tính bản này: nay là {_fraction(now)}. Danh sách hồ sơ là của hôm nay."
            " Tính lại bằng: tthc refresh."
        )
    if shape == "json":
        output.as_json(report)
    elif shape == "csv":
        output.as_csv(columns, ([_cell(row[column]) for column in columns] for row in evidence))
    else:
        _explained(report, chosen)
        if columns:
            output.as_table(
                [_title(column, chosen.item) for column in columns],
                ([row[column] for column in columns] for row in evidence),
            )
        if made_of := report["made_of"]:
            names = list(made_of[0])
            output.as_table(
                [_MADE_OF_TITLES[name] for name in names], ([row[name] for name in names] for row in made_of)
            )
        if shown is not None and len(evidence) == shown:
            output.note(f"Chỉ in {shown} hồ sơ đầu; thêm --limit, hoặc --format csv để lấy hết.")


def _title(column: str, item: str) -> str:
    """Return the heading of a column of evidence: the short words for what it means."""
    from tthc.indicators.definitions import meanings

    return _EVIDENCE_TITLES.get(column) or meanings(item).get(column, column).split(":")[0].rstrip(".")


def _explained(report: dict[str, Any], indicator: Any) -> None:
    definition, told = report["definition"], report["told"]
    lines = [
        ("chỉ tiêu", f"{indicator.name} ({indicator.id})"),
        ("của", f"{report['code']} ({report['level']})"),
        (
            "kỳ",
            f"{report['period']}, từ {report['period_start']:%d/%m/%Y} đến {report['period_end']:%d/%m/%Y}",
        ),
        ("mục của văn bản chỉ đạo", f"{indicator.clause}: {indicator.clause_text}"),
        ("căn cứ", indicator.legal),
        ("chịu trách nhiệm", indicator.responsible),
    ]
    if indicator.item:
        lines.append(("ai được tính", indicator.evidence_sql[0]))
    if indicator.kind == "rate":
        lines.append(("ai đạt", indicator.succeeds))
    if indicator.kind == "ratio":
        lines.append(("tỷ số", f"tổng {indicator.sum} / tổng {indicator.of_sum}"))
    if indicator.reason:
        lines.append(("chưa có nguồn", indicator.reason))
    lines += [(f"  {name}", meaning) for name, meaning in definition["columns"].items()]
    for name, part in (("tử số", "numerator_sql"), ("mẫu số", "denominator_sql"), ("giá trị", "value_sql")):
        if definition[part]:
            lines.append((f"{name} (SQL)", definition[part]))
    if told:
        lines.append(("giá trị", shown_value({**told, "indicator": indicator.id}, {indicator.id: indicator})))
    elif indicator.item:
        lines.append(("nay đếm được", _fraction(report["now"])))
    for row in report["left_out"]:
        why = f"{row['no']} không thỏa"
        if row["unknown"]:
            why += f", {row['unknown']} không biết"
        lines.append((f"để ngoài vì {row['condition']}", why))
    output.facts(lines)


def trace(
    dossier: Annotated[str, typer.Argument(metavar="MÃ_HỒ_SƠ", help="Mã hồ sơ.", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Lần theo một hồ sơ: mọi phiên bản, lần đọc và địa chỉ trong kho lưu, dòng bị cách ly, và đã được đếm vào đâu.

    Không in cột nào chỉ giữ mã băm. Muốn xem nguyên văn một dòng bị cách ly: tthc quarantine show --reveal.

    Ví dụ: tthc trace H24.12.01-250701-0321
    """
    from tthc.errors import TthcError
    from tthc.indicators import explain as explaining
    from tthc.warehouse import database
    from tthc.warehouse import trace as walk

    with database.connection() as connection:
        report = {
            "dossier_code": dossier,
            "versions": walk.versions(connection, dossier),
            "events": walk.events(connection, dossier),
            "quarantine": walk.refused(connection, dossier),
            "facts": walk.facts(connection, dossier),
            "months": walk.months(connection, dossier),
            "counted_in": explaining.counted_in(connection, dossier),
        }
    if not (report["versions"] or report["quarantine"] or report["events"]):
        raise TthcError(
            f"Kho không có hồ sơ {dossier}, cả trong khu cách ly: kiểm tra mã, hoặc đọc kỳ có hồ sơ ấy (tthc ingest)."
        )
    if as_json:
        output.as_json(report)
    else:
        _walked(report)


def _walked(report: dict[str, Any]) -> None:
    for version in report["versions"]:
        output.facts([
            ("phiên bản", version["version"]),
            ("  lần đọc", f"{version['fetch_id']} ({version['fetch_kind']}), dòng {version['row_number']}"),
            ("  thời điểm", version["fetched_at"]),
            ("  địa chỉ", version["address"]),
        ])  # fmt: skip
        if version["flags"]:
            output.facts([("  cảnh báo", version["flags"])])
        for name, change in version["changes"].items():
            if change is None:
                said = "có" if version["version"] == 1 else "đã đổi"
            else:
                before, after = (output.in_words(value) or "trống" for value in change)
                said = after if version["version"] == 1 else f"{before} → {after}"
            output.facts([(f"  {name}", said)])
    if report["events"]:
        output.as_table(
            ("Lúc", "Trạng thái", "Lần đọc", "Địa chỉ"),
            ((e["occurred_at"], e["status"], e["fetch_id"], e["address"]) for e in report["events"]),
            "Tiến độ",
        )
    if report["quarantine"]:
        output.as_table(
            ("Số", "Luồng", "Lần đọc", "Dòng", "Luật", "Trạng thái", "Lý do", "Địa chỉ"),
            (
                (q["quarantine_id"], q["stream"], q["fetch_id"], q["row_number"], q["rules"], q["state"], q["reason"],
                 q["address"])
                for q in report["quarantine"]
            ),
            "Các dòng bị cách ly",
        )  # fmt: skip
    if report["facts"]:
        output.data("suy ra\n")
        output.facts((f"  {name}", value) for name, value in report["facts"].items() if value is not None)
    if report["months"]:
        output.as_table(
            ("Lịch", "Tháng", "Là"),
            ((m["calendar"], m["period"], m["is"]) for m in report["months"]),
            "Theo tháng",
        )
    if report["counted_in"]:
        output.as_table(
            ("Lịch", "Kỳ", "Bản", "Được tính vào", "Đạt ở"),
            (
                (c["calendar"], c["period"], _edition(c), c["counted"], c["succeeded"])
                for c in report["counted_in"]
            ),
            "Đã được đếm vào",
        )


def _edition(row: dict[str, Any]) -> str:
    return (
        f"công bố lần {row['revision_number']}" if row["revision_number"] else f"bản tính {row['build_id']}"
    )


def _fraction(row: dict[str, Any]) -> str:
    return str(row["numerator"]) if row["denominator"] is None else f"{row['numerator']}/{row['denominator']}"


def _cell(value: Any) -> Any:
    return ("true" if value else "false") if isinstance(value, bool) else value
