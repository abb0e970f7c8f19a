"""Sheets of units and officials: lines, deductions, vetoes and a proposed level, under a label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from tthc.evaluation import scoring, vetoes
from tthc.evaluation.figures import Figures
from tthc.evaluation.people import Finding, Person
from tthc.evaluation.rules import Form, Level, RuleSet, item_parts, parts_read
from tthc.evaluation.scoring import Total
from tthc.evaluation.vetoes import Held, Unit


@dataclass(frozen=True)
class Sheet:
    """What is proposed for one unit or official.

    ``level`` is proposed only when what people still owe cannot change it; else it lies between ``level_least`` and
    ``level_most``. ``provisional`` names why the numbers behind it are not final.
    """

    rules: RuleSet
    form: Form
    figures: Figures
    level_of: str
    code: str
    person: Person | None
    total: Total
    held: tuple[Held, ...]
    level_least: Level | None
    level_most: Level | None
    provisional: tuple[str, ...]

    @property
    def is_rated(self) -> bool:
        """Whether anything is proposed: not below the least months of work, nor of what hardly any number tells."""
        return self.level_most is not None

    @property
    def level(self) -> Level | None:
        """The proposed level; None when it is not decided yet."""
        return self.level_most if self.level_least == self.level_most else None

    @property
    def points(self) -> Decimal | None:
        """The points of 100; None while people owe some, and where nothing is proposed."""
        is_decided = self.is_rated and self.total.least == self.total.most and not self.waiting
        return self.total.most if is_decided else None

    @property
    def waiting(self) -> list[scoring.Line]:
        """The lines that people still have to enter."""
        return [line for line in self.total.lines if line.state == "waiting"]


def unit_sheet(rules: RuleSet, figures: Figures, code: str) -> Sheet:
    """Return the sheet of a unit."""
    form = rules.form_of(False, None)
    total = scoring.total(form, rules.deductions, figures, "unit", code)
    return _sheet(rules, form, figures, "unit", code, None, total, vetoes.of_unit(rules, figures, code))


def unit_sheets(rules: RuleSet, figures: Figures, codes: Sequence[str]) -> dict[str, Sheet]:
    """Return the sheets of units by code."""
    return {code: unit_sheet(rules, figures, code) for code in codes}


def official_sheets(
    rules_of: Mapping[str, RuleSet],
    figures: Figures,
    people: Sequence[Person],
    findings: Sequence[Finding],
    units: Mapping[str, Sheet],
    entered: Mapping[str, Mapping[str, Fraction]] | None = None,
) -> dict[str, Sheet]:
    """Return the sheets of officials by code; ``rules_of`` by kind of staff: who has none has no sheet.

    Heads come after those whom they head: what their people reach is an item of theirs. ``entered`` by code and item.
    """
    given = entered or {}
    told = {code: standing_of(sheet) for code, sheet in units.items()}
    made: dict[str, Sheet] = {}
    for person in sorted(people, key=lambda one: (one.is_head, one.code)):
        rules = rules_of.get(person.staff_kind)
        if rules is None:
            continue
        led = [
            Led(sheet.code, sheet.level_least, sheet.level_most)
            for sheet in made.values()
            if sheet.person and sheet.person.home_unit == person.home_unit and not sheet.person.is_head
        ]
        unit = told.get(person.home_unit)
        made[person.code] = official_sheet(
            rules, figures, person, findings, unit, led, given.get(person.code)
        )
    return dict(sorted(made.items()))


class Led(NamedTuple):
    """One whom a head leads: the span of levels of their sheet, both None when nobody rates them."""

    code: str
    level_least: Level | None
    level_most: Level | None


def official_sheet(
    rules: RuleSet,
    figures: Figures,
    person: Person,
    findings: Sequence[Finding],
    unit: Unit | None,
    led: Sequence[Led],
    entered: Mapping[str, Fraction] | None = None,
) -> Sheet:
    """Return the sheet of one official; ``unit`` is what the sheet of the home unit says, ``led`` those they head."""
    figures = replace(figures, less=person.less)
    facts = {
        "subordinates": subordinates(led) if person.is_head else None,
        "head_score": figures.part("unit", person.home_unit, "unit_head_accountability_score.value")[0],
    }
    form = rules.form_of(person.is_head, person.job_title)
    total = scoring.total(form, rules.deductions, figures, "official", person.code, facts, entered)
    held = vetoes.of_person(rules, figures, person, findings, unit)
    return _sheet(rules, form, figures, "official", person.code, person, total, held)


def subordinates(led: Sequence[Led]) -> Fraction | None:
    """Return 100 when all who are rated surely complete their tasks, 50 when one surely does not, else None."""
    rated = [one for one in led if one.level_most is not None]
    if any(one.level_most == "not_completed" for one in rated):
        return Fraction(50)
    if rated and all(one.level_least != "not_completed" for one in rated):
        return Fraction(100)
    return None


def standing_of(sheet: Sheet) -> Unit:
    """Return what the sheet of a unit says to those of its people."""
    return Unit(sheet.level_most, tuple(one.veto.code for one in sheet.held if one.holds))


def _sheet(
    rules: RuleSet,
    form: Form,
    figures: Figures,
    level_of: str,
    code: str,
    person: Person | None,
    total: Total,
    held: Sequence[Held],
) -> Sheet:
    least: Level | None = None
    most: Level | None = None
    # Points that everybody begins with, and a few that are left, say nothing of a unit.
    known = sum(
        (
            Fraction(line.item.weight or 0)
            for line in total.lines
            if line.value is not None and line.why is None
        ),
        Fraction(0),
    )
    is_enough = any(line.state == "waiting" for line in total.lines) or (
        known > 0 and known >= rules.least_known
    )
    if is_enough and not vetoes.is_unrated(held):
        least, most = (vetoes.capped(rules.band(points).level, held) for points in (total.least, total.most))
    return Sheet(
        rules,
        form,
        figures,
        level_of,
        code,
        person,
        total,
        tuple(held),
        least,
        most,
        _provisional(rules, figures, level_of, code, total),
    )


def _provisional(rules: RuleSet, figures: Figures, level_of: str, code: str, total: Total) -> tuple[str, ...]:
    why = []
    if figures.revision is None:
        why.append("số liệu của kỳ chưa công bố")
    parts = [part for line in total.lines if not line.is_whole for part in item_parts(line.item)]
    parts += [part for part in parts_read(rules) if figures.part(level_of, code, part)[1] == "incomplete"]
    if parts:
        partial = sorted({part.partition(".")[0] for part in parts})
        why.append(f"còn thiếu nguồn của kỳ: {', '.join(partial)}")
    return tuple(why)
