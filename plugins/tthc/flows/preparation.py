"""A warehouse made ready, and made right again after a declaration changed."""

from __future__ import annotations

from tthc import settings
from tthc.flows.files import load
from tthc.flows.progress import Progress, say
from tthc.flows.readings import judge_again
from tthc.quality import suites
from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.warehouse import consequences, database, migrate, replay, tables


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
    for stream in streams.streams().values():
        if units_changed or _suite_changed(stream):
            # What was refused may be good under today's rules.
            months += judge_again(stream.stream, progress)
    return {"changed": sorted(changed), "seeded": seeded, "months": sorted(set(months))}


def _suite_changed(stream: Stream) -> bool:
    with database.connection() as connection:
        return tables.note_suite(connection, suites.folder() / f"{stream.suite}.json")


def _is_empty(stream: Stream) -> bool:
    with database.connection() as connection:
        return connection.execute(
            f"SELECT NOT EXISTS (SELECT FROM {stream.table} WHERE commune_code = %s) AS empty",
            (settings.commune_code(),),
        ).fetchone()["empty"]
