"""What this installation consists of: its keys, its ports, its Postgres, and what its programs are told."""

import json
import os
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tthc import settings
from tthc.errors import TthcError
from tthc.stack import keys as key_file
from tthc.stack import postgres

DEFAULT_COMMUNE = "11674"
DEFAULT_PORTS = {"TTHC_AIRFLOW_PORT": 8080, "TTHC_PG_PORT": 5433, "TTHC_CITY_PORT": 8090}
PORT_KEYS = {"TTHC_AIRFLOW_PORT": "airflow", "TTHC_PG_PORT": "postgres", "TTHC_CITY_PORT": "city"}
#: What a person may set besides, and what is nothing of ours.
IF_SET = (
    "TTHC_COMMUNES_FOLDER",
    "TTHC_INGEST_SLOTS",
    "TTHC_LONG_READINGS",
    "TTHC_CITY_GROUP_ID",
    "TTHC_CITY_DIALECT_FILE",
)
TITLES = {"TTHC_AIRFLOW_PORT": "Airflow", "TTHC_PG_PORT": "Postgres", "TTHC_CITY_PORT": "thành phố giả lập"}


@dataclass(frozen=True)
class Ports:
    """Where the programs listen, all on loopback."""

    airflow: int
    postgres: int
    city: int
    task_logs: int
    trigger_logs: int


@dataclass(frozen=True)
class Installation:
    """One installation in ``folder`` (the state folder)."""

    folder: Path
    keys: key_file.Keys
    ports: Ports

    @property
    def cluster(self) -> postgres.Cluster:
        """The Postgres of this installation."""
        return postgres.cluster("main", port=self.ports.postgres, password=self.keys.postgres_password)

    @property
    def airflow_url(self) -> str:
        """The address of Airflow's pages and API."""
        return f"http://127.0.0.1:{self.ports.airflow}"

    @property
    def city_url(self) -> str:
        """The address of the demo city."""
        return f"http://127.0.0.1:{self.ports.city}"

    @property
    def warehouse_place(self) -> str:
        """Where the warehouse is, for people."""
        return f"127.0.0.1:{self.ports.postgres}/warehouse"

    @property
    def passwords_place(self) -> str:
        """Where the two passwords are, for people."""
        return str(self.folder / "airflow" / "passwords.json")

    @property
    def metadata_url(self) -> str:
        """The libpq URL of Airflow's own database."""
        return self.cluster.url("airflow", user="airflow", password=self.keys.airflow_database_password)

    @property
    def own_warehouse_url(self) -> str:
        """The libpq URL of the warehouse in our own Postgres."""
        return self.cluster.url("warehouse", user="tthc", password=self.keys.warehouse_password)


def load() -> Installation:
    """Return this installation; keys and ports are chosen and kept on the first call."""
    folder = settings.state()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        keys = key_file.load(folder / "keys.json")
        return Installation(folder, keys, _ports(folder / "ports.json"))
    except OSError as error:
        raise TthcError(f"Không ghi được vào {folder}: {error.strerror}.") from error


def ordered(name: str) -> str | None:
    """Return the value that a person gave in the environment or in ``.env`` (not what ``make run`` wrote)."""
    found = settings.find(name)
    return found[0] if found and found[1] != str(settings.run_file()) else None


def has_demo_city() -> bool:
    """Whether the demo city is used: nobody named a real one."""
    return ordered("TTHC_CITY_URL") is None


def tthc_settings(here: Installation) -> dict[str, str]:
    """Return all TTHC_* settings of this installation: what a person ordered, else our own."""
    communes = settings.communes() if settings.find("TTHC_COMMUNE") else (DEFAULT_COMMUNE,)
    ours = {
        "TTHC_COMMUNE": DEFAULT_COMMUNE,
        "TTHC_WAREHOUSE_URL": here.own_warehouse_url,
        "TTHC_ARCHIVE": str(here.folder / "archive"),
        "TTHC_INBOX": str(here.folder / "inbox"),
        "TTHC_SECRET_KEY": here.keys.secret_key,
        "TTHC_BACKUP": str(here.folder / "backup"),
        "TTHC_BACKUP_KEY": here.keys.backup_key,
    }
    city = {
        "TTHC_CITY_URL": f"{here.city_url}/xa/{{commune}}" if len(communes) > 1 else here.city_url,
        "TTHC_CITY_DIALECT": "share",
        "TTHC_CITY_CLIENT_ID": here.keys.city_client_id,
        "TTHC_CITY_CLIENT_SECRET": here.keys.city_client_secret,
    }
    # Keys of the demo city are never sent to a real one.
    chosen = {**ours, **city} if has_demo_city() else {**ours, "TTHC_CITY_DIALECT": "share"}
    own = {f"{name}_{code}" for name in (*city, "TTHC_CITY_GROUP_ID") for code in communes}
    names = {*ours, *city, *IF_SET, *own}
    return chosen | {name: value for name in names if (value := ordered(name)) is not None}


