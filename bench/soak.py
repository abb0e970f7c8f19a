"""Thirty simulated days of schedules, one after another as fast as the machine goes: does anything grow or hang?

    make soak                         30 days from 1 August 2025, with an installation of its own
    make soak ARGS="--days 3"         a quick look

Every run that is due, by the DAGs' own timetables (what is due oftener than hourly: hourly), is started through
Airflow at its simulated hour, the demo city's clock moved on before it; an approver answers what waits. Ends with 1
when a run failed or hangs, an incident stands open that the demo did not plant, or memory grew.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import psycopg

from tthc.flows.progress import VIETNAM
from tthc.stack import components, installation, processes
from tthc.stack.api import RUNNING, Airflow
from tthc.stack.installation import Installation

ROOT = Path(__file__).resolve().parents[1]
START = datetime(2025, 8, 1, tzinfo=VIETNAM)
BEFORE = "2025-07"
CITY_DAGS = ("ingest_city__progress_events", "ingest_city__dossiers")
CLOSING, APPROVE = "monthly_refresh", "Duyệt"
#: What one run may take here before it counts as hanging.
PATIENCE_SECONDS = 600
#: Memory of a component in the last days may be this much above that of the days after the warm-up.
MAY_GROW = 1.15
#: Days in which caches fill.
WARM_UP_DAYS = 5


def main() -> int:
    """Return 0 when nothing hung, failed or grew."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=30, help="số ngày giả lập")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tthc-soak-", dir="/var/tmp"))
    os.environ |= {"TTHC_STATE": str(folder), "TTHC_ENV_FILE": os.devnull}
    try:
        stack("run", "--through", BEFORE)
        return Soak(installation.load(), chosen.days).run()
    finally:
        stack("reset", "--yes")
        shutil.rmtree(folder, ignore_errors=True)


