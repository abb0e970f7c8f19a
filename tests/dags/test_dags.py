"""What is in ``dags/``: all of it, readable without a database, each DAG with its operating page."""

import subprocess
import sys

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

from tests.airflow_home import ROOT
from tthc.sources.streams import streams

ORDER = {
    "refresh_months",
    "rebuild_month",
    "monthly_refresh",
    "monthly_backup",
    "monthly_cleaning",
    "watch",
    "release_quarantined",
    "score_period",
}


def expected_ids() -> set[str]:
    return ORDER | {f"ingest_{name}" for name in streams()}


def test_every_stream_has_its_dag_and_nothing_else_is_there(bag):
    assert not bag.import_errors
    assert len(streams()) >= 4
    assert set(bag.dags) == expected_ids()


def test_a_missing_folder_is_silent_for_airflow_so_the_ids_are_what_is_checked(tmp_path):
    lost = DagBag(str(tmp_path / "khong-co"))
    assert not lost.import_errors
    assert set(lost.dags) != expected_ids()


def test_every_dag_opens_with_its_operating_page(dags):
    for dag in dags.values():
        for question in ("Một lần hỏng có sao không?", "Xem ở đâu?", "Chạy lại thế nào?"):
            assert question in dag.doc_md, (dag.dag_id, question)


def test_every_name_that_people_see_is_vietnamese(dags):
    for dag in dags.values():
        assert dag.dag_display_name != dag.dag_id
        assert not dag.dag_display_name.isascii(), dag.dag_id
        for task in dag.tasks:
            assert task.task_display_name != task.task_id, (dag.dag_id, task.task_id)
        for name in dag.params:
            title = dag.params.get_param(name).schema["title"]
            assert not title.isascii(), (dag.dag_id, name)


def test_every_step_of_ours_says_what_it_does(dags):
    told = [task.doc_md or "" for dag in dags.values() for task in dag.tasks if task.task_id != "approve"]
    assert len(told) > 10
    assert all(len(text) > 20 for text in told)


def test_steps_come_in_order(dags):
    for name in ("ingest_city__dossiers", "ingest_register__procedures"):
        dag = dags[name]
        first = next(task for task in dag.tasks if not task.upstream_task_ids)
        order = [first.task_id]
        while dag.task_dict[order[-1]].downstream_task_ids:
            (following,) = dag.task_dict[order[-1]].downstream_task_ids
            order.append(following)
        assert order[1:] == ["stage", "audit", "merge"]


def test_months_are_refreshed_by_every_stream(dags):
    listened = {asset.name for asset in dags["refresh_months"].timetable.asset_condition.objects}
    told = {
        outlet.name
        for dag in dags.values()
        for task in dag.tasks
        if task.task_id == "merge"
        for outlet in task.outlets
    }
    assert listened == told == {f"tthc:{stream.table}" for stream in streams().values()}
    released = {outlet.name for outlet in dags["release_quarantined"].task_dict["answer"].outlets}
    assert released == listened


def test_a_killed_step_is_tried_again_and_one_stream_has_one_writer(dags):
    # What a rule stopped is not: `careful` says so by the kind of error.
    for name, dag in dags.items():
        if name.startswith("ingest_"):
            assert {task.retries for task in dag.tasks} == {2}
            assert dag.max_active_runs == 1
            assert not dag.catchup


def test_every_dag_survives_airflows_own_writing_and_reading(dags):
    for dag in dags.values():
        written = DagSerialization.to_dict(dag)
        read = DagSerialization.deserialize_dag(written["dag"])
        assert read.timetable.summary == dag.timetable.summary if hasattr(dag.timetable, "summary") else True
        assert {task.task_id for task in read.tasks} == set(dag.task_dict)


def test_reading_the_dags_loads_nothing_heavy_and_reaches_for_nothing():
    code = f"""
import socket, sys
sys.path[:0] = [{str(ROOT / "dags")!r}, {str(ROOT / "plugins")!r}]
import airflow.sdk, airflow.timetables.base, airflow.plugins_manager, airflow.providers.standard.operators.hitl
before = set(sys.modules)
def refuse(*arguments): raise SystemExit("a DAG file reached for the network")
socket.socket.connect = refuse
for name in {sorted(path.stem for path in (ROOT / "dags").glob("*.py"))!r}:
    __import__(name)
print(*sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    loaded = set(done.stdout.split())
    assert {"ingest", "tthc_dags.steps", "tthc.sources.streams"} <= loaded
    assert not loaded & {"pandas", "great_expectations", "psycopg", "sqlglot", "tthc.flows", "openpyxl"}
