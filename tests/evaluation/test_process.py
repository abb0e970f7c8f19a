"""From numbers to the seal: who is missing is told, objections wait for answers, two people approve, versions stay."""

import json
from datetime import date, timedelta
from decimal import Decimal

import psycopg
import pytest

from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import own_hamlet as own_hamlet
from tests.cli.conftest import run
from tests.cli.conftest import told as told
from tests.cli.test_scoring import PERSON
from tests.registers.filling import fill
from tthc import flows
from tthc.evaluation import process, sealed
from tthc.warehouse import database
from tthc.workdays import periods

PERIOD = "2025-Q3"
#: What the head gave AH-02, and its sum by hand: 4 + 3.5 + 3 + 4 + 2.5 = 17; 20 + 24 + 25 = 69; together 86.
GIVEN = {"g1": 4, "g2": "3,5", "g3": 3, "g4": 4, "g5": "2,5", "a": 20, "b": 24, "c": 25}
OF_HEAD = {**dict.fromkeys(("g1", "g2", "g3", "g4", "g5"), 4), "l1": 5, "l2": 5, "a": 20, "b": 30, "c": 20}
BY = ("--by", "Trần Thị Lan")
TWO = (*BY, "--and", "Phạm Văn Minh", "--reason", "biên bản 12/BB-UBND")
#: A Monday; the fifth working day after it is the next Monday.
OPENED = ("--opened-on", "2026-11-16")


@pytest.fixture
def quarter(own_hamlet, tmp_path):
    """The hamlet with a head, an official and one on a contract; its third quarter is published."""
    with psycopg.connect(own_hamlet) as connection:
        for code, kind, is_head in (
            ("AH-01", "leader", True),
            ("AH-02", "civil_servant", False),
            ("AH-03", "contract", False),
        ):
            connection.execute(PERSON, (code, "Nguyễn Thị Thử Phiếu", f"khoa-{code}", kind, is_head))
    publish()
    return own_hamlet


def publish() -> None:
    assert run("refresh", "2025-07", "--calendar", "month").code == 0
    said = run("publish", PERIOD, "--by", "A", "--reason", "B", "--calendar", "month")
    assert said.code == 0, said.err


def load(tmp_path, stream: str, rows: list[dict]) -> None:
    path = fill(stream, rows, tmp_path / f"{stream}-{len(list(tmp_path.glob('*.xlsx')))}.xlsx")
    (done,) = flows.load([str(path)], progress=str)
    assert (done["quarantined"], done["merged"] + done["unchanged"]) == (0, len(rows)), done


def assess(tmp_path, changes: dict | None = None) -> None:
    rows = [
        {
            "Kỳ đánh giá": PERIOD, "Mã công chức": code, "Người chấm": who, "Mục chấm": item, "Điểm chấm": points,
            "Ngày ký": "05/10/2025", "Văn bản": "1/PC" if who == "Người đứng đầu" else None,
        }
        for code, who, given in (
            ("AH-02", "Người đứng đầu", GIVEN | (changes or {})),
            ("AH-02", "Tự chấm", {"g1": 1}),
            ("AH-01", "Người đứng đầu", OF_HEAD),
            ("AH-01", "Tự chấm", {"g1": 4}),
        )
        for item, points in given.items()
    ]  # fmt: skip
    load(tmp_path, "register__assessments", rows)


def object_to(tmp_path, answer: str | None) -> None:
    row = {"Mã khiếu nại": "KN-1", "Kỳ đánh giá": PERIOD, "Mã công chức khiếu nại": "AH-02",
           "Ngày nhận khiếu nại": "17/11/2026", "Mục bị khiếu nại": "g1"}  # fmt: skip
    if answer:
        row |= {"Ngày trả lời": "19/11/2026", "Kết quả trả lời": answer, "Văn bản trả lời": "7/TL"}
    load(tmp_path, "register__objections", [row])


