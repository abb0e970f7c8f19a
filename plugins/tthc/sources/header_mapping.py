"""Proposes which declared column an unknown header is, for a person to accept; nothing is loaded by it.

A preview shows a few values, and only of columns whose data may be shown to anyone.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice

import msgspec

from tthc.errors import UsageError
from tthc.sources import secrecy
from tthc.sources.cell_values import Cell, cell_text, column_letter
from tthc.sources.header_search import (
    HEADER_WITHIN,
    MOST_HEADER_ROWS,
    SERIAL_KEYS,
    Headers,
    Labelled,
    Wanted,
    search,
)
from tthc.sources.streams import Stream
from tthc.sources.workbooks import Book, Sheet
from tthc.vietnamese.names import header_key

#: Two headers less alike than this are not proposed as one; what is left over after that is given a second chance.
LIKE, LEFT_OVER = 0.55, 0.35
_PREVIEWED, _LONGEST, _LONGEST_LABEL, _COMPARED = 3, 40, 80, 8
_PERSONAL = (
    "ho ten", "ho va ten", "chu ho so", "nguoi nop", "cccd", "cmnd", "can cuoc", "dinh danh", "dien thoai", "sdt",
    "dia chi", "email", "thu dien tu", "ngay sinh", "nguoi yeu cau", "cong dan", "to chuc", "noi dung", "ghi chu",
)  # fmt: skip


class ColumnProposal(msgspec.Struct, frozen=True):
    """One header of the file: the declared column it names (``is_known``) or may name, and how alike they are.

    ``column`` is None when nothing is like it. ``preview`` holds up to three values, None when they may not be shown.
    """

    header: str
    letter: str
    column: str | None
    declared: str | None
    is_known: bool
    likeness: float
    preview: list[str] | None


class Proposal(msgspec.Struct, frozen=True):
    """What one file may be: stream, place of its headers, and the declared headers it lacks."""

    stream: str | None = None
    secret: str | None = None
    sheet: str = ""
    header_row: int = 0
    columns: tuple[ColumnProposal, ...] = ()
    missing: tuple[str, ...] = ()


def propose(
    book: Book, streams: Sequence[Stream], absent: dict[str, frozenset[str]], stream: str | None
) -> Proposal:
    """Return the best reading of a file's headers, as ``stream`` when one is named.

    Raises UsageError when no row of the file looks like headers of any stream.
    """
    if mark := secrecy.mark_in(book):
        return Proposal(secret=mark)
    wanted = [
        Wanted(each, absent.get(each.stream, frozenset()))
        for each in streams
        if each.kind == "file" and stream in (None, each.stream)
    ]
    known = frozenset(SERIAL_KEYS).union(*(each.keys for each in wanted))
    best: tuple[float, Wanted, Sheet, Labelled, dict[int, tuple[str, float]]] | None = None
    for sheet in book.sheets:
        if sheet.is_hidden:
            continue
        top = list(islice(sheet.rows(), HEADER_WITHIN + MOST_HEADER_ROWS))
        for rows in _plausible(top, sheet, known):
            for each in wanted:
                pairs = _pairs(rows, each)
                # Two thirds of likeness of the stream's headers, one third of the file's own.
                score = 2 * sum(like for _, like in pairs.values()) / len(each.names)
                score += len(pairs) / max(len(rows.paths), 1) - 0.01 * (rows.last - rows.first)
                if len(pairs) >= 2 and (best is None or score > best[0]):
                    best = (score, each, sheet, rows, pairs)
    if best is None:
        raise UsageError(
            "Không thấy dòng nào trong tệp giống tiêu đề của một luồng. Nêu luồng bằng --stream, hoặc kiểm tra tệp."
        )
    _, each, sheet, rows, pairs = best
    return _proposal(each, sheet, rows, pairs)


def _plausible(top: list[list[Cell]], sheet: Sheet, known: frozenset[str | None]) -> list[Labelled]:
    """Return the few ways to read headers that are worth comparing letter by letter."""
    ways = [way for way in search(top, sheet.merges, 0, starts=HEADER_WITHIN) if len(way.paths) >= 2]

    def promise(way: Labelled) -> tuple[int, int, int, int]:
        labels = [label for path in way.paths.values() for label in path]
        is_short = all(len(label) <= _LONGEST_LABEL for label in labels)
        return len(way.keys & known), is_short, len(way.paths), -way.first - (way.last - way.first)

    return sorted(ways, key=promise, reverse=True)[:_COMPARED]


def _pairs(rows: Labelled, wanted: Wanted) -> dict[int, tuple[str, float]]:
    """Pair columns of the file with declared headers, the surest first: column → (declared header, likeness)."""
    known = wanted.match(rows, "")
    pairs = {at: (header, 1.0) for header, at in known.columns.items() if header not in known.repeated}
    free = [header for header in wanted.names if header not in {header for header, _ in pairs.values()}]
    for least in (LIKE, LEFT_OVER):
        likely = sorted(
            (
                (like, at, header)
                for at in known.unknown
                for header in free
                if at not in pairs and (like := _likeness(rows.paths[at], wanted.names[header])) >= least
            ),
            key=lambda found: (-found[0], found[1]),
        )
        for like, at, header in likely:
            if at not in pairs and header in free:
                pairs[at] = (header, like)
                free.remove(header)
    return pairs


def _likeness(path: tuple[str, ...], names: set[str]) -> float:
    keys = {header_key(" ".join(path)), header_key(path[-1])} - {None}
    return max((_alike(key, name) for key in keys for name in names), default=0.0)


@lru_cache(maxsize=65_536)
def _alike(one: str, other: str) -> float:
    """Return how alike two header keys are, from 0 to 1: letters in order, and words in common."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    mine, theirs = set(one.split()), set(other.split())
    if not mine & theirs and matcher.quick_ratio() < LIKE:
        return 0.0
    letters = matcher.ratio()
    words = len(mine & theirs) / max(len(mine | theirs), 1)
    inside = len(mine & theirs) / min(len(mine), len(theirs))
    return max((letters + words) / 2, letters, 0.9 * inside if min(len(mine), len(theirs)) > 1 else 0.0)


