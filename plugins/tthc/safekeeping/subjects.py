"""What is held of one person, found by the keyed hash of their identity number, and taken out at their request.

A dossier goes on being counted: what goes is everything that tells whose it is. In the archive the records of that
person's dossiers are written again without any field that is not kept, as new objects; a text whose keyed hash is
part of a key or of a comparison is replaced by that hash. The ledger points to the new objects, remembers old hash
and new hash, and the old ones are removed. Then core is made again for those dossiers, from the archive as it is now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.landing import keys
from tthc.landing.archive import Archive
from tthc.safekeeping import redaction
from tthc.safekeeping.redaction import Holding, Way
from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.warehouse import database, replay, tables

Progress = Callable[[str], None]
#: The stream whose records say whose dossier it is, and the column that says it; then all that tell of dossiers.
STREAM, COLUMN = "city__dossiers", "applicant_key"
STREAMS = (STREAM, "city__progress_events")
#: Whose dossier it is goes altogether; names of officials are not the applicant's.
WAY = Way(gone=frozenset({COLUMN}), left=frozenset({"official_key"}))


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
            changed = redaction.rewrite(
                connection,
                archive,
                holdings,
                WAY,
                subject_key=key,
                dossier_count=len(codes),
                by=by,
                reason=reason,
            )
            _note(connection, "erase_subject", key, by, reason)
        removed = redaction.remove_old(archive)
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


def _held(connection: psycopg.Connection, key: str) -> tuple[list[str], list[Holding]]:
    """Return the codes of a person's dossiers, and every archived page that tells of them."""
    own = streams.stream_named(STREAM)
    at, code_at = (_place(own, name) for name in (COLUMN, own.key[0]))
    codes = set(_in_core(connection, key))
    for _, _, rows in redaction.pages(connection, own):
        codes |= {row[code_at] for _, row in rows if row[at] == key and row[code_at] is not None}
    holdings = []
    for name in STREAMS:
        stream = streams.stream_named(name)
        at_code = _place(stream, own.key[0])
        for page, source, rows in redaction.pages(connection, stream):
            found = tuple(
                n for n, row in rows if row[at_code] in codes or (name == STREAM and row[at] == key)
            )
            if found:
                holdings.append(Holding(stream, page, source, found))
    return sorted(codes), holdings


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


def _note(connection: psycopg.Connection, action: str, key: str, by: str, reason: str) -> None:
    connection.execute(
        "INSERT INTO ops.access_log (accessed_by, action, subject, reason) VALUES (%s, %s, %s, %s)",
        (by, action, f"subject {key}", reason),
    )
