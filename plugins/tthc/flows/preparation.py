"""A warehouse made ready, and made right again after a declaration changed."""

from __future__ import annotations

from pathlib import Path

import psycopg

from tthc import settings
from tthc.errors import TthcError, Unreachable
from tthc.flows.files import load
from tthc.flows.progress import Progress, say
from tthc.flows.readings import judge_again
from tthc.indicators import build as builds
from tthc.indicators import noted
from tthc.quality import suites
from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.warehouse import consequences, database, migrate, replay, tables
from tthc.workdays import periods


def init(progress: Progress = say) -> dict:
    """Prepare the warehouse: migrations, tables, units, the working calendar; return what was made anew.

    When a shape or a declaration changed, what it touches is made again from the archive or from core. Every
    commune of the installation is prepared; one that cannot be costs only itself, and is told at the end.
    """
    progress("chuẩn bị kho dữ liệu: sổ cái, bảng, đơn vị")
    changed, other_communes, advice, refused = migrate.prepare()
    for sentence in advice:
        progress(sentence)
    with database.connection() as connection:
        noted.note(connection)
        other_suites = {s.suite for s in streams.streams().values() if _is_other(connection, s)}
    seeded: dict[str, None] = {}
    months: set[str] = set()
    problems: list[TthcError] = []
    codes = settings.in_force()
    for number, code in enumerate(codes, start=1):
        told = progress if len(codes) == 1 else _of_commune(progress, code, number, len(codes))
        try:
            if code in refused:
                raise refused[code]
            with settings.for_commune(code):
                mine, moved = _prepare_commune(changed, code in other_communes, other_suites, told)
        except Unreachable:
            raise
        except TthcError as error:
            told(str(error))
            problems.append(error)
            continue
        seeded |= dict.fromkeys(mine)
        months |= set(moved)
    if problems:
        raise (
            problems[0]
            if len(codes) == 1
            else TthcError(f"{len(problems)} xã chưa chuẩn bị xong: xem ở trên.")
        )
    with database.connection() as connection:
        for stream in streams.streams().values():
            tables.note_suite(connection, _suite(stream))
    return {"changed": sorted(changed), "seeded": list(seeded), "months": sorted(months)}


def _prepare_commune(
    changed: set[str], has_other_units: bool, other_suites: set[str], progress: Progress
) -> tuple[list[str], list[str]]:
    """Prepare the commune in force; return the streams seeded and the months that can move."""
    registers = [stream for stream in streams.streams().values() if stream.kind == "file"]
    # What a row is judged by comes before it, or rows would be refused for want of it.
    for stream in [*registers, *streams.city_streams()]:
        if {stream.table, stream.history_table} & changed:
            replay.replay_everything(settings.warehouse_url(), stream, progress)
    seeded = [stream.stream for stream in streams.streams().values() if stream.seed and _is_empty(stream)]
    for name in seeded:
        load([str(streams.folder() / "seeds" / streams.stream_named(name).seed)], progress)
    months: list[str] = []
    if has_other_units or {"core.procedures_in_force", "marts.days", "marts.dossiers"} & changed:
        with database.connection() as connection:
            months = consequences.derive_everything(connection)
    if "marts.dossier_periods" in changed:
        _refill_months()
    for stream in streams.streams().values():
        if has_other_units or stream.suite in other_suites:
            # What was refused may be good under today's rules.
            months += judge_again(stream.stream, progress)
    return seeded, months


def _of_commune(progress: Progress, code: str, number: int, count: int) -> Progress:
    return lambda text: progress(f"[{number}/{count} · {code}] {text}")


def _refill_months() -> None:
    """Fill the month table again for the months that were ever computed."""
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT DISTINCT calendar, period FROM indicators.builds WHERE commune_code = %s ORDER BY 1, 2",
            (settings.commune_code(),),
        ).fetchall()
        for row in rows:
            period = periods.parse(row["period"], row["calendar"])
            if period.kind == "month":
                builds.refill_month(connection, period)


def _is_other(connection: psycopg.Connection, stream: Stream) -> bool:
    return tables.is_other_suite(connection, _suite(stream))


def _suite(stream: Stream) -> Path:
    return suites.folder() / f"{stream.suite}.json"


def _is_empty(stream: Stream) -> bool:
    with database.connection() as connection:
        return connection.execute(
            f"SELECT NOT EXISTS (SELECT FROM {stream.table} WHERE commune_code = %s) AS empty",
            (settings.commune_code(),),
        ).fetchone()["empty"]
