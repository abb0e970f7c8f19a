"""A demo city in a process of its own, and the month ends at which it is pulled."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import httpx

from tthc.stack.story import FIRST_MONTH, LAST_MONTH, window
from tthc.workdays.periods import months_between

ROOT = Path(__file__).parents[2]
CLIENT_ID, SECRET = "phep-thu", "bi-mat-chi-dung-de-thu"
STREAMS = ["city__dossiers", "city__progress_events"]
MONTHS = months_between(FIRST_MONTH, LAST_MONTH)


class City:
    """The address of a running city and its keeper's calls."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._keeper = httpx.Client(base_url=url, timeout=60, trust_env=False, headers={"X-Demo-Key": SECRET})

    @property
    def environment(self) -> dict[str, str]:
        """What tthc must know to read this city."""
        return {
            "TTHC_CITY_URL": self.url,
            "TTHC_CITY_DIALECT": "share",
            "TTHC_CITY_CLIENT_ID": CLIENT_ID,
            "TTHC_CITY_CLIENT_SECRET": SECRET,
        }

    def set_clock(self, moment: str) -> None:
        """Let it be ``moment`` (ISO 8601 with a zone) in the city."""
        self._keeper.put("/_demo/clock", json={"now": moment}).raise_for_status()

    def set_troubles(self, seed: int = 0, **rates: float) -> None:
        """Break answers at these rates from now on; none when there are no rates."""
        self._keeper.put("/_demo/troubles", json={"seed": seed, "rates": rates}).raise_for_status()

    def troubles(self) -> dict[str, int]:
        """How often each kind of trouble has struck since the rates were set."""
        return self._keeper.get("/_demo/troubles").json()["counts"]

    def close(self) -> None:
        self._keeper.close()


@contextmanager
def running(seed: int, clock: str = "2025-07-31T18:00:00+07:00", *options: str) -> Iterator[City]:
    """Start a city of this seed on a free port, with further options of ``demo serve``; end it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "demo", "serve", "--port", str(port), "--seed", str(seed)]
    settings = os.environ | {"TTHC_CITY_CLIENT_ID": CLIENT_ID, "TTHC_CITY_CLIENT_SECRET": SECRET}
    process = subprocess.Popen(
        [*command, "--clock", clock, *options], cwd=ROOT, env=settings, stdout=subprocess.DEVNULL
    )
    city = City(f"http://127.0.0.1:{port}")
    try:
        _wait(process, city.url)
        yield city
    finally:
        city.close()
        process.terminate()
        process.wait(10)


def catalogue(folder: Path) -> str:
    """Write the city's catalogue of procedures as data staff would hand it over; return the path."""
    from demo.registers import write_registers

    (path,) = write_registers(folder)
    return str(path)


def portal_export(folder: Path, seed: int, moment: str) -> str:
    """Write the portal's export of a moment (ISO 8601) as its staff would hand it over; return the path."""
    from demo.city import City as Made
    from demo.exports import portal_dossiers
    from demo.stream_file import Context

    path = folder / f"cong-{moment[:10]}.xlsx"
    when = datetime.fromisoformat(moment).replace(tzinfo=None)
    path.write_bytes(portal_dossiers.write(Context(seed, when, Made(seed))))
    return str(path)


def pull_of(month: str, *, whole_year: bool = False) -> dict[str, str]:
    """Return the reading at the end of a month, as ``make run`` makes it: from a week before it on.

    The first asks for everything since 2025-01-01. With ``whole_year`` it is a reading of the year, until March
    with the year before.

    >>> pull_of("2026-02")
    {'at': '2026-02-28T18:00:00+07:00', 'from': '2026-01-25', 'to': '2026-02-28'}
    >>> pull_of("2026-02", whole_year=True)["from"]
    '2025-01-01'
    """
    first, last = window(month)
    if whole_year:
        first = date(last.year if last.month > 3 else last.year - 1, 1, 1)
    return {"at": f"{last}T18:00:00+07:00", "from": str(first), "to": str(last)}


def _wait(process: subprocess.Popen, url: str) -> None:
    end = time.monotonic() + 60
    while True:
        try:
            if httpx.get(f"{url}/_demo/health", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            assert process.poll() is None and time.monotonic() < end, "the demo city did not start"
        time.sleep(0.05)
