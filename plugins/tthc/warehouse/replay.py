"""Putting the past right from the archive: readings that came late, rows judged again, readings taken back.

Only what changed is kept as a version, so a version cannot simply be put between two others: what later readings
said of the same thing may have been left out as unchanged. Instead the later readings of just those keys are
staged again from the archive, judged again, and merged in their order, all in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import psycopg

from tthc import settings
from tthc.landing import recognition
from tthc.landing.stage import stage
from tthc.quality import quarantine
from tthc.quality.audit import audit
from tthc.quality.cases import reopen
from tthc.quality.resolution import MENDED
from tthc.sources.streams import STAGED_AS, Stream
from tthc.warehouse import consequences, database, merge, tables

Progress = Callable[[str], None]


def is_late(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> bool:
    """Say whether a reading that came after this one was merged before it."""
    return bool(_readings(connection, stream, fetch_id, "merged") - {fetch_id})


def keys_of(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> set[Any]:
    """Return the first key column of what a reading that came late can move.

    That is what its good rows say anew, or of a vanished thing, or with other warnings; and what it no longer shows.
    """
    key = " AND ".join(f"t.{name} = c.{name}" for name in ("commune_code", *stream.key))
    rows = connection.execute(
        f"SELECT DISTINCT c.{stream.key[0]} AS key FROM {stream.candidates} AS c"
        f" LEFT JOIN {stream.table} AS t ON {key}"
        f" LEFT JOIN staging.verdicts AS v"
        f"  ON v.stream = %s AND v.fetch_id = c.fetch_id AND v.row_uid = c.row_uid"
        f" WHERE c.fetch_id = %s AND coalesce(v.refused, '{{}}') = '{{}}'"
        f" AND (t.row_hash IS DISTINCT FROM c.row_hash OR t.fetched_at > c.fetched_at"
        f" OR t.missing_since IS NOT NULL OR t.flags <> coalesce(v.warned, '{{}}'))",
        (stream.stream, fetch_id),
    ).fetchall()
    fetch = connection.execute("SELECT * FROM ops.fetches WHERE fetch_id = %s", (fetch_id,)).fetchone()
    return {row["key"] for row in rows} | merge.vanished(connection, stream, fetch)


def replay(
    url: str,
    stream: Stream,
    keys: Collection[Any] | None,
    since: int,
    *,
    without: int | None = None,
    including: int | None = None,
    opening: Callable[[psycopg.Connection], None] | None = None,
    closing: Callable[[psycopg.Connection, list[str]], None] | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Make the versions of some keys (None: of all) again, from the reading ``since`` on; return the moved months.

    ``without`` is a reading that is taken back, ``including`` one that is not merged yet; ``opening`` (when the old
    versions are gone) and ``closing`` (with the months) are called in the transaction that puts the new ones in
    force. The caller holds the stream's lock for the session.
    """
    keys = None if keys is None else set(keys)
    with database.connection(url) as connection:
        readings = (_readings(connection, stream, since, "merged") | {including}) - {without, None}
        ordered = [
            row["fetch_id"]
            for row in connection.execute(
                "SELECT fetch_id FROM ops.fetches WHERE fetch_id = ANY (%s) ORDER BY fetched_at, fetch_id",
                (list(readings) if keys or keys is None else [],),
            )
        ]
    for fetch_id in ordered:
        if progress:
            progress(f"đọc lại lần đọc {fetch_id} từ kho lưu")
        with database.connection(url) as connection:
            stage(connection, stream, fetch_id, only_keys=keys)
        # Staging a whole reading anew forgets how it was judged.
        audit(url, stream, fetch_id, record=keys is None)
    with database.connection(url) as connection:
        consequences.note_lives(connection, stream, keys)
        _forget(connection, stream, keys, since)
        if opening:
            opening(connection)
        for fetch_id in ordered:
            _merge_again(connection, stream, fetch_id, keys)
        _recount(connection, stream, ordered)
        months = _derive(connection, stream, keys, including, without)
        if closing:
            closing(connection, months)
        connection.execute(f"DELETE FROM {stream.staging_table} WHERE fetch_id = ANY (%s)", (ordered,))
    return months


