"""Caps of the level: which hold for a unit or official, with their cause; they move no points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from tthc.evaluation.figures import Figures
from tthc.evaluation.people import Finding, Person, months_of_work
from tthc.evaluation.rules import LEVELS, Level, RuleSet, Test, Veto


class Held(NamedTuple):
    """A veto as it was judged; ``holds`` None: nothing tells. ``cap``: the highest level left, None for no cap."""

    veto: Veto
    holds: bool | None
    cause: str
    cap: Level | None = None


@dataclass(frozen=True)
class Unit:
    """What a unit's sheet says to those of its people: the highest level it can have, and the vetoes that hold."""

    level: Level | None
    held: tuple[str, ...]


def of_unit(rules: RuleSet, figures: Figures, code: str) -> list[Held]:
    """Return every veto of a unit, judged."""
    return [_tested(veto, figures, "unit", code) for veto in rules.vetoes]


def of_person(
    rules: RuleSet, figures: Figures, person: Person, findings: Sequence[Finding], unit: Unit | None
) -> list[Held]:
    """Return every veto of an official, judged; ``unit`` is the sheet of the home unit."""
    found = []
    for veto in rules.vetoes:
        if veto.heads_only and not _is_asked(veto, person):
            continue
        found.append(
            _tested(veto, figures, "official", person.code)
            if veto.fact is None
            else _of_fact(veto, rules, figures, person, findings, unit)
        )
    return found


def _is_asked(veto: Veto, person: Person) -> bool:
    """Say whether a veto of heads is asked of somebody; corruption, of whoever was head at some time of the year."""
    return bool(person.headed) if veto.fact == "unit_corruption" else person.is_head


def capped(level: Level, held: Sequence[Held]) -> Level:
    """Return a level under the caps that hold."""
    return min((level, *(one.cap for one in held if one.holds and one.cap)), key=LEVELS.index)


def is_unrated(held: Sequence[Held]) -> bool:
    """Say whether a veto that holds says that nobody rates."""
    return any(one.holds and one.veto.cap == "not_rated" for one in held)


def _cap(veto: Veto) -> Level | None:
    return veto.cap if veto.cap in LEVELS else None


def _tested(veto: Veto, figures: Figures, level: str, code: str) -> Held:
    if veto.why is not None:
        return Held(veto, None, veto.why)
    answers = [_test(test, figures, level, code) for test in veto.tests]
    for answer, told in answers:
        if answer:
            return Held(veto, True, told, _cap(veto))
    unknown = [told for answer, told in answers if answer is None]
    return Held(veto, None if unknown else False, "; ".join(unknown or [told for _, told in answers]))


def _test(test: Test, figures: Figures, level: str, code: str) -> tuple[bool | None, str]:
    """Return whether a test is met (None: not known) and the numbers of it."""
    known, _ = figures.part(level, code, test.part)
    indicator = test.part.partition(".")[0]
    if known is None:
        return None, f"{indicator}: chưa có dữ liệu"
    if test.share_of is not None:
        whole, _ = figures.part(level, code, test.share_of)
        if whole is None:
            return None, f"{test.share_of.partition('.')[0]}: chưa có dữ liệu"
        if not whole:
            return False, f"{indicator}: {known}/0"
        told, compared = f"{indicator}: {known}/{whole}", 100 * known / whole
    else:
        whole = Fraction(0)
        told, compared = f"{indicator}: {known}", known
    if test.needs and whole < test.needs:
        return False, f"{told}, mẫu số dưới {test.needs}"
    if test.below is not None:
        return compared < Fraction(test.below), told
    return compared > Fraction(test.above or 0), told


def _of_fact(
    veto: Veto,
    rules: RuleSet,
    figures: Figures,
    person: Person,
    findings: Sequence[Finding],
    unit: Unit | None,
) -> Held:
    own = [one for one in findings if one.official_code == person.code]
    cap = _cap(veto)
    if veto.fact == "disciplined":
        return _of_findings(veto, [one for one in own if one.discipline], cap)
    if veto.fact == "harassment":
        return _of_findings(veto, [one for one in own if one.is_harassment and not one.discipline], cap)
    if veto.fact == "unit_harassment":
        inside = [one for one in findings if one.unit_code == person.home_unit and one.is_harassment]
        return _of_findings(veto, inside, cap)
    if veto.fact == "falsification":
        return _of_findings(veto, [one for one in own if one.is_falsification], cap)
    if veto.fact == "unit_corruption":
        # Of whoever was head on the day it was concluded: who came later does not answer for it, who left does.
        under = [
            one
            for one in findings
            if one.is_corruption and person.was_head_of(one.unit_code, one.concluded_on)
        ]
        return _of_findings(veto, under, cap)
    if veto.fact in ("unit_veto", "unit_level"):
        if unit is None:
            return Held(veto, None, f"Chưa có phiếu của đơn vị {person.home_unit}.")
        if veto.fact == "unit_veto":
            told = [code for code in veto.of if code in unit.held]
            return Held(veto, bool(told), f"đơn vị {person.home_unit}: {', '.join(told) or 'không'}", cap)
        if unit.level is None:
            return Held(veto, None, f"Chưa biết mức của đơn vị {person.home_unit}.")
        return Held(veto, True, f"đơn vị {person.home_unit}: {rules.level_name(unit.level)}", unit.level)
    return _of_work(veto, rules, figures, person, cap)


def _of_findings(veto: Veto, found: Sequence[Finding], cap: Level | None) -> Held:
    told = ", ".join(one.record_code for one in found)
    return Held(veto, bool(found), f"kết luận {told}" if told else "không có kết luận", cap)


def _of_work(veto: Veto, rules: RuleSet, figures: Figures, person: Person, cap: Level | None) -> Held:
    if rules.work is None or figures.period.kind != "year":
        return Held(veto, False, "chỉ xét theo năm")
    worked, absent = months_of_work(person, rules.work, figures.period)
    told = f"làm việc {float(worked):.2f} tháng, vắng {float(absent):.2f} tháng"
    if veto.fact == "short_work":
        return Held(veto, worked < Fraction(rules.work.least_months), told)
    is_long = Fraction(rules.work.absent_from) <= absent < Fraction(rules.work.absent_below)
    return Held(veto, is_long, told, cap)
