"""Packs of everybody, of both years: each adds up from its own rows, and any number that is moved is noticed."""

import copy
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest

from demo.units import NAMES
from tests.evaluation.demo_numbers import COMMUNE, figures
from tests.evaluation.test_equals_scorer import world
from tthc.errors import TthcError
from tthc.evaluation import entered, pack_check, pack_members, packing, rule_files, telling
from tthc.evaluation.cases import Gathered, rules_of
from tthc.evaluation.figures import Figures
from tthc.evaluation.people import Exempted, findings_until, persons
from tthc.evaluation.sheets import official_sheet, official_sheets, unit_sheets
from tthc.indicators.facts import Definition
from tthc.reports import evaluation_sheet, papers
from tthc.reports.evaluation_sheet import Frame
from tthc.reports.letterhead import letterhead
from tthc.reports.values import Edition
from tthc.workdays import periods

LINK = (
    '{"period": "%s", "calendar": "month", "commune_code": "11674", "revision_number": 1, "content_hash": "c",'
    ' "facts_hash": "f", "chain_number": 1}'
)


@pytest.fixture(params=["2025", "2026"])
def gathered(request, monkeypatch) -> tuple[dict, Gathered]:
    """The invented numbers of a year, and the sheets of five units and everybody made of them."""
    monkeypatch.setenv("TTHC_COMMUNE", COMMUNE)
    numbers, staff, conduct, points, _ = world(Random(int(request.param)))
    # What is made of other numbers needs them; here every number stands on rows.
    numbers = {place: told for place, told in numbers.items() if place[2] != "unit_head_accountability_score"}
    period, known = periods.parse(request.param), figures(numbers, request.param)
    everybody, findings = persons(staff, period), findings_until(conduct, period)
    rules = rule_files.in_force("unit", period.end)
    units = unit_sheets(rules, known, sorted(NAMES))
    judged = rules_of(everybody, period)
    given = entered.of_rows([row for row in points if row["period"] == period.label], everybody, judged)
    everybody = entered.with_entered(everybody, given, {})
    people = official_sheets(judged, known, everybody, findings, units, given.counted)
    return numbers, Gathered(period, known, {}, rules, units, people, findings, given.counted, everybody)


def rows_behind(numerator: int | None, denominator: int | None) -> bytes:
    """Return a list of rows that add up to a number: of a rate as many as it asks, of a count as many as it has."""
    whole = numerator or 0 if denominator is None else denominator
    rows = [
        (f"H{place:06}", str(int(place < (numerator or 0))), "0" if denominator is None else "1")
        for place in range(whole)
    ]
    return pack_members.to_csv((pack_members.KEY, *pack_members.PARTS), rows)


def pack(numbers: dict, known: Gathered, code: str) -> bytes:
    case, period = known.case(code), known.period
    told = telling.told(known.sheet(code))
    edition = Edition(7, 1, datetime(2027, 1, 10, 9), "Trần Văn Duyệt")
    form = "phieu-don-vi" if case.person is None else "phieu-ca-nhan"
    frame = Frame(papers.paper(form, period), letterhead(period), period, edition, dict(NAMES))
    asked = packing.numbers_of(case)
    kinds = {place[2]: "count" if numbers[place][1] is None else "rate" for place in asked}
    counted = {id: Definition(id, kind, "marts.rows", (), "n", "d") for id, kind in kinds.items()}
    lists = {pack_members.list_name(place): rows_behind(*numbers[place]) for place in asked}
    link = LINK % period.label
    revision = {
        "revision_number": 1, "published_at": datetime(2027, 1, 10, tzinfo=UTC), "content_hash": "c", "facts_hash": "f",
        "chain_number": 1, "previous_hash": None, "chain_hash": pack_members.digest(link.encode()),
    }  # fmt: skip
    return packing.assembled(case, revision, link, counted, lists, evaluation_sheet.document(frame, told))


def test_every_pack_holds_and_says_as_much_as_its_sheet(gathered):
    numbers, known = gathered
    seen: Counter = Counter()
    for code in (*known.units, *known.people):
        said = pack_check.check(pack(numbers, known, code))
        assert pack_check.holds(said), [line.text for line in said if line.holds is False]
        sheet = known.sheet(code)
        items = [line for line in said if line.text.startswith("Mục ")]
        assert len(items) == len(sheet.total.lines)
        added = [line for line in said if "dòng cộng lại được" in line.text]
        assert len(added) == len(packing.numbers_of(known.case(code)))
        seen["head" if sheet.person and sheet.person.is_head else sheet.level_of] += 1
        seen.update(one.veto.code for one in sheet.held if one.holds)
    assert seen["unit"] == 5 and seen["head"] >= 4 and seen["official"] >= 15
    assert {"V4", "V6", "V7"} <= set(seen)


