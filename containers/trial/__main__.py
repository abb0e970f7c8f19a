"""``make compose-try``: a profile of docker-compose.yml, seen running where there is no Docker engine.

Builds the images on a local base, brings everything up (``city`` with two workers), carries the demo city to
published months, kills a worker in the middle of an ingest where there are any, and compares every table with that
of ``make run``. Ends by taking everything away again.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from containers.trial import images, witness
from containers.trial.images import ROOT, Podman, TrialFailed
from containers.trial.stack import Stack

FOLDER = Path(os.environ.get("TTHC_TRIAL", "/var/tmp/tthc-compose-trial"))
PROFILES = {"city": {"city", "archive", "demo"}, "commune": {"commune", "demo"}}
BEGAN = time.monotonic()
#: Soon enough that the killed work is repeated while the story waits for it.
HEARTBEAT_TIMEOUT = 45


def say(text: str) -> None:
    """Tell how far the trial is."""
    print(f"[{time.monotonic() - BEGAN:6.1f} s] {text}", file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Return 0 when everything was seen."""
    parser = argparse.ArgumentParser(prog="make compose-try", description=__doc__)
    parser.add_argument(
        "--through", default="2026-10", metavar="THÁNG", help="tháng cuối của thành phố giả lập"
    )
    parser.add_argument("--profile", choices=PROFILES, default="city", help="hình thức để thử")
    parser.add_argument("--keep", action="store_true", help="không xóa ảnh và kho của podman khi xong")
    parser.add_argument("--no-build", action="store_true", help="dùng các ảnh của lần thử trước (--keep)")
    parser.add_argument("--no-kill", action="store_true", help="không giết máy xử lý nào")
    chosen = parser.parse_args(arguments)
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    namespace = None
    try:
        images.check_tools()
        # An hour later would be late to learn that there is nothing to compare with.
        witness.checksums_of_make_run()
        podman = Podman(FOLDER)
        if not chosen.no_build:
            build(podman)
        say(
            f"ảnh đã dựng: {podman.run('images', '--format', '{{.Repository}} {{.Size}}', images.OURS).strip()}"
        )
        namespace = subprocess.Popen(["unshare", "-n", "sh", "-c", "ip link set lo up && exec sleep 36000"])
        time.sleep(1)
        inside = Podman(FOLDER, namespace.pid)
        stack = Stack(inside, write_settings(chosen.profile), PROFILES[chosen.profile])
        run(stack, chosen)
        return 0
    except TrialFailed as failure:
        say(f"LỖI: {failure}")
        return 1
    finally:
        if namespace is not None:
            take_away(Podman(FOLDER, namespace.pid))
            namespace.kill()
        if not chosen.keep:
            Podman(FOLDER).run("system", "reset", "--force", check=False)
            shutil.rmtree(FOLDER, ignore_errors=True)


def build(podman: Podman) -> None:
    """Make the two bases, the services that stand for the official images, and our image."""
    for base in images.BASES:
        images.make_base(podman, base)
    say("ảnh nền đã có")
    images.build(podman, images.SERVICES, "localhost/tthc-base-services:trial", ROOT / "containers" / "trial")
    images.build(podman, images.OURS, "localhost/tthc-base-python:trial", ROOT)


def run(stack: Stack, chosen: argparse.Namespace) -> None:
    """See everything that the trial is for."""
    stack.up(say, scale={"worker": 2})
    workers = stack.containers("worker")
    say(f"mọi thành phần khỏe; máy xử lý: {', '.join(workers) or 'chính bộ lập lịch'}")
    for line in witness.of_the_door(stack):
        say(line)
    killing = threading.Thread(target=kill_one, args=(stack, workers), daemon=True)
    is_killing = bool(workers) and not chosen.no_kill
    if is_killing:
        killing.start()
    stack.profiles = {*stack.profiles, "story"}
    stack.compose("run", "-T", "--no-deps", "--name", "tthc_story", "story", "story", chosen.through)
    say("thành phố giả lập đã đi hết đường tới các tháng đã công bố")
    for line in stack.logs("tthc_story", 60).splitlines():
        print(line, file=sys.stderr)
    if is_killing and killing.is_alive():
        raise TrialFailed("không máy xử lý nào bị giết giữa lúc đọc: lần thử này chưa cho thấy gì")
    for line in witness.of_the_work(stack):
        say(line)
    found = witness.checksums(stack)
    (FOLDER.parent / "tthc-compose-trial.json").write_text(json.dumps(found, indent=1))
    expected = witness.checksums_of_make_run()
    different = sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))
    if different:
        raise TrialFailed(
            f"{len(different)} trên {len(expected)} bảng khác với make run: {', '.join(different)}"
        )
    say(f"{len(expected)} bảng giống hệt make run ({sum(rows for rows, _ in expected.values())} dòng)")


def kill_one(stack: Stack, workers: list[str]) -> None:
    """Kill (-9) the worker that is in the middle of reading dossiers, then let it come back."""
    hosts = {stack.inside(worker, "hostname").strip(): worker for worker in workers}
    while True:
        try:
            running = witness.running_steps(stack, "ingest_city__dossiers")
        except (TrialFailed, IndexError):
            # The trial is over, and its containers are gone.
            return
        for host, step in running:
            if step in ("stage", "audit", "merge") and host in hosts:
                victim = hosts[host]
                pid = json.loads(stack.podman.run("inspect", "--format", "{{json .State.Pid}}", victim))
                os.kill(pid, signal.SIGKILL)
                say(f"đã giết {victim} giữa bước {step}")
                time.sleep(5)
                if stack.inspect(victim)["Status"] != "running":
                    stack.podman.run("start", victim, check=False)
                say(f"{victim} đã trở lại")
                return
        time.sleep(0.5)


def write_settings(profile: str) -> Path:
    """Write the trial's settings and secrets; identities are hashed as those of ``make run``, to be compared."""
    state = FOLDER / "state"
    values = {
        "TTHC_HTTPS_PORT": "8443",
        "TTHC_IMAGE": images.OURS,
        "TTHC_HEARTBEAT_TIMEOUT": str(HEARTBEAT_TIMEOUT),
        "TTHC_WORKER_CONCURRENCY": "2",
        **{f"TTHC_{name}_IMAGE": images.SERVICES for name in ("POSTGRES", "REDIS", "ARCHIVE", "PROXY")},
    }
    command = [
        sys.executable,
        "-m",
        "tthc.compose.secret_files",
        "--profile",
        profile,
        "--host",
        "localhost",
        "--demo",
    ]
    pairs = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
    environment = {**os.environ, "TTHC_STATE": str(state), "TTHC_ENV_FILE": os.devnull}
    shutil.rmtree(state, ignore_errors=True)
    subprocess.run([*command, *pairs], env=environment, check=True)
    key = state / "compose" / "secrets" / "secret_key"
    key.write_text(witness.key_of_make_run())
    return state / "compose" / "compose.env"


def take_away(podman: Podman) -> None:
    """Remove containers, networks and volumes of the trial."""
    say("đang dọn…")
    podman.run("rm", "-f", "-a", "-t", "2", check=False)
    podman.run("volume", "prune", "-f", check=False)
    podman.run("network", "prune", "-f", check=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
