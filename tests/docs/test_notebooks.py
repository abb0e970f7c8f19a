"""The notebooks of analysts run from top to bottom, as an analyst, and show what the warehouse says."""

import importlib.util
import subprocess
import sys

import psycopg
import pytest

from tests.sql.cases import insert
from tthc import settings
from tthc.indicators import build, publish
from tthc.warehouse import database
from tthc.workdays import periods

NOTEBOOKS = sorted((settings.root() / "docs" / "notebooks").glob("*.py"))


@pytest.fixture
def published(warehouse, member, monkeypatch) -> str:
    """Return the URL of a warehouse with two months published, at which the settings point as an analyst."""
    with database.connection(warehouse) as connection:
        on_time = {"outcome": "resolved", "status": 10, "due_source": "given", "due_on": "2025-08-20"}
        insert(
            connection,
            "marts.dossiers",
            [
                {"_times": 6, "dossier_code": "A{n}", **on_time, "ended_on": "2025-08-18",
                 "alive_through": "2025-08-18"},
                {"dossier_code": "B", **on_time, "ended_on": "2025-08-22", "alive_through": "2025-08-22"},
            ],
        )  # fmt: skip
        for label in ("2025-07", "2025-08"):
            build.build(connection, periods.parse(label))
            publish.publish(connection, periods.parse(label), "Người duyệt", "thử")
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", member(warehouse, "analyst"))
    return warehouse


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_without_a_screen(published, path):
    done = subprocess.run([sys.executable, str(path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_month_shows_what_is_published(published):
    spec = importlib.util.spec_from_file_location(
        "thang", settings.root() / "docs" / "notebooks" / "thang.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    _, shown = module.app.run()
    assert shown["month"].value == "2025-08"
    with psycopg.connect(published) as connection:
        told = connection.execute(
            "SELECT numerator, denominator, value FROM indicators.published WHERE period = '2025-08'"
            " AND level = 'commune' AND indicator = 'dossier_on_time_rate'"
        ).fetchone()
    assert told[:2] == (6, 7)
    (row,) = shown["of_commune"].query("indicator == 'dossier_on_time_rate'").to_dict("records")
    assert (row["value"], row["meets_target"]) == (told[2], False)
    assert len(shown["trend"]) == 13 and len(shown["of_units"]) == 5
    assert (
        shown["behind"].query("not is_in_numerator")["row_key"].tolist() == ["B"]
        and len(shown["behind"]) == 7
    )
