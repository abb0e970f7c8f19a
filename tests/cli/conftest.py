"""A warehouse filled once through the command line itself; each test works on its own copy."""

import contextlib
import io
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.cli import hamlet
from tests.conftest import COMMUNE, OWNER, SECRET_KEY
from tthc.cli import main
from tthc.settings import root


@dataclass
class Said:
    """What one command returned and wrote."""

    code: int
    out: str
    err: str
    raw: bytes = b""


@dataclass
class Told:
    """A filled warehouse: the name of its database, its settings, and what the filling commands said."""

    database: str
    environment: dict[str, str]
    said: dict[str, Said] = field(default_factory=dict)


def run(*arguments: str) -> Said:
    """Run a command in this process, with the streams that a terminal would have."""
    out, err = (
        io.TextIOWrapper(io.BytesIO(), write_through=True),
        io.TextIOWrapper(io.BytesIO(), write_through=True),
    )
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    raw = out.buffer.getvalue()
    return Said(code, raw.decode("utf-8", "replace"), err.buffer.getvalue().decode(), raw)


def start(*arguments: str, **environment: str) -> Said:
    """Run a command as a process of its own, as people do."""
    done = subprocess.run(
        [sys.executable, "-m", "tthc.cli", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(root() / "plugins"), **environment},
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Said(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode(), done.stdout)


@pytest.fixture(scope="session")
def told(cluster, prepared: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Return the warehouse of ``hamlet``: loaded, ingested, computed; 2025-07 of calendar month is published."""
    folder = tmp_path_factory.mktemp("hamlet")
    name = f"hamlet_{secrets.token_hex(6)}"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(prepared)
            )
        )
    environment = {
        "TTHC_WAREHOUSE_URL": cluster.url(name, user=OWNER),
        "TTHC_STATE": str(folder / "state"),
        "TTHC_ARCHIVE": str(folder / "archive"),
        "TTHC_INBOX": str(folder / "inbox"),
        "TTHC_SECRET_KEY": SECRET_KEY,
        "TTHC_COMMUNE": COMMUNE,
    }
    catalogue = folder / "danh muc.csv"
    catalogue.write_text(hamlet.CATALOGUE, encoding="utf-8-sig")
    told = Told(name, environment)
    with hamlet.city() as city, pytest.MonkeyPatch.context() as patch:
        for key, value in {**environment, **city.environment}.items():
            patch.setenv(key, value)
        told.said["init"] = run("init")
        told.said["load"] = run("load", catalogue, "--json")
        told.said["load again"] = run("load", catalogue, "--json")
        told.said["ingest"] = run(
            "ingest", "city__dossiers", "city__progress_events", *hamlet.WINDOW, "--json"
        )
        told.said["refresh"] = run("refresh", "2025-07", "--json")
        told.said["publish"] = run(
            "publish",
            "2025-07",
            "--by",
            "Trần Văn Duyệt",
            "--reason",
            "tháng 7",
            "--calendar",
            "month",
            "--json",
        )
    for step, said in told.said.items():
        assert said.code == 0, (step, said.err)
    yield told
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def hamlet_settings(told: Told, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Point the settings at the filled warehouse, to be read only."""
    for key, value in told.environment.items():
        monkeypatch.setenv(key, value)
    return told


@pytest.fixture
def own_hamlet(
    hamlet_settings: Told, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """Return the libpq URL of a copy of the filled warehouse that this test may spoil; settings point at it."""
    url = new_database(hamlet_settings.database)
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", url)
    return url


@pytest.fixture
def own_archive(hamlet_settings: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a copy of the archive; settings point at it."""
    import shutil

    copy = tmp_path / "archive"
    shutil.copytree(hamlet_settings.environment["TTHC_ARCHIVE"], copy)
    monkeypatch.setenv("TTHC_ARCHIVE", str(copy))
    return copy
