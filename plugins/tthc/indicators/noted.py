"""The definitions brought into the database, where those who read numbers in SQL find what the numbers mean."""

from __future__ import annotations

from functools import cache
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tthc.indicators import definitions, dictionary
from tthc.indicators.definitions import CODES, Indicator

#: Where the newest version of the row ``b`` stands: (what to join, alias of fetch_id and row_number).
_ITSELF = ("", "b")
_OF_DOSSIER = ("LEFT JOIN core.dossiers AS v ON v.commune_code = $1 AND v.dossier_code = b.dossier_code", "v")
_NOWHERE = ("", None)
_STANDS = {
    # What the city does not have stands where the portal has it.
    "marts.reconciliation_in_period": (
        "LEFT JOIN LATERAL ("
        "SELECT d.fetch_id, d.row_number FROM core.dossiers AS d"
        " WHERE d.commune_code = $1 AND d.dossier_code = b.dossier_code AND b.class <> 'missing_in_city'"
        " UNION ALL SELECT p.fetch_id, p.row_number FROM core.portal_dossiers AS p"
        " WHERE p.commune_code = $1 AND p.dossier_code = b.portal_code AND b.class = 'missing_in_city'"
        ") AS v ON true",
        "v",
    ),
}


def note(connection: psycopg.Connection) -> str:
    """Keep the definitions of today unless the newest that were kept are these; return their fingerprint."""
    fingerprint = definitions.definitions_hash()
    newest = connection.execute(
        "SELECT definitions_hash FROM indicators.definition_versions"
        " ORDER BY noted_at DESC, definitions_hash LIMIT 1"
    ).fetchone()
    if newest is None or newest["definitions_hash"] != fingerprint:
        connection.execute(_NOTE, {"hash": fingerprint, "rows": Jsonb(_rows())})
    return fingerprint


_NOTE = """
INSERT INTO indicators.definition_versions (
    definitions_hash, indicator, name, kind, direction, clause, clause_text, responsible, legal, words, item,
    numerator_sql, denominator_sql, value_sql, evidence_sql, form, form_column, levels, period_kinds, sources, feeds,
    targets, noted_at
)
SELECT
    %(hash)s, r.indicator, r.name, r.kind, r.direction, r.clause, r.clause_text, r.responsible, r.legal, r.words,
    r.item, r.numerator_sql, r.denominator_sql, r.value_sql, r.evidence_sql, r.form, r.form_column, r.levels,
    r.period_kinds, r.sources, r.feeds, r.targets, clock_timestamp()
FROM jsonb_populate_recordset(NULL::indicators.definition_versions, %(rows)s) AS r
ON CONFLICT (definitions_hash, indicator) DO UPDATE SET noted_at = excluded.noted_at
"""


@cache
def _rows() -> list[dict[str, Any]]:
    return [_row(indicator) for indicator in definitions.indicators().values()]


def _row(indicator: Indicator) -> dict[str, Any]:
    return {
        "indicator": indicator.id,
        "name": indicator.name,
        "kind": indicator.kind,
        "direction": indicator.direction,
        "clause": indicator.clause,
        "clause_text": indicator.clause_text,
        "responsible": indicator.responsible,
        "legal": indicator.legal,
        "words": dictionary.words(indicator),
        "item": indicator.item,
        "numerator_sql": _sql(indicator, indicator.numerator_sql),
        "denominator_sql": _sql(indicator, indicator.denominator_sql),
        "value_sql": _sql(indicator, indicator.value_sql),
        "evidence_sql": rows_behind(indicator),
        "form": indicator.form,
        "form_column": indicator.column,
        "levels": indicator.at,
        "period_kinds": indicator.periods,
        "sources": indicator.sources,
        "feeds": indicator.feeds,
        "targets": [
            {"from": t.valid_from.isoformat(), "value": t.value, "source": t.source}
            for t in indicator.targets
        ],
    }


def _sql(indicator: Indicator, text: str) -> str | None:
    return None if indicator.item is None or text.startswith("NULL::") else text


def rows_behind(indicator: Indicator) -> str | None:
    """Return the query of the rows behind an indicator for ($1 commune, $2 first day, $3 last day); None without any.

    Its columns: row_key, one code for each level, is_in_numerator, numerator_part, denominator_part, details (what
    the row says, JSON), fetch_id and row_number.
    """
    if indicator.item is None:
        return None
    who, succeeds = indicator.evidence_sql
    numerator, denominator = indicator.parts_sql
    columns = definitions.item_columns(indicator.item)
    codes = ", ".join(
        f"b.{column}" if column in columns else f"NULL::text AS {column}" for column in CODES.values()
    )
    join, at = _stands(indicator.item)
    place = (
        f"{at}.fetch_id, {at}.row_number" if at else "NULL::bigint AS fetch_id, NULL::integer AS row_number"
    )
    shown = " - ".join(
        ["to_jsonb(b)", *(f"'{name}'" for name in (*definitions.PARTS, "fetch_id", "row_number"))]
    )
    return (
        f"SELECT b.{columns[0]}::text AS row_key, {codes}, b.in_numerator AS is_in_numerator,"
        f" b.numerator_part::numeric, b.denominator_part::numeric, {shown} AS details, {place}"
        f" FROM (SELECT *, ({succeeds}) IS TRUE AS in_numerator, {numerator} AS numerator_part,"
        f" {denominator} AS denominator_part FROM {indicator.item}($1, $2, $3) WHERE {who}) AS b {join}"
    ).strip()


def _stands(item: str) -> tuple[str, str | None]:
    columns = definitions.item_columns(item)
    if {"fetch_id", "row_number"} <= set(columns):
        return _ITSELF
    return _STANDS.get(item) or (_OF_DOSSIER if "dossier_code" in columns else _NOWHERE)
