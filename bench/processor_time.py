"""Which kind of program used the processors: seconds of user and system time, of whole process trees."""

from __future__ import annotations

import os
from pathlib import Path

from tthc.stack import processes
from tthc.stack.installation import Installation

_TICKS = os.sysconf("SC_CLK_TCK")
#: In ``/proc/PID/stat`` after the name: own user, own system, and those of children that were waited for.
_OWN, _WAITED = slice(11, 13), slice(13, 15)


class ProcessorTime:
    """Seconds used by the programs of one installation, by kind."""

    def __init__(self, here: Installation, city: int) -> None:
        notes = here.folder / "processes"
        self._roots = {name: processes.recall(notes / f"{name}.json").pid for name in _KINDS}
        self._postmaster = here.cluster.postmaster().pid
        self._city = city

    def seconds(self) -> dict[str, float]:
        """Return what each kind has used since it was started.

        What runs a task is a child of the scheduler; what the scheduler uses itself is told apart.
        """
        found = {title: _tree(self._roots[name]) for name, title in _KINDS.items() if name != "scheduler"}
        scheduler = _used(self._roots["scheduler"], _OWN)
        return {
            "bước (tiến trình của việc)": _tree(self._roots["scheduler"]) - scheduler,
            "bộ lập lịch": scheduler,
            **found,
            "Postgres (kho và sổ của Airflow)": _tree(self._postmaster),
            "thành phố giả lập": _tree(self._city),
        }


_KINDS = {
    "scheduler": "bộ lập lịch",
    "api-server": "máy chủ Airflow",
    "dag-processor": "bộ đọc DAG",
    "triggerer": "bộ chờ sự kiện",
}


def _tree(root: int) -> float:
    """Return what a process, its living descendants and all those that ended have used."""
    total, waiting = 0.0, [root]
    while waiting:
        pid = waiting.pop()
        total += _used(pid, _OWN) + _used(pid, _WAITED)
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in children.read_text().split()]
            except OSError:
                continue
    return total


def _used(pid: int, fields: slice) -> float:
    try:
        # The name may hold spaces; what follows its last bracket does not.
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(word) for word in words[fields]) / _TICKS
