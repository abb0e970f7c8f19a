"""Bring the stack up, take it down, say how it is. Every step may be repeated."""

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.stack import components, installation, places, pools, postgres, processes, services
from tthc.stack.installation import Installation
from tthc.stack.screen import say

STARTUP_SECONDS = 120
NEEDED_BYTES = 1024**3
#: No task of ours defers: the triggerer only has to be there in the end.
LATECOMERS = {"triggerer"}
# The first moment at which the demo city is asked; its later moments are set by a control call.
FIRST_MOMENT = "2025-07-31T23:00:00+07:00"


@contextmanager
def alone() -> Iterator[None]:
    """Let only one ``run``, ``stop`` or ``reset`` of this installation work at a time."""
    settings.state().mkdir(parents=True, exist_ok=True)
    with (settings.state() / "stack.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Một lệnh make run/stop/reset khác đang làm việc; đang chờ lệnh đó xong…")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def bring_up() -> Installation:
    """Return the installation with everything started, and all that a reading needs answering."""
    free = shutil.disk_usage(settings.root()).free
    if free < NEEDED_BYTES:
        raise TthcError(
            f"Đĩa chỉ còn {free / 1024**3:.1f} GB, cần ít nhất 1 GB để chạy. Hãy dọn chỗ rồi chạy lại."
        )
    here = installation.load()
    here = installation.with_free_ports(here, held=_held_ports(here))
    _check_ports(here)
    programs = [*components.airflow_services(here)]
    if installation.has_demo_city():
        seed = int(settings.optional("TTHC_DEMO_SEED", "1"))
        programs.insert(0, components.city_service(here, seed=seed, clock=_city_moment()))
    start_postgres(here)
    installation.write_run_file(here)
    if components.write_passwords(here):
        say("Hai tài khoản Airflow, mật khẩu chỉ in lần này:")
        say(f"    data      {here.keys.data_password}")
        say(f"    approver  {here.keys.approver_password}")
    _migrate_airflow(here)
    started = [program.title for program in programs if program.start()]
    if started:
        say(f"Đã khởi động: {', '.join(started)}. Đang chờ tất cả trả lời…")
    prepare_warehouse(here)
    _wait([program for program in programs if program.name not in LATECOMERS])
    _make_pool(here)
    say("Các thành phần cần thiết đều trả lời." if started else "Mọi thành phần đang chạy sẵn.")
    return here


def wait_for_all(here: Installation) -> None:
    """Return when also the programs answer that no reading waits for."""
    _wait([program for program in components.airflow_services(here) if program.name in LATECOMERS])


def _wait(programs: list[services.Service]) -> None:
    deadline = time.monotonic() + STARTUP_SECONDS
    for program in programs:
        program.wait(deadline)


def start_postgres(here: Installation) -> None:
    """Start Postgres with the databases ``airflow`` and ``warehouse`` and their owners."""
    cluster = here.cluster
    if cluster.postmaster() is None:
        say("Đang khởi động Postgres…" if cluster.exists else "Đang dựng Postgres…")
        cluster.start(postgres.RUN_SETTINGS)
    with psycopg.connect(cluster.url(), autocommit=True, connect_timeout=10) as connection:
        postgres.ensure_role(connection, "airflow", here.keys.airflow_database_password)
        postgres.ensure_role(connection, "tthc", here.keys.warehouse_password, is_owner=True)
        postgres.ensure_database(connection, "airflow", "airflow")
        postgres.ensure_database(connection, "warehouse", "tthc")
    say(f"Postgres ở 127.0.0.1:{here.ports.postgres}.")


def prepare_warehouse(here: Installation) -> None:
    """Bring the warehouse to the shape that this version needs."""
    from tthc import flows

    with settings.using(installation.tthc_settings(here)):
        flows.init(progress=say)


def take_down() -> int:
    """End everything that was ever started here; return how many programs were running."""
    folder = settings.state()
    notes = services.remembered(folder)
    count = 0
    # Tasks that end want to report to the API: the scheduler, which owns them, goes first.
    first = [note for note in notes if note.stem == "scheduler"]
    others = [note for note in notes if note.stem != "scheduler"]
    for group in (first, others):
        with ThreadPoolExecutor(max_workers=8) as pool:
            ended = list(pool.map(services.end, group))
        names = [note.stem for note, ran in zip(group, ended, strict=True) if ran]
        if names:
            say(f"Đã dừng {', '.join(names)}.")
        count += len(names)
    cluster = _cluster_if_any()
    if cluster is not None and cluster.postmaster() is not None:
        cluster.stop()
        say("Đã dừng Postgres.")
        count += 1
    return count


