"""Units beside units of similar volume, and the quota of the highest level: both list, neither picks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from tthc.evaluation.figures import Figures
from tthc.evaluation.rules import LEVELS, Quota
from tthc.evaluation.sheets import Sheet

_VOLUME = "form_ii06a_received_or_carried.numerator"


@dataclass(frozen=True)
class Place:
    """The place of a unit among units that had about as many dossiers; ``rank`` None where there are no points."""

    code: str
    volume: int
    group: int
    rank: int | None
    of: int


def places(sheets: Mapping[str, Sheet], figures: Figures, limits: tuple[int, ...]) -> list[Place]:
    """Return the place of every unit in its group: group 0 below the first limit, equal points share a rank."""
    volumes = {code: int(figures.part("unit", code, _VOLUME)[0] or 0) for code in sheets}
    groups = {code: sum(volume >= limit for limit in limits) for code, volume in volumes.items()}
    found = []
    for code in sorted(sheets):
        beside = [
            sheet.points
            for other, sheet in sheets.items()
            if groups[other] == groups[code] and sheet.is_rated
        ]
        known = [points for points in beside if points is not None]
        own = sheets[code].points if sheets[code].is_rated else None
        rank = None if own is None else 1 + sum(points > own for points in known)
        found.append(Place(code, volumes[code], groups[code], rank, len(known)))
    return sorted(found, key=lambda place: (place.group, place.rank is None, place.rank or 0, place.code))


@dataclass(frozen=True)
class Check:
    """The quota in one unit and group of work: how many may be at the level, and who might be."""

    unit: str
    work: str
    rated: int
    at_level: tuple[str, ...]
    may_be: tuple[str, ...]
    allowed: int
    allowed_raised: int

    @property
    def is_exceeded(self) -> bool:
        """Whether more are surely at the level than is allowed."""
        return len(self.at_level) > self.allowed


def quotas(sheets: Iterable[Sheet], quota: Quota) -> list[Check]:
    """Return the check of each home unit and group of work; those whose level is not decided are listed as such.

    The quota is of those who may reach ``of``: what people still owe can only lower it.
    """
    by_work: dict[tuple[str, str], list[Sheet]] = {}
    for sheet in sheets:
        if sheet.person is not None and sheet.is_rated:
            work = "heads" if sheet.person.is_head else sheet.person.staff_kind
            by_work.setdefault((sheet.person.home_unit, work), []).append(sheet)
    least = LEVELS.index(quota.of)
    found = []
    for (unit, work), held in sorted(by_work.items()):
        good = [sheet for sheet in held if LEVELS.index(sheet.level_most) >= least]
        sure = tuple(sorted(sheet.code for sheet in good if sheet.level_least == quota.level))
        maybe = tuple(
            sorted(s.code for s in good if s.level_most == quota.level and s.level_least != quota.level)
        )
        found.append(
            Check(
                unit,
                work,
                len(good),
                sure,
                maybe,
                _of(quota.percent, len(good)),
                _of(quota.raised, len(good)),
            )
        )
    return found


def _of(percent: Decimal, count: int) -> int:
    return int(Fraction(percent) * count / 100)
