"""One journey through a running scheduler: brought up, told for one month, told again, broken, taken down.

Everything is real: Postgres, Airflow's four components, the demo city, the approver's account. The state folder lies
in the test's own folder, which for root is a closed one: Postgres then lives outside it.
"""

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.telemetry.collector import listening
from tthc import settings
from tthc.quality import decisions
from tthc.stack import installation, places, postgres, processes, services
from tthc.stack.api import Airflow
from tthc.stack.story import CLOSING, DOSSIERS, EVENTS, REFRESH

#: The calendar is there before Airflow is, so nobody watched while its first files came.
LOADED_BY_HAND = "register__working_days"
MONTH, RELEASE = "2025-07", "release_quarantined"
PUBLISHED = "SELECT count(*), count(DISTINCT calendar) FROM indicators.published WHERE period = %s"
FINGERPRINTS = {
    # One for each column, so that a difference says where it is. Warnings belong to the newest judgement; and told
    # again the story sets the city's clock back, so that the next reading may be the earlier one to say the same.
    "core": "SELECT json_object_agg(key, print) FROM (SELECT key,"
    " md5(string_agg(value::text, ',' ORDER BY dossier_code)) AS print"
    " FROM core.dossiers AS t, jsonb_each(to_jsonb(t))"
    " WHERE key <> ALL ('{flags, fetch_id, row_number, fetched_at}') GROUP BY key) AS columns",
    "versions": "SELECT count(*)::text FROM core.dossier_versions",
    "revisions": "SELECT string_agg(calendar || period || revision_number, ',' ORDER BY calendar, period)"
    " FROM indicators.revisions",
    "published": "SELECT md5(string_agg(p::text, ',' ORDER BY p::text)) FROM indicators.published AS p",
}


