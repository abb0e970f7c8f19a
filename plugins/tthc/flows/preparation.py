"""A warehouse made ready, and made right again after a declaration or the software changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

from tthc import settings
from tthc.errors import TthcError, Unreachable, UsageError
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

#: Filled month by month; every other table that we fill is filled whole.
_MONTHS = "marts.dossier_periods"


def init(progress: Progress = say, *, go_back: bool = False) -> dict:
    """Prepare the warehouse: migrations, tables, units, the working calendar; return what was made anew.

    When a shape or a declaration changed, what it touches is made again from the archive or from core, and comes in
    force with the new shape or not at all. ``go_back``: also to an older release, when no migration is in between.
    Every commune of the installation is prepared; one that cannot be costs only itself, and is told at the end,
    unless a table was made anew, which would then lack it.
    """
    progress("chuẩn bị kho dữ liệu: sổ cái, bảng, đơn vị")
    problems: dict[str, TthcError] = {}
    months: set[str] = set()
    seeded: dict[str, None] = {}

    def fill(
        connection: psycopg.Connection,
        made: set[str],
        others: frozenset[str],
        refused: dict[str, UsageError],
    ) -> None:
        noted.note(connection)
        suites_changed = {s.suite for s in streams.streams().values() if _is_other(connection, s)}

        def fill_one(code: str, told: Progress) -> None:
            with connection.transaction():
                months.update(_fill(connection, made, code in others, suites_changed, told))

        codes = settings.communes() if made else settings.in_force()
        # Of those that are refused there is nothing that could be lost.
        _for_each([code for code in codes if code not in refused], fill_one, progress, problems)
        if made and problems:
            raise next(iter(problems.values()))
        for code, error in refused.items():
            progress(f"[{code}] {error}")
        problems.update(refused)
        if not problems:
            for stream in streams.streams().values():
                tables.note_suite(connection, _suite(stream))

    def seed_one(code: str, told: Progress) -> None:
        seeded.update(dict.fromkeys(_seed(told)))

    prepared = migrate.prepare(fill=fill, progress=progress, go_back=go_back)
    for sentence in prepared.advice:
        progress(sentence)
    if prepared.exchange_seconds:
        progress(f"đã thay các bảng trong {prepared.exchange_seconds * 1000:.0f} phần nghìn giây")
    codes = settings.in_force()
    _for_each(codes, seed_one, progress, problems)
    if problems:
        first = next(iter(problems.values()))
        raise first if len(codes) == 1 else TthcError(f"{len(problems)} xã chưa chuẩn bị xong: xem ở trên.")
    return {"changed": sorted(prepared.made), "seeded": list(seeded), "months": sorted(months)}


def _for_each(
    codes: Sequence[str],
    work: Callable[[str, Progress], None],
    progress: Progress,
    problems: dict[str, TthcError],
) -> None:
    """Do some work for each commune that had no problem so far, and note those that have one now."""
    for number, code in enumerate(codes, start=1):
        if code in problems:
            continue
        told = progress if len(codes) == 1 else _of_commune(progress, code, number, len(codes))
        try:
            with settings.for_commune(code):
                work(code, told)
        except Unreachable:
            raise
        except TthcError as error:
            told(str(error))
            problems[code] = error


def _of_commune(progress: Progress, code: str, number: int, count: int) -> Progress:
    return lambda text: progress(f"[{number}/{count} · {code}] {text}")


def _fill(
    connection: psycopg.Connection,
    made: set[str],
    has_other_units: bool,
    suites_changed: set[str],
    progress: Progress,
) -> list[str]:
    """Fill the tables that were made for the commune in force, in the transaction that brings them in force.

    Returns the months to refresh.
    """
    registers = [stream for stream in streams.streams().values() if stream.kind == "file"]
    # What a row is judged by comes before it, or rows would be refused for want of it.
    for stream in [*registers, *streams.city_streams()]:
        if {stream.table, stream.history_table} & made:
            replay.replay_everything(settings.warehouse_url(), stream, progress)
    months: list[str] = []
    stale = tables.stale(made)
    if has_other_units or stale - {_MONTHS}:
        progress("suy ra lại mọi hồ sơ từ core")
        months = consequences.derive_everything(connection)
    if _MONTHS in stale:
        _refill_months(connection, progress)
    for stream in streams.streams().values():
        if has_other_units or stream.suite in suites_changed:
            # What was refused may be good under today's rules.
            months += judge_again(stream.stream, progress)
    return months


def _seed(progress: Progress) -> list[str]:
    """Load what a new commune starts with; return the streams."""
    seeded = [stream.stream for stream in streams.streams().values() if stream.seed and _is_empty(stream)]
    for name in seeded:
        load([str(streams.folder() / "seeds" / streams.stream_named(name).seed)], progress)
    return seeded


def _refill_months(connection: psycopg.Connection, progress: Progress) -> None:
    """Fill the month table again for the months that were ever computed."""
    rows = connection.execute(
        "SELECT DISTINCT calendar, period FROM indicators.builds WHERE commune_code = %s ORDER BY 1, 2",
        (settings.commune_code(),),
    ).fetchall()
    months = [
        period for row in rows if (period := periods.parse(row["period"], row["calendar"])).kind == "month"
    ]
    for number, period in enumerate(months, start=1):
        progress(f"tính lại bảng tháng: {period.label} ({number}/{len(months)})")
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
