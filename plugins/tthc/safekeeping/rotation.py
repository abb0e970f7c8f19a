"""A change of the secret: routine, or because the keys are believed to be known to others.

Routine: a second slot is put into the key file, and when every program has been started with the new secret the old
slot is taken away; no byte and no hash changes. After a leak: a new generation of keys, wrapped by the new secret
alone; hashes, seals and objects are brought to it. Whatever stops in between is ended by :func:`settle`: the keys of
before stay in the key file, so that at every moment everything can be read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.landing import key_record, key_ring
from tthc.landing.key_ring import KeyFile, Ring
from tthc.safekeeping import rehashing, resealing
from tthc.warehouse import database, gate

Progress = Callable[[str], None]
#: Held by whoever changes the keys, from the beginning to the end.
_ROTATION = (74484, 2)
SHORTEST = 32
_EVERY = 0.2


def check_new(secret: str) -> None:
    """Raise UsageError when a text cannot be the new secret; its value is never said."""
    if len(secret) < SHORTEST:
        raise UsageError(f"Khóa mới phải có từ {SHORTEST} ký tự trở lên (tệp đang có {len(secret)}).")
    if secret == settings.secret_key():
        raise UsageError("Khóa mới trùng khóa đang dùng (TTHC_SECRET_KEY): chưa đổi gì. Chọn chuỗi khác.")
    if secret == settings.optional("TTHC_BACKUP_KEY"):
        raise UsageError("Khóa mới trùng TTHC_BACKUP_KEY: lộ một là lộ cả hai. Chọn chuỗi khác.")


def status() -> dict[str, Any]:
    """Return how things stand: the slots of the key file, the generation, objects by key, what is left to do."""
    secret, file = settings.secret_key(), key_ring.stored()
    is_open = file is None or file.slot_of(secret) is not None
    with database.connection() as connection:
        known = key_record.last(connection)
        objects = connection.execute(
            "SELECT key_id, count(*)::integer AS object_count FROM ops.archive_objects GROUP BY key_id ORDER BY key_id"
        ).fetchall()
        changes = []
        if known is not None:
            changes = connection.execute(
                "SELECT changed_at, kind, generation, changed_by, reason FROM ops.key_changes ORDER BY change_id"
            ).fetchall()
    ring = key_ring.present() if is_open else None
    todo = []
    if ring is None:
        todo.append("Đặt lại TTHC_SECRET_KEY mà tệp khóa mở được, rồi khởi động lại bộ máy.")
    elif problem := key_record.disagreement(ring, known):
        todo.append(problem)
    elif known is not None and known.key_file != (file and file.text):
        todo.append("Tệp khóa khác bản ghi trong kho dữ liệu: tthc key settle.")
    elif any(row["key_id"] != ring.ids["archive"] for row in objects):
        todo.append("Còn đối tượng của kho lưu dưới khóa cũ: tthc key settle.")
    if file and len(file.slots) > 1:
        todo.append("Khóa cũ còn mở được kho lưu: khi mọi nơi đã dùng khóa mới thì chạy tthc key retire.")
    return {
        "secret_key_id": key_ring.slot_id(secret),
        "opens": is_open,
        "has_key_file": file is not None,
        "slots": [
            {
                "key_id": each.key_id,
                "added_at": each.added_at,
                "is_configured": each.key_id == key_ring.slot_id(secret),
            }
            for each in (file.slots if file else ())
        ],
        "generation": ring and ring.generation,
        "key_ids": ring and ring.ids,
        "warehouse_generation": known and known.generation,
        "objects": [
            {**row, "is_present": ring is not None and row["key_id"] == ring.ids["archive"]}
            for row in objects
        ],
        "changes": changes,
        "todo": todo,
    }


def rotate(
    new: str,
    *,
    leaked: bool,
    by: str,
    reason: str,
    patience: float,
    progress: Progress,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Change the secret to ``new``; return what was done. One that stopped half way is ended by the same call.

    Raises UsageError for a text that cannot be a secret, TthcError when somebody else changes the keys, or writers
    are at work for longer than ``patience`` seconds: then nothing has changed.
    """
    with _alone() as connection:
        file = key_ring.stored()
        if file is not None and file.slot_of(settings.secret_key()) is None and file.slot_of(new) is not None:
            # The change was begun, and the old secret opens nothing any more.
            return _ended(new, by=by, reason=reason, patience=patience, progress=progress, dry_run=dry_run)
        check_new(new)
        ring = key_ring.present()
        if file is None:
            file = KeyFile(()).with_slot(settings.secret_key(), ring)
        if problem := key_record.disagreement(ring, key_record.last(connection)):
            raise TthcError(problem)
        resealing.check(connection)
        if dry_run:
            return {"kind": _kind(leaked), "is_done": False, "changed": False, **_measure(connection, leaked)}
        with _quiet(connection, patience):
            # A first change has to know from which keys it is one.
            key_record.check(connection)
            connection.commit()
            if not leaked:
                changed = file.slot_of(new) is None
                if changed:
                    key_ring.store(file.with_slot(new, ring))
                _note_file(connection, "routine", ring, by=by, reason=reason)
                return {
                    "kind": "routine",
                    "is_done": True,
                    "changed": changed,
                    "key_id": key_ring.slot_id(new),
                }
            ring = ring.next()
            told = _bring(
                connection,
                ring,
                by=by,
                reason=reason,
                progress=progress,
                file=file.with_slot(new, ring, alone=True),
            )
            progress("khóa cũ không mở được kho lưu nữa; đang mã hóa lại các đối tượng…")
        return {**_ended(new, by=by, reason=reason, patience=patience, progress=progress), **told}


