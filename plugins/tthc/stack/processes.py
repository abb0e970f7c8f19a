"""Processes by who they are, not only by number: a number is given again after a process ends.

``Identity`` is (number, start time, boot); a remembered identity that no longer matches is simply gone.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Identity:
    """One process of this machine and this boot. ``started`` is in clock ticks since boot (Linux)."""

    pid: int
    started: str
    boot: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        return identity(self.pid) == self


@dataclass(frozen=True)
class _Row:
    """One line of the process table."""

    who: Identity
    parent: int
    session: int


def identity(pid: int) -> Identity | None:
    """Return the identity of a running process; ``None`` when there is none of this number."""
    if _has_proc():
        row = _row(pid)
        return row.who if row else None
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True)
    words = shown.stdout.split()
    return Identity(pid, " ".join(words[1:]), "") if words and not words[0].startswith("Z") else None


def remember(path: Path, who: Identity) -> None:
    """Write an identity to a file, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    draft.write_text(json.dumps(asdict(who)), encoding="utf-8")
    draft.replace(path)


def read(path: Path) -> Identity | None:
    """Return the identity in a file, running or not."""
    try:
        return Identity(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def recall(path: Path) -> Identity | None:
    """Return the identity in a file if that process still runs."""
    who = read(path)
    return who if who is not None and who.alive else None


def family(leader: Identity) -> set[Identity]:
    """Return the running processes that ``leader`` started, itself included, also when it has died.

    They are its session (the leader was started in one of its own) and all descendants of these, whatever
    group they moved to. A session number is not given again while the session has members, so a number that
    now belongs to a younger process says that no member is left.
    """
    if not _has_proc():
        return {leader} if leader.alive else set()
    rows = _table()
    holder = rows.get(leader.pid)
    if leader.boot != _boot() or (holder is not None and holder.who != leader):
        return set()
    known = {pid for pid, row in rows.items() if row.session == leader.pid or pid == leader.pid}
    while True:
        more = {pid for pid, row in rows.items() if row.parent in known} - known
        if not more:
            break
        known |= more
    return {rows[pid].who for pid in known if int(rows[pid].who.started) >= int(leader.started)}


def end_all(leader: Identity, members: Iterable[Identity], *, patience: float = 20.0) -> None:
    """Ask ``leader``'s group to end, wait ``patience`` seconds, then force all that is left of the family."""
    known = set(members) | {leader}
    if leader.alive:
        _signal(leader, signal.SIGTERM, group=True)
    else:
        for member in known:
            _signal(member, signal.SIGTERM)
    if wait_until(lambda: not _alive(known | family(leader)), patience):
        return
    for _ in range(20):
        left = _alive(known | family(leader))
        if not left:
            return
        for member in left:
            _signal(member, signal.SIGKILL)
        time.sleep(0.1)


def wait_until(ready: Callable[[], bool], seconds: float, *, step: float = 0.05) -> bool:
    """Return whether ``ready()`` became true within ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        if ready():
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(step)


def _alive(members: Iterable[Identity]) -> list[Identity]:
    return [member for member in members if member.alive]


def _signal(who: Identity, number: int, *, group: bool = False) -> None:
    if not who.alive:
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if group and os.getpgid(who.pid) == who.pid:
            os.killpg(who.pid, number)
        else:
            os.kill(who.pid, number)


def _has_proc() -> bool:
    return (PROC / "self" / "stat").exists()


def _table() -> dict[int, _Row]:
    rows = (_row(int(entry)) for entry in os.listdir(PROC) if entry.isdigit())
    return {row.who.pid: row for row in rows if row is not None}


def _row(pid: int) -> _Row | None:
    """Return what /proc says of a process that is not a zombie."""
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name is in parentheses and may itself hold spaces and parentheses.
    state, parent, _, session, *rest = text.rpartition(")")[2].split()
    if state in "ZX":
        return None
    return _Row(Identity(pid, rest[15], _boot()), parent=int(parent), session=int(session))


def _boot() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
