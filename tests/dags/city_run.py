"""Runs DAGs of a city's installation in Airflow's own loop, in a process of their own.

``python -m tests.dags.city_run RESULT.json`` with ``CITY_RUNS``: a list of (DAG, conf, partition key or None). The
result has for each the state of the run and, by step and commune, the state of every mapped step.
"""

import json
import os
import sys
from pathlib import Path


def main(out: Path) -> None:
    """Run the DAGs one after the other; write what became of their steps."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    assert not bag.import_errors, bag.import_errors
    found = []
    for dag_id, conf in json.loads(os.environ["CITY_RUNS"]):
        run = bag.dags[dag_id].test(run_conf=conf)
        steps: dict[str, dict[str, str]] = {}
        for ti in run.get_task_instances():
            name = (ti.rendered_map_index or str(ti.map_index))[:5]
            steps.setdefault(ti.task_id, {})[name] = str(ti.state)
        found.append({"dag": dag_id, "state": str(run.state), "steps": steps})
    out.write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
