"""What one container runs: ``python -m tthc.compose.container NAME [ARGUMENTS]``.

Secrets are files in ``/run/secrets``; the program that is started here finds them in its environment, so that
nothing of them is seen in the settings of a container. Each container is given the secrets it needs and no
others: what is absent is simply not told.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.stack import components, installation, pools
from tthc.stack import keys as key_file
from tthc.stack.installation import Installation, Ports
from tthc.stack.screen import say

SECRETS = Path("/run/secrets")
AIRFLOW_URL = "http://api-server:8080"
CITY_URL = "http://demo-city:8090"
#: The account with which our pages read the warehouse: of the analysts, and no more.
PAGES = "tthc_pages"
METADATA, BROKER = "metadata-db", "broker"
LOGS = "/var/lib/tthc/logs"
#: Containers of Airflow, by name; the two that fork tasks import first what tasks use.
AIRFLOW = {
    "api-server": ["airflow", "api-server", "--proxy-headers"],
    "scheduler": ["tthc.stack.warm_airflow", "scheduler"],
    "dag-processor": ["airflow", "dag-processor"],
    "triggerer": ["airflow", "triggerer"],
    "worker": ["tthc.stack.warm_airflow", "celery", "worker", "--pid", "/tmp/worker.pid"],
}
#: What ``make run`` tells by keys.json reaches the demonstration by these.
KEYS = tuple(key_file.names())


@dataclass(frozen=True)
class InContainers(Installation):
    """The installation as the demonstration's storyteller sees it: other containers instead of ports."""

    @property
    def airflow_url(self) -> str:
        """The address of Airflow's API among the containers."""
        return AIRFLOW_URL

    @property
    def city_url(self) -> str:
        """The address of the demo city among the containers."""
        return CITY_URL

    @property
    def warehouse_place(self) -> str:
        """Where the warehouse is, for people."""
        return f"{warehouse_host()}:5432/warehouse"

    @property
    def passwords_place(self) -> str:
        """Where the two passwords are, for people."""
        return "các tệp data_password và approver_password trong thư mục bí mật"


def warehouse_host() -> str:
    """Return where the warehouse is: beside Airflow's own database (one commune), or on a server of its own."""
    return os.environ.get("TTHC_WAREHOUSE_HOST") or METADATA


def secret(name: str) -> str:
    """Return a secret that this container was given, "" when it was not."""
    path = SECRETS / name
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def database_url(host: str, user: str, password: str, database: str) -> str:
    """Return a libpq URL of one of the databases."""
    return f"postgresql://{user}:{quote(password, safe='')}@{host}:5432/{database}"


def tthc_settings() -> dict[str, str]:
    """Return the TTHC_* settings of this container."""
    kept = {name: value for name, value in os.environ.items() if name.startswith("TTHC_") and value}
    told = {
        "TTHC_SECRET_KEY": secret("secret_key"),
        "TTHC_CITY_CLIENT_ID": secret("city_client_id"),
        "TTHC_CITY_CLIENT_SECRET": secret("city_client_secret"),
        "TTHC_MAIL_URL": secret("mail_url"),
        "TTHC_ALERT_URLS": secret("alert_urls"),
        "TTHC_BACKUP_KEY": secret("backup_key"),
    }
    if password := secret("warehouse_password"):
        told["TTHC_WAREHOUSE_URL"] = database_url(warehouse_host(), "tthc", password, "warehouse")
    return kept | {name: value for name, value in told.items() if value}


