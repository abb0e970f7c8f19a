"""The programs of the stack: Airflow's four components and the demo city; how each is told what it needs."""

import json
import sys
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx

from tthc import settings
from tthc.stack import installation
from tthc.stack import keys as key_file
from tthc.stack.installation import Installation
from tthc.stack.services import Service

#: What tasks find in a connection; what one commune among several has of its own (``…_11680``) is no part of it.
IN_CONNECTIONS = {
    "TTHC_WAREHOUSE_URL",
    "TTHC_CITY_URL",
    "TTHC_CITY_DIALECT",
    "TTHC_CITY_CLIENT_ID",
    "TTHC_CITY_CLIENT_SECRET",
}
USERS = {"data": "op", "approver": "op"}
COMPONENTS = {
    "api-server": "Máy chủ Airflow",
    "dag-processor": "Bộ đọc DAG",
    "scheduler": "Bộ lập lịch",
    "triggerer": "Bộ chờ sự kiện",
}
RUNTIME = {
    # Tasks are forked from a process that has numpy: threads of its own would not survive that.
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONUNBUFFERED": "1",
}


def airflow_environment(here: Installation) -> dict[str, str]:
    """Return the environment of every Airflow component and of its tasks."""
    home = here.folder / "airflow"
    given = installation.tthc_settings(here)
    broker = settings.optional("TTHC_BROKER_URL")
    section = {
        "core": {
            "executor": "CeleryExecutor" if broker else "LocalExecutor",
            # Beyond what the readings of a city share, something is always left for counting.
            "parallelism": max(4, settings.ingest_slots() + 2) if settings.has_several_communes() else 4,
            "fernet_key": here.keys.fernet_key,
            "execution_api_server_url": f"{here.airflow_url}/execution/",
            "simple_auth_manager_users": ",".join(f"{user}:{role}" for user, role in USERS.items()),
            "simple_auth_manager_all_admins": False,
            "simple_auth_manager_passwords_file": home / "passwords.json",
        },
        "database": database(here.metadata_url),
        "api": {
            "host": "127.0.0.1",
            "port": here.ports.airflow,
            "base_url": here.airflow_url,
            "secret_key": here.keys.api_secret_key,
        },
        "api_auth": {"jwt_secret": here.keys.jwt_secret},
        # A task in series costs 0.7 s instead of 1.2 s.
        "scheduler": {
            "scheduler_idle_sleep_time": 0.1,
            "enable_health_check": False,
            **patience(),
        },
        "logging": {
            "base_log_folder": here.folder / "logs" / "airflow",
            "dag_processor_child_process_log_directory": here.folder / "logs" / "dag_processor",
            "worker_log_server_port": here.ports.task_logs,
            "trigger_log_server_port": here.ports.trigger_logs,
        },
        "celery": celery(broker, here.metadata_url),
    }
    return {
        **installation.base_environment(),
        **RUNTIME,
        "AIRFLOW_HOME": str(home),
        **as_variables(section),
        **telemetry(settings.optional("TTHC_OTEL_ENDPOINT")),
        **for_tasks(given | _alerts(), settings.optional("TTHC_MAIL_URL")),
    }


def patience() -> dict[str, int]:
    """Return after how many seconds a worker that died is noticed, and a step that it had taken but not begun."""
    silence = int(settings.optional("TTHC_HEARTBEAT_TIMEOUT", "120"))
    return {"task_instance_heartbeat_timeout": silence, "task_queued_timeout": 5 * silence}


def celery(broker: str, metadata_url: str) -> dict[str, str]:
    """Return the options of ``[celery]``, by which workers and scheduler find each other; none without a broker."""
    if not broker:
        return {}
    return {
        "broker_url": broker,
        "result_backend": f"db+{database(metadata_url)['sql_alchemy_conn']}",
        "worker_concurrency": settings.optional("TTHC_WORKER_CONCURRENCY", "4"),
    }


def telemetry(collector: str) -> dict[str, str]:
    """Return what sends metrics and traces, Airflow's and ours, to a collector (OTLP over HTTP); none: nothing."""
    if not collector:
        return {}
    return {
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "AIRFLOW__TRACES__OTEL_ON": "True",
        "OTEL_SERVICE_NAME": "tthc",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_EXPORTER": "otlp_proto_http",
        # Each task is a process of its own and counts from nothing: only what it adds means anything to others.
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta",
    }


def _alerts() -> dict[str, str]:
    urls = settings.optional("TTHC_ALERT_URLS")
    return {"TTHC_ALERT_URLS": urls} if urls else {}


def database(url: str) -> dict[str, str]:
    """Return the options of ``[database]`` for a libpq URL."""
    return {
        "sql_alchemy_conn": url.replace("postgresql://", "postgresql+psycopg://", 1),
        "sql_alchemy_conn_async": url.replace("postgresql://", "postgresql+asyncpg://", 1),
    }


