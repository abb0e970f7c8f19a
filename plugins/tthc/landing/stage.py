"""From the archived bytes of one reading to rows of its staging table: decoded as a stream, copied in binary."""

from __future__ import annotations

import multiprocessing
import os
import re
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

import msgspec
import psycopg
from psycopg import postgres
from psycopg.adapt import Dumper
from psycopg.conninfo import make_conninfo
from psycopg.pq import Format

from tthc import rehearsal, settings
from tthc.errors import TthcError
from tthc.landing import control_totals, key_record, ledger, recognition
from tthc.landing.archive import Archive
from tthc.landing.readers import RecordReader
from tthc.sources import dialects, spreadsheets, streams
from tthc.sources.streams import STAGED_AS, Stream

#: Rows of one reading have numbers below this, so that ``row_uid`` says both.
ROWS_PER_FETCH = 10_000_000
#: Starting a process costs as much as decoding some thousand rows.
_WORTH_PROCESSES, _MOST_PROCESSES = 50_000, 8
_KEYS_TO_SEARCH = 200
_PLAIN_KEY = re.compile(r"[A-Za-z0-9._-]{4,}")


class _ReadyJsonb(Dumper):
    """Passes on a jsonb value that the reader has encoded already."""

    format = Format.BINARY
    oid = postgres.types["jsonb"].oid

    def dump(self, obj: bytes) -> bytes:
        return obj


@dataclass
class Staged:
    """What one staging did: ``read`` rows in all, and how often each undeclared field was met."""

    fetch_id: int
    read: int = 0
    unknown: dict[str, int] = field(default_factory=dict)


def stage(
    connection: psycopg.Connection,
    stream: Stream,
    fetch_id: int,
    *,
    only_rows: Collection[int] | None = None,
    only_keys: Collection[Any] | None = None,
    judged_by: bytes | None = None,
    progress: Callable[[str], None] | None = None,
) -> Staged:
    """Copy the rows of one reading into its staging table, replacing what an earlier try left there.

    ``only_rows`` (row numbers) and ``only_keys`` (texts of the stream's first key column) restrict the rows, for
    rows that are judged again and for keys that are replayed. A large reading is decoded by several processes.
    With ``judged_by`` (what stands for all that rows are judged by) the rows that say nothing new are only noted,
    in ``staging.known_rows``. Raises TthcError when the archive does not hold what the ledger says.
    """
    is_whole = only_rows is None and only_keys is None
    with connection.transaction():
        key_record.check(connection)
        connection.execute(f"DELETE FROM {stream.staging_table} WHERE fetch_id = %s", (fetch_id,))
        connection.execute(
            "DELETE FROM staging.verdicts WHERE stream = %s AND fetch_id = %s", (stream.stream, fetch_id)
        )
        connection.execute("DELETE FROM staging.known_rows WHERE fetch_id = %s", (fetch_id,))
        if is_whole:
            # A new staging must be judged anew.
            connection.execute("DELETE FROM ops.validations WHERE fetch_id = %s", (fetch_id,))
    known = 0
    shares = [None]
    if is_whole and stream.kind == "city":
        shares = _shares(ledger.pages_of(connection, fetch_id))
        if judged_by is not None and recognition.has_marks(connection, stream):
            only_rows = _rows_to_read(connection, stream, fetch_id, shares, judged_by, progress)
            known, _ = recognition.known_count(connection, fetch_id)
            if len(only_rows) < _WORTH_PROCESSES:
                shares = [None]
    work = partial(_copy, stream=stream, fetch_id=fetch_id, only_rows=only_rows, only_keys=only_keys)
    outcome = Staged(fetch_id, known)
    for part in _in_shares(connection, shares, partial(work, judged_by=judged_by, progress=progress)):
        outcome.read += part.read
        for name, count in part.unknown.items():
            outcome.unknown[name] = outcome.unknown.get(name, 0) + count
    with connection.transaction():
        # Without this the planner takes thousands of rows for a few, and joins them one by one.
        joined = ["fetch_id", "row_number", "row_uid", *stream.key]
        connection.execute(f"ANALYZE {stream.staging_table} ({', '.join(joined)})")
        if is_whole and stream.kind == "file":
            # The rows of a file are counted only here.
            _note_rows(connection, fetch_id, outcome.read)
            control_totals.note_counted(connection, stream, fetch_id)
    return outcome