def sheet_of(code: str, *arguments: str) -> dict:
    said = run("score", PERIOD, "--official", code, *arguments, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_points_of_the_head_count_ones_own_are_only_shown(quarter, tmp_path):
    before = sheet_of("AH-02")
    assert (before["points"], before["points_least"], before["points_most"]) == (None, 0, 100)
    assess(tmp_path)
    told = sheet_of("AH-02")
    assert (told["points"], told["proposed_level"]) == (86, "Hoàn thành tốt nhiệm vụ")
    assert {line["item"]: line["points"] for line in told["items"]} == {
        "g1": 4, "g2": 3.5, "g3": 3, "g4": 4, "g5": 2.5, "a": 20, "b": 24, "c": 25,
    }  # fmt: skip
    assert told["self_scored"] == [{"item": "g1", "points": 1, "is_counted": False}]
    assert "Tự chấm điểm" in before["people_enter"] and "Tự chấm điểm" not in told["people_enter"]
    assert "tự chấm (không tính): g1: 1" in run("score", PERIOD, "--official", "AH-02").out


def test_who_is_missing_is_told_and_going_on_needs_a_reason(quarter):
    said = run("score", "check", PERIOD, *BY, "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert (told["problems"], told["unanswered"], told["sheet_count"]) == ([], [], 7)
    missing = {one["code"]: (one["lacks_own"], set(one["items"])) for one in told["missing"]}
    assert missing == {"AH-01": (True, set(OF_HEAD)), "AH-02": (True, set(GIVEN))}
    refused = run("score", "open", PERIOD, *BY)
    assert refused.code == 1 and "2 người chưa tự chấm, 2 người chưa đủ điểm" in refused.err
    assert "AH-02" not in refused.err
    opened = run("score", "open", PERIOD, *BY, "--continue-missing", "kỳ đầu, chưa kịp chấm", "--json")
    assert opened.code == 0, opened.err
    with database.connection(quarter) as connection:
        run_ = process.opened(connection, periods.parse(PERIOD))
    assert [one[0] for one in run_["missing"]] == ["AH-01", "AH-02"]
    assert run_["missing_reason"] == "kỳ đầu, chưa kịp chấm"
    assert run_["opened_on"] == process.today() and json.loads(opened.out)["version"] == 1


def test_the_window_is_five_working_days(quarter, tmp_path):
    assess(tmp_path)
    told = json.loads(run("score", "open", PERIOD, *BY, *OPENED, "--json").out)
    assert (told["opened_on"], told["closes_on"]) == ("2026-11-16", "2026-11-23")
    assert told["closes_at"] == "2026-11-24T00:00:00+07:00"
    # 30, 31 December, then 5, 6, 7 January: the first two days of 2026 are off, and a weekend follows.
    with database.connection(quarter) as connection:
        assert process.last_day(connection, date(2025, 12, 29)) == date(2026, 1, 7)
    again = json.loads(run("score", "open", PERIOD, *BY, *OPENED, "--json").out)
    assert again["chain_hash"] == told["chain_hash"]
    later = run(
        "score", "open", PERIOD, *BY, "--opened-on", (process.today() + timedelta(days=1)).isoformat()
    )
    assert later.code == 2 and "còn chưa tới" in later.err
    # The same sheets go on being shown; others are shown from today on.
    same = json.loads(run("score", "open", PERIOD, *BY, "--json").out)
    assert same["chain_hash"] == told["chain_hash"]
    assess(tmp_path, {"g1": 3})
    other = json.loads(run("score", "open", PERIOD, *BY, "--json").out)
    assert (other["opened_on"], other["version"]) == (process.today().isoformat(), 1)
    early = run("score", "seal", PERIOD, *TWO)
    assert early.code == 1 and "Còn trong thời hạn khiếu nại" in early.err


def test_nothing_is_sealed_that_was_not_opened_or_approved_by_two(quarter, tmp_path):
    assess(tmp_path)
    assert "chưa mở cho xem" in run("score", "seal", PERIOD, *TWO).err
    assert run("score", "open", PERIOD, *BY, *OPENED).code == 0
    for other in ("Trần Thị Lan", " trần  thị LAN "):
        said = run("score", "seal", PERIOD, *BY, "--and", other, "--reason", "ừ")
        assert said.code == 2 and "phải là hai người" in said.err
    assert run("score", "seal", PERIOD, *BY, "--and", " ", "--reason", "ừ").code == 2
    assert run("score", "seal", PERIOD, *BY, "--and", "Minh", "--reason", " ").code == 2
    with psycopg.connect(quarter) as connection:
        assert connection.execute("SELECT count(*) FROM restricted.score_runs").fetchone() == (1,)
    assert run("score", "seal", PERIOD, *TWO).code == 0


def test_an_objection_waits_for_its_answer(quarter, tmp_path):
    assess(tmp_path)
    assert run("score", "open", PERIOD, *BY, *OPENED).code == 0
    object_to(tmp_path, None)
    said = run("score", "seal", PERIOD, *TWO)
    assert said.code == 1 and "Còn 1 khiếu nại chưa trả lời" in said.err
    assert "KN-1" in run("score", "check", PERIOD, *BY).out
    object_to(tmp_path, "Không chấp nhận")
    sealed_ = run("score", "seal", PERIOD, *TWO, "--json")
    assert sealed_.code == 0, sealed_.err
    with database.connection(quarter) as connection:
        assert sealed.sealed(connection, periods.parse(PERIOD))["objection_count"] == 1


def test_sealing_again_makes_a_version_beside_with_what_differs(quarter, tmp_path):
    assess(tmp_path)
    assert run("score", "open", PERIOD, *BY, *OPENED).code == 0
    first = json.loads(run("score", "seal", PERIOD, *TWO, "--json").out)
    assert (first["version"], first["is_new"], first["sheet_count"]) == (1, True, 7)
    same = json.loads(run("score", "seal", PERIOD, *TWO, "--json").out)
    assert (same["version"], same["is_new"]) == (1, False)
    assert "mới có phiên bản 1" in run("score", "changes", PERIOD, *BY).err
    # The head takes back a point and a half: 86 becomes 84.5, still good.
    assess(tmp_path, {"g1": "2,5"})
    assert "chưa mở cho xem" in run("score", "seal", PERIOD, *TWO).err
    assert sheet_of("AH-02", "--sealed", *BY)["points"] == 86
    assert run("score", "open", PERIOD, *BY, *OPENED).code == 0
    second = json.loads(run("score", "seal", PERIOD, *TWO, "--json").out)
    assert (second["version"], second["moved_count"]) == (2, 1)
    told = json.loads(run("score", "changes", PERIOD, *BY, "--json").out)
    ((row,), a, b) = told["sheets"], told["a"], told["b"]
    assert (a, b, row["code"], row["items"]) == (1, 2, "AH-02", [{"item": "g1", "a": 4, "b": 2.5}])
    assert (row["a"]["points_most"], row["b"]["points_most"]) == (86, 84.5)
    assert sheet_of("AH-02", "--version", "1", *BY)["points"] == 86
    assert sheet_of("AH-02", "--sealed", *BY)["points"] == 84.5
    table = run("score", "changes", PERIOD, *BY)
    assert table.code == 0 and "g1: 4,00 → 2,50" in table.out
    board = run("score", PERIOD, "--sealed", *BY)
    assert board.code == 0 and "phiên bản: 2" in board.out and "Phạm Văn Minh" in board.out
    assert run("score", PERIOD, "--sealed", "--version", "3", *BY).code == 1


def test_what_changed_after_it_was_approved_is_not_sealed(quarter, tmp_path):
    from tthc.errors import TthcError
    from tthc.flows import score_period

    assess(tmp_path)
    score_period.open_window(PERIOD, "Lan", opened_on="2026-11-16", progress=str)
    asked = score_period.settle(PERIOD, "Lan", progress=str)
    assert (asked["moved_count"], asked["moved_since_sealed_count"]) == (0, None)
    assess(tmp_path, {"g1": 1})
    approvals = sealed.Approvals("data", "đủ", "approver", "đồng ý")
    with pytest.raises(TthcError, match="Phiếu đã đổi từ khi được duyệt"):
        score_period.seal(PERIOD, "Lan", approvals, content_hash=asked["content_hash"], progress=str)
    again = score_period.settle(PERIOD, "Lan", progress=str)
    assert again["moved_count"] == 1
    done = score_period.seal(PERIOD, "Lan", approvals, content_hash=again["content_hash"], progress=str)
    assert done["version"] == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"g1": "4,5"}, "AH-02: mục g1 chấm 4.5, quá điểm tối đa 4."),
        ({"l1": 5}, "AH-02: mục l1 không có trên phiếu"),
    ],
)
def test_points_that_cannot_be_right_stop_the_period(quarter, tmp_path, changes, said):
    assess(tmp_path, changes)
    checked = run("score", "check", PERIOD, *BY, "--json")
    assert checked.code == 1
    (problem,) = json.loads(checked.out)["problems"]
    assert problem.startswith(said)
    refused = run("score", "open", PERIOD, *BY)
    assert refused.code == 1 and "1 điều không đúng" in refused.err and "AH-02" not in refused.err


