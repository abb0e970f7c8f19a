"""A city under a real scheduler: one commune with fifty times the dossiers, one that does not answer, six others."""

from datetime import datetime
from itertools import pairwise

import pytest

from bench.city_stack import DOSSIERS, EVENTS, running
from demo import answer_key
from demo.hai_phong import AN_HUNG
from tests.proof.test_equals_answer_key import computed, told
from tthc import settings

HEAVY, AWAY = "10507", "10525"
OTHERS = (AN_HUNG, "10532", "10537", "10543", "11914", "11948")
CODES = (HEAVY, AWAY, *OTHERS)
SHARE, TIMES, SLOTS = 0.05, 50, 2
PULL = {"at": "2025-07-31T23:00:00+07:00", "from": "2025-06-01", "to": "2025-07-31"}


@pytest.mark.long
def test_neither_a_backlog_nor_a_failure_keeps_the_others_waiting(tmp_path, monkeypatch):
    with running(
        tmp_path, CODES, share=SHARE, heavy={HEAVY: TIMES}, slots=SLOTS, clock=PULL["at"], say=str
    ) as city:
        city.load_catalogue()
        city.tell_city("away", communes=[AWAY])
        city.start(PULL["from"], PULL["to"], "r1")
        at_work: list[int] = []
        states = city.wait("r1", meanwhile=lambda: at_work.append(city.at_work()))
        city.settle()
        assert set(states.values()) == {"failed"}, states
        steps = {dag: city.steps(dag, "r1") for dag in (EVENTS, DOSSIERS)}
        for dag, found in steps.items():
            merged = {
                each["commune"] for each in found if each["step"] == "merge" and each["state"] == "success"
            }
            assert merged == {HEAVY, *OTHERS}, (dag, merged)
            failed = {each["commune"] for each in found if each["state"] == "failed"}
            assert failed == {AWAY}, (dag, failed)
            _one_at_a_time(found)
        assert 0 < max(at_work) <= SLOTS, at_work
        merges = [each for each in steps[DOSSIERS] if each["step"] == "merge" and each["state"] == "success"]
        ends = {each["commune"]: _moment(each["ended"]) for each in merges}
        heavy = ends.pop(HEAVY)
        assert all(end < heavy for code, end in ends.items() if code in OTHERS), (heavy, ends)
        monkeypatch.setenv("TTHC_WAREHOUSE_URL", city.warehouse_url)
        for code in OTHERS[:3]:
            with settings.for_commune(code):
                found = computed(code)
            expected = told(answer_key.rows(1, [PULL], ["2025-07"], commune=code, share=SHARE))
            assert len(expected) > 500
            assert {place: found.get(place) for place in expected} == expected, code


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _one_at_a_time(steps: list[dict]) -> None:
    """Refuse two steps of one commune that were at work at the same time."""
    for code in CODES:
        mine = sorted(
            (_moment(each["began"]), _moment(each["ended"]))
            for each in steps
            if each["commune"] == code and each["began"] and each["ended"]
        )
        assert mine, code
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(mine)), code
