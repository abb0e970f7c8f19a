"""What is held of one person, found by the keyed hash of their identity number, and taken out at their request.

A dossier goes on being counted: what goes is everything that tells whose it is. In the archive the records of that
person's dossiers are written again without any field that is not kept, as new objects; a text whose keyed hash is
part of a key or of a comparison is replaced by that hash. The ledger points to the new objects, remembers old hash
and new hash, and the old ones are removed. Then core is made again for those dossiers, from the archive as it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.landing import keys, ledger
from tthc.landing.archive import Archive
from tthc.landing.readers import RecordReader, read_text
from tthc.sources import dialects, streams
from tthc.sources.streams import Column, Stream
from tthc.warehouse import database, replay, tables

Progress = Callable[[str], None]
#: The stream whose records say whose dossier it is, and the column that says it; then all that tell of dossiers.
STREAM, COLUMN = "city__dossiers", "applicant_key"
STREAMS = (STREAM, "city__progress_events")


@dataclass(frozen=True)
class Holding:
    """One archived page with records of the person's dossiers: which ones of the page, counted from 0."""

    stream: Stream
    page: ledger.Page
    source: str
    rows: tuple[int, ...]


def subject_key(number: str) -> str:
    """Return the keyed hash of an identity number, as every table has it."""
    key = keys.identity_hash(number.strip())
    if key is None:
        raise UsageError("Số giấy tờ trống, hoặc là giá trị giữ chỗ: không của ai cả.")
    return key


def find(key: str, *, by: str, reason: str) -> dict[str, Any]:
    """Return what is held of a person: dossiers, archived pages, files that name the same dossiers. It is logged."""
    with database.connection() as connection:
        _note(connection, "find_subject", key, by, reason)
        connection.commit()
        codes, holdings = _held(connection, key)
        return {
            "subject_key": key,
            "dossiers": connection.execute(
                "SELECT dossier_code, received_at, unit_name FROM core.dossiers"
                " WHERE commune_code = %s AND dossier_code = ANY (%s) ORDER BY dossier_code",
                (settings.commune_code(), codes),
            ).fetchall(),
            "pages": [
                {
                    "stream": each.stream.stream,
                    "fetch_id": each.page.fetch_id,
                    "page_number": each.page.page_number,
                    "row_count": len(each.rows),
                }
                for each in holdings
            ],
            "files": _files_that_name(connection, codes),
        }


def erase(key: str, *, by: str, reason: str, progress: Progress) -> dict[str, Any]:
    """Take a person out of the archive and of core; return what was done. Safe to repeat after a failure."""
    archive, url = Archive(settings.archive_url()), settings.warehouse_url()
    with database.connection(url) as writer:
        for name in STREAMS:
            # Nobody merges, and nobody makes core again from pages that are about to change.
            database.lock(writer, f"merge:{name}", session=True)
        with database.connection(url) as connection:
            codes, holdings = _held(connection, key)
            files = _files_that_name(connection, codes)
            progress(f"{len(codes)} hồ sơ, {len(holdings)} trang của kho lưu")
            changed = _rewrite(connection, archive, key, holdings, codes, by, reason)
        removed = remove_redacted(archive)
        first, months = _first_reading(writer, codes), []
        if first is not None:
            months = replay.replay(url, streams.stream_named(STREAM), codes, first, progress=progress)
    with database.connection(url) as connection:
        left = _in_core(connection, key)
    if left:
        raise TthcError(f"Còn {len(left)} hồ sơ mang mã của người ấy sau khi xóa: chạy lại lệnh này.")
    return {
        "subject_key": key,
        "dossier_count": len(codes),
        "object_count": changed,
        "removed_count": removed,
        "months": months,
        "files": files,
    }


def remove_redacted(archive: Archive) -> int:
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


def redacted(record: dict[str, Any], columns: tuple[Column, ...]) -> dict[str, Any]:
    """Return a record of the city with nothing that tells whose it is, and with the same row read from it.

    What is not declared goes, as what is declared to be dropped; the identity goes; any other text of which the hash
    is kept becomes that hash. Names of officials are not the applicant's, and stay as they are.
    """
    kept: dict[str, Any] = {}
    for column in columns:
        value = record.get(column.header)
        if value is None or column.personal == "drop" or column.name == COLUMN:
            continue
        if column.type == "list":
            items = value if isinstance(value, list) else [value]
            kept[column.header] = [redacted(item, column.members) for item in items if isinstance(item, dict)]
        elif column.personal == "keep" or column.type != "text":
            kept[column.header] = value
        elif (hashed := keys.identity_hash(read_text(value))) is not None:
            kept[column.header] = keys.HASH_ALREADY + hashed
    return kept


