"""The two systems put side by side again where something moved: which dossier is which, and where they differ.

Only clusters that a change can reach are made again: the changed dossiers, what they were matched with, and
everything on either side that a rule could join to these. What two clusters hold never meets, so the result is
that of matching everything, whatever came first.
"""

from __future__ import annotations

import psycopg

from tthc import settings
from tthc.sources.streams import Stream
from tthc.warehouse import database, tables

PORTAL = "core.portal_dossiers"
_MEMORY_OF_EVERYTHING = "32MB"
#: Which dossiers of the city and of the portal a changed row of each core table reaches; ``changed`` holds its key.
_REACHED = {
    "core.dossiers": ("SELECT DISTINCT dossier_code FROM changed", None),
    "core.progress_events": ("SELECT DISTINCT dossier_code FROM changed", None),
    PORTAL: (None, "SELECT DISTINCT dossier_code FROM changed"),
    "core.procedures": (
        "SELECT dossier_code FROM marts.dossiers WHERE commune_code = %(commune_code)s"
        " AND procedure_code IN (SELECT procedure_code FROM changed)",
        "SELECT dossier_code FROM core.portal_dossiers WHERE commune_code = %(commune_code)s"
        " AND procedure_code IN (SELECT procedure_code FROM changed)",
    ),
}


def after(connection: psycopg.Connection, stream: Stream, including: int | None = None) -> list[str]:
    """Compare again what the rows of ``changed`` reach; return the months whose numbers can have moved.

    ``including`` is a reading that is being merged and does not stand as merged in the ledger yet. What is derived
    of the city's dossiers must be up to date.
    """
    if stream.table not in _REACHED or not _has_anything(connection, stream):
        return []
    return _compare(connection, *_REACHED[stream.table], including)


def everything(connection: psycopg.Connection) -> list[str]:
    """Match and compare every dossier again, for changed units or a changed shape; return the moved months."""
    everyone = " UNION ".join(
        f"SELECT {{0}} FROM {table} WHERE commune_code = %(commune_code)s AND {{0}} IS NOT NULL"
        for table in ("core.dossier_matches", "marts.reconciliation")
    )
    city, portal = (
        f"SELECT dossier_code FROM {table} WHERE commune_code = %(commune_code)s UNION {everyone.format(code)}"
        for table, code in (("core.dossiers", "dossier_code"), (PORTAL, "portal_code"))
    )
    # Several hashes of a whole side stand beside each other: each of them gets less, so that all together stay small.
    before = connection.execute("SHOW work_mem").fetchone()["work_mem"]
    connection.execute(f"SET LOCAL work_mem = '{_MEMORY_OF_EVERYTHING}'")
    # Whoever is in any of these is there already: no rule can reach anybody else.
    moved = _compare(connection, city, portal, None, is_everything=True)
    connection.execute(f"SET LOCAL work_mem = '{before}'")
    return moved


def _has_anything(connection: psycopg.Connection, stream: Stream) -> bool:
    """Say whether there is something to compare: no city that has no export yet pays for the other side."""
    if stream.table == PORTAL:
        return True
    return connection.execute(
        "SELECT EXISTS (SELECT FROM core.portal_dossiers WHERE commune_code = %(commune_code)s)"
        " OR EXISTS (SELECT FROM core.portal_coverage WHERE commune_code = %(commune_code)s) AS yes",
        _parameters(),
    ).fetchone()["yes"]