def replay_everything(url: str, stream: Stream, progress: Progress | None = None) -> list[str]:
    """Make core of a stream again from every merged reading; return the months that can move."""
    with database.connection(url) as connection:
        database.lock(connection, f"merge:{stream.stream}", session=True)
        first = connection.execute(
            "SELECT fetch_id FROM ops.fetches WHERE commune_code = %s AND stream = %s AND state = 'merged'"
            " ORDER BY fetched_at, fetch_id LIMIT 1",
            (settings.commune_code(), stream.stream),
        ).fetchone()
        return replay(url, stream, None, first["fetch_id"], progress=progress) if first else []


def merge_late(
    url: str, stream: Stream, fetch_id: int, keys: Collection[Any], progress: Progress | None = None
) -> merge.Merged:
    """Merge a reading that others have overtaken, at its own place in their order; return its accounting."""
    with database.connection(url) as connection:
        fetch = connection.execute("SELECT * FROM ops.fetches WHERE fetch_id = %s", (fetch_id,)).fetchone()
        quarantined = quarantine.record(connection, stream, fetch_id)
        good, last = merge.take_batch(connection, stream, fetch_id)
        # Also what this reading says no news of can end a refusal.
        quarantine.resolve_mended(connection, stream, fetch_id)

    def closing(connection: psycopg.Connection, months: list[str]) -> None:
        written = connection.execute(
            f"SELECT count(*) AS n FROM {stream.history_table} WHERE fetch_id = %s", (fetch_id,)
        ).fetchone()["n"]
        connection.execute(
            "UPDATE ops.fetches SET state = 'merged', merged_at = now(), merged_count = %s, unchanged_count = %s,"
            " quarantined_count = %s, superseded_count = %s, touched_months = %s WHERE fetch_id = %s",
            (written, last - written, quarantined, good - last, months, fetch_id),
        )

    months = replay(url, stream, keys, fetch_id, including=fetch_id, closing=closing, progress=progress)
    with database.connection(url) as connection:
        done = connection.execute("SELECT * FROM ops.fetches WHERE fetch_id = %s", (fetch_id,)).fetchone()
    counts = (done[f"{name}_count"] for name in ("merged", "unchanged", "quarantined", "superseded"))
    return merge.Merged(fetch_id, fetch["read_count"], *counts, tuple(months))


def _merge_again(
    connection: psycopg.Connection, stream: Stream, fetch_id: int, keys: set[Any] | None
) -> None:
    before = _refused_count(connection, fetch_id)
    merge.take_batch(connection, stream, fetch_id)
    merge.write_versions(connection, stream, fetch_id)
    fetch = connection.execute("SELECT * FROM ops.fetches WHERE fetch_id = %s", (fetch_id,)).fetchone()
    merge.note_missing(connection, stream, fetch, keys)
    quarantine.record(connection, stream, fetch_id, whole=keys is None)
    quarantine.resolve_mended(connection, stream, fetch_id)
    _account(connection, fetch_id, before - _refused_count(connection, fetch_id))


def _derive(
    connection: psycopg.Connection,
    stream: Stream,
    keys: set[Any] | None,
    including: int | None,
    without: int | None,
) -> list[str]:
    connection.execute("DROP TABLE IF EXISTS changed")
    kind = next(STAGED_AS[column.type] for column in stream.columns if column.name == stream.key[0])
    source = f"unnest(%(keys)s::{kind}[])"
    if keys is None:
        source = f"(SELECT DISTINCT {stream.key[0]} FROM {stream.table} WHERE commune_code = %(commune)s)"
    connection.execute(
        f"CREATE TEMPORARY TABLE changed ON COMMIT DROP AS SELECT %(commune)s::text AS commune_code,"
        f" key AS {stream.key[0]} FROM {source} AS t (key)",
        {"commune": settings.commune_code(), "keys": None if keys is None else list(keys)},
    )
    return consequences.after(connection, stream, including, without)


