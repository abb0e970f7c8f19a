"""Which rows of a reading say, byte for byte, what is in force already: they need no decoding and no judging.

A mark is a keyed hash of a record as it was received, and of everything that judges it. ``staging.record_marks``
holds the marks of what is in force and at rest: accepted, present, with nothing in quarantine about it. Whoever
changes one of these takes the mark away, and a reading without a mark is read in full, so that a lost mark costs
time and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Any

import msgspec
import psycopg
from psycopg import postgres
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.rows import tuple_row

from tthc import settings
from tthc.landing import keys
from tthc.landing.readers import reader_of
from tthc.sources.streams import Stream
from tthc.vietnamese.instants import UnreadableInstant
from tthc.vietnamese.quantities import UnreadableQuantity

_encode = msgspec.json.Encoder().encode
#: So many new marks change what the planner should believe of their table.
_WORTH_ANALYZING = 1_000


class ReadyUuid(Dumper):
    """Passes on the 16 bytes of a uuid in binary COPY."""

    format = Format.BINARY
    oid = postgres.types["uuid"].oid

    def dump(self, obj: bytes) -> bytes:
        return obj


class Marker:
    """Makes the marks of one stream's records; ``judged_by`` stands for all that a record is judged by."""

    def __init__(self, stream: Stream, judged_by: bytes) -> None:
        self._of_key = hashlib.blake2b(key=keys.subkey("mark"), digest_size=16)
        self._of_record = self._of_key.copy()
        self._of_record.update(judged_by)
        columns = [next(c for c in stream.columns if c.name == name) for name in stream.key]
        places = {header: f"at_{n}" for n, header in enumerate(dict.fromkeys(c.header for c in columns))}
        self._decode = msgspec.json.Decoder(
            msgspec.defstruct(
                "Key", [(at, Any, msgspec.field(name=h, default=None)) for h, at in places.items()]
            )
        ).decode
        self._reads = [(places[column.header], reader_of(column)) for column in columns]

    def key_of(self, raw: msgspec.Raw) -> list[Any] | None:
        """Return the key columns of an undecoded record; None when one is missing or cannot be read."""
        try:
            record = self._decode(raw)
            values = [read(getattr(record, at)) for at, read in self._reads]
        except (msgspec.MsgspecError, UnicodeDecodeError, UnreadableInstant, UnreadableQuantity):
            return None
        return None if None in values else values

    def key_mark(self, values: Iterable[Any]) -> bytes:
        """Return the mark of a key."""
        mark = self._of_key.copy()
        mark.update(_encode(list(values)))
        return mark.digest()

    def mark(self, raw: msgspec.Raw) -> bytes:
        """Return the mark of a record."""
        mark = self._of_record.copy()
        mark.update(raw)
        return mark.digest()


def has_marks(connection: psycopg.Connection, stream: Stream) -> bool:
    """Say whether anything of a stream could be recognised."""
    cursor = connection.cursor(row_factory=tuple_row).execute(
        "SELECT EXISTS (SELECT FROM staging.record_marks WHERE commune_code = %s AND stream = %s)",
        (settings.commune_code(), stream.stream),
    )
    return cursor.fetchone()[0]


