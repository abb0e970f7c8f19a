"""A city's installation: of which communes something is to be done now. Each is then worked on for itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from tthc import settings
from tthc.errors import TthcError, Unreachable, UsageError
from tthc.flows import files, releases
from tthc.flows.progress import VIETNAM, Progress, say
from tthc.landing import incidents
from tthc.landing.due import last_complete, year_is_due
from tthc.landing.inbox import files_waiting
from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.warehouse import database

UNREADABLE_INBOX = "unreadable_inbox"


def chosen(codes: Sequence[str] | None = None) -> list[str]:
    """Return the communes somebody named, in order and each once, every one without a name; raise UsageError."""
    known = settings.communes()
    if unknown := sorted(set(codes or ()) - set(known)):
        raise UsageError(
            f"Bản cài này không có xã {settings.named(unknown)}. Các xã: {settings.named(known)}."
        )
    return [code for code in known if not codes or code in codes]


def readings(
    stream: str,
    codes: Sequence[str] | None = None,
    *,
    is_asked: bool = False,
    leave_unfinished: bool = False,
    progress: Progress = say,
) -> list[dict[str, str]]:
    """Return whose dossiers to read now and how: ``{"commune", "kind"}``, long readings last.

    ``kind`` is ``window`` or ``year``, or ``asked`` when somebody gave the days (``is_asked``). Of the communes whose
    whole year is due (or that were never read) only so many are taken as :func:`settings.long_readings` says, those
    that waited longest first; another one is read as on any other day, and its year next time. With
    ``leave_unfinished`` a commune is left to the run that still reads it.
    """
    declared, wanted = streams.stream_named(stream), chosen(codes)
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        if leave_unfinished:
            held = _unfinished(connection, declared)
            if left := [code for code in wanted if code in held]:
                progress(f"để lại cho lần chạy trước đang đọc dở: {settings.named(left)}")
            wanted = [code for code in wanted if code not in held]
        if is_asked:
            return [{"commune": code, "kind": "asked"} for code in wanted]
        today = datetime.now(VIETNAM).date()
        regular, due, never = [], [], set()
        for code in wanted:
            with settings.for_commune(code):
                if year_is_due(connection, declared, today) is None:
                    regular.append(code)
                    continue
                due.append(code)
                if last_complete(connection, declared) is None:
                    never.add(code)
        long = _longest_waiting(connection, declared, due)[: settings.long_readings()]
    later = [code for code in due if code not in long]
    regular += [code for code in later if code not in never]
    if later:
        progress(f"đọc cả năm để lần sau: {len(later)} xã (mỗi lần nhiều nhất {settings.long_readings()})")
    return [
        *({"commune": code, "kind": "window"} for code in sorted(regular)),
        *({"commune": code, "kind": "year"} for code in long),
    ]


def inbox(stream: str, progress: Progress = say) -> list[dict[str, Any]]:
    """Receive every commune's new files; return ``{"commune", "fetch_id"}`` of those of one stream still to be staged.

    A commune whose folder cannot be looked at costs only itself, and opens an incident of its own. Files that lie in
    no commune's folder are read for nobody, which is an incident of the first commune.
    """
    found = []
    with settings.for_commune(settings.communes()[0]):
        lost = files_waiting(settings.inbox_url())
        _note("misplaced_file", _misplaced(len(lost)) if lost else None)
    for code in settings.communes():
        with settings.for_commune(code):
            try:
                got = files.inbox(stream, progress)
            except Unreachable:
                raise
            except TthcError as error:
                progress(f"{code}: {error}")
                _note(UNREADABLE_INBOX, str(error))
                continue
            _note(UNREADABLE_INBOX, None)
        found += [{"commune": code, "fetch_id": fetch_id} for fetch_id in got]
    return found


def waiting() -> list[dict[str, Any]]:
    """Return ``{"commune", "numbers"}`` of the refused rows that somebody wants judged again."""
    found = []
    for code in settings.communes():
        with settings.for_commune(code):
            if numbers := releases.waiting():
                found.append({"commune": code, "numbers": numbers})
    return found


def _misplaced(count: int) -> str:
    return (
        f"{count} tệp nằm ở gốc của hộp nhận nên không được đọc cho xã nào: chuyển vào thư mục mang mã của xã, "
        f"hoặc {settings.SHARED_FOLDER} nếu là sổ chung của mọi xã."
    )


def _note(kind: str, problem: str | None) -> None:
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        if problem is None:
            incidents.close_incident(connection, kind, "inbox", "Hộp nhận đã xem được.")
        else:
            incidents.open_incident(connection, kind, "inbox", problem)


def _unfinished(connection: psycopg.Connection, stream: Stream) -> set[str]:
    """Return the communes of which a reading of the last day is on its way."""
    rows = connection.execute(
        "SELECT DISTINCT commune_code FROM ops.fetches WHERE stream = %s AND kind <> 'file'"
        " AND state IN ('fetching', 'fetched') AND started_at > now() - interval '1 day'",
        (stream.stream,),
    )
    return {code for (code,) in rows}


def _longest_waiting(connection: psycopg.Connection, stream: Stream, codes: Iterable[str]) -> list[str]:
    """Return communes by when a reading of their year was last begun: one that always fails goes to the end."""
    begun = dict(
        connection.execute(
            "SELECT commune_code, max(started_at) FROM ops.fetches WHERE stream = %s AND kind = 'year'"
            " GROUP BY commune_code",
            (stream.stream,),
        ).fetchall()
    )
    return sorted(codes, key=lambda code: (begun[code].timestamp() if code in begun else 0.0, code))
