"""Walks down a sheet: which rows are data of a stream, and what the others are.

Titles, headers and their repetitions, rows that number the columns, totals, “trong đó”, group rows, examples and
signatures are no data; each is counted by its kind, so that every row of the file is accounted for.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator

from tthc.errors import UsageError
from tthc.sources.cell_values import Cell, cell_text
from tthc.sources.header_search import (
    HEADER_WITHIN,
    MOST_HEADER_ROWS,
    SERIAL_KEYS,
    Headers,
    Wanted,
    best,
    incomplete,
    search,
)
from tthc.sources.own_totals import Listener
from tthc.sources.workbooks import Sheet
from tthc.vietnamese.names import header_key, name_key

_COLUMN_NUMBER = re.compile(r"\(\d+[a-z]?\)(\s*=.*)?|[A-ZĐ]", re.DOTALL)
_TOTALS = frozenset({"tổng", "cộng", "tổng số", "tổng cộng", "tong so", "tong cong", "cong", "tong"})
_TOTAL_BEGINS = ("tổng số ", "tổng cộng ", "cộng ", "tong so ", "tong cong ", "lũy kế")
_PART_BEGINS = ("trong đó", "trong do")
_EXAMPLE_BEGINS = ("ví dụ", "vi du", "dòng ví dụ", "mẫu:")
_SIGNATURES = frozenset(
    {
        "nguoi lap bieu", "nguoi lap", "nguoi bao cao", "nguoi tong hop", "thu truong don vi", "thu truong",
        "chu tich", "kt chu tich", "pho chu tich", "tm uy ban nhan dan", "noi nhan", "ky ghi ro ho ten",
        "ky ten dong dau", "ky va ghi ro ho ten", "xac nhan cua don vi", "truong phong", "can bo tong hop",
    }
)  # fmt: skip
_SIGNED_ON = re.compile(
    r"(?:[^\d]{0,60},\s*)?ngày\s+(?:\d{1,2}|[.…\s]+)\s+tháng\s+.{0,12}năm.{0,8}", re.IGNORECASE
)
_DIGIT = re.compile(r"\d")
_COUNT = re.compile(r"\d+|\d{1,3}(?:[.,]\d{3})+", re.ASCII)
_SERIAL = re.compile(r"[IVXLC]+|[A-ZĐ]|\d{1,3}(?:\.\d{1,3})*\.?")


class Tally(Counter[str]):
    """How many rows that are no data were met, by kind; ``places`` are some addresses worth telling.

    ``listener`` hears what the file says of itself.
    """

    def __init__(self, listener: Listener | None = None) -> None:
        super().__init__()
        self.places: list[str] = []
        self.listener = listener


class _Rows:
    """The rows of a sheet with a look at those to come; rows are numbered from 0."""

    def __init__(self, sheet: Sheet) -> None:
        self._source = iter(sheet.rows())
        self._ahead: deque[list[Cell]] = deque()
        self.next_number = 0

    def peek(self, count: int) -> list[list[Cell]]:
        while len(self._ahead) < count and (row := next(self._source, None)) is not None:
            self._ahead.append(row)
        return [self._ahead[at] for at in range(min(count, len(self._ahead)))]

    def take(self) -> list[Cell] | None:
        row = self._ahead.popleft() if self._ahead else next(self._source, None)
        if row is not None:
            self.next_number += 1
        return row


def first_headers(sheet: Sheet, wanted: list[Wanted]) -> dict[str, Headers]:
    """Return for each stream the rows within the first 40 of a sheet that look most like its headers."""
    top = _Rows(sheet).peek(HEADER_WITHIN + MOST_HEADER_ROWS)
    ways = list(search(top, sheet.merges, 0, starts=HEADER_WITHIN))
    found = {}
    for each in wanted:
        if headers := best(each.match(way, sheet.name) for way in ways):
            found[each.stream.stream] = headers
    return found


def data_rows(
    sheet: Sheet, wanted: Wanted, others: frozenset[str], tally: Tally
) -> Iterator[tuple[Headers, int, list[Cell]]]:
    """Yield the headers in force, the number from 1 and the cells of each row of data.

    Several tables below one another are read when each has all headers; a table of something else (``others``
    are the header keys of the other streams) is left. Raises UsageError where a table lacks a header.
    """
    walk = _Walk(sheet, wanted, others, tally)
    return walk.rows()


class _Walk:
    def __init__(self, sheet: Sheet, wanted: Wanted, others: frozenset[str], tally: Tally) -> None:
        self._sheet, self._wanted, self._others, self._tally = sheet, wanted, others, tally
        self._rows = _Rows(sheet)
        self._key_headers = {c.header for c in wanted.stream.columns if c.name in wanted.stream.key}
        self._wide, self._tall = _merged(sheet)
        self._filled: dict[int, tuple[int, Cell]] = {}

    def rows(self) -> Iterator[tuple[Headers, int, list[Cell]]]:
        headers = self._begin()
        while headers is not None:
            yield from self._below(headers)
            headers = self._next

    def _begin(self) -> Headers | None:
        top = self._rows.peek(HEADER_WITHIN + MOST_HEADER_ROWS)
        ways = search(top, self._sheet.merges, 0, starts=HEADER_WITHIN)
        headers = best(self._wanted.match(way, self._sheet.name) for way in ways)
        if headers is None or not (headers.is_close or headers.is_whole):
            return None
        if not headers.is_whole:
            raise incomplete(self._wanted.stream, headers)
        above = [self._rows.take() or [] for _ in range(headers.last + 1)][: headers.first]
        if self._tally.listener:
            self._tally.listener.begins(headers, above)
        return headers

    def _below(self, headers: Headers) -> Iterator[tuple[Headers, int, list[Cell]]]:
        """Yield the rows below one header, until other headers begin; those are left in ``_next``."""
        self._next: Headers | None = None
        columns = list(headers.columns.values())
        keys = [at for header, at in headers.columns.items() if header in self._key_headers]
        follows, is_ours, is_signed = True, True, False
        while (cells := self._rows.take()) is not None:
            number = self._rows.next_number
            if self._tall:
                cells = self._with_merged(cells, number - 1)
            if is_ours and not follows and _is_plain(cells, keys, columns):
                yield headers, number, cells
                continue
            if not any(cells) and all(cell is None or cell == "" for cell in cells):
                continue
            if all(_may_be_header(cells, at) for at in keys):
                if begun := self._headers_at(cells, number - 1):
                    self._next = begun
                    if self._tally.listener:
                        self._tally.listener.begins(begun)
                    return
                if self._is_foreign(cells):
                    is_ours = False
            if not is_ours:
                if is_signed and 2 * sum(_is_filled(cells, at) for at in columns) > len(columns):
                    raise self._behind_signature(number)
                self._tally["other table"] += 1
                continue
            kind = self._kind(cells, number, columns, keys, follows=follows)
            if kind == "signature":
                is_ours, is_signed = False, True
            if kind:
                self._tally[kind] += 1
                if kind == "total" and self._tally.listener:
                    self._tally.listener.total(headers, number, cells)
            else:
                yield headers, number, cells
            follows = False

    def _behind_signature(self, number: int) -> UsageError:
        where = f"Trang tính “{self._sheet.name}”, dòng {number}" if self._sheet.name else f"Dòng {number}"
        return UsageError(
            f"{where}: còn dữ liệu nằm dưới phần ký tên. Hãy đưa các dòng ấy lên trên phần ký tên, hoặc lặp lại "
            "dòng tiêu đề phía trên chúng."
        )

    def _headers_at(self, cells: list[Cell], place: int) -> Headers | None:
        """Return the headers that begin with this row, if they do; the rest of their rows is taken."""
        found = {header_key(cell) for cell in cells if isinstance(cell, str) and len(cell) < 200} - {None}
        # The upper of several rows may hold nothing of ours but the column of serial numbers.
        if not found & SERIAL_KEYS and len(found & self._wanted.keys) < 2:
            return None
        rows = [cells, *self._rows.peek(MOST_HEADER_ROWS - 1)]
        ways = search(rows, self._sheet.merges, place, starts=1)
        headers = best(self._wanted.match(way, self._sheet.name) for way in ways)
        if headers is None or not (headers.is_close or headers.is_whole):
            return None
        if not headers.is_whole:
            raise incomplete(self._wanted.stream, headers)
        self._tally["header again"] += headers.last - headers.first + 1
        for _ in range(headers.last - headers.first):
            self._rows.take()
        return headers

    def _is_foreign(self, cells: list[Cell]) -> bool:
        """Say whether the row is the header of some other table."""
        found = [header_key(cell) for cell in cells if isinstance(cell, str) and 0 < len(cell) < 200]
        known = sum(key in self._others for key in found)
        return bool(SERIAL_KEYS & set(found)) or (len(found) >= 3 and 2 * known >= len(found))

    def _with_merged(self, cells: list[Cell], place: int) -> list[Cell]:
        """Give every row of a cell that was merged downwards the value of that cell."""
        if self._filled:
            for at, (last, value) in list(self._filled.items()):
                if place > last:
                    del self._filled[at]
                elif at < len(cells) and cells[at] in (None, ""):
                    cells[at] = value
        for at, last in self._tall.get(place, ()):
            if at < len(cells) and cells[at] not in (None, ""):
                self._filled[at] = (last, cells[at])
        return cells

    def _kind(
        self, cells: list[Cell], number: int, columns: list[int], keys: list[int], *, follows: bool
    ) -> str | None:
        """Say what a row is that is no data, None when it is data."""
        filled = [(at, text) for at, cell in enumerate(cells) if (text := cell_text(cell))]
        named = [(at, text) for at, text in filled if at in columns]
        if not filled:
            return "blank"
        if _is_column_numbers([text for _, text in filled], follows_headers=follows):
            return "column numbers"
        first = next((text for _, text in filled if not _SERIAL.fullmatch(text)), filled[0][1])
        has_key = any(at in keys and text != first for at, text in filled)
        begins = name_key(first.rstrip(":")) or ""
        counts = name_key(first.replace(":", " ")) or ""
        if counts in _TOTALS and all(
            _COUNT.fullmatch(text) for at, text in filled if at in keys and text != first
        ):
            # A number under the key counts the rows.
            return "total"
        if not has_key:
            if counts.startswith(_TOTAL_BEGINS):
                return "total"
            if begins.startswith(_PART_BEGINS):
                return "part"
        if begins.startswith(_EXAMPLE_BEGINS) and filled[0][0] not in keys:
            return "example"
        signs = [at for at, text in filled if _is_signature(text)]
        if signs and not any(at in keys and at not in signs for at, _ in filled):
            return "signature"
        if not named:
            # Only a serial number, or a word that stands beside the columns of the stream.
            return "blank" if all(_SERIAL.fullmatch(text) for _, text in filled) else "group"
        if not has_key and self._is_group(filled, number, keys, len(columns)):
            return "group"
        return None

    def _is_group(self, filled: list[tuple[int, str]], number: int, keys: list[int], width: int) -> bool:
        texts = [(at, text) for at, text in filled if not _SERIAL.fullmatch(text)]
        if len(texts) != 1 or len(filled) > 2 or width < 2:
            return False
        at, text = texts[0]
        if self._wide.get(number - 1, 1) > 1:
            return True
        # Nothing says that the cell is merged: what stands alone and is no code names a group.
        return at not in keys or (width > 2 and (not _DIGIT.search(text) or text.count(" ") >= 2))


def _is_plain(cells: list[Cell], keys: list[int], columns: list[int]) -> bool:
    """Say at once of most rows that they are data: a key with a digit, three cells of ours, no word in front."""
    width, filled, is_coded = len(cells), 0, False
    for at in keys:
        cell = cells[at] if at < width else None
        if not cell or (type(cell) is str and cell[0] == "("):
            return False
        is_coded = is_coded or type(cell) is not str or _DIGIT.search(cell) is not None
    if not is_coded:
        return False
    for at in columns:
        if at < width and cells[at]:
            filled += 1
            if filled == 3:
                break
    first = cells[0]
    return filled == 3 and (0 in columns or type(first) is not str or first.isdecimal())


def _is_filled(cells: list[Cell], at: int) -> bool:
    return at < len(cells) and cell_text(cells[at]) is not None


def _may_be_header(cells: list[Cell], at: int) -> bool:
    cell = cells[at] if at < len(cells) else None
    return not cell or (isinstance(cell, str) and not _DIGIT.search(cell))


def _merged(sheet: Sheet) -> tuple[dict[int, int], dict[int, list[tuple[int, int]]]]:
    """Return the widest merge that begins in each row, and by row the columns merged downwards with their ends."""
    wide: dict[int, int] = {}
    tall: dict[int, list[tuple[int, int]]] = {}
    for (top, left), (bottom, right) in sheet.merges:
        if right > left:
            wide[top] = max(wide.get(top, 1), right - left + 1)
        elif bottom > top:
            tall.setdefault(top, []).append((left, bottom))
    return wide, tall


def _is_column_numbers(filled: list[str], *, follows_headers: bool) -> bool:
    """Say whether the row only numbers the columns: (1) (2) (3), or 1 2 3 right under the headers."""
    if len(filled) < 2:
        return False
    if all(_COLUMN_NUMBER.fullmatch(text) for text in filled):
        return any(text.startswith("(") for text in filled)
    return follows_headers and filled == [str(number) for number in range(1, len(filled) + 1)]


def _is_signature(text: str) -> bool:
    return len(text) <= 120 and (
        header_key(text) in _SIGNATURES or _SIGNED_ON.fullmatch(" ".join(text.split())) is not None
    )
