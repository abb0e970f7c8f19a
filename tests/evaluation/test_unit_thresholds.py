"""Every item of a unit below, on and above its floor and its target; every deduction, alone and with others."""

from fractions import Fraction

import pytest

from tests.evaluation.demo_numbers import COMMUNE
from tests.evaluation.test_thresholds import figures, number, rate
from tthc.evaluation import scoring
from tthc.evaluation.figures import Figure
from tthc.evaluation.rule_files import named
from tthc.evaluation.sheets import unit_sheet

#: Section 9.1 of the scheme, as people wrote it: item, indicator, weight, no points at, all points at.
SCHEME = (
    ("A1", "dossier_on_time_rate", 15, 85, 98),
    ("A2", "dossier_early_rate", 5, 20, 60),
    ("A4", "process_compliance_rate", 5, 90, 100),
    ("A5", "apology_issued_rate", 5, 0, 100),
    ("B1", "component_digitized_rate", 5, 50, 100),
    ("B2", "result_digitized_rate", 6, 50, 100),
    ("B3", "data_reuse_rate", 4, 20, 80),
    ("B4", "full_online_rate", 5, 30, 80),
    ("B5", "online_payment_rate", 3, 20, 80),
    ("B6", "two_system_match_rate", 2, 95, 100),
    ("C1", "dossier_satisfaction_rate", 6, 80, 95),
    ("C2", "pakn_on_time_rate", 5, 80, 100),
    ("C3", "tthc_public_center_rate", 4, 90, 100),
    ("D1", "par_task_on_time_rate", 7, 80, 100),
    ("D2", "city_task_on_time_rate", 5, 80, 100),
    ("D3", "report_on_time_rate", 3, 80, 100),
)


def line_of(code: str, **told: Figure) -> scoring.Line:
    # Procedures are posted for the whole commune, and it is the Centre that posts them.
    is_whole = code == "C3"
    known = figures("commune", COMMUNE, **told) if is_whole else figures(**told)
    unit = "phuc_vu_hanh_chinh_cong" if is_whole else "kinh_te"
    sheet = unit_sheet(named("units_default"), known, unit)
    return next(line for line in sheet.total.lines if line.item.code == code)


@pytest.mark.parametrize(("code", "id", "weight", "floor", "target"), SCHEME)
def test_an_item_gives_nothing_at_its_floor_and_all_at_its_target(code, id, weight, floor, target):
    whole = 1_000
    # Other items stand aside, so this one is spread over: shares are of what it weighs then.
    for share, expected in (
        (10 * floor - 1, 0),
        (10 * floor, 0),
        (10 * floor + 1, Fraction(1, 10 * (target - floor))),
        (5 * (floor + target), Fraction(1, 2)),
        (10 * target - 1, 1 - Fraction(1, 10 * (target - floor))),
        (10 * target, 1),
        (10 * target + 1, 1),
    ):
        if 0 <= share <= whole:
            line = line_of(code, **{id: rate(share, whole)})
            assert line.item.weight == weight and line.points == line.weight * expected, share


@pytest.mark.parametrize(("code", "id", "weight", "floor", "target"), SCHEME)
def test_four_cases_say_nothing_and_five_do(code, id, weight, floor, target):
    four, five = line_of(code, **{id: rate(4, 4)}), line_of(code, **{id: rate(5, 5)})
    assert (four.state, four.points) == ("aside", None)
    assert five.state == "scored" and five.points == five.weight > 0


@pytest.mark.parametrize(("overdue", "points"), [(0, 5), (1, 4), (4, 1), (5, 0), (6, 0), (600, 0)])
def test_each_overdue_dossier_costs_a_point_down_to_nothing(overdue, points):
    told = {"dossier_overdue_open_count": number(overdue), "form_ii06a_received_or_carried": number(700)}
    line = line_of("A3", **told)
    assert line.points == line.weight * Fraction(points, 5)


def deducted(**told: Figure) -> Fraction:
    return unit_sheet(named("units_default"), figures(**told), "kinh_te").total.deducted_points


@pytest.mark.parametrize(
    ("told", "points"),
    [
        ({"apology_issued_rate": rate(9, 10)}, 1),
        ({"reschedule_over_once_count": number(1)}, Fraction(1, 2)),
        ({"supplement_over_once_count": number(1)}, Fraction(1, 4)),
        ({"process_compliance_rate": rate(9, 10)}, 1),
        ({"report_on_time_rate": rate(9, 10)}, Fraction(1, 4)),
        ({"inspection_finding_fixed_rate": rate(9, 10)}, 1),
        # Together never more than ten.
        ({"reschedule_over_once_count": number(19)}, Fraction(19, 2)),
        ({"reschedule_over_once_count": number(20)}, 10),
        ({"reschedule_over_once_count": number(21)}, 10),
        ({"apology_issued_rate": rate(0, 9), "supplement_over_once_count": number(4)}, 10),
        ({"apology_issued_rate": rate(0, 9), "supplement_over_once_count": number(5)}, 10),
        ({"apology_issued_rate": rate(0, 9), "supplement_over_once_count": number(3)}, Fraction(39, 4)),
    ],
)
def test_deductions_one_by_one_and_at_most_ten(told, points):
    assert deducted(**told) == points
