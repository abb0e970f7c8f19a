"""What every test of landing needs: a ledger in a real database, an archive folder, a key, a commune."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tthc import settings


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set commune, key and archive for one test; return its folder."""
    for name, value in {
        "TTHC_STATE": str(tmp_path / "state"),
        "TTHC_ARCHIVE": str(tmp_path / "archive"),
        "TTHC_INBOX": str(tmp_path / "inbox"),
        "TTHC_SECRET_KEY": "khoa-chi-dung-de-thu-0123456789abcdef",
        "TTHC_COMMUNE": "11674",
    }.items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def ledger_url(database: str, installation: Path) -> str:
    """Return the libpq URL of a database that has the tables of the first migration, and nothing else."""
    path = settings.root() / "plugins/tthc/warehouse/migrations/versions/0001_ledger_and_revisions.py"
    specification = importlib.util.spec_from_file_location("first_migration", path)
    migration = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(migration)
    with psycopg.connect(database, autocommit=True) as connection:
        for statements in (migration.SCHEMAS, migration.FETCHES, migration.JUDGEMENT):
            connection.execute(statements)
    return database


@pytest.fixture
def connection(ledger_url: str) -> Iterator[psycopg.Connection]:
    """Return an autocommit connection to such a database."""
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        yield connection
