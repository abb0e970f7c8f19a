"""Which communes are read now, whose file a file is, and how a city's installation is told of."""

import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import tuple_row

from demo.communes import write_declarations
from tests.airflow_home import ROOT
from tests.proof.running_city import catalogue
from tthc import flows, settings
from tthc.cli.application import run
from tthc.errors import TthcError, UsageError
from tthc.flows import many, watching
from tthc.landing import incidents
from tthc.landing.inbox import SETTLED_AFTER_SECONDS
from tthc.warehouse import database

CODES = ("10507", "10525", "11674", "11948")
STREAM = "city__dossiers"


@pytest.fixture
def several(warehouse, warehouse_settings, monkeypatch):
    """Configure four communes, each declared and with units of its own; return the folder of the test."""
    folder = warehouse_settings / "communes"
    write_declarations(folder, CODES, ROOT / "sources" / "units.yaml")
    monkeypatch.setenv("TTHC_COMMUNE", ",".join(CODES))
    monkeypatch.setenv("TTHC_COMMUNES_FOLDER", str(folder))
    return warehouse_settings


def read(url: str, commune: str, kind: str, state: str = "merged", days_ago: int = 0) -> None:
    """Write down a reading of a commune that ended, or is on its way."""
    moment = datetime.now(UTC) - timedelta(days=days_ago)
    counts = (0,) * 5 if state == "merged" else (None,) * 5
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO ops.fetches (commune_code, stream, source, kind, state, window_from, window_to, started_at,"
            " fetched_at, merged_at, read_count, merged_count, unchanged_count, quarantined_count, superseded_count,"
            " is_complete) VALUES (%s, %s, 'share thu', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, true)",
            (
                commune, STREAM, kind, state, moment.date().replace(month=1, day=1), moment.date(), moment,
                moment if state != "fetching" else None, moment if state == "merged" else None, *counts,
            ),
        )  # fmt: skip


def planned(**options) -> list[tuple[str, str]]:
    return [(each["commune"], each["kind"]) for each in many.readings(STREAM, progress=str, **options)]


def test_only_so_many_years_are_read_at_once_and_those_that_waited_longest(several, warehouse, monkeypatch):
    monkeypatch.setenv("TTHC_LONG_READINGS", "2")
    # Nobody was ever read: two begin, the others wait.
    assert planned() == [("10507", "year"), ("10525", "year")]
    read(warehouse, "10507", "year")
    # Begun before, and it failed: it goes behind those that never began.
    read(warehouse, "10525", "year", state="fetching", days_ago=2)
    assert planned() == [("10507", "window"), ("11674", "year"), ("11948", "year")]
    for code in ("11674", "11948"):
        read(warehouse, code, "window")
    monkeypatch.setenv("TTHC_LONG_READINGS", "1")
    # Who has been read before is read as on any other day while its year waits.
    assert planned() == [("10507", "window"), ("11948", "window"), ("11674", "year")]


def test_what_an_earlier_run_still_reads_is_left_to_it_and_days_that_were_asked_for_are_read(
    several, warehouse
):
    read(warehouse, "11674", "window", state="fetched")
    read(warehouse, "11948", "window", state="fetching", days_ago=3)
    assert "11674" in dict(planned()) and "11674" not in dict(planned(leave_unfinished=True))
    # What hangs since days is no reading any more.
    assert "11948" in dict(planned(leave_unfinished=True))
    asked = planned(codes=["11674", "10507"], is_asked=True)
    assert asked == [("10507", "asked"), ("11674", "asked")]
    with pytest.raises(UsageError, match="không có xã 99999"):
        planned(codes=["99999"])


def test_a_commune_that_is_being_read_is_busy_for_who_will_not_wait(several, warehouse, monkeypatch):
    from tthc.errors import Busy

    monkeypatch.setenv("TTHC_CITY_URL", "http://127.0.0.1:9/xa/{commune}")
    monkeypatch.setenv("TTHC_CITY_CLIENT_ID", "kho")
    monkeypatch.setenv("TTHC_CITY_CLIENT_SECRET", "bi-mat")
    with psycopg.connect(warehouse, autocommit=True) as other, settings.for_commune("11674"):
        other.execute("SELECT pg_advisory_lock(hashtextextended('fetch 11674 city__dossiers', 0))")
        with pytest.raises(Busy):
            flows.fetch(STREAM, "2025-07-01", "2025-07-02", progress=str, waits=False)
    with database.connection() as connection:
        assert connection.execute("SELECT count(*) AS n FROM ops.incidents").fetchone()["n"] == 0


