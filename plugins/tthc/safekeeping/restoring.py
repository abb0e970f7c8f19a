"""A backup put back, and the proof that it says what was published."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from tthc import settings
from tthc.errors import TthcError, Unreachable, UsageError
from tthc.landing import key_record, key_ring
from tthc.safekeeping import bundle
from tthc.safekeeping.bundle import Progress
from tthc.warehouse import chain, database, roles, score_chain

#: Settings that newer dumps write and older servers do not know; each is a default anyway.
_UNKNOWN_TO_OLDER = (b"SET transaction_timeout = 0;\n",)


def restore(
    address: str, url: str, progress: Progress, *, declarations: Path | None = None
) -> dict[str, Any]:
    """Put a backup into an empty database; return what was compared.

    Raises TthcError when any published revision says something else than when the backup was made; the database is
    left as it is then, to be looked at.
    """
    began = time.monotonic()
    _check_empty(url)
    _make_groups(url)
    manifest = _put_back(address, url, progress, declarations)
    seconds = time.monotonic() - began
    progress(f"đã khôi phục sau {seconds:.1f} giây; đang so các lần công bố…")
    return {**compare(manifest, url), "seconds": round(seconds, 1), "made_at": manifest["made_at"]}


def compare(manifest: dict[str, Any], url: str) -> dict[str, Any]:
    """Compare a restored database with what the backup says of itself; raise when they differ."""
    with database.connection(url) as connection:
        found, index = bundle.revisions(connection), bundle.archive_index(connection)
        broken = []
        for code in settings.communes():
            # Whoever restores on a bare machine may have no key file yet: the backup knows it.
            with settings.for_commune(code), key_ring.using(key_record.ring(connection)):
                kept = [*chain.findings(connection, full=True), *score_chain.findings(connection)]
            broken += [finding for finding in kept if not finding.holds]
    wanted = manifest["revisions"]
    different = [_named(row) for row, other in zip(wanted, found, strict=False) if row != other]
    if len(found) != len(wanted) or different:
        raise TthcError(
            f"Khôi phục ra {len(found)} lần công bố, lúc sao lưu có {len(wanted)}; khác nhau: "
            f"{', '.join(different[:5]) or 'số lượng'}. Đừng dùng bản này; thử bản sao lưu khác."
        )
    if index != manifest["archive"]:
        raise TthcError(
            "Mục lục kho lưu sau khi khôi phục khác lúc sao lưu. Đừng dùng bản này; thử bản khác."
        )
    if broken:
        names = ", ".join(each.name for each in broken)
        raise TthcError(
            f"Sau khi khôi phục, chuỗi công bố hoặc phiếu đã niêm không nguyên vẹn: {names}. {broken[0].todo}"
        )
    return {"revision_count": len(found), "archive_object_count": index["object_count"], "is_equal": True}


def drill(target: str, progress: Progress) -> dict[str, Any]:
    """Take a backup and restore it into a scratch database beside the warehouse, which is dropped; return both."""
    made = bundle.backup(target, progress)
    with scratch_database() as url:
        restored = restore(made["backup"], url, progress)
    return {"backup": made, "restored": restored}


@contextmanager
def scratch_database() -> Iterator[str]:
    """Give the libpq URL of an empty database on the warehouse's server, dropped afterwards."""
    url = settings.warehouse_url()
    name = f"tthc_drill_{secrets.token_hex(4)}"
    parts = urlsplit(url)
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    except psycopg.errors.InsufficientPrivilege:
        raise UsageError(
            "Tài khoản của kho không được tạo cơ sở dữ liệu để diễn tập khôi phục. "
            f"Nhờ người quản trị Postgres chạy: ALTER ROLE {parts.username} CREATEDB"
        ) from None
    except psycopg.OperationalError as error:
        raise Unreachable("Không kết nối được kho dữ liệu (TTHC_WAREHOUSE_URL).") from error
    try:
        yield parts._replace(path=f"/{quote(name)}").geturl()
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )


