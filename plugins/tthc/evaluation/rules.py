"""What a rule set says: groups of items, bands, deductions, vetoes, quotas, and whose rule each of it is."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

Basis = Literal["law", "city", "project_default"]
Level = Literal["excellent", "good", "completed", "not_completed"]
Kind = Literal["unit", "official", "emulation"]
StaffKind = Literal["leader", "civil_servant", "public_employee", "contract"]

#: From the lowest to the highest.
LEVELS: tuple[Level, ...] = ("not_completed", "completed", "good", "excellent")
#: What is not the law and not the city's is the project's, and every output says so.
PROPOSAL = "Kết quả là đề xuất để người có thẩm quyền xem xét"
DEFAULT_LABEL = f"Mặc định của phần mềm, chưa phải quy chế của UBND xã. {PROPOSAL}"


class Band(msgspec.Struct, frozen=True, rename={"least": "from"}, forbid_unknown_fields=True, kw_only=True):
    """A level and the least score for it: ``from`` reaches it, ``above`` must be passed."""

    level: Level
    name: str
    least: Decimal | None = None
    above: Decimal | None = None

    def holds(self, score: Decimal) -> bool:
        """Say whether a score is high enough."""
        if self.above is not None:
            return score > self.above
        return self.least is not None and score >= self.least


class Measure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A percentage of published parts, ``<indicator>.numerator``, ``.denominator`` or ``.failures``, added up.

    ``done`` of ``of``; or ``of`` less ``per_failure`` for each of ``failed``. ``at`` commune: the commune's number
    stands for that of the units in ``units``.
    """

    of: tuple[str, ...]
    done: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    per_failure: Decimal = Decimal(1)
    at: Literal["commune"] | None = None
    units: tuple[str, ...] = ()


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One item: exactly one of ``rate`` and ``measure`` (a percentage), ``count`` (each costs), ``fact``, ``entered``
    (people enter it) and ``given`` (everybody begins with it).

    ``among``: where it is 0 there is nothing to count. A percentage gives no points at ``floor``, all at ``target``, in
    proportion between.
    """

    code: str
    name: str
    weight: Decimal | None = None
    rate: str | None = None
    measure: Measure | None = None
    count: str | None = None
    each: Decimal | None = None
    among: str | None = None
    fact: Literal["subordinates", "head_score"] | None = None
    entered: str | None = None
    given: bool = False
    floor: Decimal = Decimal(0)
    target: Decimal = Decimal(100)


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A group of items; ``is_equal``: its items weigh alike. ``when_none`` full: no data is no loss."""

    code: str
    name: str
    weight: Decimal
    items: tuple[Item, ...]
    is_equal: bool = False
    takes_deductions: bool = False
    when_none: Literal["spread", "full", "wait"] = "spread"


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The groups by which some are scored: all, those who head a unit, or those with a job title."""

    name: str
    who: Literal["all", "heads", "titles"] = "all"
    job_titles: tuple[str, ...] = ()
    groups: tuple[Group, ...]


class Deduction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Points off for each of ``events`` (a published part), at most ``most``; or ``why`` nothing tells of them yet."""

    code: str
    name: str
    each: Decimal
    basis: Basis
    events: str | None = None
    most: Decimal | None = None
    why: str | None = None


class Deductions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All deductions: at most ``most`` together; not ``counted``: shown as evidence, no points off."""

    most: Decimal = Decimal(10)
    is_counted: bool = True
    rows: tuple[Deduction, ...] = ()


class Test(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A published part (``share_of`` another: their percentage) below or above a limit; ``needs`` rows behind it."""

    part: str
    share_of: str | None = None
    below: Decimal | None = None
    above: Decimal | None = None
    needs: int = 0