def sort_out(
    connection: psycopg.Connection,
    stream: Stream,
    fetch_id: int,
    marker: Marker,
    records: Iterable[tuple[int, msgspec.Raw]],
) -> list[tuple[int, bytes | None]]:
    """Note the rows that say nothing new in ``staging.known_rows``; return ``(row_number, key mark)`` of the others.

    Runs in the transaction of its caller. Memory grows with what is new, not with the reading.
    """
    others: list[tuple[int, bytes | None]] = []
    with connection.cursor(row_factory=tuple_row) as cursor:
        cursor.adapters.register_dumper(None, ReadyUuid)
        cursor.execute(
            "CREATE TEMPORARY TABLE sightings"
            " (row_number integer, key_mark uuid, first_key text, mark uuid) ON COMMIT DROP"
        )
        with cursor.copy("COPY sightings FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "uuid", "text", "uuid"])
            for number, raw in records:
                key = marker.key_of(raw)
                if key is None:
                    others.append((number, None))
                else:
                    copy.write_row((number, marker.key_mark(key), str(key[0]), marker.mark(raw)))
        cursor.execute("ANALYZE sightings (key_mark, mark)")
        commune = {"commune": settings.commune_code(), "stream": stream.stream, "fetch_id": fetch_id}
        cursor.execute(
            "INSERT INTO staging.known_rows (stream, fetch_id, row_number, key_mark, first_key)"
            " SELECT %(stream)s, %(fetch_id)s, s.row_number, s.key_mark, s.first_key FROM sightings AS s"
            f" INNER JOIN staging.record_marks AS m ON {_SAME}",
            commune,
        )
        cursor.execute(
            f"SELECT s.row_number, s.key_mark FROM sightings AS s LEFT JOIN staging.record_marks AS m ON {_SAME}"
            " WHERE m.mark IS NULL",
            commune,
        )
        others += [(number, key_mark.bytes) for number, key_mark in cursor]
    return others


def rows_to_read(
    connection: psycopg.Connection, fetch_id: int, others: Collection[tuple[int, bytes | None]]
) -> set[int]:
    """Return the rows that must be read: those that are new, and all others of the same keys.

    What a reading says several times of one thing is decided by its last row, so that either all are read or none.
    """
    marks = list({mark.hex() for _, mark in others if mark})
    also = connection.cursor(row_factory=tuple_row).execute(
        "DELETE FROM staging.known_rows WHERE fetch_id = %s AND key_mark = ANY (%s::uuid[]) RETURNING row_number",
        (fetch_id, marks),
    )
    return {number for number, _ in others} | {number for (number,) in also}


def known_count(connection: psycopg.Connection, fetch_id: int) -> tuple[int, int]:
    """Return how many rows of a reading are known, and of how many keys."""
    return (
        connection.cursor(row_factory=tuple_row)
        .execute(
            "SELECT count(*), count(DISTINCT key_mark) FROM staging.known_rows WHERE fetch_id = %s",
            (fetch_id,),
        )
        .fetchone()
    )


def forget_readings(connection: psycopg.Connection, stream: Stream, *, but: int | None = None) -> None:
    """Take back what was recognised in the readings of a stream, except one: what is in force is another thing now."""
    connection.execute(
        f"DELETE FROM staging.known_rows WHERE {_OF_THE_COMMUNE} AND fetch_id IS DISTINCT FROM %(but)s",
        {"commune": settings.commune_code(), "stream": stream.stream, "but": but},
    )


def remember(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> None:
    """Keep the marks of what a merge put or found in force (its table ``batch``); drop those of what it refused."""
    parameters = {"commune": settings.commune_code(), "stream": stream.stream, "fetch_id": fetch_id}
    # In the order of the index, which takes half the time; and never a join with the marks, of whose number the
    # planner knows little.
    written = connection.execute(
        "INSERT INTO staging.record_marks AS m (commune_code, stream, key_mark, first_key, mark)"
        f" SELECT %(commune)s, %(stream)s, s.key_mark, s.{stream.key[0]}, s.mark FROM {stream.staging_table} AS s"
        " INNER JOIN batch AS b ON b.row_uid = s.row_uid"
        " WHERE s.fetch_id = %(fetch_id)s AND s.mark IS NOT NULL ORDER BY s.key_mark"
        " ON CONFLICT (commune_code, stream, key_mark) DO UPDATE SET mark = excluded.mark"
        " WHERE m.mark <> excluded.mark",
        parameters,
    ).rowcount
    if written > _WORTH_ANALYZING:
        connection.execute("ANALYZE staging.record_marks")
    connection.execute(
        f"DELETE FROM staging.record_marks AS m USING {stream.staging_table} AS s, staging.verdicts AS v"
        " WHERE v.stream = %(stream)s AND v.fetch_id = %(fetch_id)s AND cardinality(v.refused) > 0"
        " AND s.fetch_id = v.fetch_id AND s.row_number = v.row_number"
        " AND m.commune_code = %(commune)s AND m.stream = v.stream AND m.key_mark = s.key_mark",
        parameters,
    )


def forget(connection: psycopg.Connection, stream: Stream, first_keys: Collection[Any] | None) -> None:
    """Drop what is known of some first keys (None: of all), so that they are read in full when they come again."""
    parameters = {
        "commune": settings.commune_code(),
        "stream": stream.stream,
        # A key may be a year or a day; what is remembered of it is its text.
        "keys": None if first_keys is None else [str(key) for key in first_keys],
    }
    chosen = "(%(keys)s::text[] IS NULL OR first_key = ANY (%(keys)s))"
    connection.execute(f"DELETE FROM staging.known_rows WHERE {_OF_THE_COMMUNE} AND {chosen}", parameters)
    connection.execute(
        f"DELETE FROM staging.record_marks WHERE commune_code = %(commune)s AND stream = %(stream)s AND {chosen}",
        parameters,
    )


#: Another commune's readings, in the same warehouse, are compared with what is in force there.
_OF_THE_COMMUNE = (
    "stream = %(stream)s AND fetch_id IN (SELECT f.fetch_id FROM ops.fetches AS f"
    " WHERE f.commune_code = %(commune)s AND f.stream = %(stream)s)"
)
_SAME = (
    "m.commune_code = %(commune)s AND m.stream = %(stream)s AND m.key_mark = s.key_mark AND m.mark = s.mark"
)