def _compare(
    connection: psycopg.Connection,
    city: str | None,
    portal: str | None,
    including: int | None,
    *,
    is_everything: bool = False,
) -> list[str]:
    parameters = _parameters() | {"including": including}
    # Both sides may be merged at the same time; what they reach is compared by one after the other.
    database.lock(connection, "derive")
    connection.execute("DROP TABLE IF EXISTS near_city, near_portal, images_before")
    for step, name, query in ((0, "near_city", city), (1, "near_portal", portal)):
        connection.execute(
            f"CREATE TEMPORARY TABLE {name} (code text PRIMARY KEY, step integer NOT NULL) ON COMMIT DROP"
        )
        if query:
            connection.execute(
                f"INSERT INTO {name} SELECT code, {step} FROM ({query}) AS t (code)", parameters
            )
    _add_newly_covered(connection, parameters)
    if is_everything:
        connection.execute("ANALYZE near_city, near_portal")
    else:
        _widen(connection, parameters)
    connection.execute(f"CREATE TEMPORARY TABLE images_before ON COMMIT DROP AS {_IMAGES}", parameters)
    tables.refill(connection, "core.dossier_matches", parameters)
    tables.refill(connection, "marts.reconciliation", parameters)
    connection.execute("ANALYZE marts.reconciliation (commune_code, city_received_on, portal_received_on)")
    return [row["month"] for row in connection.execute(_MOVED_MONTHS, parameters)]


def _add_newly_covered(connection: psycopg.Connection, parameters: dict) -> None:
    """Refill the days that exports cover, and reach the dossiers of the days that came or went, on either side."""
    coverage = "SELECT covered FROM core.portal_coverage WHERE commune_code = %(commune_code)s"
    before = connection.execute(f"SELECT ({coverage})::text AS covered", parameters).fetchone()["covered"]
    tables.refill(connection, "core.portal_coverage", parameters)
    moved = (
        f"(SELECT unnest((older + newer) - (older * newer)) AS stretch"
        f" FROM (SELECT coalesce(%(before)s, '{{}}')::datemultirange AS older,"
        f"  coalesce(({coverage}), '{{}}') AS newer) AS covered) AS moved"
    )
    told = parameters | {"before": before}
    connection.execute(
        f"INSERT INTO near_city SELECT d.dossier_code, 0 FROM {moved} INNER JOIN marts.dossiers AS d"
        f" ON d.commune_code = %(commune_code)s AND d.received_on >= lower(stretch)"
        f" AND d.received_on < upper(stretch) ON CONFLICT DO NOTHING",
        told,
    )
    connection.execute(
        f"INSERT INTO near_portal SELECT r.portal_code, 1 FROM {moved} INNER JOIN marts.reconciliation AS r"
        f" ON r.commune_code = %(commune_code)s AND r.portal_received_on >= lower(stretch)"
        f" AND r.portal_received_on < upper(stretch) AND r.portal_code IS NOT NULL ON CONFLICT DO NOTHING",
        told,
    )


def _widen(connection: psycopg.Connection, parameters: dict) -> None:
    """Add to both sides what a rule could join to what is there, until nothing is left to add."""
    step, added = 0, 1
    while added:
        connection.execute("ANALYZE near_city")
        now = parameters | {"step": step}
        added = connection.execute(_NEXT_TO_CITY, now).rowcount
        # What was just added to the portal's side is looked at in the same step.
        connection.execute("ANALYZE near_portal")
        added += connection.execute(_NEXT_TO_PORTAL, now).rowcount
        step += 1


def _parameters() -> dict:
    return {"commune_code": settings.commune_code()}


_NEXT_TO_CITY = """
INSERT INTO near_portal
SELECT t.code, %(step)s + 1
FROM (
    SELECT m.portal_code AS code
    FROM near_city AS n
    INNER JOIN core.dossier_matches AS m ON m.commune_code = %(commune_code)s AND m.dossier_code = n.code
    WHERE n.step = %(step)s
    UNION
    SELECT p.dossier_code
    FROM near_city AS n
    INNER JOIN core.portal_dossiers AS p ON p.commune_code = %(commune_code)s AND p.dossier_code = n.code
    WHERE n.step = %(step)s
    UNION
    SELECT p.dossier_code
    FROM near_city AS n
    INNER JOIN core.portal_dossiers AS p ON p.commune_code = %(commune_code)s AND p.other_dossier_code = n.code
    WHERE n.step = %(step)s
    UNION
    SELECT p.dossier_code
    FROM near_city AS n
    INNER JOIN core.dossiers AS d ON d.commune_code = %(commune_code)s AND d.dossier_code = n.code
    INNER JOIN core.portal_dossiers AS p ON p.commune_code = d.commune_code AND p.dossier_code = d.other_dossier_code
    WHERE n.step = %(step)s
    UNION
    SELECT p.dossier_code
    FROM near_city AS n
    INNER JOIN marts.dossiers AS d ON d.commune_code = %(commune_code)s AND d.dossier_code = n.code
    INNER JOIN core.portal_dossiers AS p
        ON
            p.commune_code = d.commune_code
            AND p.received_at = d.received_at
            AND p.procedure_code = d.procedure_code
    WHERE n.step = %(step)s
) AS t
ON CONFLICT DO NOTHING
"""

