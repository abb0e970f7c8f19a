"""Celery's workers on this machine, with a Redis of their own: what compose starts in containers."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tthc.errors import UsageError
from tthc.stack import components, postgres
from tthc.stack.installation import Installation
from tthc.stack.services import Service


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """Start a Redis that only who knows its password may use; yield its URL."""
    program = shutil.which("redis-server")
    if program is None:
        raise UsageError("Thiếu redis-server. Trên Debian: apt-get install redis-server.")
    port, password = postgres.free_port(), secrets.token_hex(16)
    options = folder / "redis.conf"
    options.touch(0o600)
    options.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder}\nsave ''\n".replace("''", '""')
    )
    running = subprocess.Popen([program, str(options)], stdout=subprocess.DEVNULL)
    try:
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        running.terminate()
        running.wait(20)


def start(here: Installation, count: int) -> list[Service]:
    """Start so many workers; they end with the stack."""
    found = [_worker(here, number) for number in range(1, count + 1)]
    for worker in found:
        worker.start()
    return found


def kill(worker: Service) -> bool:
    """Kill a worker with everything it does (-9), as when its container dies; return whether it ran."""
    who = worker.running()
    if who is None:
        return False
    os.killpg(who.pid, signal.SIGKILL)
    while worker.running() is not None:
        time.sleep(0.05)
    return True


def _worker(here: Installation, number: int) -> Service:
    note = here.folder / f"worker-{number}.pid"
    command = [
        "celery",
        "worker",
        "--celery-hostname",
        f"w{number}@may",
        "--pid",
        str(note),
        "--skip-serve-logs",
    ]
    return Service(
        name=f"worker-{number}",
        title=f"Máy xử lý {number}",
        command=[sys.executable, "-m", "tthc.stack.warm_airflow", *command],
        environment=components.airflow_environment(here),
        folder=here.folder,
        ready=lambda: True,
    )