def settle(*, by: str, reason: str, patience: float, progress: Progress) -> dict[str, Any]:
    """Bring warehouse and archive to the keys of the key file; put back a key file that is lost. Safe to repeat."""
    with _alone() as connection:
        known = key_record.last(connection)
        if known and known.key_file and (_lost() or _is_older(known)):
            file = KeyFile.read(known.key_file)
            file.opened(settings.secret_key())
            key_ring.store(file)
            progress("đã viết lại tệp khóa từ bản ghi trong kho dữ liệu")
        return _settled(by=by, reason=reason, patience=patience, progress=progress)


def retire(*, by: str, reason: str) -> dict[str, Any]:
    """Take every slot but that of the configured secret out of the key file; return how many went."""
    with _alone() as connection:
        file, secret = key_ring.stored(), settings.secret_key()
        if file is None:
            raise UsageError("Chưa đổi khóa lần nào: không có khóa cũ nào để bỏ.")
        ring = file.opened(secret)
        gone = len(file.slots) - 1
        if gone:
            key_ring.store(KeyFile(tuple(each for each in file.slots if each is file.slot_of(secret))))
        _note_file(connection, "retired", ring, by=by, reason=reason)
        return {"removed_count": gone, "key_id": key_ring.slot_id(secret)}


def _ended(
    new: str, *, by: str, reason: str, patience: float, progress: Progress, dry_run: bool = False
) -> dict[str, Any]:
    with settings.using({"TTHC_SECRET_KEY": new}):
        if dry_run:
            return {"kind": "leaked", "is_done": False, "changed": False}
        return _settled(by=by, reason=reason, patience=patience, progress=progress)


def _settled(*, by: str, reason: str, patience: float, progress: Progress) -> dict[str, Any]:
    ring, told = key_ring.present(), {"hash_count": 0, "row_count": 0}
    with database.connection() as connection:
        known = key_record.last(connection)
        problem = key_record.disagreement(ring, known)
        if problem and (known is None or ring.find("identity", known.identity_key_id) is None):
            raise TthcError(problem)
        if problem:
            with _quiet(connection, patience):
                told = _bring(connection, ring, by=by, reason=reason, progress=progress)
        elif known and key_ring.stored():
            _note_file(connection, known.kind, ring, by=by, reason=reason)
    if ring.generation > 1 and "://" in settings.archive_url():
        # Programs that had the older keys in hand have asked again by then.
        time.sleep(key_ring.FRESH_FOR)
    objects = resealing.objects(progress)
    return {
        "kind": "leaked" if ring.generation > 1 else "routine",
        "is_done": True,
        "changed": bool(problem) or objects["object_count"] > 0,
        "key_id": key_ring.slot_id(settings.secret_key()),
        "generation": ring.generation,
        **told,
        **objects,
    }


