"""Lines and totals: exact fractions all the way, rounded half-up once, at the end.

A total has a least and a most: what waits for people counts for nothing in the one and for all in the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Literal

from tthc.evaluation import rules
from tthc.evaluation.figures import Figures
from tthc.evaluation.rules import Deductions, Form, Group, Item

State = Literal["scored", "aside", "waiting"]
#: Below it a percentage says little: no points for it, none against.
FEW = 5
_NO_DATA = "Không có gì để tính trong kỳ, hoặc chưa có dữ liệu."
_FEW = f"Mẫu số dưới {FEW}: trung tính."
_BY_PEOPLE = "Không đủ số liệu để tính: người có thẩm quyền đã chấm."


@dataclass(frozen=True)
class Line:
    """One item as it was scored; ``weight`` is what it counts for after spreading, ``points`` None while people owe it.

    ``needed`` more of those counted would have to succeed (of a count: fewer be there) for the ``lost`` points.
    """

    group: str
    item: Item
    state: State
    weight: Fraction
    numerator: Fraction | None = None
    denominator: Fraction | None = None
    value: Fraction | None = None
    points: Fraction | None = None
    why: str | None = None
    is_whole: bool = True
    needed: int | None = None

    @property
    def lost(self) -> Fraction:
        """The points that it did not get."""
        return Fraction(0) if self.points is None else self.weight - self.points


@dataclass(frozen=True)
class Deducted:
    """One deduction as it was found; ``events`` None: nothing tells of them."""

    code: str
    name: str
    events: Fraction | None
    points: Fraction
    why: str | None


@dataclass(frozen=True)
class Total:
    """Lines, deductions, and the least and the most points of 100."""

    lines: tuple[Line, ...]
    deducted: tuple[Deducted, ...]
    deducted_points: Fraction
    least: Decimal
    most: Decimal


def half_up(value: Fraction, places: int = 2) -> Decimal:
    """Return a fraction rounded half-up.

    >>> half_up(Fraction(89995, 1000)), half_up(Fraction(1, 3))
    (Decimal('90.00'), Decimal('0.33'))
    """
    scale = 10**places
    whole = math.floor(value * scale + Fraction(1, 2))
    return (Decimal(whole) / scale).quantize(Decimal(1) / scale, ROUND_HALF_UP)


def total(
    form: Form,
    deductions: Deductions,
    figures: Figures,
    level: str,
    code: str,
    facts: Mapping[str, Fraction | None] | None = None,
    entered: Mapping[str, Fraction] | None = None,
) -> Total:
    """Return the points of a unit or official; ``facts`` percentages known otherwise, ``entered`` those by people."""
    found = [
        [_line(group, item, figures, level, code, facts or {}, entered or {}) for item in group.items]
        for group in form.groups
    ]
    lines = _spread(form.groups, found)
    deducted = tuple(_deducted(row, figures, level, code) for row in deductions.rows)
    off = Fraction(0)
    if deductions.is_counted:
        off = min(sum((each.points for each in deducted), Fraction(0)), Fraction(deductions.most))
    least, most = (_sum(form.groups, lines, off, waits) for waits in (Fraction(0), Fraction(1)))
    return Total(tuple(lines), deducted, off, half_up(least), half_up(most))


def _sum(groups: Sequence[Group], lines: Sequence[Line], off: Fraction, waits: Fraction) -> Fraction:
    whole = Fraction(0)
    for group in groups:
        got = sum(
            (
                line.weight * waits if line.points is None else line.points
                for line in lines
                if line.group == group.code and line.state != "aside"
            ),
            Fraction(0),
        )
        whole += max(Fraction(0), got - off) if group.takes_deductions else got
    return whole


def _line(
    group: Group,
    item: Item,
    figures: Figures,
    level: str,
    code: str,
    facts: Mapping[str, Fraction | None],
    entered: Mapping[str, Fraction],
) -> Line:
    line = _measured(group, item, figures, level, code, facts, entered)
    if line.state == "waiting" and item.entered is None and item.code in entered:
        # Where no number tells, people do; what a number tells they do not touch.
        given = entered[item.code]
        return replace(line, state="scored", value=given, points=line.weight * given / 100, why=_BY_PEOPLE)
    return line


def _measured(
    group: Group,
    item: Item,
    figures: Figures,
    level: str,
    code: str,
    facts: Mapping[str, Fraction | None],
    entered: Mapping[str, Fraction],
) -> Line:
    weight = Fraction(group.weight) / len(group.items) if group.is_equal else Fraction(item.weight or 0)
    line = Line(group.code, item, "scored", weight)
    if item.given:
        return replace(line, points=weight)
    if item.entered is not None:
        if item.code not in entered:
            return replace(line, state="waiting", why=f"Người nhập: {item.entered}")
        return _valued(line, entered[item.code])
    if item.fact is not None:
        known = facts.get(item.fact)
        if known is None:
            return _missing(line, group, "Chưa đủ căn cứ để biết.")
        return _valued(line, known)
    if item.count is not None:
        events, status = figures.part(level, code, f"{item.count}.numerator")
        there, _ = figures.part(level, code, f"{item.among or item.count}.numerator")
        if events is None or (item.among is not None and not there):
            return _missing(line, group, _NO_DATA)
        points = max(Fraction(0), weight - Fraction(item.each or 0) * events)
        return replace(
            line,
            numerator=events,
            value=events,
            points=points,
            is_whole=status != "incomplete",
            needed=int(events),
        )
    return _percentage(line, group, item, figures, level, code)


def _percentage(line: Line, group: Group, item: Item, figures: Figures, level: str, code: str) -> Line:
    measure = item.measure or rules.Measure(
        of=(f"{item.rate}.denominator",), done=(f"{item.rate}.numerator",)
    )
    if measure.at is not None:
        if code not in measure.units:
            return _missing(line, group, "Không phải việc của đơn vị này.")
        level = measure.at
    of, is_whole = _added(figures, level, code, measure.of)
    some, is_whole_too = _added(figures, level, code, measure.done or measure.failed)
    if not of:
        return _missing(line, group, _NO_DATA)
    line = replace(line, denominator=of, is_whole=is_whole and is_whole_too)
    done = some if measure.done else max(Fraction(0), of - Fraction(measure.per_failure) * some)
    line = replace(line, numerator=done, value=100 * done / of)
    if of < FEW:
        return _missing(line, group, _FEW)
    lacking = Fraction(item.target) * of / 100 - done
    # One failure undone gives back what one failure costs.
    needed = math.ceil(lacking / (1 if measure.done else Fraction(measure.per_failure)))
    return replace(_valued(line, line.value), needed=max(needed, 0))


def _added(figures: Figures, level: str, code: str, parts: Sequence[str]) -> tuple[Fraction, bool]:
    """Return the sum of the parts that are known, and whether all of it is whole."""
    found = [figures.part(level, code, part) for part in parts]
    known = [value for value, _ in found if value is not None]
    return sum(known, Fraction(0)), all(status != "incomplete" for _, status in found)


def _valued(line: Line, value: Fraction) -> Line:
    floor, target = Fraction(line.item.floor), Fraction(line.item.target)
    share = min(Fraction(1), max(Fraction(0), (value - floor) / (target - floor)))
    return replace(line, value=value, points=line.weight * share)


def _missing(line: Line, group: Group, why: str) -> Line:
    if group.when_none == "full":
        return replace(line, points=line.weight, why=f"{why} Nhóm này khởi đầu đủ điểm.")
    if group.when_none == "wait":
        return replace(line, state="waiting", points=None, why=f"{why} Người có thẩm quyền chấm.")
    return replace(line, state="aside", points=None, why=why)


def _spread(groups: Sequence[Group], found: Sequence[Sequence[Line]]) -> list[Line]:
    """Give the weight of what stands aside to the rest of its group in proportion; a whole group's to the rest."""
    kept = [sum((line.weight for line in lines if line.state != "aside"), Fraction(0)) for lines in found]
    here = sum(
        (Fraction(group.weight) for group, weight in zip(groups, kept, strict=True) if weight), Fraction(0)
    )
    spread: list[Line] = []
    for group, lines, weight in zip(groups, found, kept, strict=True):
        for line in lines:
            if line.state == "aside":
                spread.append(replace(line, weight=Fraction(0)))
                continue
            factor = Fraction(group.weight) / weight * 100 / here
            spread.append(
                replace(
                    line,
                    weight=line.weight * factor,
                    points=None if line.points is None else line.points * factor,
                )
            )
    return spread


def _deducted(row: rules.Deduction, figures: Figures, level: str, code: str) -> Deducted:
    if row.events is None:
        return Deducted(row.code, row.name, None, Fraction(0), row.why)
    events, _ = figures.part(level, code, row.events)
    if events is None:
        return Deducted(row.code, row.name, None, Fraction(0), _NO_DATA)
    points = Fraction(row.each) * events
    if row.most is not None:
        points = min(points, Fraction(row.most))
    return Deducted(row.code, row.name, events, points, None)
