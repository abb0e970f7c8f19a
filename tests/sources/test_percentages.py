"""A cell that the file shows as a percentage is read as people see it: 0.855 under 0.0% is 85.5%."""

import io
from decimal import Decimal

import pytest
import xlsxwriter

from tests.sources.old_excel import xls
from tests.sources.sheets import HEADERS, LEDGER, row
from tthc.sources.spreadsheets import rows
from tthc.vietnamese.quantities import read_decimal

SHARES = [0.855, 0.07, 1.0, 0.12345]
SEEN = ["85.5%", "7%", "100%", "12.345%"]


def book(number_format: str | None, others: int = 0) -> bytes:
    """Return a workbook whose column of scores has a number format, with some unused formats before it."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as made:
        for places in range(others):
            made.add_format({"num_format": "0." + "0" * (places + 3)})
        shown = made.add_format({"num_format": number_format} if number_format else {"bold": True})
        sheet = made.add_worksheet("Sổ")
        sheet.write_row(2, 1, HEADERS)
        at = 1 + HEADERS.index("Điểm")
        for number, share in enumerate(SHARES):
            sheet.write_row(3 + number, 1, row(f"V-{number}", amount_vnd=1000))
            sheet.write_number(3 + number, at, share, shown)
    return buffer.getvalue()


@pytest.mark.parametrize("number_format", ["0%", "0.00%", '#,##0.0%" đạt"', "[Red]0%;-0%"])
def test_a_share_shown_as_a_percentage_is_that_percentage(number_format):
    found = list(rows(book(number_format, others=2), LEDGER))
    assert [each.values["Điểm"] for each in found] == SEEN
    # The other numbers of the rows are no percentages.
    assert {each.values["Kinh phí"] for each in found} == {"1000"}
    assert [read_decimal(text) for text in SEEN] == [Decimal(str(share)) * 100 for share in SHARES]


@pytest.mark.parametrize("number_format", [None, "0.00", '0"%"'])
def test_any_other_number_stays_what_it_is(number_format):
    found = list(rows(book(number_format), LEDGER))
    assert [each.values["Điểm"] for each in found] == ["0.855", "0.07", "1", "0.12345"]


def test_an_old_workbook_too():
    table = [HEADERS, *([*row(f"V-{n}")[:5], share] for n, share in enumerate(SHARES))]
    assert [each.values["Điểm"] for each in rows(xls(table, percent="0.00%"), LEDGER)] == SEEN
    assert next(each.values["Điểm"] for each in rows(xls(table, percent="0.00"), LEDGER)) == "0.855"
