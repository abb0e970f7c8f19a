"""The numbers that sheets are made of: those of the revision in force, and whether they are whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import psycopg

from tthc import settings
from tthc.indicators import publish
from tthc.workdays.periods import Period


class Figure(NamedTuple):
    """One published number."""

    numerator: int | None
    denominator: int | None
    value: Decimal | None
    status: str

    def part(self, name: str) -> Fraction | None:
        """Return a part of it; None when nothing is known (no data, no source)."""
        if self.status == "no_source" or (self.status == "no_data" and self.denominator != 0):
            return None
        if name == "value":
            return None if self.value is None else Fraction(self.value)
        if name == "failures":
            if self.numerator is None or self.denominator is None:
                return None
            return Fraction(self.denominator - self.numerator)
        told = self.numerator if name == "numerator" else self.denominator
        return None if told is None else Fraction(told)


@dataclass(frozen=True)
class Figures:
    """The numbers of one period by (level, code, indicator); ``revision`` None: a draft, which proves nothing yet.

    ``less`` is what an approved exemption takes off a part of a number, by (level, code, part).
    """

    period: Period
    commune: str
    by_place: Mapping[tuple[str, str, str], Figure]
    revision: int | None = None
    less: Mapping[tuple[str, str, str], int] = field(default_factory=dict)

    def figure(self, level: str, code: str, indicator: str) -> Figure | None:
        """Return a number; None when the revision has none."""
        return self.by_place.get((level, self.commune if level == "commune" else code, indicator))

    def part(self, level: str, code: str, text: str) -> tuple[Fraction | None, str]:
        """Return a part of a number (``<indicator>.<part>``) and its status; (None, ``absent``) without one."""
        indicator, _, part = text.partition(".")
        figure = self.figure(level, code, indicator)
        if figure is None:
            return None, "absent"
        known = figure.part(part)
        off = self.less.get((level, code, text), 0)
        return (known if known is None or not off else max(known - off, Fraction(0))), figure.status

    def codes(self, level: str) -> list[str]:
        """Return the codes of a level, in order."""
        return sorted({code for at, code, _ in self.by_place if at == level})


def read(
    connection: psycopg.Connection, period: Period, draft: bool = False, number: int | None = None
) -> Figures | None:
    """Return the numbers of the revision in force, with ``draft`` of the newest build; None when there is none.

    ``number`` asks for one revision, however old.
    """
    revision = publish.revision(connection, period, number)
    build_id, number = (revision["build_id"], revision["revision_number"]) if revision else (None, None)
    if draft:
        newest = publish.newest_build(connection, period)
        if newest is not None and newest["build_id"] != build_id:
            build_id, number = newest["build_id"], None
    if build_id is None:
        return None
    rows = connection.execute(
        "SELECT level, code, indicator, numerator, denominator, value, status FROM indicators.values"
        " WHERE build_id = %s",
        (build_id,),
    ).fetchall()
    told = {
        (row["level"], row["code"], row["indicator"]): Figure(
            row["numerator"], row["denominator"], row["value"], row["status"]
        )
        for row in rows
    }
    return Figures(period, settings.commune_code(), told, number)
