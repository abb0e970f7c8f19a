"""Every sheet equals what an independent scorer says that reads no rule file; the order of what comes in is nothing."""

import ast
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from demo import scoring
from demo.kept import assessments as kept_assessments
from demo.kept.colleagues import COLLEAGUES
from demo.kept.officials import OFFICIALS
from demo.units import NAMES
from tests.evaluation.demo_numbers import invented, register_rows, sheets, year
from tthc.evaluation import standing, telling
from tthc.evaluation.rule_files import in_force
from tthc.evaluation.sheets import Sheet
from tthc.workdays import periods

HEADS = {one.code for one in OFFICIALS if one.is_head}
OF_PEOPLE = ("V1", "V2", "V2H", "V3", "V4", "V5", "V6", "V7", "V8", "V10", "V10B")
OF_UNITS = ("V4", "V5", "V6")
BEHAVIOURS = ("harassment", "indiscipline", "falsification", "corruption")
LEVELS = ("excellent", "good", "completed", "not_completed")


def said(sheet: Sheet) -> scoring.Said:
    return scoring.Said(
        int(sheet.total.least * 100),
        int(sheet.total.most * 100),
        sheet.level_least,
        sheet.level_most,
        tuple(one.veto.code for one in sheet.held if one.holds),
    )


def world(random: Random):
    """Return numbers, registers to which absences and findings of every kind are added, points, and exemptions."""
    staff, conduct = register_rows()
    codes = sorted({row["official_code"] for row in staff})
    away = dict.fromkeys(staff[0]) | {"kind": "absence", "is_head": False}
    for code in random.sample(codes, 8):
        first = date(random.choice((2025, 2026)), random.randrange(1, 9), 1)
        last = date(first.year, first.month + random.choice((2, 3, 4)), random.choice((1, 2, 27)))
        reason = random.choice(("sickness", "other", "maternity", "training", "secondment"))
        staff.append(
            away | {"official_code": code, "starts_on": first, "ends_on": last, "absence_reason": reason}
        )
    # In the middle of a year one head leaves the post, and somebody else of the unit takes it.
    leaving = random.choice([row for row in staff if row["is_head"]])
    staff.remove(leaving)
    next_day = random.choice((date(2025, 10, 1), date(2026, 7, 1)))
    before, after = {"ends_on": next_day - timedelta(days=1)}, {"starts_on": next_day}
    other = next(
        row for row in staff
        if row["kind"] == "posting" and row["home_unit_code"] == leaving["home_unit_code"] and not row["is_head"]
        and row["starts_on"] <= date(2025, 7, 1) and row["ends_on"] is None and row["staff_kind"] != "contract"
    )  # fmt: skip
    staff.remove(other)
    staff += [leaving | before, leaving | after | {"is_head": False}]
    staff += [other | before, other | after | {"is_head": True}]
    # On the last day of the one, or the first of the other, something is concluded about the unit and about nobody.
    conduct.append(
        dict.fromkeys(conduct[0])
        | {"record_code": "Y", "kind": "finding", "unit_code": leaving["home_unit_code"]}
        | {"behaviour": random.choice(BEHAVIOURS), "verdict": "substantiated"}
        | {"happened_on": next_day - timedelta(days=random.choice((0, 1)))}
    )
    for number, code in enumerate(random.sample(codes, 12)):
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
            | {"unit_code": random.choice(list(NAMES)), "official_code": code}
            | {"behaviour": random.choice(BEHAVIOURS), "discipline": discipline}
            | {"verdict": random.choice(("substantiated", "partly_substantiated", "unsubstantiated"))}
            | {"disciplined_on": later}
        )
    freed = {
        code: scoring.Freed(*(random.choice((0, 0, 1, 3)) for _ in range(3)))
        for code in random.sample(codes, 20)
    }
    clerks = {one.code for one in COLLEAGUES if random.random() < 0.7}
    numbers = {place: told for place, told in invented(random, codes).items() if place[1] not in clerks}
    return numbers, staff, conduct, points(random, codes), freed


def points(random: Random, codes: list[str]):
    """Return points that people gave: of most people, for most items; some too many, some for what is no item."""
    found = []
    for code in codes:
        is_generous = random.random() < 0.6
        for label in ("2025", "2026", "2026-Q2"):
            if random.random() < 0.2:
                continue
            limits = _limits(label, is_head=code in HEADS)
            for item, most in limits.items():
                for assessor in ("head", "self"):
                    if random.random() < 0.03:
                        continue
                    # One half too many counts for nothing.
                    given = most if is_generous else Decimal(random.randrange(0, 2 * most + 2)) / 2
                    found.append(
                        {"period": label, "official_code": code, "assessor": assessor, "item_code": item}
                        | {"points": Decimal(given)}
                    )
    return found


def _limits(label: str, *, is_head: bool) -> dict[str, int]:
    limits = dict(kept_assessments.items(label, is_head)) | scoring.OF_CHAIRMAN | {"z9": 5}
    if label == "2025":
        return limits | ({"a": 20, "b": 30, "c": 20} if is_head else {"a": 25, "b": 30, "c": 25})
    return limits | dict.fromkeys("abcdđ", 100)


