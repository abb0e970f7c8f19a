"""Files that people give: by the command line, or in the inbox."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg.rows import tuple_row

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.flows.progress import Progress, say
from tthc.flows.readings import fetch_state, take_in
from tthc.landing import files as landing_files
from tthc.landing import incidents
from tthc.landing.inbox import files_waiting
from tthc.sources import spreadsheets, streams
from tthc.sources.spreadsheets import Choices, Examination, SecretFile
from tthc.sources.streams import Stream
from tthc.warehouse import database
from tthc.warehouse import merge as merging


def load(files: Iterable[str], progress: Progress = say, choices: Choices | None = None) -> list[dict]:
    """Load files, each known by its headers; a file is copied, never moved. Known content is only reported.

    ``choices`` is what a person decided about how these files are written; without it, what was decided when the
    same content was loaded before. One wrong file stops nothing but itself; the first error is raised when all
    have been tried.
    """
    results, first_error = [], None
    for name in files:
        try:
            results.append(_load_one(name, progress, choices))
        except TthcError as error:
            progress(f"{Path(name).name}: {error}")
            first_error = first_error or error
    if first_error and not results:
        raise first_error
    if first_error:
        raise type(first_error)(f"{first_error} ({len(results)} tệp khác đã nạp xong.)")
    return results


def _load_one(name: str, progress: Progress, choices: Choices | None) -> dict:
    body, shown = landing_files.read_bytes(name), Path(name).name
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        choices = choices or landing_files.remembered(connection, body)
        found, stream = _examined(connection, name, body, choices)
        if stream is None:
            raise UsageError(f"{shown}: {_unlike_any()}")
        for note in found.notes:
            progress(f"{shown}: {note}")
        fetch_id, is_new = landing_files.receive(
            connection, name, stream, body=body, choices=choices, said=found.said
        )
        _note_columns(connection, stream, found)
        if is_new and (older := landing_files.follows(connection, fetch_id)):
            progress(f"{shown}: nội dung mới của một tệp đã nạp (lần đọc {older}), đọc thành lần {fetch_id}")
    if not is_new and fetch_state(fetch_id) == "merged":
        progress(f"{shown}: nội dung này đã nạp rồi (lần đọc {fetch_id})")
        with database.connection() as connection:
            return {
                **merging.merge(connection, stream, fetch_id).as_dict(),
                "stream": stream.stream,
                "is_new": False,
            }
    return {**take_in(fetch_id, progress), "is_new": True}


def inbox(stream: str, progress: Progress = say) -> list[int]:
    """Take the files of the inbox that are of one stream and not yet known; return their readings, to be merged.

    A file that cannot be read, is like no stream, or needs a person's decision opens an incident and waits for
    data staff; one with a mark of secrecy opens another, and nothing of it is kept.
    """
    declared = streams.stream_named(stream)
    taken = []
    for name in files_waiting(settings.inbox_url()):
        with database.connection(autocommit=True, rows=tuple_row) as connection:
            fetch_id = _take(connection, name, declared, progress)
            if fetch_id is not None:
                taken.append(fetch_id)
    return taken


def _take(connection: psycopg.Connection, name: str, declared: Stream, progress: Progress) -> int | None:
    """Return the reading of one waiting file if it is of the stream and still to be staged."""
    subject = landing_files.hashed_name(name)
    try:
        body = landing_files.read_bytes(name)
        choices = landing_files.remembered(connection, body)
        known = landing_files.known_reading(connection, body, choices)
        if known and not streams.stream_named(known[1]).replaces:
            # Known by its hash: it need not be opened again for every stream that looks into the inbox.
            _close(connection, subject)
            return known[0] if known[1:] == (declared.stream, "fetched") else None
        found, recognised = _examined(connection, name, body, choices)
        if recognised is None:
            raise UsageError(_unlike_any())
    except SecretFile as error:
        progress(str(error))
        return None
    except TthcError as error:
        incidents.open_incident(connection, "unreadable_file", subject, str(error))
        progress(str(error))
        return None
    _close(connection, subject)
    if recognised.stream != declared.stream:
        return None
    for note in found.notes:
        progress(note)
    fetch_id, is_new = landing_files.receive(
        connection, name, declared, body=body, choices=choices, said=found.said
    )
    _note_columns(connection, declared, found)
    return fetch_id if is_new else None


def _examined(
    connection: psycopg.Connection, name: str, body: bytes, choices: Choices | None
) -> tuple[Examination, Stream | None]:
    """Look at a file in memory; one with a mark of secrecy opens its incident before the error goes on."""
    known = [stream for stream in streams.streams().values() if stream.kind == "file"]
    try:
        found = spreadsheets.examine(body, known, choices)
    except SecretFile as error:
        landing_files.note_secret(connection, name, body, str(error))
        raise
    return found, next((stream for stream in known if stream.stream == found.stream), None)


def _note_columns(connection: psycopg.Connection, stream: Stream, found: Examination) -> None:
    """Open an incident for each column that the declaration does not name: it was not loaded."""
    for header in found.unknown:
        shown = " ".join(header.split())[:60]
        incidents.open_incident(
            connection,
            "unknown_field",
            f"{stream.stream}.{shown}",
            f"Tệp có thêm cột “{shown}” chưa khai báo; cột này không được nạp. Nếu cần, ghép cột bằng "
            f"“tthc sources map TỆP”, hoặc thêm một dòng vào sources/{stream.stream}.yaml "
            "(cả khi chỉ để ghi rõ personal: drop).",
        )


def _close(connection: psycopg.Connection, subject: str) -> None:
    for kind in ("unreadable_file", "secret_file"):
        incidents.close_incident(connection, kind, subject, "Tệp đã đọc được.")


def _unlike_any() -> str:
    known = ", ".join(f"{s.stream} ({s.title})" for s in streams.streams().values() if s.kind == "file")
    return (
        "không nhận ra tệp thuộc luồng nào qua tiêu đề cột. Xem đề nghị ghép cột: tthc sources map TỆP. "
        f"Các luồng nhận tệp: {known}"
    )
