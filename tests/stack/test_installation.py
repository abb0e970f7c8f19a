"""Keys are made once and stay private; ports give way unless asked for; places suit their owner."""

import json
import os
import shutil
import socket
import stat
import subprocess
from dataclasses import asdict
from pathlib import Path

import psycopg
import pytest

from tthc import settings
from tthc.errors import TthcError
from tthc.stack import components, installation, keys, places, postgres, up


@pytest.fixture
def state(monkeypatch, tmp_path):
    """Return the state folder of an installation of its own."""
    folder = tmp_path / "var"
    monkeypatch.setenv("TTHC_STATE", str(folder))
    yield folder
    outside = places.outside_folder()
    if outside is not None:
        shutil.rmtree(outside)


def test_keys_are_made_once_and_are_private(state):
    first = installation.load().keys
    assert installation.load().keys == first
    path = state / "keys.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    values = asdict(first)
    assert len(set(values.values())) == len(values)
    assert len(first.jwt_secret) >= 64
    assert len(first.secret_key) >= 32
    assert not [value for value in values.values() if value in repr(first)]


def test_a_key_that_a_newer_version_needs_is_added_and_the_others_stay(state):
    first = installation.load().keys
    path = state / "keys.json"
    known = json.loads(path.read_text())
    del known["approver_password"]
    path.write_text(json.dumps(known))
    second = keys.load(path)
    assert second.secret_key == first.secret_key
    assert second.approver_password != first.approver_password


def test_a_default_port_gives_way_and_stays_chosen(state):
    default = installation.DEFAULT_PORTS["TTHC_CITY_PORT"]
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if postgres.port_is_free(default):
            holder.bind(("127.0.0.1", default))
            holder.listen()
        chosen = installation.load().ports.city
        assert chosen != default
    assert installation.load().ports.city == chosen


def test_a_port_that_others_took_meanwhile_is_changed_unless_it_is_ours(state):
    here = installation.load()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", here.ports.city))
        holder.listen()
        assert installation.with_free_ports(here, held={"city"}) == here
        moved = installation.with_free_ports(here, held=set())
        assert moved.ports.city != here.ports.city
        assert moved.ports.postgres == here.ports.postgres
    assert installation.load() == moved


def test_a_port_that_was_asked_for_is_refused_when_taken(state, monkeypatch):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        monkeypatch.setenv("TTHC_AIRFLOW_PORT", str(port))
        with pytest.raises(TthcError, match=rf"Cổng {port} \(Airflow\).*TTHC_AIRFLOW_PORT={port + 1000}"):
            up.bring_up()


def test_after_run_no_variable_is_needed(state):
    here = installation.load()
    installation.write_run_file(here)
    assert stat.S_IMODE(settings.run_file().stat().st_mode) == 0o600
    assert settings.commune_code() == "11674"
    assert settings.warehouse_url() == here.own_warehouse_url
    assert settings.city().client_secret == here.keys.city_client_secret
    assert settings.secret_key() == here.keys.secret_key


def test_the_demo_citys_keys_are_never_sent_to_a_real_city(state, monkeypatch):
    monkeypatch.setenv("TTHC_CITY_URL", "https://mot-cua.example.vn")
    here = installation.load()
    given = installation.tthc_settings(here)
    assert not installation.has_demo_city()
    assert given["TTHC_CITY_URL"] == "https://mot-cua.example.vn"
    assert here.keys.city_client_secret not in given.values()


def test_airflow_is_told_its_settings_and_nobody_elses(state, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "SequentialExecutor")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    told = components.airflow_environment(installation.load())
    assert told["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert told["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "False"
    assert told["AIRFLOW__CORE__LOAD_EXAMPLES"] == "False"
    assert told["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert "PYTHONDONTWRITEBYTECODE" not in told
    assert "TTHC_WAREHOUSE_URL" not in told
    assert json.loads(told["AIRFLOW_CONN_TTHC_WAREHOUSE"])["schema"] == "warehouse"


@pytest.mark.skipif(os.geteuid() != 0, reason="chỉ root mới phải giao Postgres cho người khác")
def test_root_behind_a_closed_folder_runs_postgres_elsewhere(tmp_path, monkeypatch):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setenv("TTHC_STATE", str(closed / "repo" / "var"))
    package = postgres.find_binaries().parent.parent
    copied = closed / "site" / package.name
    shutil.copytree(package, copied, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(libraries, copied.with_name(libraries.name), symlinks=True)
    try:
        server = postgres.cluster(
            "main", port=postgres.free_port(), password="x" * 20, binaries=copied / "pginstall" / "bin"
        )
        assert closed not in server.home.parents
        assert closed not in server.binaries.parents
        server.start(postgres.TEST_SETTINGS)
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        owner = Path(f"/proc/{server.postmaster().pid}").stat().st_uid
        assert owner != 0
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
        server.stop()
        assert server.postmaster() is None
    finally:
        shutil.rmtree(places.outside_folder())


def test_a_server_that_was_killed_starts_again(state):
    server = postgres.cluster("main", port=postgres.free_port(), password="x" * 20)
    server.start(postgres.RUN_SETTINGS)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    try:
        postmaster = server.postmaster()
        subprocess.run(["kill", "-9", str(postmaster.pid)], check=True)
        assert server.exists
        up.processes.wait_until(lambda: server.postmaster() is None, 10)
        server.start(postgres.RUN_SETTINGS)
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT id FROM kept").fetchone() == (7,)
    finally:
        server.stop()


def test_the_log_of_postgres_holds_no_value_of_a_failed_row(state):
    server = postgres.cluster("main", port=postgres.free_port(), password="x" * 20)
    server.start(postgres.TEST_SETTINGS)
    try:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE people (name text PRIMARY KEY, age int CHECK (age > 0))")
            for statement in (
                "INSERT INTO people VALUES ('Trần Thị Chim Hoàng Yến', -1)",
                "SELECT 'Trần Thị Chim Hoàng Yến'::int",
                "SELEC 'Trần Thị Chim Hoàng Yến'",
            ):
                with pytest.raises(psycopg.Error):
                    connection.execute(statement)
    finally:
        server.stop()
    text = server.log.read_text(encoding="utf-8", errors="replace")
    assert "Hoàng Yến" not in text
