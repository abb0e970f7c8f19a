"""Which release of the software the warehouse is shaped for, and which of the two is older.

A release is known by the shapes of all its tables and its newest migration; ``ops.upgrades`` keeps those that the
warehouse has had, so that a program that meets another one's shapes can say whose turn it is.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import psycopg

from tthc.errors import TthcError
from tthc.warehouse import tables

_SCRIPTS = Path(__file__).parent / "migrations"


class OtherVersion(TthcError):
    """The warehouse is shaped for another release of the software."""


@cache
def migrations() -> list[str]:
    """Return the numbers of all migrations of this release, in the order in which each names the one before."""
    from alembic.script import ScriptDirectory

    return [step.revision for step in ScriptDirectory(str(_SCRIPTS)).walk_revisions()][::-1]


def pending(migration: str | None) -> list[str]:
    """Return the migrations that a warehouse at one (None: at none) has not had; none when it is unknown here."""
    every = migrations()
    if migration is None:
        return every
    return every[every.index(migration) + 1 :] if migration in every else []


def release() -> str:
    """Return the fingerprint of this release: the shapes of its tables and its newest migration."""
    said = [f"{name} {table.shape_hash}" for name, table in sorted(tables.tables().items())]
    return hashlib.sha256("\n".join([*said, migrations()[-1]]).encode()).hexdigest()


def migration_of(connection: psycopg.Connection) -> str | None:
    """Return the migration at which the warehouse is; None when it has never been prepared."""
    if _is_absent(connection, "ops.migrations"):
        return None
    row = connection.execute("SELECT max(version_num) AS version FROM ops.migrations").fetchone()
    return row["version"]


def is_newer(connection: psycopg.Connection) -> bool:
    """Say whether the warehouse has been brought to a later release than this."""
    migration = migration_of(connection)
    if migration is not None and migration not in migrations():
        return True
    if _is_absent(connection, "ops.upgrades"):
        return False
    releases = [
        row["release"]
        for row in connection.execute("SELECT release FROM ops.upgrades ORDER BY upgrade_id").fetchall()
    ]
    return release() in releases and releases[-1] != release()


def others(connection: psycopg.Connection) -> list[str]:
    """Return the tables of which the warehouse has another shape than this release, or none, or one too many."""
    known = tables.known_shapes(connection)
    own = {name: table.shape_hash for name, table in tables.tables().items()}
    return sorted(name for name in known.keys() | own.keys() if known.get(name) != own.get(name))


def require_same(connection: psycopg.Connection) -> None:
    """Raise OtherVersion, in words that say who is older, unless the warehouse has the shapes of this release.

    A migration that this release does not know changes nothing for it: migrations only add.
    """
    if _is_absent(connection, "ops.table_shapes"):
        raise OtherVersion("Kho dữ liệu chưa được chuẩn bị: chạy tthc init trước.")
    if wrong := others(connection):
        raise OtherVersion(said(wrong, newer=is_newer(connection)))


def said(wrong: list[str], *, newer: bool) -> str:
    """Return what to tell a person whose software and warehouse are not of the same release."""
    shown = f"{len(wrong)} bảng, ví dụ {', '.join(wrong[:3])}"
    if newer:
        return (
            f"Kho dữ liệu đã được nâng cấp cho một phần mềm mới hơn phần mềm này (khác nhau ở {shown}): bước này không "
            "ghi gì. Dừng tiến trình cũ, cài bản mới rồi chạy lại; cần quay lại bản cũ thì xem docs/operations.md, "
            "mục “Nâng cấp”."
        )
    return (
        f"Kho dữ liệu chưa được nâng cấp cho phần mềm này (khác nhau ở {shown}): bước này không ghi gì. "
        "Xem sẽ làm gì: tthc init --plan; rồi nâng cấp: tthc init."
    )


def note(connection: psycopg.Connection, made: list[str], seconds: float) -> None:
    """Write down that the warehouse is now shaped for this release."""
    connection.execute(
        "INSERT INTO ops.upgrades (release, migration, made, seconds) VALUES (%s, %s, %s, %s)",
        (release(), migrations()[-1], made, seconds),
    )


def _is_absent(connection: psycopg.Connection, name: str) -> bool:
    return connection.execute("SELECT to_regclass(%s) AS found", (name,)).fetchone()["found"] is None
