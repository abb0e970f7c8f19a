"""A city-wide reading while workers are killed (-9) and Postgres stops at once: nothing may be lost or doubled.

    make kills                                     24 communes, 20 kills, 5 stops of Postgres
    make kills ARGS="--communes 6 --kills 4 --restarts 1"

The same days are then read again into an empty warehouse by a single process that nothing disturbs: every table of
every commune must be the same. What stopped is brought up again as people would: ``make run``, and Clear on red runs.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psycopg

from bench import workers
from bench.city_stack import CityStack, running, some_communes
from tests.proof.small_pull import checksums, nothing_lost_or_twice
from tthc import flows, settings
from tthc.errors import TthcError
from tthc.stack import up
from tthc.stack.services import Service

FIRST, LAST = "2025-07-01", "2025-07-31"
#: A restart comes after so many kills.
KILLS_BETWEEN_RESTARTS = 3
#: Machines that work, each two steps at once.
WORKERS = 2
#: A step whose worker died is noticed after this long here; 120 seconds elsewhere.
HEARTBEAT_TIMEOUT = 20
BEGAN = time.monotonic()


def main() -> int:
    """Return 0 when the disturbed warehouse equals the undisturbed one."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__.splitlines()[0])
    parser.add_argument("--communes", type=int, default=24, help="số xã")
    parser.add_argument("--share", type=float, default=0.1, help="phần của 1.500 hồ sơ một tháng mỗi xã")
    parser.add_argument("--kills", type=int, default=20, help="số lần giết máy xử lý")
    parser.add_argument("--restarts", type=int, default=5, help="số lần Postgres dừng ngay rồi chạy lại")
    parser.add_argument("--seed", type=int, default=1, help="số gieo của lúc nào giết, giết ai")
    chosen = parser.parse_args()
    os.environ |= {"TTHC_HEARTBEAT_TIMEOUT": str(HEARTBEAT_TIMEOUT), "TTHC_WORKER_CONCURRENCY": "2"}
    codes = some_communes(chosen.communes)
    with (
        tempfile.TemporaryDirectory(prefix="tthc-kills-", dir="/var/tmp") as folder,
        workers.redis(Path(folder)) as broker,
        running(Path(folder), codes, share=chosen.share, slots=4, broker=broker, say=say) as city,
    ):
        hands = workers.start(city.here, WORKERS)
        city.load_catalogue()
        disturb(city, hands, chosen.kills, chosen.restarts, random.Random(chosen.seed))
        nothing_lost_or_twice(city.warehouse_url)
        say("không mất, không hai lần: phương trình của từng lần đọc, mỗi khóa một bản đang có hiệu lực")
        found = {code: checksums(city.warehouse_url, accounting=False, commune=code) for code in city.codes}
        expected = undisturbed(city, {code: counted(city.warehouse_url, code) for code in city.codes})
    rows = sum(rows for tables in expected.values() for rows, _ in tables.values())
    different = {
        code: sorted(name for name in {*tables, *found[code]} if tables.get(name) != found[code].get(name))
        for code, tables in expected.items()
        if tables != found[code]
    }
    for code, names in different.items():
        say(f"KHÁC ở xã {code}: {', '.join(names)}")
    if not different:
        say(f"{len(expected)} xã, {rows} dòng: mọi bảng giống hệt lần đọc không ai quấy")
    return 1 if different or not rows else 0


def say(text: str) -> None:
    """Tell how far it is."""
    print(f"[{time.monotonic() - BEGAN:6.1f} s] {text}", file=sys.stderr, flush=True)


def disturb(city: CityStack, hands: list[Service], kills: int, restarts: int, rng: random.Random) -> None:
    """Read every commune, killing meanwhile; again and again until the kills are used up and a reading went through."""
    left = Counter(kills=kills, restarts=restarts)
    over = threading.Event()
    killer = threading.Thread(target=_kill, args=(city, hands, left, rng, over), daemon=True)
    killer.start()
    round_ = 0
    while round_ == 0 or left.total():
        round_ += 1
        run_id = f"giet__{round_}"
        _insist(lambda run_id=run_id: city.start(FIRST, LAST, run_id))
        while set((states := _insist(lambda run_id=run_id: city.wait(run_id))).values()) != {"success"}:
            say(f"lượt {round_}: {states}; bấm Clear ở chỗ đỏ")
            _insist(up.bring_up)
            # A run that failed goes on where it failed.
            _insist(lambda run_id=run_id: city.start(FIRST, LAST, run_id))
        say(f"lượt {round_} xong; còn {left['kills']} lần giết, {left['restarts']} lần dừng Postgres")
    over.set()
    killer.join()
    _insist(up.bring_up)
    _insist(city.settle)


def _kill(
    city: CityStack, hands: list[Service], left: Counter, rng: random.Random, over: threading.Event
) -> None:
    since_restart = 0
    while left.total() and not over.wait(rng.uniform(1, 8)):
        if left["restarts"] and (since_restart >= KILLS_BETWEEN_RESTARTS or not left["kills"]):
            say("Postgres dừng ngay (như mất điện), rồi chạy lại")
            os.kill(city.here.cluster.postmaster().pid, signal.SIGQUIT)
            _insist(up.bring_up)
            left["restarts"] -= 1
            since_restart = 0
        elif left["kills"] and _insist(city.at_work):
            victim = rng.choice(hands)
            if workers.kill(victim):
                left["kills"] -= 1
                since_restart += 1
                say(f"đã giết {victim.title}; còn {left['kills']} lần")
        for hand in hands:
            hand.start()


def _insist(work, patience: float = 900):
    """Return what ``work`` returns, tried again while what it needs is coming back."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return work()
        except (TthcError, psycopg.Error, OSError) as error:
            if time.monotonic() > deadline:
                raise
            say(f"chờ máy trở lại ({type(error).__name__})")
            time.sleep(3)


def counted(url: str, code: str) -> set[str]:
    """Return the months of a commune that were counted."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT DISTINCT period FROM indicators.builds WHERE commune_code = %s AND period ~ '^[0-9]{4}-[0-9]{2}$'",
            (code,),
        )
        return {month for (month,) in rows}


def undisturbed(city: CityStack, months: dict[str, set[str]]) -> dict[str, dict]:
    """Read the same days of the same city into a warehouse of its own, one commune after another, in this process.

    The same months are counted; one that this reading moves and the other did not count is an error.
    """
    from demo.registers import write_registers

    url = city.warehouse_url.rpartition("/")[0] + "/khong_ai_quay"
    with psycopg.connect(city.warehouse_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE khong_ai_quay TEMPLATE template0")
    archive = settings.state() / "archive-undisturbed"
    with settings.using({"TTHC_WAREHOUSE_URL": url, "TTHC_ARCHIVE": str(archive)}):
        flows.init(progress=str)
        paths = [str(path) for path in write_registers(settings.state() / "catalogue")]
        for code in city.codes:
            with settings.for_commune(code):
                done = flows.load(paths, progress=str)
                done += flows.ingest(("city__progress_events", "city__dossiers"), FIRST, LAST, progress=str)
                if forgotten := {month for each in done for month in each["months"]} - months[code]:
                    raise SystemExit(f"Xã {code}: chưa tính lại {', '.join(sorted(forgotten))}")
                flows.refresh(months[code], progress=str)
        say("đã đọc lại vào một kho trống, không ai quấy")
        return {code: checksums(url, accounting=False, commune=code) for code in city.codes}


if __name__ == "__main__":
    raise SystemExit(main())
