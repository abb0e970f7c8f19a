"""Steps of the upgrade trial that run on either release: ``python -m bench.upgrade_steps STEP …``, prints JSON."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

#: Months that are computed and published before, in the calendar of months.
MONTHS = ("2025-03", "2025-04")
COMMUNE = "11674"
#: What people ask: published numbers, a list of the marts, one dossier, the rows behind a number.
QUESTIONS = {
    "số đã công bố": "SELECT count(*), sum(value) FROM indicators.published WHERE period = '2025-03'",
    "một hồ sơ": "SELECT dossier_code, status, due_at, row_hash FROM core.dossiers WHERE dossier_code = %(code)s",
    "hồ sơ theo đơn vị": "SELECT unit_code, count(*) FROM marts.dossier_periods WHERE calendar = 'month'"
    " AND period_start = '2025-03-01' GROUP BY unit_code ORDER BY unit_code",
    "một hồ sơ ở marts": "SELECT dossier_code, unit_code, due_at, outcome FROM marts.dossiers"
    " WHERE dossier_code = %(code)s",
    "hồ sơ đứng sau một số": "SELECT count(*) FROM indicators.evidence('11674', 'month', '2025-03', 'commune',"
    " '11674', 'dossier_on_time_rate')",
}


def silent(_: str) -> None:
    """Show nothing."""


def prepare(dossiers: str) -> dict:
    """Fill a warehouse from nothing: a year of dossiers from the archive, two months published."""
    from bench import readings
    from tthc import flows, settings
    from tthc.sources import streams
    from tthc.warehouse import database

    began = time.monotonic()
    flows.init(silent)
    catalogue = Path(settings.state()) / "danh_muc.csv"
    catalogue.parent.mkdir(parents=True, exist_ok=True)
    flows.load([readings.catalogue(catalogue)], silent)
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        stream = streams.stream_named("city__dossiers")
        fetch_id = readings.archive_reading(connection, stream, int(dossiers), seed=1)
    taken = flows.take_in(fetch_id, silent)
    flows.refresh(list(MONTHS), "month", silent)
    for month in MONTHS:
        flows.publish(month, "Người duyệt", "Thử nâng cấp", "month")
    return {"merged": taken["merged"], "seconds": round(time.monotonic() - began, 1)}


def ingest(dossiers: str, pages: str) -> dict:
    """Take in the first pages of the same year again, which say nothing new; return what was told and how long."""
    from bench import readings
    from tthc import flows
    from tthc.sources import streams
    from tthc.warehouse import database

    said: list[str] = []
    began = time.monotonic()
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        stream = streams.stream_named("city__dossiers")
        fetch_id = readings.archive_reading(connection, stream, int(dossiers), seed=1, most=int(pages))
    done = flows.take_in(fetch_id, said.append)
    waited = any("đang được nâng cấp" in each for each in said)
    counts = {name: done[name] for name in ("read", "merged", "unchanged")}
    return {**counts, "waited": waited, "seconds": round(time.monotonic() - began, 1)}


def read(url: str, question: str) -> dict:
    """Ask one question again and again until told to end; return how often, the longest, and what went wrong."""
    over = False

    def end(*_: object) -> None:
        nonlocal over
        over = True

    signal.signal(signal.SIGTERM, end)
    asked, longest, failed, answers = 0, 0.0, [], set()
    with psycopg.connect(url, autocommit=True, application_name="reader") as connection:
        connection.execute("SET TIME ZONE 'Asia/Ho_Chi_Minh'")
        (code,) = connection.execute("SELECT min(dossier_code) FROM marts.dossiers").fetchone()
        while not over:
            began = time.monotonic()
            try:
                answers.add(repr(connection.execute(QUESTIONS[question], {"code": code}).fetchall()))
            except psycopg.Error as error:
                failed.append(type(error).__name__)
            longest = max(longest, time.monotonic() - began)
            asked += 1
            time.sleep(0.05)
    return {"asked": asked, "longest": round(longest, 3), "failed": failed, "answers": len(answers)}


def watch(url: str) -> dict:
    """Look every 20 ms who waits for a lock, until told to end; return the longest wait of a reader, and of anyone."""
    over = False

    def end(*_: object) -> None:
        nonlocal over
        over = True

    signal.signal(signal.SIGTERM, end)
    looks, reader, anyone = 0, 0.0, 0.0
    with psycopg.connect(url, autocommit=True) as connection:
        while not over:
            rows = connection.execute(
                "SELECT a.application_name, extract(EPOCH FROM clock_timestamp() - l.waitstart)::float8"
                " FROM pg_locks AS l INNER JOIN pg_stat_activity AS a USING (pid) WHERE NOT l.granted"
            ).fetchall()
            for name, seconds in rows:
                anyone = max(anyone, seconds or 0)
                reader = max(reader, seconds or 0) if name == "reader" else reader
            looks += 1
            time.sleep(0.02)
    return {"looks": looks, "reader": round(reader, 3), "anyone": round(anyone, 3)}


def content(url: str, *known: str) -> dict:
    """Return rows and checksum of every table of core, marts and what is published; of ``known`` columns if told."""
    wanted = json.loads(Path(known[0]).read_text(encoding="utf-8")) if known else None
    found = {}
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'Asia/Ho_Chi_Minh'")
        rows = connection.execute(
            "SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text ORDER BY a.attname)"
            " FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " INNER JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
            " WHERE n.nspname IN ('core', 'marts', 'restricted', 'indicators') AND c.relkind IN ('r', 'p')"
            " AND NOT c.relispartition AND c.relname <> 'definition_versions' GROUP BY 1 ORDER BY 1"
        ).fetchall()
        for name, columns in rows:
            if wanted is not None:
                if name not in wanted:
                    continue
                columns = [each for each in wanted[name]["columns"] if each in columns]
            told = sql.SQL(", ").join(map(sql.Identifier, columns))
            # A sum of hashes: no order, no memory.
            count, total = connection.execute(
                sql.SQL(
                    "SELECT count(*), coalesce(sum(('x' || left(md5(t::text), 15))::bit(60)::bigint::numeric), 0)::text"
                    " FROM (SELECT {} FROM {}) AS t"
                ).format(told, sql.Identifier(*name.split(".")))
            ).fetchone()
            found[name] = {"columns": columns, "rows": count, "sum": total}
    return found


if __name__ == "__main__":
    step, *given = sys.argv[1:]
    print(json.dumps(globals()[step](*given), ensure_ascii=False))
