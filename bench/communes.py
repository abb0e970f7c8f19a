"""A month of a whole city through the real DAGs: dossiers a second by how many steps may run at once, and what binds.

python -m bench --only communes                                   114 communes, 1,500 dossiers a month each
python -m bench --only communes --communes 24 --share 0.2 --slots 1 2 4
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg

from bench.city_stack import DOSSIERS, EVENTS, CityStack, running, some_communes

FIRST, LAST = "2025-07-01", "2025-07-31"
RUN = "bench"


def measure(count: int, share: float, slots: int) -> dict[str, Any]:
    """Read July 2025 of so many communes with so many slots; return seconds, rows, processor time and steps."""
    with (
        tempfile.TemporaryDirectory(prefix="tthc-city-", dir="/var/tmp") as folder,
        running(Path(folder), some_communes(count), share=share, slots=slots, say=_say) as city,
    ):
        Path(folder).chmod(0o755)
        city.load_catalogue()
        load, before, began = os.getloadavg()[0], city.processors.seconds(), time.monotonic()
        city.start(FIRST, LAST, RUN)
        states = city.wait(RUN, patience=4 * 3600)
        read, used = time.monotonic() - began, city.processors.seconds()
        city.settle(patience=4 * 3600)
        counted, all_used = time.monotonic() - began, city.processors.seconds()
        if set(states.values()) != {"success"}:
            raise SystemExit(f"Lần đọc không xong: {states}")
        return {
            "communes": count,
            "share": share,
            "slots": slots,
            **_rows(city),
            "read_seconds": read,
            "count_seconds": counted - read,
            "steps": sum(len(city.steps(dag, RUN)) for dag in (EVENTS, DOSSIERS)),
            "refreshes": len(city.airflow.runs("refresh_months", state="success")),
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
