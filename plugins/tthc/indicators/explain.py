"""Where a number comes from: its definition, who was counted, who was left out and why, and the dossiers behind it.

The evidence is the predicates of the indicator without the aggregate, so a value and its list cannot disagree.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
import psycopg
import sqlglot
from sqlglot import expressions

from tthc import settings
from tthc.errors import UsageError
from tthc.indicators import behind, composed, definitions
from tthc.indicators.definitions import Indicator
from tthc.warehouse.trace import ADDRESS
from tthc.workdays.periods import Period

#: What is shown of a dossier that its item table does not carry itself, by item table.
_MORE = {
    "marts.dossiers_in_period": (
        "dossier_code", *behind.PARTS, "status", "outcome", "unit_code", "procedure_code", "received_on", "due_on",
        "ended_on", "due_source", "fetch_id", "address",
    ),
    "marts.reconciliation_in_period": (
        "dossier_code", *behind.PARTS, "class", "matched_by", "portal_code", "unit_code", "procedure_code",
        "city_status", "portal_status", "city_received_on", "portal_received_on", "city_due_on", "portal_due_on",
        "city_ended_on", "portal_ended_on", "fetch_id", "address", "portal_fetch_id", "portal_address",
    ),
}  # fmt: skip
#: Columns of an item table that say where a row stands, for its address.
_STANDING = ("fetch_id", "row_number")


def evidence_columns(item: str) -> tuple[str, ...]:
    """Return what is shown of the rows behind a number: key, parts, what the row says, where it came from."""
    if item in _MORE:
        return _MORE[item]
    key, *others = definitions.item_columns(item)
    shown = [name for name in others if name not in _STANDING]
    return (key, *behind.PARTS, *shown, *(("fetch_id", "address") if _has_address(item) else ()))


def _has_address(item: str) -> bool:
    return set(_STANDING) <= set(definitions.item_columns(item))


_NAMED_IN = {
    "unit": "marts.units",
    "procedure": "marts.procedures",
    "field": "marts.procedures",
    "official": "marts.officials",
}


@dataclass(frozen=True)
class Scope:
    """Whose number: the commune, a unit, a procedure or a field."""

    level: str
    code: str

    @property
    def predicate(self) -> str:
        """Who belongs to it, as SQL with the parameter ``code``."""
        column = definitions.CODES.get(self.level)
        return f"{column} = %(code)s" if column else "true"


def scope(connection: psycopg.Connection, code: str | None) -> Scope:
    """Return whose number ``code`` names: nothing or the commune's own code is the commune.

    Raises UsageError with the known units when it names nothing.
    """
    commune = settings.commune_code()
    if code is None or code == commune:
        return Scope("commune", commune)
    parameters = {"commune": commune, "code": code}
    for level, source in _NAMED_IN.items():
        found = connection.execute(
            f"SELECT EXISTS (SELECT FROM {source} WHERE commune_code = %(commune)s"
            f" AND {definitions.CODES[level]} = %(code)s) AS yes",
            parameters,
        ).fetchone()
        if found["yes"]:
            return Scope(level, code)
    units = connection.execute(
        "SELECT unit_code FROM marts.units WHERE commune_code = %(commune)s AND is_active ORDER BY sort_order",
        parameters,
    ).fetchall()
    raise UsageError(
        f"Không có đơn vị, thủ tục, lĩnh vực hay công chức nào mang mã “{code}”. Các đơn vị: "
        + ", ".join(row["unit_code"] for row in units)
        + "."
    )


def indicator_named(id: str) -> Indicator:
    """Return an indicator, or a cell of a form; raise UsageError that lists the indicators."""
    known = definitions.indicators()
    if id not in known:
        raise UsageError(f"Không có chỉ tiêu “{id}”. Các chỉ tiêu: {', '.join(definitions.shown())}.")
    return known[id]


def definition(indicator: Indicator) -> dict[str, Any]:
    """Return the definition in words and SQL; ``columns`` says what each column of the predicates means."""
    used = {
        column.name
        for text in (indicator.asked, indicator.succeeds, indicator.sum, indicator.of_sum, indicator.of)
        if text is not None and indicator.item is not None
        for column in sqlglot.parse_one(f"SELECT {text}", read="postgres").find_all(expressions.Column)
    }
    meanings = definitions.meanings(indicator.item) if indicator.item else {}
    return {
        "indicator": indicator.id,
        "name": indicator.name,
        "kind": indicator.kind,
        "clause": indicator.clause,
        "clause_text": indicator.clause_text,
        "legal": indicator.legal,
        "responsible": indicator.responsible,
        "item": indicator.item,
        "who": indicator.who,
        "succeeds": indicator.succeeds,
        "needs": indicator.needs,
        "sum": indicator.sum,
        "of_sum": indicator.of_sum,
        "of": indicator.of,
        "parts": [msgspec.structs.asdict(part) for part in indicator.parts],
        "reason": indicator.reason,
        "sources": list(indicator.sources),
        "numerator_sql": _sql(indicator, indicator.numerator_sql),
        "denominator_sql": _sql(indicator, indicator.denominator_sql),
        "value_sql": _sql(indicator, indicator.value_sql),
        "columns": {name: meanings[name] for name in sorted(used) if name in meanings},
    }


def _sql(indicator: Indicator, text: str) -> str | None:
    return None if indicator.item is None or text.startswith("NULL::") else text


def told(
    connection: psycopg.Connection, build_id: int, indicator: Indicator, scope: Scope
) -> dict[str, Any] | None:
    """Return numerator, denominator, value and status as one build has them; None when it has no such value."""
    return connection.execute(
        "SELECT numerator, denominator, value, status FROM indicators.values"
        " WHERE build_id = %s AND level = %s AND code = %s AND indicator = %s",
        (build_id, scope.level, scope.code, indicator.id),
    ).fetchone()


def now(connection: psycopg.Connection, indicator: Indicator, period: Period, scope: Scope) -> dict[str, Any]:
    """Return numerator and denominator as the rows say today; both None for what is not counted from rows."""
    if indicator.item is None:
        return {"numerator": None, "denominator": None}
    return connection.execute(
        f"SELECT {indicator.numerator_sql} AS numerator, {indicator.denominator_sql} AS denominator"
        f" FROM {_item(indicator)} WHERE {scope.predicate}",
        _parameters(period, scope),
    ).fetchone()


def refuse_level(indicator: Indicator, scope: Scope) -> None:
    """Raise UsageError when an indicator is not counted for that kind of thing."""
    if scope.level not in indicator.at:
        raise UsageError(
            f"Chỉ tiêu {indicator.id} không được tính cho {scope.code} ({scope.level}); các cấp của nó:"
            f" {', '.join(indicator.at)}."
        )


def made_of(
    connection: psycopg.Connection, build_id: int, indicator: Indicator, period: Period, scope: Scope
) -> list[dict[str, Any]]:
    """Return what an indicator made of indicators was made of in a build: each with value, status and target.

    Those of a weighted score carry weight, floor, target and points; those of the clauses of the directive the
    clause and whether the target was reached. The parts of the 766 score are told by ``tthc index-766``.
    """
    known = {
        row.pop("indicator"): row
        for row in connection.execute(
            "SELECT indicator, numerator, denominator, value, status FROM indicators.values"
            " WHERE build_id = %s AND level = %s AND code = %s",
            (build_id, scope.level, scope.code),
        ).fetchall()
    }
    declared = definitions.indicators()
    if indicator.kind == "clauses":
        return [
            {
                "clause": clause,
                "indicator": one.id,
                "name": one.name,
                **known[one.id],
                **_goal(one, known, period),
            }
            for one in definitions.shown().values()
            if one.id in known and one.kind != "clauses" and one.target_on(period.end)
            for clause in one.clauses
        ]
    parts = {part.indicator: part for part in indicator.parts}
    return [
        {
            "indicator": id,
            "name": declared[id].name,
            **known[id],
            **(_weight(parts[id], known[id]["value"]) if id in parts else {}),
        }
        for id in indicator.reads
        if id in known
    ]


def _goal(one: Indicator, known: dict[str, dict[str, Any]], period: Period) -> dict[str, Any]:
    target, value = one.target_on(period.end), known[one.id]["value"]
    return {
        "target": target and target.value,
        "is_reached": None if value is None else one.reaches(value, period.end),
    }


def _weight(part: definitions.Part, value: Decimal | None) -> dict[str, Any]:
    got = None if value is None else composed.points(part, value).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return {"weight": part.weight, "floor": part.floor, "target": part.target, "points": got}


def left_out(
    connection: psycopg.Connection, indicator: Indicator, period: Period, scope: Scope
) -> list[dict[str, Any]]:
    """Return how many dossiers of the period were not asked about, by the first condition they do not meet.

    Each row: ``condition`` (SQL), ``no`` and ``unknown`` (counts: the answer is no, or nobody knows).
    """
    who, _ = indicator.evidence_sql
    conditions = _conditions(who) if indicator.item else []
    if not conditions:
        return []
    first = " ".join(f"WHEN ({text}) IS NOT TRUE THEN {place}" for place, text in enumerate(conditions))
    answer = " ".join(f"WHEN ({text}) IS NOT TRUE THEN ({text}) IS NULL" for text in conditions)
    rows = connection.execute(
        f"SELECT place, count(*) FILTER (WHERE NOT is_unknown) AS no,"
        f" count(*) FILTER (WHERE is_unknown) AS unknown"
        f" FROM (SELECT CASE {first} END AS place, CASE {answer} END AS is_unknown"
        f"  FROM {_item(indicator)} WHERE {scope.predicate}) AS asked"
        f" WHERE place IS NOT NULL GROUP BY place ORDER BY place",
        _parameters(period, scope),
    ).fetchall()
    return [
        {"condition": conditions[row["place"]], "no": row["no"], "unknown": row["unknown"]} for row in rows
    ]


def evidence(
    connection: psycopg.Connection,
    indicator: Indicator,
    period: Period,
    scope: Scope,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Return the rows behind the number, a dict of its item's ``evidence_columns`` each; those that fail come first.

    ``address`` is where the newest version of the row lies in the archive, ``portal_address`` that of the portal. The
    parts of a rate or a count are 0 or 1, those of a sum or a ratio what is summed, so they always add up to the
    number; those of a median are the value of each row. An indicator made of indicators has no rows of its own.
    """
    if indicator.item is None:
        return []
    who, succeeds = indicator.evidence_sql
    numerator, denominator = behind.parts_sql(indicator)
    return connection.execute(
        (_SHOWN.get(indicator.item) or _shown(indicator.item)).format(
            behind=f"SELECT *, (({succeeds}) IS TRUE) AS in_numerator, {numerator} AS numerator_part,"
            f" {denominator} AS denominator_part FROM {_item(indicator)} WHERE ({who}) AND {scope.predicate}",
            address=ADDRESS,
            portal_address=ADDRESS.replace("v.", "p."),
        ),
        {**_parameters(period, scope), "limit": limit},
    ).fetchall()


