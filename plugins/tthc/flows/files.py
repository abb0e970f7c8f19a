"""Files that people give: by the command line, or in the inbox."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from psycopg.rows import tuple_row

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.flows.progress import Progress, say
from tthc.flows.readings import fetch_state, take_in
from tthc.landing import files as landing_files
from tthc.landing import incidents
from tthc.landing.inbox import files_waiting
from tthc.sources import spreadsheets, streams
from tthc.warehouse import database
from tthc.warehouse import merge as merging


def load(files: Iterable[str], progress: Progress = say) -> list[dict]:
    """Load files, each known by its headers; a file is copied, never moved. Known content is only reported.

    One wrong file stops nothing but itself; the first error is raised when all have been tried.
    """
    results, first_error = [], None
    for name in files:
        try:
            results.append(_load_one(name, progress))
        except TthcError as error:
            progress(f"{Path(name).name}: {error}")
            first_error = first_error or error
    if first_error and not results:
        raise first_error
    if first_error:
        raise type(first_error)(f"{first_error} ({len(results)} tệp khác đã nạp xong.)")
    return results


def _load_one(name: str, progress: Progress) -> dict:
    known = [stream for stream in streams.streams().values() if stream.kind == "file"]
    body = landing_files.read_bytes(name)
    stream = spreadsheets.recognise(body, known)
    if stream is None:
        raise UsageError(
            f"{Path(name).name}: không nhận ra tệp thuộc luồng nào qua tiêu đề cột. Các luồng nhận tệp: "
            + ", ".join(f"{s.stream} ({s.title})" for s in known)
        )
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        fetch_id, is_new = landing_files.receive(connection, name, stream)
    if not is_new and fetch_state(fetch_id) == "merged":
        progress(f"{Path(name).name}: nội dung này đã nạp rồi (lần đọc {fetch_id})")
        with database.connection() as connection:
            return {
                **merging.merge(connection, stream, fetch_id).as_dict(),
                "stream": stream.stream,
                "is_new": False,
            }
    return {**take_in(fetch_id, progress), "is_new": True}


def inbox(stream: str, progress: Progress = say) -> list[int]:
    """Take the files of the inbox that are of one stream and not yet known; return their readings, to be merged.

    A file that cannot be read, or is like no stream, opens an incident and waits for data staff.
    """
    declared = streams.stream_named(stream)
    known = [each for each in streams.streams().values() if each.kind == "file"]
    taken = []
    for name in files_waiting(settings.inbox_url()):
        with database.connection(autocommit=True, rows=tuple_row) as connection:
            subject = landing_files.hashed_name(name)
            try:
                recognised = spreadsheets.recognise(landing_files.read_bytes(name), known)
            except TthcError as error:
                incidents.open_incident(connection, "unreadable_file", subject, str(error))
                progress(str(error))
                continue
            if recognised is None or recognised.stream != declared.stream:
                continue
            incidents.close_incident(connection, "unreadable_file", subject, "Tệp đã đọc được.")
            fetch_id, is_new = landing_files.receive(connection, name, declared)
            if is_new or fetch_state(fetch_id) == "fetched":
                taken.append(fetch_id)
    return taken
