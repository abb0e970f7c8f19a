"""Finds where a table begins: the rows of its headers, and which column each declared header names.

Headers are compared without accents, case, stars and line breaks. They may stand in up to eight rows with merged
cells: a column is then known by its whole path (“Đã giải quyết > Quá hạn”) or, when only one has it, by the end of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from tthc.errors import UsageError
from tthc.sources.cell_values import Cell, cell_text
from tthc.sources.streams import Stream
from tthc.sources.workbooks import Merge
from tthc.vietnamese.names import header_key

HEADER_WITHIN, MOST_HEADER_ROWS = 40, 8
_MOST_COLUMNS, _LONGEST_HEADER, _MOST_MERGES = 400, 300, 1_000
#: Columns that every table may have and no stream needs.
SERIAL_KEYS = frozenset({"stt", "tt", "so tt", "so thu tu", "s t t"})


@dataclass(frozen=True)
class Labelled:
    """Some rows read as headers: the path of each column."""

    first: int
    last: int
    paths: dict[int, tuple[str, ...]]

    @cached_property
    def by_path(self) -> dict[str, list[int]]:
        """Columns by the key of their whole path."""
        return _index((at, path) for at, path in self.paths.items())

    @cached_property
    def by_ending(self) -> dict[str, list[int]]:
        """Columns by the key of each ending of their path."""
        return _index((at, path[cut:]) for at, path in self.paths.items() for cut in range(1, len(path)))

    @cached_property
    def keys(self) -> frozenset[str]:
        """Everything that a header may match."""
        return frozenset(self.by_path) | frozenset(self.by_ending)


@dataclass(frozen=True)
class Headers:
    """Rows that look like the headers of a stream, and the column (from 0) of each declared header among them."""

    sheet: str
    rows: Labelled
    columns: dict[str, int]
    missing: tuple[str, ...]
    missing_required: tuple[str, ...]
    repeated: tuple[str, ...]
    #: How many headers stand there with their whole path.
    exact: int
    #: Keys of headers that the stream knows and does not load.
    not_loaded: frozenset[str | None]

    @property
    def first(self) -> int:
        """The first row of the headers, counted from 0."""
        return self.rows.first

    @property
    def last(self) -> int:
        """The last row of the headers, counted from 0."""
        return self.rows.last

    @property
    def labels(self) -> dict[int, str]:
        """The path of each column as people read it."""
        return {at: " > ".join(path) for at, path in self.rows.paths.items()}

    @property
    def unknown(self) -> dict[int, str]:
        """The labels that no declaration names, by column."""
        known = set(self.columns.values())
        return {
            at: " > ".join(path)
            for at, path in self.rows.paths.items()
            if at not in known and not self.not_loaded & {_key(path[cut:]) for cut in range(len(path))}
        }

    @property
    def is_whole(self) -> bool:
        """Every header is there, once."""
        return not self.missing and not self.repeated and bool(self.columns)

    @property
    def is_close(self) -> bool:
        """At least half of the headers are there, and more than one."""
        return len(self.columns) >= max(2, len(self.missing))

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Better headers are greater: nothing required missing, more columns, whole paths, fewer rows."""
        return (-len(self.missing_required), len(self.columns), self.exact, self.first - self.last)


class Wanted:
    """What a stream's headers may be called: made once, matched against many rows."""

    def __init__(self, stream: Stream, absent: frozenset[str] = frozenset()) -> None:
        self.stream = stream
        self.names: dict[str, set[str]] = {}
        for column in stream.staged_columns:
            keys = {header_key(name) for name in (column.header, *column.also)} - {None}
            self.names.setdefault(column.header, set()).update(keys)
        required = {column.header for column in stream.columns if column.required} & self.names.keys()
        self.required = required or set(self.names)
        #: Declared headers that a person said a file may lack.
        self.absent = absent - self.required
        self.keys = frozenset().union(*self.names.values())
        dropped = {name for c in stream.columns if c.personal == "drop" for name in (c.header, *c.also)}
        self.not_loaded: frozenset[str | None] = SERIAL_KEYS | {header_key(name) for name in dropped}

    def match(self, rows: Labelled, sheet: str) -> Headers:
        """Say which declared headers these rows hold."""
        columns, repeated, exact = {}, [], 0
        for header, keys in self.names.items() if rows.keys & self.keys else ():
            places = [at for key in keys for at in rows.by_path.get(key, ())]
            exact += bool(places)
            places = places or [at for key in keys for at in rows.by_ending.get(key, ())]
            if places:
                columns[header] = min(places)
            if len(set(places)) > 1:
                repeated.append(header)
        missing = [header for header in self.names if header not in columns and header not in self.absent]
        return Headers(
            sheet=sheet,
            rows=rows,
            columns=columns,
            missing=tuple(missing),
            missing_required=tuple(header for header in missing if header in self.required),
            repeated=tuple(repeated),
            exact=exact,
            not_loaded=self.not_loaded,
        )


