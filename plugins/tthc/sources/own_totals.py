"""What a file says of itself around its table: how many rows it has, the sums of its columns, the days it is about.

All of it is numbers and days, never a value of a row.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation

import msgspec

from tthc.sources.cell_values import Cell, cell_text
from tthc.sources.header_search import SERIAL_KEYS, Headers
from tthc.sources.streams import Stream
from tthc.vietnamese.names import header_key, name_key

#: The header that stands for the rows themselves.
ROWS = "rows"
SUMMED, DATED = frozenset({"integer", "vnd", "decimal"}), frozenset({"date", "instant"})

_DAY = r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})"
_WINDOW = re.compile(rf"từ\s*(?:ngày)?\s*:?\s*{_DAY}\s*(?:đến|tới|-|–)\s*(?:hết)?\s*(?:ngày)?\s*:?\s*{_DAY}")
_MONTH = re.compile(r"(?<!\d )\btháng\s*:?\s*(\d{1,2})\s*(?:/|-|năm|\s)\s*(\d{4})")
_SIGNED = re.compile(r"ngày\s*\d{1,2}\s*tháng")
_COUNT = re.compile(
    r"(?:tổng số|tổng cộng|tổng|cộng)\s*(?:có|là)?\s*(?:hồ sơ|bản ghi|dòng|giao dịch|phiếu|văn bản|phản ánh|thủ tục)?"
    r"\s*[:=]?\s*(?:là)?\s*(\d{1,3}(?:[.,]\d{3})+|\d+)\b"
)
_GROUPED = re.compile(r"\d{1,3}([.,])\d{3}(?:\1\d{3})*")


class Total(msgspec.Struct, frozen=True):
    """One total: of the rows (``header`` is ``ROWS``) or of the column with this header; where it is written."""

    header: str
    value: Decimal
    place: str


class Said(msgspec.Struct, frozen=True):
    """Everything a file says of itself; ``first`` and ``last`` are the days it is about, both inside."""

    totals: tuple[Total, ...] = ()
    first: date | None = None
    last: date | None = None


def window_in(text: str) -> tuple[date, date] | None:
    """Return the days a title names, None when it names none; a day of signing is no window.

    >>> window_in("Từ ngày 01/07/2025 đến ngày 31/07/2025")
    (datetime.date(2025, 7, 1), datetime.date(2025, 7, 31))
    >>> window_in("Tháng 7 năm 2025")[1]
    datetime.date(2025, 7, 31)
    >>> window_in("An Hưng, ngày 5 tháng 8 năm 2025")
    """
    key = name_key(text) or ""
    try:
        if found := _WINDOW.search(key):
            numbers = [int(part) for part in found.groups()]
            first, last = date(*numbers[2::-1]), date(*numbers[:2:-1])
            return (first, last) if first <= last else None
        if not _SIGNED.search(key) and (found := _MONTH.search(key)):
            month, year = int(found[1]), int(found[2])
            return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        return None
    return None


def count_in(text: str) -> int | None:
    """Return the number of rows that a title or a total gives in words.

    >>> count_in("Tổng số: 1.234 hồ sơ"), count_in("Tổng cộng"), count_in("Tổng số hồ sơ 12")
    (1234, None, 12)
    """
    found = _COUNT.search(name_key(text) or "")
    return int(re.sub(r"[.,]", "", found[1])) if found else None


def number_of(cell: Cell) -> Decimal | None:
    """Return the number in a cell of totals, thousands grouped or not; None for anything else.

    >>> number_of("3.450.000"), number_of(125.0), number_of("12,5"), number_of("Tổng")
    (Decimal('3450000'), Decimal('125'), Decimal('12.5'), None)
    """
    text = (cell_text(cell) or "").replace("\u00a0", "").replace(" ", "")
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[.,]", "", text)
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


class Listener:
    """Hears what a walk down the sheets meets above the headers and in rows of totals.

    The last row of totals below a header is its grand total. Tables that each have one are added up; of a table
    whose headers are repeated, the only one at its end is the total of all. Anything else says nothing.
    """

    def __init__(self, stream: Stream) -> None:
        self._summed = {column.header for column in stream.staged_columns if column.type in SUMMED}
        self._dated = {column.header for column in stream.staged_columns if column.type in DATED}
        self._window: tuple[date, date] | None = None
        self._titled: Total | None = None
        self._tables: list[tuple[str, dict[str, Total]]] = []

    def begins(self, headers: Headers, above: Sequence[Sequence[Cell]] = ()) -> None:
        """Hear that a table begins, and the rows above it."""
        self._tables.append((headers.sheet, {}))
        for number, cells in enumerate(above, start=1):
            for cell in cells:
                if not isinstance(cell, str):
                    continue
                self._window = self._window or window_in(cell)
                if self._titled is None and (count := count_in(cell)) is not None:
                    self._titled = Total(ROWS, Decimal(count), f"{headers.sheet}!{number}")

    def total(self, headers: Headers, number: int, cells: Sequence[Cell]) -> None:
        """Hear a row of totals below the headers that began last."""
        place, heard = f"{headers.sheet}!{number}", {}
        roles = self._roles(headers)
        for at, cell in enumerate(cells):
            count = count_in(cell) if isinstance(cell, str) else None
            value = Decimal(count) if count is not None else number_of(cell)
            role = ROWS if count is not None else roles.get(at)
            if value is not None and role and role not in heard:
                heard[role] = Total(role, value, place)
        if heard and self._tables:
            self._tables[-1] = (headers.sheet, heard)

    def _roles(self, headers: Headers) -> dict[int, str]:
        """Return what a number in each column is the total of; under a column of texts it can only count rows."""
        roles = {
            at: header if header in self._summed else ROWS
            for header, at in headers.columns.items()
            if header not in self._dated
        }
        for at, label in headers.labels.items():
            if at not in roles and header_key(label) in SERIAL_KEYS:
                roles[at] = ROWS
        return roles

    @property
    def said(self) -> Said:
        """Everything heard."""
        found = [self._added(header) for header in (ROWS, *sorted(self._summed))]
        totals = [total for total in found if total is not None]
        if self._titled and not any(total.header == ROWS for total in totals):
            totals.append(self._titled)
        first, last = self._window or (None, None)
        return Said(tuple(totals), first, last)

    def _added(self, header: str) -> Total | None:
        told = [heard.get(header) for _, heard in self._tables]
        if not told or told[-1] is None:
            return None
        is_one_sheet = len({sheet for sheet, _ in self._tables}) == 1
        if all(told):
            return Total(header, sum((total.value for total in told), Decimal(0)), told[-1].place)
        return told[-1] if is_one_sheet and not any(told[:-1]) else None
