"""Time every step against a plain binary COPY of the same rows, and see how the cost grows.

    python -m bench                 1,000,000 and 100,000 dossiers, in a Postgres of its own
    python -m bench --rows 20000    a quick look

Each step runs in a process of its own, so that its peak memory is its own (or that of the largest process it
starts); the largest backend of Postgres is watched beside it. The limit is measured in the same run: the same rows,
binary COPY, one process. Files are measured against the library that only takes them apart.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench import communes, file_steps, score_steps, steps
from tthc.stack import postgres

ROOT = Path(__file__).resolve().parents[1]
KINDS = {"dossiers": steps, "files": file_steps, "scores": score_steps}


def main() -> int:
    """Run the measurements and print them as a table (Markdown, so that it can be kept)."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[100_000, 1_000_000], help="số hồ sơ của mỗi lượt đo"
    )
    parser.add_argument(
        "--only",
        choices=(*KINDS, "communes"),
        help="chỉ đo hồ sơ; chỉ tệp (không có hồ sơ nào để khớp); chỉ chấm điểm cuối năm của cả thành phố; "
        "chỉ đọc một tháng của nhiều xã qua Airflow (không có trong lượt đo chung)",
    )
    parser.add_argument("--communes", type=int, default=114, help="số xã, với --only communes")
    parser.add_argument("--share", type=float, default=1.0, help="mỗi xã bao nhiêu lần 1.500 hồ sơ một tháng")
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 2, 4], help="số bước đọc cùng lúc")
    parser.add_argument("--json", action="store_true", help="in kết quả dạng JSON")
    options = parser.parse_args()
    if options.only == "communes":
        read = communes.measure(options.communes, options.share, options.slots)
        print(json.dumps(read, ensure_ascii=False, indent=2)) if options.json else communes.print_table(read)
        return 0
    results = [measure(rows, options.only) for rows in options.rows]
    if options.json:
        print(json.dumps(results, ensure_ascii=False, indent=2))
    else:
        print_table(results)
    return 0


def measure(rows: int, only: str | None = None) -> dict:
    """Measure every step (of one kind) for a number of dossiers in a cluster made for it; return seconds and memory."""
    folder = Path(tempfile.mkdtemp(prefix="tthc-bench-", dir="/var/tmp"))
    cluster = postgres.cluster(
        f"bench-{os.getpid()}-{rows}", port=postgres.free_port(), password=os.urandom(12).hex()
    )
    try:
        cluster.start({"max_wal_size": "4GB", "shared_buffers": "512MB"})
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TTHC_")},
            "TTHC_WAREHOUSE_URL": cluster.url("postgres"),
            "TTHC_ARCHIVE": str(folder / "archive"),
            "TTHC_STATE": str(folder / "state"),
            "TTHC_SECRET_KEY": os.urandom(24).hex(),
            "TTHC_COMMUNE": "11674",
            "PYTHONPATH": f"{ROOT / 'plugins'}:{ROOT}",
        }
        found = {"rows": rows}
        for kind, module in KINDS.items():
            found[kind] = {}
            for name in module.STEPS if only in (None, kind) else ():
                if name == "match" and only:
                    # Nothing was read that could be matched.
                    continue
                print(f"{rows:,} hồ sơ: {name} …".replace(",", "."), file=sys.stderr, flush=True)
                count = file_steps.rows_of(name, rows) if module is file_steps else rows
                if module is score_steps:
                    # A city has as many people, however many dossiers.
                    count = score_steps.COMMUNES * score_steps.PEOPLE
                found[kind][name] = run_step(module.__name__, name, count, environment, cluster)
        return found
    finally:
        cluster.stop()
        cluster.remove()
        shutil.rmtree(folder, ignore_errors=True)


def run_step(
    module: str, name: str, rows: int, environment: dict[str, str], cluster: postgres.Cluster
) -> dict:
    """Run one step in its own process; return its seconds, and the peak memory of it and of Postgres."""
    watch = BackendWatch(cluster)
    with watch:
        done = subprocess.run(
            [sys.executable, "-m", module, name, str(rows)],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"Bước {name} hỏng:\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout.splitlines()[-1]), "backend_mb": watch.peak_mb}


class BackendWatch:
    """Watches the private memory of the backends of one cluster while a step runs."""

    def __init__(self, cluster: postgres.Cluster) -> None:
        self.peak_mb = 0
        self._postmaster = cluster.postmaster().pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> BackendWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        children = Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children")
        while not self._over.wait(0.2):
            for pid in children.read_text().split():
                try:
                    status = Path(f"/proc/{pid}/status").read_text()
                except OSError:
                    continue
                anonymous = next(
                    (line for line in status.splitlines() if line.startswith("RssAnon")), "RssAnon: 0 kB"
                )
                self.peak_mb = max(self.peak_mb, int(anonymous.split()[1]) // 1024)


def print_table(results: list[dict]) -> None:
    """Print one table a size: seconds, rows a second, ratio to the raw COPY, peak memory."""
    for found in results:
        print(f"\n### {found['rows']:,} hồ sơ\n".replace(",", "."))
        raw = found["dossiers"]["raw_copy"]["seconds"] if found["dossiers"] else 0
        print(
            "| Bước | giây | hồ sơ/giây | so với COPY thô | bộ nhớ tiến trình (MB) | bộ nhớ Postgres (MB) |"
        )
        print("|---|---:|---:|---:|---:|---:|")
        for name, step in found["dossiers"].items():
            print(
                f"| {steps.STEPS[name]} | {step['seconds']:.2f} | {step['rows'] / step['seconds']:,.0f} "
                f"| {step['seconds'] / raw:.2f} | {step['peak_mb']} | {step['backend_mb']} |"
            )
        print("\n| Tệp | giây | dòng/giây | so với chỉ đọc | bộ nhớ tiến trình (MB) | bộ nhớ Postgres (MB) |")
        print("|---|---:|---:|---:|---:|---:|")
        for name, step in found["files"].items():
            alone = found["files"].get(f"{name.partition('_')[0]}_raw")
            ratio = f"{step['seconds'] / alone['seconds']:.1f}" if alone else ""
            print(
                f"| {file_steps.STEPS[name]} | {step['seconds']:.2f} | {step['rows'] / step['seconds']:,.0f} "
                f"| {ratio} | {step['peak_mb']} | {step['backend_mb']} |"
            )
        print("\n| Đánh giá | giây | người/giây | bộ nhớ tiến trình (MB) | bộ nhớ Postgres (MB) |")
        print("|---|---:|---:|---:|---:|")
        for name, step in found["scores"].items():
            print(
                f"| {score_steps.STEPS[name]} | {step['seconds']:.2f} | {step['rows'] / step['seconds']:,.0f} "
                f"| {step['peak_mb']} | {step['backend_mb']} |"
            )
    if len(results) > 1:
        print("\n### Tăng theo cỡ (giây mỗi hồ sơ, lượt lớn chia lượt nhỏ; 1,00 là tuyến tính)\n")
        small, large = results[0], results[-1]
        for kind, titles in (("dossiers", steps.STEPS), ("files", file_steps.STEPS)):
            for name, title in titles.items():
                if name not in large[kind]:
                    continue
                each = [run[kind][name]["seconds"] / run["rows"] for run in (small, large)]
                print(f"- {title}: {each[1] / each[0]:.2f}")


if __name__ == "__main__":
    started = time.monotonic()
    code = main()
    print(f"xong sau {time.monotonic() - started:.0f} giây", file=sys.stderr)
    raise SystemExit(code)