class Veto(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A cap of the level that moves no points: ``tests`` (any), a ``fact`` of the person, or ``why`` not known."""

    code: str
    name: str
    basis: Basis
    cap: Level | Literal["unit_level", "not_rated", "list_only"]
    tests: tuple[Test, ...] = ()
    fact: (
        Literal[
            "disciplined",
            "harassment",
            "unit_harassment",
            "falsification",
            "unit_corruption",
            "unit_veto",
            "unit_level",
            "short_work",
            "long_absence",
        ]
        | None
    ) = None
    of: tuple[str, ...] = ()
    heads_only: bool = False
    why: str | None = None


class Work(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Months of work below which nobody is rated, and of absence from which nobody is above ``completed``."""

    least_months: Decimal
    absent_from: Decimal
    absent_below: Decimal
    reasons: tuple[str, ...]
    excepted: tuple[str, ...] = ()


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The greatest percentage of ``level`` among those at ``of`` or above; ``raised`` if the organisation excels."""

    level: Level
    of: Level
    percent: Decimal
    raised: Decimal


class Title(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A title of emulation and what data can check of its preconditions; ``entered`` is for the council.

    ``discipline``: the lightest form that excludes. ``members``: (least percentage, of what) for a collective.
    """

    code: str
    name: str
    who: Literal["person", "unit"]
    basis: Basis
    document: str
    least_level: Level | None = None
    needs_title: str | None = None
    or_entered: str | None = None
    discipline: str | None = None
    members_level: Level | None = None
    members_title: str | None = None
    members_percent: Decimal | None = None
    holders_title: str | None = None
    holders: int = 0
    entered: tuple[str, ...] = ()


class RuleSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule set, valid between two days, both inside; an alternative is never chosen by date, only named.

    With less than ``least_known`` of its weight known by numbers, no points and no level are proposed.
    """

    ruleset: str
    kind: Kind
    version: str
    name: str
    document: str
    basis: Basis
    owner: str
    label: str
    valid_from: date
    valid_to: date = date.max
    approved_by: str | None = None
    is_alternative: bool = False
    applies_to: tuple[StaffKind, ...] = ()
    bands: tuple[Band, ...] = ()
    forms: tuple[Form, ...] = ()
    deductions: Deductions = Deductions()
    vetoes: tuple[Veto, ...] = ()
    least_known: Decimal = Decimal(0)
    work: Work | None = None
    quota: Quota | None = None
    volume_limits: tuple[int, ...] = ()
    titles: tuple[Title, ...] = ()
    notes: tuple[str, ...] = ()

    def band(self, score: Decimal) -> Band:
        """Return the band of a score of 100, as it is announced: rounded."""
        return next(band for band in self.bands if band.holds(score))

    def level_name(self, level: Level) -> str:
        """Return what the document calls a level."""
        return next(band.name for band in self.bands if band.level == level)

    def form_of(self, is_head: bool, job_title: str | None) -> Form:
        """Return the form of a unit or person: by job title, else that of heads, else that of all."""
        for wanted in ("titles", "heads", "all"):
            for form in self.forms:
                if form.who == wanted and (
                    (wanted == "titles" and job_title in form.job_titles)
                    or (wanted == "heads" and is_head)
                    or wanted == "all"
                ):
                    return form
        raise LookupError(self.ruleset)


def parts_read(rules: RuleSet) -> tuple[str, ...]:
    """Return every published part that a rule set reads, each once, as ``<indicator>.<part>``."""
    found: list[str] = []
    for form in rules.forms:
        for item in (item for group in form.groups for item in group.items):
            found += item_parts(item)
    found += [row.events for row in rules.deductions.rows if row.events]
    for test in (test for veto in rules.vetoes for test in veto.tests):
        found += [test.part, *([test.share_of] if test.share_of else [])]
    return tuple(dict.fromkeys(found))


def item_parts(item: Item) -> tuple[str, ...]:
    """Return the published parts that an item reads."""
    if item.rate:
        return (f"{item.rate}.numerator", f"{item.rate}.denominator")
    if item.count:
        return (f"{item.count}.numerator", *([f"{item.among}.numerator"] if item.among else []))
    if item.measure:
        return (*item.measure.of, *item.measure.done, *item.measure.failed)
    return ("unit_head_accountability_score.value",) if item.fact == "head_score" else ()
