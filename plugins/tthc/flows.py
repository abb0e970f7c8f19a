"""The steps that DAGs and the command line call. Each is safe to repeat; values in and out fit in JSON.

A reading goes fetch → stage → audit → merge; what a merge moved goes refresh → compare → publish.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
from psycopg.rows import tuple_row

from tthc import settings
from tthc.errors import BatchStopped, TthcError, UsageError
from tthc.indicators import build as builds
from tthc.indicators import publish as publication
from tthc.landing import files as landing_files
from tthc.landing import incidents
from tthc.landing import stage as staging
from tthc.landing.due import short_days, windows_to_read, year_is_due
from tthc.landing.fetch import fetch as read_city
from tthc.landing.inbox import files_waiting
from tthc.sources import spreadsheets, streams
from tthc.sources.streams import Stream
from tthc.warehouse import consequences, database, migrate, replay
from tthc.warehouse import merge as merging
from tthc.workdays import periods
from tthc.workdays.periods import CALENDARS, Period

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
Progress = Callable[[str], None]


def say(text: str) -> None:
    """Show progress where it disturbs no data."""
    print(text, file=sys.stderr, flush=True)


def init(progress: Progress = say) -> dict:
    """Prepare the warehouse: migrations, tables, units, the working calendar; return what was made anew.

    When a shape or a declaration changed, what it touches is made again from the archive or from core.
    """
    progress("chuẩn bị kho dữ liệu: sổ cái, bảng, đơn vị")
    changed, units_changed = migrate.prepare()
    registers = [stream for stream in streams.streams().values() if stream.kind == "file"]
    # What a row is judged by comes before it, or rows would be refused for want of it.
    for stream in [*registers, *streams.city_streams()]:
        if {stream.table, stream.history_table} & changed:
            replay.replay_everything(settings.warehouse_url(), stream, progress)
    seeded = [stream.stream for stream in streams.streams().values() if stream.seed and _is_empty(stream)]
    for name in seeded:
        load([str(streams.folder() / "seeds" / streams.stream_named(name).seed)], progress)
    months: list[str] = []
    if units_changed or {"core.procedures_in_force", "marts.days", "marts.dossiers"} & changed:
        with database.connection() as connection:
            months = consequences.derive_everything(connection)
        for stream in streams.city_streams():
            months += judge_again(stream.stream, progress)
    return {"changed": sorted(changed), "seeded": seeded, "months": sorted(set(months))}


def fetch(
    stream: str,
    window_from: str | None = None,
    window_to: str | None = None,
    kind: str | None = None,
    progress: Progress = say,
) -> int:
    """Read a window of a city stream into the archive; return the number of the reading.

    Without days: what is due, which is since the last complete reading less the overlap, or once a month the
    whole year. Dossiers that are believed open are always asked for as well, by code.
    """
    declared = _city_stream(stream)
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        codes = _codes_to_ask(connection)
        first, last = _day(window_from), _day(window_to)
        if first is None or last is None:
            today = datetime.now(VIETNAM).date()
            year = year_is_due(connection, declared, today)
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
                progress=progress,
            )


def stage(fetch_id: int, progress: Progress = say) -> dict:
    """Copy a reading from the archive into its staging table; return its row count and undeclared fields."""
    stream = stream_of(fetch_id)
    with database.connection() as connection:
        database.lock(connection, f"stage:{fetch_id}")
        outcome = staging.stage(connection, stream, fetch_id, progress=progress)
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        for field in outcome.unknown:
            incidents.open_incident(
                connection,
                "unknown_field",
                f"{stream.stream}.{field}",
                f"Nguồn gửi thêm trường {field} chưa khai báo; trường này không được nạp. Nếu cần, thêm một dòng vào "
                f"sources/{stream.stream}.yaml (cả khi chỉ để ghi rõ personal: drop).",
            )
    return {
        "fetch_id": fetch_id,
        "stream": stream.stream,
        "read": outcome.read,
        "unknown_fields": outcome.unknown,
    }


def audit(fetch_id: int, progress: Progress = say) -> dict:
    """Let Great Expectations judge a staged reading; raise BatchStopped when it must not be merged."""
    from tthc.quality.audit import audit as judge

    stream = stream_of(fetch_id)
    result = judge(settings.warehouse_url(), stream, fetch_id)
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        if result.stopped_because:
            connection.execute(
                "UPDATE ops.fetches SET state = 'stopped', stopped_because = %s"
                " WHERE fetch_id = %s AND state = 'fetched'",
                (result.stopped_because, fetch_id),
            )
            incidents.open_incident(connection, "batch_stopped", stream.stream, result.stopped_because)
            raise BatchStopped(result.stopped_because)
        incidents.close_incident(connection, "batch_stopped", stream.stream, f"Lần đọc {fetch_id} đạt.")
    for rule in result.warnings:
        progress(f"cảnh báo {rule.rule}: {rule.failed_count} dòng")
    return {
        "fetch_id": fetch_id,
        "checked": result.checked,
        "refused": result.refused,
        "warned": result.warned,
    }


def merge(fetch_id: int, progress: Progress = say) -> dict:
    """Merge a judged reading into core and derive what it touches; return its accounting and the months it moved."""
    stream, url = stream_of(fetch_id), settings.warehouse_url()
    with database.connection(autocommit=True) as guard:
        database.lock(guard, f"merge:{stream.stream}", session=True)
        if not _is_staged_and_judged(stream, fetch_id):
            stage(fetch_id, progress)
            audit(fetch_id, progress)
        with database.connection() as connection:
            late = replay.is_late(connection, stream, fetch_id)
            keys = replay.keys_of(connection, stream, fetch_id) if late else set()
        if late:
            progress(f"lần đọc {fetch_id} đến muộn: đặt lại đúng thứ tự từ kho lưu")
            outcome = replay.merge_late(url, stream, fetch_id, keys, progress)
        else:
            with database.connection() as connection:
                outcome = merging.merge(connection, stream, fetch_id)
    months = set(outcome.months)
    # What was refused for want of something may be whole now that this has come.
    for waiting in _waiting_for(stream):
        months |= set(judge_again(waiting.stream, progress, keys=_changed_by(stream, waiting, fetch_id)))
    _note_calendar()
    with database.connection() as connection:
        staging.unstage(connection, stream.stream, fetch_id)
        connection.execute(
            "UPDATE ops.fetches SET touched_months = %s WHERE fetch_id = %s", (sorted(months), fetch_id)
        )
    return {**outcome.as_dict(), "stream": stream.stream, "months": sorted(months)}


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


def take_in(fetch_id: int, progress: Progress = say) -> dict:
    """Stage, judge and merge one reading; return its accounting."""
    stage(fetch_id, progress)
    judged = audit(fetch_id, progress)
    return {**merge(fetch_id, progress), "warned": judged["warned"]}


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


def unload(fetch_id: int, progress: Progress = say) -> dict:
    """Take a merged reading back as if it had never come; return the months that can move."""
    stream, url = stream_of(fetch_id), settings.warehouse_url()
    if fetch_state(fetch_id) != "merged":
        raise UsageError(
            f"Lần đọc {fetch_id} đang ở trạng thái {fetch_state(fetch_id)}: chỉ rút được lần đã nhập."
        )
    with database.connection(autocommit=True) as guard:
        database.lock(guard, f"merge:{stream.stream}", session=True)
        months = replay.take_back(url, stream, fetch_id, progress=progress)
    return {"fetch_id": fetch_id, "stream": stream.stream, "months": sorted(months)}


def judge_again(
    stream: str, progress: Progress = say, only: Iterable[int] | None = None, keys: set | None = None
) -> list[str]:
    """Judge the quarantined rows of a stream again, all, of some numbers, or about some keys; return moved months."""
    declared = streams.stream_named(stream)
    with database.connection(autocommit=True) as guard:
        database.lock(guard, f"merge:{stream}", session=True)
        return replay.judge_again(
            settings.warehouse_url(),
            declared,
            only=None if only is None else set(only),
            keys=keys,
            progress=progress,
        )


def refresh(months: Iterable[str], calendar: str | None = None, progress: Progress = say) -> dict:
    """Refill the marts of some months and compute every period they touch; return the periods computed."""
    months, computed = sorted(set(months)), []
    for name in (calendar,) if calendar else CALENDARS:
        for month in months:
            with database.connection() as connection:
                builds.refill_month(connection, periods.parse(month, name))
        for period in periods.periods_touched(months, name):
            with database.connection() as connection:
                build_id, is_new = builds.build(connection, period)
            computed.append(
                {"calendar": name, "period": period.label, "build_id": build_id, "is_new": is_new}
            )
        progress(f"lịch {name}: đã tính {len(computed)} kỳ")
    return {"periods": computed}


def compare(period: str, calendar: str | None = None) -> dict:
    """Say how the newest build of a month and the periods closing with it differ from what is published."""
    found, lines = [], []
    for each in _closing(period, calendar):
        with database.connection() as connection:
            rows = publication.differences(connection, each)
            last = publication.last_revision(connection, each)
        told = [
            {
                "calendar": each.calendar,
                "period": each.label,
                **row,
                "old": _number(row["old"]),
                "new": _number(row["new"]),
            }
            for row in rows
        ]
        found += told
        since = f"so với bản công bố {last['revision_number']}" if last else "chưa công bố lần nào"
        lines.append(f"- {each.label} (lịch {each.calendar}): {len(told)} giá trị khác, {since}.")
    shown = [row for row in found if row["level"] == "commune"][:50] or found[:50]
    return {
        "period": period,
        "is_new": bool(found),
        "difference_count": len(found),
        "differences": shown,
        "summary": "\n".join(lines),
    }


def publish(period: str, by: str, reason: str, calendar: str | None = None) -> dict:
    """Publish a month and every quarter, half and year that closes with it; return each one's revision."""
    if not by.strip() or not reason.strip():
        raise UsageError("Công bố cần người duyệt (--by) và lý do (--reason).")
    done = []
    with database.connection() as connection:
        for each in _closing(period, calendar):
            done.append(publication.publish(connection, each, by.strip(), reason.strip()))
    return {
        "published": [
            {
                "calendar": p.calendar,
                "period": p.period,
                "revision_number": p.revision_number,
                "is_new": p.is_new,
            }
            for p in done
        ]
    }


