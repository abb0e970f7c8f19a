"""Where Airflow lives for the tests: a home of its own, and no database unless a test asks for one."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
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


def prepare() -> None:
    """Name the home and the folders of Airflow, for this process and those it starts."""
    home = ROOT / "var" / "test-airflow"
    home.mkdir(parents=True, exist_ok=True)
    os.environ.update({**SETTINGS, "AIRFLOW_HOME": str(home)})
    for folder in (ROOT / "dags", ROOT / "plugins"):
        if str(folder) not in sys.path:
            sys.path.append(str(folder))