def _bring(
    connection: psycopg.Connection,
    ring: Ring,
    *,
    by: str,
    reason: str,
    progress: Progress,
    file: KeyFile | None = None,
) -> dict[str, int]:
    """Bring hashes and seals from the keys that the warehouse knows to those of ``ring``, all or nothing.

    ``file`` is put into the archive when all has gone well, just before the end: killed between the two, the
    warehouse is behind, and :func:`settle` does the same again. The caller holds the writers off.
    """
    known = key_record.last(connection)
    since = [each.id for each in ring.identity].index(known.identity_key_id) + 1
    with key_ring.using(ring), connection.transaction():
        done = rehashing.rehash(connection, since, ring.generation, progress)
        resealing.seals(connection, ring)
        if file is not None:
            key_ring.store(file)
        told = {"by": by, "reason": reason, "hash_count": done.hash_count, "row_count": done.row_count}
        rehashing.note_digests(connection, key_record.note(connection, "leaked", ring, **told))
    connection.commit()
    progress(f"{done.hash_count} mã băm, {done.row_count} dòng đã sang khóa mới")
    return done._asdict()


def _note_file(connection: psycopg.Connection, kind: str, ring: Ring, *, by: str, reason: str) -> None:
    """Let the warehouse know the key file as it is, unless it does."""
    known, file = key_record.last(connection), key_ring.stored()
    if known is None or known.key_file != (file and file.text):
        key_record.note(connection, kind, ring, by=by, reason=reason)
    connection.commit()


def _measure(connection: psycopg.Connection, leaked: bool) -> dict[str, Any]:
    """Return what a change would touch."""
    if not leaked:
        return {"object_count": 0, "revision_count": 0}
    return connection.execute(
        "SELECT (SELECT count(*) FROM ops.archive_objects)::integer AS object_count,"
        " (SELECT coalesce(sum(stored_byte_count), 0) FROM ops.archive_objects)::bigint AS byte_count,"
        " (SELECT count(*) FROM indicators.revisions)::integer AS revision_count,"
        " (SELECT count(*) FROM ops.fetches)::integer AS reading_count"
    ).fetchone()


def _lost() -> bool:
    try:
        return key_ring.stored() is None
    except TthcError:
        return True


def _is_older(known: key_record.Change) -> bool:
    """Say whether the key file is of an older generation than the warehouse: an old copy was put in its place."""
    try:
        return key_ring.present().find("identity", known.identity_key_id) is None
    except TthcError:
        return key_ring.stored().slot_of(settings.secret_key()) is None


@contextmanager
def _alone() -> Iterator[psycopg.Connection]:
    """Be the only one who changes the keys, while nobody upgrades; raise TthcError when somebody else does."""
    with gate.passed(lambda _: None), database.connection() as connection:
        (free,) = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", _ROTATION).fetchone().values()
        connection.commit()
        if not free:
            raise TthcError("Đang có người khác đổi khóa: chờ lệnh ấy xong, rồi xem tthc key status.")
        yield connection


@contextmanager
def _quiet(connection: psycopg.Connection, patience: float) -> Iterator[None]:
    """Wait until nobody writes, and let nobody begin; never in a queue, which those at work would have to join."""
    end = time.monotonic() + patience
    while not (
        connection.execute("SELECT pg_try_advisory_lock(%s, %s) AS free", key_record.LOCK).fetchone()["free"]
    ):
        if time.monotonic() >= end:
            raise TthcError(
                f"Đang có lần đọc hoặc lần nhập chạy, chờ {patience:.0f} giây chưa xong; chưa đổi gì. Chờ chúng xong "
                "(tthc status), hoặc dừng bộ máy, rồi chạy lại; --wait GIÂY để chờ lâu hơn."
            )
        connection.commit()
        time.sleep(_EVERY)
    connection.commit()
    try:
        yield
    finally:
        if not connection.closed and not connection.broken:
            connection.rollback()
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", key_record.LOCK)
            connection.commit()


def _kind(leaked: bool) -> str:
    return "leaked" if leaked else "routine"