def write_run_file(here: Installation) -> None:
    """Write what ``tthc`` needs, so that it works without any variable after ``make run``."""
    lines = ["# Do `make run` ghi. Muốn đổi giá trị nào thì đặt nó trong .env hoặc trong môi trường."]
    lines += [f"{name}={value}" for name, value in sorted(tthc_settings(here).items())]
    key_file.write_private(settings.run_file(), "\n".join(lines) + "\n")


def base_environment() -> dict[str, str]:
    """Return the environment for a program of the stack: the caller's, without what would lead it astray."""
    unwanted = ("AIRFLOW", "TTHC_", "PG", "PYTHON", "_AIRFLOW", "GX_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    programs = str(Path(sys.executable).parent)
    return kept | {
        "PATH": f"{programs}{os.pathsep}{kept.get('PATH', os.defpath)}",
        "TTHC_ROOT": str(settings.root()),
        "TTHC_STATE": str(settings.state()),
        # What is written in run.env and .env is already in the environment of each program.
        "TTHC_ENV_FILE": os.devnull,
        "GX_ANALYTICS_ENABLED": "False",
        "NO_PROXY": _with_loopback(kept.get("NO_PROXY") or kept.get("no_proxy", "")),
        "no_proxy": _with_loopback(kept.get("NO_PROXY") or kept.get("no_proxy", "")),
    }


def _with_loopback(hosts: str) -> str:
    return ",".join(dict.fromkeys([*filter(None, hosts.split(",")), "127.0.0.1", "localhost"]))


def with_free_ports(here: Installation, held: set[str]) -> Installation:
    """Return the installation with new ports for those that others took while ours were down.

    ``held`` names (as in :class:`Ports`) the ports on which our own programs listen now. A port that a person asked
    for is never changed.
    """
    asked = {key for name, key in PORT_KEYS.items() if settings.port(name, 0)[1]}
    known = asdict(here.ports)
    lost = [key for key in known if key not in asked | held and not postgres.port_is_free(known[key])]
    if not lost:
        return here
    taken = set(known.values())
    ports = Ports(**{**known, **{key: _free(known[key], taken) for key in lost}})
    key_file.write_private(here.folder / "ports.json", json.dumps(asdict(ports)) + "\n")
    return replace(here, ports=ports)


def _ports(path: Path) -> Ports:
    """Return the ports in use; one that was asked for is kept, a default gives way to who is there first."""
    known = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    taken = {int(port) for port in known.values()}

    def choose(name: str, key: str) -> int:
        asked, by_person = settings.port(name, DEFAULT_PORTS[name])
        if by_person:
            return asked
        if key in known:
            return int(known[key])
        return _free(asked, taken)

    ports = Ports(
        airflow=choose("TTHC_AIRFLOW_PORT", "airflow"),
        postgres=choose("TTHC_PG_PORT", "postgres"),
        city=choose("TTHC_CITY_PORT", "city"),
        task_logs=int(known.get("task_logs") or _free(8793, taken)),
        trigger_logs=int(known.get("trigger_logs") or _free(8794, taken)),
    )
    if asdict(ports) != known:
        key_file.write_private(path, json.dumps(asdict(ports)) + "\n")
    return ports


def _free(first: int, taken: set[int]) -> int:
    for port in range(first, first + 200):
        if port not in taken and postgres.port_is_free(port):
            taken.add(port)
            return port
    raise TthcError(f"Không có cổng trống từ {first} đến {first + 199}.")
