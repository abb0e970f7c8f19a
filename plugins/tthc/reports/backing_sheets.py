"""The second and the third sheet of a form: what its columns mean and where the numbers come from; what was counted."""

from __future__ import annotations

from typing import Any

from tthc.reports import printing
from tthc.reports.backing import Backing
from tthc.reports.filling import Filled

MEANING, LIST = "Định nghĩa", "Danh sách"
_LIST_HEADS = ("STT", "Mã", "Đơn vị", "Thủ tục", "Lĩnh vực")


def write_backing(book: Any, styles: dict[str, Any], filled: Filled, backing: Backing) -> None:
    """Add both sheets to a workbook."""
    _write_meanings(book.add_worksheet(MEANING), styles, filled, backing)
    _write_list(book.add_worksheet(LIST), styles, filled, backing)


def origin(filled: Filled, backing: Backing) -> list[tuple[str, str]]:
    """Return where the numbers come from: period, revision, who approved, what it was computed from."""
    edition, revision = filled.edition, backing.revision
    lines = [
        ("Biểu", f"{filled.paper.code}; mẫu {filled.paper.version}, theo {filled.paper.legal}"),
        (
            "Kỳ",
            f"{filled.period.label}, lịch {filled.period.calendar}, {printing.days_in_words(filled.period)}",
        ),
        ("Số liệu", printing.edition_in_words(edition)),
        ("Bản tính", str(edition.build_id)),
    ]
    if revision is not None:
        lines += [
            ("Người duyệt", edition.approved_by or ""),
            ("Lý do", revision["reason"]),
            ("Dấu của số liệu", revision["content_hash"]),
            ("Dấu của mắt xích", revision["chain_hash"] or ""),
        ]
        for stream, told in sorted((revision["inputs"] or {}).get("readings", {}).items()):
            lines.append((f"Đã đọc {stream}", f"{told[0]} lần, lần cuối số {told[1]}"))
    whole = "đủ cho mọi cột có nguồn" if filled.is_whole else "CHƯA ĐỦ, xem ghi chú của biểu"
    return [*lines, ("Độ đủ của số liệu", whole)]


def _write_meanings(sheet: Any, styles: dict[str, Any], filled: Filled, backing: Backing) -> None:
    printing.lay_out(sheet, [8, 32, 48, 34, 56], filled.edition, f"{filled.paper.code} · {MEANING}")
    sheet.write_string(0, 0, f"{filled.paper.code}: định nghĩa và nguồn gốc", styles["bold left"])
    at = 2
    for name, text in origin(filled, backing):
        sheet.merge_range(at, 0, at, 1, name, styles["plain bold"])
        sheet.merge_range(at, 2, at, 4, text, styles["plain"])
        at += 1
    for note in filled.notes:
        sheet.merge_range(at, 0, at, 1, "Ghi chú", styles["plain bold"])
        sheet.merge_range(at, 2, at, 4, note, styles["plain"])
        at += 1
    for check in filled.checks:
        sheet.merge_range(at, 0, at, 1, "Kiểm tra, đúng", styles["plain bold"])
        sheet.merge_range(at, 2, at, 4, check, styles["plain"])
        at += 1
    at += 1
    for place, name in enumerate(("Cột", "Tên", "Nghĩa", "Mã chỉ tiêu (tthc explain)", "Phép đếm")):
        sheet.write_string(at, place, name, styles["head"])
    sheet.repeat_rows(at)
    for column in filled.paper.leaves:
        at += 1
        id = column.declared.of or ""
        sheet.write_string(at, 0, f"({column.number})", styles["cell"])
        sheet.write_string(at, 1, column.name, styles["cell"])
        sheet.write_string(at, 2, column.declared.meaning or column.declared.no_source or "", styles["cell"])
        sheet.write_string(at, 3, id, styles["cell"])
        sql = backing.sql.get(f"{id} {column.declared.part}", "")
        sheet.write_string(at, 4, sql, styles["code cell"])
        lines = max(len(sql) / 66, len(column.declared.meaning) / 48, len(column.name) / 32, 1)
        sheet.set_row(at, 15 * (int(lines) + 1))


def _write_list(sheet: Any, styles: dict[str, Any], filled: Filled, backing: Backing) -> None:
    columns = [column for column in filled.paper.leaves if column.is_additive]
    printing.lay_out(
        sheet, [6, 34, 32, 11, 34, *([5.5] * len(columns))], filled.edition, f"{filled.paper.code} · {LIST}"
    )
    sheet.write_string(0, 0, f"{filled.paper.code}: từng việc đứng sau các con số", styles["bold left"])
    if backing.why_none:
        sheet.write_string(2, 0, backing.why_none, styles["bold left"])
        return
    sheet.write_string(
        1, 0, "Số ở mỗi cột là phần của dòng ấy trong cột cùng số của biểu.", styles["small left"]
    )
    top = 3
    for place, name in enumerate((*_LIST_HEADS, *(f"({column.number})" for column in columns))):
        sheet.write_string(top, place, name, styles["head"])
    for serial, item in enumerate(backing.items, start=1):
        at = top + serial
        sheet.write_number(at, 0, serial, styles["part"])
        for place, text in enumerate((item.code, item.unit, item.procedure, item.field), start=1):
            sheet.write_string(at, place, text, styles["line"])
        for place, column in enumerate(columns, start=len(_LIST_HEADS)):
            part = item.parts.get(column.number)
            if part is None:
                sheet.write_blank(at, place, None, styles["line"])
            else:
                sheet.write_number(at, place, part, styles["part"])
    if backing.items:
        sheet.autofilter(top, 0, top + len(backing.items), len(_LIST_HEADS) + len(columns) - 1)
    sheet.freeze_panes(top + 1, 2)
    sheet.repeat_rows(top)
