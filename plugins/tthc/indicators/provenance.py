"""What a revision was computed from: definitions, calendar, catalogue, units, readings, each with its fingerprint."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import psycopg

from tthc import settings
from tthc.indicators import definitions, index_766
from tthc.indicators.facts import DOSSIERS, Laid
from tthc.warehouse import tables
from tthc.workdays.periods import Period

_HASHED = {
    "calendar": "SELECT day, is_working FROM core.working_days WHERE commune_code = %(commune)s ORDER BY day",
    "catalogue": (
        "SELECT procedure_code, valid_from, valid_to, field_key, service_level, deadline_working_days,"
        " has_no_deadline, gives_result FROM core.procedures_in_force WHERE commune_code = %(commune)s"
        ' ORDER BY procedure_code COLLATE "C", valid_from'
    ),
    "units": (
        "SELECT name_key, unit_code, valid_from, valid_to FROM core.unit_names WHERE commune_code = %(commune)s"
        ' ORDER BY name_key COLLATE "C", valid_from'
    ),
}


def inputs(
    connection: psycopg.Connection, period: Period, laid: Laid, facts: dict[str, Any]
) -> dict[str, Any]:
    """Return what the facts and numbers of now come from, for JSON; ``facts`` is what ``facts.pack`` told."""
    names = connection.execute(
        "SELECT unit_code, name, sort_order FROM marts.units WHERE commune_code = %s ORDER BY sort_order, unit_code",
        (settings.commune_code(),),
    ).fetchall()
    undetermined = connection.execute(
        f"SELECT count(*) AS n FROM {laid.tables[DOSSIERS]} WHERE is_undetermined"
    ).fetchone()["n"]
    return {
        **hashes(connection, list(laid.tables)),
        "readings": _readings(connection),
        "facts": facts,
        "definitions": [asdict(one) for one in laid.definitions],
        "shown": list(definitions.shown()),
        "rulesets": {
            rules.ruleset: rules.version for rules in index_766.rulesets() if rules.holds_on(period.end)
        },
        "units": [[row["unit_code"], row["name"], row["sort_order"]] for row in names],
        "undetermined": undetermined,
    }


def hashes(connection: psycopg.Connection, items: list[str]) -> dict[str, str]:
    """Return the fingerprints of calendar, catalogue, units, definitions and SQL as they are now."""
    return {
        **{f"{name}_hash": _hash(connection, query) for name, query in _HASHED.items()},
        "definitions_hash": definitions.definitions_hash(),
        "rules_hash": rules_hash(items),
    }


def rules_hash(items: list[str]) -> str:
    """Return the fingerprint of the SQL that makes the item tables out of what core holds."""
    every = tables.tables()
    digest = hashlib.sha256()
    for name in sorted(tables.reached_from(*items)):
        if every[name].refill or every[name].kind != "TABLE":
            digest.update(f"{name} {every[name].shape_hash}\n".encode())
    return digest.hexdigest()


def _hash(connection: psycopg.Connection, query: str) -> str:
    return connection.execute(
        "SELECT encode(sha256(convert_to(coalesce(string_agg(q::text, E'\\n'), ''), 'UTF8')), 'hex') AS hash"
        f" FROM ({query}) AS q",
        {"commune": settings.commune_code()},
    ).fetchone()["hash"]


def _readings(connection: psycopg.Connection) -> dict[str, Any]:
    """Return, by stream, how many readings were merged, the last of them, and a hash of all their bodies."""
    rows = connection.execute(
        "SELECT stream, count(*) AS count, max(fetch_id) AS last,"
        " encode(sha256(convert_to(string_agg(fetch_id || ' ' || coalesce(body_hash, ''), E'\\n' ORDER BY fetch_id),"
        "  'UTF8')), 'hex') AS hash"
        " FROM ops.fetches WHERE commune_code = %s AND state = 'merged' GROUP BY stream ORDER BY stream",
        (settings.commune_code(),),
    ).fetchall()
    return {row["stream"]: [row["count"], row["last"], row["hash"]] for row in rows}
