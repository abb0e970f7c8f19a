"""A city of three communes through the real DAGs: each is read, counted and wrong for itself.

Dossier codes are given by each commune for itself, so the same code is another dossier in each of the three.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from demo import answer_key
from demo.communes import write_declarations
from tests.airflow_home import ROOT
from tests.proof.running_city import catalogue, running
from tests.proof.test_equals_answer_key import computed, told
from tthc import flows, settings
from tthc.landing.inbox import SETTLED_AFTER_SECONDS
from tthc.stack import components
from tthc.warehouse import database

SEED, SHARE = 1, 0.05
FIRST, BROKEN, LAST = CODES = ("10507", "11674", "11948")
PULL = {"at": "2025-07-31T18:00:00+07:00", "from": "2025-06-01", "to": "2025-07-31"}
STEPS = ("fetch", "stage", "audit", "merge")
DAGS = ("ingest_city__progress_events", "ingest_city__dossiers")
WINDOW = {"window_from": PULL["from"], "window_to": PULL["to"]}


@pytest.fixture
def city(warehouse, new_database, tmp_path, monkeypatch):
    """Return a function that runs DAGs of an installation of three communes beside a demo city that has them."""
    folder = tmp_path / "communes"
    write_declarations(folder, CODES, ROOT / "sources" / "units.yaml")
    monkeypatch.setenv("TTHC_COMMUNE", ",".join(CODES))
    monkeypatch.setenv("TTHC_COMMUNES_FOLDER", str(folder))
    flows.init(progress=str)
    airflow = new_database()
    with running(SEED, PULL["at"], "--communes", ",".join(CODES), "--share", str(SHARE)) as demo:
        for name, value in demo.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TTHC_CITY_URL", f"{demo.url}/xa/{{commune}}")
        yield lambda *runs, **also: _run(airflow, warehouse, tmp_path, runs, also)


def _run(airflow: str, warehouse: str, folder: Path, runs: tuple, also: dict[str, str]) -> list[dict]:
    out = folder / "result.json"
    environment = {
        **os.environ,
        **also,
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow.replace("postgresql://", "postgresql+psycopg://"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": airflow.replace(
            "postgresql://", "postgresql+asyncpg://"
        ),
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW_CONN_TTHC_WAREHOUSE": components.warehouse_connection(warehouse),
        "AIRFLOW_CONN_TTHC_CITY": components.city_connection({**os.environ, **also}),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins"), str(ROOT / "dags")]),
        "CITY_RUNS": json.dumps(runs),
    }
    if not (folder / "airflow").exists():
        made = subprocess.run(
            [sys.executable, "-m", "airflow", "db", "migrate"],
            env=environment,
            capture_output=True,
            text=True,
        )
        assert made.returncode == 0, made.stderr[-2000:]
    done = subprocess.run(
        [sys.executable, "-m", "tests.dags.city_run", str(out)],
        env=environment, capture_output=True, text=True, timeout=600, cwd=ROOT,
    )  # fmt: skip
    assert out.exists(), (done.stdout + done.stderr)[-4000:]
    found = json.loads(out.read_text())
    out.unlink()
    return found


def offer_catalogue(folder: Path) -> None:
    """Put the catalogue where every commune's files lie, as data staff of the city do."""
    shared = folder / "inbox" / settings.SHARED_FOLDER
    shared.mkdir(parents=True)
    shutil.copy(catalogue(folder / "registers"), shared)
    time.sleep(SETTLED_AFTER_SECONDS)


def equals_key(code: str) -> int:
    """Count July of a commune, compare every value with the independent key, and return how many there were."""
    with settings.for_commune(code):
        flows.refresh(["2025-07"], "month", progress=str)
        found = computed(code)
    rows = answer_key.rows(SEED, [PULL], ["2025-07"], commune=code, share=SHARE)
    expected = told(row for row in rows if row["calendar"] == "month")
    known = {place[-1] for place in expected}
    found = {place: values for place, values in found.items() if place[-1] in known}
    assert found.keys() == expected.keys()
    different = {place: (one, found[place]) for place, one in expected.items() if one != found[place]}
    assert not different, (code, len(different), list(different.items())[:5])
    return len(expected)


def incidents() -> set[tuple[str, str]]:
    with database.connection() as connection:
        rows = connection.execute("SELECT commune_code, kind FROM ops.incidents WHERE closed_at IS NULL")
        return {(row["commune_code"], row["kind"]) for row in rows}


def test_one_commune_fails_alone_and_each_counts_its_own(city, warehouse, tmp_path):
    offer_catalogue(tmp_path)
    broken = {f"TTHC_CITY_URL_{BROKEN}": "ftp://khong-phai-dia-chi"}
    registers, events, dossiers = city(
        ["ingest_register__procedures", {}], *([dag, WINDOW] for dag in DAGS), **broken
    )
    assert registers["state"] == "success"
    assert registers["steps"]["merge"] == dict.fromkeys(CODES, "success")
    for run in (events, dossiers):
        assert run["state"] == "failed"
        for step in STEPS:
            states = run["steps"][step]
            assert (states[FIRST], states[LAST]) == ("success", "success"), (step, states)
        assert run["steps"]["fetch"][BROKEN] == "failed"
    assert ((BROKEN, "fetch_failed") in incidents()) or ((BROKEN, "step_failed") in incidents())
    assert {code for code, kind in incidents() if kind in ("fetch_failed", "step_failed")} == {BROKEN}
    assert equals_key(FIRST) > 500 and equals_key(LAST) > 500

    runs = city(*([dag, {**WINDOW, "communes": [BROKEN]}] for dag in DAGS))
    assert [run["state"] for run in runs] == ["success", "success"]
    assert all(run["steps"]["merge"] == {BROKEN: "success"} for run in runs)
    assert equals_key(BROKEN) > 500
    with psycopg.connect(warehouse) as connection:
        (shared,) = connection.execute(
            "SELECT count(*) FROM (SELECT dossier_code FROM core.dossiers GROUP BY 1"
            " HAVING count(DISTINCT commune_code) > 1) AS s"
        ).fetchone()
    # The proof means something only where the communes' codes do collide.
    assert shared > 10
    for code in CODES:
        with settings.for_commune(code), database.connection() as connection:
            from tthc.warehouse import checks_of_core, checks_of_readings, doctor

            wrong = [
                each.name
                for each in doctor.run(connection, [*checks_of_readings.checks(), *checks_of_core.checks()])
                if not each.holds
            ]
            assert wrong == [], (code, wrong)
