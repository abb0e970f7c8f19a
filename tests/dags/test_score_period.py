"""``score_period`` in Airflow's own loop: asked, answered by two accounts, waited out, sealed; nobody is named."""

import json
import os
import subprocess
import sys

import psycopg
import pytest
from psycopg import sql

from tests.airflow_home import ROOT
from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import own_hamlet as own_hamlet
from tests.cli.conftest import told as told
from tests.evaluation.test_process import PERIOD, assess
from tests.evaluation.test_process import quarter as quarter
from tthc.evaluation import sealed
from tthc.stack import components
from tthc.warehouse import database
from tthc.workdays import periods

APPROVE, RETURN, GO_ON = "Duyệt", "Trả lại", "Tiếp tục khi thiếu"
SEALING = {
    "approve_compiled": ["data", APPROVE, "đã đối chiếu sổ"],
    "approve_decided": ["approver", APPROVE, "nhất trí"],
}


@pytest.fixture
def score(quarter, new_database, tmp_path, monkeypatch):
    """Return a function that runs the DAG with some answers; Airflow has a database and a home of this test alone."""
    url = new_database()
    words = tmp_path / "passwords.json"
    words.write_text(json.dumps({"data": "mat-khau-data", "approver": "mat-khau-approver"}))
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url.replace("postgresql://", "postgresql+psycopg://"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": url.replace("postgresql://", "postgresql+asyncpg://"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "data:op,approver:op",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(words),
        "AIRFLOW__API_AUTH__JWT_SECRET": "0123456789abcdef" * 5,
        "AIRFLOW__API__SECRET_KEY": "0123456789abcdef" * 5,
        "AIRFLOW__API__BASE_URL": "http://127.0.0.1:8080",
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW_CONN_TTHC_WAREHOUSE": components.warehouse_connection(quarter),
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins"), str(ROOT / "dags")]),
    }
    migrated = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], env=environment, capture_output=True, text=True
    )
    assert migrated.returncode == 0, migrated.stderr[-2000:]

    def run(answers: dict, **conf) -> tuple[dict, str]:
        out = tmp_path / "result.json"
        out.unlink(missing_ok=True)
        given = {
            "SCORE_ANSWERS": json.dumps(answers),
            "SCORE_CONF": json.dumps({"period": PERIOD, "opened_on": "2026-11-16", **conf}),
        }
        done = subprocess.run(
            [sys.executable, "-m", "tests.dags.score_run", str(out)],
            env={**environment, **given}, capture_output=True, text=True, timeout=400, cwd=ROOT,
        )  # fmt: skip
        assert out.exists(), done.stderr[-3000:]
        return json.loads(out.read_text()), done.stdout + done.stderr

    run.metadata = url
    return run


def runs(url: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT state, version, first_by, second_by, missing_reason FROM restricted.score_runs"
            " ORDER BY chain_number"
        ).fetchall()


def everything_in(url: str) -> str:
    """Return every row of every table of Airflow's database, XComs decoded by Postgres itself."""
    found = []
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'serialized_dag%'"
        ).fetchall()
        for (table,) in tables:
            query = sql.SQL("SELECT coalesce(string_agg(t::text, ' '), '') FROM {} AS t").format(
                sql.Identifier(table)
            )
            found.append(connection.execute(query).fetchone()[0])
    assert len(tables) > 30
    return "\n".join(found)


def test_a_period_is_sealed_by_two_accounts_and_airflow_learns_only_counts(score, quarter, tmp_path):
    assess(tmp_path)
    found, said = score(SEALING)
    assert found["state"] == "success", (found["steps"], said[-3000:])
    # Nothing was missing, so nobody was asked; the wait was a trigger, not a worker.
    assert found["steps"]["ask_missing"] == "skipped"
    assert {step for step, state in found["steps"].items() if state != "success"} == {
        "missing",
        "ask_missing",
    }
    assert found["refused"] == {"approve_compiled": 403, "approve_decided": 403}
    assert runs(quarter) == [("opened", 1, None, None, None), ("sealed", 1, "data", "approver", None)]
    with database.connection(quarter) as connection:
        run = sealed.sealed(connection, periods.parse(PERIOD))
        assert sealed.sheets(connection, run)["official", "AH-02"]["points"] == 86
    assert found["results"]["seal"]["content_hash"] == run["content_hash"]
    subject, body = found["asked"]["approve_decided"]
    assert subject == f"Niêm đánh giá {PERIOD}, phiên bản 1" and run["content_hash"] in body
    told = json.dumps(found, ensure_ascii=False) + said + everything_in(score.metadata)
    assert run["content_hash"] in told
    assert "AH-0" not in told and "Thử Phiếu" not in told


def test_missing_points_are_asked_about_and_what_is_returned_is_not_sealed(score, quarter):
    answers = {
        "ask_missing": ["data", GO_ON, "kỳ đầu, chưa kịp chấm"],
        "approve_compiled": ["data", APPROVE, "đủ"],
        "approve_decided": ["approver", RETURN, "chờ họp lại"],
    }
    found, said = score(answers)
    assert "2 người" in found["asked"]["ask_missing"][1], said[-2000:]
    assert found["steps"]["seal"] == "skipped"
    assert runs(quarter) == [("opened", 1, None, None, "data: kỳ đầu, chưa kịp chấm")]


def test_one_person_who_answers_both_is_refused(quarter, tmp_path):
    """In a compose installation somebody may have both roles: the last step looks at the names, not the roles."""
    from airflow.dag_processing.dagbag import DagBag

    from tthc.errors import UsageError
    from tthc.flows import score_period

    assess(tmp_path)
    score_period.open_window(PERIOD, "Lan", opened_on="2026-11-16", progress=str)
    asked = score_period.settle(PERIOD, "Lan", progress=str)
    response = {
        "chosen_options": [APPROVE], "params_input": {"reason": "ừ"}, "responded_by_user": {"id": "7", "name": "lan"},
    }  # fmt: skip
    step = DagBag(str(ROOT / "dags")).dags["score_period"].task_dict["seal"].python_callable.__wrapped__
    with pytest.raises(UsageError, match="phải là hai người"):
        step(["Lan", "ừ"], response, asked, {"period": PERIOD})
    assert [state for state, *_ in runs(quarter)] == ["opened"]
    other = {**response, "responded_by_user": {"id": "8", "name": "minh"}}
    assert step(["Lan", "ừ"], other, asked, {"period": PERIOD})["version"] == 1
