"""Reads one file for one stream, or says what a file is: everything that touches the bytes a stranger sent.

It runs in the process that ``reader_process`` starts; what leaves that process is here: declared columns, notes
without values, refusals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import msgspec

from tthc.errors import UsageError
from tthc.sources import secrecy
from tthc.sources.cell_values import Cell, column_letter, has_lost_digits
from tthc.sources.column_cells import ReadColumn, column_reader, read_columns
from tthc.sources.conventions import DAYS, QUANTITIES, Conventions, Evidence, decide
from tthc.sources.delimited import NOT_UNICODE
from tthc.sources.header_search import Headers, Wanted, incomplete, quoted
from tthc.sources.own_totals import Listener, Said
from tthc.sources.streams import Stream
from tthc.sources.table_rows import Tally, data_rows, first_headers
from tthc.sources.workbooks import Book, Sheet
from tthc.vietnamese.old_alphabets import DECODERS, TITLES, Sample

_LOST_SHOWN, _HIDDEN_SHOWN, _SAMPLED_HEADERS = 5, 20, 12
_BLOCK_ROWS = 500
_KINDS = {
    "total": "dòng tổng", "part": "dòng “trong đó”", "group": "dòng tên nhóm", "example": "dòng ví dụ",
    "signature": "dòng ký tên", "column numbers": "dòng đánh số cột", "header again": "dòng tiêu đề lặp lại",
    "other table": "dòng ngoài bảng", "blank": "dòng không có ô nào của luồng",
}  # fmt: skip


Read = Callable[[Sequence[Cell]], list[str | None]]


class FoundTable(msgspec.Struct, frozen=True):
    """One table of a stream: its sheet, the last row of its headers (from 1), the letter of each header's column."""

    sheet: str
    header_row: int
    columns: dict[str, str]


class Examination(msgspec.Struct, frozen=True):
    """What a file is, without a value of it.

    ``stream`` is None when the file is like none; ``secret`` is the mark of a secret file, of which nothing else
    is said. ``row_count`` counts rows of data; ``unknown`` are header texts that no declaration names; ``notes``
    are Vietnamese sentences for whoever loads the file; ``said`` is what it says of itself.
    """

    stream: str | None = None
    secret: str | None = None
    row_count: int = 0
    tables: tuple[FoundTable, ...] = ()
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    said: Said = Said()


class Batch(msgspec.Struct, frozen=True):
    """Some rows of one table: their numbers from 1, and for each of the table's columns in order their values."""

    table: FoundTable
    numbers: list[int]
    columns: list[list[str | None]]


def examine(
    book: Book, streams: Sequence[Stream], absent: dict[str, frozenset[str]] | None = None
) -> Examination:
    """Say what a file is; raise UsageError for one that is nearly a stream, or that a person must decide about."""
    sample = Sample()
    if mark := secrecy.mark_in(book, sample.add):
        return Examination(secret=mark)
    wanted = [Wanted(s, (absent or {}).get(s.stream, frozenset())) for s in streams if s.kind == "file"]
    _refuse_old_alphabet(book, sample, wanted)
    chosen = _recognised(book, wanted)
    if chosen is None:
        return Examination()
    conventions, tally, tables, told = _survey(book, chosen, _other_keys(wanted, chosen))
    book.conventions[chosen.stream.stream] = conventions
    lost = tally.pop("lost", 0)
    if lost:
        told.append(
            f"{lost} ô mã đã bị Excel đổi thành số và mất chữ số ({', '.join(tally.places)}): "
            "các ô ấy được để trống, hãy định dạng cột là Văn bản và nhập lại."
        )
    unknown = {label: None for headers in tables for label in headers.unknown.values()}
    return Examination(
        stream=chosen.stream.stream,
        row_count=tally.pop("data", 0),
        tables=tuple(_found(headers) for headers in tables),
        unknown=tuple(unknown),
        notes=(*_notes_on_sheets(book, tables), *_notes_on_rows(tally), *told),
        said=tally.listener.said if tally.listener else Said(),
    )


def batches(
    book: Book, stream: Stream, others: Sequence[Stream], absent: frozenset[str], size: int
) -> Iterator[Batch]:
    """Yield the rows of every visible sheet with the stream's headers, in order.

    Raises UsageError when a sheet lacks a header or no sheet has them, or the file must be asked about.
    """
    if book.is_one_byte and book.choices.alphabet is None:
        raise UsageError(NOT_UNICODE)
    wanted = Wanted(stream, absent)
    foreign = _other_keys([Wanted(other) for other in others if other.kind == "file"], wanted)
    if (conventions := book.conventions.get(stream.stream)) is None:
        conventions, *_ = _survey(book, wanted, foreign)
    found = False
    for sheet in _visible(book):
        table, numbers, rows = None, [], []
        readers: list[tuple[int, Read]] = []
        headers_before = None
        for headers, number, cells in data_rows(sheet, wanted, foreign, Tally()):
            if headers is not headers_before:
                if numbers:
                    yield _batch(table, numbers, rows, readers)
                    numbers, rows = [], []
                headers_before, table = headers, _found(headers)
                readers = [
                    (column.at, column_reader(column, conventions, book.is_1904))
                    for column in read_columns(stream, headers)
                ]
            numbers.append(number)
            rows.append(cells)
            if len(numbers) == size:
                yield _batch(table, numbers, rows, readers)
                numbers, rows = [], []
        if numbers:
            yield _batch(table, numbers, rows, readers)
        found = found or table is not None
    if not found:
        _refuse_without_headers(book, wanted)