def test_somebody_at_two_posts_on_the_same_day_is_told(quarter, tmp_path):
    assess(tmp_path)
    with psycopg.connect(quarter) as connection:
        connection.execute(
            'INSERT INTO restricted.staff SELECT (jsonb_populate_record(s, \'{"starts_on": "2025-08-01"}\')).*'
            " FROM restricted.staff AS s WHERE official_code = 'AH-02'"
        )
    (problem,) = json.loads(run("score", "check", PERIOD, *BY, "--json").out)["problems"]
    assert problem.startswith("AH-02: hai quãng công tác chồng ngày nhau")


def test_only_quarters_and_years_are_evaluated_this_way(quarter):
    said = run("score", "check", "2025-07", *BY)
    assert said.code == 2 and "theo quý hoặc năm" in said.err


def test_a_sheet_whose_sums_do_not_add_up_is_seen(quarter, tmp_path):
    from dataclasses import replace

    from tthc.evaluation import cases

    assess(tmp_path)
    with database.connection(quarter) as connection:
        sheet = cases.gather(connection, periods.parse(PERIOD), subject="mọi người").sheet("AH-02")
    assert process.audit_of_sheet(sheet) == []
    wrong = replace(sheet, total=replace(sheet.total, least=Decimal("86.10"), most=Decimal("86.10")))
    assert any("tổng nhiều nhất là 86.10" in text for text in process.audit_of_sheet(wrong))
    lines = list(sheet.total.lines)
    lines[0] = replace(lines[0], points=lines[0].weight + 1)
    over = replace(sheet, total=replace(sheet.total, lines=tuple(lines)))
    assert any("được 5.00 trên 4.00" in text for text in process.audit_of_sheet(over))
    fewer = replace(sheet, total=replace(sheet.total, lines=tuple(lines[1:])))
    assert any("không phải 100" in text for text in process.audit_of_sheet(fewer))


