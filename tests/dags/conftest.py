"""Airflow for the tests of DAGs: a home of its own, and no database unless a test asks for one."""

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {
    "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
    "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__UNIT_TEST_MODE": "False",
    # Nothing listens there: a DAG file that asks the database while it is read fails its test.
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql+psycopg://nobody@127.0.0.1:9/none",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": "postgresql+asyncpg://nobody@127.0.0.1:9/none",
    "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
}


def _prepare() -> None:
    home = ROOT / "var" / "test-airflow"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update({**SETTINGS, "AIRFLOW_HOME": str(home)})
    for folder in (ROOT / "dags", ROOT / "plugins"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))


# Airflow reads its settings when it is first imported, which is when the test files here are collected.
_prepare()


@pytest.fixture(scope="session")
def bag():
    """Return what Airflow finds in ``dags/``."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))


@pytest.fixture(scope="session")
def dags(bag):
    """Return the DAGs by id; a file that cannot be read fails every test that asks."""
    assert not bag.import_errors, bag.import_errors
    return bag.dags
