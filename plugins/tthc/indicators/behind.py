"""The rows behind a number, as SQL: the predicates that count, without the aggregate."""

from __future__ import annotations

from tthc.indicators import definitions
from tthc.indicators.definitions import CODES, Indicator

#: What a row behind a number adds to it.
PARTS = ("in_numerator", "numerator_part", "denominator_part")
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


def parts_sql(indicator: Indicator) -> tuple[str, str]:
    """Return what one row behind a number adds to numerator and denominator; of a median and the like, its value."""
    _, succeeds = indicator.evidence_sql
    numerator = {
        "sum": f"coalesce({indicator.sum}, 0)::bigint",
        "ratio": f"coalesce({indicator.sum}, 0)::bigint",
        "median": f"({indicator.of})::numeric",
        "published": f"({indicator.of})::numeric",
    }.get(indicator.kind, f"(({succeeds}) IS TRUE)::integer")
    denominator = {
        "ratio": f"coalesce({indicator.of_sum}, 0)::bigint",
        "rate": "1",
        "median": "1",
    }.get(indicator.kind, "NULL::bigint")
    return numerator, denominator


def rows_behind(indicator: Indicator) -> str | None:
    """Return the query of the rows behind an indicator for ($1 commune, $2 first day, $3 last day); None without any.

    Its columns: row_key, one code for each level, is_in_numerator, numerator_part, denominator_part, details (what
    the row says, JSON), fetch_id and row_number.
    """
    if indicator.item is None:
        return None
    who, succeeds = indicator.evidence_sql
    numerator, denominator = parts_sql(indicator)
    columns = definitions.item_columns(indicator.item)
    codes = ", ".join(
        f"b.{column}" if column in columns else f"NULL::text AS {column}" for column in CODES.values()
    )
    join, at = _stands(indicator.item)
    place = (
        f"{at}.fetch_id, {at}.row_number" if at else "NULL::bigint AS fetch_id, NULL::integer AS row_number"
    )
    shown = " - ".join(["to_jsonb(b)", *(f"'{name}'" for name in (*PARTS, "fetch_id", "row_number"))])
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
