"""Reads the files that people keep: xlsx, xls, csv and the HTML tables that one-stop systems save as ``.xls``.

A file is known by its headers, never by its name. It is opened in a process of its own, under limits; what a
person accepted about headers (``accepted_headers``) and about one content (``with_choices``) is applied here, so
that a file is read the same today, in another task, and at any replay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import msgspec

from tthc.errors import UsageError
from tthc.sources import reader_process, streams
from tthc.sources.accepted_headers import with_accepted
from tthc.sources.contents import Content, content_of, packed
from tthc.sources.header_mapping import Proposal
from tthc.sources.reader_child import Request
from tthc.sources.reading import Batch, Examination, FoundTable
from tthc.sources.secrecy import SecretFile
from tthc.sources.streams import Stream
from tthc.sources.workbooks import Choices

__all__ = [
    "Choices", "Examination", "FileRow", "FoundTable", "Proposal", "SecretFile", "cell_of", "examine",
    "found_tables", "original_bytes", "propose", "recognise", "rows", "with_choices",
]  # fmt: skip

_MAGIC, _LONGEST_HEAD = b"TTHC-CHOICES ", 4096
_ADDRESS = re.compile(r"(?P<sheet>.*)!(?P<row>\d+)", re.DOTALL)


@dataclass(frozen=True)
class FileRow:
    """One row: where it stands in the file, and the text of each declared header's cell (None when blank).

    ``columns`` gives the letter of the column in which each header's cell stands.
    """

    sheet: str
    row: int
    values: dict[str, str | None]
    columns: dict[str, str] = field(default_factory=dict, compare=False)


def examine(
    source: bytes | Path | Content, known: Iterable[Stream], choices: Choices | None = None
) -> Examination:
    """Say what a file is: stream, tables, count of rows, notes; never a value.

    Raises SecretFile for one with a mark of secrecy, and UsageError for one that is nearly a stream, cannot be
    read safely, or that a person must decide about (the message names the option).
    """
    (found,) = _ask("examine", source, list(known), None, Examination, choices)
    if found.secret:
        raise SecretFile(found.secret)
    return found


def recognise(source: bytes | Path | Content, known: Iterable[Stream]) -> Stream | None:
    """Return the file stream whose required headers one sheet has, None when the file is like none of them.

    Raises as :func:`examine` does.
    """
    given = list(known)
    name = examine(source, given).stream
    return next((stream for stream in given if stream.stream == name), None)


def rows(source: bytes | Path | Content, stream: Stream) -> Iterator[FileRow]:
    """Yield the rows of every table with the stream's headers, in order; values are keyed by declared header.

    Raises UsageError, before the first row of a table, when it lacks a header, or when no table has them.
    """
    for batch in _ask("rows", source, _with_others(stream), stream.stream, Batch):
        sheet, columns = batch.table.sheet, batch.table.columns
        headers = list(columns)
        for number, *values in zip(batch.numbers, *batch.columns, strict=True):
            yield FileRow(sheet, number, dict(zip(headers, values, strict=True)), columns)


def found_tables(source: bytes | Path | Content, stream: Stream) -> list[FoundTable]:
    """Return the tables of a stream in a file, in order: sheet, last row of the headers, letters of the columns."""
    (found,) = _ask("tables", source, _with_others(stream), stream.stream, list[FoundTable])
    return found


def cell_of(
    source: bytes | Path | Content | list[FoundTable], stream: Stream, row_address: str, column_name: str
) -> tuple[str, int, str]:
    """Return sheet, row and column letter of the cell from which a column of a staged row was read.

    ``row_address`` is that of staging (``sheet!row``). For many cells of one file, give what :func:`found_tables`
    returned in place of the file. Raises UsageError when the file has no such cell.
    """
    tables = source if isinstance(source, list) else found_tables(source, stream)
    address = _ADDRESS.fullmatch(row_address)
    header = next((column.header for column in stream.columns if column.name == column_name), None)
    if address and header:
        sheet, row = address["sheet"], int(address["row"])
        above = [table for table in tables if table.sheet == sheet and table.header_row < row]
        if above and (letter := above[-1].columns.get(header)):
            return sheet, row, letter
    raise UsageError(f"Tệp không có ô nào ở dòng đã nêu cho cột “{column_name}” của luồng {stream.stream}.")


def propose(
    source: bytes | Path | Content,
    known: Iterable[Stream],
    stream: str | None = None,
    choices: Choices | None = None,
) -> Proposal:
    """Propose which declared column each header of a file is; raises as :func:`examine` does."""
    (found,) = _ask("map", source, list(known), stream, Proposal, choices)
    if found.secret:
        raise SecretFile(found.secret)
    return found


def with_choices(body: bytes | Content, choices: Choices) -> Content:
    """Return what is archived of a file about whose reading a person decided: the decision, then the file.

    So a replay needs nothing but the archive. Without a decision it is the file itself.
    """
    original, _ = _opened(content_of(body))
    if choices == Choices():
        return original
    head = _MAGIC + msgspec.json.encode(choices) + b"\n"
    return packed(chain((head,), original.pieces()), len(head) + original.byte_count)


def original_bytes(body: bytes | Content) -> bytes:
    """Return the file as it was received, without a decision that is archived with it."""
    return _opened(content_of(body))[0].read()


def _opened(content: Content) -> tuple[Content, Choices]:
    if content.beginning(len(_MAGIC)) != _MAGIC:
        return content, Choices()
    head, _, _ = content.beginning(_LONGEST_HEAD).partition(b"\n")
    try:
        return content.without(len(head) + 1), msgspec.json.decode(head[len(_MAGIC) :], type=Choices)
    except (msgspec.ValidationError, msgspec.DecodeError):
        raise UsageError("Quyết định đọc tệp cất cùng tệp trong kho lưu không đọc được.") from None


def _with_others(stream: Stream) -> list[Stream]:
    others = [other for other in streams.streams().values() if other.stream != stream.stream]
    return [stream, *others]


def _ask(
    work: str,
    source: bytes | Path | Content,
    known: list[Stream],
    stream: str | None,
    answer: type,
    choices: Choices | None = None,
) -> Iterator:
    body, chosen = _opened(content_of(source))
    given, absent = [], {}
    for each in known:
        if each.kind == "file":
            accepted, may_lack = with_accepted(each)
            given.append(accepted)
            absent[each.stream] = may_lack
    request = Request(work, 0, False, choices or chosen, given, absent, stream)
    yield from reader_process.ask(request, body, answer)
