"""Who is judged, by which unit, at work how long, and what was concluded about them. Reports are not read at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.evaluation.rules import Work
from tthc.workdays import periods
from tthc.workdays.periods import Period

#: By the catalogue: the name of a table in a schema that one may not use cannot even be looked up.
_MAY_READ = """
SELECT bool_and(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, w.privilege)) AS is_allowed
FROM (
    VALUES ('restricted', 'staff', 'SELECT'), ('restricted', 'conduct_records', 'SELECT'),
        ('ops', 'access_log', 'INSERT')
) AS w (schema, name, privilege)
INNER JOIN pg_namespace AS n ON n.nspname = w.schema
INNER JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name
"""


class Finding(NamedTuple):
    """One concluded finding that came out true, wholly or in part."""

    record_code: str
    concluded_on: date
    unit_code: str | None
    official_code: str | None
    is_harassment: bool
    discipline: str | None
    disciplined_on: date | None
    is_falsification: bool = False
    is_corruption: bool = False


class Exempted(NamedTuple):
    """One late dossier of an official that two people exempted, and what it is taken off: parts of numbers."""

    dossier_code: str
    exemption_code: str
    cause: str
    document: str | None
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Person:
    """One official as of the last day in the period: where they belong, where they work, and their spans of days.

    ``exempted`` are late dossiers that do not count against them; ``self_scored`` their own points by item, which are
    shown and never counted; ``headed`` the units of which they were head, with the first and last day in the year.
    """

    code: str
    home_unit: str
    working_unit: str
    staff_kind: str
    is_head: bool
    job_title: str | None
    posted: tuple[tuple[date, date], ...]
    absent: tuple[tuple[str, date, date], ...]
    exempted: tuple[Exempted, ...] = ()
    self_scored: tuple[tuple[str, Decimal], ...] = ()
    headed: tuple[tuple[str, date, date], ...] = ()

    @property
    def less(self) -> dict[tuple[str, str, str], int]:
        """What the exempted dossiers take off the numbers of this official."""
        parts = Counter(part for one in self.exempted for part in one.parts)
        return {("official", self.code, part): count for part, count in parts.items()}

    def was_head_of(self, unit: str | None, day: date) -> bool:
        """Say whether they were head of a unit on a day of the year."""
        return any(headed == unit and first <= day <= last for headed, first, last in self.headed)


def persons(rows: Iterable[Mapping[str, Any]], period: Period) -> list[Person]:
    """Return everybody with a post in the period, by code; ``rows`` of the register of staff, in any order."""
    posts: dict[str, list[Mapping[str, Any]]] = {}
    away: dict[str, list[tuple[str, date, date]]] = {}
    headed: dict[str, list[tuple[str, date, date]]] = {}
    year = _year(period)
    for row in rows:
        since, until = max(row["starts_on"], year.start), min(row["ends_on"] or period.end, period.end)
        if row["kind"] != "absence" and row["is_head"] and since <= until:
            headed.setdefault(row["official_code"], []).append((row["home_unit_code"], since, until))
        first, last = max(row["starts_on"], period.start), min(row["ends_on"] or period.end, period.end)
        if first > last:
            continue
        if row["kind"] == "absence":
            away.setdefault(row["official_code"], []).append((row["absence_reason"], first, last))
        else:
            posts.setdefault(row["official_code"], []).append(row)
    found = []
    for code, held in sorted(posts.items()):
        newest = max(held, key=lambda row: row["starts_on"])
        spans = sorted(
            (max(row["starts_on"], period.start), min(row["ends_on"] or period.end, period.end))
            for row in held
        )
        found.append(
            Person(
                code,
                newest["home_unit_code"],
                newest["working_unit_code"] or newest["home_unit_code"],
                newest["staff_kind"],
                bool(newest["is_head"]),
                newest["job_title"],
                tuple(spans),
                tuple(sorted(away.get(code, ()), key=lambda span: (span[1], span[2], span[0]))),
                headed=tuple(sorted(headed.get(code, ()), key=lambda span: (span[1], span[2], span[0]))),
            )
        )
    return found


def months_of_work(person: Person, work: Work, period: Period) -> tuple[Fraction, Fraction]:
    """Return (months at work, months of absence that count): days as twelfths of the year, each day once."""
    every = set(_days(person.posted))
    counted = {
        day
        for reason, first, last in person.absent
        if reason in work.reasons
        for day in _days(((first, last),))
    } & every
    excepted = {
        day
        for reason, first, last in person.absent
        if reason in work.excepted
        for day in _days(((first, last),))
    } & every
    year = (period.end - period.start).days + 1
    return Fraction(12 * len(every - counted - excepted), year), Fraction(12 * len(counted), year)


def _days(spans: Iterable[tuple[date, date]]) -> Iterable[date]:
    for first, last in spans:
        for number in range((last - first).days + 1):
            yield first + timedelta(days=number)


def findings_until(rows: Iterable[Mapping[str, Any]], period: Period) -> list[Finding]:
    """Return the findings of the period's year up to its last day: concluded and true, or disciplined in it."""
    year = _year(period)
    found = []
    for row in rows:
        days = [day for day in (row["happened_on"], row["disciplined_on"]) if day is not None]
        is_true = row["verdict"] in ("substantiated", "partly_substantiated")
        if row["kind"] != "finding" or not is_true or row["happened_on"] > period.end:
            continue
        if not any(year.start <= day <= period.end for day in days):
            continue
        is_of_year = year.start <= row["happened_on"]
        is_disciplined = (
            row["discipline"] not in (None, "none")
            and row["disciplined_on"] is not None
            and year.start <= row["disciplined_on"] <= period.end
        )
        found.append(
            Finding(
                row["record_code"],
                row["happened_on"],
                row["unit_code"],
                row["official_code"],
                row["behaviour"] == "harassment" and is_of_year,
                row["discipline"] if is_disciplined else None,
                row["disciplined_on"] if is_disciplined else None,
                row["behaviour"] == "falsification" and is_of_year,
                row["behaviour"] == "corruption" and is_of_year,
            )
        )
    return sorted(found)


