"""Fills templates in as a person does: opened, written into below the example, saved."""

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from tthc.reports import templates
from tthc.sources.streams import stream_named

FIRST_ROW = templates.HEADER_ROW + 3


def example(stream: str) -> dict[str, str]:
    """Return what the example row of a register says, by header; a person would type it just so."""
    return {field.header: field.example for field in templates.fields(stream_named(stream)) if field.example}


def fill(stream: str, rows: list[dict[str, Any]], path: Path) -> Path:
    """Write rows (header → what is typed) into a new template; dates become dates, as Excel makes them."""
    book = openpyxl.load_workbook(io.BytesIO(templates.workbook(stream_named(stream))))
    sheet = book[templates.DATA]
    places = {cell.value: cell.column for cell in sheet[templates.HEADER_ROW + 1]}
    dates = {field.header for field in templates.fields(stream_named(stream)) if field.is_date}
    for number, row in enumerate(rows):
        sheet.cell(FIRST_ROW + number, 1, number + 1)
        for header, value in row.items():
            if header in dates and value and isinstance(value, str):
                value = datetime.strptime(value, "%d/%m/%Y")
            sheet.cell(FIRST_ROW + number, places[header], value)
    book.save(path)
    return path
