"""Finds the columns of a stream in the files that people keep, and reads their rows.

A file is known by its headers, never by its name. Headers are compared without accents, case, stars and line
breaks; title rows above them, empty columns, a column of serial numbers, rows that number the columns and
rows of totals are expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tthc.errors import UsageError
from tthc.sources.streams import Stream
from tthc.sources.workbooks import Book, Cell, Table, cell_text, read_tables
from tthc.vietnamese.names import header_key, name_key

__all__ = ["FileRow", "read_tables", "recognise", "rows"]

_HEADER_WITHIN = 40
_COLUMN_NUMBER = re.compile(r"\(\d+[a-z]?\)(\s*=.*)?|[A-ZĐ]", re.DOTALL)
_TOTALS = frozenset({"tổng", "cộng", "tổng số", "tổng cộng", "tong so", "tong cong"})


@dataclass(frozen=True)
class FileRow:
    """One row: where it stands in the file, and the text of each declared header's cell (None when blank)."""

    sheet: str
    row: int
    values: dict[str, str | None]


@dataclass(frozen=True)
class _Headers:
    """The row of a sheet that looks most like the headers of a stream."""

    sheet: str
    place: int
    columns: dict[str, int]
    missing: tuple[str, ...]
    missing_required: tuple[str, ...]
    repeated: tuple[str, ...]
    seen: tuple[str, ...]

    @property
    def is_close(self) -> bool:
        """At least half of the headers are there, and more than one."""
        return len(self.columns) >= max(2, len(self.missing))


def recognise(source: bytes | Path | Book, streams: Iterable[Stream]) -> Stream | None:
    """Return the file stream whose required headers one sheet has, None when the file is like none of them.

    Raises UsageError when the file is nearly a stream (a header is missing or renamed), or is two alike.
    """
    tables = _book(source).tables
    found = {
        stream.stream: (stream, best)
        for stream in streams
        if stream.kind == "file" and (best := _best_headers(tables, stream))
    }
    whole = [(len(best.columns), stream) for stream, best in found.values() if not best.missing_required]
    if whole:
        most = max(count for count, _ in whole)
        chosen = [stream for count, stream in whole if count == most]
        if len(chosen) > 1:
            names = ", ".join(stream.stream for stream in chosen)
            raise UsageError(f"Tệp khớp như nhau với nhiều luồng: {names}. Hãy sửa tiêu đề cột cho rõ.")
        return chosen[0]
    near = [(len(best.columns), stream, best) for stream, best in found.values() if best.is_close]
    if near:
        _, stream, best = max(near, key=lambda item: item[0])
        raise _incomplete(stream, best)
    return None


def rows(source: bytes | Path | Book, stream: Stream) -> Iterator[FileRow]:
    """Yield the rows of every sheet with the stream's headers, in order; values are keyed by declared header.

    Raises UsageError, before the first row, when a sheet lacks a header or no sheet has them.
    """
    tables = _book(source).tables
    chosen = []
    for table in tables:
        headers = _find_headers(table, stream)
        if headers.is_close or not headers.missing:
            if headers.missing or headers.repeated:
                raise _incomplete(stream, headers)
            chosen.append((table, headers))
    if not chosen:
        best = _best_headers(tables, stream)
        raise UsageError("Tệp không có ô nào.") if best is None else _incomplete(stream, best)
    for table, headers in chosen:
        yield from _rows_below(table, headers, stream)


def _book(source: bytes | Path | Book) -> Book:
    return source if isinstance(source, Book) else Book(source)


def _best_headers(tables: list[Table], stream: Stream) -> _Headers | None:
    found = [_find_headers(table, stream) for table in tables]
    return max(
        found, key=lambda headers: (-len(headers.missing_required), len(headers.columns)), default=None
    )


def _find_headers(table: Table, stream: Stream) -> _Headers:
    candidates = [_match(table, place, stream) for place in range(min(_HEADER_WITHIN, len(table.rows)))]
    return max(candidates, key=lambda headers: len(headers.columns), default=_match(table, 0, stream))


