"""The values of a period: one pass over an item table gives every indicator made of it, at every level.

The pass adds up whatever can be added for each combination of codes; the levels are sums of those few rows. Of a median
the rows of each value are counted, and the middle one is found at each level.
"""

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
            _lay(connection, item, some, period, missing, into)


def parameters(period: Period) -> dict:
    """Return what the queries of a period ask with."""
    return {
        "commune_code": settings.commune_code(),
        "calendar": period.calendar,
        "period": period.label,
        "period_start": period.start,
        "period_end": period.end,
    }


def _lay(
    connection: psycopg.Connection,
    item: str,
    indicators: list[Indicator],
    period: Period,
    missing: dict[str, date],
    into: str,
) -> None:
    placed = list(enumerate(indicators))
    medians = [(place, one) for place, one in placed if one.kind == "median"]
    known = definitions.item_columns(item)
    codes = {level: column for level, column in definitions.CODES.items() if column in known}
    of_level = "".join(f" WHEN grouping({column}) = 0 THEN '{level}'" for level, column in codes.items())
    code = "".join(f" WHEN grouping({column}) = 0 THEN {column}" for column in codes.values())
    pieces = {
        "item": item,
        "codes": "".join(f"{column}, " for column in codes.values()),
        "level": f"CASE{of_level or ' WHEN false THEN NULL'} ELSE 'commune' END",
        "code": f"CASE{code or ' WHEN false THEN NULL'} ELSE %(commune_code)s END",
    }
    asked = parameters(period)
    connection.execute(f"DROP TABLE IF EXISTS {', '.join(['parts', *(f'median_{n}' for n, _ in medians)])}")
    # The combinations of codes are few, which no statistics say: hashed, nothing is sorted.
    connection.execute("SET LOCAL enable_sort = off")
    connection.execute(
        _PARTS.format(
            parts=",\n".join(f"    {_part(place, one)}" for place, one in placed),
            by_codes=f"GROUP BY {', '.join(codes.values())}" if codes else "",
            **pieces,
        ),
        asked,
    )
    for place, one in medians:
        by_value = ", ".join(f"({name}of)" for name in ("", *(f"{column}, " for column in codes.values())))
        median = _MEDIAN.format(place=place, of=one.of, asked=one.asked, by_value=by_value, **pieces)
        connection.execute(median, asked)
    connection.execute("SET LOCAL enable_sort TO DEFAULT")
    connection.execute(
        _COMPUTE.format(
            into=into,
            sums=",\n".join(f"        {_sum(place, one)}" for place, one in placed),
            sets=", ".join(["()", *(f"({column})" for column in codes.values())]),
            medians="".join(f" LEFT JOIN median_{place} USING (level, code)" for place, _ in medians),
            rows=",\n".join(f"        {_row(place, one, missing)}" for place, one in placed),
            every_unit=_EVERY_UNIT.format(zeros=_zeros(indicators, len(medians))) if "unit" in codes else "",
            **pieces,
        ),
        asked,
    )


def _part(place: int, indicator: Indicator) -> str:
    """Return what is counted of the rows that share their codes."""
    value = _UNKNOWN if indicator.kind == "median" else indicator.value_sql
    return (
        f"{indicator.numerator_sql} AS n{place}, {indicator.denominator_sql} AS d{place},"
        f" {value} AS v{place}, {indicator.lacking_sql} AS l{place}"
    )


def _sum(place: int, indicator: Indicator) -> str:
    """Return what a level has of what was counted below it: nothing counted is 0, what is not counted is nothing."""
    numerator, denominator = (
        f"coalesce(sum({column}{place}), {nothing})"
        for column, nothing in zip("nd", _nothing(indicator), strict=True)
    )
    return (
        f"{numerator} AS n{place}, {denominator} AS d{place},"
        f" max(v{place}) AS v{place}, coalesce(sum(l{place}), 0) AS l{place}"
    )


def _nothing(indicator: Indicator) -> tuple[str, ...]:
    """Return the numerator and denominator of no rows: 0 where something is counted, else NULL."""
    aggregates = (indicator.numerator_sql, indicator.denominator_sql)
    return tuple("NULL" if aggregate.startswith("NULL") else "0" for aggregate in aggregates)


def _zeros(indicators: list[Indicator], medians: int) -> str:
    """Return what one who had nothing to do has: zeros where something is counted."""
    counted = (", ".join((*_nothing(one), _UNKNOWN, "0")) for one in indicators)
    return ", ".join([*counted, *[_UNKNOWN] * medians])


def _row(place: int, indicator: Indicator, missing: dict[str, date]) -> str:
    levels = ", ".join(f"'{level}'" for level in indicator.at)
    factor = 100 if indicator.kind == "rate" else 1
    lacks = "true" if completeness.lacking(indicator, missing) else "false"
    value = "m" if indicator.kind == "median" else "v"
    numbers = f"f.n{place}::bigint, f.d{place}::bigint, f.{value}{place}, f.l{place}::bigint"
    return f"('{indicator.id}', ARRAY[{levels}], {factor}, {lacks}, {numbers})"


_UNKNOWN = "NULL::numeric"

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

# Tables of their own, not parts of one statement: so several processes may count.
_PARTS = """
CREATE TEMPORARY TABLE parts ON COMMIT DROP AS
SELECT
    {codes}
{parts}
FROM {item}(%(commune_code)s, %(period_start)s::date, %(period_end)s::date)
{by_codes}
"""

_MEDIAN = """
CREATE TEMPORARY TABLE median_{place} ON COMMIT DROP AS
WITH counted AS (
    SELECT {codes}{of} AS of, count(*) AS n
    FROM {item}(%(commune_code)s, %(period_start)s::date, %(period_end)s::date)
    WHERE ({asked}) AND {of} IS NOT NULL
    GROUP BY {codes}{of}
),

at_level AS (
    SELECT {level} AS level, {code} AS code, of, sum(n) AS n
    FROM counted
    GROUP BY GROUPING SETS ({by_value})
),

in_order AS (
    SELECT
        level,
        code,
        of,
        sum(n) OVER (PARTITION BY level, code ORDER BY of) AS through,
        sum(n) OVER (PARTITION BY level, code) AS total
    FROM at_level
)

SELECT
    level,
    code,
    (min(of) FILTER (WHERE 2 * through >= total) + min(of) FILTER (WHERE 2 * through > total)) / 2.0 AS m{place}
FROM in_order
GROUP BY level, code
"""

# Of a source that lacks, nothing counted is nothing known.
_COMPUTE = """
INSERT INTO {into}
WITH facts AS (
    SELECT
        {level} AS level,
        {code} AS code,
{sums}
    FROM parts
    GROUP BY GROUPING SETS ({sets})
),

with_every_unit AS (
    SELECT *
    FROM facts{medians}
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