_NEXT_TO_PORTAL = """
INSERT INTO near_city
SELECT t.code, %(step)s + 1
FROM (
    SELECT m.dossier_code AS code
    FROM near_portal AS n
    INNER JOIN core.dossier_matches AS m ON m.commune_code = %(commune_code)s AND m.portal_code = n.code
    WHERE n.step = %(step)s + 1
    UNION
    SELECT d.dossier_code
    FROM near_portal AS n
    INNER JOIN core.dossiers AS d ON d.commune_code = %(commune_code)s AND d.dossier_code = n.code
    WHERE n.step = %(step)s + 1
    UNION
    SELECT d.dossier_code
    FROM near_portal AS n
    INNER JOIN core.dossiers AS d ON d.commune_code = %(commune_code)s AND d.other_dossier_code = n.code
    WHERE n.step = %(step)s + 1
    UNION
    SELECT d.dossier_code
    FROM near_portal AS n
    INNER JOIN core.portal_dossiers AS p ON p.commune_code = %(commune_code)s AND p.dossier_code = n.code
    INNER JOIN core.dossiers AS d ON d.commune_code = p.commune_code AND d.dossier_code = p.other_dossier_code
    WHERE n.step = %(step)s + 1
    UNION
    SELECT d.dossier_code
    FROM near_portal AS n
    INNER JOIN core.portal_dossiers AS p ON p.commune_code = %(commune_code)s AND p.dossier_code = n.code
    INNER JOIN marts.dossiers AS d
        ON
            d.commune_code = p.commune_code
            AND d.received_on = core.day_of(p.received_at)
            AND d.received_at = p.received_at
            AND d.procedure_code = p.procedure_code
    WHERE n.step = %(step)s + 1
) AS t
ON CONFLICT DO NOTHING
"""

#: What is said of the reached dossiers, as text that is the same when nothing moved.
_IMAGES = """
SELECT r.dossier_code, r.city_received_on, r.portal_received_on, r::text AS image
FROM near_city AS n
INNER JOIN marts.reconciliation AS r ON r.commune_code = %(commune_code)s AND r.dossier_code = n.code
UNION ALL
SELECT r.dossier_code, r.city_received_on, r.portal_received_on, r::text AS image
FROM near_portal AS n
INNER JOIN marts.reconciliation AS r ON r.commune_code = %(commune_code)s AND r.portal_code = n.code
WHERE NOT EXISTS (SELECT FROM near_city AS c WHERE c.code = r.dossier_code)
"""

_MOVED_MONTHS = f"""
WITH moved AS (
    -- An image that stands on both sides moved nothing.
    SELECT city_received_on, portal_received_on
    FROM (SELECT * FROM images_before UNION ALL {_IMAGES}) AS images
    GROUP BY dossier_code, image, city_received_on, portal_received_on
    HAVING count(*) = 1
),

days AS (
    SELECT city_received_on AS day FROM moved
    UNION
    SELECT portal_received_on FROM moved
)

SELECT to_char(day, 'YYYY-MM') AS month FROM days WHERE day IS NOT NULL
UNION
SELECT to_char(day + interval '1 month' - interval '14 days', 'YYYY-MM') FROM days WHERE day IS NOT NULL
ORDER BY month
"""
