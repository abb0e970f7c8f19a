"""Files that people give us: copied into the archive, never moved, and known by their content.

The ledger's ``source`` of such a reading is the keyed hash of the file's name, followed by ``follows=`` (the reading
of an older content under the same name) and, when a person decided how the content is read, by that decision and
the ``content=`` (sha256) it is about.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePath

import msgspec
import psycopg

from tthc import settings
from tthc.landing import control_totals, given_files, keys, ledger
from tthc.landing.archive import Archive
from tthc.landing.incidents import open_incident
from tthc.sources import spreadsheets
from tthc.sources.contents import Content, content_of
from tthc.sources.own_totals import Said
from tthc.sources.spreadsheets import Choices
from tthc.sources.streams import Stream


def receive(
    connection: psycopg.Connection,
    path_or_url: str,
    stream: Stream,
    *,
    body: bytes | Content | None = None,
    choices: Choices | None = None,
    said: Said | None = None,
) -> tuple[int, bool]:
    """Archive a file as one reading of ``stream``; return ``(fetch_id, is_new)``.

    ``body`` is what was examined, so that what is archived is what was found harmless; read when absent. ``said`` is
    what it says of itself, kept in the same transaction.
    A content that this stream has taken (or refused) already is the known reading, ``is_new`` False; of a
    register, whose files replace each other, only when it is the newest. One that was archived but got no
    further is the known reading with ``is_new`` True: it still has to be staged.

    Raises UsageError when the file cannot be opened. No message holds its name: names hold people's names.
    """
    body = given_files.read(path_or_url) if body is None else content_of(body)
    choices = choices or Choices()
    stored = Archive(settings.archive_url()).store(spreadsheets.with_choices(body, choices))
    with connection.transaction():
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
            (f"fetch {settings.commune_code()} {stream.stream}",),
        )
        known = _known(connection, stream, ledger.body_hash([stored.sha256]))
        if known is not None:
            return known
        source = _source(connection, path_or_url, stream, body, choices)
        fetch_id = ledger.begin_fetch(connection, stream=stream.stream, source=source, kind="file")
        number = ledger.add_window(connection, fetch_id)
        page = ledger.Page(
            fetch_id=fetch_id,
            page_number=1,
            window_number=number,
            source_page=1,
            sha256=stored.sha256,
            first_row=1,
            # The rows of a file are counted when it is staged.
            record_count=0,
            byte_count=stored.byte_count,
            announced_count=None,
            has_next=False,
            answered_at=datetime.now(UTC),
        )
        ledger.add_page(connection, page, stored)
        (window,) = ledger.windows_of(connection, fetch_id)
        ledger.close_window(connection, window, "complete", announced=0, distinct=0)
        ledger.finish_fetch(connection, fetch_id)
        if said:
            control_totals.note_said(connection, stream, fetch_id, said)
    return fetch_id, True


def hashed_name(path_or_url: str) -> str:
    """Return the keyed hash that stands for a file's name (its last part) in the ledger."""
    name = PurePath(path_or_url.rstrip("/")).name
    return keys.identity_hash(f"tệp {name}")


def known_reading(
    connection: psycopg.Connection, body: bytes | Content, choices: Choices | None = None
) -> tuple[int, str, str] | None:
    """Return ``(fetch_id, stream, state)`` of the newest reading of this content by any stream, None when new."""
    archived = spreadsheets.with_choices(body, choices or Choices()).sha256
    return connection.execute(
        """
        SELECT fetch_id, stream, state
        FROM ops.fetches
        WHERE commune_code = %s AND kind = 'file' AND state <> 'undone' AND body_hash = %s
        ORDER BY fetch_id DESC
        LIMIT 1
        """,
        (settings.commune_code(), ledger.body_hash([archived])),
    ).fetchone()


def remembered(connection: psycopg.Connection, body: bytes | Content) -> Choices | None:
    """Return what a person decided when this content was loaded before, None when nobody had to."""
    found = connection.execute(
        """
        SELECT source
        FROM ops.fetches
        WHERE commune_code = %s AND kind = 'file' AND source LIKE '%% content=' || %s
        ORDER BY fetch_id DESC
        LIMIT 1
        """,
        (settings.commune_code(), content_of(body).sha256),
    ).fetchone()
    if found is None:
        return None
    words = dict(word.split("=", 1) for word in found[0].split()[1:])
    return msgspec.convert(
        {name: words[name] for name in Choices.__struct_fields__ if name in words}, Choices
    )


def follows(connection: psycopg.Connection, fetch_id: int) -> int | None:
    """Return the reading of an older content under the same name, None when this is the first."""
    words = ledger.fetch_of(connection, fetch_id).source.split()[1:]
    return next((int(word.partition("=")[2]) for word in words if word.startswith("follows=")), None)


def note_secret(connection: psycopg.Connection, path_or_url: str, body: Content, message: str) -> None:
    """Open the incident of a file with a mark of secrecy: its hash and the keyed hash of its name are all we keep."""
    subject = hashed_name(path_or_url)
    open_incident(connection, "secret_file", subject, f"{message} sha256 của tệp: {body.sha256}.")


def _source(
    connection: psycopg.Connection, path_or_url: str, stream: Stream, body: Content, choices: Choices
) -> str:
    name = hashed_name(path_or_url)
    older = connection.execute(
        """
        SELECT max(fetch_id)
        FROM ops.fetches
        WHERE commune_code = %s AND stream = %s AND kind = 'file' AND state <> 'undone'
            AND (source = %s OR source LIKE %s || ' %%')
        """,
        (settings.commune_code(), stream.stream, name, name),
    ).fetchone()[0]
    words = [name] if older is None else [name, f"follows={older}"]
    if decided := msgspec.to_builtins(choices):
        words += [f"{option}={value}" for option, value in decided.items()]
        words.append(f"content={body.sha256}")
    return " ".join(words)


def _known(connection: psycopg.Connection, stream: Stream, body_hash: str) -> tuple[int, bool] | None:
    newest = connection.execute(
        """
        SELECT fetch_id, state, body_hash
        FROM ops.fetches
        WHERE commune_code = %s AND stream = %s AND kind = 'file' AND state <> 'undone'
            AND (body_hash = %s OR %s)
        ORDER BY fetch_id DESC
        LIMIT 1
        """,
        (settings.commune_code(), stream.stream, body_hash, stream.replaces),
    ).fetchone()
    if newest is None or newest[2] != body_hash:
        return None
    fetch_id, state, _ = newest
    return fetch_id, state == "fetched"
