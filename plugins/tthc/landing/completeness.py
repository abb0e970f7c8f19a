"""Was everything read that the city has? By the keys of the records, and by what was there before."""

from collections.abc import Callable, Iterable
from datetime import date
from hashlib import blake2b
from typing import Any

import msgspec
import psycopg

from tthc import settings
from tthc.landing import ledger
from tthc.landing.archive import Archive
from tthc.sources.streams import Column, Stream
from tthc.vietnamese.instants import UnreadableInstant, read_day, read_instant

Splitter = Callable[[bytes], list[msgspec.Raw]]


class KeysSeen:
    """The natural keys met in one pass over a window, each as 16 bytes that tell nothing about it.

    A record without the first part of its key (a dossier code) is told apart by its own bytes. Nobody says
    whether a city counts such records among what it announces, so they are kept apart.
    """

    def __init__(self, stream: Stream) -> None:
        columns = {column.name: column for column in stream.columns}
        self._columns: list[Column] = [columns[name] for name in stream.key]
        self._decode = _decoder([column.header for column in self._columns])
        self._keyed: set[bytes] = set()
        self._keyless: set[bytes] = set()

    def add(self, raws: Iterable[msgspec.Raw]) -> None:
        """Meet these undecoded records."""
        for raw in raws:
            try:
                values = msgspec.structs.astuple(self._decode(raw))
            except (msgspec.DecodeError, UnicodeDecodeError):
                values = (None,)
            parts = [_part(column, value) for column, value in zip(self._columns, values, strict=False)]
            if parts[0]:
                key = "\0".join(parts).encode("utf-8", "surrogatepass")
                self._keyed.add(blake2b(key, digest_size=16).digest())
            else:
                self._keyless.add(blake2b(raw, digest_size=16).digest())

    def __len__(self) -> int:
        return len(self._keyed) + len(self._keyless)

    def same_as(self, other: "KeysSeen") -> bool:
        """Say whether both met the same records."""
        return self._keyed == other._keyed and self._keyless == other._keyless

    def reach(self, announced: int, *, surely: bool) -> bool:
        """Say whether as many were met as announced: ``surely`` without the records that have no key."""
        return (len(self._keyed) if surely else len(self)) >= announced


def larger(announced: int | None, told: int | None) -> int | None:
    """Return the larger of two announced counts; None when neither says anything."""
    return announced if told is None else max(told, announced or 0)


def same_passes(
    connection: psycopg.Connection,
    archive: Archive,
    split: Splitter,
    stream: Stream,
    window: ledger.Window,
    keys: KeysSeen,
) -> int:
    """Return how many passes of this reading over the window met just ``keys``, the one that met them included."""
    alike = 1
    for earlier in ledger.windows_of(connection, window.fetch_id):
        is_same_question = (earlier.window_from, earlier.window_to, earlier.dossier_codes) == (
            window.window_from,
            window.window_to,
            window.dossier_codes,
        )
        if is_same_question and earlier.pass_number < window.pass_number:
            met = KeysSeen(stream)
            for page in ledger.pages_of(connection, window.fetch_id, earlier.window_number):
                met.add(split(archive.get(page.sha256)))
            alike += met.same_as(keys)
    return alike


def days_with_rows_before(
    connection: psycopg.Connection,
    archive: Archive,
    split: Splitter,
    stream: Stream,
    fetch_id: int,
    first: date,
    last: date,
) -> set[date]:
    """Return the days of ``first`` to ``last`` that had rows when they were last read completely before.

    For each day the newest complete reading other than ``fetch_id`` speaks, and only records dated on the day
    itself: the city finds a record without a date by another one, and no longer once the date is filled in.
    """
    windows = connection.execute(
        """
        SELECT fetch_id, window_number, array_agg(day)
        FROM (
            SELECT DISTINCT ON (days.day)
                days.day::date AS day, asked.fetch_id, asked.window_number, asked.distinct_count
            FROM generate_series(%(first)s::timestamp, %(last)s::timestamp, interval '1 day') AS days (day)
            JOIN ops.fetch_windows AS asked ON days.day::date BETWEEN asked.window_from AND asked.window_to
            JOIN ops.fetches AS reading ON reading.fetch_id = asked.fetch_id
            WHERE
                reading.commune_code = %(commune)s AND reading.stream = %(stream)s
                AND reading.state IN ('fetched', 'merged') AND reading.fetch_id <> %(fetch_id)s
                AND asked.state = 'complete'
            ORDER BY days.day, reading.fetched_at DESC, asked.fetch_id DESC, asked.window_number DESC
        ) AS newest
        WHERE distinct_count > 0
        GROUP BY fetch_id, window_number
        """,
        {
            "first": first,
            "last": last,
            "commune": settings.commune_code(),
            "stream": stream.stream,
            "fetch_id": fetch_id,
        },
    ).fetchall()
    (by,) = [column for column in stream.columns if column.name == stream.window_by]
    decode = _decoder([by.header])
    found: set[date] = set()
    for earlier, window_number, days in windows:
        pages = connection.execute(
            "SELECT sha256 FROM ops.fetch_pages WHERE fetch_id = %s AND window_number = %s",
            (earlier, window_number),
        ).fetchall()
        for (digest,) in pages:
            found |= set(days) & set(_days(decode, split(archive.get(digest))))
    return found


def _days(decode: Callable[[msgspec.Raw], Any], raws: Iterable[msgspec.Raw]) -> Iterable[date]:
    for raw in raws:
        try:
            (value,) = msgspec.structs.astuple(decode(raw))
            day = read_day(value)
        except (msgspec.DecodeError, UnicodeDecodeError, UnreadableInstant):
            continue
        if day is not None:
            yield day


def _decoder(headers: list[str]) -> Callable[[msgspec.Raw], Any]:
    """Return a decoder that reads only these members of an object and skips the others."""
    names = [f"part_{place}" for place in range(len(headers))]
    record = msgspec.defstruct(
        "Record",
        [(name, Any, None) for name in names],
        rename=dict(zip(names, headers, strict=True)),
    )
    return msgspec.json.Decoder(record).decode


def _part(column: Column, value: object) -> str:
    """Return a value so that two ways of writing it compare equal, where we know the ways."""
    if value is None:
        return ""
    if column.type == "instant":
        try:
            moment = read_instant(value)
        except UnreadableInstant:
            moment = None
        if moment is not None:
            return moment.isoformat()
    return str(value).strip()