def _match(table: Table, place: int, stream: Stream) -> _Headers:
    cells = [cell_text(cell) for cell in table.rows[place]] if table.rows else []
    keys = [header_key(cell) for cell in cells]
    columns, repeated = {}, []
    for column in stream.staged_columns:
        names = {header_key(name) for name in (column.header, *column.also)}
        places = [number for number, key in enumerate(keys) if key in names]
        if places:
            columns[column.header] = places[0]
        if len(places) > 1:
            repeated.append(column.header)
    missing = [column for column in stream.staged_columns if column.header not in columns]
    required = {column.header for column in stream.columns if column.required}
    return _Headers(
        sheet=table.sheet,
        place=place,
        columns=columns,
        missing=tuple(dict.fromkeys(column.header for column in missing)),
        missing_required=tuple(
            dict.fromkeys(column.header for column in missing if column.header in required or not required)
        ),
        repeated=tuple(dict.fromkeys(repeated)),
        seen=tuple(cell for cell in cells if cell),
    )


def _incomplete(stream: Stream, headers: _Headers) -> UsageError:
    where = f"Trang tính “{headers.sheet}”" if headers.sheet else "Tệp"
    if headers.missing:
        problem = f"thiếu cột {_quoted(headers.missing)}"
    else:
        problem = f"có hai cột cùng tên {_quoted(headers.repeated)}"
    # A row that matches nothing may be data, and data may name people.
    seen = (
        f"; các tiêu đề thấy ở dòng {headers.place + 1}: {_quoted(headers.seen)}" if headers.is_close else ""
    )
    return UsageError(
        f"{where} {problem} của luồng {stream.stream} ({stream.title}){seen}. "
        f"Hãy sửa tiêu đề trong tệp, hoặc ghi cách viết mới vào mục “also” của sources/{stream.stream}.yaml."
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"“{' '.join(name.split())[:60]}”" for name in list(names)[:40])


def _rows_below(table: Table, headers: _Headers, stream: Stream) -> Iterator[FileRow]:
    types = {column.header: column.type for column in stream.staged_columns if column.type == "procedure"}
    key_headers = {column.header for column in stream.columns if column.name in stream.key}
    header_texts = {
        header: cell_text(table.rows[headers.place][at]) for header, at in headers.columns.items()
    }
    for number, cells in enumerate(table.rows[headers.place + 1 :], start=headers.place + 2):
        values = {
            header: _text(cells[at] if at < len(cells) else None, types.get(header))
            for header, at in headers.columns.items()
        }
        if not any(values.values()) or values == header_texts:
            continue
        if _is_column_numbers(cells, follows_headers=number == headers.place + 2):
            continue
        if _is_total(cells, values, key_headers):
            continue
        yield FileRow(table.sheet, number, values)


def _text(cell: Cell, kind: str | None) -> str | None:
    # Excel keeps 2.000920 as a number and forgets its last zero; the code always has six digits.
    if kind == "procedure" and isinstance(cell, float) and not cell.is_integer():
        return f"{cell:.6f}"
    return cell_text(cell)


def _is_column_numbers(cells: list[Cell], *, follows_headers: bool) -> bool:
    """Say whether the row only numbers the columns: (1) (2) (3), or 1 2 3 right under the headers."""
    filled = [text for cell in cells if (text := cell_text(cell))]
    if len(filled) < 2:
        return False
    if all(_COLUMN_NUMBER.fullmatch(text) for text in filled):
        return any(text.startswith("(") for text in filled)
    return follows_headers and filled == [str(number) for number in range(1, len(filled) + 1)]


def _is_total(cells: list[Cell], values: dict[str, str | None], key_headers: set[str]) -> bool:
    """Say whether the row sums the others: its first text is a word for a total, and it has no key."""
    first = next((text for cell in cells if (text := cell_text(cell))), None)
    if name_key(first.rstrip(":") if first else None) not in _TOTALS:
        return False
    return all(values[header] in (None, first) for header in key_headers)
