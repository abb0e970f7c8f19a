"""The steps that are measured, each run as ``python -m bench.steps NAME ROWS`` in a process of its own."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from psycopg.rows import tuple_row

from bench import readings
from tthc import flows, settings
from tthc.indicators import build as builds
from tthc.sources import streams
from tthc.warehouse import consequences, database
from tthc.workdays import periods

STEPS = {
    "raw_copy": "COPY nhị phân thô, cùng các dòng",
    "stage": "giải mã và COPY (kho lưu → staging)",
    "audit": "chấm bằng Great Expectations",
    "merge": "nhập lần đầu vào core",
    "derive": "suy ra marts.dossiers lần đầu",
    "month": "tính lại một tháng của một lịch",
    "year": "tính một năm của một lịch, mọi chỉ tiêu",
    "refresh_month": "tính lại một tháng, cả hai lịch, và quý, nửa năm, năm của nó",
    "refresh_year": "tính lại mười hai tháng, như trên",
    "changed": "đọc lại, 10 % đổi: staging + chấm + nhập + suy ra",
    "unchanged": "đọc lại, không gì đổi: staging + chấm + nhập",
}
Timed = dict[str, float]


def silent(_: str) -> None:
    """Show nothing."""


def archived(rows: int, *, changed: float = 0.0) -> int:
    """Archive a reading, outside the clock; return its number."""
    stream = streams.stream_named("city__dossiers")
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        return readings.archive_reading(connection, stream, rows, seed=1, changed=changed)


def newest() -> int:
    """Return the newest reading of dossiers."""
    with database.connection() as connection:
        return connection.execute(
            "SELECT max(fetch_id) AS fetch_id FROM ops.fetches WHERE stream = 'city__dossiers'"
        ).fetchone()["fetch_id"]


def clock(work: Callable[[], object]) -> float:
    """Return the seconds that some work took."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def raw_copy(rows: int) -> float:
    """Stage a reading outside the clock, take its rows out in binary, and time putting them into a bare table."""
    flows.init(silent)
    dump = Path(settings.state()) / "rows.bin"
    dump.parent.mkdir(parents=True, exist_ok=True)
    flows.load([readings.catalogue(dump.with_name("danh_muc.csv"))], silent)
    fetch_id = archived(rows)
    flows.stage(fetch_id, silent)
    with database.connection() as connection:
        with (
            dump.open("wb") as file,
            connection.cursor().copy("COPY staging.city__dossiers TO STDOUT (FORMAT binary)") as copy,
        ):
            for block in copy:
                file.write(block)
        connection.execute("CREATE TABLE public.raw (LIKE staging.city__dossiers)")
        connection.commit()

        def put() -> None:
            with (
                dump.open("rb") as file,
                connection.cursor().copy("COPY public.raw FROM STDIN (FORMAT binary)") as copy,
            ):
                while block := file.read(1 << 20):
                    copy.write(block)
            connection.commit()

        seconds = clock(put)
        connection.execute("DROP TABLE public.raw")
    dump.unlink()
    return seconds


def stage(rows: int) -> float:
    """Decode and COPY the archived reading."""
    return clock(lambda: flows.stage(newest(), silent))


def import_judge() -> None:
    """Import Great Expectations outside the clock: once per process, whatever the size of a reading."""
    import tthc.quality.audit as quality

    quality._great_expectations()


def audit(rows: int) -> float:
    """Judge the staged reading."""
    import_judge()
    return clock(lambda: flows.audit(newest(), silent))


def merge(rows: int) -> float:
    """Merge the first reading into core, without what follows from it."""
    derived = consequences.after
    consequences.after = lambda *_: []
    try:
        return clock(lambda: flows.merge(newest(), silent))
    finally:
        consequences.after = derived


def derive(rows: int) -> float:
    """Derive every dossier."""

    def work() -> None:
        with database.connection() as connection:
            consequences.derive(connection, "SELECT commune_code, dossier_code FROM core.dossiers")

    return clock(work)


def month(rows: int) -> float:
    """Refill one month of one calendar and compute its indicators at every level."""
    period = periods.parse("2025-07", "month")

    def work() -> None:
        with database.connection() as connection:
            builds.refill_month(connection, period)
            builds.build(connection, period)

    return clock(work)


def year(rows: int) -> float:
    """Compute the indicators of one year of one calendar at every level."""

    def work() -> None:
        with database.connection() as connection:
            builds.build(connection, periods.parse("2025", "month"))

    return clock(work)


def refresh_month(rows: int) -> float:
    """Refill one month in both calendars, with the quarter, half and year it belongs to."""
    return clock(lambda: flows.refresh(["2025-07"], None, silent))


def refresh_year(rows: int) -> float:
    """Refill twelve months in both calendars, with every quarter, half and year."""
    return clock(lambda: flows.refresh([f"2025-{month:02d}" for month in range(1, 13)], None, silent))


def changed(rows: int) -> float:
    """Read again with one dossier in ten changed."""
    import_judge()
    fetch_id = archived(rows, changed=0.1)
    return clock(lambda: flows.take_in(fetch_id, silent))


def unchanged(rows: int) -> float:
    """Read again with nothing changed."""
    import_judge()
    fetch_id = archived(rows, changed=0.1)
    return clock(lambda: flows.take_in(fetch_id, silent))


def told(work: Callable[[int], float], count: int) -> str:
    """Run a step; return its seconds and its peak memory, or that of the largest process it started, as JSON."""
    seconds = work(count)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return json.dumps({"seconds": seconds, "rows": count, "peak_mb": peak // 1024})


if __name__ == "__main__":
    print(told(globals()[sys.argv[1]], int(sys.argv[2])))