@contextmanager
def _incident_when_failing(connection: psycopg.Connection, kind: str, subject: str) -> Iterator[None]:
    """Open an incident when the step inside fails, close it when it works again. ``connection``: autocommit."""
    try:
        yield
    except TthcError as error:
        incidents.open_incident(connection, kind, subject, str(error))
        raise
    incidents.close_incident(connection, kind, subject, "Bước này đã chạy được.")


def last_month(now: datetime | None = None) -> str:
    """Return the label of the month that has just ended in Viet Nam.

    >>> last_month(datetime(2026, 1, 31, 20, 0, tzinfo=ZoneInfo("UTC")))
    '2026-01'
    """
    moment = (now or datetime.now(VIETNAM)).astimezone(VIETNAM)
    year, month = (moment.year, moment.month - 1) if moment.month > 1 else (moment.year - 1, 12)
    return f"{year}-{month:02d}"


def stream_of(fetch_id: int) -> Stream:
    """Return the stream of a reading; raise UsageError when there is no such reading."""
    with database.connection() as connection:
        row = connection.execute("SELECT stream FROM ops.fetches WHERE fetch_id = %s", (fetch_id,)).fetchone()
    if row is None:
        raise UsageError(f"Không có lần đọc số {fetch_id}. Xem các lần đọc: tthc status.")
    return streams.stream_named(row["stream"])


