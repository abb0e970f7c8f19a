"""How the cells of each column of a table are read: by what the declarations say of the column."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tthc.sources.cell_values import (
    WHITE,
    Cell,
    cell_text,
    code_text,
    has_lost_digits,
    identity_text,
    serial_moment,
)
from tthc.sources.conventions import DAYS, QUANTITIES, Conventions, are_plain_days
from tthc.sources.header_search import Headers
from tthc.sources.streams import Column, Stream
from tthc.vietnamese.names import header_key

_CARDS = ("cccd", "can cuoc", "dinh danh")


@dataclass(frozen=True)
class ReadColumn:
    """One column of a table: its place (from 0), and what it holds.

    ``kind`` is the declared type that says how cells are written; ``is_identity`` a citizen's number, ``is_vital`` a
    key, a code or an identity, whose digits must be whole.
    """

    header: str
    at: int
    kind: str
    is_identity: bool
    is_vital: bool


def read_columns(stream: Stream, headers: Headers) -> list[ReadColumn]:
    """Return the declared columns of a table in the order of its headers."""
    declared: dict[str, list[Column]] = {}
    for column in stream.staged_columns:
        declared.setdefault(column.header, []).append(column)
    found = []
    for header, at in headers.columns.items():
        columns = declared[header]
        kinds = {column.type for column in columns}
        is_card = any(word in (header_key(header) or "") for word in _CARDS)
        # One cell may be read twice, as a text and as a key: what is typed says how it is written.
        kind = next((kind for kind in kinds if kind in DAYS | QUANTITIES | {"procedure"}), "text")
        is_vital = kind in ("text", "procedure") and any(
            column.name in stream.key or column.personal == "hash" or column.type == "procedure"
            for column in columns
        )
        found.append(ReadColumn(header, at, kind, is_card, is_vital))
    return found


def _reader_of(column: ReadColumn, conventions: Conventions, is_1904: bool) -> Callable[[Cell], str | None]:
    """Return what makes of a cell the text that the readers of every stream know; None when its digits are lost."""
    kind = column.kind
    if kind in DAYS:

        def read(cell: Cell) -> str | None:
            moment = serial_moment(cell, is_1904=is_1904) if isinstance(cell, float) else None
            return moment or cell_text(conventions.value(cell, kind))

    elif kind in QUANTITIES:

        def read(cell: Cell) -> str | None:
            return cell_text(conventions.value(cell, kind))

    elif kind == "procedure" or column.is_identity or column.is_vital:
        number_text = {"procedure": code_text}.get(kind, identity_text if column.is_identity else cell_text)

        def read(cell: Cell) -> str | None:
            if column.is_vital and has_lost_digits(cell):
                return None
            return number_text(cell) if isinstance(cell, float) else cell_text(cell)

    else:
        return cell_text
    return read


def column_reader(
    column: ReadColumn, conventions: Conventions, is_1904: bool
) -> Callable[[Sequence[Cell]], list[str | None]]:
    """Return what makes texts of many cells of a column at once, as those of one are made."""
    read = _reader_of(column, conventions, is_1904)
    is_as_written = column.kind in DAYS and not conventions.month_first
    is_text = column.kind not in DAYS | QUANTITIES
    may_lose_digits = column.is_vital

    def read_all(cells: Sequence[Cell]) -> list[str | None]:
        # Zero and False are no empty cells.
        if is_as_written and are_plain_days([cell for cell in cells if cell not in (None, "")]):
            return [cell or None for cell in cells]
        if is_text:
            try:
                text = "\n".join(["" if cell is None else cell for cell in cells])
            except TypeError:
                # A number, a day, a truth value.
                return [read(cell) for cell in cells]
            if (text.isascii() or unicodedata.is_normalized("NFC", text)) and not (
                may_lose_digits and "+" in text
            ):
                return [cell.strip(WHITE) or None if cell else None for cell in cells]
        return [read(cell) for cell in cells]

    return read_all