def as_variables(sections: Mapping[str, Mapping[str, object]]) -> dict[str, str]:
    """Return options of Airflow as variables of the environment; those that hold everywhere are added."""
    everywhere = {
        "core": {
            "dags_folder": settings.root() / "dags",
            "plugins_folder": settings.root() / "plugins",
            "load_examples": False,
            "dags_are_paused_at_creation": False,
            "min_serialized_dag_update_interval": 5,
        },
        "api": {"expose_config": False, "instance_name": "Hồ sơ thủ tục hành chính"},
        "api_auth": {"jwt_issuer": "tthc"},
        # A task whose pipes close before its process is gone is noticed only at the next heartbeat: with the
        # default of 5 s it would hold its slot that long. A busy machine answers later than the usual 5 s.
        "workers": {"min_heartbeat_interval": 1, "execution_api_timeout": 30},
        "dag_processor": {"refresh_interval": 60, "min_file_process_interval": 60, "parsing_processes": 1},
        "logging": {
            "colored_console_log": False,
            "file_task_handler_new_folder_permissions": "0o700",
            "file_task_handler_new_file_permissions": "0o600",
            # httpx names the address of every request at INFO, dossier codes included.
            "namespace_levels": "httpx=WARNING,great_expectations=WARNING",
        },
        "usage_data_collection": {"enabled": False},
    }
    return {
        f"AIRFLOW__{name.upper()}__{option.upper()}": str(value)
        for part in (everywhere, sections)
        for name, options in part.items()
        for option, value in options.items()
    }


def for_tasks(given: Mapping[str, str], mail: str = "") -> dict[str, str]:
    """Return what tasks find in the environment: the city, the warehouse and mail as connections, the rest as is."""
    plain = {name: value for name, value in given.items() if name not in IN_CONNECTIONS}
    connections = {}
    if given.get("TTHC_WAREHOUSE_URL"):
        connections["AIRFLOW_CONN_TTHC_WAREHOUSE"] = warehouse_connection(given["TTHC_WAREHOUSE_URL"])
    if given.get("TTHC_CITY_URL"):
        connections["AIRFLOW_CONN_TTHC_CITY"] = city_connection(given)
    if mail:
        connections["AIRFLOW_CONN_TTHC_MAIL"] = mail
    return {**plain, **connections}


def warehouse_connection(url: str) -> str:
    """Return an Airflow connection (JSON) for a libpq URL; libpq's parameters are its extra."""
    parts = urlsplit(url)
    return json.dumps(
        {
            "conn_type": "postgres",
            "host": parts.hostname,
            "port": parts.port,
            "login": unquote(parts.username or "") or None,
            "password": unquote(parts.password or "") or None,
            "schema": unquote(parts.path.lstrip("/")),
            "extra": dict(parse_qsl(parts.query)),
        }
    )


def city_connection(given: Mapping[str, str]) -> str:
    """Return an Airflow connection (JSON) for the city: client id and secret are login and password."""
    return json.dumps(
        {
            "conn_type": "http",
            "host": given["TTHC_CITY_URL"],
            "login": given.get("TTHC_CITY_CLIENT_ID", ""),
            "password": given.get("TTHC_CITY_CLIENT_SECRET", ""),
            "extra": {"dialect": given.get("TTHC_CITY_DIALECT", "share")},
        }
    )


def write_passwords(here: Installation) -> bool:
    """Write the two people's passwords where Airflow reads them; return whether that is new."""
    path = here.folder / "airflow" / "passwords.json"
    wanted = {"data": here.keys.data_password, "approver": here.keys.approver_password}
    if path.exists() and json.loads(path.read_text(encoding="utf-8") or "{}") == wanted:
        return False
    key_file.write_private(path, json.dumps(wanted))
    return True


def airflow_services(here: Installation) -> list[Service]:
    """Return Airflow's four components; each is ready when Airflow itself says that it is healthy."""
    environment = airflow_environment(here)
    # Pages of ours are no tasks: they find the warehouse where the command line does.
    pages = {"TTHC_WAREHOUSE_URL": installation.tthc_settings(here)["TTHC_WAREHOUSE_URL"]}
    return [
        Service(
            name=name,
            title=title,
            command=[sys.executable, "-m", *_program(name)],
            environment=environment | (pages if name == "api-server" else {}),
            folder=here.folder,
            ready=lambda name=name: _healthy(here.airflow_url, name),
        )
        for name, title in COMPONENTS.items()
    ]


def _program(component: str) -> list[str]:
    return ["tthc.stack.warm_airflow" if component == "scheduler" else "airflow", component]


def city_service(here: Installation, *, seed: int, clock: str) -> Service:
    """Return the demo city; its client id and secret go by the environment, never by the command line."""
    options = ["--port", str(here.ports.city), "--seed", str(seed), "--clock", clock]
    if settings.has_several_communes():
        options += ["--communes", ",".join(settings.communes())]
    return Service(
        name="demo-city",
        title="Thành phố giả lập",
        command=[sys.executable, "-m", "demo", "serve", *options],
        environment={
            **installation.base_environment(),
            "PYTHONPATH": str(settings.root()),
            "TTHC_CITY_CLIENT_ID": here.keys.city_client_id,
            "TTHC_CITY_CLIENT_SECRET": here.keys.city_client_secret,
        },
        folder=here.folder,
        ready=lambda: _answers(f"{here.city_url}/_demo/health"),
    )


def _healthy(url: str, component: str) -> bool:
    names = {"api-server": "metadatabase", "dag-processor": "dag_processor"}
    try:
        report = httpx.get(f"{url}/api/v2/monitor/health", timeout=5, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        return False
    return (report.get(names.get(component, component)) or {}).get("status") == "healthy"


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