def _copy(
    connection: psycopg.Connection,
    pages: range | None,
    *,
    stream: Stream,
    fetch_id: int,
    only_rows: Collection[int] | None,
    only_keys: Collection[Any] | None,
    judged_by: bytes | None,
    progress: Callable[[str], None] | None,
) -> Staged:
    """Decode and copy the rows of some pages (None: of all) in the caller's transaction."""
    outcome = Staged(fetch_id)
    reader = RecordReader(stream)
    columns = stream.staged_columns
    places = [2 + next(at for at, column in enumerate(columns) if column.name == name) for name in stream.key]
    marker = (
        recognition.Marker(stream, judged_by) if judged_by is not None and stream.kind == "city" else None
    )
    kinds = ["int8", "int4", "int8", "timestamptz", "text", "uuid", "uuid", "uuid", "text[]"]
    kinds += [STAGED_AS[column.type] for column in columns]
    names = ["fetch_id", "row_number", "row_uid", "answered_at", "address", "key_mark", "mark", "row_hash"]
    names += ["unreadable", *(column.name for column in columns)]
    base = fetch_id * ROWS_PER_FETCH
    source = _undecoded(connection, stream, fetch_id, only_rows, only_keys, pages)
    with connection.cursor() as cursor:
        cursor.adapters.register_dumper(bytes, _ReadyJsonb)
        cursor.adapters.register_dumper(None, recognition.ReadyUuid)
        with cursor.copy(
            f"COPY {stream.staging_table} ({', '.join(names)}) FROM STDIN (FORMAT binary)"
        ) as copy:
            copy.set_types(kinds)
            write = copy.write_row
            key_mark = mark = None
            for number, answered_at, address, raw in source:
                outcome.read += 1
                row = reader(_decoded(raw))
                if only_keys is not None and row[places[0]] not in only_keys:
                    continue
                if marker is not None:
                    key = [row[place] for place in places]
                    key_mark, mark = (None, None) if None in key else (marker.key_mark(key), marker.mark(raw))
                write((fetch_id, number, base + number, answered_at, address, key_mark, mark, *row))
                if progress and outcome.read % 20_000 == 0:
                    progress(f"đã đọc {outcome.read:,} dòng".replace(",", "."))
    outcome.unknown = reader.unknown
    return outcome


def _rows_to_read(
    connection: psycopg.Connection,
    stream: Stream,
    fetch_id: int,
    shares: list[range | None],
    judged_by: bytes,
    progress: Callable[[str], None] | None,
) -> set[int]:
    """Note what a reading says again, and return the numbers of its other rows."""
    others = []
    sight = partial(_sight, stream=stream, fetch_id=fetch_id, judged_by=judged_by)
    for part in _in_shares(connection, shares, sight):
        others += part
        if progress and len(shares) > 1:
            progress(f"đã so dấu vân tay, {len(others)} dòng có thể mới")
    with connection.transaction():
        return recognition.rows_to_read(connection, fetch_id, others)


def _sight(
    connection: psycopg.Connection,
    pages: range | None,
    *,
    stream: Stream,
    fetch_id: int,
    judged_by: bytes,
) -> list[tuple[int, bytes | None]]:
    found = _undecoded(connection, stream, fetch_id, None, None, pages)
    return recognition.sort_out(
        connection,
        stream,
        fetch_id,
        recognition.Marker(stream, judged_by),
        ((number, raw) for number, _, _, raw in found),
    )


