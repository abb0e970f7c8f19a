"""The computing of a period: one pass over an item table gives every indicator made of it, at every level."""

from __future__ import annotations

import psycopg

from tthc import settings
from tthc.indicators import definitions
from tthc.indicators.definitions import Indicator
from tthc.warehouse import tables
from tthc.workdays.periods import Period

_CODES = {"unit": "unit_code", "procedure": "procedure_code", "field": "field_code"}


def refill_month(connection: psycopg.Connection, month: Period) -> int:
    """Refill ``marts.dossier_periods`` for one month of one calendar; return its rows."""
    parameters = _parameters(month)
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
    parameters = _parameters(period)
    connection.execute(
        "SELECT pg_advisory_xact_lock(hashtext(%(commune_code)s || %(calendar)s || %(period)s))", parameters
    )
    newest = connection.execute(
        "SELECT build_id, content_hash, definitions_hash FROM indicators.builds"
        " WHERE commune_code = %(commune_code)s AND calendar = %(calendar)s AND period = %(period)s"
        " ORDER BY build_id DESC LIMIT 1",
        parameters,
    ).fetchone()
    parameters["definitions_hash"] = definitions.definitions_hash()
    connection.execute("DROP TABLE IF EXISTS computed")
    connection.execute(_COMPUTED)
    for item, indicators in definitions.by_item().items():
        connection.execute(_COMPUTE.format(**_parts(item, indicators)), parameters)
    parameters["content_hash"] = connection.execute(_CONTENT_HASH).fetchone()["content_hash"]
    if newest and all(newest[name] == parameters[name] for name in ("content_hash", "definitions_hash")):
        return newest["build_id"], False
    parameters["build_id"] = connection.execute(_NEW_BUILD, parameters).fetchone()["build_id"]
    connection.execute(
        "INSERT INTO indicators.values (build_id, level, code, indicator, numerator, denominator, value, status)"
        " SELECT %(build_id)s, level, code, indicator, numerator, denominator, value, status FROM computed",
        parameters,
    )
    connection.execute(_DROP_OLD_DRAFTS, parameters)
    return parameters["build_id"], True


def _parameters(period: Period) -> dict:
    return {
        "commune_code": settings.commune_code(),
        "calendar": period.calendar,
        "period": period.label,
        "period_start": period.start,
        "period_end": period.end,
    }


def _parts(item: str, indicators: list[Indicator]) -> dict[str, str]:
    """Return the pieces of one pass: aggregates, and the list that turns its columns into rows."""
    aggregates = ",\n".join(
        f"        {i.numerator_sql} AS n{place}, {i.denominator_sql} AS d{place}, {i.lacking_sql} AS l{place}"
        for place, i in enumerate(indicators)
    )
    zeros = ", ".join(f"0, {'NULL' if i.kind == 'count' else '0'}, 0" for i in indicators)
    rows = ",\n".join(f"        {_row(place, indicator)}" for place, indicator in enumerate(indicators))
    return {"item": item, "aggregates": aggregates, "zeros": zeros, "rows": rows}


def _row(place: int, indicator: Indicator) -> str:
    levels = ", ".join(f"'{level}'" for level in indicator.levels)
    factor = 100 if indicator.kind == "rate" else 1
    numbers = f"f.n{place}::bigint, f.d{place}::bigint, f.l{place}::bigint"
    return f"('{indicator.id}', ARRAY[{levels}], {factor}, {numbers})"


_COMPUTED = """
CREATE TEMPORARY TABLE computed (
    level text, code text, indicator text, numerator bigint, denominator bigint, value numeric, status text
) ON COMMIT DROP
"""

_COMPUTE = """
INSERT INTO computed
WITH facts AS (
    SELECT
        CASE
            WHEN grouping(unit_code) = 0 THEN 'unit'
            WHEN grouping(procedure_code) = 0 THEN 'procedure'
            WHEN grouping(field_code) = 0 THEN 'field'
            ELSE 'commune'
        END AS level,
        coalesce(unit_code, procedure_code, field_code, %(commune_code)s) AS code,
{aggregates}
    FROM {item}(%(commune_code)s, %(period_start)s::date, %(period_end)s::date)
    GROUP BY GROUPING SETS ((), (unit_code), (procedure_code), (field_code))
),

-- A unit that had nothing to do is shown with zeros, not left out.
with_every_unit AS (
    SELECT * FROM facts
    UNION ALL
    SELECT 'unit', u.unit_code, {zeros}
    FROM marts.units AS u
    WHERE
        u.commune_code = %(commune_code)s
        AND u.is_active
        AND NOT EXISTS (SELECT FROM facts AS f WHERE f.level = 'unit' AND f.code = u.unit_code)
)

SELECT
    f.level,
    f.code,
    v.indicator,
    v.numerator,
    v.denominator,
    CASE
        WHEN v.denominator IS NULL THEN v.numerator
        WHEN v.denominator > 0 THEN round(v.factor * v.numerator::numeric / v.denominator, 2)
    END AS value,
    CASE
        WHEN v.denominator = 0 THEN 'no_data'
        WHEN v.lacking > 0 THEN 'incomplete'
        WHEN v.denominator < 5 THEN 'small_n'
        ELSE 'ok'
    END AS status
FROM with_every_unit AS f
CROSS JOIN LATERAL (
    VALUES
{rows}
) AS v (indicator, levels, factor, numerator, denominator, lacking)
WHERE f.level = ANY (v.levels)
"""

_CONTENT_HASH = """
SELECT encode(sha256(convert_to(coalesce(string_agg(
    concat_ws(
        '|', level, code, indicator, numerator, coalesce(denominator::text, '-'), coalesce(value::text, '-'), status
    ),
    E'\\n' ORDER BY level COLLATE "C", code COLLATE "C", indicator COLLATE "C"
), ''), 'UTF8')), 'hex') AS content_hash
FROM computed
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