def airflow_environment() -> dict[str, str]:
    """Return the environment of every Airflow container and of its tasks."""
    from tthc.compose import login

    given = tthc_settings()
    metadata = database_url(METADATA, "airflow", secret("airflow_database_password"), "airflow")
    database = components.database(metadata)
    host, port = given.get("TTHC_HOST", "localhost"), given.get("TTHC_HTTPS_PORT", "443")
    sections = {
        "core": {
            "executor": given["TTHC_EXECUTOR"],
            "parallelism": given.get("TTHC_PARALLELISM", "16"),
            "auth_manager": "tthc.compose.login.AuthManager",
            "fernet_key": secret("fernet_key"),
            "execution_api_server_url": f"{AIRFLOW_URL}/execution/",
        },
        "database": database,
        "api": {
            "host": "0.0.0.0",
            "port": 8080,
            "base_url": f"https://{host}" if port == "443" else f"https://{host}:{port}",
            "secret_key": secret("api_secret_key"),
        },
        "api_auth": {"jwt_secret": secret("jwt_secret")},
        "fab": {
            "config_file": settings.root() / "containers" / "webserver_config.py",
            "custom_roles": login.as_setting(),
            "cookie_secure": True,
            "session_lifetime_minutes": 480,
            "session_max_lifetime_minutes": 1440,
        },
        "scheduler": {
            "scheduler_idle_sleep_time": 0.1,
            "enable_health_check": True,
            **components.patience(),
        },
        "celery": components.celery(
            f"redis://:{quote(secret('redis_password'), safe='')}@{BROKER}:6379/0", metadata
        ),
        "logging": {
            "base_log_folder": f"{LOGS}/airflow",
            "dag_processor_child_process_log_directory": f"{LOGS}/dag_processor",
        },
    }
    return {
        **installation.base_environment(),
        **components.RUNTIME,
        **components.telemetry(given.get("TTHC_OTEL_ENDPOINT", "")),
        "AIRFLOW_HOME": "/tmp/airflow",
        "PYTHONPATH": str(settings.root() / "plugins"),
        # Only the proxy reaches the pages; what it says about the caller is believed.
        "FORWARDED_ALLOW_IPS": "*",
        **archive_environment(given),
        **components.as_variables(sections),
        **components.for_tasks(given, given.get("TTHC_MAIL_URL", "")),
    }


def archive_environment(given: dict[str, str]) -> dict[str, str]:
    """Return what the S3 client reads: the endpoint, and the file with name and key."""
    told = {"AWS_EC2_METADATA_DISABLED": "true"}
    if endpoint := given.get("TTHC_ARCHIVE_ENDPOINT"):
        told["FSSPEC_S3_ENDPOINT_URL"] = endpoint
    if (SECRETS / "archive_credentials").exists():
        told["AWS_SHARED_CREDENTIALS_FILE"] = str(SECRETS / "archive_credentials")
    return told


def plain_environment() -> dict[str, str]:
    """Return the environment of ``tthc`` and of the demonstration: settings, without Airflow's."""
    given = tthc_settings()
    return {**installation.base_environment(), **components.RUNTIME, **archive_environment(given), **given}


def initialise() -> None:
    """Make the databases, the accounts and the archive's bucket, and bring all to this version; safe to repeat."""
    import psycopg

    from tthc.stack import postgres

    airflow, owner = secret("airflow_database_password"), secret("warehouse_password")
    wanted = (
        (METADATA, "airflow", airflow, "airflow", False),
        (warehouse_host(), "tthc", owner, "warehouse", True),
    )
    for host, role, password, database, is_owner in wanted:
        url = database_url(host, "postgres", secret("postgres_password"), "postgres")
        with psycopg.connect(url, autocommit=True, connect_timeout=30) as connection:
            postgres.ensure_role(connection, role, password, is_owner=is_owner)
            postgres.ensure_database(connection, database, role)
    environment = airflow_environment() | {
        "TTHC_DATA_PASSWORD": secret("data_password"),
        "TTHC_APPROVER_PASSWORD": secret("approver_password"),
    }
    _run("chuẩn bị cơ sở dữ liệu của Airflow", ["airflow", "db", "migrate"], environment)
    if settings.has_several_communes():
        slots = str(settings.ingest_slots())
        pool = ["airflow", "pools", "set", pools.INGEST, slots, pools.DESCRIPTION]
        _run("chia chỗ cho các xã", pool, environment)
    _run("đặt tài khoản và vai", ["tthc.compose.accounts"], environment)
    _make_bucket()
    _run("chuẩn bị kho dữ liệu", ["tthc.cli", "init"], plain_environment())
    _let_pages_read()
    say("Đã chuẩn bị xong.")