def _year(period: Period) -> Period:
    """Return the whole year of a period, in its calendar."""
    return periods.parse(period.label[:4], period.calendar)


def read(
    connection: psycopg.Connection,
    period: Period,
    subject: str,
    by: str | None,
    reason: str | None,
    at: datetime | None = None,
) -> tuple[list[Person], list[Finding]]:
    """Return everybody and every finding; who reads leaves a line in ``ops.access_log`` that is kept first.

    ``at``: as the registers stood at an instant. Raises TthcError for whoever may not read ``restricted``, or cannot
    leave the line.
    """
    note_reading(connection, period, subject, by, reason)
    parameters = {"commune": settings.commune_code(), "at": at}
    staff = connection.execute(
        f"SELECT * FROM {as_of('restricted.staff', at)} WHERE commune_code = %(commune)s", parameters
    ).fetchall()
    conduct = connection.execute(
        f"SELECT * FROM {as_of('restricted.conduct_records', at)} WHERE commune_code = %(commune)s"
        " AND kind = 'finding'",
        parameters,
    ).fetchall()
    return persons(staff, period), findings_until(conduct, period)


def as_of(table: str, at: datetime | None, alias: str = "r") -> str:
    """Return where the rows of a register stand in SQL: now, or as they stood at the parameter ``at``."""
    if at is None:
        return f"{table} AS {alias}"
    versions = f"{table if table.endswith('staff') else table.removesuffix('s')}_versions"
    stood = "fetched_at <= %(at)s AND (valid_to IS NULL OR valid_to > %(at)s)"
    return f"(SELECT * FROM {versions} WHERE {stood}) AS {alias}"


def note_reading(
    connection: psycopg.Connection, period: Period, subject: str, by: str | None, reason: str | None
) -> None:
    """Leave the line that says who reads personal sheets, and commit it; raise TthcError for whoever may not."""
    refuse_others(connection)
    connection.execute(
        "INSERT INTO ops.access_log (accessed_by, action, subject, reason)"
        " VALUES (concat_ws(' · ', %s::text, session_user::text), 'score.read', %s, %s)",
        (by, f"phiếu cá nhân · {subject} · kỳ {period.label} ({period.calendar})", reason),
    )
    connection.commit()


def refuse_others(connection: psycopg.Connection) -> None:
    """Raise TthcError for whoever may not read what personal sheets are made of."""
    allowed = connection.execute(_MAY_READ).fetchone()["is_allowed"]
    if not allowed:
        raise TthcError(
            "Tài khoản này không có quyền xem phiếu của cá nhân: cần nhóm tthc_hr (docs/roles.md)."
        )
