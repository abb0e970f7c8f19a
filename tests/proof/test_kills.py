"""Killed with ``kill -9`` at drawn points of every step, then run again: as if nobody had disturbed it (P1, P2, P4).

A run goes through all steps as the scheduler does; each step is killed, then repeated with what the steps
before it returned. CI kills six times in one run, ``make test-long`` 54 times in nine.
"""

import random

import pytest

from tests.proof.killed_step import Death, Place, dies, everything, journey, work
from tests.proof.small_pull import NEXT, STREAMS, checksums, nothing_lost_or_twice

LONG_SEEDS = range(2, 11)
STEPS = ("fetch", "stage", "audit", "merge", "refresh", "publish")


def drawn(seed: int, moments: dict[Place, int]) -> dict[Place, Death]:
    """Draw six deaths, one in each step; of the events in every other run, else of the dossiers."""
    draw = random.Random(seed)
    deaths = {}
    for number, step in enumerate(STEPS):
        place = (step, STREAMS[seed % 2] if step in STEPS[:4] else "")
        # Half of them in the midst of what the moment begins.
        seconds = draw.uniform(0.0005, 0.02) if (seed + number) % 2 else 0.0
        deaths[place] = Death(draw.randint(1, moments[place] - (2 if seconds else 0)), seconds)
    return deaths


def disturbed(deaths: dict[Place, Death]) -> dict[Place, bool]:
    """Go through all steps, each killed where it was drawn and then repeated; return which ones died."""
    died, fetch_id = {}, None
    for place in journey():
        if place in deaths:
            died[place] = dies(place, fetch_id, deaths[place])
        fetch_id = work(place, fetch_id)
    return died


def check(seed: int, small, city) -> None:
    city.set_clock(NEXT["at"])
    calm = small()
    moments = everything()
    assert all(passed >= 6 for passed in moments.values()), moments
    expected = checksums(calm)
    assert expected["indicators.values"][0] > 1000 and expected["indicators.revisions"][0] == 2, expected

    broken = small()
    deaths = drawn(seed, moments)
    died = disturbed(deaths)
    # Those drawn some milliseconds later may have ended before; the others always die.
    assert all(died[place] for place, death in deaths.items() if not death.seconds) and len(died) == 6
    nothing_lost_or_twice(broken)
    found = checksums(broken)
    assert found == expected, (
        f"seed {seed}, {deaths}: {[name for name in found if found[name] != expected[name]]}"
    )


def test_six_kills_change_nothing(small, city) -> None:
    check(1, small, city)


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_many_kills_change_nothing(small, city, seed) -> None:
    check(seed, small, city)
