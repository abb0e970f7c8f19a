"""What a container is told, and what the account of the pages may read."""

import json
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from tthc.compose import container, login, secret_files


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of secrets as a container finds it, all of them given."""
    monkeypatch.setenv("TTHC_STATE", str(tmp_path))
    secret_files.write(profile="city", host="localhost", demo=True, values={})
    folder = tmp_path / "compose" / "secrets"
    monkeypatch.setattr(container, "SECRETS", folder)
    for name, value in secret_files.compose_env(profile="city", host="localhost", demo=True).items():
        monkeypatch.setenv(name, value)
    return folder


def test_airflow_is_told_what_it_needs_and_the_door_is_ours(mounted):
    told = container.airflow_environment()
    assert told["AIRFLOW__CORE__AUTH_MANAGER"] == "tthc.compose.login.AuthManager"
    assert told["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert told["AIRFLOW__API__EXPOSE_CONFIG"] == "False"
    assert json.loads(told["AIRFLOW__FAB__CUSTOM_ROLES"]).keys() == {"data", "approver"}
    assert json.loads(told["AIRFLOW_CONN_TTHC_WAREHOUSE"])["host"] == "warehouse-db"
    password = (mounted / "redis_password").read_text()
    assert told["AIRFLOW__CELERY__BROKER_URL"] == f"redis://:{password}@broker:6379/0"
    assert "TTHC_CITY_CLIENT_SECRET" not in told and told["AWS_SHARED_CREDENTIALS_FILE"]


def test_a_container_without_a_secret_is_not_told_it(mounted):
    for name in (
        "secret_key",
        "warehouse_password",
        "backup_key",
        "city_client_secret",
        "archive_credentials",
    ):
        (mounted / name).unlink()
    told = container.airflow_environment()
    absent = {
        "TTHC_SECRET_KEY",
        "TTHC_BACKUP_KEY",
        "AIRFLOW_CONN_TTHC_WAREHOUSE",
        "AWS_SHARED_CREDENTIALS_FILE",
    }
    assert not absent & told.keys()


def test_telemetry_is_off_until_somebody_names_a_collector(mounted, monkeypatch):
    assert "AIRFLOW__METRICS__OTEL_ON" not in container.airflow_environment()
    monkeypatch.setenv("TTHC_OTEL_ENDPOINT", "http://thu-thap:4318")
    told = container.airflow_environment()
    assert told["AIRFLOW__METRICS__OTEL_ON"] == told["AIRFLOW__TRACES__OTEL_ON"] == "True"
    assert told["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://thu-thap:4318"


def test_no_role_of_ours_administers_and_who_decides_runs_nothing():
    for permissions in login.ROLES.values():
        forbidden = {"Connections", "Variables", "Configurations", "Users", "Roles", "Audit Logs"}
        assert not forbidden & {resource for _, resource in permissions}
        assert not [action for action, _ in permissions if action == "can_delete"]
    answers = ("can_edit", "HITL Detail")
    assert [role for role, permissions in login.ROLES.items() if answers in permissions] == [
        "data",
        "approver",
    ]
    starts = ("can_create", "DAG Runs")
    assert [role for role, permissions in login.ROLES.items() if starts in permissions] == ["data"]


def test_the_account_of_the_pages_reads_what_analysts_read(mounted, warehouse, cluster, monkeypatch):
    name = warehouse.rpartition("/")[2]
    monkeypatch.setattr(container, "database_url", lambda *_: cluster.url(name))
    statement = psycopg.Connection.execute

    def here(connection, query, *rest, **more):
        # The test's database bears another name.
        text = query if isinstance(query, str) else query.as_string(connection)
        return statement(
            connection, text.replace("ON DATABASE warehouse", f"ON DATABASE {name}"), *rest, **more
        )

    monkeypatch.setattr(psycopg.Connection, "execute", here)
    container._let_pages_read()
    container._let_pages_read()
    url = cluster.url(name, user=container.PAGES, password=(mounted / "pages_password").read_text())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM ops.fetches")
        for refused in (
            "SELECT * FROM staging.city__dossiers",
            "SELECT * FROM restricted.staff",
            "DELETE FROM ops.incidents",
            "CREATE TABLE public.mine (i integer)",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(refused)


@pytest.mark.parametrize(
    ("role", "method", "entity", "may"),
    [
        ("approver", "PUT", "HITL_DETAIL", True),
        ("data", "PUT", "HITL_DETAIL", True),
        ("approver", "GET", "HITL_DETAIL", True),
        ("approver", "POST", "RUN", False),
        ("data", "POST", "RUN", True),
        ("approver", "PUT", None, False),
        ("data", "PUT", None, True),
        ("data", "DELETE", None, False),
    ],
)
def test_who_may_answer_and_who_may_run(role, method, entity, may):
    from types import SimpleNamespace

    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails

    user = SimpleNamespace(
        perms=login.ROLES[role], roles=[SimpleNamespace(name=role)], get_name=lambda: "lan"
    )
    manager = login.AuthManager()
    details = DagDetails(id="monthly_refresh")
    access = entity and DagAccessEntity[entity]
    assert manager.is_authorized_dag(method=method, user=user, access_entity=access, details=details) is may
    # To answer at all is one thing, to answer for the other is another.
    for other in ("data", "approver"):
        assert manager.is_authorized_hitl_task(assigned_users={other}, user=user) is (role == other)