def judge_again(
    url: str,
    stream: Stream,
    *,
    only: Collection[int] | None = None,
    keys: Collection[Any] | None = None,
    cause: int | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Judge the open rows in quarantine again; return the months that moved.

    ``only`` restricts them by their numbers, ``keys`` by what they are about. ``cause`` is the reading whose merge
    asks for it: the months are written down with it, so that they are known even if the asker ends before it hears.
    Rows that are good now become versions at the moment of their own reading.
    """
    with database.connection(url) as connection:
        rows = [
            row
            for row in quarantine.open_rows(connection, stream)
            if (only is None or row["quarantine_id"] in only) and (keys is None or row["row_key"] in keys)
        ]
        rows = [row for row in rows if _state(connection, row["fetch_id"]) == "merged"]
    if not rows:
        return []
    numbers: dict[int, set[int]] = {}
    for row in rows:
        numbers.setdefault(row["fetch_id"], set()).add(row["row_number"])
    good_keys: set[Any] = set()
    for fetch_id, row_numbers in numbers.items():
        with database.connection(url) as connection:
            stage(connection, stream, fetch_id, only_rows=row_numbers)
        audit(url, stream, fetch_id, record=False)
        with database.connection(url) as connection:
            good = connection.execute(
                f"SELECT s.{stream.key[0]} AS key FROM {stream.staging_table} AS s"
                f" LEFT JOIN staging.verdicts AS v"
                f"  ON v.stream = %s AND v.fetch_id = s.fetch_id AND v.row_uid = s.row_uid"
                f" WHERE s.fetch_id = %s AND coalesce(v.refused, '{{}}') = '{{}}'",
                (stream.stream, fetch_id),
            ).fetchall()
            good_keys |= {row["key"] for row in good if row["key"] is not None}
    if not good_keys:
        with database.connection(url) as connection:
            connection.execute(
                f"DELETE FROM {stream.staging_table} WHERE fetch_id = ANY (%s)", (list(numbers),)
            )
        return []
    with database.connection(url) as connection:
        first = connection.execute(
            "SELECT fetch_id FROM ops.fetches WHERE fetch_id = ANY (%s) ORDER BY fetched_at, fetch_id LIMIT 1",
            (list(numbers),),
        ).fetchone()["fetch_id"]

    def closing(connection: psycopg.Connection, months: list[str]) -> None:
        connection.execute(
            "UPDATE ops.fetches SET touched_months = ARRAY (SELECT unnest(touched_months)"
            " UNION SELECT unnest(%s::text[]) ORDER BY 1) WHERE fetch_id = %s",
            (months, cause),
        )

    return replay(url, stream, good_keys, first, closing=closing, progress=progress)


def take_back(url: str, stream: Stream, fetch_id: int, *, progress: Progress | None = None) -> list[str]:
    """Undo a merged reading as if it had never been loaded; return the months that can move."""
    with database.connection(url) as connection:
        keys, since = _moved_by(connection, stream, fetch_id)

    def opening(connection: psycopg.Connection) -> None:
        connection.execute("UPDATE ops.fetches SET state = 'undone' WHERE fetch_id = %s", (fetch_id,))
        # Before the later readings are merged again: those that refuse the same rows open them as their own.
        connection.execute(
            "UPDATE ops.quarantine SET state = 'resolved', decided_at = now(), decided_by = 'tthc',"
            " decision_reason = 'Lần đọc đã được rút lại.' WHERE fetch_id = %s AND state = 'open'",
            (fetch_id,),
        )
        connection.execute(
            "UPDATE ops.quarantine SET last_fetch_id = fetch_id, seen_count = greatest(seen_count - 1, 1)"
            " WHERE last_fetch_id = %s",
            (fetch_id,),
        )
        if stream.kind == "file":
            reopen(connection, stream, fetch_id)

    return replay(url, stream, keys, since, without=fetch_id, opening=opening, progress=progress)


def _moved_by(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> tuple[set[Any], int]:
    """Return the keys that a reading can have moved, and the reading from which they must be made again.

    It opened versions, flagged what it no longer showed, and ended refusals of older readings, which open again.
    """
    key, parameters = stream.key[0], {"fetch_id": fetch_id, "stream": stream.stream}
    rows = connection.execute(
        f"SELECT {key} AS key FROM {stream.history_table} WHERE fetch_id = %(fetch_id)s"
        f" UNION SELECT t.{key} FROM {stream.table} AS t INNER JOIN ops.fetches AS f"
        f" ON f.commune_code = t.commune_code AND f.fetched_at = t.missing_since WHERE f.fetch_id = %(fetch_id)s",
        parameters,
    ).fetchall()
    keys, since = {row["key"] for row in rows}, fetch_id
    if stream.kind == "city":
        ended = connection.execute(
            "SELECT q.row_key AS key, q.fetch_id FROM ops.quarantine AS q"
            " INNER JOIN ops.fetches AS o ON o.fetch_id = q.fetch_id INNER JOIN ops.fetches AS f"
            " ON f.commune_code = q.commune_code AND f.stream = q.stream AND q.decided_at >= f.merged_at"
            " WHERE f.fetch_id = %(fetch_id)s AND q.state = 'resolved' AND q.decided_by = 'tthc'"
            " AND q.row_key IS NOT NULL AND o.state = 'merged'"
            " AND (o.fetched_at, o.fetch_id) < (f.fetched_at, f.fetch_id) ORDER BY o.fetched_at, o.fetch_id",
            parameters,
        ).fetchall()
        refused = connection.execute(
            "SELECT row_key FROM ops.quarantine WHERE %(fetch_id)s IN (fetch_id, last_fetch_id)"
            " AND row_key IS NOT NULL",
            parameters,
        )
        keys |= {row["key"] for row in ended} | {row["row_key"] for row in refused}
        since = ended[0]["fetch_id"] if ended else fetch_id
    return keys, since


def _readings(connection: psycopg.Connection, stream: Stream, since: int, state: str) -> set[int]:
    rows = connection.execute(
        "SELECT f.fetch_id FROM ops.fetches AS f, ops.fetches AS s WHERE s.fetch_id = %s"
        " AND f.commune_code = s.commune_code AND f.stream = %s AND f.state = %s"
        " AND (f.fetched_at, f.fetch_id) >= (s.fetched_at, s.fetch_id)",
        (since, stream.stream, state),
    ).fetchall()
    return {row["fetch_id"] for row in rows}


def _forget(connection: psycopg.Connection, stream: Stream, keys: set[Any] | None, since: int) -> None:
    """Drop the versions of the keys from a reading on, and let the last one before it be in force again.

    What earlier readings noted beside a version (a warning, an absence) stays noted.
    """
    recognition.forget(connection, stream, keys)
    recognition.forget_readings(connection, stream)
    parameters = {"commune": settings.commune_code(), "keys": list(keys or ()), "since": since}
    chosen = "t.commune_code = %(commune)s"
    if keys is not None:
        chosen += f" AND t.{stream.key[0]} = ANY (%(keys)s)"
    from_then_on = (
        "(t.fetched_at, t.fetch_id) >= (SELECT s.fetched_at, s.fetch_id FROM ops.fetches AS s"
        " WHERE s.fetch_id = %(since)s)"
    )
    connection.execute(
        f"DELETE FROM {stream.history_table} AS t WHERE {chosen} AND {from_then_on}", parameters
    )
    connection.execute("DROP TABLE IF EXISTS noted")
    connection.execute(
        f"CREATE TEMPORARY TABLE noted ON COMMIT DROP AS SELECT t.fetch_id, t.row_number, t.flags,"
        f" CASE WHEN t.missing_since < s.fetched_at THEN t.missing_since END AS missing_since"
        f" FROM {stream.table} AS t, ops.fetches AS s"
        f" WHERE {chosen} AND s.fetch_id = %(since)s",
        parameters,
    )
    connection.execute(f"DELETE FROM {stream.table} AS t WHERE {chosen}", parameters)
    names = ", ".join(tables.columns_of(connection, stream.table))
    key = ", ".join(("commune_code", *stream.key))
    connection.execute(
        f"INSERT INTO {stream.table} ({names}) SELECT DISTINCT ON ({key}) {names} FROM {stream.history_table} AS t"
        f" WHERE {chosen} ORDER BY {key}, fetched_at DESC, fetch_id DESC, row_number DESC",
        parameters,
    )
    connection.execute(
        f"UPDATE {stream.history_table} AS t SET valid_to = NULL FROM {stream.table} AS c"
        f" WHERE {chosen} AND (t.fetch_id, t.row_number) = (c.fetch_id, c.row_number) AND t.valid_to IS NOT NULL",
        parameters,
    )
    connection.execute(
        f"UPDATE {stream.table} AS t SET flags = n.flags, missing_since = n.missing_since FROM noted AS n"
        f" WHERE (t.fetch_id, t.row_number) = (n.fetch_id, n.row_number)"
        f" AND (t.flags <> n.flags OR n.missing_since IS NOT NULL)"
    )


def _refused_count(connection: psycopg.Connection, fetch_id: int) -> int:
    """Return how many rows of a reading count as refused because of what quarantine says of them.

    One that was good in the end does not; one that an older reading brought as well was counted when it came, even
    if it has got a line of its own since.
    """
    return connection.execute(
        "SELECT count(*) FILTER (WHERE NOT EXISTS (SELECT FROM ops.quarantine AS k"
        "  INNER JOIN ops.fetches AS o ON o.fetch_id = k.fetch_id"
        "  WHERE k.commune_code = q.commune_code AND k.stream = q.stream AND k.row_key IS NOT DISTINCT FROM q.row_key"
        "  AND k.row_hash = q.row_hash AND k.rules = q.rules"
        "  AND (o.fetched_at, o.fetch_id) < (f.fetched_at, f.fetch_id)))"
        " - count(*) FILTER (WHERE q.state = 'resolved' AND q.decision_reason = %s) AS n"
        " FROM ops.quarantine AS q INNER JOIN ops.fetches AS f ON f.fetch_id = q.fetch_id WHERE q.fetch_id = %s",
        (MENDED, fetch_id),
    ).fetchone()["n"]


def _account(connection: psycopg.Connection, fetch_id: int, released: int) -> None:
    """Move rows that left quarantine to the merged ones of their reading; the equation stays true."""
    if released:
        connection.execute(
            "UPDATE ops.fetches SET quarantined_count = quarantined_count - %(n)s, merged_count = merged_count + %(n)s"
            " WHERE fetch_id = %(fetch_id)s AND state = 'merged' AND quarantined_count >= %(n)s",
            {"n": released, "fetch_id": fetch_id},
        )


def _recount(connection: psycopg.Connection, stream: Stream, readings: list[int]) -> None:
    """Say of each reading how many versions it opened, now that the order of what was said before it is another."""
    connection.execute(
        f"UPDATE ops.fetches AS f SET merged_count = v.n, unchanged_count = f.merged_count + f.unchanged_count - v.n"
        f" FROM (SELECT r.fetch_id, count(t.fetch_id) AS n FROM unnest(%s::bigint[]) AS r (fetch_id)"
        f"  LEFT JOIN {stream.history_table} AS t ON t.fetch_id = r.fetch_id GROUP BY r.fetch_id) AS v"
        f" WHERE f.fetch_id = v.fetch_id AND f.state = 'merged' AND f.merged_count <> v.n",
        (readings,),
    )


def _state(connection: psycopg.Connection, fetch_id: int) -> str:
    return connection.execute("SELECT state FROM ops.fetches WHERE fetch_id = %s", (fetch_id,)).fetchone()[
        "state"
    ]