def forget() -> None:
    """Remove all data of this installation; everything must be down."""
    outside = places.outside_folder()
    for folder in filter(None, (settings.state(), outside)):
        for entry in folder.iterdir():
            if entry.name == "stack.lock":
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    if outside is not None:
        outside.rmdir()


def report() -> list[tuple[str, str, str]]:
    """Return (program, state, address) of everything, without starting or writing anything."""
    if not (settings.state() / "keys.json").exists():
        return []
    here = installation.load()
    server = here.cluster.postmaster()
    rows = [("Postgres", _state(server), f"127.0.0.1:{here.ports.postgres}")]
    addresses = {"api-server": here.airflow_url, "demo-city": here.city_url}
    titles = {**components.COMPONENTS, "demo-city": "Thành phố giả lập"}
    for name, title in titles.items():
        who = processes.recall(here.folder / "processes" / f"{name}.json")
        rows.append((title, _state(who), addresses.get(name, "")))
    return rows


def _city_moment() -> str:
    """Return the time at which the demo city starts: where it was, or the evening of its first month end."""
    try:
        return (settings.state() / "demo-clock").read_text(encoding="utf-8").strip() or FIRST_MOMENT
    except FileNotFoundError:
        return FIRST_MOMENT


def _state(who: processes.Identity | None) -> str:
    return f"đang chạy (tiến trình {who.pid})" if who else "đã dừng"


def _held_ports(here: Installation) -> set[str]:
    """Return the names of the ports on which our own programs listen."""
    running = {note.stem for note in services.remembered(here.folder) if processes.recall(note)}
    holders = {
        "airflow": "api-server" in running,
        "city": "demo-city" in running,
        "task_logs": "scheduler" in running,
        "trigger_logs": "triggerer" in running,
        "postgres": here.cluster.postmaster() is not None,
    }
    return {name for name, ours in holders.items() if ours}


def _check_ports(here: Installation) -> None:
    """Refuse a port that was asked for and that somebody else holds."""
    held = _held_ports(here)
    for name, key in installation.PORT_KEYS.items():
        if key == "city" and not installation.has_demo_city():
            continue
        port = getattr(here.ports, key)
        if key not in held and not postgres.port_is_free(port):
            raise TthcError(
                f"Cổng {port} ({installation.TITLES[name]}) đã có chương trình khác dùng. "
                f"Dừng chương trình đó, hoặc đặt cổng khác: make run {name}={port + 1000}"
            )


def _migrate_airflow(here: Installation) -> None:
    """Bring Airflow's own database to the version installed; skipped when it was done for this version."""
    from importlib.metadata import version

    mark = here.folder / "airflow" / f"migrated-{version('apache-airflow')}"
    if mark.exists():
        return
    say("Đang chuẩn bị cơ sở dữ liệu của Airflow…")
    (here.folder / "logs").mkdir(exist_ok=True)
    log = here.folder / "logs" / "airflow-db.log"
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
        done = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=components.airflow_environment(here),
            cwd=here.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    if done.returncode != 0:
        raise TthcError(f"Không chuẩn bị được cơ sở dữ liệu của Airflow; xem {log}.")
    mark.touch()


def _make_pool(here: Installation) -> None:
    """Give the readings of a city's communes the slots that they share."""
    from tthc.stack.api import Airflow

    if settings.has_several_communes():
        Airflow(here.airflow_url, "data", here.keys.data_password).set_pool(
            pools.INGEST, settings.ingest_slots(), pools.DESCRIPTION
        )


def _cluster_if_any() -> postgres.Cluster | None:
    folder = places.home() / "main"
    if not (folder / "data").exists():
        return None
    return installation.load().cluster


def warehouse_is_ours(here: Installation) -> bool:
    """Whether the warehouse is the one in our own Postgres."""
    parts = urlsplit(installation.tthc_settings(here)["TTHC_WAREHOUSE_URL"])
    return (parts.hostname, parts.port) == ("127.0.0.1", here.ports.postgres)