def test_the_demo_has_sixty_people_of_whom_some_hold_no_dossier():
    staff, _ = register_rows()
    codes = {row["official_code"] for row in staff if row["kind"] == "posting"}
    assert len(codes) == 60
    assert {row["home_unit_code"] for row in staff if row["kind"] == "posting"} == set(NAMES)
    titles = {row["job_title"] for row in staff}
    assert {"Văn thư", "Kế toán", "Chủ tịch UBND xã", "Thư viện"} <= titles
    # Everybody with a sheet in one of the years, contracts apart.
    for label in ("2025", "2026"):
        people = [one for one in scoring.people(staff, *year(label)) if one.kind != "contract"]
        assert len(people) >= 50 and sum(one.is_head for one in people) == len(NAMES)


@pytest.mark.parametrize("label", ["2025", "2026"])
def test_sheets_equal_the_independent_scorer(label):
    seen: dict[str, Counter] = {"unit": Counter(), "official": Counter()}
    compared, exceeded = 0, Counter()
    quota = in_force("official", periods.parse(label).end, "civil_servant").quota
    for seed in range(30):
        numbers, staff, conduct, given, freed = world(Random(seed))
        units, people = sheets(numbers, label, staff, conduct, given, freed)
        assert {code: said(sheet) for code, sheet in units.items()} == {
            code: scoring.unit(numbers, code) for code in units
        }, seed
        expected = scoring.officials(numbers, staff, conduct, *year(label), given, freed)
        assert len(expected) >= 50
        assert {code: said(sheet) for code, sheet in people.items()} == expected, seed
        compared += len(units) + len(people)
        checks = {
            (one.unit, one.work): scoring.Quota(
                one.rated, one.allowed, one.allowed_raised, one.at_level, one.may_be
            )
            for one in standing.quotas(people.values(), quota)
        }
        assert checks == scoring.quotas(expected, staff, *year(label)), seed
        exceeded.update(len(one.excellent) > one.allowed for one in checks.values())
        corrupt = {
            row["unit_code"]
            for row in conduct
            if (row["kind"], row["behaviour"]) == ("finding", "corruption")
            and row["verdict"] != "unsubstantiated"
            and str(row["happened_on"].year) == label
        }
        for sheet in (*units.values(), *people.values()):
            seen[sheet.level_of][sheet.level] += 1
            for one in sheet.held:
                if one.veto.code == "V7" and one.holds:
                    # It always holds for a head: it lowers some, and leaves others where they are.
                    own = sheet.rules.band(sheet.total.most).level
                    seen["official"]["V7", scoring.ORDER.index(one.cap) < scoring.ORDER.index(own)] += 1
                if one.veto.code == "V8" and sheet.person:
                    is_head = sheet.person.is_head
                    seen["official"]["V8", "of whoever left"] += bool(one.holds and not is_head)
                    is_after = sheet.person.home_unit in corrupt and is_head and not one.holds
                    seen["official"]["V8", "not of whoever came"] += is_after
            seen[sheet.level_of].update((one.veto.code, one.holds) for one in sheet.held)
    # Nothing is proven of what never happened: each veto holds for some and not for others, each level is somebody's.
    assert compared > 1_500 and exceeded[True] >= 5 and exceeded[False] >= 5, exceeded
    assert {(veto, holds) for veto in OF_PEOPLE for holds in (True, False)} <= set(seen["official"]), seen
    assert {(veto, holds) for veto in OF_UNITS for holds in (True, False)} <= set(seen["unit"]), seen
    # Who was head for a part of the year only answers for that part.
    assert seen["official"]["V8", "of whoever left"] and seen["official"]["V8", "not of whoever came"], seen
    # What has no source holds for nobody, and says so.
    assert seen["official"]["V9", None] and not seen["official"]["V9", True]
    for veto in ("V3", "V8"):
        assert seen["unit"][veto, None] and not seen["unit"][veto, True]
        assert not seen["official"][veto, None]
    assert {*LEVELS, None} <= set(seen["official"]), seen
    assert {"good", "completed", "not_completed"} <= set(seen["unit"]), seen


def test_the_scorer_shares_no_code_with_the_project():
    imported = set()
    waiting, root = [Path(scoring.__file__)], Path(scoring.__file__).parent
    while waiting:
        path = waiting.pop()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.partition(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(node.module.partition(".")[0])
            elif isinstance(node, ast.ImportFrom) and node.level == 1:
                found = [
                    root / f"{name}.py" for name in (node.module, *(one.name for one in node.names)) if name
                ]
                waiting += [one for one in found if one.exists() and str(one) not in imported]
                imported |= {str(one) for one in found}
    assert "tthc" not in imported and "fractions" in imported and str(root / "stream_file.py") in imported


def test_the_order_of_numbers_people_findings_and_points_changes_nothing():
    random = Random(7)
    numbers, staff, conduct, given, freed = world(random)

    def told():
        return [
            {code: telling.told(sheet) for code, sheet in each.items()}
            for each in sheets(numbers, "2026", staff, conduct, given, freed)
        ]

    first = told()
    for _ in range(5):
        shuffled = list(numbers.items())
        random.shuffle(shuffled)
        numbers = dict(shuffled)
        for rows in (staff, conduct, given):
            random.shuffle(rows)
        assert told() == first
