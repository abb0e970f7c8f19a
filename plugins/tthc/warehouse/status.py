"""How the warehouse stands at a glance: readings, open incidents, quarantine, computed and published periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from tthc import settings


def fetches(connection: psycopg.Connection, limit: int) -> list[dict[str, Any]]:
    """Return the newest readings, newest first, with their accounting."""
    return connection.execute(
        "SELECT fetch_id, stream, kind, window_from, window_to, state, fetched_at, read_count, merged_count,"
        " unchanged_count, quarantined_count, superseded_count, is_complete"
        " FROM ops.fetches WHERE commune_code = %s ORDER BY fetch_id DESC LIMIT %s",
        (settings.commune_code(), limit),
    ).fetchall()


def incidents(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Return the open incidents, oldest first."""
    return connection.execute(
        "SELECT incident_id, kind, subject, message, opened_at, seen_count FROM ops.incidents"
        " WHERE commune_code = %s AND closed_at IS NULL ORDER BY incident_id",
        (settings.commune_code(),),
    ).fetchall()


def quarantine(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Return how many rows are kept apart, by stream and state."""
    return connection.execute(
        "SELECT stream, state, count(*) AS row_count FROM ops.quarantine WHERE commune_code = %s"
        " GROUP BY stream, state ORDER BY stream, state",
        (settings.commune_code(),),
    ).fetchall()


def periods(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Return the newest build and the revision in force of each period; ``is_waiting``: the build says more."""
    return connection.execute(
        "SELECT b.calendar, b.period, b.build_id, b.built_at, r.revision_number, r.published_at, r.approved_by,"
        " r.content_hash IS DISTINCT FROM b.content_hash AS is_waiting"
        " FROM (SELECT DISTINCT ON (calendar, period) * FROM indicators.builds WHERE commune_code = %(commune)s"
        "  ORDER BY calendar, period, build_id DESC) AS b"
        " LEFT JOIN LATERAL (SELECT * FROM indicators.revisions AS v WHERE v.commune_code = b.commune_code"
        "  AND (v.calendar, v.period) = (b.calendar, b.period) ORDER BY v.revision_number DESC LIMIT 1) AS r ON true"
        " ORDER BY b.calendar, b.period_end, b.period_start DESC",
        {"commune": settings.commune_code()},
    ).fetchall()


def of_communes(connection: psycopg.Connection, codes: Sequence[str]) -> list[dict[str, Any]]:
    """Return one row a commune: newest merge, what is unfinished, open or refused, newest publication."""
    return connection.execute(
        "SELECT c.code AS commune,"
        " (SELECT max(merged_at) FROM ops.fetches AS f WHERE f.commune_code = c.code AND f.state = 'merged')"
        "  AS merged_at,"
        " (SELECT count(*) FROM ops.fetches AS f WHERE f.commune_code = c.code"
        "  AND f.state IN ('fetching', 'fetched')) AS unfinished_count,"
        " (SELECT count(*) FROM ops.incidents AS i WHERE i.commune_code = c.code AND i.closed_at IS NULL)"
        "  AS incident_count,"
        " (SELECT count(*) FROM ops.quarantine AS q WHERE q.commune_code = c.code AND q.state = 'open')"
        "  AS refused_count,"
        " (SELECT r.period FROM indicators.revisions AS r WHERE r.commune_code = c.code"
        "  ORDER BY r.published_at DESC, r.period LIMIT 1) AS published"
        " FROM unnest(%s::text[]) AS c (code) ORDER BY c.code",
        (list(codes),),
    ).fetchall()
