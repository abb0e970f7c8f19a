"""What the register of conduct concluded caps the level of the right people, in the right year; reports never do."""

from datetime import date

import pytest

from tests.evaluation.test_thresholds import OF_OFFICIALS, YEAR, held, posting, sheet_of
from tthc.evaluation.people import findings_until
from tthc.workdays import periods


def finding(**told) -> dict:
    return {
        "record_code": "KL-1", "kind": "finding", "happened_on": date(2026, 3, 1), "unit_code": "kinh_te",
        "official_code": "AH-01", "behaviour": "harassment", "verdict": "substantiated", "discipline": None,
        "disciplined_on": None,
    } | told  # fmt: skip


@pytest.mark.parametrize(
    ("told", "vetoes_held"),
    [
        ({}, {"V2"}),
        ({"verdict": "partly_substantiated"}, {"V2"}),
        ({"verdict": "unsubstantiated"}, set()),
        # A report is never a finding.
        ({"kind": "report"}, set()),
        ({"behaviour": "indiscipline"}, set()),
        ({"behaviour": "attitude"}, set()),
        # It is that of heads only.
        ({"behaviour": "corruption"}, set()),
        ({"discipline": "none"}, {"V2"}),
        ({"discipline": "reprimand", "disciplined_on": date(2026, 12, 31)}, {"V1"}),
        # One case counts in one year only: that of the decision.
        ({"discipline": "reprimand", "disciplined_on": date(2027, 1, 1)}, {"V2"}),
        (
            {
                "happened_on": date(2025, 12, 31),
                "discipline": "reprimand",
                "disciplined_on": date(2026, 1, 1),
            },
            {"V1"},
        ),
        ({"happened_on": date(2025, 12, 31)}, set()),
        ({"happened_on": date(2027, 1, 1)}, set()),
    ],
)
def test_v1_and_v2_by_what_was_concluded(told, vetoes_held):
    found = findings_until([finding(**told)], YEAR)
    sheet = sheet_of([posting(date(2020, 1, 1))], found)
    assert held(sheet) == vetoes_held
    if "V1" in vetoes_held:
        assert sheet.level == "not_completed"
    elif "V2" in vetoes_held:
        assert sheet.level_most == "completed"


@pytest.mark.parametrize(
    ("told", "vetoes_held"),
    [
        ({}, {"V3"}),
        ({"verdict": "partly_substantiated"}, {"V3"}),
        ({"verdict": "unsubstantiated"}, set()),
        ({"kind": "report"}, set()),
        ({"official_code": "AH-02"}, set()),
        ({"official_code": None}, set()),
        ({"happened_on": date(2026, 1, 1)}, {"V3"}),
        ({"happened_on": date(2026, 12, 31)}, {"V3"}),
        ({"happened_on": date(2025, 12, 31)}, set()),
        ({"happened_on": date(2027, 1, 1)}, set()),
        # Whoever is disciplined for it falsified still.
        ({"discipline": "warning", "disciplined_on": date(2026, 4, 1)}, {"V1", "V3"}),
        # Concluded last year, decided in this one: it counted then.
        (
            {"happened_on": date(2025, 12, 31), "discipline": "warning", "disciplined_on": date(2026, 1, 1)},
            {"V1"},
        ),
    ],
)
@pytest.mark.parametrize("id", OF_OFFICIALS)
def test_v3_by_what_was_concluded_about_the_official(id, told, vetoes_held):
    found = findings_until([finding(behaviour="falsification", **told)], YEAR)
    for is_head in (True, False):
        sheet = sheet_of([posting(date(2020, 1, 1)) | {"is_head": is_head}], found, id=id)
        assert held(sheet) == vetoes_held
        assert sheet.level_most == (
            "not_completed" if "V1" in vetoes_held else "completed" if vetoes_held else "excellent"
        )


