"""The DAGs as Airflow finds them in ``dags/``."""

import pytest

from tests.airflow_home import ROOT


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