def counted_in(connection: psycopg.Connection, dossier_code: str) -> list[dict[str, Any]]:
    """Return every computed period in which a dossier was alive, and what it counted in there.

    Each row: calendar, period, build_id, revision_number (None: a draft), ``counted`` and ``succeeded`` (ids of
    indicators whose denominator, or numerator, has it).
    """
    found = []
    for item, indicators in definitions.by_item().items():
        if "dossier_code" not in definitions.item_columns(item):
            continue
        counted, succeeded = [], []
        for indicator in indicators:
            who, succeeds = indicator.evidence_sql
            counted.append(f"CASE WHEN {who} THEN '{indicator.id}' END")
            succeeded.append(f"CASE WHEN ({who}) AND ({succeeds}) THEN '{indicator.id}' END")
        found.append(
            f"SELECT array_remove(ARRAY[{', '.join(counted)}], NULL) AS counted,"
            f" array_remove(ARRAY[{', '.join(succeeded)}], NULL) AS succeeded"
            f" FROM {item}(%(commune)s, b.period_start, b.period_end) WHERE dossier_code = %(dossier)s"
        )
    rows = connection.execute(
        f"SELECT b.calendar, b.period, b.build_id, r.revision_number, c.counted, c.succeeded"
        f" FROM (SELECT DISTINCT ON (calendar, period) * FROM indicators.builds WHERE commune_code = %(commune)s"
        f"  ORDER BY calendar, period, build_id DESC) AS b"
        f" LEFT JOIN indicators.revisions AS r ON r.build_id = b.build_id"
        f" CROSS JOIN LATERAL ({' UNION ALL '.join(found)}) AS c"
        f" ORDER BY b.calendar, b.period_start, b.period_end, b.build_id",
        {"commune": settings.commune_code(), "dossier": dossier_code},
    ).fetchall()
    told: dict[int, dict[str, Any]] = {}
    for row in rows:
        # A dossier is an item of several tables, and counts in each.
        known = told.setdefault(row["build_id"], {**row, "counted": [], "succeeded": []})
        known["counted"] += row["counted"]
        known["succeeded"] += row["succeeded"]
    return list(told.values())


