"""A whole city on this machine: Postgres, Airflow with its scheduler, the demo city, and some communes to read.

:func:`running` starts it in a folder of its own and ends it; what it gives reads every commune through the real DAGs.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.processor_time import ProcessorTime
from demo.hai_phong import AN_HUNG
from tthc import settings
from tthc.errors import TthcError
from tthc.stack import pools, postgres, up
from tthc.stack.api import RUNNING, Airflow
from tthc.stack.installation import Installation

ROOT = Path(__file__).resolve().parents[1]
EVENTS, DOSSIERS, CATALOGUE = (
    "ingest_city__progress_events",
    "ingest_city__dossiers",
    "ingest_register__procedures",
)
REFRESH = "refresh_months"
STARTUP_SECONDS = 600
#: What the caller has set for its own reasons.
KEPT = ("TTHC_PG_BIN", "TTHC_HEARTBEAT_TIMEOUT", "TTHC_WORKER_CONCURRENCY")


class CityStack:
    """A running city: its Airflow, its demo city, and how much of the processors each kind of program has used."""

    def __init__(
        self,
        here: Installation,
        codes: Sequence[str],
        share: float,
        seed: int,
        city: subprocess.Popen,
        url: str,
    ) -> None:
        self.here, self.codes, self.share, self.seed = here, tuple(codes), share, seed
        self.airflow = Airflow(here.airflow_url, "data", here.keys.data_password)
        self.city, self.city_url = city, url
        self.processors = ProcessorTime(here, city.pid)

    @property
    def warehouse_url(self) -> str:
        """The libpq URL of the warehouse."""
        return self.here.own_warehouse_url

    def tell_city(self, what: str, **body: object) -> None:
        """Make a keeper's call to the demo city: ``clock`` (now=…), ``troubles`` (…), ``away`` (communes=[…])."""
        key = {"X-Demo-Key": os.environ["TTHC_CITY_CLIENT_SECRET"]}
        answer = httpx.put(
            f"{self.city_url}/_demo/{what}", json=body, headers=key, timeout=300, trust_env=False
        )
        answer.raise_for_status()

    def load_catalogue(self) -> None:
        """Give every commune the catalogue of procedures at once, without Airflow."""
        from demo.registers import write_registers
        from tthc import flows

        paths = [str(path) for path in write_registers(settings.state() / "catalogue")]
        with settings.using({"TTHC_WAREHOUSE_URL": self.warehouse_url}):
            for code in self.codes:
                with settings.for_commune(code):
                    flows.load(paths, progress=str)

    def start(self, first: str, last: str, run_id: str, codes: Sequence[str] | None = None) -> None:
        """Ask for the events and the dossiers of some days, of every commune or of some."""
        conf = {"window_from": first, "window_to": last, **({"communes": list(codes)} if codes else {})}
        for dag_id in (EVENTS, DOSSIERS):
            self.airflow.start(dag_id, run_id, conf)

    def wait(
        self, run_id: str, patience: float = 7200, meanwhile: Callable[[], object] | None = None
    ) -> dict:
        """Return the states of the two runs, by DAG, once both have ended well or not."""
        deadline = time.monotonic() + patience
        while True:
            states = {
                dag_id: self.airflow.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"]
                for dag_id in (EVENTS, DOSSIERS)
            }
            if not set(states.values()) & set(RUNNING):
                return states
            if time.monotonic() > deadline:
                raise TthcError(f"{run_id} chưa xong sau {patience:.0f} giây: {states}")
            if meanwhile is not None:
                meanwhile()
            time.sleep(1)

    def settle(self, patience: float = 7200) -> None:
        """Return when no month waits to be counted; raise when one could not be."""
        deadline, calm = time.monotonic() + patience, 0
        while calm < 3:
            calm = 0 if any(self.airflow.runs(REFRESH, state=state) for state in RUNNING) else calm + 1
            if time.monotonic() > deadline:
                raise TthcError(f"Còn tháng chưa tính lại sau {patience:.0f} giây.")
            time.sleep(1)
        if failed := self.airflow.runs(REFRESH, state="failed"):
            raise TthcError(f"Có tháng tính lại bị hỏng: {sorted(run['partition_key'] for run in failed)}")

    def at_work(self) -> int:
        """Return how many steps of readings are running now."""
        return self.airflow.call("GET", f"/pools/{pools.INGEST}")["running_slots"]

    def steps(self, dag_id: str, run_id: str) -> list[dict]:
        """Return the mapped steps of a run: step, commune (None before it ran), state, when it began and ended."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        return [
            {
                "step": each["task_id"],
                "commune": (each.get("rendered_map_index") or "")[:5] or None,
                "state": each["state"],
                "began": each["start_date"],
                "ended": each["end_date"],
            }
            for each in self.airflow.items(path, "task_instances")
            if each["map_index"] >= 0
        ]

    def checksums(self, commune: str) -> dict[str, tuple[int, str]]:
        """Return rows and a checksum of every table of core and marts, of values and revisions, for one commune."""
        from tests.proof.small_pull import checksums

        return checksums(self.warehouse_url, commune=commune)


@contextmanager
def running(
    folder: Path,
    codes: Sequence[str],
    *,
    share: float = 1.0,
    heavy: Mapping[str, float] | None = None,
    slots: int = 3,
    seed: int = 1,
    clock: str = "2025-07-31T23:00:00+07:00",
    broker: str = "",
    say: Callable[[str], None] = print,
) -> Iterator[CityStack]:
    """Give a city of these communes, each with ``share`` × 1,500 dossiers a month and ``slots`` to read in.

    With a ``broker`` the steps wait for workers (:mod:`bench.workers`), else the scheduler does them. Everything lives
    in ``folder`` and is ended and forgotten afterwards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, key = postgres.free_port(), secrets.token_urlsafe(24)
    environment = {
        "TTHC_STATE": str(folder / "var"),
        "TTHC_COMMUNE": ",".join(codes),
        "TTHC_COMMUNES_FOLDER": str(folder / "communes"),
        "TTHC_INGEST_SLOTS": str(slots),
        "TTHC_CITY_URL": f"http://127.0.0.1:{port}/xa/{{commune}}",
        "TTHC_CITY_CLIENT_ID": "kho-thanh-pho",
        "TTHC_CITY_CLIENT_SECRET": key,
        "TTHC_BROKER_URL": broker,
        "TTHC_ENV_FILE": os.devnull,
        # Ports that nobody looks for: two stacks that start together would both take the next free one.
        "TTHC_AIRFLOW_PORT": str(postgres.free_port()),
        "TTHC_PG_PORT": str(postgres.free_port()),
    }
    kept = {name: value for name, value in os.environ.items() if name.startswith("TTHC_")}
    for name in kept:
        if name not in KEPT:
            del os.environ[name]
    os.environ.update(environment)
    city = None
    try:
        _declare(folder / "communes", codes)
        city = _city(port, codes, share, heavy or {}, seed, clock, folder)
        patience, up.STARTUP_SECONDS = up.STARTUP_SECONDS, STARTUP_SECONDS
        try:
            here = up.bring_up()
        finally:
            up.STARTUP_SECONDS = patience
        stack = CityStack(here, codes, share, seed, city, f"http://127.0.0.1:{port}")
        _wait_for_dags(stack.airflow)
        say(f"{len(codes)} xã, mỗi xã {share:g} lần 1.500 hồ sơ một tháng, {slots} chỗ đọc")
        yield stack
    finally:
        up.take_down()
        if city is not None:
            city.terminate()
            city.wait(20)
        up.forget()
        for name in environment:
            os.environ.pop(name, None)
        os.environ.update(kept)


