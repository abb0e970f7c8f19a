"""Indicators made of indicators: growth, weighted scores, clauses kept; and what has no source yet."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

import psycopg

from tthc import settings
from tthc.indicators import completeness, compute, definitions, index_766
from tthc.indicators.definitions import Indicator
from tthc.workdays import periods
from tthc.workdays.periods import Period

_HUNDREDTH = Decimal("0.01")
Place = tuple[str, str]


class Told(NamedTuple):
    """One value: numerator and denominator (None for what is no quotient), value (None: not known), status."""

    numerator: int | None
    denominator: int | None
    value: Decimal | None
    status: str


Values = dict[str, dict[Place, Told]]


def add(connection: psycopg.Connection, period: Period) -> None:
    """Add to the temporary table ``computed`` the indicators of a period that are made of others."""
    known = values_of(connection, "computed")
    places = {place for found in known.values() for place in found} | {("commune", settings.commune_code())}
    made: Values = {}
    for indicator in _in_order():
        if indicator.holds_in(period):
            made[indicator.id] = _made(connection, indicator, period, known | made, places)
    connection.cursor().executemany(
        "INSERT INTO computed (indicator, level, code, numerator, denominator, value, status)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [(id, *place, *told) for id, found in made.items() for place, told in found.items()],
    )


def values_of(connection: psycopg.Connection, table: str) -> Values:
    """Return the values that lie in a temporary table, by indicator and (level, code)."""
    found: Values = {}
    for row in connection.execute(f"SELECT * FROM {table}").fetchall():
        told = Told(row["numerator"], row["denominator"], row["value"], row["status"])
        found.setdefault(row["indicator"], {})[row["level"], row["code"]] = told
    return found


def _in_order() -> Iterator[Indicator]:
    """Yield the indicators that look at no rows, each after those it is made of; those of all clauses come last."""
    made = [i for i in definitions.indicators().values() if i.kind not in definitions.OVER_ROWS]
    done: set[str] = set()

    def visit(indicator: Indicator) -> Iterator[Indicator]:
        if indicator.id in done:
            return
        done.add(indicator.id)
        for other in indicator.reads:
            if definitions.indicators()[other].kind not in definitions.OVER_ROWS:
                yield from visit(definitions.indicators()[other])
        yield indicator

    for indicator in sorted(made, key=lambda one: one.kind == "clauses"):
        yield from visit(indicator)


def _made(
    connection: psycopg.Connection,
    indicator: Indicator,
    period: Period,
    known: Values,
    places: set[Place],
) -> dict[Place, Told]:
    wanted = sorted(place for place in places if place[0] in indicator.at)
    if indicator.kind == "no_source":
        return {("commune", settings.commune_code()): Told(None, None, None, "no_source")}
    if indicator.kind == "clauses":
        return {("commune", settings.commune_code()): _clauses(known, period)}
    if indicator.kind == "scored":
        return {("commune", settings.commune_code()): _scored(known, period)}
    if indicator.kind == "mapped":
        fed = sum(
            any(name.startswith(indicator.of or "") for name in i.feeds) for i in definitions.shown().values()
        )
        return {("commune", settings.commune_code()): Told(fed, None, Decimal(fed), "ok")}
    if indicator.kind == "difference":
        first, second = (known.get(name, {}) for name in indicator.reads)
        return {place: _less(first.get(place), second.get(place)) for place in wanted}
    if indicator.kind == "weighted":
        return {place: weighted(indicator, known, place) for place in wanted}
    earlier = periods.shifted(period, -1)
    lacked = completeness.gaps(connection, earlier)
    compute.compute(connection, earlier, lacked, {indicator.of or ""}, "computed_before")
    before = values_of(connection, "computed_before").get(indicator.of or "", {})
    now = known.get(indicator.of or "", {})
    return {place: _less(now.get(place), before.get(place)) for place in wanted}


def _less(value: Told | None, other: Told | None) -> Told:
    """Return one value less another; not known where one of the two is not."""
    if value is None or other is None or value.value is None or other.value is None:
        return Told(None, None, None, "no_data")
    return Told(None, None, value.value - other.value, _worst(value, other))


def _scored(known: Values, period: Period) -> Told:
    """Return the commune's points by the rule set of Decision 766 in force at the end of the period."""
    place = ("commune", settings.commune_code())
    rates = {id: index_766.Rate(*found[place]) for id, found in known.items() if place in found}
    scored = index_766.score(index_766.in_force(period.end), rates)
    if scored.value is None:
        return Told(None, None, None, "no_data")
    return Told(None, None, scored.value, "incomplete" if scored.is_partial else "ok")


def points(part: definitions.Part, value: Decimal) -> Decimal:
    """Return the points of a part for a value: ``weight × clamp((value − floor) ÷ (target − floor), 0, 1)``.

    >>> points(definitions.Part("a", 15, 85, 98), Decimal("91.5"))
    Decimal('7.5')
    """
    floor, target = Decimal(str(part.floor)), Decimal(str(part.target))
    share = min(max((value - floor) / (target - floor), Decimal(0)), Decimal(1))
    return Decimal(str(part.weight)) * share


def weighted(indicator: Indicator, known: Values, place: Place) -> Told:
    """Return the points of 100 of the parts that are known; the weight of the others is spread over these."""
    parts = [(part, told) for part in indicator.parts if (told := known.get(part.indicator, {}).get(place))]
    counted = [(part, told) for part, told in parts if told.value is not None]
    whole = sum((Decimal(str(part.weight)) for part, _ in counted), Decimal(0))
    if not whole:
        return Told(None, None, None, "no_data")
    got = sum((points(part, told.value) for part, told in counted), Decimal(0))
    value = (100 * got / whole).quantize(_HUNDREDTH, ROUND_HALF_UP)
    return Told(None, None, value, "incomplete" if any(t.status == "incomplete" for _, t in parts) else "ok")


def _clauses(known: Values, period: Period) -> Told:
    """Return how many clauses of the directive keep every target that can be measured, of those that have one."""
    met = clauses_met(known, period)
    if not met:
        return Told(0, 0, None, "no_data")
    n, d = sum(met.values()), len(met)
    value = (Decimal(100 * n) / d).quantize(_HUNDREDTH, ROUND_HALF_UP)
    is_partial = any(told.status == "incomplete" for _, told in _with_targets(known, period))
    return Told(n, d, value, "incomplete" if is_partial else "small_n" if d < 5 else "ok")


def clauses_met(known: Values, period: Period) -> dict[str, bool]:
    """Return each clause of which a target can be measured, and whether all of these are reached."""
    found: dict[str, bool] = {}
    for indicator, told in _with_targets(known, period):
        if told.value is None:
            continue
        for clause in indicator.clauses:
            found[clause] = found.get(clause, True) and bool(indicator.reaches(told.value, period.end))
    return found


def _with_targets(known: Values, period: Period) -> Iterator[tuple[Indicator, Told]]:
    """Yield the measured indicators of the commune that have a target in force, but those made of all clauses."""
    place = ("commune", settings.commune_code())
    for indicator in definitions.shown().values():
        told = known.get(indicator.id, {}).get(place)
        if (
            told
            and indicator.kind != "clauses"
            and indicator.direction != "none"
            and indicator.target_on(period.end)
        ):
            yield indicator, told


def _worst(*told: Told) -> str:
    for status in ("incomplete", "small_n"):
        if any(one.status == status for one in told):
            return status
    return "ok"
