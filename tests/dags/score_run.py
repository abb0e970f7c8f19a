"""Runs ``score_period`` once in a process of its own: Airflow's own loop, its own REST API, two accounts that answer.

``python -m tests.dags.score_run RESULT.json`` with the answers in ``SCORE_ANSWERS``: by step, who answers what. Before
the right account answers, the other one tries; what it was told is part of the result.
"""

import json
import os
import sys
import threading
import time
import traceback
from pathlib import Path

DAG = "score_period"
PATIENCE = 300


def main(out: Path) -> None:
    """Run the DAG and answer what it asks; write what happened."""
    from airflow.dag_processing.dagbag import DagBag

    answers, found = json.loads(os.environ["SCORE_ANSWERS"]), {"refused": {}, "asked": {}}
    dag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"]).dags[DAG]
    person = threading.Thread(target=_answered, args=(answers, found), daemon=True)
    person.start()
    run = dag.test(run_conf=json.loads(os.environ["SCORE_CONF"]))
    found["state"] = str(run.state)
    found["steps"] = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
    found["results"] = {ti.task_id: ti.xcom_pull(task_ids=ti.task_id) for ti in run.get_task_instances()}
    out.write_text(json.dumps(found, default=str, ensure_ascii=False))


def _answered(answers: dict, found: dict) -> None:
    try:
        _answer(answers, found)
    except BaseException:
        # Nobody would ever answer: the run would wait for good.
        traceback.print_exc()
        os._exit(1)


def _answer(answers: dict, found: dict) -> None:
    from airflow.api_fastapi.app import create_app
    from fastapi.testclient import TestClient

    words = json.loads(Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"]).read_text())
    with TestClient(create_app(apps="core")) as api:
        signed = {}
        for name, word in words.items():
            told = api.post("/auth/token", json={"username": name, "password": word})
            signed[name] = {"Authorization": f"Bearer {told.json()['access_token']}"}
        deadline = time.monotonic() + PATIENCE
        while answers and time.monotonic() < deadline:
            place = f"/api/v2/dags/{DAG}/dagRuns/~/hitlDetails"
            told = api.get(place, params={"response_received": False}, headers=signed["data"]).json()
            for detail in told["hitl_details"]:
                instance = detail["task_instance"]
                if instance["state"] != "awaiting_input" or instance["task_id"] not in answers:
                    continue
                step = instance["task_id"]
                name, option, reason = answers.pop(step)
                found["asked"][step] = [detail["subject"], detail["body"]]
                place = (
                    f"/api/v2/dags/{DAG}/dagRuns/{instance['dag_run_id']}/taskInstances/{step}/-1/hitlDetails"
                )
                body = {"chosen_options": [option], "params_input": {"reason": reason}}
                other = next(each for each in words if each != name)
                found["refused"][step] = api.patch(place, json=body, headers=signed[other]).status_code
                api.patch(place, json=body, headers=signed[name]).raise_for_status()
            time.sleep(0.3)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
