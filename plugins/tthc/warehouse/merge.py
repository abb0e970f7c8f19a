"""The merge of one reading into core: one transaction, one writer per stream, nothing touched that did not change.

The newest version of a row is in the stream's table, every version in its history. Versions are ordered by the
moment of their reading, then page, then row, never by the order of loading: a reading that comes after a later
one was merged goes in through ``tthc.warehouse.replay``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.landing import recognition
from tthc.quality import quarantine
from tthc.sources.streams import Stream
from tthc.warehouse import consequences, database, tables

#: So many new rows change what the planner should believe of a table before anyone joins it.
_WORTH_ANALYZING = 1_000
#: Columns that the merge itself decides.
_OWN = ("flags", "missing_since")


@dataclass(frozen=True)
class Merged:
    """The accounting of one merge: ``read`` = merged + unchanged + quarantined + superseded, and what it moved.

    ``months`` are the labels, in either calendar, of the months whose numbers can have changed.
    """

    fetch_id: int
    read: int
    merged: int
    unchanged: int
    quarantined: int
    superseded: int
    months: tuple[str, ...]

    def as_dict(self) -> dict:
        """Return it for JSON."""
        return {**asdict(self), "months": list(self.months)}


def merge(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> Merged:
    """Merge the staged and judged rows of one reading; a reading merged before is only reported again.

    Must run in a transaction of its caller, who commits. Raises TthcError when the reading was stopped or undone.
    """
    database.lock(connection, stream.stream)
    fetch = connection.execute(
        "SELECT * FROM ops.fetches WHERE fetch_id = %s FOR UPDATE", (fetch_id,)
    ).fetchone()
    if fetch["state"] == "merged":
        return _reported(fetch)
    if fetch["state"] != "fetched":
        raise TthcError(f"Lần đọc {fetch_id} đang ở trạng thái {fetch['state']}, không nhập được.")
    staged = connection.execute(
        f"SELECT count(*) AS n FROM {stream.staging_table} WHERE fetch_id = %s", (fetch_id,)
    ).fetchone()["n"]
    known, known_keys = recognition.known_count(connection, fetch_id)
    if staged + known != fetch["read_count"]:
        raise TthcError(
            f"Lần đọc {fetch_id} có {fetch['read_count']} dòng nhưng bảng tạm có {staged + known}: "
            "hãy chạy lại bước stage."
        )
    quarantined = quarantine.record(connection, stream, fetch_id)
    good, last = take_batch(connection, stream, fetch_id)
    written = write_versions(connection, stream, fetch_id)
    unchanged, superseded = last - written + known_keys, good - last + known - known_keys
    if stream.kind == "city":
        recognition.remember(connection, stream, fetch_id)
        recognition.forget_readings(connection, stream, but=fetch_id)
    note_missing(connection, stream, fetch)
    months = consequences.after(connection, stream, fetch_id)
    connection.execute(
        "UPDATE ops.fetches SET state = 'merged', merged_at = now(), merged_count = %s, unchanged_count = %s,"
        " quarantined_count = %s, superseded_count = %s, touched_months = %s WHERE fetch_id = %s",
        (written, unchanged, quarantined, superseded, months, fetch_id),
    )
    quarantine.resolve_mended(connection, stream, fetch_id)
    return Merged(fetch_id, staged + known, written, unchanged, quarantined, superseded, tuple(months))


def _reported(fetch: dict) -> Merged:
    counts = (fetch[f"{name}_count"] for name in ("read", "merged", "unchanged", "quarantined", "superseded"))
    return Merged(fetch["fetch_id"], *counts, tuple(fetch["touched_months"] or ()))


def take_batch(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> tuple[int, int]:
    """Put the address of the last good row of each key of a reading into the temporary table ``batch``.

    Returns (good rows, distinct keys). The rows themselves stay in staging: only those that change are shaped.
    """
    key = ", ".join(f"c.{name}" for name in ("commune_code", *stream.key))
    connection.execute("DROP TABLE IF EXISTS batch")
    connection.execute("ANALYZE staging.verdicts (fetch_id, row_uid)")
    connection.execute(
        f"CREATE TEMPORARY TABLE batch ON COMMIT DROP AS"
        f" SELECT DISTINCT ON ({key}) {key}, c.row_uid, c.row_hash, v.warned, count(*) OVER () AS good_count"
        f" FROM {stream.candidates} AS c"
        f" LEFT JOIN staging.verdicts AS v"
        f"  ON v.stream = %(stream)s AND v.fetch_id = c.fetch_id AND v.row_uid = c.row_uid"
        f" WHERE c.fetch_id = %(fetch_id)s AND coalesce(v.refused, '{{}}') = '{{}}'"
        f" ORDER BY {key}, c.row_number DESC",
        {"stream": stream.stream, "fetch_id": fetch_id},
    )
    connection.execute(f"ANALYZE batch (commune_code, {', '.join(stream.key)}, row_hash)")
    row = connection.execute(
        "SELECT coalesce(max(good_count), 0) AS good, count(*) AS last FROM batch"
    ).fetchone()
    return row["good"], row["last"]


def write_versions(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> int:
    """Open a version for each row of ``batch`` that differs from the one in force; return how many.

    Leaves their keys in the temporary table ``changed`` (commune_code and the stream's key). Rows that did not
    change are touched by nothing, except that a flag of the audit or a return from absence is noted.
    """
    names = _columns(connection, stream)
    key = ("commune_code", *stream.key)
    same_key = " AND ".join(f"c.{name} = b.{name}" for name in key)
    connection.execute("DROP TABLE IF EXISTS changed")
    connection.execute(
        f"CREATE TEMPORARY TABLE changed ON COMMIT DROP AS"
        f" SELECT b.*, c.row_hash AS old_hash, c.fetched_at AS old_fetched_at, c.fetch_id AS old_fetch_id,"
        f" c.row_number AS old_row_number"
        f" FROM batch AS b LEFT JOIN {stream.table} AS c ON {same_key}"
        f" WHERE c.row_hash IS DISTINCT FROM b.row_hash"
    )
    connection.execute(f"ANALYZE changed (row_uid, commune_code, {', '.join(stream.key)})")
    # The address of a version is unique, so closing and replacing are plain joins on it.
    same_version = f"{same_key} AND c.fetched_at = b.old_fetched_at AND c.fetch_id = b.old_fetch_id"
    connection.execute(
        f"UPDATE {stream.history_table} AS c SET valid_to = f.fetched_at FROM changed AS b, ops.fetches AS f"
        f" WHERE {same_version} AND c.row_number = b.old_row_number AND b.old_hash IS NOT NULL"
        f" AND f.fetch_id = %s",
        (fetch_id,),
    )
    connection.execute(
        f"DELETE FROM {stream.table} AS c USING changed AS b WHERE {same_key} AND b.old_hash IS NOT NULL"
    )
    shaped = ", ".join(f"c.{name}" for name in names)
    written = connection.execute(
        f"INSERT INTO {stream.table} ({', '.join(names)}, flags)"
        f" SELECT {shaped}, coalesce(b.warned, '{{}}') FROM {stream.candidates} AS c"
        f" INNER JOIN changed AS b ON b.row_uid = c.row_uid WHERE c.fetch_id = %s",
        (fetch_id,),
    ).rowcount
    _make_partitions(connection, stream, fetch_id)
    connection.execute(
        f"INSERT INTO {stream.history_table} ({', '.join(names)}, flags)"
        f" SELECT {shaped}, c.flags FROM {stream.table} AS c INNER JOIN changed AS b ON {same_key}"
    )
    if written > _WORTH_ANALYZING:
        for table in (stream.table, stream.history_table):
            connection.execute(f"ANALYZE {table} (commune_code, {', '.join(stream.key)}, row_hash)")
    # Last, because a noted row has no new version; what is derived from it must still follow.
    noted = ", ".join(f"c.{name}" for name in key)
    connection.execute(
        f"WITH noted AS (UPDATE {stream.table} AS c SET flags = coalesce(b.warned, '{{}}'), missing_since = NULL"
        f" FROM batch AS b WHERE {same_key} AND c.row_hash = b.row_hash"
        f" AND (c.flags <> coalesce(b.warned, '{{}}') OR c.missing_since IS NOT NULL) RETURNING {noted})"
        f" INSERT INTO changed ({', '.join(key)}) SELECT * FROM noted"
    )
    return written


def _make_partitions(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> None:
    if "PARTITION BY" not in tables.tables()[stream.history_table].shape:
        return
    year = connection.execute(
        "SELECT extract(YEAR FROM core.day_of(fetched_at))::integer AS year FROM ops.fetches WHERE fetch_id = %s",
        (fetch_id,),
    ).fetchone()["year"]
    tables.year_partition(connection, stream.history_table, year)


def _columns(connection: psycopg.Connection, stream: Stream) -> list[str]:
    return [name for name in tables.columns_of(connection, stream.table) if name not in _OWN]


def note_missing(
    connection: psycopg.Connection, stream: Stream, fetch: dict, keys: Collection[str] | None = None
) -> None:
    """Flag what a complete reading of its whole year no longer shows; it is counted on until a person decides.

    ``keys``: only these, when only their rows are staged. Leaves what was flagged in the temporary table ``changed``.
    """
    if not (gone := vanished(connection, stream, fetch, keys)):
        return
    recognition.forget(connection, stream, gone)
    connection.execute(
        f"WITH gone AS (UPDATE {stream.table} AS c SET missing_since = %(fetched_at)s"
        f" WHERE c.commune_code = %(commune)s AND c.dossier_code = ANY (%(gone)s) AND c.missing_since IS NULL"
        f" RETURNING c.commune_code, c.dossier_code)"
        f" INSERT INTO changed (commune_code, dossier_code) SELECT * FROM gone",
        {"fetched_at": fetch["fetched_at"], "commune": settings.commune_code(), "gone": list(gone)},
    )


def vanished(
    connection: psycopg.Connection, stream: Stream, fetch: dict, keys: Collection[str] | None = None
) -> set[str]:
    """Return what core has and a complete reading of its whole year does not show; nothing for any other reading."""
    if fetch["kind"] != "year" or not fetch["is_complete"] or stream.window_by != "received_at":
        return set()
    # NOT IN is one hashed pass whatever the planner believes of the window; an anti-join became a nested loop.
    rows = connection.execute(
        f"SELECT c.dossier_code FROM {stream.table} AS c WHERE c.commune_code = %(commune)s"
        f" AND core.day_of(c.received_at) BETWEEN %(first)s AND %(last)s"
        f" AND (%(keys)s::text[] IS NULL OR c.dossier_code = ANY (%(keys)s))"
        f" AND c.dossier_code NOT IN (SELECT s.dossier_code FROM {stream.staging_table} AS s"
        f"  WHERE s.fetch_id = %(fetch_id)s AND s.dossier_code IS NOT NULL"
        f"  UNION ALL SELECT k.first_key FROM staging.known_rows AS k WHERE k.fetch_id = %(fetch_id)s)",
        {
            "commune": settings.commune_code(),
            "first": fetch["window_from"],
            "last": fetch["window_to"],
            "fetch_id": fetch["fetch_id"],
            "keys": None if keys is None else list(keys),
        },
    ).fetchall()
    return {row["dossier_code"] for row in rows}
