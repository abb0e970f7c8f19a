"""The command line ``tthc``: the steps of the flow without Airflow, for tests, analysts and rescue.

stdout carries only data, everything else goes to stderr. Exit codes: 0 the step did its work, 1 it failed,
2 it was called wrongly, 3 a batch rule stopped it, 4 the database or the city is out of reach.
"""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; ``arguments`` are those of the process when absent."""
    from tthc.cli.application import run

    return run(arguments)
