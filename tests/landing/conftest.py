"""What every test of landing needs: a ledger in a real database, an archive folder, a key, a commune."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.landing.small_city import SmallCity


@pytest.fixture
def installation(warehouse_settings: Path) -> Path:
    """Set commune, key and archive for one test; return its folder."""
    return warehouse_settings


@pytest.fixture
def ledger_url(warehouse: str) -> str:
    """Return the libpq URL of a prepared warehouse in which no stream has been read."""
    with psycopg.connect(warehouse, autocommit=True) as connection:
        # The seeds of the registers are readings too.
        connection.execute("TRUNCATE ops.fetches, ops.incidents CASCADE")
    return warehouse


@pytest.fixture
def connection(ledger_url: str) -> Iterator[psycopg.Connection]:
    """Return an autocommit connection to such a database."""
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def city(installation, monkeypatch):
    """A small city with ten records a page, and the settings that lead to it."""
    with SmallCity(page_size=10) as city:
        for name, value in city.environment.items():
            monkeypatch.setenv(name, value)
        yield city
