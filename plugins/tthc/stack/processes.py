"""Processes by who they are, not only by number: a number is given again after a process ends.

``Identity`` is (number, start time); a remembered identity that no longer matches is simply gone.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Identity:
    """One process of this machine and this boot."""

    pid: int
    started: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return start_time(self.pid) == self.started


def start_time(pid: int) -> str | None:
    """Return a text that only this run of this number has; ``None`` when it does not run."""
    stat = _stat(pid)
    if stat is not None:
        if not stat or stat[0] in "ZX":
            return None
        return f"{_boot()}:{stat[19]}"
    if os.path.isdir("/proc/self"):
        return None
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True)
    words = shown.stdout.split()
    return " ".join(words[1:]) if words and not words[0].startswith("Z") else None


def identity(pid: int) -> Identity | None:
    """Return the identity of a running process."""
    started = start_time(pid)
    return Identity(pid, started) if started else None


def remember(path: Path, who: Identity) -> None:
    """Write an identity to a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    draft.write_text(json.dumps(asdict(who)), encoding="utf-8")
    draft.replace(path)


def recall(path: Path) -> Identity | None:
    """Return the identity in a file if that process still runs."""
    try:
        who = Identity(**json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return who if who.alive else None


def stop_group(who: Identity, *, patience: float = 20.0) -> None:
    """End the process group led by ``who``: ask, wait ``patience`` seconds, then force.

    The leader must have been started in a session of its own, so that the group is only its family. Members
    that outlive their leader are found by session and ended too.
    """
    members = session_members(who.pid) | {who}
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(who.pid, signal.SIGTERM)
    if not wait_until(lambda: not any(member.alive for member in members), patience):
        members |= session_members(who.pid)
        for member in members:
            if member.alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member.pid, signal.SIGKILL)
        wait_until(lambda: not any(member.alive for member in members), 5.0)


def session_members(session: int) -> set[Identity]:
    """Return the running processes of one session (Linux; elsewhere an empty set)."""
    found = set()
    for entry in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if entry.isdigit():
            stat = _stat(int(entry))
            if stat and stat[0] not in "ZX" and int(stat[3]) == session:
                found.add(Identity(int(entry), f"{_boot()}:{stat[19]}"))
    return found


def wait_until(ready: Callable[[], bool], seconds: float, *, step: float = 0.05) -> bool:
    """Return whether ``ready()`` became true within ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        if ready():
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(step)


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat after the name: state, parent, group, session, …"""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    # The name is in parentheses and may itself hold spaces and parentheses.
    return text.rpartition(")")[2].split()


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