def fetch_state(fetch_id: int) -> str:
    """Return the state of a reading."""
    with database.connection() as connection:
        return connection.execute(
            "SELECT state FROM ops.fetches WHERE fetch_id = %s", (fetch_id,)
        ).fetchone()["state"]


def _closing(period: str, calendar: str | None) -> list[Period]:
    names = (calendar,) if calendar else CALENDARS
    parsed = periods.parse(period, names[0])
    labels = periods.periods_closing_with(period) if parsed.kind == "month" else [period]
    found = [periods.parse(label, name) for name in names for label in labels]
    # A longer period closes with its last month only once it was computed from the first one on.
    with database.connection() as connection:
        return [each for each in found if each.label == period or publication.newest_build(connection, each)]


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


def _waiting_for(stream: Stream) -> list[Stream]:
    """The streams whose refused rows may be whole after a merge of this one."""
    if stream.table == "core.working_days":
        return streams.city_streams()
    return [other for other in streams.city_streams() if stream.stream in other.after]


def _changed_by(stream: Stream, waiting: Stream, fetch_id: int) -> set | None:
    """What a reading changed that rows waiting for it are about; None when it may be anything."""
    if stream.key[0] != waiting.key[0]:
        return None
    with database.connection(rows=tuple_row) as connection:
        rows = connection.execute(
            f"SELECT DISTINCT {stream.key[0]} FROM {stream.history_table} WHERE fetch_id = %s", (fetch_id,)
        )
        return {row[0] for row in rows}


def _is_staged_and_judged(stream: Stream, fetch_id: int) -> bool:
    """Say whether merging can go on. Staging is not crash-safe, and an interrupted step may have left half of it."""
    with database.connection() as connection:
        return connection.execute(
            f"SELECT f.state = 'merged' OR f.read_count = (SELECT count(*) FROM {stream.staging_table} AS s"
            f" WHERE s.fetch_id = f.fetch_id) AND EXISTS (SELECT FROM ops.validations AS v"
            f" WHERE v.fetch_id = f.fetch_id) AS ready FROM ops.fetches AS f WHERE f.fetch_id = %s",
            (fetch_id,),
        ).fetchone()["ready"]


def _note_calendar() -> None:
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        years = [
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT leaves_calendar_in FROM marts.dossiers WHERE commune_code = %s"
                " AND leaves_calendar_in IS NOT NULL ORDER BY 1",
                (settings.commune_code(),),
            )
        ]
        for year in years:
            incidents.open_incident(
                connection,
                "calendar_not_published",
                str(year),
                f"Lịch làm việc năm {year} chưa công bố (calendar not published for {year}): "
                f"hạn của các hồ sơ rơi vào năm đó được ghi là không biết. "
                f"Nạp lịch bằng: tthc load TỆP (luồng register__working_days).",
            )
        for subject in incidents.open_subjects(connection, "calendar_not_published"):
            if int(subject) not in years:
                incidents.close_incident(connection, "calendar_not_published", subject, "Lịch đã có.")


def _is_empty(stream: Stream) -> bool:
    with database.connection() as connection:
        return connection.execute(
            f"SELECT NOT EXISTS (SELECT FROM {stream.table} WHERE commune_code = %s) AS empty",
            (settings.commune_code(),),
        ).fetchone()["empty"]


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


def _number(value) -> str | None:
    return None if value is None else str(value)
