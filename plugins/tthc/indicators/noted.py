"""The definitions brought into the database, where those who read numbers in SQL find what the numbers mean."""

from __future__ import annotations

from functools import cache
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tthc.indicators import behind, definitions, dictionary
from tthc.indicators.definitions import Indicator


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
        "evidence_sql": behind.rows_behind(indicator),
        "form": indicator.form,
        "form_column": indicator.column,
        "levels": indicator.at,
        "period_kinds": indicator.periods,
        "sources": indicator.sources,
        "feeds": indicator.feeds,
        "targets": [
            {
                "from": t.valid_from.isoformat(),
                "value": int(t.value) if t.value.is_integer() else t.value,
                "source": t.source,
            }
            for t in indicator.targets
        ],
    }


def _sql(indicator: Indicator, text: str) -> str | None:
    return None if indicator.item is None or text.startswith("NULL::") else text