def test_the_loader_seals_hr_only_looks_an_analyst_sees_nothing(quarter, tmp_path, member, monkeypatch):
    assess(tmp_path)
    logins = {group: member(quarter, group) for group in ("loader", "hr", "analyst")}
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", logins["loader"])
    assert run("score", "open", PERIOD, *BY, *OPENED).code == 0
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", logins["hr"])
    assert run("score", "check", PERIOD, *BY).code == 0
    refused = run("score", "seal", PERIOD, *TWO)
    assert refused.code == 1 and "không có quyền" in refused.err
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", logins["loader"])
    said = run("score", "seal", PERIOD, *TWO)
    assert said.code == 0, said.err
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", logins["hr"])
    assert sheet_of("AH-02", "--sealed", *BY)["points"] == 86
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", logins["analyst"])
    for arguments in (("check", PERIOD, *BY), (PERIOD, "--sealed", *BY), ("changes", PERIOD, *BY)):
        blind = run("score", *arguments)
        assert blind.code == 1 and "tthc_hr" in blind.err and "AH-0" not in blind.out + blind.err
    with psycopg.connect(quarter) as connection:
        assert connection.execute("SELECT state FROM restricted.score_runs ORDER BY chain_number").fetchall() == [
            ("opened",), ("sealed",),
        ]  # fmt: skip


def test_the_registers_of_the_demo_agree_with_each_other(own_hamlet, tmp_path):
    """Whoever is assessed has a post and a sheet with that item, whoever objects too; and some forget, as people do."""
    from datetime import datetime

    from demo.files import FILES, Context
    from demo.kept import assessments

    context = Context.at(1, datetime(2026, 1, 20, 18))
    for stream in ("register__staff", "register__assessments", "register__objections"):
        path = tmp_path / FILES[stream].file_name
        path.write_bytes(FILES[stream].write(context))
        (done,) = flows.load([str(path)], progress=str)
        assert done["quarantined"] == 0
    publish()
    told = json.loads(run("score", "check", PERIOD, *BY, "--json").out)
    assert told["problems"] == []
    forgot = {
        one.code
        for number, one in enumerate(assessments.PEOPLE, 1)
        if number % assessments.FORGETS == assessments.FORGETS - 1
    }
    lacks_own = {one["code"] for one in told["missing"] if one["lacks_own"]}
    assert forgot and forgot <= lacks_own
    assert lacks_own - forgot <= {"AH-VP-09", "AH-VP-10", "AH-KT-09"}
    assert told["unanswered"] == []