def _held(connection: psycopg.Connection, key: str) -> tuple[list[str], list[Holding]]:
    """Return the codes of a person's dossiers, and every archived page that tells of them."""
    own = streams.stream_named(STREAM)
    at, code_at = (_place(own, name) for name in (COLUMN, own.key[0]))
    codes = set(_in_core(connection, key))
    for _, _, rows in _pages(connection, own):
        codes |= {row[code_at] for _, row in rows if row[at] == key and row[code_at] is not None}
    holdings = []
    for name in STREAMS:
        stream = streams.stream_named(name)
        at_code = _place(stream, own.key[0])
        for page, source, rows in _pages(connection, stream):
            found = tuple(
                n for n, row in rows if row[at_code] in codes or (name == STREAM and row[at] == key)
            )
            if found:
                holdings.append(Holding(stream, page, source, found))
    return sorted(codes), holdings


def _pages(
    connection: psycopg.Connection, stream: Stream
) -> Iterator[tuple[ledger.Page, str, Iterator[tuple[int, list[Any]]]]]:
    """Yield every archived page of a stream, with its rows as staging would have them and their places in it."""
    archive, reader = Archive(settings.archive_url()), RecordReader(stream)
    for fetch in connection.execute(
        "SELECT fetch_id, source FROM ops.fetches WHERE commune_code = %s AND stream = %s ORDER BY fetch_id",
        (settings.commune_code(), stream.stream),
    ).fetchall():
        split = dialects.record_splitter(fetch["source"].partition(" ")[0])
        for page in ledger.pages_of(connection, fetch["fetch_id"]):
            records = enumerate(map(_decoded, _split(split, archive.get(page.sha256))))
            yield page, fetch["source"], ((n, reader(record)) for n, record in records if record is not None)


def _rewrite(
    connection: psycopg.Connection,
    archive: Archive,
    key: str,
    holdings: list[Holding],
    codes: list[str],
    by: str,
    reason: str,
) -> int:
    """Store the redacted pages, then point the ledger at them in the caller's transaction; return how many."""
    new = [(each, archive.store(_body_without(archive, each))) for each in holdings]
    # What an earlier erasure left clean comes out as it was.
    new = [(each, stored) for each, stored in new if stored.sha256 != each.page.sha256]
    changed = {each.page.sha256 for each, _ in new}
    erasure = connection.execute(
        "INSERT INTO ops.erasures (commune_code, subject_key, erased_by, reason, dossier_count, object_count)"
        " VALUES (%s, %s, %s, %s, %s, %s) RETURNING erasure_id",
        (settings.commune_code(), key, by, reason, len(codes), len(changed)),
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
    _note(connection, "erase_subject", key, by, reason)
    return len(changed)


def _body_without(archive: Archive, holding: Holding) -> bytes:
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
            body = body.replace(
                plain, msgspec.json.encode(redacted(_decoded(raw) or {}, holding.stream.columns))
            )
    return body


def _in_core(connection: psycopg.Connection, key: str) -> list[str]:
    return [
        row["dossier_code"]
        for row in connection.execute(
            f"SELECT dossier_code FROM core.dossiers WHERE commune_code = %(commune)s AND {COLUMN} = %(key)s"
            f" UNION SELECT dossier_code FROM core.dossier_versions WHERE commune_code = %(commune)s"
            f" AND {COLUMN} = %(key)s ORDER BY 1",
            {"commune": settings.commune_code(), "key": key},
        )
    ]


def _files_that_name(connection: psycopg.Connection, codes: list[str]) -> list[dict[str, Any]]:
    """Return the file readings whose rows name one of these dossiers: those files hold the person too."""
    found = []
    for stream in streams.streams().values():
        columns = {column.name for column in stream.staged_columns}
        if (
            stream.kind != "file"
            or "dossier_code" not in columns
            or stream.history_table not in tables.tables()
        ):
            continue
        found += connection.execute(
            f"SELECT DISTINCT %s AS stream, fetch_id FROM {stream.history_table}"
            " WHERE commune_code = %s AND dossier_code = ANY (%s) ORDER BY fetch_id",
            (stream.stream, settings.commune_code(), codes),
        ).fetchall()
    return found


def _first_reading(connection: psycopg.Connection, codes: list[str]) -> int | None:
    row = connection.execute(
        "SELECT v.fetch_id FROM core.dossier_versions AS v INNER JOIN ops.fetches AS f USING (fetch_id)"
        " WHERE v.commune_code = %s AND v.dossier_code = ANY (%s) ORDER BY f.fetched_at, v.fetch_id LIMIT 1",
        (settings.commune_code(), codes),
    ).fetchone()
    return None if row is None else row["fetch_id"]


def _place(stream: Stream, name: str) -> int:
    """Return where a column is in the rows of a :class:`RecordReader`."""
    return 2 + [column.name for column in stream.staged_columns].index(name)


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


def _note(connection: psycopg.Connection, action: str, key: str, by: str, reason: str) -> None:
    connection.execute(
        "INSERT INTO ops.access_log (accessed_by, action, subject, reason) VALUES (%s, %s, %s, %s)",
        (by, action, f"subject {key}", reason),
    )
