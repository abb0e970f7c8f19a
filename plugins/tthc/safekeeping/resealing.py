"""What lies under older keys, brought under the newest: the objects of the archive, the seals of what is published."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.landing import key_ring, ledger
from tthc.landing.archive import Archive
from tthc.landing.key_ring import Ring
from tthc.warehouse import chain, database

Progress = Callable[[str], None]
_EVERY = 2.0
_EXAMPLES = 5
#: What is sealed: its table with ``chain_hash``, its key, the table of its seals.
SEALED = (
    ("indicators.revisions", "revision_id", "indicators.revision_seals"),
    ("restricted.score_runs", "score_run_id", "restricted.score_seals"),
)


def check(connection: psycopg.Connection) -> None:
    """Raise TthcError when a seal of today is not right: a change of keys would make it look so."""
    key = chain.key_of_seals(connection)
    wrong = sum(
        not chain.is_sealed({key[0]: row["seal"]}, row["chain_hash"], key)
        for table, name, seals in SEALED
        for row in connection.execute(
            f"SELECT r.chain_hash, s.seal FROM {table} AS r INNER JOIN {seals} AS s USING ({name}) WHERE s.key_id = %s",
            (key[0],),
        )
    )
    if wrong:
        raise TthcError(
            f"{wrong} dấu niêm của số đã công bố không đúng; chưa đổi khóa. Chạy tthc doctor --full và xử lý trước."
        )


def seals(connection: psycopg.Connection, ring: Ring) -> int:
    """Seal again, beside the older seals, whatever is sealed rightly; return how many. In the caller's transaction.

    What has no right seal gets none: a forged link stays without.
    """
    new, count, key = ring.seal[-1], 0, chain.key_of_seals(connection)
    for table, name, into in SEALED:
        rows = connection.execute(
            f"SELECT r.{name} AS id, r.chain_hash, s.seal FROM {table} AS r INNER JOIN {into} AS s USING ({name})"
            f" WHERE s.key_id = %s AND NOT EXISTS"
            f" (SELECT FROM {into} AS n WHERE n.{name} = r.{name} AND n.key_id = %s) ORDER BY 1",
            (key[0], new.id),
        ).fetchall()
        for row in rows:
            if chain.is_sealed({key[0]: row["seal"]}, row["chain_hash"], key):
                connection.execute(
                    f"INSERT INTO {into} ({name}, key_id, seal) VALUES (%s, %s, %s)",
                    (row["id"], new.id, chain.sealed(row["chain_hash"], new.key)),
                )
                count += 1
    return count


def objects(progress: Progress) -> dict[str, Any]:
    """Bring every object under the newest key, known to the ledger or not, then open each one; return the counts.

    Each is replaced whole, so that whoever is killed in between leaves nothing but work. Raises TthcError at the end
    when some could not be opened: those stay as they were.
    """
    archive, present = Archive(settings.archive_url()), key_ring.present().ids["archive"]
    wrong: dict[str, str] = {}
    known, moved = _known(), 0
    there = archive.digests()
    told = _Told(progress, "đã mã hóa lại", len(there))
    with database.connection(autocommit=True) as connection:
        for digest in sorted({*there, *known}):
            told.one()
            try:
                written_with = archive.key_id_of(digest)
                if written_with == present and known.get(digest, present) == present:
                    continue
                stored = archive.seal_again(digest)
            except TthcError as error:
                wrong[digest] = str(error)
                continue
            moved += written_with != present
            if digest in known:
                ledger.note_object(connection, stored)
    if key_ring.present().generation > 1:
        told = _Told(progress, "đã mở thử", len(there))
        for digest in there:
            told.one()
            try:
                for _ in archive.content(digest).pieces():
                    pass
                if archive.key_id_of(digest) != present:
                    wrong[digest] = f"Đối tượng {digest} còn dưới khóa cũ."
            except TthcError as error:
                wrong[digest] = str(error)
    archive.remove_leftovers()
    if wrong:
        raise TthcError(
            f"{len(wrong)} trên {len(there)} đối tượng chưa sang khóa mới, vẫn nguyên như trước. "
            f"{' '.join(list(wrong.values())[:_EXAMPLES])} Xử lý xong thì chạy: tthc key settle."
        )
    return {"object_count": moved, "checked_count": len(there)}


def _known() -> dict[str, str]:
    with database.connection() as connection:
        return {
            row["sha256"]: row["key_id"]
            for row in connection.execute("SELECT sha256, key_id FROM ops.archive_objects")
        }


class _Told:
    """Says how far a long work has come, every two seconds."""

    def __init__(self, progress: Progress, what: str, total: int) -> None:
        self._progress, self._what, self._total = progress, what, total
        self._done, self._at = 0, time.monotonic()

    def one(self) -> None:
        self._done += 1
        if time.monotonic() - self._at > _EVERY:
            self._at = time.monotonic()
            self._progress(f"{self._what} {self._done}/{self._total} đối tượng")
