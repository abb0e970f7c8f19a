"""``tthc score``: what is proposed carries its label; personal sheets are for those who may, and written down."""

import json

import psycopg
import pytest

from tests.cli.conftest import run
from tthc.evaluation import rules

PERSON = (
    "INSERT INTO restricted.staff (commune_code, official_code, kind, starts_on, full_name, official_key,"
    " home_unit_code, working_unit_code, job_title, staff_kind, is_head, row_hash, fetch_id, row_number, fetched_at)"
    " VALUES ('11674', %s, 'posting', '2025-01-01', %s, %s, 'kinh_te', 'phuc_vu_hanh_chinh_cong', 'Chuyên viên',"
    " %s, %s, gen_random_uuid(), 1, 1, now())"
)
NAME = "Nguyễn Thị Thử Phiếu"


@pytest.fixture
def staffed(own_hamlet) -> str:
    """The hamlet with a head, an official and one who has only a contract."""
    with psycopg.connect(own_hamlet) as connection:
        for code, kind, is_head in (
            ("AH-01", "leader", True),
            ("AH-02", "civil_servant", False),
            ("AH-03", "contract", False),
        ):
            connection.execute(PERSON, (code, NAME, f"khoa-{code}", kind, is_head))
    return own_hamlet


def accesses(url: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT accessed_by, action, subject, reason FROM ops.access_log ORDER BY access_id"
        ).fetchall()


def test_units_are_proposed_from_what_is_published(hamlet_settings):
    said = run("score", "2025-07", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert told["label"] == rules.DEFAULT_LABEL
    sheets = {sheet["code"]: sheet for sheet in told["sheets"]}
    assert len(sheets) == 5 and all(sheet["revision"] == 1 for sheet in sheets.values())
    lines = {line["item"]: line for line in sheets["kinh_te"]["items"]}
    # D1, D2 kept the promise, D3 did not; three are too few to say more.
    assert (lines["A1"]["numerator"], lines["A1"]["denominator"]) == (2, 3)
    assert (lines["A1"]["state"], lines["A1"]["points"]) == ("đứng ngoài", None)
    assert (lines["A3"]["value"], lines["A3"]["lost"]) == (0, 0)
    # Of four dossiers nobody proposes anything, and of none neither.
    assert all(sheet["proposed_level"] is None and sheet["points"] is None for sheet in sheets.values())
    assert all("Quá ít" in sheet["not_rated_because"] for sheet in sheets.values())
    assert lines["A1"]["evidence"] == ["tthc explain dossier_on_time_rate 2025-07 --code kinh_te"]
    # D4 is overdue, of two that are open.
    vetoes = {veto["code"]: veto["holds"] for veto in sheets["van_phong"]["vetoes"]}
    assert vetoes["V6"] is True and vetoes["V8"] is None
    table = run("score", "2025-07")
    assert rules.DEFAULT_LABEL in table.out and "đề xuất" in table.out
    one = run("score", "2025-07", "--unit", "van_phong")
    assert one.code == 0 and rules.DEFAULT_LABEL in one.out and "A3" in one.out
    lost = run("score", "explain", "2025-07", "--unit", "van_phong")
    assert lost.code == 0 and "bớt 1 trường hợp" in lost.out and rules.DEFAULT_LABEL in lost.out


def test_a_draft_is_provisional_and_an_unknown_period_says_what_to_do(hamlet_settings):
    missing = run("score", "2025-Q3")
    assert missing.code == 1 and "tthc publish 2025-Q3" in missing.err
    draft = run("score", "2025-Q3", "--draft", "--unit", "kinh_te", "--json")
    assert draft.code == 0, draft.err
    told = json.loads(draft.out)
    assert told["is_provisional"] is True and "chưa công bố" in told["provisional_because"][0]
    assert run("score", "2025-07", "--unit", "khong_co").code == 2


def test_two_rule_sets_on_the_same_numbers(hamlet_settings):
    said = run("score", "diff", "units_default", "units_bands_qd212", "2025-07", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert len(told["sheets"]) == 5
    assert all(
        row["a"]["points_most"] == row["b"]["points_most"] and row["items"] == [] for row in told["sheets"]
    )
    table = run("score", "diff", "units_default", "units_bands_qd212", "2025-07")
    assert table.code == 0 and table.out.count(rules.DEFAULT_LABEL) == 2
    assert run("score", "diff", "units_default", "qd212_2025", "2025-07").code == 2
    assert run("score", "diff", "units_default", "khong_co", "2025-07").code == 2


def test_reading_a_personal_sheet_is_written_down(staffed):
    said = run(
        "score", "2025-07", "--official", "AH-02", "--by", "Trần Thị Lan", "--reason", "lập hồ sơ", "--json"
    )
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert (told["home_unit"], told["working_unit"]) == ("kinh_te", "phuc_vu_hanh_chinh_cong")
    assert told["ruleset"]["id"] == "qd212_2025" and rules.PROPOSAL in told["label"]
    assert told["points"] is None and told["points_most"] == 100
    assert NAME not in said.out + said.err
    ((who, action, subject, reason),) = accesses(staffed)
    assert who.startswith("Trần Thị Lan · ") and (action, reason) == ("score.read", "lập hồ sơ")
    assert "AH-02" in subject and "2025-07" in subject and NAME not in subject
    everybody = json.loads(run("score", "2025-07", "--people", "--json").out)
    # Nobody rates by a contract.
    assert [sheet["code"] for sheet in everybody["sheets"]] == ["AH-01", "AH-02"]
    assert {answer["title"] for answer in everybody["emulation"]} >= {"lao_dong_tien_tien", "giay_khen"}
    assert len(accesses(staffed)) == 2
    table = run("score", "2025-07", "--people")
    assert table.code == 0 and "chỉ liệt kê, không chọn ai" in table.out and rules.PROPOSAL in table.out
    sheet = run("score", "2025-07", "--official", "AH-01")
    assert sheet.code == 0 and "V7" in sheet.out and "người nhập" in sheet.out and rules.PROPOSAL in sheet.out
    both = run("score", "diff", "qd212_2025", "nd335_2026", "2025-07", "--official", "AH-02")
    assert both.code == 0 and both.out.count(rules.PROPOSAL) == 2
    # One line for each rule set that was asked.
    assert len(accesses(staffed)) == 6


@pytest.mark.parametrize(("group", "code"), [("hr", 0), ("analyst", 1), ("steward", 1), (None, 1)])
def test_a_personal_sheet_is_for_hr_only(staffed, member, monkeypatch, group, code):
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", member(staffed, group))
    for arguments in (("2025-07", "--official", "AH-02"), ("2025-07", "--people")):
        said = run("score", *arguments)
        assert said.code == code, said.err
        assert NAME not in said.out + said.err
        if code and group:
            assert "tthc_hr" in said.err and "AH-02" not in said.out
    assert len(accesses(staffed)) == (2 if group == "hr" else 0)