def stack(*arguments: str) -> None:
    """Run what is behind ``make``."""
    subprocess.run(
        [sys.executable, "-m", "tthc.stack", *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL
    )


class Soak:
    """One installation living through simulated days."""

    def __init__(self, here: Installation, days: int) -> None:
        self.here = here
        self.end = START + timedelta(days=days)
        self.data = Airflow(here.airflow_url, "data", here.keys.data_password)
        self.approver = Airflow(here.airflow_url, "approver", here.keys.approver_password)
        self.memory: list[dict[str, float]] = []
        self.hung: list[str] = []

    def run(self) -> int:
        """Live through every day; print one line a day, then the verdict."""
        due = self.due()
        print(
            "| Ngày | lần chạy | giây | bộ nhớ (MB): "
            + ", ".join(COMPONENTS.values())
            + " | kho (MB) | nhật ký (MB) |"
        )
        print("|---|---:|---:|---|---:|---:|")
        day, began = START, time.monotonic()
        while day < self.end:
            today = [each for each in due if day <= each[0] < day + timedelta(days=1)]
            since = time.monotonic()
            for when, together in by_moment(today):
                self.live_through(when, together)
            self.memory.append(memory(self.here))
            shown = ", ".join(f"{self.memory[-1][name]:.0f}" for name in COMPONENTS)
            print(
                f"| {day:%d/%m/%Y} | {len(today)} | {time.monotonic() - since:.0f} | {shown} "
                f"| {self.warehouse_mb():.0f} | {size_mb(self.here.folder / 'logs'):.0f} |",
                flush=True,
            )
            day += timedelta(days=1)
        return self.verdict(len(due), time.monotonic() - began)

    def due(self) -> list[tuple]:
        """Return every run that is due, read from the DAG files as this installation's Airflow reads them."""
        os.environ |= components.airflow_environment(self.here)
        sys.path.insert(0, str(ROOT / "dags"))
        from bench.due_runs import due_runs

        return due_runs(START, self.end)

    def live_through(self, when: datetime, dags: list[str]) -> None:
        """Move the city to an hour, start what is due then, and return when all of it ended."""
        self.move_city(when)
        run_id = f"soak__{when:%Y-%m-%dT%H%M}"
        window = {"window_from": f"{when - timedelta(days=7):%Y-%m-%d}", "window_to": f"{when:%Y-%m-%d}"}
        for dag_id in dags:
            conf = window if dag_id in CITY_DAGS else {}
            if dag_id == CLOSING:
                conf = {"months": [f"{when.replace(day=1) - timedelta(days=1):%Y-%m}"]}
            self.data.start(dag_id, run_id, conf)
        for dag_id in dags:
            deadline = time.monotonic() + PATIENCE_SECONDS
            place = f"/dags/{dag_id}/dagRuns/{run_id}"
            while self.data.call("GET", place)["state"] in RUNNING:
                if dag_id == CLOSING:
                    for detail in self.approver.waiting(dag_id, run_id):
                        if detail["task_instance"]["state"] == "awaiting_input":
                            self.approver.answer(detail, [APPROVE], reason="Chạy dài ngày")
                if time.monotonic() > deadline:
                    self.hung.append(f"{dag_id} {run_id}")
                    break
                time.sleep(0.3)

    def move_city(self, when: datetime) -> None:
        """Set the city's clock."""
        answer = httpx.put(
            f"{self.here.city_url}/_demo/clock",
            json={"now": when.isoformat()},
            headers={"X-Demo-Key": self.here.keys.city_client_secret},
            timeout=60,
            trust_env=False,
        )
        answer.raise_for_status()

    def warehouse_mb(self) -> float:
        """Return the size of the warehouse."""
        with psycopg.connect(self.here.own_warehouse_url) as connection:
            return connection.execute("SELECT pg_database_size(current_database()) / 1e6").fetchone()[0]

    def verdict(self, count: int, seconds: float) -> int:
        """Print what was found; return 0 when all is well."""
        states: Counter[str] = Counter()
        failed = []
        for dag_id in sorted(self.data.dag_ids()):
            for run in self.data.runs(dag_id):
                states[run["state"]] += 1
                if run["state"] != "success":
                    failed.append(f"{dag_id} {run['dag_run_id']}: {run['state']}")
        print(f"\n{count} lần chạy theo lịch trong {seconds:.0f} giây; mọi lần chạy: {dict(states)}")
        problems = [*(f"treo: {each}" for each in self.hung), *(f"không xong: {each}" for each in failed)]
        for name in COMPONENTS:
            then, now = grown(self.memory, name)
            print(
                f"- bộ nhớ {COMPONENTS[name]}: {then:.0f} MB sau {WARM_UP_DAYS} ngày đầu, {now:.0f} MB lúc cuối"
            )
            if now > MAY_GROW * then:
                problems.append(f"bộ nhớ {COMPONENTS[name]} tăng {now / then:.2f} lần")
        doctor = subprocess.run(
            [sys.executable, "-m", "tthc.cli", "doctor"], cwd=ROOT, capture_output=True, text=True
        )
        print(doctor.stdout.strip().splitlines()[-1] if doctor.stdout else doctor.stderr[-500:])
        if doctor.returncode:
            problems.append("tthc doctor thấy lỗi")
        print("\n".join(problems) or "Không lần nào treo, hỏng; bộ nhớ không tăng.")
        return 1 if problems else 0


def by_moment(due: list[tuple]) -> Iterator[tuple[datetime, list[str]]]:
    """Yield (when, DAGs due then), in order."""
    moments: dict[datetime, list[str]] = {}
    for when, dag_id, _ in due:
        moments.setdefault(when.astimezone(VIETNAM), []).append(dag_id)
    yield from moments.items()


#: What is watched: each program of the stack is the leader of a session, and Postgres of a family.
COMPONENTS = {
    "scheduler": "bộ lập lịch",
    "api-server": "máy chủ",
    "dag-processor": "bộ đọc DAG",
    "triggerer": "bộ chờ",
    "demo-city": "thành phố",
    "postgres": "Postgres",
}


def memory(here: Installation) -> dict[str, float]:
    """Return the megabytes of each component with its children; what is shared is divided among those who share."""
    leaders = {
        who.pid: name
        for name in COMPONENTS
        if (who := processes.recall(here.folder / "processes" / f"{name}.json")) is not None
    }
    postmaster = here.cluster.postmaster().pid
    found = dict.fromkeys(COMPONENTS, 0.0)
    for entry in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            words = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            rollup = Path(f"/proc/{entry}/smaps_rollup").read_text()
        except OSError:
            continue
        parent, session = int(words[1]), int(words[3])
        name = "postgres" if postmaster in (entry, parent) else leaders.get(session)
        if name is not None:
            kilobytes = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
            found[name] += kilobytes / 1024
    return found


def grown(days: list[dict[str, float]], name: str) -> tuple[float, float]:
    """Return the median of a component's memory in the days after the warm-up and in the last ones."""
    values = [day[name] for day in days][min(WARM_UP_DAYS, len(days) - 1) :]
    part = max(len(values) // 3, 1)
    return statistics.median(values[:part]), statistics.median(values[-part:])


def size_mb(folder: Path) -> float:
    """Return the size of everything in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    raise SystemExit(main())
