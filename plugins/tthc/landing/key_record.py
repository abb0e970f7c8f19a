"""What the warehouse knows of its keys: which ones made the hashes that it holds. Never a key.

Whoever makes hashes, archives or seals asks :func:`check` first: a changed secret, a lost key file or a change of
keys that was not ended stops the step instead of mixing hashes of two keys.
"""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg.rows import dict_row

from tthc import settings
from tthc.errors import TthcError
from tthc.landing import key_ring
from tthc.landing.key_ring import NAME, KeyFile, Ring

#: Writers hold it together; who changes the keys waits for them, alone. The numbers are of the whole database.
LOCK = (74484, 3)


@dataclass(frozen=True)
class Change:
    """The last change of keys; ``key_file`` is the text of the file that belongs to it, None before the first."""

    change_id: int
    kind: str
    generation: int
    identity_key_id: str
    archive_key_id: str
    seal_key_id: str
    key_file: str | None


def hold(connection: psycopg.Connection, *, session: bool = False) -> None:
    """Let nobody change the keys until the transaction's end, or the session's."""
    function = "pg_advisory_lock_shared" if session else "pg_advisory_xact_lock_shared"
    connection.execute(f"SELECT {function}(%s, %s)", LOCK)


def last(connection: psycopg.Connection) -> Change | None:
    """Return the last change of keys, None when none was noted or the warehouse is older than their noting."""
    with connection.cursor(row_factory=dict_row) as cursor:
        if cursor.execute("SELECT to_regclass('ops.key_changes') AS found").fetchone()["found"] is None:
            return None
        row = cursor.execute(
            "SELECT change_id, kind, generation, identity_key_id, archive_key_id, seal_key_id, key_file"
            " FROM ops.key_changes ORDER BY change_id DESC LIMIT 1"
        ).fetchone()
    return row and Change(**row)


def note(
    connection: psycopg.Connection,
    kind: str,
    ring: Ring,
    *,
    by: str,
    reason: str,
    hash_count: int | None = None,
    row_count: int | None = None,
) -> int:
    """Write down that the hashes of the warehouse are of the newest keys of ``ring``; return the number of the line.

    The text of the key file, which holds the keys wrapped, goes with the newest line only.
    """
    file, ids = key_ring.stored(), ring.ids
    with connection.cursor(row_factory=dict_row) as cursor:
        cursor.execute("UPDATE ops.key_changes SET key_file = NULL WHERE key_file IS NOT NULL")
        return cursor.execute(
            "INSERT INTO ops.key_changes (kind, generation, identity_key_id, archive_key_id, seal_key_id, changed_by,"
            " reason, key_file, hash_count, row_count) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " RETURNING change_id",
            (
                kind,
                ring.generation,
                ids["identity"],
                ids["archive"],
                ids["seal"],
                by,
                reason,
                file and file.text,
                hash_count,
                row_count,
            ),
        ).fetchone()["change_id"]


def ring(connection: psycopg.Connection) -> Ring:
    """Return the keys in use; where the archive has no key file, those of the file that the warehouse knows."""
    known = last(connection)
    if known and known.key_file and key_ring.stored() is None:
        return KeyFile.read(known.key_file).opened(settings.secret_key())
    return key_ring.present()


def check(connection: psycopg.Connection) -> None:
    """Raise TthcError unless the keys of this process are those that made what the warehouse holds.

    The first call ever notes them, if the archive knows of no others. In the caller's transaction.
    """
    present, known = key_ring.present(), last(connection)
    if problem := disagreement(present, known):
        raise TthcError(problem)
    if known is None and has_record(connection):
        with connection.cursor(row_factory=dict_row) as cursor:
            others = [
                row["key_id"]
                for row in cursor.execute("SELECT DISTINCT key_id FROM ops.archive_objects")
                if present.find("archive", row["key_id"]) is None
            ]
        if others:
            raise TthcError(
                f"Kho lưu được mã hóa bằng khóa {others[0]}, khóa đang dùng là {present.ids['archive']}: "
                "đặt lại TTHC_SECRET_KEY như lúc lưu. Muốn đổi khóa: tthc key rotate."
            )
        note(connection, "found", present, by="tthc", reason="ghi nhận khóa đang dùng")


def has_record(connection: psycopg.Connection) -> bool:
    """Say whether the warehouse is new enough to note its keys."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return (
            cursor.execute("SELECT to_regclass('ops.key_changes') AS found").fetchone()["found"] is not None
        )


def disagreement(ring: Ring, known: Change | None) -> str | None:
    """Return what is wrong between the keys in use and the last change noted, None when they agree."""
    if known is None or known.identity_key_id == ring.ids["identity"]:
        return None
    if ring.find("identity", known.identity_key_id) is not None:
        return (
            f"Kho dữ liệu còn ở thế hệ khóa {known.generation}, tệp khóa ở thế hệ {ring.generation}: lần đổi khóa chưa "
            "xong, hoặc kho vừa được khôi phục từ bản sao lưu cũ. Chạy: tthc key settle."
        )
    if known.key_file and key_ring.stored() is None:
        return (
            f"Kho lưu thiếu tệp khóa {NAME} mà kho dữ liệu đã ghi: kiểm tra TTHC_ARCHIVE, rồi chạy tthc key settle để "
            "viết lại tệp ấy."
        )
    return (
        f"Mã băm trong kho dữ liệu thuộc khóa {known.identity_key_id}, khóa đang dùng là {ring.ids['identity']}: đặt "
        "lại TTHC_SECRET_KEY như trước (và đúng TTHC_ARCHIVE, nơi có tệp khóa). Muốn đổi khóa: tthc key rotate."
    )
