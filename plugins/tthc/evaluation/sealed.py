"""Sheets as they were opened to people and as they were sealed: written once, read by version, compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, NamedTuple

import psycopg
from psycopg.types.json import Jsonb

from tthc import settings
from tthc.errors import TthcError
from tthc.evaluation import telling
from tthc.warehouse import score_chain
from tthc.workdays.periods import Period

State = Literal["opened", "sealed"]
Key = tuple[str, str]
#: Numbers of a sheet that are kept as text, so that no digit is lost on the way through JSON.
_DECIMALS = frozenset(
    (
        *("numerator", "denominator", "value", "floor", "target", "weight", "points", "lost", "events"),
        *("deducted_points", "points_least", "points_most"),
    )
)


class Subject(NamedTuple):
    """One sheet as it is kept: of whom, by which unit judged, at which at work."""

    kind: str
    code: str
    home_unit: str
    working_unit: str
    sheet: dict[str, Any]

    @property
    def key(self) -> Key:
        """What names it among the sheets of a run."""
        return self.kind, self.code


@dataclass(frozen=True)
class Approvals:
    """Who approved, and their words: first who compiles, then who decides."""

    first_by: str
    first_reason: str
    second_by: str
    second_reason: str


def subject(told: Mapping[str, Any]) -> Subject:
    """Return a sheet, as ``telling.told`` gives it, as it is kept."""
    code = told["code"]
    return Subject(
        told["level_of"],
        code,
        told["home_unit"] or code,
        told["working_unit"] or code,
        _plain(told),
    )


def content_hash(subjects: Iterable[Subject]) -> str:
    """Return the hash of all sheets; who approved it approved exactly these."""
    return score_chain.content_hash(
        (one.kind, one.code, score_chain.sheet_hash(one.sheet)) for one in subjects
    )


def write(
    connection: psycopg.Connection,
    period: Period,
    state: State,
    subjects: Iterable[Subject],
    *,
    revision: Mapping[str, Any],
    window: tuple[date, date],
    made_by: str,
    missing: list[Any] | None = None,
    missing_reason: str | None = None,
    objection_count: int = 0,
    opened_run_id: int | None = None,
    approvals: Approvals | None = None,
) -> dict[str, Any]:
    """Keep the sheets of a run, link and seal it; return its row. The transaction is the caller's.

    ``revision`` is the row of the published revision that the sheets were made of, ``window`` first and last day for
    objections. A sealed run is the next version of its period, an opened one says which version it leads to.
    """
    every = sorted(subjects)
    lock(connection, period)
    newest = run(connection, period, "sealed")
    made = connection.execute(
        "INSERT INTO restricted.score_runs (commune_code, calendar, period, state, version, opened_run_id, opened_on,"
        " closes_on, revision_number, revision_hash, rulesets, sheet_count, content_hash, missing, missing_reason,"
        " objection_count, made_by, first_by, first_reason, second_by, second_reason) VALUES (%(commune)s,"
        " %(calendar)s, %(period)s, %(state)s, %(version)s, %(opened)s, %(opened_on)s, %(closes_on)s, %(number)s,"
        " %(hash)s, %(rulesets)s, %(count)s, %(content)s, %(missing)s, %(missing_reason)s, %(objections)s, %(by)s,"
        " %(first_by)s, %(first_reason)s, %(second_by)s, %(second_reason)s) RETURNING *",
        {
            **_place(period),
            "state": state,
            "version": newest["version"] + 1 if newest else 1,
            "opened": opened_run_id,
            "opened_on": window[0],
            "closes_on": window[1],
            "number": revision["revision_number"],
            "hash": revision["chain_hash"],
            "rulesets": Jsonb({one.sheet["ruleset"]["id"]: one.sheet["ruleset"]["sha256"] for one in every}),
            "count": len(every),
            "content": content_hash(every),
            "missing": Jsonb(missing or []),
            "missing_reason": missing_reason,
            "objections": objection_count,
            "by": made_by,
            **(vars(approvals) if approvals else dict.fromkeys(Approvals.__dataclass_fields__)),
        },
    ).fetchone()
    connection.cursor().executemany(
        "INSERT INTO restricted.score_sheets (score_run_id, subject_kind, subject_code, home_unit, working_unit, sheet,"
        " sheet_sha256) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        [
            (made["score_run_id"], *one[:4], Jsonb(one.sheet), score_chain.sheet_hash(one.sheet))
            for one in every
        ],
    )
    score_chain.seal(connection, made["score_run_id"], made["chain_hash"])
    return made


def lock(connection: psycopg.Connection, period: Period) -> None:
    """Wait until nobody else writes runs of this commune, to the end of the transaction."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtext('score' || %(commune)s))", _place(period))


