"""A city under a real scheduler: one commune with fifty times the dossiers, one that does not answer, four others."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from tthc_dags import approval

from bench.city_stack import DOSSIERS, EVENTS, running
from demo import answer_key
from demo.hai_phong import AN_HUNG
from tests.proof.test_equals_answer_key import computed, told
from tthc import settings
from tthc.stack.api import Airflow
from tthc.warehouse import database

HEAVY, AWAY = "10507", "10525"
OTHERS = (AN_HUNG, "10532", "11914", "11948")
CODES = (HEAVY, AWAY, *OTHERS)
SHARE, TIMES, SLOTS = 0.05, 50, 3
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
        _goes_on_beside(HEAVY, [each for found in steps.values() for each in found])
        monkeypatch.setenv("TTHC_WAREHOUSE_URL", city.warehouse_url)
        for code in OTHERS[:3]:
            with settings.for_commune(code):
                found = computed(code)
            expected = told(answer_key.rows(1, [PULL], ["2025-07"], commune=code, share=SHARE))
            assert len(expected) > 500
            assert {place: found.get(place) for place in expected} == expected, code


def _goes_on_beside(heavy: str, steps: list[dict]) -> None:
    """Refuse a long step of one commune during which no other commune was at work, if any still had to be."""
    done = [each for each in steps if each["began"] and each["ended"]]
    mine = [_span(each) for each in done if each["commune"] == heavy]
    others = [_span(each) for each in done if each["commune"] in OTHERS and each["state"] == "success"]
    usual = sorted(ended - began for began, ended in others)[len(others) // 2]
    last = max(ended for _, ended in others)
    long = [(began, ended) for began, ended in mine if ended - began > usual and ended < last]
    assert long, "the backlog was none: nothing of it took longer than the others' steps"
    for began, ended in long:
        assert any(start < ended and end > began for start, end in others), (began, ended)


def _span(step: dict) -> tuple[datetime, datetime]:
    return _moment(step["began"]), _moment(step["ended"])


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


@pytest.mark.long
def test_every_other_dag_works_for_each_commune_too(tmp_path, monkeypatch):
    """Counted, asked for approval, published, released, watched, cleaned and backed up: each commune for itself."""
    codes = [AN_HUNG, "10507", "11948"]
    returned, rebuilt = codes[1], codes[2]
    with running(tmp_path, codes, share=0.02, slots=2, clock=PULL["at"], say=str) as city:
        city.load_catalogue()
        city.start(PULL["from"], PULL["to"], "r1")
        assert set(city.wait("r1").values()) == {"success"}
        city.settle()
        airflow = city.airflow
        keys = {run["partition_key"] for run in airflow.runs("refresh_months")}
        assert {f"{code} 2025-07" for code in codes} <= keys
        monkeypatch.setenv("TTHC_WAREHOUSE_URL", city.warehouse_url)
        airflow.start("rebuild_month", "again", {"month_from": "2025-07", "communes": [rebuilt]})
        airflow.wait("rebuild_month", "again", patience=1800)
        assert {each["commune"] for each in city.steps("rebuild_month", "again")} == {rebuilt}

        approver = Airflow(city.here.airflow_url, "approver", city.here.keys.approver_password)
        asked: dict[str, str] = {}

        def answer() -> None:
            for detail in approver.waiting("monthly_refresh", "close"):
                old = datetime.now(UTC) - datetime.fromisoformat(detail["created_at"]) > timedelta(seconds=10)
                if detail["task_instance"]["state"] == "awaiting_input" and old:
                    (code,) = (code for code in codes if code in detail["subject"])
                    asked[code] = detail["subject"]
                    option = approval.RETURN if code == returned else approval.APPROVE
                    approver.answer(detail, [option], reason=f"thử {code}")

        airflow.start("monthly_refresh", "close", {"months": ["2025-07"]})
        airflow.wait("monthly_refresh", "close", meanwhile=answer, patience=1800)
        assert set(asked) == set(codes) and "xã An Hưng" in asked[AN_HUNG]
        published = [code for code in codes if code != returned]
        assert _published() == {(code, f"thử {code}") for code in published}
        for dag in ("release_quarantined", "watch", "monthly_cleaning", "monthly_backup"):
            airflow.start(dag, "once", {})
        for dag in ("release_quarantined", "watch", "monthly_cleaning", "monthly_backup"):
            airflow.wait(dag, "once", patience=1800)
        restored = airflow.result("monthly_backup", "once", "drill")["restored"]
        assert restored["is_equal"] and restored["revision_count"] >= len(published)


def _published() -> set[tuple[str, str]]:
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT DISTINCT commune_code, reason FROM indicators.revisions WHERE period = '2025-07'"
        )
        return {(row["commune_code"], row["reason"]) for row in rows}
