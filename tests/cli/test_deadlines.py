"""The clock of a dossier and the warnings of a morning, through the command line."""

import csv
import io
import json

import psycopg
import pytest

from tests.cli import hamlet
from tests.cli.conftest import run

LATE = hamlet.code(3)


def told(*arguments) -> dict:
    said = run(*arguments, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_the_clock_shows_every_day_and_what_says_so(hamlet_settings):
    """D3: received Monday 7/7, due 14/7, ended Wednesday 16/7/2025."""
    found = told("clock", LATE)
    assert [(day["day"][8:], day["why"]) for day in found["days"]] == [
        ("07", "received"),
        *((f"{day:02}", "counted") for day in (8, 9, 10, 11)),
        *((f"{day:02}", "day_off") for day in (12, 13)),
        *((f"{day:02}", "counted") for day in (14, 15, 16)),
    ]
    assert (found["counted_days"], found["facts"]["used_working_days"], found["agrees"]) == (7, 7, True)
    assert [day["marks"] for day in found["days"] if day["marks"]] == [
        ["tiếp nhận"],
        ["hẹn đầu", "hẹn trả"],
        ["kết thúc"],
    ]
    assert all(day["documents"] for day in found["days"])
    assert "sha256:" in found["days"][0]["documents"][0]
    assert "Bộ luật Lao động" in found["days"][1]["documents"][0]
    assert (found["pauses"], found["signals"]) == ([], [])


def test_the_clock_in_words(hamlet_settings):
    said = run("clock", LATE)
    assert said.code == 0, said.err
    for words in ("14/07/2025", "hẹn đầu, hẹn trả", "được tính", "ngày nghỉ, không tính", "Bộ luật Lao động"):
        assert words in said.out
    assert said.err == ""


def test_a_pause_is_told_with_its_bytes(own_hamlet, monkeypatch):
    asked = hamlet.records()
    asked[4] |= {
        "TrangThaiHoSo": "5",
        "DanhSachHoSoBoSung": [{"NgayBoSung": "20250723090000", "NgayTiepNhanBoSung": ""}],
    }
    with hamlet.city(asked) as city:
        city.clock = city.clock.replace(day=6)
        for key, value in city.environment.items():
            monkeypatch.setenv(key, value)
        assert run("ingest", "city__dossiers", *hamlet.WINDOW).code == 0
    found = told("clock", hamlet.code(5))
    (pause,) = found["pauses"]
    assert (pause["said_by"], pause["days"]) == ("supplement", ["2025-07-23", None])
    paused = [day for day in found["days"] if day["why"] == "paused"]
    assert [day["day"][5:] for day in paused[:3]] == ["07-23", "07-24", "07-25"]
    assert all(pause["address"] in day["documents"][1] for day in paused)
    # Received on Sunday 20/7, so 21 and 22/7 have counted; the newest reading is of 6/8 and the due date lies after it.
    assert (found["counted_days"], found["agrees"]) == (2, None)
    assert [day["day"][5:] for day in found["days"] if day["why"] == "not_reached"] == [
        "08-07", "08-08", "08-09", "08-10"
    ]  # fmt: skip


def test_a_sign_is_told_with_the_clock(own_hamlet, monkeypatch):
    moved = hamlet.records()
    moved[2]["NgayKetThucXuLy"] = "20250714170000"
    with hamlet.city(moved) as city:
        city.clock = city.clock.replace(day=6)
        for key, value in city.environment.items():
            monkeypatch.setenv(key, value)
        assert run("ingest", "city__dossiers", *hamlet.WINDOW).code == 0
    signs = {sign["signal"]: sign for sign in told("clock", LATE)["signals"]}
    assert set(signs) == {"finish_moved_earlier", "finish_equals_due"}
    moved_sign = signs["finish_moved_earlier"]
    assert (moved_sign["was_at"], moved_sign["became_at"]) == (
        "2025-07-16T18:00:00+07:00",
        "2025-07-14T17:00:00+07:00",
    )
    assert moved_sign["address"].startswith("sha256:")
    assert "ngày xong lùi về trước" in run("clock", LATE).out


def test_an_unknown_dossier_is_said_so(hamlet_settings):
    for dossier in ("KHONG-CO", hamlet.code(9)):
        said = run("clock", dossier)
        assert (said.code, said.out) == (1, "")
        assert dossier in said.err


def test_warnings_of_the_newest_reading(hamlet_settings):
    """On 5/8/2025: D4 is overdue since 5/7 without an apology, D5 is due on Sunday 10/8, four working days on."""
    found = told("warnings")
    assert found["moment"] == found["known_at"] == "2025-08-05T10:00:00+07:00"
    kinds = {(row["warning"], row["dossier_code"]) for row in found["warnings"]}
    assert kinds == {
        ("overdue", hamlet.code(4)),
        ("apology_owed", hamlet.code(4)),
        ("due_soon", hamlet.code(5)),
        *(("result_waiting", hamlet.code(number)) for number in (1, 2, 6, 7)),
    }
    overdue = found["warnings"][0]
    assert (overdue["warning"], overdue["due_on"], overdue["working_days_left"]) == (
        "overdue",
        "2025-07-05",
        -22,
    )
    (office,) = [line for line in found["summary"] if line["unit_code"] == "van_phong"]
    assert (office["overdue"], office["apology_owed"], office["due_3"], office["result_waiting"]) == (
        1,
        1,
        1,
        1,
    )


def test_warnings_of_another_day_and_of_one_unit(hamlet_settings):
    found = told("warnings", "--on", "08/08/2025", "--unit", "van_phong")
    assert found["moment"] == "2025-08-08T00:00:00+07:00"
    assert {row["unit_code"] for row in found["warnings"]} == {"van_phong"}
    (soon,) = [row for row in found["warnings"] if row["warning"] == "due_soon"]
    assert (soon["dossier_code"], soon["working_days_left"]) == (hamlet.code(5), 0)
    assert "mới đến" in run("warnings", "--on", "2025-08-08").err
    before = told("warnings", "--on", "2025-07-03")
    assert [(row["warning"], row["dossier_code"]) for row in before["warnings"]] == [
        ("due_soon", hamlet.code(4))
    ]
    assert told("warnings", "--unit", "su_nghiep_cong")["warnings"] == []


def test_warnings_as_table_and_csv(hamlet_settings):
    said = run("warnings")
    assert said.code == 0, said.err
    assert "quá hạn" in said.out and hamlet.code(4) in said.out
    rows = list(csv.DictReader(io.StringIO(run("warnings", "--format", "csv").out)))
    assert len(rows) == 7
    assert rows[0]["is_calendar_published"] == "true"
    short = run("warnings", "--limit", "1")
    assert short.out.count("H24.99.01") == 1
    assert "--limit" in short.err


@pytest.mark.parametrize("wrong", [("--unit", "phong_la"), ("--on", "hôm nay")])
def test_a_wrong_call_is_exit_2(hamlet_settings, wrong):
    said = run("warnings", *wrong)
    assert (said.code, said.out) == (2, "")
    assert wrong[1] in said.err


def test_before_the_first_reading_nothing_is_guessed(warehouse):
    said = run("warnings")
    assert (said.code, said.out) == (1, "")
    assert "tthc ingest" in said.err


def test_an_official_is_told_by_code(own_hamlet):
    with psycopg.connect(own_hamlet) as connection:
        (fetch,) = connection.execute("SELECT max(fetch_id) FROM core.dossiers").fetchone()
        connection.execute(
            "INSERT INTO core.progress_events (commune_code, dossier_code, occurred_at, status, text_key,"
            " official_key, row_hash, fetch_id, row_number, fetched_at) VALUES ('11674', %s,"
            " '2025-07-01 09:00+07', 4, 't', 'khoa', gen_random_uuid(), %s, 1, now())",
            (hamlet.code(4), fetch),
        )
        connection.execute(
            "INSERT INTO restricted.staff (commune_code, official_code, kind, starts_on, full_name, official_key,"
            " home_unit_code, working_unit_code, staff_kind, is_head, row_hash, fetch_id, row_number, fetched_at)"
            " VALUES ('11674', 'AH-VP-01', 'posting', '2025-01-01', 'Nguyễn Văn Thử', 'khoa', 'van_phong',"
            " 'van_phong', 'civil_servant', false, gen_random_uuid(), %s, 1, now())",
            (fetch,),
        )
    found = told("warnings", "--official", "AH-VP-01")
    assert {row["warning"] for row in found["warnings"]} == {"overdue", "apology_owed"}
    said = run("warnings")
    assert "AH-VP-01" in said.out
    assert "Nguyễn Văn Thử" not in said.out and "khoa" not in said.out.split()
