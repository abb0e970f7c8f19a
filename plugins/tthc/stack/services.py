"""Long-running programs: started in sessions of their own, remembered, found again and ended whole."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tthc.errors import TthcError
from tthc.stack import processes


@dataclass(frozen=True)
class Service:
    """One program of the stack. ``ready`` tells whether it answers; ``name`` is also that of its log."""

    name: str
    title: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    ready: Callable[[], bool]

    @property
    def note(self) -> Path:
        """Where the running process is remembered."""
        return self.folder / "processes" / f"{self.name}.json"

    @property
    def log(self) -> Path:
        """What the program printed."""
        return self.folder / "logs" / f"{self.name}.log"

    def running(self) -> processes.Identity | None:
        """Return the running process, if any."""
        return processes.recall(self.note)

    def start(self) -> bool:
        """Start the program unless it runs; return whether it was started. Does not wait for it."""
        if self.running() is not None:
            return False
        # A leader that died may have left its family: two schedulers over one set of workers would be worse.
        end(self.note)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.note.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as output:
            child = subprocess.Popen(
                list(self.command),
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        who = processes.identity(child.pid)
        if who is not None:
            processes.remember(self.note, who)
        return True

    def wait(self, deadline: float) -> None:
        """Return when the program answers; raise when it ended or ``deadline`` (monotonic) passed."""
        while not self.ready():
            if self.running() is None:
                raise TthcError(
                    f"{self.title} đã dừng ngay khi khởi động: {self.last_words()}. Xem {self.log}."
                )
            if time.monotonic() > deadline:
                raise TthcError(f"{self.title} không trả lời sau thời gian chờ; xem {self.log}.")
            time.sleep(0.1)

    def last_words(self) -> str:
        """Return the last line of the log."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return "không có nhật ký"
        return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "nhật ký trống")


def remembered(folder: Path) -> list[Path]:
    """Return the notes of all programs that were ever started here and not ended."""
    return sorted((folder / "processes").glob("*.json"))


def end(note: Path, *, patience: float = 20.0) -> bool:
    """End the program of a note and all its family; return whether anything ran."""
    who = processes.read(note)
    if who is None:
        note.unlink(missing_ok=True)
        return False
    family = processes.family(who)
    # Children of a leader that died have nobody to report to: nothing of theirs is worth waiting for.
    processes.end_all(who, family, patience=patience if who.alive else min(patience, 2.0))
    note.unlink(missing_ok=True)
    return bool(family)