def _conditions(who: str) -> list[str]:
    """Return the conditions that must all hold, in the order they were written."""
    tree = sqlglot.parse_one(f"SELECT {who}", read="postgres").expressions[0]
    if isinstance(tree, expressions.Boolean):
        return []
    parts = list(tree.unnest().flatten()) if isinstance(tree.unnest(), expressions.And) else [tree]
    return [re.sub(r"\s+", " ", part.sql(dialect="postgres")) for part in parts]


def _item(indicator: Indicator) -> str:
    return f"{indicator.item}(%(commune)s, %(first)s::date, %(last)s::date)"


def _parameters(period: Period, scope: Scope) -> dict[str, Any]:
    return {
        "commune": settings.commune_code(),
        "first": period.start,
        "last": period.end,
        "code": scope.code,
    }


def _shown(item: str) -> str:
    """Return the query of the rows of ``behind`` for an item table that carries all that is shown."""
    key = definitions.item_columns(item)[0]
    columns = [name for name in evidence_columns(item) if name != "address"]
    address = ", {address} AS address" if _has_address(item) else ""
    return (
        f"WITH behind AS ({{behind}}) SELECT {', '.join(f'v.{name}' for name in columns)}{address}"
        f' FROM behind AS v ORDER BY v.in_numerator, v.{key} COLLATE "C" LIMIT %(limit)s'
    )


