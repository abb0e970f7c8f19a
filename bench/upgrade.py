"""Upgrade a warehouse of an earlier release beside its readers, and restore a backup of it; time both.

    python -m bench.upgrade --since COMMIT --dossiers 300000

The earlier release is taken out of this repository's history and runs as it was; its warehouse is then brought to
this one (and after that to a release after this, in which core.dossiers has another shape and is read again from the
archive) while people ask, and a loader takes in a reading. Fails when any reader waited for a lock for a second, got
an error or another answer, or when any published value or any table says something else than before.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import upgrade_steps
from tthc.stack import postgres

ROOT = Path(__file__).resolve().parents[1]
#: The last release before sheets were sealed (migration 0012).
SINCE = "e8af786"
#: No reader may wait longer for a lock (seconds).
LIMIT = 1.0


class Trial:
    """A cluster, a folder, and how programs of a release are run there."""

    def __init__(self, folder: Path, cluster: postgres.Cluster) -> None:
        self.folder, self.cluster = folder, cluster
        self.url = cluster.url("postgres")
        self.settings = {
            "TTHC_WAREHOUSE_URL": self.url,
            "TTHC_ARCHIVE": str(folder / "archive"),
            "TTHC_STATE": str(folder / "state"),
            "TTHC_SECRET_KEY": os.urandom(24).hex(),
            "TTHC_BACKUP_KEY": os.urandom(24).hex(),
            "TTHC_BACKUP": str(folder / "backup"),
            "TTHC_COMMUNE": upgrade_steps.COMMUNE,
            "TTHC_ENV_FILE": os.devnull,
        }

    def environment(self, release: Path) -> dict[str, str]:
        """Return the environment in which programs of a release run; the steps are always this release's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TTHC_")}
        return {
            **kept,
            **self.settings,
            "TTHC_ROOT": str(release),
            "PYTHONPATH": f"{release / 'plugins'}:{ROOT}",
        }

    def start(self, release: Path, *command: str) -> subprocess.Popen:
        """Start a program whose answer is read later."""
        return subprocess.Popen(
            [sys.executable, "-m", *command],
            env=self.environment(release), cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def run(self, release: Path, *command: str, **more: str) -> Any:
        """Run a program; return what it printed, as JSON."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            env=self.environment(release) | more, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        return json.loads(done.stdout)


def main() -> int:
    """Run the trial; print what was found, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.upgrade", description=__doc__.splitlines()[0])
    parser.add_argument("--since", default=SINCE, help="bản trước, một commit của kho mã này")
    parser.add_argument("--dossiers", type=int, default=24_000, help="số hồ sơ (một xã 16 tháng: 24.000)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="tthc-upgrade-", dir="/var/tmp"))
    cluster = postgres.cluster(
        f"upgrade-{os.getpid()}", port=postgres.free_port(), password=os.urandom(12).hex()
    )
    try:
        cluster.start({"max_wal_size": "4GB", "shared_buffers": "512MB"})
        found = trial(Trial(folder, cluster), options.since, options.dossiers)
    finally:
        cluster.stop()
        shutil.rmtree(cluster.home, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(found, ensure_ascii=False, indent=2))
    return 1 if found["wrong"] else 0


def trial(one: Trial, since: str, dossiers: int) -> dict[str, Any]:
    """Fill, upgrade twice, back up, restore; return figures, and in ``wrong`` what must not be."""
    old = one.folder / "old"
    old.mkdir()
    taken = subprocess.run(["git", "archive", since], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    subprocess.run(["tar", "-x", "-C", str(old)], input=taken.stdout, check=True)
    say(f"dựng kho của bản {since} với {dossiers} hồ sơ")
    found: dict[str, Any] = {"since": since, "dossiers": dossiers, "wrong": [], "load": os.getloadavg()[0]}
    found["prepared"] = one.run(old, "bench.upgrade_steps", "prepare", str(dossiers))
    sys.path.insert(0, str(ROOT))
    from tests.warehouse import next_release

    newer = next_release.make(one.folder)
    for name, release in (("to_this", ROOT), ("to_next", newer)):
        say(f"nâng cấp: {name}")
        found[name] = upgraded(one, release, dossiers, found["wrong"])
    say("sao lưu rồi khôi phục")
    found["backup"] = one.run(newer, "tthc.cli", "backup", "--json")["backup"]
    import psycopg

    with psycopg.connect(one.url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bare TEMPLATE template0")
    bare = one.cluster.url("bare")
    found["restored"] = one.run(
        newer, "tthc.cli", "restore", found["backup"]["backup"], "--json", TTHC_WAREHOUSE_URL=bare
    )
    before, after = (one.run(newer, "bench.upgrade_steps", "content", url) for url in (one.url, bare))
    if before != after:
        found["wrong"].append("khôi phục khác lúc sao lưu")
    found["restored"]["tables"] = len(after)
    found["database_bytes"] = size(one.url)
    found["archive_bytes"] = sum(p.stat().st_size for p in (one.folder / "archive").rglob("*") if p.is_file())
    return found


def upgraded(one: Trial, release: Path, dossiers: int, wrong: list[str]) -> dict[str, Any]:
    """Upgrade to a release beside readers and a loader; return figures, add to ``wrong`` what must not be."""
    before = one.run(release, "bench.upgrade_steps", "content", one.url)
    kept = one.folder / "before.json"
    kept.write_text(json.dumps(before), encoding="utf-8")
    plan = one.run(release, "tthc.cli", "init", "--plan", "--json")
    readers = {
        question: one.start(ROOT, "bench.upgrade_steps", "read", one.url, question)
        for question in upgrade_steps.QUESTIONS
    }
    watcher = one.start(ROOT, "bench.upgrade_steps", "watch", one.url)
    time.sleep(5)
    began, load = time.monotonic(), os.getloadavg()[0]
    upgrading = one.start(release, "tthc.cli", "init", "--json")
    wait_for_gate(one, upgrading)
    loader = one.start(release, "bench.upgrade_steps", "ingest", str(dossiers), "10")
    done = json.loads(upgrading.communicate()[0])
    seconds = round(time.monotonic() - began, 1)
    if upgrading.returncode:
        wrong.append("nâng cấp hỏng")
    told = {}
    # It was started when writers were kept out already.
    taken = json.loads(loader.communicate()[0])
    for name, process in {**readers, "": watcher}.items():
        process.terminate()
        told[name] = json.loads(process.communicate()[0])
    waits = told.pop("")
    after = one.run(release, "bench.upgrade_steps", "content", one.url, str(kept))
    for name, was in before.items():
        now = after.get(name)
        if now is None or [now["rows"], now["sum"]] != [was["rows"], was["sum"]]:
            # Columns that went are said; the others must not have changed.
            if now is None or now["columns"] != was["columns"]:
                wrong.append(f"{name}: mất cột hoặc mất bảng, chưa so được")
            else:
                wrong.append(f"{name}: trước {was['rows']} dòng, sau {now['rows']} dòng, hoặc khác nội dung")
    wrong += [f"{name}: {each['failed'][:3]}" for name, each in told.items() if each["failed"]]
    if not taken["waited"]:
        wrong.append("bước nạp không chờ ở cổng")
    if waits["reader"] >= LIMIT:
        wrong.append(f"người đọc chờ khóa {waits['reader']} giây")
    return {
        "seconds": seconds, "planned_seconds": plan["seconds"], "load": load, "changed": len(done["changed"]),
        "rebuilt": [each["table"] for each in plan["rebuilt"]], "tables_equal": len(after), "lock_waits": waits,
        "readers": told, "loader": taken,
    }  # fmt: skip


def wait_for_gate(one: Trial, upgrading: subprocess.Popen) -> None:
    """Return when the upgrade keeps writers out, or has ended."""
    import psycopg

    with psycopg.connect(one.url, autocommit=True) as connection:
        while upgrading.poll() is None:
            if connection.execute(
                "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND (classid, objid) = (74484, 1)"
                " AND mode = 'ExclusiveLock' AND granted"
            ).fetchone():
                return
            time.sleep(0.05)


def size(url: str) -> int:
    """Return the bytes of a database."""
    import psycopg

    with psycopg.connect(url) as connection:
        return connection.execute("SELECT pg_database_size(current_database())").fetchone()[0]


def say(text: str) -> None:
    """Tell the person who waits."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
