"""Counts, amounts of money, codes and yes/no answers as text."""

import re
from decimal import ROUND_HALF_UP, Decimal


class UnreadableQuantity(ValueError):
    """A text that is not the quantity asked for. It carries nothing of the text."""

    def __init__(self) -> None:
        super().__init__("giá trị không đọc được")


_INTEGER = re.compile(r"[+-]?\d+(?:\.0+)?", re.ASCII)
_GROUPED = re.compile(r"\d{1,3}(?:(?P<mark>[.,\u00a0 ])\d{3})(?:(?P=mark)\d{3})*(?:[.,]\d+)?", re.ASCII)
_DECIMAL = re.compile(r"(?P<whole>\d+)(?:[.,](?P<part>\d+))?", re.ASCII)
_DONG = re.compile(r"\s*(?:đồng|vnđ|vnd|đ|₫)\.?$", re.IGNORECASE)

#: How a report says that there is no rate: its denominator was 0.
_NO_RATE = frozenset({"-", "\u2013", "\u2014", "n/a"})
_YES = frozenset({"1", "true", "có", "x"})
_NO = frozenset({"0", "false", "không"})


def read_integer(value: object) -> int | None:
    """Return a whole number, or None when the value is blank; ``"5.0"``, as spreadsheets give it, is 5."""
    text = _text(value)
    if text is None:
        return None
    if not _INTEGER.fullmatch(text):
        raise UnreadableQuantity
    return int(text.partition(".")[0])


def read_decimal(value: object) -> Decimal | None:
    """Return a number with a comma or a point before its fraction, None when blank; a percent sign is left out.

    A dash or N/A is a blank too: so do portals write a rate whose denominator is 0.

    A comma with three digits behind it is unreadable: nobody can say whether it groups. A point does not, because
    spreadsheets give their numbers with it.

    >>> [read_decimal(text) for text in ("85,25", "85.25 %", "-3", 7.5)]
    [Decimal('85.25'), Decimal('85.25'), Decimal('-3'), Decimal('7.5')]
    """
    text = _text(value)
    if text is None:
        return None
    if text.casefold() in _NO_RATE:
        return None
    text = text.removesuffix("%").rstrip()
    sign, plain = (-1, text[1:]) if text.startswith(("-", "\u2212")) else (1, text)
    found = _DECIMAL.fullmatch(plain)
    if not found or ("," in plain and len(found["part"]) == 3):
        raise UnreadableQuantity
    return sign * Decimal(plain.replace(",", "."))


def read_vnd(value: object) -> int | None:
    """Return an amount in đồng, halves rounded up, None when the value is blank; negative is unreadable.

    Dong have no thousandths, so a single mark with three digits behind it and at most three before it groups.

    >>> [read_vnd(text) for text in ("50000", "50.000 đ", "1.234,5", "1,234,567", "50000.00")]
    [50000, 50000, 1235, 1234567, 50000]
    """
    text = _text(value)
    if text is None:
        return None
    text = _DONG.sub("", text)
    if grouped := _GROUPED.fullmatch(text):
        mark = grouped["mark"]
        whole, _, part = text.replace(mark, "").replace(",", ".").partition(".")
    elif plain := _DECIMAL.fullmatch(text):
        whole, part = plain["whole"], plain["part"] or ""
    else:
        raise UnreadableQuantity
    return int(Decimal(f"{whole}.{part or 0}").to_integral_value(ROUND_HALF_UP))


def read_code(value: object) -> str | None:
    """Return a code as text without the spaces around it, None when blank; a JSON or Excel 1 is ``"1"``."""
    return _text(value)


def read_yes_no(value: object) -> bool | None:
    """Return True for 1, true, Có, x; False for 0, false, Không; None for a blank.

    >>> read_yes_no("True"), read_yes_no(0), read_yes_no("")
    (True, False, None)
    """
    text = _text(value)
    if text is None:
        return None
    folded = text.casefold()
    if folded in _YES:
        return True
    if folded in _NO:
        return False
    raise UnreadableQuantity


def _text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, (str, int, float, Decimal)):
        raise UnreadableQuantity
    return str(value).strip("\u200b\ufeff \t\r\n\u00a0") or None
