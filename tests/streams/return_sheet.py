"""A return sheet as somebody at a unit opens it, mends it and saves it."""

import io
from pathlib import Path

import openpyxl

from tthc.reports.return_sheets import HEADER_ROW

WRONG_FILL = "FFFFC7CE"


class Sheet:
    """A return sheet as somebody at a unit opens it."""

    def __init__(self, path: str) -> None:
        self.path = Path(path)
        self.book = openpyxl.load_workbook(io.BytesIO(self.path.read_bytes()))
        self.page = self.book.active
        head = self.page[HEADER_ROW + 1]
        self.headers = {cell.value: cell.column for cell in head if cell.value}
        self.rows = [row for row in self.page.iter_rows(min_row=HEADER_ROW + 2) if row[0].value]

    def cell(self, row, header: str):
        return row[self.headers[header] - 1]

    def wrong(self, row) -> list[str]:
        return [header for header, at in self.headers.items() if row[at - 1].fill.fgColor.rgb == WRONG_FILL]

    def saved(self) -> bytes:
        body = io.BytesIO()
        self.book.save(body)
        return body.getvalue()
