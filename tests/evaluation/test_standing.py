"""Units beside units of similar volume only; preconditions of titles: yes, no, or people have to say."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.evaluation.demo_numbers import COMMUNE
from tthc.evaluation import emulation, standing
from tthc.evaluation.figures import Figure, Figures
from tthc.evaluation.people import Finding, Person
from tthc.evaluation.rule_files import named
from tthc.evaluation.sheets import Sheet, unit_sheets
from tthc.workdays import periods

YEAR = periods.parse("2026")


def number(n: int) -> Figure:
    return Figure(n, None, Decimal(n), "ok")


def test_units_are_ranked_only_within_their_volume():
    told = {}
    for code, volume, on_time in (
        ("a", 300, 98),
        ("b", 299, 90),
        ("c", 50, 95),
        ("d", 49, 98),
        ("e", 60, 95),
        ("f", 0, None),
    ):
        told["unit", code, "form_ii06a_received_or_carried"] = number(volume)
        if on_time is not None:
            told["unit", code, "dossier_on_time_rate"] = Figure(on_time, 100, Decimal(on_time), "ok")
    known = Figures(YEAR, COMMUNE, told, 1)
    rules = named("units_default")
    found = standing.places(unit_sheets(rules, known, known.codes("unit")), known, rules.volume_limits)
    assert [(place.code, place.group, place.rank, place.of) for place in found] == [
        ("d", 0, 1, 1),
        ("f", 0, None, 1),
        ("c", 1, 1, 3),
        ("e", 1, 1, 3),
        ("b", 1, 3, 3),
        ("a", 2, 1, 1),
    ]


def sheets(
    levels: dict[str, tuple[str | None, str | None]], base: Sheet, unit: str | None = None
) -> dict[str, Sheet]:
    made = {}
    for code, (least, most) in levels.items():
        person = Person(code, unit, unit, "civil_servant", False, None, (), ()) if unit else None
        made[code] = replace(base, code=code, person=person, level_least=least, level_most=most)
    return made


@pytest.fixture
def base() -> Sheet:
    known = Figures(
        YEAR, COMMUNE, {("unit", "u", "dossier_on_time_rate"): Figure(9, 10, Decimal(90), "ok")}, 1
    )
    return unit_sheets(named("units_default"), known, ["u"])["u"]


def answers(base, unit_level, members, findings=()):
    found = emulation.preconditions(
        named("emulation_2025"),
        sheets({"u": (unit_level, unit_level)}, base),
        sheets(members, base, "u"),
        list(findings),
    )
    assert all(answer.why for answer in found)
    return {(answer.title, answer.code): answer.meets for answer in found}


SURE, MAYBE = ("good", "good"), ("completed", "good")


@pytest.mark.parametrize(
    ("level", "advanced", "fighter"),
    [
        (("excellent", "excellent"), True, True),
        # An initiative may stand in for the level.
        (("good", "good"), True, None),
        (("completed", "good"), None, None),
        (("completed", "completed"), False, False),
        ((None, None), False, False),
    ],
)
def test_titles_of_a_person(base, level, advanced, fighter):
    found = answers(base, "good", {"p": level})
    assert found["lao_dong_tien_tien", "p"] is advanced
    assert found["chien_si_thi_dua_co_so", "p"] is fighter


@pytest.mark.parametrize(
    ("sure", "maybe", "no", "meets"), [(7, 0, 3, True), (6, 1, 3, None), (6, 0, 4, False), (0, 0, 0, None)]
)
def test_seven_of_ten_members(base, sure, maybe, no, meets):
    members = {f"s{n}": SURE for n in range(sure)} | {f"m{n}": MAYBE for n in range(maybe)}
    members |= {f"n{n}": ("completed", "completed") for n in range(no)}
    assert answers(base, "good", members)["tap_the_lao_dong_tien_tien", "u"] is meets
    assert answers(base, "completed", members)["tap_the_lao_dong_tien_tien", "u"] is False


@pytest.mark.parametrize(
    ("discipline", "advanced", "excellent"),
    [(None, True, True), ("reprimand", True, False), ("warning", False, False), ("dismissal", False, False)],
)
def test_discipline_excludes_a_collective_from_its_own_gravity_on(base, discipline, advanced, excellent):
    one = Finding(
        "KL-1", date(2026, 3, 1), "u", "s0", False, discipline, date(2026, 3, 2) if discipline else None
    )
    members = {"s0": ("excellent", "excellent"), "s1": SURE}
    found = answers(base, "excellent", members, [one])
    assert found["tap_the_lao_dong_tien_tien", "u"] is advanced
    assert found["tap_the_lao_dong_xuat_sac", "u"] is excellent
    assert found["giay_khen", "u"] is None


def test_an_excellent_collective_needs_one_fighter_and_everybody_at_work(base):
    assert answers(base, "excellent", {"a": SURE, "b": SURE})["tap_the_lao_dong_xuat_sac", "u"] is None
    members = {"a": ("excellent", "excellent"), "b": SURE, "c": SURE, "d": ("not_completed", "not_completed")}
    assert answers(base, "excellent", members)["tap_the_lao_dong_xuat_sac", "u"] is False


@pytest.mark.parametrize(
    ("told", "is_rated"),
    [
        ({}, False),
        # Points that everybody begins with, and too few to count, say nothing.
        ({"e_document_rate": Figure(2, 2, Decimal(100), "small_n")}, False),
        ({"dossier_on_time_rate": Figure(0, 0, None, "no_data")}, False),
        ({"e_document_rate": Figure(50, 50, Decimal(100), "ok")}, False),
        # None overdue of none is nothing.
        ({"dossier_overdue_open_count": number(0), "form_ii06a_received_or_carried": number(0)}, False),
        ({"dossier_early_rate": Figure(50, 50, Decimal(100), "ok")}, False),
        ({"dossier_on_time_rate": Figure(50, 50, Decimal(100), "ok")}, True),
        # A unit without dossiers is judged by its plans and its papers.
        (
            {
                "par_task_on_time_rate": Figure(9, 9, Decimal(100), "ok"),
                "assigned_task_on_time_rate": Figure(9, 9, Decimal(100), "ok"),
                "report_on_time_rate": Figure(9, 9, Decimal(100), "ok"),
            },
            True,
        ),
    ],
)
def test_a_unit_of_which_nothing_is_known_gets_no_level(told, is_rated):
    places = {("unit", "u", id): figure for id, figure in told.items()}
    sheet = unit_sheets(named("units_default"), Figures(YEAR, COMMUNE, places, 1), ["u"])["u"]
    assert sheet.is_rated is is_rated


@pytest.mark.parametrize("id", ["dossier_on_time_rate", "reschedule_over_once_count", "form_ii06a_open"])
def test_one_number_that_is_not_whole_makes_the_sheet_provisional(id):
    for status in ("ok", "incomplete"):
        figure = Figure(10, 10 if id.endswith("rate") else None, Decimal(100), status)
        known = Figures(YEAR, COMMUNE, {("unit", "u", id): figure}, 1)
        sheet = unit_sheets(named("units_default"), known, ["u"])["u"]
        assert bool(sheet.provisional) is (status == "incomplete")
        assert all(id in why for why in sheet.provisional)