def run(
    connection: psycopg.Connection, period: Period, state: State, version: int | None = None
) -> dict[str, Any] | None:
    """Return the newest run of a period in a state, or that of a version; None when there is no such."""
    return connection.execute(
        "SELECT * FROM restricted.score_runs WHERE commune_code = %(commune)s AND calendar = %(calendar)s"
        " AND period = %(period)s AND state = %(state)s AND (%(version)s::integer IS NULL OR version = %(version)s)"
        " ORDER BY chain_number DESC LIMIT 1",
        {**_place(period), "state": state, "version": version},
    ).fetchone()


def sealed(connection: psycopg.Connection, period: Period, version: int | None = None) -> dict[str, Any]:
    """Return the sealed run of a period, the newest version unless named; raise TthcError when there is none."""
    found = run(connection, period, "sealed", version)
    if found is None:
        which = "" if version is None else f" phiên bản {version}"
        raise TthcError(
            f"Kỳ {period.label} (lịch {period.calendar}) chưa niêm{which}: xem tạm bằng “tthc score {period.label}”,"
            f" niêm bằng “tthc score seal {period.label}” hoặc DAG score_period."
        )
    return found


def sheets(connection: psycopg.Connection, found: Mapping[str, Any]) -> dict[Key, dict[str, Any]]:
    """Return the sheets of a run by (kind, code), as ``telling.told`` gave them; people use ``read`` instead."""
    rows = connection.execute(
        "SELECT subject_kind, subject_code, sheet FROM restricted.score_sheets WHERE score_run_id = %s"
        " ORDER BY subject_kind, subject_code",
        (found["score_run_id"],),
    ).fetchall()
    return {(row["subject_kind"], row["subject_code"]): restored(row["sheet"]) for row in rows}


class Seen(NamedTuple):
    """One sheet as its reader was let to see it, and the run that it is of."""

    run: dict[str, Any]
    sheet: dict[str, Any]


def may_ask(connection: psycopg.Connection) -> bool:
    """Say whether who is logged in may ask for sheets at all."""
    # By the catalogue: a name in a schema that one may not use cannot even be looked up.
    return connection.execute(
        "SELECT bool_and(has_schema_privilege(p.pronamespace, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE'))"
        " AS may FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text = 'restricted'"
        " AND p.proname IN ('ask_for_sheets', 'read_sheets')"
    ).fetchone()["may"]


def read(
    connection: psycopg.Connection,
    period: Period,
    state: State = "sealed",
    version: int | None = None,
    code: str | None = None,
    by: str | None = None,
    reason: str | None = None,
) -> dict[Key, Seen]:
    """Return the sheets that whoever is logged in may see, of ``code`` or all, by (kind, code).

    The database lets nobody read before a line in ``ops.access_log`` is committed; so this commits.
    """
    number = connection.execute(
        "SELECT restricted.ask_for_sheets(%(commune)s, %(calendar)s, %(period)s, %(state)s, %(version)s, %(code)s,"
        " %(by)s, %(reason)s) AS number",
        {**_place(period), "state": state, "version": version, "code": code, "by": by, "reason": reason},
    ).fetchone()["number"]
    connection.commit()
    rows = connection.execute("SELECT * FROM restricted.read_sheets(%s)", (number,)).fetchall()
    return {(row["subject_kind"], row["subject_code"]): Seen(row, restored(row["sheet"])) for row in rows}


def differences(
    one: Mapping[Key, Mapping[str, Any]], other: Mapping[Key, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return what differs between the sheets of two runs: kind, code, both sides, and the items that moved."""
    found = []
    for kind in ("unit", "official"):
        sides = [{code: sheet for (of, code), sheet in side.items() if of == kind} for side in (one, other)]
        found += [{"kind": kind, **row} for row in telling.differences(*sides) if telling.is_different(row)]
    return found


def restored(sheet: Any, name: str = "") -> Any:
    """Return a kept sheet with its numbers as numbers."""
    if isinstance(sheet, dict):
        return {key: restored(value, key) for key, value in sheet.items()}
    if isinstance(sheet, list):
        return [restored(value) for value in sheet]
    return Decimal(sheet) if name in _DECIMALS and isinstance(sheet, str) else sheet


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _place(period: Period) -> dict[str, str]:
    return {"commune": settings.commune_code(), "calendar": period.calendar, "period": period.label}
