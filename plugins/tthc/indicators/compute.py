"""The values of a period: one pass over an item table gives every indicator made of it, at every level."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import psycopg

from tthc import settings
from tthc.indicators import completeness, definitions
from tthc.indicators.definitions import Indicator
from tthc.workdays.periods import Period


def compute(
    connection: psycopg.Connection,
    period: Period,
    missing: dict[str, date],
    only: Collection[str] | None = None,
    into: str = "computed",
) -> None:
    """Lay the values of a period (``only`` of some indicators) into a temporary table, one pass for each item table.

    ``missing`` says since when which source lacks.
    """
    connection.execute(f"DROP TABLE IF EXISTS {into}")
    connection.execute(_COMPUTED.format(into=into))
    for item, counted in definitions.by_item(period).items():
        some = [one for one in counted if only is None or one.id in only]
        if some:
            query = _COMPUTE.format(into=into, **_parts(item, some, missing))
            connection.execute(query, parameters(period))


def parameters(period: Period) -> dict:
    """Return what the queries of a period ask with."""
    return {
        "commune_code": settings.commune_code(),
        "calendar": period.calendar,
        "period": period.label,
        "period_start": period.start,
        "period_end": period.end,
    }


def _parts(item: str, indicators: list[Indicator], missing: dict[str, date]) -> dict[str, str]:
    """Return the pieces of one pass: aggregates, and the list that turns its columns into rows."""
    aggregates = ",\n".join(
        f"        {i.numerator_sql} AS n{place}, {i.denominator_sql} AS d{place}, {i.value_sql} AS v{place},"
        f" {i.lacking_sql} AS l{place}"
        for place, i in enumerate(indicators)
    )
    rows = ",\n".join(f"        {_row(place, one, missing)}" for place, one in enumerate(indicators))
    known = definitions.item_columns(item)
    codes = {level: column for level, column in definitions.CODES.items() if column in known}
    of_level = "".join(f" WHEN grouping({column}) = 0 THEN '{level}'" for level, column in codes.items())
    code = "".join(f" WHEN grouping({column}) = 0 THEN {column}" for column in codes.values())
    return {
        "item": item,
        "aggregates": aggregates,
        "rows": rows,
        "level": f"CASE{of_level or ' WHEN false THEN NULL'} ELSE 'commune' END",
        "code": f"CASE{code or ' WHEN false THEN NULL'} ELSE %(commune_code)s END",
        "sets": ", ".join(["()", *(f"({column})" for column in codes.values())]),
        "every_unit": _EVERY_UNIT.format(zeros=_zeros(indicators)) if "unit" in codes else "",
    }


def _zeros(indicators: list[Indicator]) -> str:
    """Return what one who had nothing to do has: zeros where something is counted."""
    return ", ".join(
        f"{'NULL' if i.kind in ('median', 'published') else '0'},"
        f" {'NULL' if i.denominator_sql.startswith('NULL') else '0'}, NULL::numeric, 0"
        for i in indicators
    )


def _row(place: int, indicator: Indicator, missing: dict[str, date]) -> str:
    levels = ", ".join(f"'{level}'" for level in indicator.at)
    factor = 100 if indicator.kind == "rate" else 1
    lacks = "true" if completeness.lacking(indicator, missing) else "false"
    numbers = f"f.n{place}::bigint, f.d{place}::bigint, f.v{place}, f.l{place}::bigint"
    return f"('{indicator.id}', ARRAY[{levels}], {factor}, {lacks}, {numbers})"


_COMPUTED = """
CREATE TEMPORARY TABLE {into} (
    level text, code text, indicator text, numerator bigint, denominator bigint, value numeric, status text
) ON COMMIT DROP
"""

# A unit that had nothing to do is shown with zeros, not left out.
_EVERY_UNIT = """
    UNION ALL
    SELECT 'unit', u.unit_code, {zeros}
    FROM marts.units AS u
    WHERE
        u.commune_code = %(commune_code)s
        AND u.is_active
        AND NOT EXISTS (SELECT FROM facts AS f WHERE f.level = 'unit' AND f.code = u.unit_code)
"""

# Of a source that lacks, nothing counted is nothing known.
_COMPUTE = """
INSERT INTO {into}
WITH facts AS (
    SELECT
        {level} AS level,
        {code} AS code,
{aggregates}
    FROM {item}(%(commune_code)s, %(period_start)s::date, %(period_end)s::date)
    GROUP BY GROUPING SETS ({sets})
),

with_every_unit AS (
    SELECT * FROM facts
    WHERE code IS NOT NULL
{every_unit}
),

numbers AS (
    SELECT
        f.level,
        f.code,
        v.indicator,
        v.numerator,
        v.denominator,
        v.lacks OR v.lacking > 0 AS is_partial,
        CASE
            WHEN v.lacks AND coalesce(v.numerator, 0) = 0 AND coalesce(v.denominator, 0) = 0 THEN v.value
            WHEN v.value IS NOT NULL THEN round(v.value, 2)
            WHEN v.denominator IS NULL THEN v.numerator
            WHEN v.numerator IS NOT NULL AND v.denominator > 0
                THEN round(v.factor * v.numerator::numeric / v.denominator, 2)
        END AS value
    FROM with_every_unit AS f
    CROSS JOIN LATERAL (
        VALUES
{rows}
    ) AS v (indicator, levels, factor, lacks, numerator, denominator, value, lacking)
    WHERE f.level = ANY (v.levels)
)

SELECT
    level,
    code,
    indicator,
    numerator,
    denominator,
    value,
    CASE
        WHEN value IS NULL THEN 'no_data'
        WHEN is_partial THEN 'incomplete'
        WHEN denominator < 5 THEN 'small_n'
        ELSE 'ok'
    END AS status
FROM numbers
"""