def _declare(folder: Path, codes: Sequence[str]) -> None:
    from demo.communes import write_declarations

    write_declarations(folder, codes, ROOT / "sources" / "units.yaml")


def _city(
    port: int,
    codes: Sequence[str],
    share: float,
    heavy: Mapping[str, float],
    seed: int,
    clock: str,
    folder: Path,
) -> subprocess.Popen:
    command = [
        sys.executable,
        "-m",
        "demo",
        "serve",
        "--port",
        str(port),
        "--seed",
        str(seed),
        "--clock",
        clock,
    ]
    command += ["--communes", ",".join(codes), "--share", str(share), "--kept", str(max(16, len(codes)))]
    for code, times in heavy.items():
        command += ["--heavy", f"{code}={times}"]
    with (folder / "city.log").open("ab") as log:
        city = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    deadline = time.monotonic() + STARTUP_SECONDS
    while True:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/_demo/health", timeout=5, trust_env=False).is_success:
                return city
        except httpx.HTTPError:
            if city.poll() is not None or time.monotonic() > deadline:
                raise TthcError(f"Thành phố giả lập không chạy; xem {folder / 'city.log'}.") from None
            time.sleep(0.2)


def _wait_for_dags(airflow: Airflow) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    while missing := {EVENTS, DOSSIERS, CATALOGUE, REFRESH} - airflow.dag_ids():
        if broken := airflow.import_errors():
            raise TthcError(f"Airflow không đọc được: {', '.join(broken)}")
        if time.monotonic() > deadline:
            raise TthcError(f"Airflow chưa thấy DAG: {', '.join(sorted(missing))}")
        time.sleep(0.5)


def some_communes(count: int) -> list[str]:
    """Return An Hưng and so many others that there are ``count``."""
    from demo.hai_phong import chosen

    found = chosen(str(count))
    assert AN_HUNG in found
    return found
