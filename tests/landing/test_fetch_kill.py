"""A reading killed with ``kill -9`` goes on where it stood: nothing read twice, nothing lost."""

import os
import random
import signal
import subprocess
import sys
import threading
from datetime import date

import psycopg
import pytest

from tests.landing.small_city import SmallCity
from tests.landing.test_fetch import DOSSIERS, codes_of, july, read
from tthc import settings
from tthc.landing import ledger
from tthc.landing.fetch import fetch

JULY = (date(2025, 7, 1), date(2025, 7, 31))
CODES = [one["MaHoSo"] for one in july(6)]
CHILD = """
import sys
from datetime import date
import psycopg
from tthc.landing.fetch import fetch
from tthc.sources.streams import stream_named
with psycopg.connect(sys.argv[1], autocommit=True) as connection:
    fetch(connection, stream_named("city__dossiers"), date(2025, 7, 1), date(2025, 7, 31), codes=sys.argv[2:])
"""
WHOLE = "/api/ho-so"
#: The month takes 14 pages, the codes 10 and 4.
REQUESTS = 28


@pytest.fixture
def city(installation, monkeypatch):
    with SmallCity(records={WHOLE: july(6)}, page_size=10) as city:
        for name, value in city.environment.items():
            monkeypatch.setenv(name, value)
        yield city


def start(ledger_url: str) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(settings.root() / "plugins")}
    return subprocess.Popen([sys.executable, "-c", CHILD, ledger_url, *CODES], env=environment)


def goes_on(connection: psycopg.Connection, city: SmallCity) -> None:
    """Go on in this process; check that the outcome is the one of a reading that nobody disturbed."""
    left = connection.execute("SELECT fetch_id, state FROM ops.fetches").fetchall()
    known = [page for fetch_id, _ in left for page in ledger.pages_of(connection, fetch_id)]
    city.asked.clear()
    fetch_id = fetch(connection, DOSSIERS, *JULY, codes=CODES)
    if left and left[0][1] == "fetching":
        assert fetch_id == left[0][0]
        assert ledger.pages_of(connection, fetch_id)[: len(known)] == known
        assert len(city.asked) == REQUESTS - len(known)
    found = ledger.fetch_of(connection, fetch_id)
    assert (found.state, found.is_complete) == ("fetched", True)
    assert found.read_count == 2 * len(july(6)) == found.announced_count
    assert codes_of(read(connection, fetch_id)) == set(CODES)
    city.asked.clear()
    undisturbed = fetch(connection, DOSSIERS, *JULY, codes=CODES)
    assert ledger.fetch_of(connection, undisturbed).body_hash == found.body_hash
    assert len(city.asked) == REQUESTS


@pytest.mark.parametrize("request_number", [0, 5, 13, 14, 27])
def test_killed_while_a_page_is_asked_for(connection, ledger_url, city, request_number) -> None:
    child: list[subprocess.Popen] = []
    started = threading.Event()

    def kill(number: int) -> None:
        if number == request_number:
            started.wait(10)
            os.kill(child[0].pid, signal.SIGKILL)
            child[0].wait(10)

    city.before = kill
    child.append(start(ledger_url))
    started.set()
    assert child[0].wait(60) == -signal.SIGKILL
    city.settle()
    (pages,) = connection.execute("SELECT count(*) FROM ops.fetch_pages").fetchone()
    assert pages == request_number
    city.before = lambda number: None
    goes_on(connection, city)


def test_killed_at_any_moment(connection, ledger_url, city) -> None:
    """Between archive and ledger, inside a commit, while closing: wherever the moment falls."""
    moments = random.Random(20250701)
    killed = 0
    for _ in range(3):
        answered = threading.Event()
        wanted = len(city.asked) + moments.randrange(1, 8)

        def tell(number: int, wanted: int = wanted, answered: threading.Event = answered) -> None:
            if number >= wanted:
                answered.set()

        city.before = tell
        child = start(ledger_url)
        answered.wait(20)
        threading.Event().wait(moments.uniform(0, 0.02))
        child.kill()
        killed += child.wait(10) == -signal.SIGKILL
        city.settle()
    assert killed
    city.before = lambda number: None
    goes_on(connection, city)
