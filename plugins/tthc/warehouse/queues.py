"""What waits in the warehouse for a machine or a person: how much, and since when the oldest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg

from tthc import settings

_WAITING = """
SELECT 'readings' AS queue, started_at AS since FROM ops.fetches
WHERE commune_code = %(commune)s AND state IN ('fetching', 'fetched')
UNION ALL
SELECT 'quarantine', opened_at FROM ops.quarantine WHERE commune_code = %(commune)s AND state = 'open'
UNION ALL
SELECT 'releases', r.asked_at FROM ops.release_requests AS r
INNER JOIN ops.quarantine AS q ON q.quarantine_id = r.quarantine_id
WHERE q.commune_code = %(commune)s AND r.answered_at IS NULL
UNION ALL
SELECT 'incidents', opened_at FROM ops.incidents WHERE commune_code = %(commune)s AND closed_at IS NULL
"""
_QUEUES = f"""
SELECT q.queue, count(w.since) AS length, min(w.since) AS oldest
FROM (VALUES ('readings'), ('quarantine'), ('releases'), ('incidents')) AS q (queue)
LEFT JOIN ({_WAITING}) AS w ON w.queue = q.queue
GROUP BY q.queue ORDER BY q.queue
"""


@dataclass(frozen=True)
class Queue:
    """``incidents``, ``quarantine``, ``readings`` (begun, not merged) or ``releases``; its length and oldest item."""

    queue: str
    length: int
    oldest: datetime | None

    def age_seconds(self, now: datetime) -> float:
        """Return how long the oldest has waited; 0 when nothing waits."""
        return max((now - self.oldest).total_seconds(), 0.0) if self.oldest else 0.0


def of_commune(connection: psycopg.Connection) -> list[Queue]:
    """Return the four queues of the commune in force, the empty ones too."""
    return [Queue(**row) for row in connection.execute(_QUEUES, {"commune": settings.commune_code()})]
