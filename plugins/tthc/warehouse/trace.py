"""The walk of one dossier: every version and the bytes it came from, its events, its refused rows, its facts."""

from __future__ import annotations

from typing import Any

import psycopg

from tthc import settings
from tthc.sources import streams

#: Where the row ``v`` (fetch_id, row_number) lies in the archive, as an SQL expression.
ADDRESS = """(
    SELECT 'sha256:' || g.sha256 || ' · bản ghi ' || (v.row_number - g.first_row + 1)
    FROM ops.fetch_pages AS g
    WHERE g.fetch_id = v.fetch_id AND g.first_row <= v.row_number AND g.record_count > 0
    ORDER BY g.first_row DESC
    LIMIT 1
)"""
STREAM = "city__dossiers"
#: Columns of a version that say where it stands, not what it says.
_STANDING = {
    "commune_code", "dossier_code", "row_hash", "fetch_id", "row_number", "fetched_at", "flags", "missing_since",
    "valid_to",
}  # fmt: skip


def versions(connection: psycopg.Connection, dossier_code: str) -> list[dict[str, Any]]:
    """Return every version of a dossier in the order of the readings.

    Each: version, fetch_id, row_number, fetched_at, valid_to, state of the fetch, address, flags, and ``changes``:
    column → [before, now] for columns that may be shown, column → None for others and for lists; the first
    version shows all it has.
    """
    rows = connection.execute(
        f"SELECT v.*, f.kind AS fetch_kind, {ADDRESS} AS address FROM core.dossier_versions AS v"
        f" INNER JOIN ops.fetches AS f ON f.fetch_id = v.fetch_id"
        f" WHERE v.commune_code = %s AND v.dossier_code = %s ORDER BY v.fetched_at, v.fetch_id, v.row_number",
        (settings.commune_code(), dossier_code),
    ).fetchall()
    told = []
    for place, row in enumerate(rows):
        before = rows[place - 1] if place else None
        told.append(
            {
                "version": place + 1,
                **{
                    name: row[name]
                    for name in ("fetch_id", "row_number", "fetched_at", "valid_to", "fetch_kind")
                },
                "address": row["address"],
                "flags": row["flags"],
                "changes": _changes(before, row),
            }
        )
    return told


def _changes(before: dict[str, Any] | None, after: dict[str, Any]) -> dict[str, list[Any] | None]:
    shown = _columns_to_show()
    changes: dict[str, list[Any] | None] = {}
    for name, value in after.items():
        if name in _STANDING or name in ("fetch_kind", "address"):
            continue
        earlier = before[name] if before else None
        if value == earlier or (before is None and value in (None, [])):
            continue
        changes[name] = [earlier, value] if name in shown else None
    return changes


def _columns_to_show() -> set[str]:
    """The columns kept as received; a keyed hash, or a list that may hold one, is never printed."""
    return {
        column.name
        for column in streams.stream_named(STREAM).columns
        if column.personal == "keep" and column.type != "list"
    }


def events(connection: psycopg.Connection, dossier_code: str) -> list[dict[str, Any]]:
    """Return the progress events of a dossier in their order, each with its archive address."""
    return connection.execute(
        f"SELECT v.occurred_at, v.status, v.fetch_id, v.row_number, {ADDRESS} AS address"
        f" FROM core.progress_events AS v WHERE v.commune_code = %s AND v.dossier_code = %s"
        f" ORDER BY v.occurred_at, v.status",
        (settings.commune_code(), dossier_code),
    ).fetchall()


def refused(connection: psycopg.Connection, dossier_code: str) -> list[dict[str, Any]]:
    """Return the quarantined rows of a dossier, of any stream and state, oldest first."""
    return connection.execute(
        "SELECT quarantine_id, stream, fetch_id, row_number, rules, reason, address, state, opened_at, decided_at,"
        " decided_by, decision_reason FROM ops.quarantine"
        " WHERE commune_code = %s AND row_key = %s ORDER BY quarantine_id",
        (settings.commune_code(), dossier_code),
    ).fetchall()


def facts(connection: psycopg.Connection, dossier_code: str) -> dict[str, Any] | None:
    """Return what was derived of a dossier (``marts.dossiers``); None when no version was ever good."""
    found = connection.execute(
        "SELECT * FROM marts.dossiers WHERE commune_code = %s AND dossier_code = %s",
        (settings.commune_code(), dossier_code),
    ).fetchone()
    if found:
        found["pauses"] = str(found["pauses"])
        # The driver reads the end of an open dossier as no date at all.
        found.pop("alive_through")
    return found


def months(connection: psycopg.Connection, dossier_code: str) -> list[dict[str, Any]]:
    """Return the months in which a dossier was alive, each with the yes columns that are true."""
    rows = connection.execute(
        "SELECT * FROM marts.dossier_periods WHERE commune_code = %s AND dossier_code = %s"
        " ORDER BY calendar, period_start",
        (settings.commune_code(), dossier_code),
    ).fetchall()
    return [
        {
            "calendar": row["calendar"],
            "period": row["period"],
            "is": [name for name, value in row.items() if value is True],
        }
        for row in rows
    ]
