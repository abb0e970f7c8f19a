"""The index set of Decision 766/QĐ-TTg: rates become points by the rule set in force, and lost points are named.

Points of a part = max × min(1, rate ÷ full_at). A part that a commune cannot know stands aside: the own score is the
points got of the greatest that can be known, brought to 100.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Literal, NamedTuple

import msgspec

from tthc import settings
from tthc.errors import UsageError

FOLDER = "rulesets/index_766"
_HUNDREDTH = Decimal("0.01")


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One part: its greatest points, the indicator that gives its rate, or why there is none (``why``)."""

    number: str
    name: str
    max: Decimal
    full_at: Decimal = Decimal(100)
    indicator: str | None = None
    why: str | None = None
    when_none: Literal["full"] | None = None


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One group, and the column of ``core.index_766_scores`` in which the portal publishes its points."""

    name: str
    portal_field: str
    portal_column: str
    max: Decimal
    parts: tuple[Part, ...]


class Band(msgspec.Struct, frozen=True, rename={"least": "from"}, forbid_unknown_fields=True):
    """A class and the least score for it."""

    least: Decimal
    name: str


class RuleSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One rule set as declared, valid between two days, both inside."""

    ruleset: Literal["index_766"]
    version: str
    name: str
    document: str
    owner: str
    valid_from: date
    valid_to: date = date.max
    bands: tuple[Band, ...]
    groups: tuple[Group, ...]

    def holds_on(self, day: date) -> bool:
        """Say whether it is in force on a day."""
        return self.valid_from <= day <= self.valid_to

    def band(self, score: Decimal) -> str:
        """Return the class of a score of 100."""
        return next(band.name for band in self.bands if score >= band.least)


class Rate(NamedTuple):
    """What a build says of the indicator of a part."""

    numerator: int | None
    denominator: int | None
    value: Decimal | None
    status: str


@dataclass(frozen=True)
class Points:
    """A part as it was scored; ``points`` None: it stands aside, for the reason in ``aside``.

    ``needed`` more successes would give the ``lost`` points; None where a count of them says nothing.
    """

    part: Part
    rate: Rate | None
    points: Decimal | None
    aside: str | None

    @property
    def lost(self) -> Decimal:
        """The points that the part did not get."""
        return Decimal(0) if self.points is None else self.part.max - self.points

    @property
    def needed(self) -> int | None:
        """How many more of those counted would have to succeed for all points."""
        if self.rate is None or self.points is None or not self.rate.denominator:
            return None
        wanted = math.ceil(self.part.full_at * self.rate.denominator / 100)
        return max(wanted - (self.rate.numerator or 0), 0)


@dataclass(frozen=True)
class Score:
    """A commune's points by group; ``value`` of 100 (None when no part can be known)."""

    rules: RuleSet
    groups: tuple[tuple[Group, tuple[Points, ...]], ...]

    @property
    def value(self) -> Decimal | None:
        """The points got of those that can be known, brought to 100, half-up to two decimals."""
        known = [one for _, parts in self.groups for one in parts if one.points is not None]
        whole = sum((one.part.max for one in known), Decimal(0))
        if not whole:
            return None
        got = sum((one.points for one in known if one.points is not None), Decimal(0))
        return (100 * got / whole).quantize(_HUNDREDTH, ROUND_HALF_UP)

    @property
    def is_partial(self) -> bool:
        """Whether a rate behind it is not whole, or not known for want of its source."""
        return any(
            one.rate is not None
            and (one.rate.status == "incomplete" or (one.rate.value is None and one.points is None))
            for _, parts in self.groups
            for one in parts
        )


@cache
def rulesets() -> tuple[RuleSet, ...]:
    """Return every rule set in order of validity; raise UsageError with the file for one that cannot be right."""
    found = []
    for path in sorted((settings.root() / FOLDER).glob("*.yaml")):
        place = f"{FOLDER}/{path.name}"
        try:
            rules = msgspec.yaml.decode(path.read_bytes(), type=RuleSet)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise UsageError(f"Bộ quy tắc sai ở {place}: {error}.") from error
        for problem in _problems(rules):
            raise UsageError(f"Bộ quy tắc sai ở {place}: {problem}.")
        found.append(rules)
    found.sort(key=lambda one: one.valid_from)
    for earlier, later in itertools.pairwise(found):
        if earlier.valid_to >= later.valid_from:
            raise UsageError(
                f"Bộ quy tắc sai ở {FOLDER}: bản {earlier.version} và bản {later.version} cùng có hiệu lực từ"
                f" {later.valid_from:%d/%m/%Y}."
            )
    return tuple(found)


def _problems(rules: RuleSet):
    total = sum(group.max for group in rules.groups)
    if total != 100:
        yield f"điểm tối đa các nhóm cộng lại là {total}, phải là 100"
    for group in rules.groups:
        parts = sum(part.max for part in group.parts)
        if parts != group.max:
            yield f"nhóm “{group.name}”: các phần cộng lại là {parts}, nhóm có {group.max}"
        for part in group.parts:
            if (part.indicator is None) == (part.why is None):
                yield f"phần {part.number}: nêu hoặc indicator, hoặc why, không cả hai"
            if not 0 < part.full_at <= 100 or part.max <= 0:
                yield f"phần {part.number}: max phải lớn hơn 0, full_at trong khoảng trên 0 đến 100"
    least = [band.least for band in rules.bands]
    if least != sorted(least, reverse=True) or least[-1] != 0:
        yield "bands phải từ cao xuống thấp và hết ở 0"


def in_force(day: date) -> RuleSet:
    """Return the rule set of a day; raise UsageError when there is none."""
    for rules in rulesets():
        if rules.holds_on(day):
            return rules
    raise UsageError(
        f"Không có bộ quy tắc 766 nào có hiệu lực ngày {day:%d/%m/%Y}: thêm một tệp vào {FOLDER}."
    )


def score(rules: RuleSet, rates: Mapping[str, Rate]) -> Score:
    """Return the points of every part; ``rates`` by indicator, as a build has them at the commune's level."""
    return Score(
        rules, tuple((group, tuple(_points(part, rates) for part in group.parts)) for group in rules.groups)
    )


def _points(part: Part, rates: Mapping[str, Rate]) -> Points:
    if part.indicator is None:
        return Points(part, None, None, part.why)
    rate = rates.get(part.indicator)
    if rate is None or rate.value is None:
        # Nothing to count is known only when the number itself is: zero of zero, with its source there.
        if rate and part.when_none == "full" and rate.denominator == 0 and rate.status == "no_data":
            return Points(part, rate, part.max, None)
        return Points(part, rate, None, "Chưa có dữ liệu của kỳ.")
    exact = Decimal(100 * (rate.numerator or 0)) / Decimal(rate.denominator or 1)
    return Points(part, rate, part.max * min(Decimal(1), exact / part.full_at), None)


def reads() -> tuple[str, ...]:
    """Return the indicators that any rule set reads, each once."""
    parts = (part for rules in rulesets() for group in rules.groups for part in group.parts)
    return tuple(dict.fromkeys(part.indicator for part in parts if part.indicator))


def fingerprint() -> str:
    """Return the hash of all rule sets, for what a number was computed by."""
    return hashlib.sha256(msgspec.json.encode(list(rulesets()))).hexdigest()
