"""Archived answers of the city written again without what is no longer kept, and the ledger that remembers it.

The new object is another object: the ledger points to it and keeps old hash and new hash, then the old one is
removed. What was read from the old one is read from the new one too, row by row the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.landing import ledger
from tthc.landing.archive import Archive
from tthc.landing.readers import RecordReader, reader_of, standing_for
from tthc.sources import dialects
from tthc.sources.streams import Column, Stream
from tthc.warehouse import database


@dataclass(frozen=True)
class Way:
    """How a record is redacted: names of hashed columns that go altogether, and of those that stay as they are."""

    gone: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Holding:
    """One archived page and those of its records that are to be redacted, counted from 0."""

    stream: Stream
    page: ledger.Page
    source: str
    rows: tuple[int, ...]


def pages(
    connection: psycopg.Connection, stream: Stream, before: datetime | None = None
) -> Iterator[tuple[ledger.Page, str, Iterator[tuple[int, list[Any]]]]]:
    """Yield every archived page of a stream, with its rows as staging would have them and their places in it.

    ``before`` leaves out what was read from then on.
    """
    archive, reader = Archive(settings.archive_url()), RecordReader(stream)
    for fetch in connection.execute(
        "SELECT fetch_id, source FROM ops.fetches WHERE commune_code = %(commune)s AND stream = %(stream)s"
        " AND (%(before)s::timestamptz IS NULL OR fetched_at < %(before)s) ORDER BY fetch_id",
        {"commune": settings.commune_code(), "stream": stream.stream, "before": before},
    ).fetchall():
        split = dialects.record_splitter(fetch["source"].partition(" ")[0])
        for page in ledger.pages_of(connection, fetch["fetch_id"]):
            records = enumerate(map(_decoded, _split(split, archive.get(page.sha256))))
            yield page, fetch["source"], ((n, reader(record)) for n, record in records if record is not None)


def rewrite(
    connection: psycopg.Connection,
    archive: Archive,
    holdings: list[Holding],
    way: Way,
    *,
    subject_key: str | None,
    dossier_count: int,
    by: str,
    reason: str,
) -> int:
    """Store the redacted pages, then point the ledger at them in the caller's transaction; return how many."""
    new = [(each, archive.store(_body_without(archive, each, way))) for each in holdings]
    # What an earlier redaction left clean comes out as it was.
    new = [(each, stored) for each, stored in new if stored.sha256 != each.page.sha256]
    changed = {each.page.sha256 for each, _ in new}
    if not changed and subject_key is None:
        return 0
    erasure = connection.execute(
        "INSERT INTO ops.erasures (commune_code, subject_key, erased_by, reason, dossier_count, object_count)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING erasure_id",
        (settings.commune_code(), subject_key, by, reason, dossier_count, len(changed)),
    ).fetchone()["erasure_id"]
    for holding, stored in new:
        page = holding.page
        ledger.note_object(connection, stored)
        connection.execute(
            "INSERT INTO ops.redactions (old_sha256, new_sha256, erasure_id) VALUES (%s, %s, %s)"
            " ON CONFLICT (old_sha256) DO UPDATE SET new_sha256 = excluded.new_sha256, removed_at = NULL",
            (page.sha256, stored.sha256, erasure),
        )
        connection.execute(
            "UPDATE ops.fetch_pages SET sha256 = %s, byte_count = %s WHERE fetch_id = %s AND page_number = %s",
            (stored.sha256, stored.byte_count, page.fetch_id, page.page_number),
        )
        connection.execute(
            "UPDATE ops.quarantine SET address = replace(address, %s, %s) WHERE fetch_id = %s",
            (page.sha256, stored.sha256, page.fetch_id),
        )
    for fetch_id in sorted({each.page.fetch_id for each, _ in new}):
        pages = ledger.pages_of(connection, fetch_id)
        connection.execute(
            "UPDATE ops.fetches SET body_hash = %s, byte_count = %s WHERE fetch_id = %s AND body_hash IS NOT NULL",
            (
                ledger.body_hash([page.sha256 for page in pages]),
                sum(page.byte_count for page in pages),
                fetch_id,
            ),
        )
    connection.execute(
        "DELETE FROM ops.archive_objects AS o USING ops.redactions AS r WHERE r.old_sha256 = o.sha256"
        " AND r.erasure_id = %s AND NOT EXISTS (SELECT FROM ops.fetch_pages AS p WHERE p.sha256 = o.sha256)",
        (erasure,),
    )
    return len(changed)


def remove_old(archive: Archive) -> int:
    """Remove from the archive the old objects of redactions; return how many. What fails stays to be removed."""
    removed = 0
    with database.connection(autocommit=True) as connection:
        for row in connection.execute(
            "SELECT old_sha256 FROM ops.redactions AS r WHERE removed_at IS NULL"
            " AND NOT EXISTS (SELECT FROM ops.fetch_pages AS p WHERE p.sha256 = r.old_sha256)"
        ).fetchall():
            archive.remove(row["old_sha256"])
            connection.execute(
                "UPDATE ops.redactions SET removed_at = now() WHERE old_sha256 = %s", (row["old_sha256"],)
            )
            removed += 1
    return removed


def redacted(record: dict[str, Any], columns: tuple[Column, ...], way: Way) -> dict[str, Any]:
    """Return a record of the city without what is not kept, from which the same row is read.

    What is not declared goes, and what is declared to be dropped; a value of which the hash is kept becomes that
    hash, unless ``way`` says of its column that it goes, or stays.
    """
    kept: dict[str, Any] = {}
    for column in columns:
        value = record.get(column.header)
        if value is None or column.personal == "drop" or column.name in way.gone:
            continue
        if column.type == "list":
            items = value if isinstance(value, list) else [value]
            kept[column.header] = [
                redacted(item, column.members, way) for item in items if isinstance(item, dict)
            ]
        elif column.personal == "keep" or column.name in way.left:
            kept[column.header] = value
        elif (hashed := reader_of(column)(value)) is not None:
            kept[column.header] = standing_for(hashed)
    return kept


def _body_without(archive: Archive, holding: Holding, way: Way) -> bytes:
    """Return the body of a page with the person's records redacted; every other byte stays."""
    body = archive.get(holding.page.sha256)
    split = dialects.record_splitter(holding.source.partition(" ")[0])
    for number, raw in enumerate(_split(split, body)):
        if number in holding.rows:
            plain = bytes(raw)
            if plain not in body:
                raise TthcError(
                    f"Trang {holding.page.page_number} của lần đọc {holding.page.fetch_id} không sửa được."
                )
            record = redacted(_decoded(raw) or {}, holding.stream.columns, way)
            body = body.replace(plain, msgspec.json.encode(record))
    return body


def _split(split: Callable[[bytes], list[msgspec.Raw]], body: bytes) -> list[msgspec.Raw]:
    try:
        return split(body)
    except msgspec.MsgspecError:
        # What no reader understands was never taken in; the page is refused where it is read.
        return []


def _decoded(raw: msgspec.Raw) -> dict[str, Any] | None:
    try:
        record = msgspec.json.decode(raw)
    except (UnicodeDecodeError, msgspec.DecodeError):
        return None
    return record if isinstance(record, dict) else None
