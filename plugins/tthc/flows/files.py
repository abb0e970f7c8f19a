"""Files that people give: by the command line, or in the inbox."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.rows import tuple_row

from tthc import settings, telemetry
from tthc.errors import BatchStopped, TthcError, Unreachable, UsageError
from tthc.flows.progress import Progress, say
from tthc.flows.readings import fetch_state, take_in
from tthc.landing import files as landing_files
from tthc.landing import given_files, incidents
from tthc.landing.inbox import files_waiting
from tthc.quality import returns
from tthc.quality.returns import Claim
from tthc.sources import accepted_headers, spreadsheets, streams
from tthc.sources.contents import Content
from tthc.sources.spreadsheets import Choices, Examination, SecretFile
from tthc.sources.streams import Stream
from tthc.warehouse import database
from tthc.warehouse import merge as merging


@dataclass(frozen=True)
class Received:
    """A file that was recognised and archived as one reading; ``is_new`` says that it is still to be taken in."""

    fetch_id: int
    is_new: bool
    stream: Stream
    found: Examination
    returned: int = 0


def load(
    files: Iterable[str], progress: Progress = say, choices: Choices | None = None, by: str | None = None
) -> list[dict]:
    """Load files, each known by its headers; a file is copied, never moved. Known content is only reported.

    ``choices`` is what a person decided about how these files are written; without it, what was decided when the
    same content was loaded before. ``by`` mended the rows of return sheets that do not say who did. One wrong
    file stops nothing but itself; when all have been tried, an error of the first one's kind is raised.
    """
    results, errors, names = [], [], list(files)
    for name in names:
        try:
            results.append(_load_one(name, progress, choices, by))
        except TthcError as error:
            if len(names) == 1:
                raise
            shown = f"{Path(name).name}: "
            progress(shown + str(error).removeprefix(shown))
            errors.append(error)
    if errors:
        kinds = (UsageError, BatchStopped, Unreachable)
        kind = next((each for each in kinds if isinstance(errors[0], each)), TthcError)
        raise kind(
            f"{len(errors)} tệp không nạp được (lời của từng tệp ở trên); {len(results)} tệp đã nạp xong."
        )
    return results


def _load_one(name: str, progress: Progress, choices: Choices | None, by: str | None) -> dict:
    got = receive(name, progress, choices, by)
    if got.is_new or fetch_state(got.fetch_id) != "merged":
        shown = Path(name).name
        return {**take_in(got.fetch_id, lambda text: progress(f"{shown}: {text}")), "is_new": True}
    with database.connection() as connection:
        known = merging.merge(connection, got.stream, got.fetch_id)
    return {**known.as_dict(), "stream": got.stream.stream, "is_new": False}


def receive(
    name: str, progress: Progress = say, choices: Choices | None = None, by: str | None = None
) -> Received:
    """Recognise and archive one file, and note what it says of itself; raise UsageError when it is of no stream."""
    body, shown = given_files.read(name), Path(name).name
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        choices = choices or landing_files.remembered(connection, body)
        found, stream = _examined(connection, name, body, choices)
        if stream is None:
            raise UsageError(f"{shown}: {_unlike_any()}")
        for note in found.notes:
            progress(f"{shown}: {note}")
        claims = _claims(found, body, choices)
        got = _archived(connection, name, stream, found, body, choices, claims, progress, by)
        if got.is_new and (older := landing_files.follows(connection, got.fetch_id)):
            progress(
                f"{shown}: nội dung mới của một tệp đã nạp (lần đọc {older}), đọc thành lần {got.fetch_id}"
            )
    if not got.is_new and fetch_state(got.fetch_id) == "merged":
        progress(f"{shown}: nội dung này đã nạp rồi (lần đọc {got.fetch_id})")
    return got


@telemetry.traced("inbox")
def inbox(stream: str, progress: Progress = say) -> list[int]:
    """Receive the new files of the inbox; return the readings of one stream that are still to be staged.

    Whoever looks first receives every file for the stream it is of: none is opened once for each stream. A file
    that cannot be read, is like no stream, or needs a person's decision opens an incident and waits for data staff;
    one with a mark of secrecy opens another, and nothing of it is kept. Among several communes each has a folder of
    its own; beside them lies one whose files are every commune's, for registers that are the same everywhere.
    """
    declared = streams.stream_named(stream)
    own, shared = settings.inbox_folders()
    for name in [*files_waiting(own), *(files_waiting(shared) if shared else ())]:
        with database.connection(autocommit=True, rows=tuple_row) as connection:
            _take(
                connection,
                name,
                progress,
                is_shared=shared is not None and f"/{settings.SHARED_FOLDER}/" in name,
            )
    with database.connection(rows=tuple_row) as connection:
        waiting = connection.execute(
            "SELECT fetch_id FROM ops.fetches WHERE commune_code = %s AND stream = %s AND kind = 'file'"
            " AND state = 'fetched' ORDER BY fetched_at, fetch_id",
            (settings.commune_code(), declared.stream),
        )
        return [fetch_id for (fetch_id,) in waiting]


def _take(connection: psycopg.Connection, name: str, progress: Progress, *, is_shared: bool) -> None:
    """Receive one waiting file, unless its content is known."""
    subject = landing_files.hashed_name(name)
    try:
        body = given_files.read(name)
        choices = landing_files.remembered(connection, body)
        known = landing_files.known_reading(connection, body, choices)
        if known and not streams.stream_named(known[1]).replaces:
            # Known by its hash: it need not be opened again.
            _close(connection, subject)
            return
        found, recognised = _examined(connection, name, body, choices)
        if recognised is None:
            raise UsageError(_unlike_any())
        if is_shared and not recognised.shared:
            raise UsageError(
                f"Tệp của luồng {recognised.stream} là của một xã, không phải của mọi xã: chuyển từ thư mục "
                f"{settings.SHARED_FOLDER} của hộp nhận sang thư mục mang mã của xã ấy."
            )
        claims = _claims(found, body, choices)
    except SecretFile as error:
        progress(str(error))
        return
    except TthcError as error:
        incidents.open_incident(connection, "unreadable_file", subject, str(error))
        progress(str(error))
        return
    _close(connection, subject)
    for note in found.notes:
        progress(note)
    _archived(connection, name, recognised, found, body, choices, claims, progress)


def _archived(
    connection: psycopg.Connection,
    name: str,
    stream: Stream,
    found: Examination,
    body: Content,
    choices: Choices | None,
    claims: list[Claim],
    progress: Progress,
    by: str | None = None,
) -> Received:
    """Archive a recognised file as one reading, with the cases that its rows say they mend."""
    lost = []
    with connection.transaction():
        fetch_id, is_new = landing_files.receive(
            connection, name, stream, body=body, choices=choices, said=found.said
        )
        if is_new and claims:
            lost = returns.note_claims(connection, stream, fetch_id, claims, by)
    if lost:
        numbers = ", ".join(map(returns.case_text, lost))
        progress(f"số cách ly không có ở luồng {stream.stream}: {numbers}; các dòng ấy vẫn được nạp")
    _note_columns(connection, stream, found)
    return Received(fetch_id, is_new, stream, found, len(claims))


def _claims(found: Examination, body: Content, choices: Choices | None) -> list[Claim]:
    """Return what the rows of a return sheet say of themselves, nothing for any other file."""
    if not returns.is_return_sheet(found.unknown):
        return []
    return returns.claims_in(spreadsheets.with_choices(body, choices or Choices()), found.unknown)


def _examined(
    connection: psycopg.Connection, name: str, body: Content, choices: Choices | None
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
    """Open an incident for each column that no declaration names: it was not loaded. Close those named since."""
    prefix = f"{stream.stream}."
    for subject in incidents.open_subjects(connection, "unknown_field"):
        if subject.startswith(prefix) and accepted_headers.is_named(stream, subject.removeprefix(prefix)):
            incidents.close_incident(connection, "unknown_field", subject, "Cột đã được khai báo.")
    for header in found.unknown:
        if returns.is_ours(header):
            continue
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
