"""What people do with quarantined rows: open one, ask that some be judged again, and sign those that are good then.

Opening what the warehouse does not hold leaves a line in ``ops.access_log``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from tthc.errors import TthcError
from tthc.landing.stage import records
from tthc.sources import streams
from tthc.sources.streams import Column


def note_access(connection: psycopg.Connection, row: dict[str, Any], by: str, reason: str) -> int:
    """Write down who opens a quarantined row and why; return the number of the line. The caller commits."""
    return connection.execute(
        "INSERT INTO ops.access_log (accessed_by, action, subject, reason)"
        " VALUES (%s, 'quarantine.reveal', %s, %s) RETURNING access_id",
        (by, f"{row['stream']} · {row['address']}", reason),
    ).fetchone()["access_id"]


def note_export(
    connection: psycopg.Connection,
    stream: str,
    unit_name: str,
    ids: Sequence[int],
    sheet_sha256: str,
    by: str,
    reason: str,
) -> int:
    """Write down who takes which rows out as a return sheet, and why; return the number of the line.

    The hash tells later whether a sheet somewhere is that one. The caller commits.
    """
    subject = f"{stream} · {unit_name} · {len(ids)} dòng: {in_ranges(ids)} · sha256:{sheet_sha256}"
    return connection.execute(
        "INSERT INTO ops.access_log (accessed_by, action, subject, reason)"
        " VALUES (%s, 'quarantine.export', %s, %s) RETURNING access_id",
        (by, subject, reason),
    ).fetchone()["access_id"]


def in_ranges(numbers: Sequence[int]) -> str:
    """Return numbers in order, those that follow each other as one range.

    >>> in_ranges([7, 3, 4, 5])
    '3-5, 7'
    """
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def record(connection: psycopg.Connection, row: dict[str, Any], *, everything: bool) -> dict[str, Any]:
    """Return a quarantined row from the archive, header → value as received.

    Without ``everything`` only what the stream's declaration keeps: of a list, only the kept members.
    """
    stream = streams.stream_named(row["stream"])
    for number, _, _, found in records(connection, stream, row["fetch_id"]):
        if number == row["row_number"]:
            return found if everything else _kept(found, stream.columns)
    raise TthcError(
        f"Kho lưu không có dòng {row['row_number']} của lần đọc {row['fetch_id']}:"
        " chạy tthc doctor --full để kiểm tra kho lưu."
    )


def ask_release(connection: psycopg.Connection, ids: Sequence[int], by: str, reason: str) -> None:
    """Note who wants which open rows judged again, and why."""
    connection.execute(
        "INSERT INTO ops.release_requests (quarantine_id, asked_by, reason)"
        " SELECT wanted.number, %s, %s FROM unnest(%s::bigint[]) AS wanted (number)",
        (by.strip(), reason.strip(), list(ids)),
    )


def asked_releases(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Return the rows that somebody wants judged again and that were not yet: their numbers and streams."""
    return connection.execute(
        "SELECT q.quarantine_id, q.stream FROM ops.quarantine AS q WHERE EXISTS (SELECT FROM ops.release_requests"
        " AS r WHERE r.quarantine_id = q.quarantine_id AND r.answered_at IS NULL) ORDER BY q.quarantine_id"
    ).fetchall()


def newest_request(connection: psycopg.Connection, quarantine_id: int) -> dict[str, Any] | None:
    """Return who asked last that a row be judged again, why, and what came of it; None when nobody did."""
    return connection.execute(
        "SELECT asked_by, asked_at, reason, answered_at, is_released FROM ops.release_requests"
        " WHERE quarantine_id = %s ORDER BY asked_at DESC LIMIT 1",
        (quarantine_id,),
    ).fetchone()


def sign_release(connection: psycopg.Connection, ids: Sequence[int]) -> list[int]:
    """Put the name of who asked to the rows of ``ids`` that were good when judged again; return their numbers.

    Their requests, and those of the rows that were refused again, are answered by this.
    """
    rows = connection.execute(
        "WITH asked AS (SELECT DISTINCT ON (quarantine_id) * FROM ops.release_requests"
        "  WHERE answered_at IS NULL AND quarantine_id = ANY (%(ids)s) ORDER BY quarantine_id, asked_at DESC),"
        # A row that was over before it was asked for, or that a reading merged since has ended, is nobody's release.
        " signed AS (UPDATE ops.quarantine AS q SET state = 'released', decided_at = now(), decided_by = a.asked_by,"
        "  decision_reason = a.reason FROM asked AS a WHERE q.quarantine_id = a.quarantine_id"
        "  AND q.state = 'resolved' AND q.decided_at >= a.asked_at AND (q.closed_fetch_id = q.fetch_id OR EXISTS ("
        "   SELECT FROM ops.fetches AS f WHERE f.fetch_id = q.closed_fetch_id AND f.merged_at < a.asked_at))"
        "  RETURNING q.quarantine_id)"
        " UPDATE ops.release_requests AS r SET answered_at = now(),"
        "  is_released = EXISTS (SELECT FROM signed WHERE signed.quarantine_id = r.quarantine_id)"
        " WHERE r.answered_at IS NULL AND r.quarantine_id = ANY (%(ids)s)"
        " RETURNING r.quarantine_id, r.is_released",
        {"ids": list(ids)},
    ).fetchall()
    return sorted({row["quarantine_id"] for row in rows if row["is_released"]})


def _kept(found: dict[str, Any], columns: tuple[Column, ...]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for column in columns:
        if column.header not in found or column.personal != "keep":
            continue
        value = found[column.header]
        if column.type != "list":
            kept[column.header] = value if not isinstance(value, dict | list) else None
            continue
        shown = {member.header for member in column.members if member.personal == "keep"}
        kept[column.header] = [
            {
                name: member
                for name, member in item.items()
                if name in shown and not isinstance(member, dict | list)
            }
            for item in (value if isinstance(value, list) else [value])
            if isinstance(item, dict)
        ]
    return kept
