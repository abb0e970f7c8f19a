"""The chain of evaluation sheets: how a sheet is written down and hashed, its seal, and the check of all links."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from typing import Any

import psycopg

from tthc import settings
from tthc.warehouse import chain
from tthc.warehouse.doctor import EXAMPLES, Check, Finding, finding, judge

_TODO = "Phiếu đánh giá bị sửa ngoài phần mềm: khôi phục các bảng restricted.score_* từ bản sao lưu, báo người duyệt."
_NAME = "concat_ws(' ', r.calendar, r.period, r.state, 'phiên bản', r.version)"
_LINKS = Check(
    "P7",
    "sheets_are_linked",
    "chuỗi các lần lập phiếu còn nguyên: mỗi mắt xích khớp dấu của nó, của mắt trước, và mắt cuối còn đó",
    chain.links(
        "restricted.score_runs", "restricted.score_chain_heads", "restricted.score_run_digest", _NAME
    ),
    _TODO,
)
_NUMBERED = Check(
    "P7",
    "sealed_versions_are_numbered",
    "các phiên bản đã niêm của một kỳ được đánh số 1, 2, 3… không hở",
    "SELECT concat_ws(' ', calendar, period) AS subject, min(version) = 1 AND max(version) = count(*) AS is_right"
    " FROM restricted.score_runs WHERE commune_code = %(commune)s AND state = 'sealed' GROUP BY calendar, period",
    _TODO,
)
_WHOLE = Check(
    "P7",
    "sheets_are_whole",
    "mỗi lần lập còn đủ phiếu, mỗi phiếu đúng dấu vân tay, và có dấu niêm làm bằng khóa nằm ngoài cơ sở dữ liệu",
    "",
    _TODO + " Nếu TTHC_SECRET_KEY đã đổi thì đặt lại khóa cũ rồi khám lại.",
)


def canonical(sheet: Any) -> bytes:
    """Return a sheet as the bytes that are hashed: JSON, keys in order, no blanks, UTF-8.

    >>> canonical({"b": "90.00", "a": [1, None]}).decode()
    '{"a":[1,null],"b":"90.00"}'
    """
    return json.dumps(sheet, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sheet_hash(sheet: Any) -> str:
    """Return the hash of one sheet."""
    return hashlib.sha256(canonical(sheet)).hexdigest()


def content_hash(sheets: Iterable[tuple[str, str, str]]) -> str:
    """Return the hash of (kind, code, hash) of all sheets of a run, in whatever order they come."""
    lines = sorted(" ".join(sheet) for sheet in sheets)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def seal(connection: psycopg.Connection, score_run_id: int, chain_hash: str) -> None:
    """Seal a run whose sheets are all there, in the transaction of its caller; no sheet can be added from then on."""
    connection.execute(
        "INSERT INTO restricted.score_seals (score_run_id, key_id, seal) VALUES (%s, %s, %s)",
        (score_run_id, *chain.new_seal(connection, chain_hash)),
    )


def findings(connection: psycopg.Connection) -> list[Finding]:
    """Check links, versions, sheets and seals of all runs; a backup older than the chain has none."""
    if connection.execute("SELECT to_regclass('restricted.score_runs') AS found").fetchone()["found"] is None:
        return []
    return [judge(connection, _LINKS), judge(connection, _NUMBERED), _whole(connection)]


def _whole(connection: psycopg.Connection) -> Finding:
    began, key = time.monotonic(), chain.key_of_seals(connection)
    runs = connection.execute(
        f"SELECT r.score_run_id, {_NAME} AS subject, r.sheet_count, r.content_hash, r.chain_hash, s.seals"
        " FROM restricted.score_runs AS r LEFT JOIN (SELECT score_run_id, jsonb_object_agg(key_id, seal) AS seals"
        "  FROM restricted.score_seals GROUP BY score_run_id) AS s USING (score_run_id)"
        " WHERE r.commune_code = %s ORDER BY r.chain_number",
        (settings.commune_code(),),
    ).fetchall()
    wrong = [run["subject"] for run in runs if not _is_whole(connection, run, key)]
    return finding(_WHOLE, len(runs), len(wrong), wrong[:EXAMPLES], began)


def _is_whole(connection: psycopg.Connection, run: dict[str, Any], key: tuple[str, bytes | None]) -> bool:
    if not chain.is_sealed(run["seals"], run["chain_hash"], key):
        return False
    sheets = connection.execute(
        "SELECT subject_kind, subject_code, sheet, sheet_sha256 FROM restricted.score_sheets WHERE score_run_id = %s",
        (run["score_run_id"],),
    ).fetchall()
    hashes = [(row["subject_kind"], row["subject_code"], row["sheet_sha256"]) for row in sheets]
    return (
        len(sheets) == run["sheet_count"]
        and content_hash(hashes) == run["content_hash"]
        and all(sheet_hash(row["sheet"]) == row["sheet_sha256"] for row in sheets)
    )
