"""Reading the city system: what is asked for, and in what order the streams go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime

import psycopg
from psycopg.rows import tuple_row

from tthc import settings, telemetry
from tthc.errors import BatchStopped, Busy, TthcError, UsageError
from tthc.flows.progress import VIETNAM, Progress, say
from tthc.flows.readings import take_in
from tthc.landing import incidents
from tthc.landing.due import short_days, windows_to_read, year_is_due
from tthc.landing.fetch import fetch as read_city
from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.warehouse import database


@telemetry.traced("fetch")
def fetch(
    stream: str,
    window_from: str | None = None,
    window_to: str | None = None,
    kind: str | None = None,
    progress: Progress = say,
    waits: bool = True,
) -> int:
    """Read a window of a city stream into the archive; return the number of the reading.

    Without days: what is due, which is since the last complete reading less the overlap, or once a month the
    whole year; with ``kind`` window the year is left for another time. Dossiers that are believed open are always
    asked for as well, by code. Raises Busy when another process reads the same and this one shall not wait.
    """
    declared = _city_stream(stream)
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        codes = _codes_to_ask(connection)
        first, last = _day(window_from), _day(window_to)
        if first is None or last is None:
            today = datetime.now(VIETNAM).date()
            year = None if kind == "window" else year_is_due(connection, declared, today)
            due = year or windows_to_read(connection, declared, today)
            first, last = first or due[0], last or due[1]
        if first > last:
            raise UsageError(f"Khoảng ngày ngược: từ {first:%d/%m/%Y} đến {last:%d/%m/%Y}.")
        with _incident_when_failing(connection, "fetch_failed", stream):
            return read_city(
                connection,
                declared,
                first,
                last,
                codes=codes,
                days=short_days(connection, declared),
                kind=kind or ("year" if (first.month, first.day) == (1, 1) else "window"),
                waits=waits,
                progress=progress,
            )


def ingest(
    names: Iterable[str],
    window_from: str | None = None,
    window_to: str | None = None,
    progress: Progress = say,
) -> list[dict]:
    """Read, judge and merge city streams, each after those it waits for; return the accounting of each.

    A dossier that ended may say when only in its events: those of rows refused for that are asked for by code.
    """
    wanted = [_city_stream(name).stream for name in names]
    results: list[dict] = []
    failed: TthcError | None = None
    for stream in streams.city_streams():
        if stream.stream not in wanted:
            continue
        progress(f"{stream.title}: đọc")
        _finish_interrupted(stream, progress)
        try:
            results.append(take_in(fetch(stream.stream, window_from, window_to, progress=progress), progress))
        except BatchStopped as error:
            # One stream that stops costs only itself.
            progress(str(error))
            failed = failed or error
    if "city__dossiers" in wanted and _ended_without_moment():
        events = _city_stream("city__progress_events")
        progress("hỏi tiến độ của các hồ sơ đã kết thúc mà chưa rõ lúc nào")
        with database.connection(autocommit=True, rows=tuple_row) as connection:
            fetch_id = read_city(
                connection, events, None, None, codes=_ended_without_moment(), kind="codes", progress=progress
            )
        results.append(take_in(fetch_id, progress))
    if failed:
        raise failed
    return results


def _finish_interrupted(stream: Stream, progress: Progress) -> None:
    """Take in the readings that lie whole in the archive because what read them ended before it merged them."""
    with database.connection(rows=tuple_row) as connection:
        left = connection.execute(
            "SELECT fetch_id FROM ops.fetches WHERE commune_code = %s AND stream = %s AND state = 'fetched'"
            " ORDER BY fetched_at, fetch_id",
            (settings.commune_code(), stream.stream),
        ).fetchall()
    for (fetch_id,) in left:
        progress(f"lần đọc {fetch_id} đã vào kho lưu mà chưa nhập: nhập nốt")
        try:
            take_in(fetch_id, progress)
        except TthcError as error:
            progress(str(error))


@contextmanager
def _incident_when_failing(connection: psycopg.Connection, kind: str, subject: str) -> Iterator[None]:
    """Open an incident when the step inside fails, close it when it works again. ``connection``: autocommit."""
    try:
        yield
    except Busy:
        raise
    except TthcError as error:
        incidents.open_incident(connection, kind, subject, str(error))
        raise
    incidents.close_incident(connection, kind, subject, "Bước này đã chạy được.")


def _codes_to_ask(connection) -> list[str]:
    rows = connection.execute(
        "SELECT dossier_code FROM core.dossiers WHERE commune_code = %(commune)s"
        " AND status IN (1, 2, 4, 5, 6)"
        " UNION SELECT row_key FROM ops.quarantine WHERE commune_code = %(commune)s AND state = 'open'"
        " AND stream = 'city__dossiers' AND row_key IS NOT NULL ORDER BY 1",
        {"commune": settings.commune_code()},
    ).fetchall()
    return [row[0] for row in rows]


def _ended_without_moment() -> list[str]:
    with database.connection(rows=tuple_row) as connection:
        rows = connection.execute(
            "SELECT DISTINCT row_key FROM ops.quarantine WHERE commune_code = %s AND state = 'open'"
            " AND stream = 'city__dossiers' AND row_key IS NOT NULL AND rules && %s ORDER BY 1",
            (settings.commune_code(), ["end_is_given"]),
        ).fetchall()
    return [row[0] for row in rows]


def _city_stream(name: str) -> Stream:
    stream = streams.stream_named(name)
    if stream.kind != "city":
        raise UsageError(f"Luồng {name} đến bằng tệp: dùng “tthc load TỆP”, không phải “tthc ingest”.")
    return stream


def _day(text: str | None) -> date | None:
    if not text:
        return None
    for shape in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, shape).date()
        except ValueError:
            continue
    raise UsageError(f"Ngày “{text}” không đọc được: viết 2025-07-01 hoặc 01/07/2025.")