def keep_newest(target: str, count: int) -> list[str]:
    """Remove all but the newest backups of this installation in a folder; return the names of those removed."""
    import fsspec

    files, folder = fsspec.url_to_fs(target)
    pattern = f"{folder}/tthc-{settings.installation_name()}-*{bundle.ENDING}"
    old = sorted(files.glob(pattern))[:-count] if count > 0 else []
    for place in old:
        files.rm(place)
    return [place.rpartition("/")[2] for place in old]


def _put_back(address: str, url: str, progress: Progress, declarations: Path | None) -> dict[str, Any]:
    command = [
        bundle.program("psql"),
        "--no-psqlrc",
        "--quiet",
        "--single-transaction",
        "-v",
        "ON_ERROR_STOP=1",
    ]
    manifest: dict[str, Any] = {}
    loading = subprocess.Popen(
        [*command, "-o", "/dev/null"],
        env=bundle.environment(url) | {"PGOPTIONS": "-c client_min_messages=error -c synchronous_commit=off"},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        for name, content in bundle.members(address):
            if name == "manifest.json":
                manifest = json.loads(content)
                _check_fits(manifest)
                progress(f"bản sao lưu lúc {manifest['made_at']}, {len(manifest['revisions'])} lần công bố")
            elif name.startswith("declarations/") and declarations is not None:
                _write_out(declarations, name.removeprefix("declarations/"), content)
            elif name.startswith("warehouse/"):
                if name == "warehouse/000001":
                    for line in _UNKNOWN_TO_OLDER:
                        content = content.replace(line, b"", 1)
                loading.stdin.write(content)
        loading.stdin.close()
        problem = loading.stderr.read().decode(errors="replace")
        if loading.wait():
            raise TthcError(f"Không khôi phục được: {_first_error(problem)}")
    except BrokenPipeError:
        problem = loading.stderr.read().decode(errors="replace")
        raise TthcError(f"Không khôi phục được: {_first_error(problem)}") from None
    finally:
        if loading.poll() is None:
            # Nothing was committed: one transaction.
            loading.kill()
            loading.wait()
    return manifest


def _check_fits(manifest: dict[str, Any]) -> None:
    held, known = manifest["commune"].split(","), settings.communes()
    if not set(held) <= set(known) or (len(held) == 1) != (len(known) == 1):
        raise UsageError(
            f"Bản sao lưu của xã {settings.named(held)}, cài đặt này của xã {settings.named(known)}: "
            f"đặt TTHC_COMMUNE={manifest['commune']}."
        )


def _check_empty(url: str) -> None:
    with database.connection(url) as connection:
        row = connection.execute(
            "SELECT count(*) AS n FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
        ).fetchone()
    if row["n"]:
        raise UsageError(
            f"Cơ sở dữ liệu đích đã có {row['n']} bảng; chỉ khôi phục vào cơ sở dữ liệu trống: "
            "tạo một cơ sở dữ liệu mới và trỏ TTHC_WAREHOUSE_URL tới đó."
        )


def _make_groups(url: str) -> None:
    """Make the groups that policies name, which a backup of one database does not hold."""
    with database.connection(url) as connection:
        absent = roles.make_missing(connection)
    if absent:
        raise UsageError(roles.advice(absent))


def _write_out(folder: Path, name: str, content: bytes) -> None:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise TthcError(f"Bản sao lưu có tên tệp lạ: {name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _first_error(words: str) -> str:
    """Return SQLSTATE's sentence of the first error, never the row that it may quote on the lines after."""
    for line in words.splitlines():
        if "ERROR:" in line or "FATAL:" in line:
            return line.partition(": ")[2].strip()[:200]
    return "psql dừng giữa chừng"


def _named(row: dict[str, Any]) -> str:
    return f"{row['calendar']} {row['period']} lần {row['revision_number']}"
