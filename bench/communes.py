"""A month of a whole city through the real DAGs: dossiers a second by how many steps may run at once, and what binds.

python -m bench --only communes                                   114 communes, 1,500 dossiers a month each
python -m bench --only communes --communes 24 --share 0.2 --slots 1 2 4
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from bench.city_stack import DOSSIERS, EVENTS, CityStack, running, some_communes
from tthc.stack import pools
from tthc.workdays import periods
from tthc.workdays.periods import Period

BEGINNING = "2025-07"


def measure(count: int, share: float, slots: Sequence[int]) -> list[dict[str, Any]]:
    """Read one month of so many communes for each number of slots; return seconds, rows, processor time and steps.

    The months follow each other in one warehouse, as they do in life: from the second on, what is still open is asked
    for by code as well.
    """
    with (
        tempfile.TemporaryDirectory(prefix="tthc-city-", dir="/var/tmp") as folder,
        running(Path(folder), some_communes(count), share=share, slots=max(slots), say=_say) as city,
    ):
        city.load_catalogue()
        results = []
        for number, several in enumerate(slots):
            month = periods.shifted(periods.parse(BEGINNING), number)
            city.tell_city("clock", now=f"{month.end}T23:00:00+07:00")
            city.airflow.set_pool(pools.INGEST, several, pools.DESCRIPTION)
            found = {"communes": count, "share": share, "slots": several, **_read(city, month)}
            # A long measurement that is cut off has told what it had seen.
            _say(json.dumps(found, ensure_ascii=False))
            results.append(found)
        return results


def _read(city: CityStack, month: Period) -> dict[str, Any]:
    run, rows = f"bench__{month.label}", _rows(city)
    load, before, began = os.getloadavg()[0], city.processors.seconds(), time.monotonic()
    city.start(str(month.start), str(month.end), run)
    states = city.wait(run, patience=4 * 3600)
    read, used = time.monotonic() - began, city.processors.seconds()
    city.settle(patience=4 * 3600)
    counted, all_used = time.monotonic() - began, city.processors.seconds()
    if set(states.values()) != {"success"}:
        raise SystemExit(f"Lần đọc không xong: {states}")
    _say(f"{month.label}: đọc {read:.0f} giây, tính lại {counted - read:.0f} giây")
    return {
        "month": month.label,
        **{name: now - rows[name] for name, now in _rows(city).items()},
        "read_seconds": read,
        "count_seconds": counted - read,
        "steps": sum(len(city.steps(dag, run)) for dag in (EVENTS, DOSSIERS)),
        "load_before": load,
        "load_after": os.getloadavg()[0],
        "read_processors": {kind: used[kind] - before[kind] for kind in used},
        "count_processors": {kind: all_used[kind] - used[kind] for kind in used},
    }


def print_table(results: list[dict[str, Any]]) -> None:
    """Print how reading grows with slots, and which kind of program used the processors."""
    print(
        "\n| Xã | chỗ đọc | hồ sơ | sự kiện | đọc (giây) | hồ sơ/giây | giây máy mỗi bước | tính lại (giây) | tải |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|---:|---|")
    for found in results:
        worked = sum(found["read_processors"].values()) / found["steps"]
        print(
            f"| {found['communes']} | {found['slots']} | {found['dossiers']} | {found['events']}"
            f" | {found['read_seconds']:.0f} | {found['dossiers'] / found['read_seconds']:.1f} | {worked:.2f}"
            f" | {found['count_seconds']:.0f} | {found['load_before']:.0f} → {found['load_after']:.0f} |"
        )
    for part, title in (("read_processors", "đọc"), ("count_processors", "tính lại sau khi đọc xong")):
        print(
            f"\n| Giây bộ xử lý lúc {title} | {' | '.join(str(found['slots']) + ' chỗ' for found in results)} |"
        )
        print(f"|---|{'---:|' * len(results)}")
        for kind in results[0][part]:
            print(f"| {kind} | {' | '.join(f'{found[part][kind]:.0f}' for found in results)} |")


def _rows(city: CityStack) -> dict[str, int]:
    with psycopg.connect(city.warehouse_url) as connection:
        return {
            name: connection.execute(f"SELECT count(*) FROM core.{table}").fetchone()[0]
            for name, table in (("dossiers", "dossiers"), ("events", "progress_events"))
        }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
