"""Rule sets: judged as a whole, wrong with file and line, chosen by kind of person and by date."""

import json
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from tests.evaluation.demo_numbers import invented, register_rows, sheets
from tthc import settings
from tthc.cli import output
from tthc.errors import UsageError
from tthc.evaluation import rule_files, rules, telling
from tthc.indicators import definitions

EVERY = rule_files.rulesets().values()
OF_2026 = ("nd335_2026.yaml", "public_employees_2026.yaml")


@pytest.fixture
def copied(tmp_path) -> Path:
    """A copy of the rule sets, to be spoilt."""
    shutil.copytree(settings.root() / "rulesets", tmp_path / "rulesets")
    return tmp_path


def spoil(root: Path, file: str, old: str, new: str) -> int:
    """Change the first ``old`` of a file; return its line."""
    path = root / "rulesets" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


UNITS, EMULATION = "units/default.yaml", "emulation/2025.yaml"
QD212, ND335 = "officials/qd212_2025.yaml", "officials/nd335_2026.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new", "told", "on_line"),
    [
        (UNITS, "weight: 6, rate: result", "weight: 5, rate: result", "các mục cộng lại là 24", "code: B"),
        (UNITS, "        weight: 35", "        weight: 36", "phải là 100", "name: Đơn vị"),
        (UNITS, "rate: dossier_early_rate", "rate: dossier_erly_rate", "không có chỉ tiêu", "code: A2"),
        (UNITS, "report_on_time_rate, floor: 80", "report_on_time_rate, floor: 100", "mục D3", "code: D3"),
        (UNITS, "floor: 30, target: 80", "floor: 30, target: 101", "mục B4", "code: B4"),
        (
            UNITS,
            "report_on_time_rate.failures",
            "dossier_overdue_open_count.failures",
            "không phải tỷ lệ",
            "code: T6",
        ),
        (UNITS, "at: commune", "at: village", "Invalid enum value", "at: village"),
        (UNITS, "rate: pakn_on_time_rate", "rate: pakn_public_rate", "không tính ở cấp unit", "code: C2"),
        (UNITS, "rate: e_document_rate", "entered: ai, rate: e_document_rate", "đúng một trong", "code: E1"),
        (UNITS, "from: 70}", "from: 95}", "giảm dần", "bands:"),
        (UNITS, "label: Mặc định", "label: Quy chế", "phải mang nhãn", "label:"),
        (UNITS, "takes_deductions: true", "takes_deductions: false", "không nhóm nào nhận", "deductions:"),
        (UNITS, "volume_limits: [50, 300]", "volume_limits: [300, 50]", "tăng dần", "volume_limits:"),
        (UNITS, "weight: 15, rate", "weight: mười, rate", "weight", "weight: mười"),
        ("units/bands_qd212.yaml", "based_on: default", "based_on: bands_qd212", "không có tệp", "based_on:"),
        (ND335, "percent: 20", "percent: 30", "percent", "quota:"),
        (ND335, "absent_from: 3", "absent_from: 7", "absent_from", "work:"),
        (ND335, "fact: disciplined}", "fact: disciplined, why: không}", "V1", "code: V1"),
        (ND335, "fact: unit_corruption, heads_only: true", "fact: unit_corruption", "heads_only", "code: V8"),
        (QD212, "applies_to: [", "applies_to: [mayor, ", "Invalid enum value", "applies_to:"),
        (QD212, "per_failure: 1", "per_failure: 2", "per_failure", "code: b"),
        (
            EMULATION,
            "title: lao_dong_tien_tien",
            "title: giay_khen",
            "đứng trước",
            "code: chien_si_thi_dua_co_so",
        ),
        (EMULATION, "members_percent: 70", "members_percent: 170", "100", "code: tap_the_lao_dong_tien_tien"),
    ],
)
def test_what_cannot_be_right_is_told_with_its_file_and_line(copied, file, old, new, told, on_line):
    spoil(copied, file, old, new)
    with pytest.raises(UsageError) as error:
        rule_files.read(copied)
    place, _, message = str(error.value).partition(": ")
    where, _, line = place.partition(", dòng ")
    assert (where, told in message) == (f"Bộ quy tắc sai ở rulesets/{file}", True), error.value
    lines = (copied / "rulesets" / file).read_text(encoding="utf-8").splitlines()
    assert on_line in lines[int(line) - 1], error.value


