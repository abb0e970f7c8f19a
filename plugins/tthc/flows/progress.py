"""What every flow tells while it works, and the zone in which it thinks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
Progress = Callable[[str], None]


def say(text: str) -> None:
    """Show progress where it disturbs no data."""
    print(text, file=sys.stderr, flush=True)
