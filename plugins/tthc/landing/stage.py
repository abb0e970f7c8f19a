"""From the archived bytes of one reading to rows of its staging table: decoded as a stream, copied in binary."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg
from psycopg import postgres
from psycopg.adapt import Dumper
from psycopg.pq import Format

from tthc import settings
from tthc.landing import ledger
from tthc.landing.archive import Archive
from tthc.landing.readers import RecordReader
from tthc.sources import dialects, spreadsheets, streams
from tthc.sources.streams import STAGED_AS, Stream

#: Rows of one reading have numbers below this, so that ``row_uid`` says both.
ROWS_PER_FETCH = 10_000_000
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
    only_keys: Collection[str] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Staged:
    """Copy the rows of one reading into its staging table, replacing what an earlier try left there.

    ``only_rows`` (row numbers) and ``only_keys`` (texts of the stream's first key column) restrict the rows, for
    rows that are judged again and for keys that are replayed. Raises TthcError when the archive does not hold
    what the ledger says.
    """
    outcome = Staged(fetch_id)
    reader = RecordReader(stream)
    columns = stream.staged_columns
    key_place = 2 + next(place for place, column in enumerate(columns) if column.name == stream.key[0])
    kinds = ["int8", "int4", "int8", "timestamptz", "text", "uuid", "text[]"]
    kinds += [STAGED_AS[column.type] for column in columns]
    names = ["fetch_id", "row_number", "row_uid", "answered_at", "address", "row_hash", "unreadable"]
    names += [column.name for column in columns]
    base = fetch_id * ROWS_PER_FETCH
    source = records(connection, stream, fetch_id, only_rows=only_rows, only_keys=only_keys)
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {stream.staging_table} WHERE fetch_id = %s", (fetch_id,))
        cursor.execute(
            "DELETE FROM staging.verdicts WHERE stream = %s AND fetch_id = %s", (stream.stream, fetch_id)
        )
        cursor.adapters.register_dumper(bytes, _ReadyJsonb)
        with cursor.copy(
            f"COPY {stream.staging_table} ({', '.join(names)}) FROM STDIN (FORMAT binary)"
        ) as copy:
            copy.set_types(kinds)
            write = copy.write_row
            for number, answered_at, address, record in source:
                outcome.read += 1
                row = reader(record)
                if only_keys is not None and row[key_place] not in only_keys:
                    continue
                write((fetch_id, number, base + number, answered_at, address, *row))
                if progress and outcome.read % 20_000 == 0:
                    progress(f"đã đọc {outcome.read:,} dòng".replace(",", "."))
        # Without this the planner takes thousands of rows for a few, and joins them one by one.
        joined = ["fetch_id", "row_number", "row_uid", *stream.key]
        cursor.execute(f"ANALYZE {stream.staging_table} ({', '.join(joined)})")
        if only_rows is None and only_keys is None:
            # A new staging must be judged anew; the rows of a file are counted only here.
            cursor.execute("DELETE FROM ops.validations WHERE fetch_id = %s", (fetch_id,))
            if stream.kind == "file":
                _note_rows(cursor, fetch_id, outcome.read)
    outcome.unknown = reader.unknown
    return outcome


def _note_rows(cursor: psycopg.Cursor, fetch_id: int, count: int) -> None:
    cursor.execute("UPDATE ops.fetch_pages SET record_count = %s WHERE fetch_id = %s", (count, fetch_id))
    cursor.execute(
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
) -> Iterator[tuple[int, Any, str | None, dict[str, Any]]]:
    """Return ``(row_number, answered_at, address, record)`` of one reading, page by page from the archive.

    ``address`` is the sheet and row in a file, None for an answer of the city system. ``only_rows`` gives those
    rows and opens no other page; ``only_keys`` leaves out pages in which none of the keys is written.
    """
    archive = Archive(settings.archive_url())
    split = _splitter(connection, fetch_id) if stream.kind == "city" else None
    pages = ledger.pages_of(connection, fetch_id)
    if only_rows is not None and split:
        pages = [p for p in pages if any(p.first_row <= n < p.first_row + p.record_count for n in only_rows)]
    # The connection may be busy with a COPY while the records are taken: it is asked for nothing from here on.
    found = _records_of_pages(archive, pages, stream, split, _searched_for(only_keys) if split else None)
    return found if only_rows is None else (row for row in found if row[0] in only_rows)


def _records_of_pages(
    archive: Archive,
    pages: list[ledger.Page],
    stream: Stream,
    split: Callable[[bytes], list[msgspec.Raw]] | None,
    wanted: re.Pattern[bytes] | None,
) -> Iterator[tuple[int, Any, str | None, dict[str, Any]]]:
    for page in pages:
        body = archive.get(page.sha256)
        number = page.first_row
        if wanted and not wanted.search(body):
            continue
        if split:
            for raw in split(body):
                yield number, page.answered_at, None, _object(raw)
                number += 1
        else:
            for row in spreadsheets.rows(body, stream):
                yield number, page.answered_at, f"{row.sheet}!{row.row}", row.values
                number += 1


def _searched_for(keys: Collection[Any] | None) -> re.Pattern[bytes] | None:
    """Return what finds one of a few keys in a body, None when there are many or JSON may write one otherwise."""
    if not keys or len(keys) > _KEYS_TO_SEARCH or not all(_PLAIN_KEY.fullmatch(str(key)) for key in keys):
        return None
    return re.compile(b"|".join(re.escape(str(key).encode()) for key in keys))


def _splitter(connection: psycopg.Connection, fetch_id: int) -> Callable[[bytes], list[msgspec.Raw]]:
    # The dialect in which it was answered, whatever is configured today.
    source = ledger.fetch_of(connection, fetch_id).source
    return dialects.record_splitter(source.partition(" ")[0])


def _object(raw: msgspec.Raw) -> dict[str, Any]:
    # What is not an object has no dossier code either: it is refused as a row, not as a batch.
    record = msgspec.json.decode(raw)
    return record if isinstance(record, dict) else {}


def unstage(connection: psycopg.Connection, stream_name: str, fetch_id: int) -> None:
    """Forget the staged rows of a reading; they can be made again from the archive at any time."""
    stream = streams.stream_named(stream_name)
    connection.execute(f"DELETE FROM {stream.staging_table} WHERE fetch_id = %s", (fetch_id,))
    connection.execute(
        "DELETE FROM staging.verdicts WHERE stream = %s AND fetch_id = %s", (stream_name, fetch_id)
    )