def test_a_wrong_word_is_told_on_its_own_line(copied):
    line = spoil(copied, "units/default.yaml", "rate: dossier_early_rate", "rate: dossier_erly_rate")
    with pytest.raises(UsageError, match=rf"rulesets/units/default.yaml, dòng {line}: mục A2"):
        rule_files.read(copied)
    with pytest.raises(UsageError, match="không phải YAML"):
        (copied / "rulesets/units/default.yaml").write_text("a: [")
        rule_files.read(copied)


def test_two_rule_sets_for_the_same_people_on_a_day_are_refused(copied):
    spoil(copied, "officials/qd212_2025.yaml", "valid_to: 2025-12-31", "valid_to: 2026-06-30")
    with pytest.raises(UsageError, match="cùng có hiệu lực từ 01/01/2026"):
        rule_files.read(copied)


@pytest.mark.parametrize(
    ("kind", "day", "chosen"),
    [
        ("civil_servant", date(2025, 12, 31), "qd212_2025"),
        ("leader", date(2025, 12, 14), "qd212_2025"),
        ("public_employee", date(2025, 7, 31), "qd212_2025"),
        ("civil_servant", date(2026, 1, 1), "nd335_2026"),
        ("leader", date(2026, 12, 31), "nd335_2026"),
        ("public_employee", date(2026, 1, 1), "public_employees_2026"),
        ("contract", date(2026, 1, 1), None),
        ("civil_servant", date(2024, 12, 31), None),
    ],
)
def test_the_rule_set_is_that_of_the_kind_of_person_and_the_day(kind, day, chosen):
    found = rule_files.in_force("official", day, kind)
    assert (found and found.ruleset) == chosen


def test_an_alternative_is_never_chosen_and_differs_only_in_what_it_says():
    chosen = rule_files.in_force("unit", date(2026, 6, 30))
    assert chosen.ruleset == "units_default"
    other = rule_files.named("units_bands_qd212")
    assert other.forms == chosen.forms and other.vetoes == chosen.vetoes and other.bands != chosen.bands


@pytest.mark.parametrize("declared", EVERY, ids=lambda one: one.ruleset)
def test_every_rule_set_says_whose_it_is_and_reads_what_is_published(declared):
    assert rules.PROPOSAL in declared.label
    assert (declared.basis == "project_default") == (declared.label == rules.DEFAULT_LABEL)
    read = rules.parts_read(declared)
    assert read or declared.kind == "emulation"
    assert {part.partition(".")[0] for part in read} <= set(definitions.indicators())


def test_a_tenth_is_a_tenth():
    deduction = next(row for row in rule_files.named("units_default").deductions.rows if row.code == "T7")
    assert deduction.each == Decimal("0.1")


def test_a_sheet_of_2025_is_the_same_before_and_after_the_rules_of_2026_are_installed(copied, monkeypatch):
    staff, conduct = register_rows()
    codes = sorted({row["official_code"] for row in staff})

    def told() -> bytes:
        made = [
            {code: telling.told(sheet) for code, sheet in each.items()}
            for seed in range(3)
            for each in sheets(invented(Random(seed), codes), "2025", staff, conduct)
        ]
        assert len(made[1]) > 20
        return json.dumps(made, ensure_ascii=False, default=output._plain).encode()

    after = told()
    for name in OF_2026:
        (copied / "rulesets/officials" / name).unlink()
    before_2026 = rule_files.read(copied)
    assert len(before_2026) == len(rule_files.rulesets()) - len(OF_2026)
    monkeypatch.setattr(rule_files, "rulesets", lambda: before_2026)
    assert told() == after
    assert rule_files.in_force("official", date(2026, 1, 1), "civil_servant") is None


def test_every_sheet_carries_its_label_and_what_people_still_enter():
    staff, conduct = register_rows()
    codes = sorted({row["official_code"] for row in staff})
    units, people = sheets(invented(Random(1), codes), "2026", staff, conduct)
    for sheet in (*units.values(), *people.values()):
        told = telling.told(sheet)
        assert rules.PROPOSAL in told["label"] and told["is_proposal"] is True
        assert told["ruleset"]["sha256"] == rule_files.fingerprint(sheet.rules)
    for sheet in people.values():
        told = telling.told(sheet)
        assert {"Tự chấm điểm", "Nhận xét của người đứng đầu"} <= set(told["people_enter"])
        common = [line for line in told["items"] if line["group"] == "chung"]
        assert common and all(line["points"] is None and line["state"] == "người nhập" for line in common)
        assert told["points"] is None
    sent = people["AH-TT-03"]
    assert (sent.person.home_unit, sent.person.working_unit) == ("kinh_te", "phuc_vu_hanh_chinh_cong")
