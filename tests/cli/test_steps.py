"""The steps by hand, their accounting and their exit codes."""

import json
import os
import socket
import subprocess
import sys

import psycopg
import pytest

from tests.cli import hamlet
from tests.cli.conftest import run, start
from tthc.settings import root

_LOADED = """
import sys
from tthc.cli import main
main(['--help'])
heavy = {'pandas', 'psycopg', 'great_expectations', 'sqlalchemy', 'sqlglot', 'httpx'}
print(sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


def test_the_steps_tell_their_accounting(told):
    loaded, again = (json.loads(told.said[step].out)[0] for step in ("load", "load again"))
    assert (loaded["stream"], loaded["read"], loaded["merged"], loaded["is_new"]) == (
        "register__procedures",
        2,
        2,
        True,
    )
    assert (again["fetch_id"], again["is_new"]) == (loaded["fetch_id"], False)
    events, dossiers = json.loads(told.said["ingest"].out)
    # Events come first, whatever the order asked for: a dossier's end may live only there.
    assert (events["stream"], events["read"]) == ("city__progress_events", 0)
    counts = [dossiers[name] for name in ("read", "merged", "unchanged", "quarantined", "superseded")]
    assert counts == [9, 8, 0, 1, 0]
    assert {"2025-06", "2025-07"} <= set(dossiers["months"])
    computed = json.loads(told.said["refresh"].out)["periods"]
    assert [(row["calendar"], row["period"]) for row in computed] == [
        (calendar, period)
        for calendar in ("month", "report")
        for period in ("2025-07", "2025-Q3", "2025-H2", "2025-9M", "2025")
    ]
    assert json.loads(told.said["publish"].out)["published"] == [
        {"calendar": "month", "period": "2025-07", "revision_number": 1, "is_new": True}
    ]


def test_no_personal_value_is_ever_said(told):
    for said in told.said.values():
        assert hamlet.NAME not in said.out + said.err
        assert hamlet.IDENTITY not in said.out + said.err


def test_refresh_and_publish_again_change_nothing(own_hamlet):
    again = json.loads(run("refresh", "2025-07", "--calendar", "month", "--json").out)["periods"]
    assert len(again) == 5
    assert not any(row["is_new"] for row in again)
    (published,) = json.loads(
        run("publish", "2025-07", "--by", "A", "--reason", "B", "--calendar", "month", "--json").out
    )["published"]
    assert (published["revision_number"], published["is_new"]) == (1, False)


def test_unload_undoes_a_reading(own_hamlet, told):
    fetch = json.loads(told.said["ingest"].out)[1]["fetch_id"]
    said = run("unload", fetch, "--json")
    assert said.code == 0, said.err
    assert "2025-07" in json.loads(said.out)["months"]
    with psycopg.connect(own_hamlet) as connection:
        assert connection.execute("SELECT count(*) FROM core.dossiers").fetchone() == (0,)
    assert run("unload", fetch).code == 2
    assert run("unload", "99999").code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["lạ"],
        ["indicators"],
        ["indicators", "2025-13"],
        ["indicators", "2025-07", "--level", "thôn"],
        ["indicators", "2025-07", "--nope"],
        ["publish", "2025-07", "--by", "A"],
        ["publish", "2025-07", "--by", " ", "--reason", "B"],
        ["publish", "tháng 7", "--by", "A", "--reason", "B"],
        ["refresh", "2025-Q3"],
        ["refresh", "2025-09", "2025-07"],
        ["ingest", "city__nothing"],
        ["ingest", "register__procedures"],
        ["ingest", "city__dossiers", "--from", "hôm qua"],
        ["load", "không-có.xlsx"],
        ["report", "II.07", "2025-07"],
        ["explain", "không_có", "2025-07"],
        ["explain", "dossier_on_time_rate", "2025-07", "--code", "không_có"],
        ["quarantine", "show", "99999"],
        ["quarantine", "release", "--by", "A", "--reason", "B"],
        ["quarantine", "list", "--state", "lạ"],
    ],
)
def test_a_wrong_call_is_2_and_says_so_in_vietnamese(hamlet_settings, arguments):
    said = run(*arguments)
    assert said.code == 2, said.err
    assert said.out == ""
    assert said.err.startswith(("LỖI: ", "không-có.xlsx: ", "Hồ sơ TTHC"))
    assert "LỖI: " in said.err
    for english in ("Missing", "Invalid", "No such", "Error", "Traceback"):
        assert english not in said.err


def test_what_fails_is_1(hamlet_settings):
    said = run("publish", "2024-01", "--by", "A", "--reason", "B")
    assert (said.code, said.out) == (1, "")
    assert "tthc refresh 2024-01" in said.err
    assert run("trace", "H99.00.00-000000-0000").code == 1


def test_a_missing_setting_is_2_and_is_named(hamlet_settings, monkeypatch):
    monkeypatch.delenv("TTHC_WAREHOUSE_URL")
    said = run("indicators", "2025-07")
    assert said.code == 2
    assert "TTHC_WAREHOUSE_URL" in said.err


def test_a_batch_rule_is_3_and_stops_one_stream_only(own_hamlet, monkeypatch):
    bad = [hamlet.record(number, "Phòng Lạ", "15/07", due="20/07", status="4") for number in range(20, 24)]
    with hamlet.city(hamlet.records()[:2] + bad) as city:
        for key, value in city.environment.items():
            monkeypatch.setenv(key, value)
        said = run("ingest", "city__dossiers", "city__progress_events", *hamlet.WINDOW, "--json")
    assert said.code == 3, said.err
    assert [row["stream"] for row in json.loads(said.out)] == ["city__progress_events"]
    with psycopg.connect(own_hamlet) as connection:
        assert connection.execute("SELECT count(*) FROM core.dossiers").fetchone() == (8,)
        kinds = connection.execute(
            "SELECT kind, subject FROM ops.incidents WHERE closed_at IS NULL"
        ).fetchall()
    assert ("batch_stopped", "city__dossiers") in kinds


def test_a_database_out_of_reach_is_4(hamlet_settings, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        monkeypatch.setenv("TTHC_WAREHOUSE_URL", f"postgresql://ai:mat-khau@127.0.0.1:{port}/kho")
        for arguments in (["indicators", "2025-07"], ["status"], ["doctor"], ["init"]):
            said = run(*arguments)
            assert (said.code, said.out) == (4, ""), said.err
            assert "mat-khau" not in said.err


def test_an_unexpected_error_is_1_and_quotes_nothing(hamlet_settings, monkeypatch):
    from tthc.reports import values

    def broken(*_):
        raise ValueError(hamlet.IDENTITY)

    monkeypatch.setattr(values, "edition", broken)
    said = run("indicators", "2025-07")
    assert (said.code, said.out) == (1, "")
    assert "ValueError" in said.err
    assert hamlet.IDENTITY not in said.err
    assert "Traceback" not in said.err


def test_as_a_process_stdout_is_data_only(hamlet_settings):
    said = start("status", "--json", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert said.code == 0, said.err
    assert set(json.loads(said.out)) == {"fetches", "incidents", "quarantine", "periods"}
    wrong = start("indicators", "2025-99")
    assert (wrong.code, wrong.out) == (2, "")


def test_help_teaches_in_vietnamese_and_is_light():
    said = start("--help")
    assert said.code == 0
    for word in ("tthc init", "Tùy chọn", "Lệnh", "Mã trả về"):
        assert word in said.out
    for english in ("Options", "Commands", "Show this"):
        assert english not in said.out
    heavy = subprocess.run(
        [sys.executable, "-c", _LOADED],
        env={"PYTHONPATH": str(root() / "plugins"), "PATH": os.environ["PATH"]},
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert heavy.stderr.decode().strip() == "[]"


@pytest.mark.parametrize(
    "command",
    [
        "init", "ingest", "load", "unload", "refresh", "publish", "indicators", "report", "explain", "trace", "status",
        "doctor", "env", "quarantine list", "quarantine show", "quarantine release", "quarantine reject",
        "quarantine answer",
    ],
)  # fmt: skip
def test_every_command_has_json_and_an_example(command):
    said = run(*command.split(), "--help")
    assert said.code == 0
    assert "--json" in said.out
    assert f"tthc {command}" in said.out
    assert "Ví dụ" in said.out