def test_a_pack_has_of_others_only_findings_that_cap_and_without_whom_they_are_about(gathered):
    numbers, known = gathered
    about_others: Counter = Counter()
    for code, sheet in known.people.items():
        grounds = json.loads(pack_members.unzipped(pack(numbers, known, code))[pack_members.GROUNDS])
        for one in grounds["findings"]:
            assert one["official_code"] in (code, None)
            if one["official_code"] is None:
                assert one["is_harassment"] or one["is_corruption"]
                assert (one["discipline"], one["disciplined_on"]) == (None, None)
                about_others["corruption" if one["is_corruption"] else "harassment"] += 1
        held = {one.veto.code for one in sheet.held if one.holds}
        assert ("V8" in held) <= any(one["is_corruption"] for one in grounds["findings"])
        assert ("V3" in held) == any(one["is_falsification"] for one in grounds["findings"])
        # A pack made before these were kept is still read; of them it knows nothing.
        before = copy.deepcopy(grounds)
        del before["person"]["headed"]
        for one in before["findings"]:
            del one["is_falsification"], one["is_corruption"]
        person, findings, *_ = pack_members.from_grounds(before)
        assert person == replace(sheet.person, headed=())
        assert not any(one.is_falsification or one.is_corruption for one in findings)
        assert pack_members.from_grounds(grounds)[0] == sheet.person
    assert about_others["corruption" if known.period.label == "2026" else "harassment"] > 0


def test_a_number_that_is_moved_with_its_list_and_all_fingerprints_moves_the_sheet(gathered):
    numbers, known = gathered
    random, caught = Random(1), 0
    for code in random.sample([*known.units, *known.people], 12):
        body = pack(numbers, known, code)
        found = pack_members.unzipped(body)
        case = known.case(code)
        asked = packing.numbers_of(case)
        moved = [place for place in sorted(asked) if numbers[place][1] is not None and numbers[place][1] >= 5]
        for place in random.sample(moved, min(3, len(moved))):
            numerator, denominator = numbers[place]
            other = {
                **numbers,
                place: (denominator - numerator if 2 * numerator != denominator else 0, denominator),
            }
            if other[place] == numbers[place]:
                continue
            put = figures(other, known.period.label)
            told = {
                **found,
                pack_members.NUMBERS: pack_members.numbers_to_csv({one: put.by_place[one] for one in asked}),
                pack_members.list_name(place): rows_behind(*other[place]),
            }
            manifest = json.loads(found[pack_members.MANIFEST])
            manifest["members"] = {
                name: pack_members.digest(one) for name, one in told.items() if name != pack_members.MANIFEST
            }
            told[pack_members.MANIFEST] = pack_members.to_json(manifest)
            said = pack_check.check(pack_members.zipped(told))
            again = packing.sheet_of(
                packing.Case(
                    case.rules, Figures(put.period, put.commune, put.by_place, 1), code, case.person, case.findings,
                    case.unit_rules, case.led, case.entered,
                )
            )  # fmt: skip
            # What moves nothing that the sheet says is seen by nobody, and harms nobody.
            is_moved = telling.told(again) != telling.told(known.sheet(code))
            assert pack_check.holds(said) is not is_moved, (code, place)
            caught += is_moved
    assert caught >= 10


def test_a_dossier_that_is_not_held_against_somebody_was_held_against_them(gathered):
    numbers, known = gathered
    part = "dossier_late_settled_count"
    code = next(
        code
        for code, sheet in known.people.items()
        if (numbers.get(("official", code, part)) or (0, None))[0] >= 2 and not sheet.person.is_head
    )
    before = known.sheet(code)

    def freed(dossier: str) -> Gathered:
        one = Exempted(dossier, "MT-1", "system", "9/MT-UBND", (f"{part}.numerator",))
        person = replace(before.person, exempted=(one,))
        sheet = official_sheet(
            before.rules, known.figures, person, known.findings, None, (), known.entered.get(code)
        )
        return replace(known, people={**known.people, code: sheet})

    free = freed("H000001")
    assert free.sheet(code).total.most > before.total.most
    said = [line.text for line in pack_check.check(pack(numbers, free, code))]
    assert f"Miễn trừ MT-1: hồ sơ H000001 có trong {part}." in said
    # A dossier that was never counted takes nothing off, and such a pack is not handed out.
    with pytest.raises(TthcError, match="hồ sơ H999999 KHÔNG có trong dossier_late_settled_count"):
        pack(numbers, freed("H999999"), code)


def test_whatever_byte_is_flipped_something_is_said_and_nothing_breaks(gathered):
    numbers, known = gathered
    random = Random(5)
    body = pack(numbers, known, "kinh_te")
    assert all("Vỏ zip" not in line.text for line in pack_check.check(body))
    said: Counter = Counter()
    for _ in range(150):
        place, bit = random.randrange(len(body)), 1 << random.randrange(8)
        lines = pack_check.check(body[:place] + bytes([body[place] ^ bit]) + body[place + 1 :])
        is_wrong = not pack_check.holds(lines)
        assert is_wrong or any("Vỏ zip" in line.text for line in lines), place
        said[is_wrong] += 1
    for length in random.sample(range(len(body)), 20):
        assert not pack_check.holds(pack_check.check(body[:length]))
    assert said[True] > 100