def _batch(
    table: FoundTable, numbers: list[int], rows: list[list[Cell]], readers: list[tuple[int, Read]]
) -> Batch:
    columns = columns_of(rows, max(at for at, _ in readers) + 1)
    return Batch(table, numbers, [read(columns[at]) for at, read in readers])


def tables_of(
    book: Book, stream: Stream, others: Sequence[Stream], absent: frozenset[str]
) -> list[FoundTable]:
    """Return every table of the stream in the file, in order."""
    wanted = Wanted(stream, absent)
    foreign = _other_keys([Wanted(other) for other in others if other.kind == "file"], wanted)
    *_, tables, _ = _survey(book, wanted, foreign)
    return [_found(headers) for headers in tables]


def _recognised(book: Book, wanted: list[Wanted]) -> Wanted | None:
    found: dict[str, tuple[Wanted, Headers]] = {}
    for sheet in _visible(book):
        heads = first_headers(sheet, wanted)
        for each in wanted:
            headers, known = heads.get(each.stream.stream), found.get(each.stream.stream)
            if headers and (known is None or headers.rank > known[1].rank):
                found[each.stream.stream] = (each, headers)
    whole = [(len(headers.columns), each) for each, headers in found.values() if not headers.missing_required]
    if whole:
        most = max(count for count, _ in whole)
        chosen = [each for count, each in whole if count == most]
        if len(chosen) > 1:
            names = ", ".join(each.stream.stream for each in chosen)
            raise UsageError(f"Tệp khớp như nhau với nhiều luồng: {names}. Hãy sửa tiêu đề cột cho rõ.")
        return chosen[0]
    near = [(len(headers.columns), each, headers) for each, headers in found.values() if headers.is_close]
    if near:
        _, each, headers = max(near, key=lambda item: item[0])
        raise incomplete(each.stream, headers)
    return None


def _survey(
    book: Book, wanted: Wanted, foreign: frozenset[str]
) -> tuple[Conventions, Tally, list[Headers], list[str]]:
    """Read everything once: what the file proves about its dates and numbers, what its rows are, its tables."""
    evidence, tally, tables = Evidence(), Tally(Listener(wanted.stream)), []
    for sheet in _visible(book):
        block = _Block(sheet, [], evidence, tally)
        for headers, number, cells in data_rows(sheet, wanted, foreign, tally):
            if not tables or tables[-1] is not headers:
                block.flush()
                tables.append(headers)
                block = _Block(sheet, read_columns(wanted.stream, headers), evidence, tally)
            block.add(number, cells)
        block.flush()
    if not tables:
        _refuse_without_headers(book, wanted)
    conventions, told = decide(evidence, book.choices)
    return conventions, tally, tables, told


class _Block:
    """Some rows of one table on their way into the evidence, heard column by column where they are plain."""

    def __init__(self, sheet: Sheet, columns: list[ReadColumn], evidence: Evidence, tally: Tally) -> None:
        self._sheet, self._tally = sheet, tally
        typed = [column for column in columns if column.kind in DAYS or column.kind in QUANTITIES]
        self._hearers = [
            (c.at, evidence.hearer(c.kind, c.header, partial(_address, sheet, c.at))) for c in typed
        ]
        self._vital = [column.at for column in columns if column.is_vital]
        self._reach = max((column.at for column in columns), default=0) + 1
        self._numbers: list[int] = []
        self._rows: list[list[Cell]] = []

    def add(self, number: int, cells: list[Cell]) -> None:
        self._numbers.append(number)
        self._rows.append(cells)
        if len(self._rows) == _BLOCK_ROWS:
            self.flush()

    def flush(self) -> None:
        if not self._rows:
            return
        self._tally["data"] += len(self._rows)
        columns = columns_of(self._rows, self._reach)
        counted = [hearer.counted(columns[at]) for at, hearer in self._hearers]
        if None in counted:
            self._hear_cells(columns)
        else:
            for (_, hearer), found in zip(self._hearers, counted, strict=True):
                hearer.add(found)
        lost = [
            (number, at)
            for at in self._vital
            for number, cell in zip(self._numbers, columns[at], strict=True)
            if (type(cell) is not str or "+" in cell) and has_lost_digits(cell)
        ]
        self._tally["lost"] += len(lost)
        for number, at in sorted(lost)[: _LOST_SHOWN - len(self._tally.places)]:
            self._tally.places.append(_address(self._sheet, at, number))
        self._numbers, self._rows = [], []

    def _hear_cells(self, columns: list[tuple[Cell, ...]]) -> None:
        """Hear row by row, so that the cells that are told of are the first of the file."""
        for place, number in enumerate(self._numbers):
            for at, hearer in self._hearers:
                if cell := columns[at][place]:
                    hearer.hear(cell, number)


