"""Publication: a build becomes an immutable revision, and the readers' views follow the newest one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.types.json import Jsonb

from tthc import settings
from tthc.errors import TthcError
from tthc.indicators import facts, provenance
from tthc.warehouse import chain
from tthc.workdays.periods import Period


@dataclass(frozen=True)
class Publication:
    """One period of one calendar as it now stands; ``is_new`` is False when nothing had changed."""

    calendar: str
    period: str
    revision_number: int
    build_id: int
    is_new: bool


def publish(connection: psycopg.Connection, period: Period, by: str, reason: str) -> Publication:
    """Publish the newest build of a period as its next revision; the same content is not published twice.

    With it are kept the rows that were counted and what they came from, and it is linked to the revision before.
    Raises TthcError when there is no build, or when the rows of now no longer give its numbers. The transaction is
    the caller's.
    """
    parameters = _parameters(period)
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('publish' || %(commune_code)s))", parameters)
    build = newest_build(connection, period)
    if build is None:
        raise TthcError(
            f"Kỳ {period.label} (lịch {period.calendar}) chưa được tính: chạy “tthc refresh {period.label}” trước."
        )
    last = last_revision(connection, period)
    if last and last["content_hash"] == build["content_hash"]:
        return Publication(period.calendar, period.label, last["revision_number"], last["build_id"], False)
    number = last["revision_number"] + 1 if last else 1
    laid = facts.take(connection, period)
    if facts.disagreements(connection, laid, build["build_id"]):
        raise TthcError(
            f"Số liệu của kỳ {period.label} (lịch {period.calendar}) đã đổi từ khi được tính: chạy"
            f" “tthc refresh” cho các tháng của kỳ, xem lại bằng “tthc changes {period.label}”, rồi công bố."
        )
    told, parts = facts.pack(connection, laid)
    made = connection.execute(
        "INSERT INTO indicators.revisions (commune_code, calendar, period, revision_number, build_id, content_hash,"
        " approved_by, reason, facts_hash, inputs)"
        " VALUES (%(commune_code)s, %(calendar)s, %(period)s, %(number)s, %(build_id)s, %(content_hash)s,"
        " %(by)s, %(reason)s, %(facts_hash)s, %(inputs)s) RETURNING revision_id, chain_hash",
        {
            **parameters,
            **build,
            "number": number,
            "by": by,
            "reason": reason,
            "facts_hash": facts.facts_hash(told),
            "inputs": Jsonb(provenance.inputs(connection, period, laid, told)),
        },
    ).fetchone()
    connection.cursor().executemany(
        "INSERT INTO indicators.revision_facts (revision_id, item, part_number, row_count, body)"
        " VALUES (%s, %s, %s, %s, %s)",
        [(made["revision_id"], *part) for part in parts],
    )
    chain.seal(connection, made["revision_id"], made["chain_hash"])
    return Publication(period.calendar, period.label, number, build["build_id"], True)


def differences(connection: psycopg.Connection, period: Period) -> list[dict]:
    """Return the values in which the newest build differs from the last revision, all of them when there is none.

    Each row: level, code, indicator, old, new (decimals or None).
    """
    build, last = newest_build(connection, period), last_revision(connection, period)
    if build is None:
        return []
    return connection.execute(
        "SELECT level, code, indicator, o.value AS old, n.value AS new"
        " FROM (SELECT * FROM indicators.values WHERE build_id = %(new)s) AS n"
        " FULL JOIN (SELECT * FROM indicators.values WHERE build_id = %(old)s) AS o USING (level, code, indicator)"
        " WHERE (n.numerator, n.denominator, n.value) IS DISTINCT FROM (o.numerator, o.denominator, o.value)"
        " ORDER BY level, code, indicator",
        {"new": build["build_id"], "old": last["build_id"] if last else None},
    ).fetchall()


def newest_build(connection: psycopg.Connection, period: Period) -> dict | None:
    """Return the newest build of a period, published or not."""
    return connection.execute(
        "SELECT * FROM indicators.builds WHERE commune_code = %(commune_code)s"
        " AND calendar = %(calendar)s AND period = %(period)s ORDER BY build_id DESC LIMIT 1",
        _parameters(period),
    ).fetchone()


def last_revision(connection: psycopg.Connection, period: Period) -> dict | None:
    """Return the revision in force of a period."""
    return revision(connection, period, None)


def revision(connection: psycopg.Connection, period: Period, number: int | None) -> dict | None:
    """Return a revision of a period by its number, the one in force for None; None when there is no such."""
    return connection.execute(
        "SELECT * FROM indicators.revisions WHERE commune_code = %(commune_code)s"
        " AND calendar = %(calendar)s AND period = %(period)s"
        " AND (%(number)s::integer IS NULL OR revision_number = %(number)s)"
        " ORDER BY revision_number DESC LIMIT 1",
        {**_parameters(period), "number": number},
    ).fetchone()


def revision_at(connection: psycopg.Connection, period: Period, moment: datetime) -> dict | None:
    """Return the revision of a period that was in force at an instant."""
    return connection.execute(
        "SELECT * FROM indicators.revisions WHERE commune_code = %(commune_code)s"
        " AND calendar = %(calendar)s AND period = %(period)s AND published_at <= %(moment)s"
        " ORDER BY revision_number DESC LIMIT 1",
        {**_parameters(period), "moment": moment},
    ).fetchone()


def _parameters(period: Period) -> dict:
    return {"commune_code": settings.commune_code(), "calendar": period.calendar, "period": period.label}
