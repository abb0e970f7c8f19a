"""A warehouse made ready, and made right again after a declaration changed."""

from __future__ import annotations

from tthc import settings
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

    When a shape or a declaration changed, what it touches is made again from the archive or from core.
    """
    progress("chuẩn bị kho dữ liệu: sổ cái, bảng, đơn vị")
    changed, units_changed, advice = migrate.prepare()
    for sentence in advice:
        progress(sentence)
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
    if "marts.dossier_periods" in changed:
        _refill_months()
    with database.connection() as connection:
        noted.note(connection)
    for stream in streams.streams().values():
        if units_changed or _suite_changed(stream):
            # What was refused may be good under today's rules.
            months += judge_again(stream.stream, progress)
    return {"changed": sorted(changed), "seeded": seeded, "months": sorted(set(months))}


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


def _suite_changed(stream: Stream) -> bool:
    with database.connection() as connection:
        return tables.note_suite(connection, suites.folder() / f"{stream.suite}.json")


def _is_empty(stream: Stream) -> bool:
    with database.connection() as connection:
        return connection.execute(
            f"SELECT NOT EXISTS (SELECT FROM {stream.table} WHERE commune_code = %s) AS empty",
            (settings.commune_code(),),
        ).fetchone()["empty"]