#: The rows of ``behind`` with what is shown of each, by item table.
_SHOWN = {
    "marts.dossiers_in_period": """
WITH behind AS ({behind})
SELECT
    b.dossier_code, b.in_numerator, b.numerator_part, b.denominator_part, d.status, d.outcome, d.unit_code,
    d.procedure_code, d.received_on, d.due_on, d.ended_on, d.due_source, v.fetch_id, {address} AS address
FROM behind AS b
INNER JOIN marts.dossiers AS d ON d.commune_code = %(commune)s AND d.dossier_code = b.dossier_code
LEFT JOIN core.dossiers AS v ON v.commune_code = d.commune_code AND v.dossier_code = d.dossier_code
ORDER BY b.in_numerator, d.received_on, b.dossier_code
LIMIT %(limit)s
""",
    "marts.reconciliation_in_period": """
WITH behind AS ({behind})
SELECT
    b.dossier_code, b.in_numerator, b.numerator_part, b.denominator_part, b.class, b.matched_by, b.portal_code,
    b.unit_code, b.procedure_code, b.city_status, b.portal_status, b.city_received_on, b.portal_received_on,
    b.city_due_on, b.portal_due_on, b.city_ended_on, b.portal_ended_on,
    v.fetch_id, {address} AS address, p.fetch_id AS portal_fetch_id, {portal_address} AS portal_address
FROM behind AS b
LEFT JOIN core.dossiers AS v
    ON v.commune_code = %(commune)s AND v.dossier_code = b.dossier_code AND b.class <> 'missing_in_city'
LEFT JOIN core.portal_dossiers AS p ON p.commune_code = %(commune)s AND p.dossier_code = b.portal_code
ORDER BY b.in_numerator, coalesce(b.city_received_on, b.portal_received_on), b.dossier_code
LIMIT %(limit)s
""",
}
