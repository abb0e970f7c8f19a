"""One throw-away Postgres for the whole run, one database for each test that asks.

The process that runs pytest names a folder; the first worker that needs a database starts the server there,
under a lock; the same process that named it stops it. A run that was killed leaves a server behind: the next
run ends it. ``TTHC_TEST_PG_BIN`` chooses the binaries (for example those of Postgres 15).
"""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests import airflow_home
from tthc.stack import places, postgres, processes

# Airflow reads its settings when it is first imported, which is when the test files are collected.
airflow_home.prepare()

FOLDER = "TTHC_TEST_CLUSTER"
OWNER = "tthc_test"
TEMPLATE = "prepared"
COMMUNE = "11674"
# Enough for a test key; never the key of anything that is kept.
SECRET_KEY = "khoa-chi-dung-de-thu-0123456789abcdef"


def pytest_configure(config: pytest.Config) -> None:
    """Forget the settings of whoever runs the tests, and name the folder of this run's cluster."""
    chosen = {FOLDER, "TTHC_TEST_PG_BIN"}
    for name in [name for name in os.environ if name.startswith("TTHC_") and name not in chosen]:
        del os.environ[name]
    # Neither the developer's .env nor the running stack may decide what a test sees.
    os.environ["TTHC_ENV_FILE"] = os.devnull
    if hasattr(config, "workerinput"):
        return
    clusters = places.home()
    _sweep(clusters)
    me = processes.identity(os.getpid())
    folder = clusters / f"test-{os.getpid()}-{secrets.token_hex(4)}"
    places.make_owned(folder)
    processes.remember(folder / "run.json", me)
    chosen_binaries = os.environ.get("TTHC_TEST_PG_BIN")
    found = Path(chosen_binaries) if chosen_binaries else postgres.find_binaries()
    (folder / "binaries").write_text(str(places.reachable_binaries(found)))
    os.environ[FOLDER] = str(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders of the longest files, so that no worker ends on one alone (``--no-loadscope-reorder``)."""
    items.sort(key=lambda item: item.path.parent.name not in ("proof", "stack", "streams"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop this run's server and forget its data."""
    if not hasattr(config, "workerinput") and FOLDER in os.environ:
        _forget(Path(os.environ.pop(FOLDER)))


@pytest.fixture(scope="session")
def cluster() -> postgres.Cluster:
    """Return the running server of this test run."""
    folder = Path(os.environ[FOLDER])
    with _locked(folder / "start.lock"):
        known = folder / "server.json"
        if not known.exists():
            server = _start(folder)
            with psycopg.connect(server.url(), autocommit=True) as connection:
                postgres.ensure_role(connection, OWNER, server.password, is_owner=True)
            known.write_text(json.dumps({"port": server.port, "password": server.password}))
        found = json.loads(known.read_text())
    return _cluster(folder, found["port"], found["password"])


@pytest.fixture
def new_database(cluster: postgres.Cluster) -> Iterator[Callable[..., str]]:
    """Return a function that makes a database (a copy of ``template``, if named) and returns its libpq URL.

    Its owner is not a superuser, as in real life. All are dropped after the test.
    """
    made: list[str] = []

    def make(template: str = "template1") -> str:
        name = f"test_{secrets.token_hex(6)}"
        # Copied as files, not through the log: half the time, and a test or two thousand ask for one.
        command = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY FILE_COPY").format(
            sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
        )
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute(command)
        made.append(name)
        return cluster.url(name, user=OWNER)

    yield make
    if made:
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            for name in made:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database(new_database: Callable[..., str]) -> str:
    """Return the libpq URL of an empty database."""
    return new_database()


@pytest.fixture(scope="session")
def prepared(cluster: postgres.Cluster) -> str:
    """Return the name of a database in which every schema, table and seed is ready; made once per run."""
    folder = Path(os.environ[FOLDER])
    with _locked(folder / "prepare.lock"):
        done = folder / "prepared"
        if not done.exists():
            _make_template(cluster)
            done.touch()
    return TEMPLATE


@pytest.fixture
def warehouse_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Set archive and inbox (in the test's own folder), key and commune; return that folder."""
    for name, value in _settings(tmp_path).items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def warehouse(
    prepared: str,
    new_database: Callable[..., str],
    warehouse_settings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """Return the libpq URL of a prepared warehouse; all TTHC_* settings but the city's point at it."""
    url = new_database(prepared)
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", url)
    return url


@pytest.fixture
def member(cluster: postgres.Cluster) -> Iterator[Callable[[str, str | None], str]]:
    """Return a function that makes a member of a group for a database; it returns the URL with which one logs in."""
    from tthc.warehouse.roles import role_of

    made: dict[str, str] = {}

    def make(url: str, group: str | None) -> str:
        name, where = f"nguoi_{secrets.token_hex(4)}", url.rpartition("/")[2].partition("?")[0]
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), cluster.password)
            )
            made[name] = where
            if group:
                connection.execute(
                    sql.SQL("GRANT {} TO {}").format(sql.Identifier(role_of(group)), sql.Identifier(name))
                )
        return cluster.url(where, user=name)

    yield make
    for name, where in made.items():
        with psycopg.connect(cluster.url(where), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def _settings(folder: Path) -> dict[str, str]:
    return {
        "TTHC_STATE": str(folder / "state"),
        "TTHC_ARCHIVE": str(folder / "archive"),
        "TTHC_INBOX": str(folder / "inbox"),
        "TTHC_SECRET_KEY": SECRET_KEY,
        "TTHC_COMMUNE": COMMUNE,
    }


def _make_template(cluster: postgres.Cluster) -> None:
    from tthc.warehouse.migrate import prepare

    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(TEMPLATE))
        )
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(TEMPLATE), sql.Identifier(OWNER))
        )
    with pytest.MonkeyPatch.context() as patch:
        url = cluster.url(TEMPLATE, user=OWNER)
        scratch = Path(os.environ[FOLDER]) / "template"
        for name, value in {**_settings(scratch), "TTHC_WAREHOUSE_URL": url}.items():
            patch.setenv(name, value)
        prepare(url)
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        # A connection that preparing left open would block every copy.
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (TEMPLATE,)
        )


def _start(folder: Path) -> postgres.Cluster:
    """Start a server on a port that is free; another program may take it in between, so try again."""
    password = secrets.token_urlsafe(24)
    for _ in range(5):
        server = _cluster(folder, postgres.free_port(), password)
        try:
            # Bare, as a database that somebody else runs: UTC and no preloaded library.
            server.start(postgres.TEST_SETTINGS, preload=False)
        except Exception:
            if postgres.port_is_free(server.port):
                raise
            continue
        return server
    raise RuntimeError("no free port for the test server")


def _cluster(folder: Path, port: int, password: str) -> postgres.Cluster:
    binaries = Path((folder / "binaries").read_text())
    return postgres.Cluster(home=folder, port=port, password=password, binaries=binaries)


def _sweep(clusters: Path) -> None:
    """End the servers of runs that no longer exist."""
    for folder in clusters.glob("test-*"):
        if processes.recall(folder / "run.json") is None:
            _forget(folder)


def _forget(folder: Path) -> None:
    server = postgres.Cluster(home=folder, port=0, password="", binaries=Path("/"))
    postmaster = server.postmaster()
    if postmaster is not None:
        processes.end_all(postmaster, processes.family(postmaster), patience=5.0)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_UN)
