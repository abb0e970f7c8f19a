"""What people do with quarantined rows: open one, and sign that those judged again may go.

Opening what the warehouse does not hold leaves a line in ``ops.access_log``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from tthc.errors import TthcError, UsageError
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


def sign_release(connection: psycopg.Connection, ids: Sequence[int], by: str, reason: str) -> list[int]:
    """Put a person's name to the rows of ``ids`` that were good when judged again; return their numbers."""
    if not by.strip() or not reason.strip():
        raise UsageError("Xét lại dòng cách ly cần có người quyết định (--by) và lý do (--reason).")
    rows = connection.execute(
        "UPDATE ops.quarantine SET state = 'released', decided_at = now(), decided_by = %s, decision_reason = %s"
        " WHERE quarantine_id = ANY (%s) AND state = 'resolved' RETURNING quarantine_id",
        (by.strip(), reason.strip(), list(ids)),
    ).fetchall()
    return sorted(row["quarantine_id"] for row in rows)


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