def stack(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the command behind ``make``."""
    command = [sys.executable, "-m", "tthc.stack", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=settings.root())
    assert done.returncode == 0 or not check, done.stderr[-3000:]
    return done


def owned(folder: Path) -> list[int]:
    """Return the processes that were told of this installation, or that work on its Postgres."""
    mark = f"TTHC_STATE={folder}".encode()
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            told = Path(f"/proc/{entry}/environ").read_bytes().split(b"\0")
            command = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if int(entry) != os.getpid() and (
            mark in told or str(places.home() / "main/data").encode() in command
        ):
            found.append(int(entry))
    return found


@pytest.fixture(scope="module")
def collector():
    """Return where the installation sends its numbers and traces."""
    with listening() as found:
        yield found


@pytest.fixture(scope="module")
def here(tmp_path_factory, collector):
    """Return an installation that has told the demo's first month."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("journey") / "var"
        patch.setenv("TTHC_STATE", str(folder))
        patch.setenv("TTHC_OTEL_ENDPOINT", collector.url)
        # Asked for, so that two of these at once do not reach for the same ones.
        for name in installation.PORT_KEYS:
            patch.setenv(name, str(postgres.free_port()))
        try:
            told = stack("run", "--through", MONTH)
            made = installation.load()
            (folder / "first.json").write_text(json.dumps([told.stdout, told.stderr]))
            yield made
        finally:
            stack("reset", "--yes", check=False)


def fingerprints(here) -> dict[str, str]:
    with psycopg.connect(here.own_warehouse_url) as connection:
        return {name: connection.execute(query).fetchone()[0] for name, query in FINGERPRINTS.items()}


def test_it_ends_with_the_table_and_the_addresses(here):
    printed, said = json.loads((here.folder / "first.json").read_text())
    assert "Tỷ lệ hồ sơ giải quyết đúng và trước hạn" in printed
    assert "Trung tâm Phục vụ hành chính công" in re.sub(r"[\s│]+", " ", printed) or "Trung tâm" in printed
    assert here.airflow_url in said
    assert here.keys.data_password in said and here.keys.approver_password in said
    for secret in (here.keys.secret_key, here.keys.jwt_secret, here.keys.warehouse_password):
        assert secret not in said + printed


def test_the_month_is_published_with_the_approver_s_name(here):
    with psycopg.connect(here.own_warehouse_url) as connection:
        count, calendars = connection.execute(PUBLISHED, (MONTH,)).fetchone()
        assert count > 500
        assert calendars == 2
        people = connection.execute("SELECT DISTINCT approved_by FROM indicators.revisions").fetchall()
    assert people == [("approver",)]


def test_nobody_without_a_password_gets_in(here):
    for path in ("/api/v2/dags", f"/api/v2/dags/{DOSSIERS}/dagRuns", "/api/v2/connections"):
        assert httpx.get(f"{here.airflow_url}{path}").status_code == 401
    answer = httpx.post(f"{here.airflow_url}/auth/token", json={"username": "data", "password": "sai"})
    assert answer.status_code == 401
    for name in ("keys.json", "run.env", "airflow/passwords.json", "logs/scheduler.log"):
        assert stat.S_IMODE((here.folder / name).stat().st_mode) == 0o600, name


def test_only_the_months_that_a_merge_touched_were_refreshed(here):
    airflow = Airflow(here.airflow_url, "data", here.keys.data_password)
    with psycopg.connect(here.own_warehouse_url) as connection:
        rows = connection.execute(
            "SELECT DISTINCT unnest(touched_months) FROM ops.fetches WHERE state = 'merged'"
        ).fetchall()
    touched = {month for (month,) in rows}
    for dag_id in (EVENTS, DOSSIERS):
        assert set(airflow.result(dag_id, f"demo__{MONTH}", "merge")["months"]) <= touched
    refreshed = {run["partition_key"] for run in airflow.runs(REFRESH)}
    assert MONTH in refreshed
    assert refreshed == touched


def test_a_collector_is_told_of_every_row_and_step(here, collector):
    told = Counter()
    for tags, rows in collector.points("tthc.rows"):
        if tags["stream"] != LOADED_BY_HAND:
            told[tags["stream"], tags["outcome"]] += rows
    outcomes = ("merged", "unchanged", "quarantined", "superseded")
    with psycopg.connect(here.own_warehouse_url) as connection:
        sums = connection.execute(
            f"SELECT stream, {', '.join(f'sum({each}_count)::int' for each in outcomes)} FROM ops.fetches"
            " WHERE state = 'merged' AND stream <> %s GROUP BY stream",
            (LOADED_BY_HAND,),
        ).fetchall()
        refused = dict(
            connection.execute(
                "SELECT f.stream || ' ' || v.rule, sum(v.failed_count)::int FROM ops.validations AS v"
                " INNER JOIN ops.fetches AS f USING (fetch_id) WHERE v.failed_count > 0 AND f.stream <> %s GROUP BY 1",
                (LOADED_BY_HAND,),
            ).fetchall()
        )
    counted = {
        (stream, outcome): n for stream, *row in sums for outcome, n in zip(outcomes, row, strict=True)
    }
    assert len(counted) > 40 and sum(counted.values()) > 4000
    assert {key: n for key, n in counted.items() if n} == {key: n for key, n in told.items() if n}
    rejections = Counter()
    for tags, rows in collector.points("tthc.rejections"):
        if tags["stream"] != LOADED_BY_HAND:
            rejections[f"{tags['stream']} {tags['rule']}"] += rows
    assert len(refused) > 5 and refused == rejections
    assert all(seconds >= 0 for _, seconds in collector.points("tthc.lag"))

    spans = collector.spans()
    steps = {span.span_id: span for span in spans if span.name.startswith("worker.")}
    ours = [span for span in spans if span.name.startswith("tthc.")]
    assert {span.name for span in ours} >= {
        "tthc.fetch",
        "tthc.stage",
        "tthc.audit",
        "tthc.merge",
        "tthc.refresh",
    }
    assert all(
        span.parent_span_id in steps or span.parent_span_id in {s.span_id for s in ours} for span in ours
    )


def test_watching_tells_freshness_and_queues(here, collector):
    airflow = Airflow(here.airflow_url, "data", here.keys.data_password)
    airflow.start("watch", "phep_thu", {})
    airflow.wait("watch", "phep_thu", patience=120)
    fresh = {tags["stream"] for tags, _ in collector.points("tthc.freshness")}
    assert {"city__dossiers", "city__progress_events"} <= fresh
    newest = {tags["queue"]: n for tags, n in collector.points("tthc.queue.length")}
    assert newest.keys() == {"readings", "quarantine", "releases", "incidents"} and newest["quarantine"] > 0
    ages = {tags["queue"]: seconds for tags, seconds in collector.points("tthc.queue.age")}
    assert ages["quarantine"] > 0 and ages["releases"] == 0


def test_an_event_without_a_month_starts_nothing(here):
    airflow = Airflow(here.airflow_url, "data", here.keys.data_password)
    before = len(airflow.runs(REFRESH))
    asset = next(each for each in airflow.items("/assets", "assets") if each["name"] == "tthc:core.dossiers")
    airflow.call("POST", "/assets/events", json={"asset_id": asset["id"], "extra": {"months": [MONTH]}})
    assert not processes.wait_until(lambda: len(airflow.runs(REFRESH)) != before, 3, step=0.5)


def test_told_again_it_does_nothing_and_says_so(here):
    before = fingerprints(here)
    airflow = Airflow(here.airflow_url, "data", here.keys.data_password)
    runs = {dag_id: len(airflow.runs(dag_id)) for dag_id in (EVENTS, DOSSIERS, REFRESH, CLOSING)}
    told = stack("run", "--through", MONTH)
    assert "đang chạy sẵn" in told.stderr
    assert here.keys.approver_password not in told.stderr
    assert {dag_id: len(airflow.runs(dag_id)) for dag_id in runs} == runs
    assert fingerprints(here) == before


def test_a_cleared_run_changes_nothing_that_was_right(here):
    before = fingerprints(here)
    airflow = Airflow(here.airflow_url, "data", here.keys.data_password)
    for dag_id in (EVENTS, DOSSIERS):
        path = f"/dags/{dag_id}/dagRuns/demo__{MONTH}/clear"
        airflow.call("POST", path, json={"dry_run": False, "only_failed": False})
        airflow.wait(dag_id, f"demo__{MONTH}")
    assert fingerprints(here) == before


def test_what_a_steward_asked_for_is_answered_by_a_run(here):
    before = fingerprints(here)
    with psycopg.connect(here.own_warehouse_url) as connection:
        rows = connection.execute(
            "SELECT quarantine_id FROM ops.quarantine WHERE state = 'open' ORDER BY quarantine_id LIMIT 3"
        ).fetchall()
        numbers = [number for (number,) in rows]
        assert numbers, "nothing is in quarantine"
        decisions.ask_release(connection, numbers, "người trông khu cách ly", "xét lại trong phép thử")
    airflow = Airflow(here.airflow_url, "data", here.keys.data_password)
    airflow.start(RELEASE, "phep_thu", {})
    airflow.wait(RELEASE, "phep_thu", patience=120)
    # A run by the clock may have been first; either way each was judged once, and no rule has changed since.
    with psycopg.connect(here.own_warehouse_url) as connection:
        answers = connection.execute(
            "SELECT r.is_released, q.state FROM ops.release_requests AS r"
            " INNER JOIN ops.quarantine AS q USING (quarantine_id) WHERE quarantine_id = ANY (%s)",
            (numbers,),
        ).fetchall()
    assert answers == [(False, "open")] * len(numbers)
    assert fingerprints(here) == before


def test_no_value_of_a_person_is_in_airflow_s_logs_or_database(here):
    from demo import canary

    values = [value for value in canary.VALUES if len(value) >= 6]
    assert len(values) >= 5
    logs = [path for path in (here.folder / "logs").rglob("*") if path.is_file()]
    assert len(logs) > 10
    for path in logs:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not [value for value in values if value in text], path
    with psycopg.connect(here.metadata_url) as connection:
        told = connection.execute("SELECT coalesce(string_agg(value::text, ' '), '') FROM xcom").fetchone()[0]
    assert told
    assert not [value for value in values if value in told]


def test_after_a_crash_stop_leaves_no_process_and_run_brings_all_back(here):
    before = fingerprints(here)
    scheduler = processes.recall(here.folder / "processes" / "scheduler.json")
    os.kill(scheduler.pid, signal.SIGKILL)
    os.kill(here.cluster.postmaster().pid, signal.SIGKILL)
    assert owned(here.folder)
    stack("stop")
    assert processes.wait_until(lambda: not owned(here.folder), 5), owned(here.folder)
    assert not services.remembered(here.folder)
    stack("run", "--through", MONTH)
    assert fingerprints(here) == before
    assert "đang chạy" in stack("status").stdout
