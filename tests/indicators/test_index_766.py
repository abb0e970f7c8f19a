"""Points of Decision 766: by the rule set in force, proportional below the threshold, what is not known set aside."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest

from tthc import settings
from tthc.errors import UsageError
from tthc.indicators import definitions, index_766
from tthc.indicators.index_766 import Rate


def rate(n: int, d: int, status: str = "ok") -> Rate:
    return Rate(n, d, round(Decimal(100 * n) / d, 2) if d else None, status if d else "no_data")


def everything(n: int, d: int) -> dict[str, Rate]:
    return {id: rate(n, d) for id in index_766.reads()}


def test_the_rule_set_is_that_of_the_last_day_of_the_period():
    assert index_766.in_force(date(2025, 12, 31)).version == "2022"
    assert index_766.in_force(date(2026, 1, 1)).version == "2026"
    with pytest.raises(UsageError, match="31/07/2022"):
        index_766.in_force(date(2022, 7, 31))


@pytest.mark.parametrize("rules", index_766.rulesets(), ids=lambda rules: rules.version)
def test_groups_are_those_of_the_decision(rules):
    greatest = {group.portal_field: group.max for group in rules.groups}
    assert greatest == {"CKMB": 18, "TDGQ": 20, "CLGQ": 12, "TTTT": 10, "MDSH": 22, "MDHL": 18}
    known = definitions.indicators()
    read = [part.indicator for group in rules.groups for part in group.parts if part.indicator]
    assert len(read) >= 12
    assert all(known[id].kind == "rate" and "commune" in known[id].at for id in read)


@pytest.mark.parametrize("rules", index_766.rulesets(), ids=lambda rules: rules.version)
@pytest.mark.parametrize(
    ("n", "d"), [(0, 7), (1, 3), (49, 100), (50, 100), (799, 1000), (80, 100), (9, 10), (5, 5)]
)
def test_points_are_proportional_up_to_the_threshold(rules, n, d):
    scored = index_766.score(rules, everything(n, d))
    got, whole = Fraction(0), Fraction(0)
    # The rule again, with exact fractions and nothing of the module's own arithmetic.
    for group in msgspec.to_builtins(rules)["groups"]:
        for part in group["parts"]:
            if part["indicator"] is None:
                continue
            share = Fraction(100 * n, d) / Fraction(part["full_at"])
            got += Fraction(part["max"]) * min(share, Fraction(1))
            whole += Fraction(part["max"])
    exact = 100 * got / whole
    assert (
        scored.value
        == Decimal((2 * exact.numerator * 100 + exact.denominator) // (2 * exact.denominator)) / 100
    )


def test_what_a_commune_cannot_know_stands_aside_with_its_reason():
    rules = index_766.in_force(date(2026, 10, 31))
    scored = index_766.score(rules, everything(1, 1))
    aside = [one for _, parts in scored.groups for one in parts if one.points is None]
    assert {one.part.number for one in aside} == {"1.1", "1.2", "1.3", "4.7"}
    assert all(one.aside for one in aside)
    assert scored.value == 100 and rules.band(scored.value) == "Xuất sắc"


def test_no_petition_at_all_is_full_but_no_news_of_petitions_is_not():
    rules = index_766.in_force(date(2026, 10, 31))
    rates = everything(1, 1)
    petitions = ("index_766_5_2", "index_766_5_3")
    none = index_766.score(rules, rates | {id: rate(0, 0) for id in petitions})
    by_number = {one.part.number: one for _, parts in none.groups for one in parts}
    assert [by_number[number].points for number in ("5.2", "5.3")] == [6, 6]
    unknown = index_766.score(rules, {id: told for id, told in rates.items() if id not in petitions})
    by_number = {one.part.number: one for _, parts in unknown.groups for one in parts}
    assert [by_number[number].points for number in ("5.2", "5.3")] == [None, None]


def test_so_many_more_give_all_points():
    rules = index_766.in_force(date(2026, 10, 31))
    scored = index_766.score(rules, everything(1, 1) | {"index_766_3_3": rate(30, 101)})
    (part,) = [one for _, parts in scored.groups for one in parts if one.part.number == "3.3"]
    # Half of 101 is 50.5, so 51 of them: 21 more.
    assert part.needed == 21
    more = replace(part, rate=rate(51, 101))
    assert more.needed == 0
    assert part.lost == 6 - 6 * Decimal(3000) / 101 / 50


@pytest.mark.parametrize(
    ("score", "band"),
    [("100", "Xuất sắc"), ("90", "Xuất sắc"), ("89.99", "Tốt"), ("80", "Tốt"), ("79.99", "Khá"), ("70", "Khá"),
     ("69.99", "Trung bình"), ("50", "Trung bình"), ("49.99", "Yếu"), ("0", "Yếu")],
)  # fmt: skip
def test_bands_begin_where_they_say(score, band):
    assert index_766.in_force(date(2026, 10, 31)).band(Decimal(score)) == band


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("max: 20", "max: 21", "cộng lại"),
        ("full_at: 80, indicator: index_766_3_1", "full_at: 0, indicator: index_766_3_1", "full_at"),
        ("indicator: progress_rate_766}", "indicator: progress_rate_766, why: vì sao}", "không cả hai"),
        ("ruleset: index_766", "ruleset: index_767", "index_767"),
        ("from: 80", "from: 95", "bands"),
    ],
)
def test_a_rule_set_that_cannot_be_right_is_refused_with_its_file(tmp_path, monkeypatch, old, new, words):
    folder = tmp_path / index_766.FOLDER
    folder.mkdir(parents=True)
    text = (settings.root() / index_766.FOLDER / "2026.yaml").read_text(encoding="utf-8")
    assert old in text
    (folder / "2026.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setattr(settings, "root", lambda: tmp_path)
    with pytest.raises(UsageError) as refused:
        index_766.rulesets.__wrapped__()
    assert "2026.yaml" in str(refused.value) and words in str(refused.value)