@pytest.mark.parametrize(
    ("told", "holds"),
    [
        ({}, True),
        ({"verdict": "partly_substantiated"}, True),
        ({"verdict": "unsubstantiated"}, False),
        ({"kind": "report"}, False),
        ({"behaviour": "indiscipline"}, False),
        ({"behaviour": "harassment"}, False),
        # Of the unit: about whom, and whether anybody, is not asked.
        ({"official_code": None}, True),
        ({"official_code": "AH-01"}, True),
        ({"unit_code": "van_phong"}, False),
        ({"unit_code": "van_phong", "official_code": "AH-01"}, False),
        ({"unit_code": None}, False),
        ({"happened_on": date(2026, 1, 1)}, True),
        ({"happened_on": date(2026, 12, 31)}, True),
        ({"happened_on": date(2025, 12, 31)}, False),
        ({"happened_on": date(2027, 1, 1)}, False),
        (
            {"happened_on": date(2025, 12, 31), "discipline": "warning", "disciplined_on": date(2026, 1, 1)},
            False,
        ),
    ],
)
@pytest.mark.parametrize("id", OF_OFFICIALS)
def test_v8_of_the_unit_is_that_of_its_head_and_of_nobody_else(id, told, holds):
    found = findings_until([finding(**{"behaviour": "corruption", "official_code": "AH-07"} | told)], YEAR)
    for is_head in (True, False):
        sheet = sheet_of([posting(date(2020, 1, 1)) | {"is_head": is_head}], found, id=id)
        assert ("V8" in held(sheet)) is (holds and is_head)
        assert ("V8" in {one.veto.code for one in sheet.held}) is is_head
        if holds and is_head:
            assert sheet.level_most == "not_completed"


@pytest.mark.parametrize("label", ["2026", "2026-Q3", "2026-12"])
@pytest.mark.parametrize(
    ("concluded_on", "of_former", "of_next"),
    [
        (date(2026, 3, 1), True, False),
        (date(2026, 6, 30), True, False),
        (date(2026, 7, 1), False, True),
        (date(2026, 9, 30), False, True),
    ],
)
def test_v8_is_that_of_whoever_was_head_on_the_day_of_the_finding(label, concluded_on, of_former, of_next):
    period = periods.parse(label)
    told = finding(behaviour="corruption", official_code=None, happened_on=concluded_on)
    found = findings_until([told], period)
    first, second = posting(date(2020, 1, 1), date(2026, 6, 30)), posting(date(2026, 7, 1))
    former = [first | {"is_head": True}, second | {"home_unit_code": "van_phong"}]
    coming = [first, second | {"is_head": True}]
    assert ("V8" in held(sheet_of(former, found, period))) is of_former
    assert ("V8" in held(sheet_of(coming, found, period))) is of_next
    # Head of another unit, before and after.
    elsewhere = [one | {"is_head": True, "home_unit_code": "van_phong"} for one in (first, second)]
    assert "V8" not in held(sheet_of(elsewhere, found, period))


@pytest.mark.parametrize(
    ("unit", "behaviour", "verdict", "day", "holds"),
    [
        ("kinh_te", "harassment", "substantiated", date(2026, 3, 1), True),
        ("kinh_te", "harassment", "partly_substantiated", date(2026, 12, 31), True),
        ("kinh_te", "harassment", "unsubstantiated", date(2026, 3, 1), False),
        ("kinh_te", "indiscipline", "substantiated", date(2026, 3, 1), False),
        ("van_phong", "harassment", "substantiated", date(2026, 3, 1), False),
        ("kinh_te", "harassment", "substantiated", date(2025, 12, 31), False),
    ],
)
def test_v2_caps_the_head_by_what_was_concluded_inside_the_unit(unit, behaviour, verdict, day, holds):
    told = finding(
        unit_code=unit, official_code="AH-07", behaviour=behaviour, verdict=verdict, happened_on=day
    )
    found = findings_until([told], YEAR)
    for is_head in (True, False):
        rows = [posting(date(2020, 1, 1)) | {"is_head": is_head}]
        assert ("V2H" in held(sheet_of(rows, found))) is (holds and is_head)