def test_a_register_of_all_is_loaded_for_each_and_a_file_of_one_for_that_one(several, warehouse):
    inbox, path = several / "inbox", catalogue(several / "made")
    for place in (settings.SHARED_FOLDER, "11674"):
        (inbox / place).mkdir(parents=True)
        shutil.copy(path, inbox / place)
    shutil.copy(path, inbox)
    time.sleep(SETTLED_AFTER_SECONDS)
    found = many.inbox("register__procedures", progress=str)
    assert [each["commune"] for each in found] == list(CODES)
    # The same content in two folders is one reading; what lies in no folder is nobody's, and that is told.
    assert open_incidents() == {("10507", "misplaced_file")}
    (inbox / os.path.basename(path)).unlink()
    assert len(many.inbox("register__procedures", progress=str)) == len(CODES)
    assert open_incidents() == set()


def test_a_file_of_one_commune_among_those_of_all_is_loaded_for_none(several, warehouse):
    from demo.files import FILES, Context

    shared = several / "inbox" / settings.SHARED_FOLDER
    shared.mkdir(parents=True)
    file = FILES["register__tasks"]
    (shared / file.file_name).write_bytes(file.write(Context.at(1, datetime(2025, 7, 31))))
    time.sleep(SETTLED_AFTER_SECONDS)
    assert many.inbox("register__tasks", progress=str) == []
    assert open_incidents() == {(code, "unreadable_file") for code in CODES}


def test_a_city_that_does_not_answer_is_one_line_and_not_one_for_each(several, warehouse):
    letters = []

    def tell(subject: str, body: str) -> bool:
        letters.append((subject, body))
        return True

    for code in CODES:
        with settings.for_commune(code):
            incident("open_incident", "fetch_failed", STREAM, "Thành phố không trả lời.")
    with settings.for_commune("11674"):
        incident("open_incident", "batch_stopped", STREAM, "Một luật dừng cả lần đọc.")
    assert watching.watch(tell)["opened"] == 5
    ((subject, body),) = letters
    assert subject == "[4 xã] 5 sự cố mới"
    lines = [line for line in body.splitlines() if line.startswith("- ")]
    assert lines == [
        "- batch_stopped city__dossiers (11674): Một luật dừng cả lần đọc.",
        "- fetch_failed city__dossiers (10507, 10525, 11674, 11948): Thành phố không trả lời.",
    ]
    with settings.for_commune("10525"):
        incident("close_incident", "fetch_failed", STREAM, "Đã đọc được.")
    watching.watch(tell)
    assert letters[-1][0] == "[4 xã] 1 đã xong" and "(10525)" in letters[-1][1]


def test_a_commune_without_units_costs_only_itself_and_the_others_are_prepared(several, warehouse):
    (several / "communes" / "10525.yaml").unlink()
    said: list[str] = []
    with pytest.raises(TthcError, match="1 xã chưa chuẩn bị xong"):
        flows.init(said.append)
    assert any("10525" in text and "chưa có khai báo đơn vị" in text for text in said)
    with database.connection() as connection:
        days = connection.execute("SELECT DISTINCT commune_code FROM core.working_days ORDER BY 1").fetchall()
        units = connection.execute("SELECT DISTINCT commune_code FROM core.units ORDER BY 1").fetchall()
    prepared = [code for code in CODES if code != "10525"]
    assert [row["commune_code"] for row in days] == [row["commune_code"] for row in units] == prepared
    write_declarations(several / "communes", ["10525"], ROOT / "sources" / "units.yaml")
    assert flows.init(str)["seeded"] == ["register__working_days"]
    assert flows.init(str) == {"changed": [], "seeded": [], "months": []}


def test_commands_work_for_the_commune_that_is_named_and_tell_of_each_when_none_is(
    several, warehouse, capsys
):
    read(warehouse, "11674", "window")
    assert run(["indicators", "2025-07"]) == 2
    assert "4 xã" in (told := capsys.readouterr().err) and "--commune 10507" in told
    assert run(["--commune", "99999", "status"]) == 2
    assert "không có xã 99999" in capsys.readouterr().err
    assert run(["--commune", "11674", "status", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["fetches"]) == 1
    assert run(["status", "--json"]) == 0
    rows = {row["commune"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == set(CODES) and rows["11674"]["name"] == "xã An Hưng"
    assert rows["11674"]["merged_at"] and rows["10507"]["merged_at"] is None
    # Nothing of one call is left in force for the next.
    assert run(["indicators", "2025-07"]) == 2


def open_incidents() -> set[tuple[str, str]]:
    with database.connection() as connection:
        rows = connection.execute("SELECT commune_code, kind FROM ops.incidents WHERE closed_at IS NULL")
        return {(row["commune_code"], row["kind"]) for row in rows}


def incident(how: str, *words: str) -> None:
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        getattr(incidents, how)(connection, *words)
