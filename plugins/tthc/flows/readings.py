"""One reading on its way: staged, judged, merged; taken back, or judged again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import tuple_row

from tthc import settings, telemetry
from tthc.errors import BatchStopped, TthcError, UsageError
from tthc.flows import own_totals
from tthc.flows.progress import Progress, say
from tthc.landing import incidents
from tthc.landing import stage as staging
from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.warehouse import database, gate, replay, tables
from tthc.warehouse import merge as merging

#: How often a merge stages a reading anew that it does not find staged and judged.
_TRIES = 3


@gate.writes
@telemetry.traced("stage")
def stage(fetch_id: int, progress: Progress = say) -> dict:
    """Copy a reading from the archive into its staging table; return its row count and undeclared fields.

    One that is merged is not staged again.
    """
    stream = stream_of(fetch_id)
    with _alone_with(fetch_id), database.connection() as connection:
        if done := _merged(connection, fetch_id):
            return {
                "fetch_id": fetch_id,
                "stream": stream.stream,
                "read": done["read_count"],
                "unknown_fields": {},
            }
        # A reading that others have overtaken is compared with what was in force at its own moment.
        late = replay.is_late(connection, stream, fetch_id)
        judged_by = None if late else tables.judged_by(connection, stream)
        outcome = staging.stage(connection, stream, fetch_id, judged_by=judged_by, progress=progress)
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


@gate.writes
@telemetry.traced("audit")
def audit(fetch_id: int, progress: Progress = say) -> dict:
    """Let Great Expectations judge a staged reading; raise BatchStopped when it must not be merged.

    One that is merged is not judged again: how many rows were warned of is then unknown (None).
    """
    from tthc.quality.audit import audit as judge

    stream = stream_of(fetch_id)
    with _alone_with(fetch_id):
        with database.connection() as connection:
            done = _merged(connection, fetch_id)
        if done:
            counts = {"checked": done["read_count"], "refused": done["quarantined_count"], "warned": None}
            return {"fetch_id": fetch_id, **counts}
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
    for rule in result.rules:
        if rule.failed_count:
            telemetry.tell_rejections(
                settings.commune_code(), stream.stream, rule.rule, rule.severity, rule.failed_count
            )
    for rule in result.warnings:
        progress(f"cảnh báo {rule.rule}: {rule.failed_count} dòng")
    return {
        "fetch_id": fetch_id,
        "checked": result.checked,
        "refused": result.refused,
        "warned": result.warned,
    }


@gate.writes
@telemetry.traced("merge")
def merge(fetch_id: int, progress: Progress = say) -> dict:
    """Merge a judged reading into core and derive what it touches; return its accounting and the months it moved."""
    stream, url = stream_of(fetch_id), settings.warehouse_url()
    with database.connection(autocommit=True) as guard:
        database.lock(guard, f"merge:{stream.stream}", session=True)
        is_repeated = _merged(guard, fetch_id) is not None
        outcome = None
        for _ in range(_TRIES):
            # Whoever stages or judges the same reading meanwhile would take the verdicts from under the merge.
            with _alone_with(fetch_id):
                if _is_staged_and_judged(stream, fetch_id):
                    outcome = _put_in(stream, url, fetch_id, progress)
                    break
            stage(fetch_id, progress)
            audit(fetch_id, progress)
        if outcome is None:
            raise TthcError(
                f"Lần đọc {fetch_id}: số dòng đọc lại từ kho lưu không bằng số dòng trong sổ. Kiểm tra TTHC_ARCHIVE "
                "và ops.fetch_pages (tthc doctor), rồi chạy lại."
            )
    months = set(outcome.months)
    # What was refused for want of something may be whole now that this has come.
    for waiting in waiting_for(stream):
        months |= set(
            judge_again(waiting.stream, progress, keys=_changed_by(stream, waiting, fetch_id), cause=fetch_id)
        )
    _note_calendar()
    own_totals.note(stream, progress)
    with database.connection() as connection:
        staging.unstage(connection, stream.stream, fetch_id)
        lag = connection.execute(
            "UPDATE ops.fetches SET touched_months = %s WHERE fetch_id = %s"
            " RETURNING extract(epoch FROM merged_at - fetched_at)::float8 AS seconds",
            (sorted(months), fetch_id),
        ).fetchone()
    accounting = {**outcome.as_dict(), "stream": stream.stream, "months": sorted(months)}
    if not is_repeated:
        telemetry.tell_merge(settings.commune_code(), stream.stream, accounting, lag["seconds"])
    return accounting


def _put_in(stream: Stream, url: str, fetch_id: int, progress: Progress) -> merging.Merged:
    with database.connection() as connection:
        late = replay.is_late(connection, stream, fetch_id) and not _merged(connection, fetch_id)
        if not late:
            return merging.merge(connection, stream, fetch_id)
        keys = replay.keys_of(connection, stream, fetch_id)
    progress(f"lần đọc {fetch_id} đến muộn: đặt lại đúng thứ tự từ kho lưu")
    return replay.merge_late(url, stream, fetch_id, keys, progress)


def take_in(fetch_id: int, progress: Progress = say) -> dict:
    """Stage, judge and merge one reading; return its accounting."""
    stage(fetch_id, progress)
    judged = audit(fetch_id, progress)
    return {**merge(fetch_id, progress), "warned": judged["warned"]}


@gate.writes
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
    own_totals.note(stream, progress)
    return {"fetch_id": fetch_id, "stream": stream.stream, "months": sorted(months)}


@gate.writes
def judge_again(
    stream: str,
    progress: Progress = say,
    only: Iterable[int] | None = None,
    keys: set | None = None,
    cause: int | None = None,
) -> list[str]:
    """Judge the quarantined rows of a stream again, all, of some numbers, or about some keys; return moved months.

    ``cause`` is the reading whose merge asks for it, and with which the months are written down.
    """
    declared = streams.stream_named(stream)
    with database.connection(autocommit=True) as guard:
        database.lock(guard, f"merge:{stream}", session=True)
        return replay.judge_again(
            settings.warehouse_url(),
            declared,
            only=None if only is None else set(only),
            keys=keys,
            cause=cause,
            progress=progress,
        )


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


@contextmanager
def _alone_with(fetch_id: int) -> Iterator[None]:
    """Let one process at a time stage, judge or merge a reading; the others wait."""
    with database.connection(autocommit=True) as guard:
        database.lock(guard, f"reading:{fetch_id}", session=True)
        yield


def _merged(connection: psycopg.Connection, fetch_id: int) -> dict | None:
    """Return the ledger's row of a reading that is merged, else None."""
    return connection.execute(
        "SELECT * FROM ops.fetches WHERE fetch_id = %s AND state = 'merged'", (fetch_id,)
    ).fetchone()


def waiting_for(stream: Stream) -> list[Stream]:
    """Return the streams whose refused rows may be whole after a merge of this one."""
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
            f" WHERE s.fetch_id = f.fetch_id) + (SELECT count(*) FROM staging.known_rows AS k"
            f" WHERE k.fetch_id = f.fetch_id) AND EXISTS (SELECT FROM ops.validations AS v"
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
