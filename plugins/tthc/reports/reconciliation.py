"""City and portal side by side for those who put it right: classes, the morning's list, totals that do not agree."""

from __future__ import annotations

from typing import Any

import psycopg

from tthc import settings
from tthc.indicators import definitions, explain
from tthc.indicators.explain import Scope
from tthc.sources import streams
from tthc.workdays.periods import Period

INDICATORS = ("national_portal_receipt_rate", "two_system_match_rate")
WORKLIST = (
    "unit_code", "class", "title", "dossier_code", "portal_code", "matched_by", "procedure_code", "city_status",
    "portal_status", "city_received_on", "portal_received_on", "city_due_on", "portal_due_on", "city_ended_on",
    "portal_ended_on", "todo",
)  # fmt: skip
_ITEMS = "marts.reconciliation_in_period(%(commune)s, %(first)s::date, %(last)s::date)"


def classes(connection: psycopg.Connection, period: Period, scope: Scope) -> list[dict[str, Any]]:
    """Return every class with its ``count`` of dossiers that either system received in the period, also 0."""
    return connection.execute(
        f"SELECT c.class, c.title, count(r.class) AS count FROM marts.reconciliation_classes AS c"
        f" LEFT JOIN (SELECT * FROM {_ITEMS} WHERE {scope.predicate}) AS r ON r.class = c.class"
        f" GROUP BY c.class, c.title, c.sort_order ORDER BY c.sort_order",
        _parameters(period, scope),
    ).fetchall()


def units(connection: psycopg.Connection, period: Period) -> list[dict[str, Any]]:
    """Return how many dossiers of each class each unit has: ``unit_code``, ``name``, and ``counts`` by class."""
    rows = connection.execute(
        f"SELECT r.unit_code, coalesce(u.name, 'Đơn vị chưa rõ') AS name, r.class, count(*) AS n"
        f" FROM {_ITEMS} AS r LEFT JOIN marts.units AS u ON u.commune_code = %(commune)s AND u.unit_code = r.unit_code"
        f" GROUP BY r.unit_code, u.name, u.sort_order, r.class ORDER BY u.sort_order NULLS LAST, r.unit_code",
        _parameters(period, Scope("commune", settings.commune_code())),
    ).fetchall()
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        of_unit = found.setdefault(
            row["unit_code"], {"unit_code": row["unit_code"], "name": row["name"], "counts": {}}
        )
        of_unit["counts"][row["class"]] = row["n"]
    return list(found.values())


def worklist(
    connection: psycopg.Connection, period: Period, scope: Scope, limit: int | None = None
) -> list[dict[str, Any]]:
    """Return what is to be looked at, one dict of ``WORKLIST`` each: what is missing first, then the oldest."""
    return connection.execute(
        f"SELECT {', '.join(f'c.{name}' if name in ('title', 'todo') else f'r.{name}' for name in WORKLIST)}"
        f" FROM {_ITEMS} AS r INNER JOIN marts.reconciliation_classes AS c ON c.class = r.class"
        f" WHERE r.class <> 'equal' AND r.is_covered AND {scope.predicate}"
        f' ORDER BY r.unit_code COLLATE "C", c.sort_order, coalesce(r.city_received_on, r.portal_received_on),'
        f' r.dossier_code COLLATE "C" LIMIT %(limit)s',
        {**_parameters(period, scope), "limit": limit},
    ).fetchall()


def figures(connection: psycopg.Connection, period: Period, scope: Scope) -> list[dict[str, Any]]:
    """Return the two indicators as the dossiers say now: id, name, numerator, denominator, ``lacking`` (not asked)."""
    found = []
    for id in INDICATORS:
        indicator = definitions.indicators()[id]
        now = explain.now(connection, indicator, period, scope)
        lacking = connection.execute(
            f"SELECT {indicator.lacking_sql} AS n FROM {_ITEMS} WHERE {scope.predicate}",
            _parameters(period, scope),
        ).fetchone()["n"]
        found.append({"indicator": id, "name": indicator.name, **now, "lacking": lacking})
    return found


def gaps(connection: psycopg.Connection, period: Period | None = None) -> list[dict[str, Any]]:
    """Return the totals that sources gave and we did not count, of all streams or those that touch a period.

    Each: fetch_id, stream, measure, said, counted, gap, place, first_day, last_day, ``months`` that it touches and
    ``indicators`` that are made of the stream.
    """
    rows = connection.execute(
        "SELECT t.fetch_id, t.stream, t.measure, t.said, t.counted, t.gap, t.place, lower(t.days) AS first_day,"
        " upper(t.days) - 1 AS last_day, CASE WHEN t.days IS NULL THEN coalesce(f.touched_months, '{}') ELSE ("
        "  SELECT array_agg(DISTINCT to_char(m, 'YYYY-MM') ORDER BY to_char(m, 'YYYY-MM')) FROM unnest(t.days) AS s"
        "  CROSS JOIN LATERAL generate_series(date_trunc('month', lower(s)), upper(s) - 1, interval '1 month') AS m"
        " ) END AS months"
        " FROM marts.control_totals AS t INNER JOIN ops.fetches AS f ON f.fetch_id = t.fetch_id"
        " WHERE t.commune_code = %(commune)s AND t.is_open AND (%(first)s::date IS NULL OR t.days IS NULL"
        "  OR t.days && daterange(%(first)s::date, %(last)s::date, '[]')) ORDER BY t.fetch_id, t.measure",
        {
            "commune": settings.commune_code(),
            "first": period.start if period else None,
            "last": period.end if period else None,
        },
    ).fetchall()
    return [
        {**row, "indicators": definitions.fed_by(streams.stream_named(row["stream"]).table)} for row in rows
    ]


def told(gap: dict[str, Any]) -> str:
    """Return a gap in one sentence: what was said and counted, where, and the numbers that it touches."""
    what = "dòng" if gap["measure"] == "rows" else f"ở cột {gap['measure']}"
    months, ids = (
        ", ".join(gap["months"]) or "chưa rõ tháng",
        ", ".join(gap["indicators"]) or "chưa chỉ tiêu nào",
    )
    return (
        f"{gap['stream']}, lần đọc {gap['fetch_id']}: nguồn ghi {_number(gap['said'])} {what} ({gap['place']}), ta đếm "
        f"được {_number(gap['counted'])}, lệch {_number(gap['gap'])}. Số bị chạm tới: {ids}; các tháng: {months}."
    )


def _number(value: Any) -> str:
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


def _parameters(period: Period, scope: Scope) -> dict[str, Any]:
    return {
        "commune": settings.commune_code(),
        "first": period.start,
        "last": period.end,
        "code": scope.code,
    }
