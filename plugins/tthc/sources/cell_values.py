"""What a cell of a file says as text, given what its column holds.

Files lose things on the way through Excel: last zeros of codes, first zeros of identities, the difference
between a day and its serial number. What is certain is given back; what is lost for good is said to be lost.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from decimal import Decimal

#: A cell as the file gives it; None and "" are empty ones.
Cell = str | float | bool | datetime.date | datetime.time | datetime.timedelta | None


class Percentage(float):
    """A fraction that the file shows as a percentage: 0.855 for what people see as 85.5%."""


WHITE = " \t\r\n\u00a0\u200b\ufeff"
#: Serial numbers of days between 1990 and 2100; other numbers in a column of dates are no serial numbers.
_SERIALS = range(32_874, 73_416)
_DAY_0 = {False: datetime.datetime(1899, 12, 30), True: datetime.datetime(1904, 1, 1)}
_EXPONENT = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{2,}", re.ASCII)
_LARGEST_EXACT = 10**15


def cell_text(cell: Cell) -> str | None:
    """Return a cell as text in NFC without spaces around it, None when it is blank.

    Whole numbers lose their fraction, real dates become ISO text, percentages are what people see.

    >>> cell_text(5.0), cell_text(datetime.date(2025, 7, 1)), cell_text(" "), cell_text(Percentage(0.07))
    ('5', '2025-07-01', None, '7%')
    """
    if isinstance(cell, str):
        return (cell if cell.isascii() else unicodedata.normalize("NFC", cell)).strip(WHITE) or None
    if cell is None:
        return None
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, float):
        if type(cell) is Percentage:
            return f"{(Decimal(float.__repr__(cell)) * 100).normalize():f}%"
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


def serial_moment(number: float, *, is_1904: bool) -> str | None:
    """Return the moment of an Excel serial number as ISO text, None when it cannot be one.

    >>> serial_moment(45839.354166667, is_1904=False), serial_moment(44377.0, is_1904=True)
    ('2025-07-01T08:30:00', '2025-07-01')
    """
    days = number + 1462 if is_1904 else number
    if int(days) not in _SERIALS:
        return None
    moment = _DAY_0[is_1904] + datetime.timedelta(seconds=round(number * 86_400))
    return moment.date().isoformat() if number.is_integer() else moment.isoformat()


def code_text(number: float) -> str | None:
    """Return the procedure code that Excel keeps as a number: it forgets last zeros, the code has six digits.

    >>> code_text(2.00092)
    '2.000920'
    """
    return cell_text(number) if number.is_integer() else f"{number:.6f}"


def identity_text(number: float) -> str | None:
    """Return the number of a citizen's card that lost its first zero.

    Twelve digits begin with the province, 001 to 096; eleven digits are nothing else. Ten may be a tax code.

    >>> identity_text(31085000017.0), identity_text(123456789.0)
    ('031085000017', '123456789')
    """
    text = cell_text(number)
    return "0" + text if text and len(text) == 11 and text.isdigit() else text


def has_lost_digits(cell: Cell) -> bool:
    """Say whether a code or identity became a number that is too long for Excel, or its exponent as text.

    >>> has_lost_digits("3.1085E+11"), has_lost_digits(1234567890123456.0), has_lost_digits("24-250701-0001")
    (True, True, False)
    """
    if isinstance(cell, float):
        return abs(cell) >= _LARGEST_EXACT
    return isinstance(cell, str) and "+" in cell and _EXPONENT.fullmatch(cell.strip(WHITE)) is not None


def column_letter(index: int) -> str:
    """Return the letters of a column counted from 0.

    >>> column_letter(0), column_letter(27)
    ('A', 'AB')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
