"""Answers that are cut, late, empty or wrong: once read in spite of all, the state is that of a quiet city (P1, P2)."""

import pytest

from tests.proof.small_pull import MONTHS, NEXT, checksums, nothing_lost_or_twice, read_on, same
from tthc import flows
from tthc.sources import patient_http


def broken_answers(seed: int, wanted: int, small, city, monkeypatch) -> None:
    """Read while answers are cut, late, empty or wrong, until so many were; compare with a quiet city."""
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(patient_http, "FIRST_WAIT", 0.01)
    city.set_clock(NEXT["at"])
    quiet = small()
    read_on()
    flows.refresh(MONTHS, progress=str)
    expected = checksums(quiet, accounting=False)
    struck: dict[str, int] = {}
    for turn in range(40):
        url = small()
        # A patient reader always gets through; repeated records are superseded, so the accounting may differ.
        city.set_troubles(seed * 100 + turn, all=0.25)
        read_on()
        for kind, count in city.troubles().items():
            struck[kind] = struck.get(kind, 0) + count
        city.set_troubles()
        flows.refresh(MONTHS, progress=str)
        nothing_lost_or_twice(url)
        same(checksums(url, accounting=False), expected, f"seed {seed}, turn {turn}, {struck}")
        if sum(struck.values()) >= wanted:
            break
    assert sum(struck.values()) >= wanted, struck


def test_twenty_broken_answers_change_nothing(small, city, monkeypatch) -> None:
    broken_answers(1, 20, small, city, monkeypatch)


@pytest.mark.long
def test_two_hundred_broken_answers_change_nothing(small, city, monkeypatch) -> None:
    broken_answers(2, 200, small, city, monkeypatch)
