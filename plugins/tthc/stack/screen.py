"""What the person at the keyboard sees: one line for each thing that happens, with the seconds so far."""

import sys
import time

_STARTED = time.monotonic()


def say(text: str) -> None:
    """Print one line of progress on stderr; stdout is for results."""
    print(f"[{time.monotonic() - _STARTED:5.1f} s] {text}", file=sys.stderr, flush=True)


def elapsed() -> float:
    """Return the seconds since the program began."""
    return time.monotonic() - _STARTED
