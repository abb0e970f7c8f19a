"""Registers that a commune keeps as workbooks: the catalogue of procedures."""

from pathlib import Path

import xlsxwriter

from .procedures import CATALOGUE, NO_DEADLINE, UNKNOWN_DEADLINE, Procedure
from .units import NAMES

HEADERS = (
    "Mã TTHC",
    "Tên TTHC",
    "Lĩnh vực",
    "Mức độ DVC",
    "Thời hạn (ngày làm việc)",
    "Có kết quả",
    "Đơn vị chủ trì",
)
LEVELS = {4: "Toàn trình", 3: "Một phần", 2: "Cung cấp thông tin"}


def write_registers(directory: Path) -> list[Path]:
    """Write the workbooks into ``directory`` (made when absent) and return their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "danh_muc_tthc.xlsx"
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(path, options)
    sheet = book.add_worksheet("Danh mục")
    bold = book.add_format({"bold": True})
    sheet.merge_range(0, 0, 0, len(HEADERS) - 1, "DANH MỤC TTHC THUỘC THẨM QUYỀN CỦA UBND XÃ AN HƯNG", bold)
    sheet.write_row(1, 0, HEADERS, bold)
    for row, procedure in enumerate(CATALOGUE, start=2):
        sheet.write_row(row, 0, cells(procedure, row))
    sheet.set_column(0, 0, 12)
    sheet.set_column(1, 1, 80)
    book.close()
    return [path]


def cells(procedure: Procedure, row: int) -> list[str | int]:
    """Return one line of the sheet. Fields are typed as people type them."""
    deadline: str | int = procedure.deadline
    if deadline == NO_DEADLINE:
        deadline = "Không quy định"
    elif deadline == UNKNOWN_DEADLINE:
        deadline = ""
    return [
        procedure.code,
        procedure.name,
        retyped(procedure.field, row),
        LEVELS[procedure.level],
        deadline,
        "Có" if procedure.gives_result else "Không",
        NAMES[procedure.unit],
    ]


def retyped(field: str, row: int) -> str:
    """Return the field's name as the person at ``row`` typed it; every spelling is the same field.

    >>> retyped("Hòa giải ở cơ sở", 5), retyped("Đất đai", 13)
    ('Hoà giải ở cơ sở', 'ĐẤT  ĐAI')
    """
    if row % 5 == 0:
        field = field.replace("Hòa", "Hoà").replace("Thủy", "Thuỷ")
    if row % 11 == 2:
        field = field.upper()
    if row % 13 == 0:
        field = field.replace(" ", "  ", 1).upper()
    return field