def tell_story(arguments: Sequence[str]) -> None:
    """Carry the demo city's dossiers to published months, as ``make run`` does."""
    from tthc.stack import story

    keys = key_file.Keys(**{name: value for name in KEYS if (value := secret(name))})
    ports = Ports(airflow=8080, postgres=5432, city=8090, task_logs=0, trigger_logs=0)
    folder = Path("/var/lib/tthc")
    os.environ.update(plain_environment())
    # The story is about the stand-in city only when nobody named another.
    os.environ.pop("TTHC_CITY_URL", None)
    story.tell(InContainers(folder=folder, keys=keys, ports=ports), *arguments[:1])


def main(arguments: list[str]) -> int:
    """Return the exit code; usually another program takes this process over."""
    if not arguments:
        raise UsageError(f"Nói chạy gì: init, {', '.join(AIRFLOW)}, city, story, airflow, tthc.")
    name, *rest = arguments
    if name == "init":
        initialise()
    elif name == "story":
        tell_story(rest)
    elif name in AIRFLOW:
        pages = secret("pages_password")
        reader = database_url(warehouse_host(), PAGES, pages, "warehouse")
        _become(
            [*AIRFLOW[name], *rest], airflow_environment() | ({"TTHC_WAREHOUSE_URL": reader} if pages else {})
        )
    elif name == "airflow":
        _become(["airflow", *rest], airflow_environment())
    elif name == "city":
        _become(["demo", "serve", "--host", "0.0.0.0", *rest], plain_environment())
    elif name == "tthc":
        _become(["tthc.cli", *rest], plain_environment())
    else:
        raise UsageError(f"Không biết {name!r}.")
    return 0


def _become(command: Sequence[str], environment: dict[str, str]) -> None:
    os.chdir(settings.root())
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, "-m", *command], environment)


def _run(what: str, command: Sequence[str], environment: dict[str, str]) -> None:
    say(f"Đang {what}…")
    done = subprocess.run([sys.executable, "-m", *command], env=environment, cwd=settings.root())
    if done.returncode:
        raise TthcError(f"Không {what} được (mã {done.returncode}); xem lời ở trên.")


def _let_pages_read() -> None:
    import psycopg
    from psycopg import sql

    from tthc.stack import postgres

    url = database_url(warehouse_host(), "postgres", secret("postgres_password"), "warehouse")
    with psycopg.connect(url, autocommit=True, connect_timeout=30) as connection:
        postgres.ensure_role(connection, PAGES, secret("pages_password"))
        reader = sql.Identifier(PAGES)
        connection.execute(sql.SQL("GRANT tthc_analyst TO {}").format(reader))
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE warehouse TO {}").format(reader))
        # The pages are one login for all who enter by the door.
        connection.execute(
            "INSERT INTO ops.commune_readers (login, commune_code, given_by, reason)"
            " VALUES (%s, '*', 'compose', 'trang trong Airflow') ON CONFLICT DO NOTHING",
            (PAGES,),
        )


def _make_bucket() -> None:
    """Make the bucket of the archive when it is not there; one that may not be made is found at the first write."""
    given = tthc_settings()
    if not given.get("TTHC_ARCHIVE", "").startswith("s3://"):
        return
    import fsspec

    os.environ.update(archive_environment(given))
    fsspec.config.set_conf_env(fsspec.config.conf)
    files, path = fsspec.url_to_fs(given["TTHC_ARCHIVE"])
    bucket = path.partition("/")[0]
    if not files.exists(bucket):
        files.mkdir(bucket)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TthcError as error:
        say(f"LỖI: {error}")
        sys.exit(error.exit_code)
