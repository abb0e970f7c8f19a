"""The ledger of what was received: ``ops.fetches``, its windows and its pages.

A fetch is one reading of one stream: of the city system, or of one file. Its windows are what was asked, one
row for each pass over the same days; its pages are the bodies in the order they came. Every function works
for the commune of the settings and inside whatever transaction the caller has opened.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime
from hashlib import sha256

import psycopg
from psycopg.rows import class_row

from tthc import settings
from tthc.landing import key_record
from tthc.landing.archive import Stored
from tthc.landing.incidents import close_incident as close_incident
from tthc.landing.incidents import open_incident as open_incident

#: A reading that nobody went on with for so long is left for good.
RESUMABLE_FOR = "1 day"


@dataclass(frozen=True)
class Fetch:
    """One reading, as ``ops.fetches`` holds it; the counts of its merge are left out."""

    fetch_id: int
    commune_code: str
    stream: str
    source: str
    kind: str
    window_from: date | None
    window_to: date | None
    state: str
    started_at: datetime
    fetched_at: datetime | None
    is_complete: bool | None
    announced_count: int | None
    read_count: int | None
    byte_count: int | None
    body_hash: str | None


@dataclass(frozen=True)
class Window:
    """What was asked at once: some days (both inside), or some dossier codes."""

    fetch_id: int
    window_number: int
    window_from: date | None
    window_to: date | None
    dossier_codes: list[str] | None
    pass_number: int
    state: str
    announced_count: int
    distinct_count: int


@dataclass(frozen=True)
class Page:
    """One archived body, and where its records lie in the reading; pages and rows are numbered from 1."""

    fetch_id: int
    page_number: int
    window_number: int
    source_page: int
    sha256: str
    first_row: int
    record_count: int
    byte_count: int
    announced_count: int | None
    has_next: bool
    answered_at: datetime


_FETCH = """fetch_id, commune_code, stream, source, kind, window_from, window_to, state, started_at,
            fetched_at, is_complete, announced_count, read_count, byte_count, body_hash"""
_WINDOW = """fetch_id, window_number, window_from, window_to, dossier_codes, pass_number, state,
             announced_count, distinct_count"""
_PAGE = """fetch_id, page_number, window_number, source_page, sha256, first_row, record_count, byte_count,
           announced_count, has_next, answered_at"""


def begin_fetch(
    connection: psycopg.Connection,
    *,
    stream: str,
    source: str,
    kind: str,
    window_from: date | None = None,
    window_to: date | None = None,
) -> int:
    """Open a reading in state ``fetching``; return its fetch_id. Raises TthcError when the keys are other ones."""
    key_record.hold(connection)
    key_record.check(connection)
    (fetch_id,) = connection.execute(
        """
        INSERT INTO ops.fetches (commune_code, stream, source, kind, window_from, window_to)
        VALUES (%s, %s, %s, %s, %s, %s)
        RETURNING fetch_id
        """,
        (settings.commune_code(), stream, source, kind, window_from, window_to),
    ).fetchone()
    return fetch_id


def unfinished_fetch(
    connection: psycopg.Connection,
    *,
    stream: str,
    source: str,
    kind: str,
    window_from: date | None,
    window_to: date | None,
) -> int | None:
    """Return the reading of just this that was interrupted less than a day ago, or None.

    Raises TthcError when the keys are other ones than those of the warehouse.
    """
    key_record.hold(connection)
    key_record.check(connection)
    found = connection.execute(
        f"""
        SELECT fetch_id
        FROM ops.fetches
        WHERE
            commune_code = %s AND stream = %s AND source = %s AND kind = %s
            AND window_from IS NOT DISTINCT FROM %s AND window_to IS NOT DISTINCT FROM %s
            AND state = 'fetching'
            AND started_at > now() - interval '{RESUMABLE_FOR}'
        ORDER BY fetch_id DESC
        LIMIT 1
        """,
        (settings.commune_code(), stream, source, kind, window_from, window_to),
    ).fetchone()
    return found[0] if found else None


def leave_old_fetches(connection: psycopg.Connection, stream: str) -> int:
    """Mark the readings of a stream that can no longer be resumed as stopped; return how many."""
    return connection.execute(
        f"""
        UPDATE ops.fetches
        SET state = 'stopped', stopped_because = 'Bị ngắt giữa chừng và không được đọc tiếp trong một ngày.'
        WHERE
            commune_code = %s AND stream = %s AND state = 'fetching'
            AND started_at <= now() - interval '{RESUMABLE_FOR}'
        """,
        (settings.commune_code(), stream),
    ).rowcount


def finish_fetch(connection: psycopg.Connection, fetch_id: int) -> None:
    """Close a reading whose windows are all read: counts, hash and moment from its windows and pages.

    Announced is the sum over the windows still in force (complete or short): halves replace what was split.
    """
    pages = pages_of(connection, fetch_id)
    connection.execute(
        """
        UPDATE ops.fetches
        SET
            state = 'fetched',
            fetched_at = coalesce(%(answered_at)s, now()),
            is_complete = (
                SELECT coalesce(bool_and(state = 'complete'), true)
                FROM ops.fetch_windows WHERE fetch_id = %(fetch_id)s AND state <> 'split'
            ),
            announced_count = (
                SELECT coalesce(sum(announced_count), 0)
                FROM ops.fetch_windows WHERE fetch_id = %(fetch_id)s AND state <> 'split'
            ),
            read_count = %(read)s,
            byte_count = %(bytes)s,
            body_hash = %(body_hash)s
        WHERE fetch_id = %(fetch_id)s
        """,
        {
            "fetch_id": fetch_id,
            "answered_at": pages[0].answered_at if pages else None,
            "read": sum(page.record_count for page in pages),
            "bytes": sum(page.byte_count for page in pages),
            "body_hash": body_hash([page.sha256 for page in pages]),
        },
    )


def fetch_of(connection: psycopg.Connection, fetch_id: int) -> Fetch:
    """Return one reading; raise LookupError when there is none of this number."""
    with connection.cursor(row_factory=class_row(Fetch)) as cursor:
        found = cursor.execute(
            f"SELECT {_FETCH} FROM ops.fetches WHERE fetch_id = %s", (fetch_id,)
        ).fetchone()
    if found is None:
        raise LookupError(f"ops.fetches {fetch_id}")
    return found


def add_window(
    connection: psycopg.Connection,
    fetch_id: int,
    *,
    window_from: date | None = None,
    window_to: date | None = None,
    dossier_codes: Sequence[str] | None = None,
    pass_number: int = 1,
) -> int:
    """Plan one more window of a reading; return its number. Windows are read in the order of numbers."""
    (number,) = connection.execute(
        """
        INSERT INTO ops.fetch_windows (
            fetch_id, window_number, window_from, window_to, dossier_codes, pass_number
        )
        SELECT %(fetch_id)s, coalesce(max(window_number), 0) + 1, %(from)s, %(to)s, %(codes)s, %(pass)s
        FROM ops.fetch_windows
        WHERE fetch_id = %(fetch_id)s
        RETURNING window_number
        """,
        {
            "fetch_id": fetch_id,
            "from": window_from,
            "to": window_to,
            "codes": None if dossier_codes is None else list(dossier_codes),
            "pass": pass_number,
        },
    ).fetchone()
    return number


def close_window(
    connection: psycopg.Connection, window: Window, state: str, *, announced: int, distinct: int
) -> None:
    """Write how the reading of a window ended: ``complete``, ``split`` (later ones replace it), ``short``."""
    connection.execute(
        """
        UPDATE ops.fetch_windows
        SET state = %s, announced_count = %s, distinct_count = %s
        WHERE fetch_id = %s AND window_number = %s
        """,
        (state, announced, distinct, window.fetch_id, window.window_number),
    )


def windows_of(connection: psycopg.Connection, fetch_id: int) -> list[Window]:
    """Return the windows of a reading in their order."""
    with connection.cursor(row_factory=class_row(Window)) as cursor:
        return cursor.execute(
            f"SELECT {_WINDOW} FROM ops.fetch_windows WHERE fetch_id = %s ORDER BY window_number", (fetch_id,)
        ).fetchall()


def next_window(connection: psycopg.Connection, fetch_id: int) -> Window | None:
    """Return the first window of a reading that is not read to its end, None when all are."""
    with connection.cursor(row_factory=class_row(Window)) as cursor:
        return cursor.execute(
            f"""
            SELECT {_WINDOW} FROM ops.fetch_windows
            WHERE fetch_id = %s AND state = 'reading'
            ORDER BY window_number
            LIMIT 1
            """,
            (fetch_id,),
        ).fetchone()


def add_page(connection: psycopg.Connection, page: Page, stored: Stored) -> None:
    """Write down one archived body as a page of a reading."""
    note_object(connection, stored)
    connection.execute(
        f"INSERT INTO ops.fetch_pages ({_PAGE}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        astuple(page),
    )


def note_object(connection: psycopg.Connection, stored: Stored) -> None:
    """Write down an object of the archive, in the index of what it has to have."""
    connection.execute(
        """
        INSERT INTO ops.archive_objects AS known (sha256, byte_count, stored_byte_count, codec, key_id)
        VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (sha256) DO UPDATE
        SET stored_byte_count = excluded.stored_byte_count, codec = excluded.codec, key_id = excluded.key_id
        WHERE (known.stored_byte_count, known.codec, known.key_id)
            <> (excluded.stored_byte_count, excluded.codec, excluded.key_id)
        """,
        (stored.sha256, stored.byte_count, stored.stored_byte_count, stored.codec, stored.key_id),
    )


def pages_of(connection: psycopg.Connection, fetch_id: int, window_number: int | None = None) -> list[Page]:
    """Return the pages of a reading, or of one window of it, in the order they came."""
    with connection.cursor(row_factory=class_row(Page)) as cursor:
        return cursor.execute(
            f"""
            SELECT {_PAGE} FROM ops.fetch_pages
            WHERE fetch_id = %(fetch_id)s
                AND (%(window_number)s::integer IS NULL OR window_number = %(window_number)s)
            ORDER BY page_number
            """,
            {"fetch_id": fetch_id, "window_number": window_number},
        ).fetchall()


def body_hash(digests: Sequence[str]) -> str:
    """Return the hash of a reading: sha256 over its pages' hashes as hexadecimal text, in their order."""
    return sha256("".join(digests).encode()).hexdigest()
