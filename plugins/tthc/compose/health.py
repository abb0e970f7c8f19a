"""Whether one container is well, asked from inside it every half minute: cheap, and of the thing that matters."""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request
from pathlib import Path

PATIENCE_SECONDS = 5


def is_well(name: str) -> bool:
    """Return whether the container of this name does its work."""
    if name == "api-server":
        return _airflow("metadatabase", "http://localhost:8080")
    if name in ("scheduler", "dag-processor", "triggerer"):
        # They write their heartbeats to the database; who reads them there sees also that the database is reached.
        return _airflow(name.replace("-", "_"), "http://api-server:8080")
    if name == "worker":
        return _worker()
    return _answers("http://localhost:8090/_demo/health") is not None


def _airflow(part: str, url: str) -> bool:
    report = _answers(f"{url}/api/v2/monitor/health")
    return ((json.loads(report) if report else {}).get(part) or {}).get("status") == "healthy"


def _worker() -> bool:
    """A worker is well when it answers through the queue: it takes work, then."""
    from urllib.parse import quote

    from celery import Celery

    password = Path("/run/secrets/redis_password").read_text(encoding="utf-8").strip()
    app = Celery(broker=f"redis://:{quote(password, safe='')}@broker:6379/0")
    return bool(app.control.ping(destination=[f"celery@{socket.gethostname()}"], timeout=PATIENCE_SECONDS))


def _answers(url: str) -> bytes | None:
    os.environ["no_proxy"] = "*"
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            return answer.read()
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(0 if is_well(sys.argv[1]) else 1)
