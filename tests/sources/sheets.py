"""Writes real files as people and systems do: workbooks with merges and hidden rows, csv, HTML saved as xls."""

from __future__ import annotations

import datetime
import io
import zipfile
from collections.abc import Iterable

import xlsxwriter

from tthc.sources.streams import Column, Stream

LEDGER = Stream(
    stream="register__thu",
    title="Sổ thử",
    kind="file",
    table="core.trials",
    key=("code",),
    suite="register__thu",
    columns=(
        Column(name="code", header="Mã việc", type="text", required=True),
        Column(name="task", header="Nội dung việc", type="text", required=True),
        Column(name="begun_on", header="Ngày giao", type="date"),
        Column(name="due_on", header="Hạn xong", type="date"),
        Column(name="amount_vnd", header="Kinh phí", type="vnd"),
        Column(name="score", header="Điểm", type="decimal"),
        Column(name="people_count", header="Số người", type="integer"),
        Column(name="card", header="Số CCCD", type="text", personal="hash"),
        Column(name="owner", header="Người làm", type="text", personal="drop"),
    ),
)
HEADERS = [column.header for column in LEDGER.columns if column.personal != "drop"]
ROW = ["V-001", "Rà soát thủ tục", "01/07/2025", "15/07/2025", "1500000", "85,5", "3", "031085000017"]


def row(code: str, **cells: object) -> list[object]:
    """Return a row of the ledger that differs from the usual one in the named columns."""
    names = [column.name for column in LEDGER.columns if column.personal != "drop"]
    usual = dict(zip(names, ROW, strict=True)) | {"code": code} | cells
    return [usual[name] for name in names]


def xlsx(
    lines: Iterable[Iterable[object]],
    *,
    merges: Iterable[str] = (),
    hidden_rows: Iterable[int] = (),
    is_1904: bool = False,
    others: dict[str, list[list[object]]] | None = None,
    hidden_sheets: Iterable[str] = (),
    name: str = "Sổ",
    footer: str = "",
    comment: str = "",
) -> bytes:
    """Return a workbook; ``merges`` are ranges like ``A1:C1`` whose text stands in their first cell."""
    buffer = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "date_1904": is_1904}
    with xlsxwriter.Workbook(buffer, options) as book:
        for title, table in {name: lines, **(others or {})}.items():
            sheet = book.add_worksheet(title)
            _write(book, sheet, table)
            if title in hidden_sheets:
                sheet.hide()
            if title != name:
                continue
            for area in merges:
                sheet.merge_range(area, _first_text(lines, area))
            for number in hidden_rows:
                sheet.set_row(number - 1, None, None, {"hidden": True})
            if footer:
                sheet.set_footer(footer)
            if comment:
                sheet.write_comment("A1", comment)
    return buffer.getvalue()


def _write(book, sheet, lines) -> None:
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for at, cells in enumerate(lines):
        for column, cell in enumerate(cells):
            if isinstance(cell, datetime.date):
                sheet.write_datetime(at, column, cell, day)
            elif cell is not None:
                sheet.write(at, column, cell)


def _first_text(lines, area: str) -> object:
    from xlsxwriter.utility import xl_cell_to_rowcol

    at, column = xl_cell_to_rowcol(area.partition(":")[0])
    return list(list(lines)[at])[column]


def csv(lines: Iterable[Iterable[object]], delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    """Return a csv as Excel writes it: quotes only where they are needed, ``\\r\\n``."""

    def cell(value: object) -> str:
        text = "" if value is None else str(value)
        quoted = '"' + text.replace('"', '""') + '"'
        return quoted if any(sign in text for sign in (delimiter, '"', "\n", "\r")) else text

    return "".join(delimiter.join(map(cell, line)) + "\r\n" for line in lines).encode(encoding)


AROUND = ("UBND XÃ AN HƯNG", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "NGƯỜI LẬP BIỂU", "CHỦ TỊCH")


def html(table: str, *, around: Iterable[str] = AROUND, encoding: str = "utf-8") -> bytes:
    """Return a page as the one-stop systems save it: heading, data and signatures in one outer table."""
    unit, motto, author, chief = around
    page = (
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><title>BC</title>'
        "<style>td {mso-number-format:'\\@'}</style></head><body><table><tr><td>"
        f"<table><tr><td>{unit}</td><td>{motto}</td></tr></table></td></tr><tr><td>{table}</td></tr>"
        f"<tr><td><table><tr><td>{author}</td><td>{chief}</td></tr></table></td></tr></table></body></html>"
    )
    return page.encode(encoding)


def html_rows(lines: Iterable[Iterable[object]]) -> str:
    """Return a table of plain cells."""
    rows = "".join(
        "<tr>" + "".join(f"<td>{'' if cell is None else cell}</td>" for cell in line) + "</tr>"
        for line in lines
    )
    return f"<table>{rows}</table>"


def repacked(
    content: bytes,
    *,
    add: dict[str, bytes] | None = None,
    change: dict[str, tuple[bytes, bytes]] | None = None,
) -> bytes:
    """Return a workbook with more parts, or with texts replaced in some parts."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for entry in old.infolist():
            body = old.read(entry)
            if before_after := (change or {}).get(entry.filename):
                assert before_after[0] in body
                body = body.replace(*before_after)
            new.writestr(entry.filename, body)
        for name, body in (add or {}).items():
            new.writestr(name, body)
    return buffer.getvalue()
