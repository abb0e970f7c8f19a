"""From a number to the dossiers behind it, and from a dossier back to its bytes."""

import csv
import io
import json

import psycopg
import pytest

from tests.cli import hamlet
from tests.cli.conftest import run
from tthc.indicators import definitions


def explained(*arguments) -> dict:
    said = run("explain", *arguments, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_explain_names_the_dossiers(hamlet_settings):
    found = explained("dossier_on_time_rate", "2025-07")
    assert (found["told"]["numerator"], found["told"]["denominator"]) == (3, 4)
    assert found["now"] == {"numerator": 3, "denominator": 4}
    assert {row["dossier_code"]: row["in_numerator"] for row in found["evidence"]} == {
        hamlet.code(1): True,
        hamlet.code(2): True,
        hamlet.code(3): False,
        hamlet.code(6): True,
    }
    late = next(row for row in found["evidence"] if not row["in_numerator"])
    assert (late["received_on"], late["due_on"], late["ended_on"]) == (
        "2025-07-07",
        "2025-07-14",
        "2025-07-16",
    )
    assert (late["status"], late["due_source"]) == (10, "given")
    # D4, D5, D8 are not resolved; D7 is, but nobody knows its due date.
    assert found["left_out"] == [
        {"condition": "is_resolved", "no": 3, "unknown": 0},
        {"condition": "NOT is_undetermined", "no": 1, "unknown": 0},
    ]
    assert found["definition"]["legal"]
    assert found["definition"]["columns"]["is_resolved"] == "Giải quyết xong trong kỳ."


def test_the_address_leads_to_the_bytes(hamlet_settings):
    from tthc import settings
    from tthc.landing.archive import Archive

    found = explained("dossier_late_settled_count", "2025-07")
    (row,) = found["evidence"]
    address, _, place = row["address"].partition(" · bản ghi ")
    body = json.loads(Archive(settings.archive_url()).get(address.removeprefix("sha256:")))
    assert body["data"][int(place) - 1]["MaHoSo"] == row["dossier_code"] == hamlet.code(3)


LEVEL_OF = {
    None: "commune",
    "kinh_te": "unit",
    "van_phong": "unit",
    "1.000001": "procedure",
    "đất đai": "field",
}


@pytest.mark.parametrize("code", LEVEL_OF)
@pytest.mark.parametrize(
    "indicator",
    sorted(id for id, one in definitions.indicators().items() if one.kind in definitions.ADDITIVE),
)
def test_a_value_and_its_list_never_disagree(hamlet_settings, indicator, code):
    asked = [indicator, "2025-07", *(["--code", code] if code else [])]
    if LEVEL_OF[code] not in definitions.indicators()[indicator].at:
        said = run("explain", *asked)
        assert said.code == 2 and "không được tính cho" in said.err
        return
    found = explained(*asked)
    evidence = found["evidence"]
    assert sum(row["numerator_part"] for row in evidence) == found["now"]["numerator"]
    if found["now"]["denominator"] is not None:
        assert sum(row["denominator_part"] for row in evidence) == found["now"]["denominator"]
    if found["told"]:
        assert {name: found["told"][name] for name in ("numerator", "denominator")} == found["now"]


def test_a_number_made_of_numbers_names_them(hamlet_settings):
    found = explained("unit_head_accountability_score", "2025-07", "--code", "kinh_te")
    parts = {row["indicator"]: row for row in found["made_of"]}
    on_time = parts["dossier_on_time_rate"]
    assert (on_time["numerator"], on_time["denominator"], on_time["weight"]) == (2, 3, 35)
    # 66.67 is below the floor of 85.
    assert on_time["points"] == 0 and found["evidence"] == []
    clauses = explained("directive_compliance_score", "2025-07")["made_of"]
    late = [row for row in clauses if row["indicator"] == "dossier_late_settled_count"]
    assert [(row["clause"], row["is_reached"]) for row in late] == [("1.2", False)]
    assert "chưa có nguồn" in run("explain", "db_query_count", "2025-07").out


def test_explain_as_csv_and_with_a_limit(hamlet_settings):
    said = run("explain", "progress_rate_766", "2025-07", "--format", "csv")
    assert len(list(csv.DictReader(io.StringIO(said.out)))) == 6
    said = run("explain", "progress_rate_766", "2025-07", "--limit", "2")
    assert "mẫu số (SQL)" in said.out
    assert "66,67 % (4/6)" in said.out
    assert said.out.count("sha256:") == 2


def test_explain_says_when_the_data_have_moved_on(own_hamlet):
    with psycopg.connect(own_hamlet) as connection:
        connection.execute("DELETE FROM marts.dossiers WHERE dossier_code = %s", (hamlet.code(3),))
    said = run("explain", "dossier_on_time_rate", "2025-07")
    assert said.code == 0
    assert "nay là 3/3" in said.err
    assert "75,00 % (3/4)" in said.out


def test_trace_walks_every_version(own_hamlet, monkeypatch):
    changed = hamlet.records()
    changed[4]["TrangThaiHoSo"], changed[4]["NgayKetThucXuLy"] = "9", "20250801090000"
    changed[4]["SoGiayToChuHoSo"] = "031085000018"
    with hamlet.city(changed) as city:
        city.clock = city.clock.replace(day=6)
        for key, value in city.environment.items():
            monkeypatch.setenv(key, value)
        assert run("ingest", "city__dossiers", *hamlet.WINDOW).code == 0
    said = run("trace", hamlet.code(5), "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    first, second = found["versions"]
    assert first["changes"]["status"] == [None, 2]
    assert second["changes"] == {
        "status": [2, 9],
        "finished_at": [None, "2025-08-01T09:00:00+07:00"],
        "applicant_key": None,
    }
    assert first["valid_to"] == second["fetched_at"]
    assert second["valid_to"] is None
    assert all(version["address"].startswith("sha256:") for version in found["versions"])
    assert (found["facts"]["outcome"], found["facts"]["due_on"]) == ("resolved", "2025-08-10")
    assert [(month["calendar"], month["period"]) for month in found["months"]] == [("month", "2025-07")]
    july = next(c for c in found["counted_in"] if (c["calendar"], c["period"]) == ("month", "2025-07"))
    assert july["revision_number"] == 1
    assert "progress_rate_766" in july["succeeded"]
    assert "dossier_on_time_rate" not in july["counted"]
    for text in (run("trace", hamlet.code(5)).out, said.out):
        for secret in (hamlet.NAME, hamlet.IDENTITY, "031085000018"):
            assert secret not in text
        assert not [word for word in text.split() if len(word.strip('",')) == 32 and word.isalnum()]


def test_trace_finds_a_refused_row(hamlet_settings):
    found = json.loads(run("trace", hamlet.code(9), "--json").out)
    assert found["versions"] == []
    assert [(row["rules"], row["state"]) for row in found["quarantine"]] == [(["unit_is_known"], "open")]


def the_refused(url: str) -> int:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT quarantine_id FROM ops.quarantine WHERE state = 'open'").fetchone()[
            0
        ]


def test_quarantine_lists_and_shows_what_is_kept(hamlet_settings):
    (row,) = json.loads(run("quarantine", "list", "--json").out)
    assert (row["row_key"], row["rules"], row["stream"]) == (
        hamlet.code(9),
        ["unit_is_known"],
        "city__dossiers",
    )
    assert json.loads(run("quarantine", "list", "--stream", "city__progress_events", "--json").out) == []
    said = run("quarantine", "show", row["quarantine_id"], "--json")
    shown = json.loads(said.out)
    assert shown["record"]["DonViXuLy"] == "Phòng Lạ"
    assert not {"ChuHoSo", "SoGiayToChuHoSo"} & set(shown["record"])
    assert hamlet.NAME not in said.out + run("quarantine", "show", row["quarantine_id"]).out


def test_revealing_a_row_is_written_down_first(own_hamlet):
    number = the_refused(own_hamlet)
    assert run("quarantine", "show", number, "--reveal").code == 2
    said = run(
        "quarantine", "show", number, "--reveal", "--by", "Trần Văn Kiểm", "--reason", "đối chiếu", "--json"
    )
    assert json.loads(said.out)["record"]["ChuHoSo"] == hamlet.NAME
    assert hamlet.NAME not in said.err
    with psycopg.connect(own_hamlet) as connection:
        log = connection.execute("SELECT accessed_by, action, subject, reason FROM ops.access_log").fetchall()
    assert [(who, action, why) for who, action, _, why in log] == [
        ("Trần Văn Kiểm", "quarantine.reveal", "đối chiếu")
    ]
    assert hamlet.NAME not in log[0][2]


def test_release_judges_again(own_hamlet):
    number = the_refused(own_hamlet)
    decided = ("--by", "Trần Văn Kiểm", "--reason", "đã thêm tên", "--json")
    said = run("quarantine", "release", number, *decided)
    assert said.code == 1
    assert json.loads(said.out)["released"] == []
    assert json.loads(said.out)["still_refused"][0]["rules"] == ["unit_is_known"]
    with psycopg.connect(own_hamlet) as connection:
        connection.execute(
            "INSERT INTO core.unit_names (commune_code, name_key, valid_from, valid_to, unit_code, name)"
            " VALUES ('11674', 'phòng lạ', '-infinity', 'infinity', 'kinh_te', 'Phòng Lạ')"
        )
    said = run("quarantine", "release", "--all", *decided)
    assert said.code == 0, said.err
    assert json.loads(said.out)["released"] == [number]
    assert "2025-07" in json.loads(said.out)["months"]
    with psycopg.connect(own_hamlet) as connection:
        assert connection.execute(
            "SELECT unit_code FROM marts.dossiers WHERE dossier_code = %s", (hamlet.code(9),)
        ).fetchone() == ("kinh_te",)
        assert connection.execute(
            "SELECT state, decided_by, decision_reason FROM ops.quarantine WHERE quarantine_id = %s",
            (number,),
        ).fetchone() == ("released", "Trần Văn Kiểm", "đã thêm tên")
        assert connection.execute("SELECT count(*) FROM staging.city__dossiers").fetchone() == (0,)
    assert run("doctor").code == 0
    assert run("quarantine", "release", number, *decided).code == 2


def test_a_steward_asks_and_the_loader_releases(own_hamlet, member, monkeypatch, tmp_path):
    number, steward = the_refused(own_hamlet), member(own_hamlet, "steward")
    decided = ("--by", "Trần Văn Kiểm", "--reason", "đã thêm tên", "--json")

    def as_steward(*arguments):
        with monkeypatch.context() as patch:
            patch.setenv("TTHC_WAREHOUSE_URL", steward)
            return run("quarantine", *arguments)

    # Still wrong: the answer says so, and the row waits on.
    said = as_steward("release", number, *decided)
    assert (said.code, json.loads(said.out)["asked"]) == (0, [number]), said.err
    assert "máy nạp" in said.err
    assert (
        json.loads(run("quarantine", "answer", "--json").out)["still_refused"][0]["quarantine_id"] == number
    )
    shown = json.loads(as_steward("show", number, "--json").out)
    assert (shown["state"], shown["release_request"]["is_released"]) == ("open", False)
    assert json.loads(run("quarantine", "answer", "--json").out)["still_refused"] == []
    with psycopg.connect(own_hamlet) as connection:
        connection.execute(
            "INSERT INTO core.unit_names (commune_code, name_key, valid_from, valid_to, unit_code, name)"
            " VALUES ('11674', 'phòng lạ', '-infinity', 'infinity', 'kinh_te', 'Phòng Lạ')"
        )
    assert as_steward("release", "--all", *decided).code == 0
    assert "chờ máy nạp" in as_steward("show", number).out
    with psycopg.connect(own_hamlet) as connection:
        assert connection.execute(
            "SELECT state FROM ops.quarantine WHERE quarantine_id = %s", (number,)
        ).fetchone() == ("open",)
    answered = json.loads(run("quarantine", "answer", "--json").out)
    assert (answered["released"], answered["still_refused"]) == ([number], [])
    shown = json.loads(as_steward("show", number, "--json").out)
    assert (shown["state"], shown["decided_by"], shown["decision_reason"]) == (
        "released",
        "Trần Văn Kiểm",
        "đã thêm tên",
    )
    assert "máy nạp" not in as_steward("show", number).out
    # Everything else of the desk needs no more either; what is not the desk's is refused in plain words.
    assert as_steward("list").code == 0
    assert as_steward("export", *decided, "--out", tmp_path).code == 0
    assert as_steward("show", number, "--reveal", *decided).code == 0
    assert as_steward("reject", number, *decided).code == 2
    with monkeypatch.context() as patch:
        patch.setenv("TTHC_WAREHOUSE_URL", steward)
        said = run("unload", 1)
        assert (said.code, "không có quyền" in said.err, "Traceback" in said.err) == (1, True, False), (
            said.err
        )


def test_a_request_is_not_answered_by_what_another_ended(own_hamlet):
    from tthc.flows import releases
    from tthc.quality import decisions
    from tthc.warehouse import database

    number = the_refused(own_hamlet)
    with database.connection(own_hamlet) as connection:
        decisions.ask_release(connection, [number], "A", "xét lại")
    with database.connection(own_hamlet) as connection:
        # Another reading is merged after it was asked.
        connection.execute(
            "UPDATE ops.fetches SET merged_at = now() WHERE fetch_id <> (SELECT fetch_id FROM ops.quarantine"
            " WHERE quarantine_id = %s) AND state = 'merged'",
            (number,),
        )
        connection.execute(
            "UPDATE ops.quarantine SET state = 'resolved', decided_at = now(), decided_by = 'tthc',"
            " decision_reason = 'Bản sau đã tốt.', closed_fetch_id = (SELECT max(f.fetch_id) FROM ops.fetches AS f"
            " WHERE f.fetch_id <> ops.quarantine.fetch_id) WHERE quarantine_id = %s",
            (number,),
        )
        # It came after the request.
        connection.execute(
            "UPDATE ops.fetches AS f SET merged_at = now() FROM ops.quarantine AS q"
            " WHERE q.quarantine_id = %s AND f.fetch_id = q.closed_fetch_id",
            (number,),
        )
    done = releases.answer(progress=str)
    assert (done["released"], done["still_refused"]) == ([], [])
    assert releases.waiting() == []


def test_a_release_that_was_cut_off_is_signed_by_the_next_try(own_hamlet, monkeypatch):
    from tthc.flows import releases
    from tthc.quality import decisions

    number = the_refused(own_hamlet)
    with psycopg.connect(own_hamlet) as connection:
        connection.execute(
            "INSERT INTO core.unit_names (commune_code, name_key, valid_from, valid_to, unit_code, name)"
            " VALUES ('11674', 'phòng lạ', '-infinity', 'infinity', 'kinh_te', 'Phòng Lạ')"
        )
    with monkeypatch.context() as patch:
        patch.setattr(decisions, "sign_release", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            releases.release("A", "đã thêm tên", [number], progress=str)
    assert releases.waiting() == [number]
    assert releases.answer(progress=str)["released"] == [number]


def test_reject_needs_a_person_and_happens_once(own_hamlet):
    number = the_refused(own_hamlet)
    assert run("quarantine", "reject", number, "--by", " ", "--reason", "x").code == 2
    assert run("quarantine", "reject", number, "--by", "A", "--reason", "thử").code == 0
    assert run("quarantine", "reject", number, "--by", "A", "--reason", "thử").code == 2
    (row,) = json.loads(run("quarantine", "list", "--state", "rejected", "--json").out)
    assert row["quarantine_id"] == number
