"""The demo's own two years: every unit and everybody, as its answer keys count them, equals the independent scorer."""

from datetime import date, datetime

import pytest

from demo import answer_key, scoring
from demo.answers import exports, registers
from demo.connector import Pull
from demo.files import FILES, Context
from demo.periods import touched
from tests.evaluation.demo_numbers import COMMUNE, sheets, year
from tests.evaluation.test_equals_scorer import said
from tests.proof.test_register_indicators import STREAMS

SEED = 1
MOMENT = datetime(2026, 11, 5, 18)
PULLS = [
    Pull(datetime(2026, 1, 31, 18), date(2025, 1, 1), date(2026, 1, 31)),
    Pull(datetime(2026, 10, 31, 18), date(2026, 1, 1), date(2026, 10, 31)),
]


@pytest.mark.long
def test_every_sheet_of_the_demo_equals_the_independent_scorer():
    context = Context.at(SEED, MOMENT)
    kept = {stream: FILES[stream].expected(context) for stream in STREAMS}
    known = exports.read(SEED, PULLS, [MOMENT], MOMENT)
    for label in ("2025", "2026"):
        period = next(
            one for one in touched([f"{label}-07"]) if (one.label, one.calendar) == (label, "month")
        )
        told = {**exports.values(known, period), **registers.values(kept, period, date(2026, 12, 31))}
        numbers = {
            key: (int(one.numerator), None if one.denominator is None else int(one.denominator))
            for key, one in told.items()
            if key[0] in ("commune", "unit", "official") and one.numerator.isdigit()
        }
        for place, tally in answer_key.tallies(known.facts.values(), period).items():
            numbers[*place, "form_ii06a_open"] = (tally["open"], None)
            numbers[*place, "form_ii06a_received_or_carried"] = (
                tally["received"] + tally["carried_over"],
                None,
            )
        assert {code for level, code, _ in numbers if level == "commune"} == {COMMUNE}
        counted = [key for key in numbers if key[0] == "official"]
        assert len({code for _, code, _ in counted}) >= 10
        staff, conduct = kept["register__staff"], kept["register__conduct"]
        given = FILES["register__assessments"].expected(context)
        units, people = sheets(numbers, label, staff, conduct, given)
        assert {code: said(sheet) for code, sheet in units.items()} == {
            code: scoring.unit(numbers, code) for code in units
        }
        assert {code: said(sheet) for code, sheet in people.items()} == scoring.officials(
            numbers, staff, conduct, *year(label), given
        )
        assert len(people) >= 50 and any(sheet.level is not None for sheet in people.values())
        assert sum(sheet.is_rated for sheet in units.values()) >= 3
        assert len(people) >= 20 and any(sheet.total.least > 0 for sheet in people.values())
