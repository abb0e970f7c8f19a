"""Builds: the marts of a month filled again, and the values of a period kept when they say something new."""

from __future__ import annotations

from datetime import date

import psycopg

from tthc.indicators import completeness, composed, compute, definitions, noted
from tthc.warehouse import tables
from tthc.workdays.periods import Period


def refill_month(connection: psycopg.Connection, month: Period) -> int:
    """Refill ``marts.dossier_periods`` for one month of one calendar; return its rows."""
    parameters = compute.parameters(month)
    tables.year_partition(connection, "marts.dossier_periods", month.start.year)
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtext('refill' || %(commune_code)s || %(calendar)s || %(period)s))",
        parameters,
    )
    return tables.refill(connection, "marts.dossier_periods", parameters)


def build(connection: psycopg.Connection, period: Period) -> tuple[int, bool]:
    """Compute every indicator of a period; return (build_id, is_new).

    A build that says the same as the newest one under the same definitions is that one. An older build that was
    never published is dropped: only the newest draft is kept beside the published ones.
    """
    parameters = compute.parameters(period)
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtext(%(commune_code)s || %(calendar)s || %(period)s))", parameters
    )
    newest = connection.execute(
        "SELECT build_id, content_hash, definitions_hash FROM indicators.builds"
        " WHERE commune_code = %(commune_code)s AND calendar = %(calendar)s AND period = %(period)s"
        " ORDER BY build_id DESC LIMIT 1",
        parameters,
    ).fetchone()
    parameters["definitions_hash"] = noted.note(connection)
    missing = completeness.gaps(connection, period)
    compute.compute(connection, period, missing)
    composed.add(connection, period)
    _note_gaps(connection, period, missing)
    parameters["content_hash"] = connection.execute(_CONTENT_HASH).fetchone()["content_hash"]
    if newest and all(newest[name] == parameters[name] for name in ("content_hash", "definitions_hash")):
        # The same numbers may lack their sources from another day on; what was published stays as it was told.
        connection.execute(_SAME_BUT_GAPS, {"build_id": newest["build_id"]})
        return newest["build_id"], False
    parameters["build_id"] = connection.execute(_NEW_BUILD, parameters).fetchone()["build_id"]
    connection.execute(
        "INSERT INTO indicators.values (build_id, level, code, indicator, numerator, denominator, value, status)"
        " SELECT %(build_id)s, level, code, indicator, numerator, denominator, value, status FROM computed",
        parameters,
    )
    connection.execute(_GAPS, parameters)
    connection.execute(_DROP_OLD_DRAFTS, parameters)
    return parameters["build_id"], True


def _note_gaps(connection: psycopg.Connection, period: Period, missing: dict[str, date]) -> None:
    """Lay out for each indicator of the period which of its sources lacks, and since when."""
    connection.execute("DROP TABLE IF EXISTS computed_gaps")
    connection.execute(
        "CREATE TEMPORARY TABLE computed_gaps (indicator text, stream text, lacks_from date) ON COMMIT DROP"
    )
    connection.cursor().executemany(
        "INSERT INTO computed_gaps VALUES (%s, %s, %s)",
        [
            (indicator.id, stream, since)
            for indicator in definitions.indicators().values()
            if indicator.holds_in(period)
            for stream, since in completeness.lacking(indicator, missing).items()
        ],
    )


_CONTENT_HASH = """
SELECT encode(sha256(convert_to(coalesce(string_agg(
    concat_ws(
        '|', level, code, indicator, coalesce(numerator::text, '-'), coalesce(denominator::text, '-'),
        coalesce(value::text, '-'), status
    ),
    E'\\n' ORDER BY level COLLATE "C", code COLLATE "C", indicator COLLATE "C"
), ''), 'UTF8')), 'hex') AS content_hash
FROM computed
"""

_GAPS = """
INSERT INTO indicators.gaps (build_id, indicator, stream, lacks_from)
SELECT %(build_id)s, indicator, stream, lacks_from FROM computed_gaps
"""

_SAME_BUT_GAPS = """
WITH draft AS (
    SELECT %(build_id)s::bigint AS build_id
    WHERE NOT EXISTS (SELECT FROM indicators.revisions AS r WHERE r.build_id = %(build_id)s)
),

told AS (
    UPDATE indicators.gaps AS g
    SET lacks_from = c.lacks_from
    FROM draft AS d, computed_gaps AS c
    WHERE
        g.build_id = d.build_id AND (g.indicator, g.stream) = (c.indicator, c.stream)
        AND g.lacks_from <> c.lacks_from
),

gone AS (
    DELETE FROM indicators.gaps AS g
    USING draft AS d
    WHERE
        g.build_id = d.build_id
        AND NOT EXISTS (SELECT FROM computed_gaps AS c WHERE (c.indicator, c.stream) = (g.indicator, g.stream))
)

INSERT INTO indicators.gaps (build_id, indicator, stream, lacks_from)
SELECT d.build_id, c.indicator, c.stream, c.lacks_from
FROM draft AS d
CROSS JOIN computed_gaps AS c
ON CONFLICT DO NOTHING
"""

_NEW_BUILD = """
INSERT INTO indicators.builds (
    commune_code, calendar, period, period_start, period_end, definitions_hash, content_hash, known_at
)
SELECT
    %(commune_code)s, %(calendar)s, %(period)s, %(period_start)s, %(period_end)s, %(definitions_hash)s,
    %(content_hash)s, (SELECT max(fetched_at) FROM ops.fetches WHERE state = 'merged')
RETURNING build_id
"""

_DROP_OLD_DRAFTS = """
DELETE FROM indicators.builds AS b
WHERE
    b.commune_code = %(commune_code)s
    AND b.calendar = %(calendar)s
    AND b.period = %(period)s
    AND b.build_id < %(build_id)s
    AND NOT EXISTS (SELECT FROM indicators.revisions AS r WHERE r.build_id = b.build_id)
"""
