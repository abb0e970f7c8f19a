"""What people enter for an evaluation: points of items, exemptions of late dossiers, objections and their answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg

from tthc import settings
from tthc.evaluation.people import Exempted, Person, as_of
from tthc.evaluation.rules import Form, Group, Item, RuleSet
from tthc.indicators import facts
from tthc.workdays.periods import Period

#: What one exempted dossier is taken off: the part of a number, and whether the dossier is counted in it.
_PARTS = {
    "dossier_late_settled_count.numerator": "is_late",
    "dossier_overdue_open_count.numerator": "is_overdue",
    "apology_issued_rate.failures": "NOT is_apologised",
}
_APPROVED = (
    "e.commune_code = %(commune)s AND num_nulls(e.first_approver_code, e.second_approver_code, e.first_approved_on,"
    " e.second_approved_on) = 0"
)
#: The dossiers that were counted as late of an official; who is exempted approves nothing.
_EXEMPTED = """
SELECT DISTINCT ON (f.official_code, f.dossier_code)
    f.official_code, f.dossier_code, e.exemption_code, e.cause, e.document, {counted}
FROM {rows} AS f
INNER JOIN {exemptions} ON {approved} AND e.dossier_code = f.dossier_code
WHERE
    f.is_late_or_overdue AND f.official_code IS NOT NULL
    AND lower(coalesce(e.step_official_code, f.official_code)) = lower(f.official_code)
    AND lower(f.official_code) NOT IN (lower(e.first_approver_code), lower(e.second_approver_code))
ORDER BY f.official_code, f.dossier_code, e.exemption_code
"""


@dataclass(frozen=True)
class Entered:
    """Points of one period: what counts, as percentages by official and item, one's own, and what cannot be right."""

    counted: Mapping[str, Mapping[str, Fraction]]
    own: Mapping[str, tuple[tuple[str, Decimal], ...]]
    problems: tuple[str, ...]


def read(
    connection: psycopg.Connection,
    period: Period,
    people: Sequence[Person],
    rules_of: Mapping[str, RuleSet],
    at: datetime | None = None,
) -> Entered:
    """Return what the register of assessments says of a period, or said ``at`` an instant."""
    rows = connection.execute(
        f"SELECT official_code, assessor, item_code, points FROM {as_of('restricted.assessments', at)}"
        " WHERE commune_code = %(commune)s AND period = %(period)s ORDER BY official_code, item_code, assessor",
        {"commune": settings.commune_code(), "period": period.label, "at": at},
    ).fetchall()
    return of_rows(rows, people, rules_of)


def of_rows(
    rows: Sequence[Mapping[str, Any]], people: Sequence[Person], rules_of: Mapping[str, RuleSet]
) -> Entered:
    """Return points as they count; those of nobody, of no item, of a measured item or too many count for nothing."""
    forms = {
        one.code: rules_of[one.staff_kind].form_of(one.is_head, one.job_title)
        for one in people
        if one.staff_kind in rules_of
    }
    counted: dict[str, dict[str, Fraction]] = {}
    own: dict[str, list[tuple[str, Decimal]]] = {}
    problems = []
    for row in rows:
        code, item, points = row["official_code"], row["item_code"], row["points"]
        if code not in forms:
            problems.append(f"{code}: có điểm chấm nhưng kỳ này không có phiếu.")
            continue
        found = _item(forms[code], item)
        if found is None:
            problems.append(f"{code}: mục {item} không có trên phiếu, hoặc là mục máy tính từ số liệu.")
        elif points > most(*found):
            problems.append(f"{code}: mục {item} chấm {points}, quá điểm tối đa {most(*found)}.")
        elif row["assessor"] == "self":
            own.setdefault(code, []).append((item, points))
        else:
            counted.setdefault(code, {})[item] = 100 * Fraction(points) / Fraction(most(*found))
    said = {code: tuple(sorted(given)) for code, given in own.items()}
    return Entered(counted, said, tuple(sorted(problems)))


def most(group: Group, item: Item) -> Decimal:
    """Return the most points that can be entered for an item: its weight, or 100 where items weigh alike."""
    return Decimal(100) if group.is_equal or item.weight is None else item.weight


def _item(form: Form, code: str) -> tuple[Group, Item] | None:
    for group in form.groups:
        for item in group.items:
            if item.code == code and (item.entered is not None or group.when_none == "wait"):
                return group, item
    return None


def exempted(
    connection: psycopg.Connection,
    period: Period,
    revision: Mapping[str, Any] | None,
    at: datetime | None = None,
) -> dict[str, tuple[Exempted, ...]]:
    """Return the late dossiers that two people exempted, by official: among those that the revision counted.

    Without a revision, or for one that kept no rows, among those that would be counted now.
    """
    parameters = {"commune": settings.commune_code(), "first": period.start, "last": period.end, "at": at}
    exemptions = as_of("core.exemptions", at, "e")
    there = connection.execute(
        f"SELECT EXISTS (SELECT FROM {exemptions} WHERE {_APPROVED}) AS is_any", parameters
    )
    if not there.fetchone()["is_any"]:
        return {}
    rows = f"{facts.DOSSIERS}(%(commune)s, %(first)s::date, %(last)s::date)"
    if revision is not None and revision["facts_hash"] is not None:
        laid = facts.unpack(connection, dict(revision), "exempted", only=(facts.DOSSIERS,))
        rows = laid.tables.get(facts.DOSSIERS, rows)
    counted = ", ".join(f'f.{_column(sql)} AS "{part}"' for part, sql in _PARTS.items())
    found: dict[str, list[Exempted]] = {}
    for row in connection.execute(
        _EXEMPTED.format(rows=rows, exemptions=exemptions, approved=_APPROVED, counted=counted), parameters
    ):
        parts = tuple(part for part, sql in _PARTS.items() if row[part] is not sql.startswith("NOT "))
        found.setdefault(row["official_code"], []).append(
            Exempted(row["dossier_code"], row["exemption_code"], row["cause"], row["document"], parts)
        )
    return {code: tuple(those) for code, those in found.items()}


def _column(sql: str) -> str:
    return sql.removeprefix("NOT ")


def with_entered(
    people: Sequence[Person], given: Entered, free: Mapping[str, tuple[Exempted, ...]]
) -> list[Person]:
    """Return people with what they scored themselves and what does not count against them."""
    return [
        replace(one, exempted=free.get(one.code, ()), self_scored=given.own.get(one.code, ()))
        for one in people
    ]


def objections(connection: psycopg.Connection, period: Period) -> list[dict[str, Any]]:
    """Return the objections of a period, by code."""
    return connection.execute(
        "SELECT objection_code, official_code, unit_code, filed_on, item_code, answered_on, answer"
        " FROM restricted.objections WHERE commune_code = %s AND period = %s ORDER BY objection_code",
        (settings.commune_code(), period.label),
    ).fetchall()
