"""Incidents: for each thing that is wrong exactly one open row, closed when it is right again."""

import psycopg

from tthc import settings


def open_incident(connection: psycopg.Connection, kind: str, subject: str, message: str) -> int:
    """Return the number of the one open incident of this kind and subject: new, or known and seen again.

    ``message`` is Vietnamese: what is wrong, where, what to do; never a personal value.
    """
    (incident_id,) = connection.execute(
        """
        INSERT INTO ops.incidents AS known (commune_code, kind, subject, message)
        VALUES (%s, %s, %s, %s)
        ON CONFLICT (commune_code, kind, subject) WHERE closed_at IS NULL DO UPDATE
        SET seen_count = known.seen_count + 1, last_seen_at = now(), message = excluded.message
        RETURNING incident_id
        """,
        (settings.commune_code(), kind, subject, message),
    ).fetchone()
    return incident_id


def close_incident(connection: psycopg.Connection, kind: str, subject: str, because: str) -> bool:
    """Close the open incident of this kind and subject, if there is one; say whether there was."""
    closed = connection.execute(
        """
        UPDATE ops.incidents
        SET closed_at = now(), closed_because = %s
        WHERE commune_code = %s AND kind = %s AND subject = %s AND closed_at IS NULL
        """,
        (because, settings.commune_code(), kind, subject),
    )
    return closed.rowcount > 0


def open_subjects(connection: psycopg.Connection, kind: str) -> list[str]:
    """Return the subjects of the open incidents of a kind, in order."""
    found = connection.execute(
        """
        SELECT subject FROM ops.incidents
        WHERE commune_code = %s AND kind = %s AND closed_at IS NULL
        ORDER BY subject
        """,
        (settings.commune_code(), kind),
    )
    return [subject for (subject,) in found]
