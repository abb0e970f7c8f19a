"""A small warehouse that every proof begins with: five days of July read, then whatever a test reads on."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.conftest import FOLDER, OWNER, _locked, _settings
from tests.proof import running_city
from tests.proof.small_pull import BASE, STREAMS

SEED = 1


@pytest.fixture(scope="session")
def city() -> Iterator[running_city.City]:
    """The demo city of seed 1, one for each worker."""
    with running_city.running(SEED) as city:
        yield city


@pytest.fixture(scope="session")
def read_once(cluster, city) -> tuple[str, Path]:
    """Return the name of a database in which the first days are merged, and the folder of its archive."""
    folder = Path(os.environ[FOLDER]) / "proof"
    # One for each worker: the name of a reading's source holds the port of the city.
    name = f"proof_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{secrets.token_hex(3)}"
    from tthc import flows

    with (
        _locked(Path(os.environ[FOLDER]) / "proof.lock"),
        psycopg.connect(cluster.url(), autocommit=True) as connection,
    ):
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER))
        )
    folder = folder / name
    settings = _settings(folder) | city.environment
    with pytest.MonkeyPatch.context() as patch:
        for key, value in (settings | {"TTHC_WAREHOUSE_URL": cluster.url(name, user=OWNER)}).items():
            patch.setenv(key, value)
        flows.init(progress=str)
        flows.load([running_city.catalogue(folder / "registers")], progress=str)
        city.set_troubles()
        city.set_clock(BASE["at"])
        done = flows.ingest(STREAMS, BASE["from"], BASE["to"], progress=str)
    assert all(one["merged"] > 100 for one in done[:2]), done
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
    return name, folder / "archive"


@pytest.fixture
def small(
    read_once: tuple[str, Path],
    city: running_city.City,
    new_database: Callable[..., str],
    warehouse_settings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], str]:
    """Return a function that makes a copy of the small warehouse and points the settings at it; its URL."""
    template, archive = read_once
    copied = warehouse_settings / "archive"
    shutil.copytree(archive, copied)
    for key, value in city.environment.items():
        monkeypatch.setenv(key, value)
    city.set_troubles()

    def copy() -> str:
        url = new_database(template)
        monkeypatch.setenv("TTHC_WAREHOUSE_URL", url)
        return url

    return copy
