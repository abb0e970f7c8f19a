"""What every sheet of a period is made of, taken once: numbers of one revision, people, findings, rule sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import psycopg

from tthc.errors import TthcError, UsageError
from tthc.evaluation import entered, figures, people, rule_files
from tthc.evaluation.figures import Figures
from tthc.evaluation.packing import Case
from tthc.evaluation.people import Finding, Person
from tthc.evaluation.rules import RuleSet
from tthc.evaluation.sheets import Led, Sheet, official_sheets, unit_sheets
from tthc.indicators import publish
from tthc.workdays.periods import Period


@dataclass(frozen=True)
class Gathered:
    """All sheets of a period and what they stand on; ``people`` is empty when only units were asked for.

    ``persons`` are all who had a post, rated or not; ``problems`` what people entered that cannot be right.

    ``revision`` is the published row that the numbers are of, None for a draft.
    """

    period: Period
    figures: Figures
    revision: Mapping[str, Any] | None
    unit_rules: RuleSet
    units: Mapping[str, Sheet]
    people: Mapping[str, Sheet]
    findings: Sequence[Finding]
    entered: Mapping[str, Mapping[str, Fraction]]
    persons: Sequence[Person] = ()
    problems: tuple[str, ...] = ()

    def sheet(self, code: str) -> Sheet:
        """Return the sheet of a unit or person; raise UsageError with the codes that there are."""
        found = self.units.get(code) or self.people.get(code)
        if found is None:
            known = sorted(self.people or self.units)
            raise UsageError(f"Không có phiếu nào mang mã {code} trong kỳ. Các mã: {', '.join(known)}.")
        return found

    def case(self, code: str) -> Case:
        """Return what one sheet is made of."""
        sheet = self.sheet(code)
        person = sheet.person
        if person is None:
            return Case(self.unit_rules, self.figures, code)
        led = [
            Led(one.code, one.level_least, one.level_most)
            for one in self.people.values()
            if one.person and one.person.home_unit == person.home_unit and not one.person.is_head
        ]
        return Case(
            sheet.rules,
            self.figures,
            code,
            person,
            self.findings,
            self.unit_rules,
            led,
            self.entered.get(code),
        )


def gather(
    connection: psycopg.Connection,
    period: Period,
    *,
    draft: bool = False,
    subject: str | None = None,
    by: str | None = None,
    reason: str | None = None,
    rules: Mapping[str, RuleSet] | None = None,
    number: int | None = None,
    at: datetime | None = None,
) -> Gathered:
    """Return the sheets of units, and with ``subject`` (whose sheets are read) those of people.

    Reading those of people leaves a line in ``ops.access_log`` first. Raises TthcError when nothing is published.
    ``rules``: by kind of staff, in place of those in force. ``number`` asks for one revision, ``at`` for the registers
    as they stood at an instant.
    """
    known = figures.read(connection, period, draft, number)
    if known is None:
        raise TthcError(
            f"Kỳ {period.label} (lịch {period.calendar}) chưa được công bố. Công bố: tthc publish {period.label} --by …"
            " --reason …; lập tạm từ bản tính: thêm --draft."
        )
    unit_rules = rule_files.in_force("unit", period.end)
    if unit_rules is None:
        raise UsageError(f"Không có bộ quy tắc của đơn vị nào có hiệu lực ngày {period.end:%d/%m/%Y}.")
    units = unit_sheets(unit_rules, known, known.codes("unit"))
    revision = None if known.revision is None else publish.revision(connection, period, known.revision)
    if subject is None:
        return Gathered(period, known, revision, unit_rules, units, {}, (), {})
    everybody, findings = people.read(connection, period, subject, by, reason, at)
    chosen = rules_of(everybody, period) if rules is None else rules
    given = entered.read(connection, period, everybody, chosen, at)
    everybody = entered.with_entered(everybody, given, entered.exempted(connection, period, revision, at))
    made = official_sheets(chosen, known, everybody, findings, units, given.counted)
    return Gathered(
        period, known, revision, unit_rules, units, made, findings, given.counted, everybody, given.problems
    )


def rules_of(everybody: Sequence[Person], period: Period) -> dict[str, RuleSet]:
    """Return the rule set in force for each kind of staff; who has none is not judged."""
    found = {
        person.staff_kind: rule_files.in_force("official", period.end, person.staff_kind)
        for person in everybody
    }
    return {kind: rules for kind, rules in found.items() if rules is not None}
