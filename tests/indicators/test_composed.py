"""Indicators made of indicators, each against a sum done by hand."""

from decimal import Decimal

import pytest

from tests.conftest import COMMUNE
from tthc.indicators import composed, definitions
from tthc.indicators.composed import Told
from tthc.indicators.definitions import Indicator, Part
from tthc.workdays import periods

UNIT = ("unit", "kinh_te")


def value(number: str | None, status: str = "ok") -> Told:
    return Told(1, 1, None if number is None else Decimal(number), "no_data" if number is None else status)


def of_parts(*parts: Part) -> Indicator:
    head = definitions.indicators()["unit_head_accountability_score"]
    return Indicator(
        **{
            name: getattr(head, name)
            for name in ("id", "name", "clause", "clause_text", "responsible", "legal")
        },
        kind="weighted",
        direction="up",
        parts=parts,
    )


@pytest.mark.parametrize(
    ("told", "points", "status"),
    [
        # (98 − 85) ÷ 13 of 60 and (90 − 80) ÷ 20 of 40: 60 + 20.
        ({"a": "98", "b": "90"}, "80.00", "ok"),
        # Above the target is no more than all, below the floor no less than nothing.
        ({"a": "100", "b": "10"}, "60.00", "ok"),
        # What is not known stands aside: 20 of 40 is half.
        ({"a": None, "b": "90"}, "50.00", "ok"),
        ({"a": None, "b": None}, None, "no_data"),
        ({}, None, "no_data"),
    ],
)
def test_a_weighted_score_spreads_the_weight_of_what_is_not_known(told, points, status):
    indicator = of_parts(Part("a", 60, 85, 98), Part("b", 40, 80, 100))
    known = {id: {UNIT: value(number)} for id, number in told.items()}
    found = composed.weighted(indicator, known, UNIT)
    assert (found.value, found.status) == (None if points is None else Decimal(points), status)


def test_a_score_with_a_part_that_is_not_whole_says_so():
    indicator = of_parts(Part("a", 60, 85, 98), Part("b", 40, 80, 100))
    known = {"a": {UNIT: value("98")}, "b": {UNIT: value("90", "incomplete")}}
    assert composed.weighted(indicator, known, UNIT).status == "incomplete"


def test_the_weights_of_every_declared_score_are_a_hundred():
    scores = [one for one in definitions.indicators().values() if one.kind == "weighted"]
    assert scores
    for one in scores:
        assert sum(Decimal(str(part.weight)) for part in one.parts) == 100, one.id
        assert all(part.floor < part.target for part in one.parts), one.id


def test_a_clause_is_kept_when_every_target_that_can_be_measured_is_reached(warehouse_settings):
    period, place = periods.parse("2025-10"), ("commune", COMMUNE)
    told = {"dossier_on_time_rate": "98", "dossier_late_settled_count": "0", "e_document_rate": "99.99"}
    known = {id: {place: value(number)} for id, number in told.items()}
    met = composed.clauses_met(known, period)
    assert met["1.2"] is True and met["1.3"] is False
    known["dossier_late_settled_count"] = {place: value("1")}
    assert composed.clauses_met(known, period)["1.2"] is False
    # What has no data keeps no clause and breaks none.
    known = {"e_document_rate": {place: value(None)}}
    assert composed.clauses_met(known, period) == {}


@pytest.mark.parametrize(("gap", "reached"), [("1", True), ("-1", True), ("1.01", False), ("-1.01", False)])
def test_a_gap_is_reached_on_either_side_of_nothing(gap, reached):
    gap_766 = definitions.indicators()["index_766_gap"]
    assert gap_766.reaches(Decimal(gap), periods.parse("2025-10").end) is reached
