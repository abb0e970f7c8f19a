"""Biểu số II.06a/VPCP/KSTT (Thông tư 01/2020/TT-VPCP): one row per unit, zeros included, and a total.

The columns (3) to (13) are indicators like all others, declared in ``indicators/form_ii06a.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.indicators import definitions
from tthc.reports.values import Edition
from tthc.workdays.periods import Period

FORM = "II.06a"
NUMBERS = tuple(range(3, 14))
#: The sums that the form prints: (3) = (4)+(5)+(6) and so on.
SUMS: tuple[tuple[int, tuple[int, ...]], ...] = (
    (3, (4, 5, 6)),
    (3, (7, 11)),
    (7, (8, 9, 10)),
    (11, (12, 13)),
)


@dataclass(frozen=True)
class Row:
    """One row: ``cells`` has the numbers of the columns (3) to (13) by their number."""

    code: str
    name: str
    is_total: bool
    cells: dict[int, int]


@dataclass(frozen=True)
class Form:
    """A filled form. ``undetermined`` is None when data have moved on since these numbers were computed."""

    period: Period
    edition: Edition
    rows: tuple[Row, ...]
    undetermined: int | None

    @property
    def checks(self) -> list[tuple[str, bool]]:
        """Every sum that must hold in every row, in words, and whether it does."""
        found = []
        for left, right in SUMS:
            name = f"({left}) = {' + '.join(f'({number})' for number in right)}"
            holds = all(row.cells[left] == sum(row.cells[number] for number in right) for row in self.rows)
            found.append((name, holds))
        units = [row for row in self.rows if not row.is_total]
        total = next(row for row in self.rows if row.is_total)
        holds = all(total.cells[number] == sum(row.cells[number] for row in units) for number in NUMBERS)
        return [*found, ("tổng số = cộng các đơn vị", holds)]

    @property
    def note(self) -> str:
        """The footnote on dossiers whose due date nobody knows; empty when there are none."""
        if self.undetermined == 0:
            return ""
        how_many = "" if self.undetermined is None else f" {self.undetermined}"
        return f"Cột (9) và (12) gồm cả{how_many} hồ sơ chưa xác định được thời hạn giải quyết."


def form(connection: psycopg.Connection, period: Period, edition: Edition) -> Form:
    """Return the form of a period from one build; units in the order of the commune, the total last."""
    cells = {cell.id: cell.column for cell in definitions.cells(FORM)}
    found = connection.execute(
        "SELECT v.level, v.code, v.indicator, v.numerator, u.name FROM indicators.values AS v"
        " LEFT JOIN marts.units AS u"
        "  ON u.commune_code = %(commune)s AND v.level = 'unit' AND u.unit_code = v.code"
        " WHERE v.build_id = %(build_id)s AND v.indicator = ANY (%(cells)s) AND v.level IN ('commune', 'unit')"
        " ORDER BY v.level = 'commune', u.sort_order NULLS LAST, v.code COLLATE \"C\"",
        {"commune": settings.commune_code(), "build_id": edition.build_id, "cells": list(cells)},
    ).fetchall()
    units = edition.units
    if units is not None:
        found.sort(key=lambda v: (v["level"] == "commune", units.get(v["code"], ("", 1 << 31))[1], v["code"]))
    rows: dict[tuple[str, str], Row] = {}
    for value in found:
        is_total = value["level"] == "commune"
        known = value["name"] if units is None else units.get(value["code"], (None, 0))[0]
        name = "Tổng số" if is_total else known or value["code"]
        row = rows.setdefault((value["level"], value["code"]), Row(value["code"], name, is_total, {}))
        row.cells[cells[value["indicator"]]] = value["numerator"]
    if not rows or any(set(row.cells) != set(NUMBERS) for row in rows.values()):
        raise TthcError(
            f"Bản tính {edition.build_id} của kỳ {period.label} không đủ các ô của biểu {FORM}:"
            " tính lại bằng tthc refresh."
        )
    if edition.inputs is not None:
        return Form(period, edition, tuple(rows.values()), edition.inputs["undetermined"])
    return Form(period, edition, tuple(rows.values()), _undetermined(connection, period, rows))


def _undetermined(connection: psycopg.Connection, period: Period, rows: dict[Any, Row]) -> int | None:
    now = connection.execute(
        "SELECT count(*) AS alive, count(*) FILTER (WHERE is_open) AS open,"
        " count(*) FILTER (WHERE is_open AND (is_within_term OR is_undetermined)) AS within,"
        " count(*) FILTER (WHERE is_early) AS early, count(*) FILTER (WHERE is_late) AS late,"
        " count(*) FILTER (WHERE is_undetermined) AS undetermined"
        " FROM marts.dossiers_in_period(%(commune)s, %(first)s, %(last)s)",
        {"commune": settings.commune_code(), "first": period.start, "last": period.end},
    ).fetchone()
    total = next(row for row in rows.values() if row.is_total).cells
    told = {"alive": total[3], "open": total[11], "within": total[12], "early": total[8], "late": total[10]}
    return now["undetermined"] if all(now[name] == count for name, count in told.items()) else None
