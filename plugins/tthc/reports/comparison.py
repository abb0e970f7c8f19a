"""The numbers of a period beside their targets, the period before, the same period of last year, and the 13 months.

What a published paper is compared with are the numbers that were in force when it was published, so that it comes
out again as it was; a draft is compared with the newest builds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg

from tthc import settings
from tthc.indicators import definitions
from tthc.indicators.definitions import Indicator, Target
from tthc.reports import values
from tthc.reports.values import Edition
from tthc.workdays import periods
from tthc.workdays.periods import Period

#: How far a trend looks back: a year, and the same month of the year before.
MONTHS = 13


@dataclass(frozen=True)
class Told:
    """One value as a build has it."""

    numerator: Any
    denominator: Any
    value: Decimal | None
    status: str


@dataclass(frozen=True)
class Line:
    """One indicator: its target, and its values by code; ``before`` and ``year_ago`` are those of the commune."""

    indicator: Indicator
    target: Target | None
    now: dict[str, Told]
    before: Told | None
    year_ago: Told | None
    #: The day whose target is asked of.
    on: date

    @property
    def of_commune(self) -> Told | None:
        """The value of the commune in this period."""
        return self.now.get(settings.commune_code())

    @property
    def is_met(self) -> bool | None:
        """Whether the commune meets the target; None where that cannot be said."""
        told = self.of_commune
        if told is None or self.target is None or told.value is None or told.status == "incomplete":
            return None
        return self.indicator.reaches(told.value, self.on)


@dataclass(frozen=True)
class Comparison:
    """All indicators of a period; ``against`` has the editions that it is compared with, by what they are."""

    period: Period
    edition: Edition
    lines: tuple[Line, ...]
    units: tuple[tuple[str, str], ...]
    against: dict[str, tuple[Period, Edition | None]]
    #: Which sources the period lacks, since when, and the indicators that need them.
    gaps: tuple[dict[str, Any], ...] = ()

    @property
    def lacking(self) -> set[str]:
        """The indicators that lack a source."""
        return {id for gap in self.gaps for id in gap["indicators"]}


def compare(connection: psycopg.Connection, period: Period, edition: Edition) -> Comparison:
    """Return every indicator (cells of forms are none) of a period with what it is compared with."""
    against = {
        name: (other, edition_as_of(connection, other, edition))
        for name, other in (("before", periods.shifted(period, -1)), ("year_ago", year_earlier(period)))
    }
    now = numbers(connection, edition, ("commune", "unit"))
    others = {
        name: numbers(connection, other, ("commune",)) if other else {}
        for name, (_, other) in against.items()
    }
    commune = settings.commune_code()
    shown = definitions.shown()
    listed = edition.inputs["shown"] if edition.inputs else shown
    asked = [id for id in listed if id in shown and shown[id].holds_in(period)]
    lines = tuple(
        Line(
            shown[id],
            shown[id].target_on(period.end),
            {code: told for (code, indicator), told in now.items() if indicator == id},
            others["before"].get((commune, id)),
            others["year_ago"].get((commune, id)),
            period.end,
        )
        for id in asked
    )
    units, gaps = tuple(_units(connection, edition)), tuple(values.gaps(connection, edition))
    return Comparison(period, edition, lines, units, against, gaps)


def trend(
    connection: psycopg.Connection, period: Period, edition: Edition, ids: Iterable[str]
) -> list[tuple[Period, dict[str, Told]]]:
    """Return the values of the commune in the 13 months up to the end of a period, oldest first, as far as known."""
    last = periods.parse(period.months[-1], period.calendar)
    commune, asked, found = settings.commune_code(), list(ids), []
    for steps in range(1 - MONTHS, 1):
        month = periods.shifted(last, steps)
        as_of = edition if month == period else edition_as_of(connection, month, edition)
        known = numbers(connection, as_of, ("commune",)) if as_of else {}
        found.append((month, {id: known[commune, id] for id in asked if (commune, id) in known}))
    return found


def year_earlier(period: Period) -> Period:
    """Return the same period of the year before.

    >>> year_earlier(periods.parse("2026-Q3")).label, year_earlier(periods.parse("2026")).label
    ('2025-Q3', '2025')
    """
    year, dash, rest = period.label.partition("-")
    return periods.parse(f"{int(year) - 1}{dash}{rest}", period.calendar)


def edition_as_of(connection: psycopg.Connection, other: Period, edition: Edition) -> Edition | None:
    """Return the numbers of another period in force when ``edition`` was published; for a draft the newest."""
    if edition.published_at is None:
        return values.edition(connection, other, draft=True)
    return values.edition(connection, other, draft=False, before=edition.published_at)


def gaps_in_words(gaps: Iterable[dict[str, Any]]) -> list[str]:
    """Say which source lacks since which day, and how many indicators need it."""
    return [
        f"Thiếu nguồn “{values.stream_title(gap['stream'])}” từ ngày {gap['lacks_from']:%d/%m/%Y}:"
        f" {len(gap['indicators'])} chỉ tiêu chưa đủ hoặc chưa có số."
        for gap in gaps
    ]


def in_words(told: Told | None, indicator: Indicator) -> str:
    """Return a value as a sentence has it: with what it was made of, and in words where it says little.

    >>> in_words(None, next(iter(definitions.shown().values())))
    'chưa có số liệu'
    """
    if told is None:
        return "chưa có số liệu"
    if told.status == "no_source":
        return "chưa có nguồn số liệu"
    if told.value is None:
        return "không có trường hợp nào để tính" + _MARKS.get(told.status, "")
    text = number_in_words(told.value, indicator)
    if told.denominator is not None and told.numerator is not None:
        text += f" ({whole(told.numerator)}/{whole(told.denominator)})"
    return text + _MARKS.get(told.status, "")


#: The sign stays on the line of its number.
_SIGNS = {
    "rate": "\u00a0%",
    "clauses": "\u00a0%",
    "change": "\u00a0điểm %",
    "weighted": "\u00a0điểm",
    "scored": "\u00a0điểm",
}
_MARKS = {"incomplete": " (số liệu CHƯA ĐỦ)", "small_n": " (ít trường hợp)"}


def number_in_words(value: Decimal, indicator: Indicator) -> str:
    """Return a number with the decimals and the sign that its kind has."""
    if is_whole(indicator):
        return whole(value)
    return decimal(value) + _SIGNS.get(indicator.kind, "")


def target_in_words(indicator: Indicator, target: Target | None) -> str:
    """Return a target with its relation, as ``≥ 98 %``; nothing for none."""
    if target is None:
        return ""
    relation = {"up": "≥\u00a0", "down": "≤\u00a0", "near": "±\u00a0"}.get(indicator.direction, "")
    aim = f"{Decimal(str(target.value)).normalize():f}".replace(".", ",")
    return relation + aim + _SIGNS.get(indicator.kind, "")


def is_whole(indicator: Indicator) -> bool:
    """Say whether the indicator is a number of things."""
    return indicator.kind in ("count", "sum", "mapped")


def is_percentage(indicator: Indicator) -> bool:
    """Say whether the indicator is in percent."""
    return indicator.kind in ("rate", "clauses")


def whole(value: Any) -> str:
    """Return a whole number as Vietnamese readers write it.

    >>> whole(1234567)
    '1.234.567'
    """
    return f"{int(value):,}".replace(",", ".")


def decimal(value: Any) -> str:
    """Return a number with two decimals, half up, as Vietnamese readers write it.

    >>> decimal(Decimal("1234.565"))
    '1.234,57'
    """
    rounded = Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{rounded:,}".translate(str.maketrans(",.", ".,"))


def numbers(
    connection: psycopg.Connection, edition: Edition, levels: tuple[str, ...]
) -> dict[tuple[str, str], Told]:
    """Return the values of a build at these levels, cells of forms too, by (code, indicator)."""
    rows = connection.execute(
        "SELECT code, indicator, numerator, denominator, value, status FROM indicators.values"
        " WHERE build_id = %s AND level = ANY (%s)",
        (edition.build_id, list(levels)),
    )
    return {
        (row["code"], row["indicator"]): Told(
            row["numerator"], row["denominator"], row["value"], row["status"]
        )
        for row in rows
    }


def _units(connection: psycopg.Connection, edition: Edition) -> Iterable[tuple[str, str]]:
    if edition.units is not None:
        return [
            (code, name)
            for code, (name, _) in sorted(edition.units.items(), key=lambda unit: (unit[1][1], unit[0]))
        ]
    rows = connection.execute(
        "SELECT unit_code, name FROM marts.units WHERE commune_code = %s AND is_active"
        ' ORDER BY sort_order, unit_code COLLATE "C"',
        (settings.commune_code(),),
    )
    return [(row["unit_code"], row["name"]) for row in rows]
