"""Every sheet equals what an independent scorer says that reads no rule file; the order of what comes in is nothing."""

from collections import Counter
from datetime import date
from random import Random

import pytest

from demo import scoring
from tests.evaluation.demo_numbers import invented, register_rows, sheets, year
from tthc.evaluation import telling
from tthc.evaluation.sheets import Sheet


def said(sheet: Sheet) -> scoring.Said:
    return scoring.Said(
        int(sheet.total.least * 100),
        int(sheet.total.most * 100),
        sheet.level_least,
        sheet.level_most,
        tuple(one.veto.code for one in sheet.held if one.holds),
    )


def world(random: Random):
    """Return numbers, and registers to which absences and findings of every kind are added."""
    staff, conduct = register_rows()
    codes = sorted({row["official_code"] for row in staff})
    away = dict.fromkeys(staff[0]) | {"kind": "absence", "is_head": False}
    for code in random.sample(codes, 5):
        first = date(random.choice((2025, 2026)), random.randrange(1, 9), 1)
        last = date(first.year, first.month + random.choice((2, 3, 4)), random.choice((1, 2, 27)))
        reason = random.choice(("sickness", "other", "maternity", "training"))
        staff.append(
            away | {"official_code": code, "starts_on": first, "ends_on": last, "absence_reason": reason}
        )
    for number, code in enumerate(random.sample(codes, 5)):
        day = date(random.choice((2025, 2026)), random.randrange(1, 13), 28)
        discipline = random.choice((None, "none", "reprimand", "warning"))
        later = (
            date(day.year + random.choice((0, 0, 1)), 12, 31) if discipline not in (None, "none") else None
        )
        conduct.append(
            dict.fromkeys(conduct[0])
            | {
                "record_code": f"X{number}",
                "kind": random.choice(("finding", "finding", "report")),
                "happened_on": day,
            }
            | {"unit_code": random.choice(("kinh_te", "van_phong")), "official_code": code}
            | {"behaviour": random.choice(("harassment", "indiscipline")), "discipline": discipline}
            | {"verdict": random.choice(("substantiated", "partly_substantiated", "unsubstantiated"))}
            | {"disciplined_on": later}
        )
    return invented(random, codes), staff, conduct


@pytest.mark.parametrize("label", ["2025", "2026"])
def test_sheets_equal_the_independent_scorer(label):
    seen: Counter = Counter()
    for seed in range(30):
        numbers, staff, conduct = world(Random(seed))
        units, people = sheets(numbers, label, staff, conduct)
        assert {code: said(sheet) for code, sheet in units.items()} == {
            code: scoring.unit(numbers, code) for code in units
        }, seed
        expected = scoring.officials(numbers, staff, conduct, *year(label))
        assert len(expected) >= 20
        assert {code: said(sheet) for code, sheet in people.items()} == expected, seed
        for sheet in (*units.values(), *people.values()):
            seen[sheet.level_most] += 1
            seen.update(one.veto.code for one in sheet.held if one.holds)
    # Nothing is proven of what never happened.
    assert {"V1", "V2", "V2H", "V4", "V5", "V6", "V7", "V10", "V10B"} <= set(seen), seen
    assert {"excellent", "good", "completed", "not_completed", None} <= set(seen), seen


def test_the_order_of_numbers_people_and_findings_changes_nothing():
    random = Random(7)
    numbers, staff, conduct = world(random)

    def told():
        return [
            {code: telling.told(sheet) for code, sheet in each.items()}
            for each in sheets(numbers, "2026", staff, conduct)
        ]

    first = told()
    for _ in range(5):
        shuffled = list(numbers.items())
        random.shuffle(shuffled)
        numbers = dict(shuffled)
        random.shuffle(staff)
        random.shuffle(conduct)
        assert told() == first
