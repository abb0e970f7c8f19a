"""What a change in core moves downstream: the dossiers to derive again, and the months whose numbers can change."""

from __future__ import annotations

import psycopg

from tthc import settings
from tthc.landing import recognition
from tthc.sources.streams import Stream, city_streams
from tthc.warehouse import database, reconciliation, tables

#: So many dossiers are derived in one statement: few enough for its sorts and hashes to stay small.
_AT_ONCE = 20_000
#: Which dossiers a changed row of each core table touches, given the temporary table ``changed``.
_TOUCHED = {
    "core.dossiers": "SELECT DISTINCT commune_code, dossier_code FROM changed",
    "core.progress_events": "SELECT DISTINCT commune_code, dossier_code FROM changed",
    "core.procedures": (
        "SELECT d.commune_code, d.dossier_code FROM core.dossiers AS d"
        " WHERE (d.commune_code, d.procedure_code) IN (SELECT commune_code, procedure_code FROM changed)"
    ),
    "core.working_days": (
        "SELECT d.commune_code, d.dossier_code FROM core.dossiers AS d"
        " WHERE d.commune_code IN (SELECT commune_code FROM changed)"
    ),
}


#: The small tables that are filled from a changed core table before any dossier is derived.
_REFILLED = {"core.procedures": ("core.procedures_in_force",), "core.working_days": ("marts.days",)}


def refill_whole(connection: psycopg.Connection, name: str) -> None:
    """Fill one of the small tables anew for the commune."""
    tables.refill(connection, name, {"commune_code": settings.commune_code()})
    connection.execute(f"ANALYZE {name}")


def after(connection: psycopg.Connection, stream: Stream, including: int | None = None) -> list[str]:
    """Derive again what the rows of ``changed`` touch; return the labels of the months that can have moved.

    ``including`` is the reading that is being merged, which the ledger does not call merged yet.
    """
    for name in _REFILLED.get(stream.table, ()):
        refill_whole(connection, name)
    _let_be_judged_again(connection, stream)
    months = set(derive(connection, _TOUCHED[stream.table])) if stream.table in _TOUCHED else set()
    return sorted(months.union(reconciliation.after(connection, stream, including)))


def _let_be_judged_again(connection: psycopg.Connection, stream: Stream) -> None:
    """Forget what is known of the rows that are judged with the help of what changed."""
    key = stream.key[0]
    for waiting in city_streams():
        if stream.stream in waiting.after and waiting.key[0] == key:
            rows = connection.execute(f"SELECT DISTINCT {key} AS key FROM changed").fetchall()
            recognition.forget(connection, waiting, [row["key"] for row in rows])


def derive(connection: psycopg.Connection, touched: str) -> list[str]:
    """Refill ``marts.dossiers`` for the dossiers that a query names; return the months whose numbers can move.

    A dossier moves the months in which its old or its new image is alive, in both calendars; one that is open,
    those up to the newest day that any reading knows. Done in parts, so that memory does not grow with the number.
    """
    # Events and dossiers may be merged at the same time; what they touch is derived by one after the other.
    database.lock(connection, "derive")
    connection.execute("DROP TABLE IF EXISTS touched")
    connection.execute(
        # In the order in which they lie on disk, so that the rows of a part are neighbours.
        f"CREATE TEMPORARY TABLE touched ON COMMIT DROP AS SELECT commune_code, dossier_code,"
        f" (row_number() OVER (ORDER BY d.ctid) - 1) / {_AT_ONCE} AS part FROM ({touched}) AS t"
        f" LEFT JOIN core.dossiers AS d USING (commune_code, dossier_code)"
    )
    parts = connection.execute("SELECT coalesce(max(part) + 1, 0) AS n FROM touched").fetchone()["n"]
    months: set[str] = set()
    for part in range(parts):
        months |= _derive_part(connection, part)
    if parts:
        connection.execute("ANALYZE marts.dossiers (commune_code, dossier_code, received_on, alive_through)")
    return sorted(months)


def _derive_part(connection: psycopg.Connection, part: int) -> set[str]:
    connection.execute("DROP TABLE IF EXISTS touched_dossiers, before")
    connection.execute(
        "CREATE TEMPORARY TABLE touched_dossiers ON COMMIT DROP AS"
        " SELECT commune_code, dossier_code FROM touched WHERE part = %s",
        (part,),
    )
    connection.execute("ANALYZE touched_dossiers")
    connection.execute(
        "CREATE TEMPORARY TABLE before ON COMMIT DROP AS"
        " SELECT d.* FROM marts.dossiers AS d INNER JOIN touched_dossiers AS t USING (commune_code, dossier_code)"
    )
    connection.execute("ANALYZE before (commune_code, dossier_code)")
    tables.refill(connection, "marts.dossiers")
    rows = connection.execute(_MOVED_MONTHS, {"commune_code": settings.commune_code()})
    return {row["month"] for row in rows}


def derive_everything(connection: psycopg.Connection) -> list[str]:
    """Derive every dossier again, for a changed unit table, calendar, catalogue or shape."""
    for names in _REFILLED.values():
        for name in names:
            refill_whole(connection, name)
    months = derive(connection, "SELECT commune_code, dossier_code FROM core.dossiers")
    return sorted({*months, *reconciliation.everything(connection)})


_MOVED_MONTHS = """
WITH newest AS (
    SELECT core.day_of(max(fetched_at)) AS day
    FROM ops.fetches
    WHERE commune_code = %(commune_code)s AND kind <> 'file'
),

images AS (
    SELECT b.commune_code, b.dossier_code, b.received_on, b.alive_through, b.is_counted, b::text AS image
    FROM before AS b
    UNION ALL
    SELECT d.commune_code, d.dossier_code, d.received_on, d.alive_through, d.is_counted, d::text AS image
    FROM marts.dossiers AS d
    INNER JOIN touched_dossiers AS t USING (commune_code, dossier_code)
),

moved AS (
    -- An image that stands on both sides moved nothing.
    SELECT received_on, least(alive_through, coalesce(newest.day, current_date)) AS through
    FROM images CROSS JOIN newest
    WHERE is_counted
    GROUP BY dossier_code, image, received_on, alive_through, newest.day
    HAVING count(*) = 1
),

spans AS (
    SELECT DISTINCT
        date_trunc('month', received_on)::date AS first_month,
        date_trunc('month', through)::date AS last_month
    FROM moved
    UNION
    SELECT DISTINCT
        date_trunc('month', received_on + interval '1 month' - interval '14 days')::date,
        date_trunc('month', through + interval '1 month' - interval '14 days')::date
    FROM moved
)

SELECT DISTINCT to_char(m, 'YYYY-MM') AS month
FROM spans
CROSS JOIN LATERAL generate_series(first_month, last_month, interval '1 month') AS m
ORDER BY month
"""