def _proposal(wanted: Wanted, sheet: Sheet, rows: Labelled, pairs: dict[int, tuple[str, float]]) -> Proposal:
    declared = {column.header: column for column in reversed(wanted.stream.staged_columns)}
    known: Headers = wanted.match(rows, sheet.name)
    columns = []
    for at, label in known.labels.items():
        header, like = pairs.get(at, (None, 0.0))
        if header is None and at not in known.unknown:
            continue
        column = declared.get(header)
        may_be_shown = (
            column is not None and column.personal == "keep" and not _is_personal(label, wanted, header)
        )
        columns.append(
            ColumnProposal(
                header=label,
                letter=column_letter(at),
                column=column.name if column else None,
                declared=header,
                is_known=like == 1.0 and header in known.columns,
                likeness=round(like, 2),
                preview=_preview(sheet, rows.last, at) if may_be_shown else None,
            )
        )
    paired = {header for header, _ in pairs.values()}
    return Proposal(
        stream=wanted.stream.stream,
        sheet=sheet.name,
        header_row=rows.last + 1,
        columns=tuple(columns),
        missing=tuple(h for h in wanted.names if h not in paired and h not in wanted.absent),
    )


def _is_personal(label: str, wanted: Wanted, header: str | None) -> bool:
    """Say whether a header speaks of people, in the file's words or in those of the declaration."""
    hidden = {c.header for c in wanted.stream.columns if c.personal != "keep"}
    keys = {header_key(label) or "", header_key(header) or ""}
    return header in hidden or any(word in key for word in _PERSONAL for key in keys)


def _preview(sheet: Sheet, last: int, at: int) -> list[str]:
    found: dict[str, None] = {}
    for cells in islice(sheet.rows(), last + 1, last + 200):
        text = cell_text(cells[at]) if at < len(cells) else None
        if text and not (text.startswith("(") and len(text) < 6):
            found[" ".join(text.split())[:_LONGEST]] = None
        if len(found) == _PREVIEWED:
            break
    return list(found)