def columns_of(rows: Sequence[list[Cell]], reach: int) -> list[tuple[Cell, ...]]:
    """Return the cells of the first ``reach`` columns (at least) of some rows, as long as the rows are many."""
    filled = (row if len(row) >= reach else row + [None] * (reach - len(row)) for row in rows)
    return list(zip(*filled, strict=False))


def _refuse_old_alphabet(book: Book, sample: Sample, wanted: list[Wanted]) -> None:
    """Ask about a file whose letters are of an alphabet from before Unicode; show how its headers would read."""
    if book.choices.alphabet is not None:
        return
    suspected = sample.suspected()
    if not suspected:
        if book.is_one_byte:
            raise UsageError(NOT_UNICODE)
        return
    # Several alphabets may make words of a few signs; that of the headers is the one.
    readings = {alphabet: _decoded_headers(book, wanted, alphabet) for alphabet in suspected}
    alphabet = max(suspected, key=lambda each: readings[each].rank if readings[each] else (-99,))
    headers = readings[alphabet]
    shown = quoted(list(headers.labels.values())[:_SAMPLED_HEADERS]) if headers else ""
    reads = f" Đọc theo bảng mã ấy, các tiêu đề là: {shown}." if shown else ""
    raise UsageError(
        f"Chữ trong tệp có vẻ viết bằng {TITLES[alphabet]}, không phải Unicode.{reads} Nếu đúng, nạp lại với "
        f"“--encoding {alphabet}”; nếu tệp thật là Unicode, nạp lại với “--encoding unicode”."
    )


def _decoded_headers(book: Book, wanted: list[Wanted], alphabet: str) -> Headers | None:
    """Return the rows that are most like the headers of a stream when decoded; never a row of data."""
    decode, best = DECODERS[alphabet], None
    for sheet in _visible(book):

        def rows(sheet: Sheet = sheet) -> Iterator[list[Cell]]:
            return ([decode(c) if isinstance(c, str) else c for c in cells] for cells in sheet.rows())

        for headers in first_headers(replace(sheet, rows=rows), wanted).values():
            if headers.is_close and (best is None or headers.rank > best.rank):
                best = headers
    return best


def _refuse_without_headers(book: Book, wanted: Wanted) -> None:
    found = [h for sheet in _visible(book) for h in first_headers(sheet, [wanted]).values()]
    if not found:
        if any(first_headers(sheet, [wanted]) for sheet in book.sheets if sheet.is_hidden):
            raise UsageError("Tệp chỉ có trang tính ẩn: hãy bỏ ẩn trang cần nạp rồi lưu lại.")
        raise UsageError("Tệp không có ô nào.")
    best = max(found, key=lambda headers: headers.rank)
    if not best.is_whole:
        raise incomplete(wanted.stream, best)


def _other_keys(wanted: list[Wanted], mine: Wanted) -> frozenset[str]:
    return frozenset().union(*(each.keys for each in wanted if each.stream.stream != mine.stream.stream))


def _visible(book: Book) -> list[Sheet]:
    return [sheet for sheet in book.sheets if not sheet.is_hidden]


def _found(headers: Headers) -> FoundTable:
    letters = {header: column_letter(at) for header, at in headers.columns.items()}
    return FoundTable(headers.sheet, headers.last + 1, letters)


def _address(sheet: Sheet, at: int, number: int) -> str:
    return f"{sheet.name}!{column_letter(at)}{number}" if sheet.name else f"{column_letter(at)}{number}"


def _notes_on_sheets(book: Book, tables: list[Headers]) -> list[str]:
    notes = []
    if hidden := [sheet.name for sheet in book.sheets if sheet.is_hidden]:
        notes.append(f"Trang tính ẩn không được đọc: {quoted(hidden)}.")
    read = {headers.sheet for headers in tables}
    for sheet in book.sheets:
        if sheet.name in read and sheet.hidden_rows:
            shown = ", ".join(map(str, sheet.hidden_rows[:_HIDDEN_SHOWN]))
            more = "…" if len(sheet.hidden_rows) > _HIDDEN_SHOWN else ""
            notes.append(
                f"Trang “{sheet.name}” có {len(sheet.hidden_rows)} dòng ẩn, vẫn được đọc: {shown}{more}."
            )
    return notes


def _notes_on_rows(tally: Counter[str]) -> list[str]:
    told = [f"{count} {_KINDS[kind]}" for kind, count in tally.items() if kind in _KINDS and kind != "blank"]
    return [f"Không phải dữ liệu: {', '.join(told)}."] if told else []