def search(
    rows: Sequence[Sequence[Cell]], merges: Sequence[Merge], first_row: int, *, starts: int
) -> Iterator[Labelled]:
    """Yield every way to read up to eight of these rows as headers, beginning at one of the first ``starts``.

    ``first_row`` is the number (from 0) of the first of ``rows`` in its sheet, in which the merges are counted.
    """
    texts = [_header_texts(row) for row in rows]
    last = first_row + len(rows)
    merges = [merge for merge in merges if first_row <= merge[0][0] < last][:_MOST_MERGES]
    for start in range(min(starts, len(rows))):
        if texts[start] is None or not any(texts[start]):
            continue
        for span in range(1, MOST_HEADER_ROWS + 1):
            if start + span > len(rows) or texts[start + span - 1] is None:
                break
            if span > 1 and not any(texts[start + span - 1]):
                break
            block = texts[start : start + span]
            yield Labelled(
                first_row + start, first_row + start + span - 1, _paths(block, merges, first_row + start)
            )


def best(found: Iterable[Headers]) -> Headers | None:
    """Return the headers of highest rank, the first of equals."""
    return max(found, key=lambda headers: headers.rank, default=None)


def incomplete(stream: Stream, headers: Headers) -> UsageError:
    """Return the error that says what these headers lack, and what to do."""
    where = f"Trang tính “{headers.sheet}”" if headers.sheet else "Tệp"
    if headers.missing:
        problem = f"thiếu cột {quoted(headers.missing)}"
    else:
        problem = f"có hai cột cùng tên {quoted(headers.repeated)}"
    # A row that matches nothing may be data, and data may name people.
    seen = ""
    if headers.is_close:
        seen = f"; các tiêu đề thấy ở dòng {headers.last + 1}: {quoted(headers.labels.values())}"
    return UsageError(
        f"{where} {problem} của luồng {stream.stream} ({stream.title}){seen}. "
        f"Hãy sửa tiêu đề trong tệp, hoặc xem đề nghị ghép cột bằng “tthc sources map TỆP” "
        f"rồi ghi cách viết được chấp nhận vào sources/headers/{stream.stream}.yaml."
    )


def quoted(names: Iterable[str]) -> str:
    """Return headers between quotation marks, each cut to 60 signs, 40 at most."""
    return ", ".join(f"“{' '.join(name.split())[:60]}”" for name in list(names)[:40])


def _header_texts(row: Sequence[Cell]) -> list[str | None] | None:
    """Return the texts of a row that can be of headers, None when a cell shows that it is data.

    A year is a header too; a date, a truth value and any other number are data.
    """
    texts: list[str | None] = []
    for cell in row[:_MOST_COLUMNS]:
        if isinstance(cell, str):
            text = cell_text(cell)
            texts.append(text if text is None or len(text) <= _LONGEST_HEADER else text[:_LONGEST_HEADER])
        elif cell is None or (isinstance(cell, float) and cell.is_integer() and 1990 <= cell <= 2100):
            texts.append(cell_text(cell))
        else:
            return None
    return texts


def _paths(
    block: list[list[str | None]], merges: Sequence[Merge], first_row: int
) -> dict[int, tuple[str, ...]]:
    width = max(map(len, block))
    grid = [row + [None] * (width - len(row)) for row in block]
    if len(grid) == 1:
        return {at: (text,) for at, text in enumerate(grid[0]) if text}
    own = [[text is not None for text in row] for row in grid]
    for (top, left), (bottom, right) in merges:
        level = top - first_row
        if 0 <= level < len(grid) and left < width and grid[level][left]:
            for below in range(level, min(bottom - first_row, len(grid) - 1) + 1):
                for at in range(left, min(right, width - 1) + 1):
                    grid[below][at] = grid[level][left]
                    own[below][at] = True
    for level in range(len(grid) - 1):
        for at in range(1, width):
            # What is not merged takes the label to its left, unless its own label stands above it or none below.
            if (
                grid[level][at] is None
                and not any(own[above][at] for above in range(level))
                and any(own[below][at] for below in range(level + 1, len(grid)))
                and all(grid[above][at] == grid[above][at - 1] for above in range(level))
            ):
                grid[level][at] = grid[level][at - 1]
    paths = {}
    for at in range(width):
        path: list[str] = []
        for row in grid:
            if row[at] and (not path or header_key(row[at]) != header_key(path[-1])):
                path.append(row[at])
        if path:
            paths[at] = tuple(path)
    return paths


def _index(paths: Iterable[tuple[int, tuple[str, ...]]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for at, path in paths:
        key = _key(path)
        if key and at not in found.setdefault(key, []):
            found[key].append(at)
    return found


def _key(path: tuple[str, ...]) -> str | None:
    return header_key(" ".join(path))
