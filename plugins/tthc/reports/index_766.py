"""The sheet of Decision 766: the points of a build by group and part, beside what the portal published."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg

from tthc import settings
from tthc.indicators import definitions, index_766
from tthc.indicators.index_766 import Group, Points, Rate
from tthc.reports.values import Edition
from tthc.workdays.periods import Period

_HUNDREDTH = Decimal("0.01")
#: What is counted in each item table, as a word for people.
_COUNTED = {"marts.procedures_in_period": "thủ tục", "marts.petitions_in_period": "phản ánh, kiến nghị"}


def sheet(connection: psycopg.Connection, period: Period, edition: Edition) -> dict[str, Any]:
    """Return the scored parts of an edition, for JSON: rules, groups with their parts, score of 100, band.

    Points are rounded half-up to two decimals for reading; the score is rounded once, from exact points.
    """
    rows = connection.execute(
        "SELECT indicator, numerator, denominator, value, status FROM indicators.values"
        " WHERE build_id = %s AND level = 'commune' AND code = %s",
        (edition.build_id, settings.commune_code()),
    ).fetchall()
    rates = {row.pop("indicator"): Rate(**row) for row in rows}
    rules = index_766.in_force(period.end)
    scored = index_766.score(rules, rates)
    published = _published(connection, period, edition)
    return {
        "period": period.label,
        "calendar": period.calendar,
        "revision_number": edition.revision_number,
        "rules": {
            "version": rules.version,
            "name": rules.name,
            "document": rules.document,
            "owner": rules.owner,
            "valid_from": rules.valid_from,
        },
        "score": scored.value,
        "band": None if scored.value is None else rules.band(scored.value),
        "published_score": published and published["total_score"],
        "is_partial": scored.is_partial,
        "groups": [_group(group, parts, published, period) for group, parts in scored.groups],
    }


def _published(connection: psycopg.Connection, period: Period, edition: Edition) -> dict[str, Any] | None:
    """Return what the portal had published when the edition was; for a draft what it says now."""
    asked = {"commune": settings.commune_code(), "first": period.start, "last": period.end}
    if edition.published_at is None:
        query = "SELECT * FROM marts.index_766_in_period(%(commune)s, %(first)s, %(last)s)"
        return connection.execute(query, asked).fetchone()
    if period.calendar != "month" or period.kind != "month":
        return None
    return connection.execute(
        "SELECT v.* FROM core.communes AS c INNER JOIN core.index_766_score_versions AS v"
        " ON v.commune_code = c.commune_code AND v.agency_code = c.portal_agency_code"
        " WHERE c.commune_code = %(commune)s AND v.month_start = %(first)s AND v.fetched_at <= %(moment)s"
        " ORDER BY v.fetched_at DESC, v.fetch_id DESC, v.row_number DESC LIMIT 1",
        asked | {"moment": edition.published_at},
    ).fetchone()


def _group(
    group: Group, parts: tuple[Points, ...], published: dict[str, Any] | None, period: Period
) -> dict[str, Any]:
    """Return one group; ``known_max`` is the greatest sum of the parts that can be known."""
    known = [one for one in parts if one.points is not None]
    points = sum((one.points for one in known if one.points is not None), Decimal(0))
    return {
        "name": group.name,
        "portal_field": group.portal_field,
        "max": group.max,
        "known_max": sum((one.part.max for one in known), Decimal(0)),
        "points": _rounded(points) if known else None,
        "published": published and published[group.portal_column],
        "parts": [_part(one, period) for one in parts],
    }


def _part(one: Points, period: Period) -> dict[str, Any]:
    indicator = definitions.indicators().get(one.part.indicator or "")
    rate = one.rate
    return {
        "number": one.part.number,
        "name": one.part.name,
        "max": one.part.max,
        "full_at": one.part.full_at,
        "indicator": one.part.indicator,
        "numerator": rate and rate.numerator,
        "denominator": rate and rate.denominator,
        "rate": rate and rate.value,
        "status": rate and rate.status,
        "points": None if one.points is None else _rounded(one.points),
        "lost": _rounded(one.lost),
        "needed": one.needed,
        "counted": _COUNTED.get((indicator and indicator.item) or "", "hồ sơ"),
        "aside": one.aside,
        "explained_by": f"tthc explain {one.part.indicator} {period.label}" if one.part.indicator else None,
    }


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_HUNDREDTH, ROUND_HALF_UP)
