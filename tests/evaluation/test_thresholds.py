"""Every threshold a hair below, on and above it: bands, vetoes, months of work, quotas, rounding."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.evaluation.demo_numbers import COMMUNE
from tthc.evaluation import rules, scoring, standing, vetoes
from tthc.evaluation.figures import Figure, Figures
from tthc.evaluation.people import Finding, Person, persons
from tthc.evaluation.rule_files import named
from tthc.evaluation.rules import LEVELS
from tthc.evaluation.sheets import official_sheets, unit_sheet
from tthc.workdays import periods

YEAR = periods.parse("2026")
LOOSE = ("units_default", "nd335_2026", "public_employees_2026")
STRICT = ("qd212_2025", "units_bands_qd212")
OF_OFFICIALS = ("qd212_2025", "nd335_2026", "public_employees_2026")


def rate(n: int, d: int) -> Figure:
    return Figure(n, d, round(Decimal(100 * n) / d, 2), "ok")


def number(n: int) -> Figure:
    return Figure(n, None, Decimal(n), "ok")


def figures(level: str = "unit", code: str = "kinh_te", period=YEAR, **told: Figure) -> Figures:
    return Figures(period, COMMUNE, {(level, code, id): figure for id, figure in told.items()}, 1)


@pytest.mark.parametrize(
    ("exact", "rounded", "loose", "strict"),
    [
        ("90.005", "90.01", "excellent", "excellent"),
        ("90.0049", "90.00", "excellent", "good"),
        ("90", "90.00", "excellent", "good"),
        ("89.995", "90.00", "excellent", "good"),
        ("89.9949", "89.99", "good", "good"),
        ("80.005", "80.01", "good", "good"),
        ("80", "80.00", "good", "completed"),
        ("79.995", "80.00", "good", "completed"),
        ("70", "70.00", "good", "completed"),
        ("69.995", "70.00", "good", "completed"),
        ("69.9949", "69.99", "completed", "completed"),
        ("50", "50.00", "completed", "completed"),
        ("49.995", "50.00", "completed", "completed"),
        ("49.9949", "49.99", "not_completed", "not_completed"),
        ("0", "0.00", "not_completed", "not_completed"),
        ("100", "100.00", "excellent", "excellent"),
    ],
)
def test_bands_are_those_of_the_announced_points(exact, rounded, loose, strict):
    points = scoring.half_up(Fraction(exact))
    assert str(points) == rounded
    assert {named(id).band(points).level for id in LOOSE} == {loose}
    assert {named(id).band(points).level for id in STRICT} == {strict}


def held(sheet) -> set[str]:
    return {one.veto.code for one in sheet.held if one.holds}


@pytest.mark.parametrize(
    ("n", "d", "holds"),
    [(18, 20, False), (17, 20, True), (17, 19, False), (899, 1000, True), (900, 1000, False)],
)
def test_v5_on_time_below_90_percent_of_at_least_20(n, d, holds):
    sheet = unit_sheet(named("units_default"), figures(dossier_on_time_rate=rate(n, d)), "kinh_te")
    assert ("V5" in held(sheet)) is holds


@pytest.mark.parametrize(
    ("overdue", "still_open", "holds"),
    [
        (0, 0, False),
        (1, 50, False),
        (1, 49, True),
        (5, 250, False),
        (5, 249, True),
        (6, 10_000, True),
        (5, 10_000, False),
    ],
)
def test_v6_more_than_five_or_two_percent_overdue(overdue, still_open, holds):
    known = figures(dossier_overdue_open_count=number(overdue), form_ii06a_open=number(still_open))
    assert ("V6" in held(unit_sheet(named("units_default"), known, "kinh_te"))) is holds


@pytest.mark.parametrize(("n", "d", "holds"), [(3, 3, False), (2, 3, True), (0, 0, False)])
def test_v4_one_late_dossier_without_apology(n, d, holds):
    told = rate(n, d) if d else Figure(0, 0, None, "no_data")
    assert (
        "V4" in held(unit_sheet(named("units_default"), figures(apology_issued_rate=told), "kinh_te"))
    ) is holds


def test_a_veto_caps_the_level_and_moves_no_points():
    full = {group_item.rate: rate(100, 100) for group_item in items() if group_item.rate}
    one_late = full | {"apology_issued_rate": rate(4, 5)}
    rules_ = replace_deductions(named("units_default"))
    before, after = (
        unit_sheet(
            rules_,
            figures(
                dossier_overdue_open_count=number(0),
                form_ii06a_open=number(9),
                form_ii06a_received_or_carried=number(9),
                **told,
            ),
            "kinh_te",
        )
        for told in (full, one_late)
    )
    assert (before.level, before.points) == ("excellent", Decimal("100.00"))
    assert after.points == Decimal("99.00") and after.level == "good"


def items():
    return [item for group in named("units_default").forms[0].groups for item in group.items]


def replace_deductions(declared: rules.RuleSet) -> rules.RuleSet:
    import msgspec

    return msgspec.structs.replace(declared, deductions=rules.Deductions())


BASE = {
    "official_code": "AH-01", "kind": "posting", "home_unit_code": "kinh_te", "working_unit_code": None,
    "job_title": "Chuyên viên", "staff_kind": "civil_servant", "is_head": False, "absence_reason": None,
}  # fmt: skip


def posting(first: date, last: date | None = None) -> dict:
    return BASE | {"starts_on": first, "ends_on": last}


def absence(first: date, days: int, reason: str) -> dict:
    away = {"kind": "absence", "absence_reason": reason, "starts_on": first}
    return BASE | away | {"ends_on": first + timedelta(days=days - 1)}


def sheet_of(rows: list[dict], findings: list[Finding] | None = None, period=YEAR, id="nd335_2026"):
    declared = named(id)
    known = figures("official", "AH-01", period, dossier_on_time_rate=rate(50, 50))
    made = official_sheets({"civil_servant": declared}, known, persons(rows, period), findings or [], {})
    return made["AH-01"]


@pytest.mark.parametrize(
    ("rows", "is_rated"),
    [
        ([posting(date(2020, 1, 1))], True),
        # Half of 365 days is 182.5.
        ([posting(date(2026, 7, 2))], True),
        ([posting(date(2026, 7, 3))], False),
        ([posting(date(2020, 1, 1)), absence(date(2026, 1, 1), 182, "maternity")], True),
        ([posting(date(2020, 1, 1)), absence(date(2026, 1, 1), 183, "maternity")], False),
        ([posting(date(2020, 1, 1)), absence(date(2026, 1, 1), 300, "training")], True),
    ],
)
def test_v10_less_than_six_months_of_work_is_not_rated(rows, is_rated):
    sheet = sheet_of(rows)
    assert sheet.is_rated is is_rated
    assert ("V10" in held(sheet)) is not is_rated


@pytest.mark.parametrize(
    ("days", "reason", "holds"),
    [
        (91, "sickness", False),
        (92, "sickness", True),
        (92, "other", True),
        (92, "maternity", False),
        (92, "secondment", False),
        (182, "sickness", True),
        (183, "sickness", False),
    ],
)
def test_v10_three_to_six_months_of_absence_is_not_above_completed(days, reason, holds):
    sheet = sheet_of([posting(date(2020, 1, 1)), absence(date(2026, 2, 1), days, reason)])
    assert ("V10B" in held(sheet)) is holds
    if holds:
        assert sheet.level_most == "completed"


def test_absences_are_counted_once_and_only_by_the_year():
    overlapping = [absence(date(2026, 2, 1), 60, "sickness"), absence(date(2026, 3, 1), 60, "other")]
    assert "V10B" not in held(sheet_of([posting(date(2020, 1, 1)), *overlapping]))
    quarter = sheet_of([posting(date(2026, 9, 1))], period=periods.parse("2026-Q3"))
    assert quarter.is_rated


@pytest.mark.parametrize("level", LEVELS)
def test_v7_a_head_is_not_above_the_unit(level):
    declared = named("nd335_2026")
    person = Person("AH-01", "kinh_te", "kinh_te", "leader", True, None, ((YEAR.start, YEAR.end),), ())
    judged = vetoes.of_person(declared, figures(), person, [], vetoes.Unit(level, ()))
    assert vetoes.capped("excellent", judged) == level
    assert {one.veto.code for one in judged if one.holds} == {"V7"}
    other = replace(person, is_head=False)
    assert vetoes.capped("excellent", vetoes.of_person(declared, figures(), other, [], None)) == "excellent"


@pytest.mark.parametrize(
    ("count", "allowed", "raised"), [(4, 0, 1), (5, 1, 1), (9, 1, 2), (10, 2, 2), (15, 3, 3)]
)
def test_v9_the_quota_is_of_those_rated_good_in_the_same_work(count, allowed, raised):
    rows = [posting(date(2020, 1, 1)) | {"official_code": f"AH-{n:02}"} for n in range(count)]
    declared = named("nd335_2026")
    told = {("official", f"AH-{n:02}", "dossier_on_time_rate"): rate(50, 50) for n in range(count)}
    every = Fraction(100)
    entered = {f"AH-{n:02}": dict.fromkeys(("g1", "g2", "g3", "b"), every) for n in range(count)}
    known = Figures(YEAR, COMMUNE, told | {
        ("official", code, "process_compliance_rate"): rate(50, 50) for code in entered
    }, 1)  # fmt: skip
    made = official_sheets({"civil_servant": declared}, known, persons(rows, YEAR), [], {}, entered)
    (check,) = standing.quotas(made.values(), declared.quota)
    assert (check.rated, check.allowed, check.allowed_raised) == (count, allowed, raised)
    assert len(check.at_level) == count and check.is_exceeded


def test_points_that_people_enter_decide_the_level_and_nothing_else_does():
    rows = [posting(date(2020, 1, 1))]
    known = figures(
        "official", "AH-01", dossier_on_time_rate=rate(50, 50), process_compliance_rate=rate(50, 50)
    )
    declared = {"civil_servant": named("nd335_2026")}
    without = official_sheets(declared, known, persons(rows, YEAR), [], {})["AH-01"]
    assert (without.points, without.level) == (None, None)
    assert (without.total.least, without.total.most) == (Decimal("70.00"), Decimal("100.00"))
    # 19.995 of 30 is 89.995, announced as 90.
    for percent, level in (("66.65", "excellent"), ("66.6", "good")):
        entered = {"AH-01": {item: Fraction(percent) for item in ("g1", "g2", "g3")}}
        assert official_sheets(declared, known, persons(rows, YEAR), [], {}, entered)["AH-01"].level == level


@pytest.mark.parametrize(
    ("overdue", "unapologised", "vetoes_held"),
    [(5, 0, set()), (6, 0, {"V6"}), (5, 1, {"V4"}), (6, 1, {"V4", "V6"})],
)
def test_v4_and_v6_of_a_person(overdue, unapologised, vetoes_held):
    told = {
        "dossier_overdue_open_count": number(overdue),
        "apology_issued_rate": rate(9 - unapologised, 9),
        "dossier_on_time_rate": rate(90, 100),
    }
    known = figures("official", "AH-01", **told)
    made = official_sheets(
        {"civil_servant": named("nd335_2026")}, known, persons([posting(date(2020, 1, 1))], YEAR), [], {}
    )
    assert held(made["AH-01"]) == vetoes_held


@pytest.mark.parametrize(("n", "holds"), [(17, True), (18, False)])
def test_v5_of_the_unit_is_that_of_its_head_and_of_nobody_else(n, holds):
    known = figures(dossier_on_time_rate=rate(n, 20))
    units = {"kinh_te": unit_sheet(named("units_default"), known, "kinh_te")}
    for is_head in (True, False):
        people = persons([posting(date(2020, 1, 1)) | {"is_head": is_head}], YEAR)
        made = official_sheets({"civil_servant": named("nd335_2026")}, known, people, [], units)
        assert ("V5" in held(made["AH-01"])) is (holds and is_head)


@pytest.mark.parametrize("id", OF_OFFICIALS)
def test_what_has_no_source_is_never_said_to_hold_nor_not_to(id):
    without = {veto.code: veto.why for veto in named(id).vetoes if veto.why}
    assert set(without) == {"V9"} and all(len(why) > 20 for why in without.values())
    judged = vetoes.of_person(
        named(id),
        figures(),
        Person("AH-01", "kinh_te", "kinh_te", "leader", True, None, ((YEAR.start, YEAR.end),), ()),
        [],
        None,
    )
    assert {one.veto.code for one in judged if one.holds is None} >= set(without)
    assert {one.veto.code: one.holds for one in judged}["V3"] is False


def test_a_sheet_of_a_unit_does_not_read_what_is_restricted_and_says_so():
    without = {veto.code: veto.why for veto in named("units_default").vetoes if veto.why}
    assert set(without) == {"V3", "V8"} and all("sổ kỷ luật, kỷ cương" in why for why in without.values())
