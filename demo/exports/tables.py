"""How systems write their exports: a table of texts as a workbook or as comma-separated values."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from random import Random
from typing import Any

import xlsxwriter

from .. import canary, paperwork
from ..dates import VIETNAM
from ..stream_file import Expected

Cells = dict[str, Any]
#: A row that must be refused, and the rule that refuses it.
Bad = tuple[Cells, str]


def workbook(title: Sequence[str], headers: Sequence[str], rows: Sequence[Cells], sheet: str) -> bytes:
    """Return an xlsx with title rows, headers and rows of cells by header; dates become real dates."""
    kept = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(kept, {**options, "in_memory": True})
    # The moment of making would give the same rows other bytes.
    book.set_properties({"created": datetime(2025, 1, 1)})
    page = book.add_worksheet(sheet)
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy"})
    for place, line in enumerate(title):
        page.write_string(place, 0, line, bold)
    page.write_row(len(title), 0, headers, bold)
    for place, cells in enumerate(rows, start=len(title) + 1):
        for column, header in enumerate(headers):
            value = cells.get(header)
            if isinstance(value, date):
                page.write_datetime(place, column, datetime(value.year, value.month, value.day), day)
            elif value not in (None, ""):
                page.write(place, column, value)
    book.close()
    return kept.getvalue()


def comma_separated(headers: Sequence[str], rows: Sequence[Cells]) -> bytes:
    """Return comma-separated UTF-8 with a byte order mark, as Excel writes it."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(headers)
    for cells in rows:
        lines.writerow(["" if cells.get(header) is None else cells[header] for header in headers])
    return text.getvalue().encode("utf-8-sig")


def planted(good: list[Cells], bad: list[Bad], first_row: int) -> tuple[list[Cells], list[Expected]]:
    """Return the good rows with the bad ones spread between them, and where these came to stand.

    ``first_row`` is the row of the sheet in which the data begin.
    """
    step = max(1, len(good) // (len(bad) + 1))
    rows, expected = [], []
    waiting = list(bad)
    for place, cells in enumerate(good, start=1):
        rows.append(cells)
        if waiting and place % step == 0:
            refused, rule = waiting.pop(0)
            expected.append(Expected(first_row + len(rows), rule))
            rows.append(refused)
    for refused, rule in waiting:
        expected.append(Expected(first_row + len(rows), rule))
        rows.append(refused)
    return rows, expected


def numbered(rows: list[Cells]) -> list[Cells]:
    """Return the rows with the serial numbers that every export begins with."""
    return [{"STT": number, **cells} for number, cells in enumerate(rows, start=1)]


def asked_for(first: date, last: date) -> str:
    """Return the line above a table that says for which days somebody asked.

    >>> asked_for(date(2025, 7, 1), date(2025, 7, 31))
    '(Từ ngày 01/07/2025 đến ngày 31/07/2025)'
    """
    return f"(Từ ngày {first:%d/%m/%Y} đến ngày {last:%d/%m/%Y})"


def dotted(count: int) -> str:
    """Return a count with points between thousands.

    >>> dotted(2292)
    '2.292'
    """
    return f"{count:,}".replace(",", ".")


def instant_text(moment: datetime | None) -> str | None:
    """Return an instant as exports write it."""
    return moment.strftime("%d/%m/%Y %H:%M:%S") if moment else None


def instant(moment: datetime | None) -> datetime | None:
    """Return the instant that a reader of the export knows: to the second, in Viet Nam."""
    return moment.replace(microsecond=0, tzinfo=VIETNAM) if moment else None


def dong(amount: int | None) -> str | None:
    """Return an amount with points between thousands, as payment systems print it.

    >>> dong(1250000), dong(0)
    ('1.250.000', '0')
    """
    return None if amount is None else dotted(amount)


def somebody(rng: Random, is_canary: bool) -> dict[str, str]:
    """Return the personal values of a person, invented like all of them."""
    if is_canary:
        return {
            "name": canary.NAME,
            "identity": canary.IDENTITY,
            "phone": canary.PHONE,
            "email": canary.EMAIL,
            "address": canary.ADDRESS,
            "account": canary.ACCOUNT,
            "note": canary.NOTE,
        }
    return {
        "name": paperwork.person(rng),
        "identity": "0310" + paperwork.digits(rng, 8),
        "phone": "0970" + paperwork.digits(rng, 6),
        "email": "",
        "address": f"{rng.choice(paperwork.HAMLETS)}, xã An Hưng",
        "account": paperwork.digits(rng, 10),
        "note": "",
    }
