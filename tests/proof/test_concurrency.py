"""The same step twice at once, and readings in any order: the same state as in peace (P4, P5)."""

import random
import time

import pytest

from tests.proof.killed_step import PATIENCE, journey, start, work
from tests.proof.small_pull import MONTHS, NEXT, STREAMS, checksums, nothing_lost_or_twice, same
from tthc import flows
from tthc.warehouse import database

WINDOWS = [("2025-07-01", "2025-07-06"), ("2025-07-03", "2025-07-08"), ("2025-07-07", "2025-07-09")]


def test_the_same_step_twice_at_once(small, city) -> None:
    """Of two processes one works and one waits; both end well, and the work is done once."""
    city.set_clock(NEXT["at"])
    calm = small()
    fetch_id = None
    for place in journey():
        fetch_id = work(place, fetch_id)
    expected = checksums(calm)
    assert expected["indicators.revisions"][0] == 2, expected

    url = small()
    for place in journey():
        # Two readings of the city are two readings; what is repeated is the work on one of them.
        if place[0] != "fetch" and place[1] != STREAMS[0]:
            twice(place, fetch_id)
        else:
            fetch_id = work(place, fetch_id)
    nothing_lost_or_twice(url)
    same(checksums(url), expected, "twice")


def twice(place: tuple[str, str], fetch_id: int | None) -> None:
    both = [start(place, fetch_id) for _ in range(2)]
    for process, results in both:
        process.join(PATIENCE)
        assert process.exitcode == 0, f"{place}: one of two at once ended with {process.exitcode}"
        results.close()


def test_one_waits_while_another_merges(small, city) -> None:
    """A merge does not begin while another process holds the stream, and goes on when it lets go."""
    url = small()
    city.set_clock(NEXT["at"])
    fetch_id = flows.fetch(STREAMS[0], NEXT["from"], NEXT["to"], progress=str)
    with database.connection(url, autocommit=True) as guard:
        database.lock(guard, f"merge:{STREAMS[0]}", session=True)
        process, results = start(("merge", STREAMS[0]), fetch_id)
        end = time.monotonic() + PATIENCE
        waiting = 0
        while not waiting and time.monotonic() < end:
            waiting = guard.execute(
                "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
                " AND wait_event_type = 'Lock' AND wait_event = 'advisory'"
            ).fetchone()["n"]
        assert waiting == 1 and process.is_alive() and flows.fetch_state(fetch_id) == "fetched"
    process.join(PATIENCE)
    results.close()
    assert process.exitcode == 0 and flows.fetch_state(fetch_id) == "merged"


def any_order(seed: int, small, city) -> None:
    """Fetch some windows, then merge their readings in a drawn order; late ones go where they belong."""
    city.set_clock(NEXT["at"])
    states, orders = [], []
    draw = random.Random(seed)
    for is_drawn in (False, True):
        url = small()
        readings = [
            flows.fetch(stream, first, last, progress=str) for first, last in WINDOWS for stream in STREAMS
        ]
        # The instants of a reading come from the city's clock, which stands still between these.
        if is_drawn:
            while readings == sorted(readings):
                draw.shuffle(readings)
        orders.append(readings)
        for fetch_id in readings:
            flows.take_in(fetch_id, progress=str)
        flows.refresh(MONTHS, progress=str)
        nothing_lost_or_twice(url)
        states.append(checksums(url, accounting=False))
    assert states[0]["core.dossiers"][0] > 400
    same(states[1], states[0], f"seed {seed}, order {orders}")


def test_readings_in_another_order(small, city) -> None:
    any_order(1, small, city)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_readings_in_many_orders(small, city, seed) -> None:
    any_order(seed, small, city)