def _shares(pages: list[ledger.Page]) -> list[range | None]:
    """Split the page numbers of a reading among the processors; one share, of all, when it is not large."""
    rows, workers = sum(page.record_count for page in pages), min(os.cpu_count() or 1, _MOST_PROCESSES)
    if rows < _WORTH_PROCESSES or workers == 1:
        return [None]
    first, last = pages[0].page_number, pages[-1].page_number + 1
    edges = [first + (last - first) * place // workers for place in range(workers + 1)]
    return [range(a, b) for a, b in pairwise(edges)]


def _in_shares(
    connection: psycopg.Connection, shares: list[range | None], work: Callable[..., Any]
) -> Iterator[Any]:
    """Yield what ``work(connection, pages)`` returns for each share, each in a transaction of its own.

    Several shares go to as many processes. What a killed one leaves out is seen by the merge, which counts the rows
    and stages again.
    """
    if len(shares) == 1 or rehearsal.present() is not None:
        # Others see nothing of a transaction that is not committed, so nothing can be done aside.
        for share in shares:
            with connection.transaction():
                yield work(connection, share)
        return
    connection.commit()
    url = make_conninfo(connection.info.dsn, password=connection.info.password)
    with ProcessPoolExecutor(len(shares), mp_context=multiprocessing.get_context("fork")) as pool:
        yield from pool.map(partial(_in_process, url, work), shares)


def _in_process(url: str, work: Callable[..., Any], pages: range | None) -> Any:
    with psycopg.connect(url, application_name="tthc stage") as connection:
        return work(connection, pages)


def _note_rows(connection: psycopg.Connection, fetch_id: int, count: int) -> None:
    connection.execute("UPDATE ops.fetch_pages SET record_count = %s WHERE fetch_id = %s", (count, fetch_id))
    connection.execute(
        "UPDATE ops.fetches SET read_count = %s, announced_count = %s WHERE fetch_id = %s",
        (count, count, fetch_id),
    )


def records(
    connection: psycopg.Connection,
    stream: Stream,
    fetch_id: int,
    *,
    only_rows: Collection[int] | None = None,
    only_keys: Collection[Any] | None = None,
    only_pages: range | None = None,
) -> Iterator[tuple[int, Any, str | None, dict[str, Any]]]:
    """Return ``(row_number, answered_at, address, record)`` of one reading, page by page from the archive.

    ``address`` is the sheet and row in a file, None for an answer of the city system. ``only_rows`` gives those
    rows and opens no other page; ``only_keys`` leaves out pages in which none of the keys is written;
    ``only_pages`` are page numbers.
    """
    found = _undecoded(connection, stream, fetch_id, only_rows, only_keys, only_pages)
    return ((number, answered_at, address, _decoded(raw)) for number, answered_at, address, raw in found)


def _undecoded(
    connection: psycopg.Connection,
    stream: Stream,
    fetch_id: int,
    only_rows: Collection[int] | None,
    only_keys: Collection[Any] | None,
    only_pages: range | None,
) -> Iterator[tuple[int, Any, str | None, msgspec.Raw | dict[str, Any]]]:
    """As :func:`records`, with the records of a city system as they were received."""
    archive = Archive(settings.archive_url())
    split = _splitter(connection, fetch_id) if stream.kind == "city" else None
    pages = [
        p for p in ledger.pages_of(connection, fetch_id) if only_pages is None or p.page_number in only_pages
    ]
    if only_rows is not None and split:
        numbers = sorted(only_rows)
        pages = [
            p
            for p in pages
            if bisect_left(numbers, p.first_row) < bisect_left(numbers, p.first_row + p.record_count)
        ]
    # The connection may be busy with a COPY while the records are taken: it is asked for nothing from here on.
    found = _records_of_pages(archive, pages, stream, split, _searched_for(only_keys) if split else None)
    return found if only_rows is None else (row for row in found if row[0] in only_rows)


def _records_of_pages(
    archive: Archive,
    pages: list[ledger.Page],
    stream: Stream,
    split: Callable[[bytes], list[msgspec.Raw]] | None,
    wanted: re.Pattern[bytes] | None,
) -> Iterator[tuple[int, Any, str | None, msgspec.Raw | dict[str, Any]]]:
    for page in pages:
        number = page.first_row
        if split:
            body = archive.get(page.sha256)
            if wanted and not wanted.search(body):
                continue
            for raw in _split(split, body, page):
                yield number, page.answered_at, None, raw
                number += 1
        else:
            for row in spreadsheets.rows(archive.content(page.sha256), stream):
                yield number, page.answered_at, f"{row.sheet}!{row.row}", row.values
                number += 1


def _split(split: Callable[[bytes], list[msgspec.Raw]], body: bytes, page: ledger.Page) -> list[msgspec.Raw]:
    try:
        return split(body)
    except msgspec.MsgspecError:
        raise TthcError(
            f"Trang {page.page_number} của lần đọc {page.fetch_id} trong kho lưu (sha256:{page.sha256}) không phải là "
            "một trả lời đọc được. Rút lần đọc ấy (tthc unload) rồi đọc lại."
        ) from None


def _searched_for(keys: Collection[Any] | None) -> re.Pattern[bytes] | None:
    """Return what finds one of a few keys in a body, None when there are many or JSON may write one otherwise."""
    if not keys or len(keys) > _KEYS_TO_SEARCH or not all(_PLAIN_KEY.fullmatch(str(key)) for key in keys):
        return None
    return re.compile(b"|".join(re.escape(str(key).encode()) for key in keys))


def _splitter(connection: psycopg.Connection, fetch_id: int) -> Callable[[bytes], list[msgspec.Raw]]:
    # The dialect in which it was answered, whatever is configured today.
    source = ledger.fetch_of(connection, fetch_id).source
    return dialects.record_splitter(source.partition(" ")[0])


def _decoded(raw: msgspec.Raw | dict[str, Any]) -> dict[str, Any]:
    # What is not an object, or not text, has no dossier code either: it is refused as a row, not as a batch.
    try:
        record = msgspec.json.decode(raw) if isinstance(raw, msgspec.Raw) else raw
    except UnicodeDecodeError:
        record = None
    return record if isinstance(record, dict) else {}


def unstage(connection: psycopg.Connection, stream_name: str, fetch_id: int) -> None:
    """Forget the staged rows of a reading; they can be made again from the archive at any time."""
    stream = streams.stream_named(stream_name)
    connection.execute(f"DELETE FROM {stream.staging_table} WHERE fetch_id = %s", (fetch_id,))
    connection.execute(
        "DELETE FROM staging.verdicts WHERE stream = %s AND fetch_id = %s", (stream_name, fetch_id)
    )
    connection.execute("DELETE FROM staging.known_rows WHERE fetch_id = %s", (fetch_id,))
