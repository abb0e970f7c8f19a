"""The chain of revisions: seals made with a key that the database does not have, and the check of all links."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Sequence

import psycopg
import zstandard

from tthc import settings
from tthc.errors import TthcError
from tthc.landing import key_record, key_ring
from tthc.warehouse.doctor import EXAMPLES, Check, Finding, finding, judge


def links(table: str, heads: str, digest: str, subject: str) -> str:
    """Return the query that judges every link of a chain, and its head, against what it says of itself."""
    return (
        f"SELECT {subject} AS subject,"
        f" r.chain_hash = {digest}(r) AND r.chain_number = row_number() OVER chain"
        f" AND r.previous_hash IS NOT DISTINCT FROM lag(r.chain_hash) OVER chain AS is_right"
        f" FROM {table} AS r WHERE r.commune_code = %(commune)s"
        f" WINDOW chain AS (PARTITION BY r.commune_code ORDER BY r.chain_number)"
        f" UNION ALL SELECT 'mắt xích cuối', (h.chain_number, h.chain_hash) = (l.chain_number, l.chain_hash)"
        f" FROM (SELECT chain_number, chain_hash FROM {heads} WHERE commune_code = %(commune)s) AS h"
        f" FULL JOIN (SELECT chain_number, chain_hash FROM {table} WHERE commune_code = %(commune)s"
        f"  ORDER BY chain_number DESC LIMIT 1) AS l ON true"
    )


_TODO = "Bản công bố bị sửa ngoài phần mềm: khôi phục lược đồ indicators từ bản sao lưu và báo người duyệt."
_LINKS = Check(
    "P7",
    "revisions_are_linked",
    "chuỗi các lần công bố còn nguyên: mỗi mắt xích khớp dấu của nó, của mắt trước, và mắt cuối còn đó",
    links(
        "indicators.revisions",
        "indicators.chain_heads",
        "indicators.revision_digest",
        "concat_ws(' ', r.calendar, r.period, 'lần', r.revision_number)",
    ),
    _TODO,
)
_SEALS = Check(
    "P7",
    "revisions_are_sealed",
    "mỗi lần công bố có dấu niêm đúng, làm bằng khóa nằm ngoài cơ sở dữ liệu",
    "",
    _TODO + " Nếu TTHC_SECRET_KEY đã đổi thì đặt lại khóa cũ rồi khám lại.",
)
_FACTS = Check(
    "P7",
    "revisions_keep_their_facts",
    "các dòng đã đếm của mỗi lần công bố còn đủ và đúng dấu vân tay",
    "",
    _TODO,
)


def sealed(chain_hash: str, key: bytes) -> str:
    """Return the seal of a link: made with a key that the database does not have."""
    return hmac.digest(key, chain_hash.encode(), "sha256").hex()


def key_of_seals(connection: psycopg.Connection) -> tuple[str, bytes | None]:
    """Return id and key with which everything published has to be sealed; the key is None when we do not have it.

    It is the one in use, or that of the last change of keys which this warehouse has seen: one that was restored
    from an older backup has older seals until it is brought to the newest keys.
    """
    try:
        ring = key_ring.present()
    except TthcError:
        # That the secret opens nothing is found by the check of the keys.
        return "", None
    known = key_record.last(connection)
    name = known.seal_key_id if known else ring.ids["seal"]
    return name, ring.find("seal", name)


def new_seal(connection: psycopg.Connection, chain_hash: str) -> tuple[str, str]:
    """Return (key_id, seal) of a link; nobody changes the keys before the transaction of the caller has ended."""
    key_record.hold(connection)
    key_record.check(connection)
    key = key_ring.present().seal[-1]
    return key.id, sealed(chain_hash, key.key)


def is_sealed(seals: dict[str, str] | None, chain_hash: str, key: tuple[str, bytes | None]) -> bool:
    """Say whether among the seals of a link, by id of their key, the one made with ``key`` is there and right."""
    found = (seals or {}).get(key[0])
    return bool(found and key[1]) and hmac.compare_digest(found, sealed(chain_hash, key[1]))


def seal(connection: psycopg.Connection, revision_id: int, chain_hash: str) -> None:
    """Seal a revision that was just made, in the transaction of its caller."""
    connection.execute(
        "INSERT INTO indicators.revision_seals (revision_id, key_id, seal) VALUES (%s, %s, %s)",
        (revision_id, *new_seal(connection, chain_hash)),
    )


def link_text(
    connection: psycopg.Connection,
    link_id: int,
    table: str = "indicators.revisions",
    key: str = "revision_id",
) -> str:
    """Return the text whose fingerprint is the link of a revision, or of a run of an evaluation."""
    # As the functions of the database that make the digests read it: instants in UTC; the zone of the session stays.
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL timezone TO 'UTC'")
        return connection.execute(
            f"SELECT (jsonb_strip_nulls(to_jsonb(r) - 'chain_hash'))::text AS link FROM {table} AS r"
            f" WHERE r.{key} = %s",
            (link_id,),
        ).fetchone()["link"]


def findings(connection: psycopg.Connection, *, full: bool = False) -> list[Finding]:
    """Check links and seals of all revisions; with ``full`` the facts kept with them as well."""
    return [judge(connection, _LINKS), _seals(connection), *([_facts(connection)] if full else [])]


def _seals(connection: psycopg.Connection) -> Finding:
    began, key = time.monotonic(), key_of_seals(connection)
    rows = connection.execute(
        "SELECT concat_ws(' ', r.calendar, r.period, 'lần', r.revision_number) AS subject, r.chain_hash, s.seals,"
        # Revisions older than the keeping of facts were linked by the migration, which has no key.
        " r.facts_hash IS NULL AND r.chain_number < coalesce(min(r.chain_number) FILTER (WHERE s.seals IS NOT NULL)"
        "  OVER (), 0) AS is_older"
        " FROM indicators.revisions AS r LEFT JOIN (SELECT revision_id, jsonb_object_agg(key_id, seal) AS seals"
        "  FROM indicators.revision_seals GROUP BY revision_id) AS s USING (revision_id)"
        " WHERE r.commune_code = %s ORDER BY r.chain_number",
        (settings.commune_code(),),
    ).fetchall()
    wrong = [
        row["subject"]
        for row in rows
        if not (row["is_older"] or is_sealed(row["seals"], row["chain_hash"], key))
    ]
    return _found(_SEALS, len(rows), wrong, began)


def _facts(connection: psycopg.Connection) -> Finding:
    began = time.monotonic()
    rows = connection.execute(
        "SELECT revision_id, concat_ws(' ', calendar, period, 'lần', revision_number) AS subject,"
        " inputs -> 'facts' AS facts, facts_hash FROM indicators.revisions"
        " WHERE commune_code = %s AND facts_hash IS NOT NULL ORDER BY chain_number",
        (settings.commune_code(),),
    ).fetchall()
    wrong = []
    for row in rows:
        told = {item: _hash(connection, row["revision_id"], item) for item in row["facts"]}
        lines = "\n".join(f"{item} {told[item]}" for item in sorted(told))
        if hashlib.sha256(lines.encode()).hexdigest() != row["facts_hash"]:
            wrong.append(row["subject"])
    return _found(_FACTS, len(rows), wrong, began)


def _hash(connection: psycopg.Connection, revision_id: int, item: str) -> str:
    digest = hashlib.sha256()
    for row in connection.execute(
        "SELECT body FROM indicators.revision_facts WHERE revision_id = %s AND item = %s ORDER BY part_number",
        (revision_id, item),
    ):
        try:
            digest.update(zstandard.ZstdDecompressor().decompress(row["body"]))
        except zstandard.ZstdError:
            return ""
    return digest.hexdigest()


def _found(check: Check, checked: int, wrong: Sequence[str], began: float) -> Finding:
    return finding(check, checked, len(wrong), list(wrong[:EXAMPLES]), began)
