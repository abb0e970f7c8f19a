"""Files through the command line and the inbox: asked about, accepted, remembered, refused, kept secret."""

import hashlib
import json
import os
import shutil
import time
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import run
from tests.sources.sheets import csv, xlsx
from tests.sources.test_old_alphabet_files import encoder
from tests.sources.test_spreadsheets import BIRTH, HEADERS, LAND
from tthc import flows, settings
from tthc.landing.files import hashed_name
from tthc.sources import streams
from tthc.warehouse import replay

NAME = "danh mục của bà Nguyễn Thị Thử.csv"


@pytest.fixture
def file(warehouse: str, warehouse_settings: Path) -> Path:
    (warehouse_settings / "inbox").mkdir(exist_ok=True)
    return warehouse_settings / "inbox" / NAME


@pytest.fixture
def own_sources(warehouse_settings: Path, monkeypatch) -> Path:
    """Let this test write accepted headers beside a copy of the declarations; return their folder."""
    root = warehouse_settings / "root"
    root.mkdir()
    for path in settings.root().iterdir():
        if path.name not in ("sources", "var"):
            (root / path.name).symlink_to(path)
    shutil.copytree(settings.root() / "sources", root / "sources")
    monkeypatch.setenv("TTHC_ROOT", str(root))
    return root / "sources" / "headers"


def ask(url: str, query: str, *values) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(query, values).fetchall()


def names(url: str) -> list[str]:
    return [row[0] for row in ask(url, "SELECT name FROM core.procedures ORDER BY procedure_code")]


def incidents(url: str) -> list[tuple]:
    return ask(
        url, "SELECT kind, subject, message FROM ops.incidents WHERE closed_at IS NULL ORDER BY incident_id"
    )


def archived(folder: Path) -> int:
    return (
        sum(path.is_file() for path in (folder / "archive").rglob("*"))
        if (folder / "archive").exists()
        else 0
    )


def old_file(path: Path) -> None:
    encode = encoder("tcvn3")
    lines = [
        [encode(cell) if isinstance(cell, str) else cell for cell in line] for line in (HEADERS, BIRTH, LAND)
    ]
    path.write_bytes(csv(lines, encoding="cp1252"))


def wait_in_inbox(path: Path) -> None:
    os.utime(path, (time.time() - 60,) * 2)


def test_an_old_alphabet_is_asked_about_once_and_remembered_with_its_content(
    warehouse, file, warehouse_settings
):
    old_file(file)
    before = archived(warehouse_settings)
    said = run("load", str(file))
    assert said.code == 2 and "--encoding tcvn3" in said.err and "“Mã TTHC”" in said.err
    assert archived(warehouse_settings) == before and names(warehouse) == []

    said = run("load", str(file), "--encoding", "tcvn3", "--json")
    assert said.code == 0, said.err
    (done,) = json.loads(said.out)
    assert (done["read"], done["merged"], done["stream"]) == (2, 2, "register__procedures")
    assert names(warehouse) == ["Đăng ký khai sinh", "Xác nhận nguồn gốc đất"]

    # The same content, without the option and under another name: known.
    copy = file.with_name("ban-sao.csv")
    copy.write_bytes(file.read_bytes())
    said = run("load", str(copy), "--json")
    assert said.code == 0 and json.loads(said.out)[0]["is_new"] is False
    wait_in_inbox(copy), wait_in_inbox(file)
    assert flows.inbox("register__procedures", progress=str) == []

    # The archive alone rebuilds what the decision made.
    with psycopg.connect(warehouse, autocommit=True) as connection:
        connection.execute("DELETE FROM core.procedures")
        connection.execute("DELETE FROM core.procedure_versions")
    replay.replay_everything(warehouse, streams.stream_named("register__procedures"))
    assert names(warehouse) == ["Đăng ký khai sinh", "Xác nhận nguồn gốc đất"]


@pytest.mark.parametrize("way", ["load", "inbox"])
def test_of_a_secret_file_only_hashes_are_kept(warehouse, file, warehouse_settings, way):
    body = csv([["TỐI MẬT"], HEADERS, BIRTH])
    file.write_bytes(body)
    before = archived(warehouse_settings)
    if way == "load":
        said = run("load", str(file))
        assert said.code == 1 and "TỐI MẬT" in said.err and "Đăng ký khai sinh" not in said.err
    else:
        wait_in_inbox(file)
        lines: list[str] = []
        assert flows.inbox("register__procedures", progress=lines.append) == []
        assert flows.inbox("register__working_days", progress=lines.append) == []
        assert all("Nguyễn" not in line for line in lines)
    assert archived(warehouse_settings) == before
    assert ask(warehouse, "SELECT count(*) FROM ops.fetches WHERE stream = 'register__procedures'") == [(0,)]
    ((kind, subject, message),) = incidents(warehouse)
    assert (kind, subject) == ("secret_file", hashed_name(str(file)))
    assert hashlib.sha256(body).hexdigest() in message and "Nguyễn" not in message

    file.write_bytes(csv([HEADERS, BIRTH]))
    wait_in_inbox(file)
    assert len(flows.inbox("register__procedures", progress=str)) == 1
    assert incidents(warehouse) == []


def test_a_column_that_nobody_declared_is_not_loaded_and_opens_an_incident(warehouse, file, own_sources):
    file.write_bytes(csv([["STT", *HEADERS, "Màu áo"], [1, *BIRTH, "xanh lá"]]))
    assert run("load", str(file)).code == 0
    ((kind, subject, message),) = incidents(warehouse)
    assert (kind, subject) == ("unknown_field", "register__procedures.Màu áo")
    assert "tthc sources map" in message
    assert "xanh lá" not in str(ask(warehouse, "SELECT p::text FROM core.procedures p"))

    done = run("sources", "map", str(file), "--accept", "Màu áo=lead_unit_name", "--by", "Trần Văn Duyệt")
    assert done.code == 0, done.err
    file.write_bytes(csv([[*HEADERS[:-1], "Màu áo"], LAND]))
    assert run("load", str(file)).code == 0
    assert incidents(warehouse) == []


def test_new_content_under_the_same_name_is_said_to_follow(warehouse, file):
    file.write_bytes(xlsx([HEADERS, BIRTH]))
    first = json.loads(run("load", str(file), "--json").out)[0]["fetch_id"]
    file.write_bytes(xlsx([HEADERS, BIRTH, LAND]))
    said = run("load", str(file), "--json")
    assert f"nội dung mới của một tệp đã nạp (lần đọc {first})" in said.err
    assert json.loads(said.out)[0]["merged"] == 1


def test_an_unknown_header_is_proposed_accepted_and_then_read(warehouse, file, own_sources):
    renamed = ["Số hiệu TTHC" if header == "Mã TTHC" else header for header in HEADERS]
    file.write_bytes(xlsx([["DANH MỤC"], renamed, BIRTH]))
    said = run("load", str(file))
    assert said.code == 2 and "tthc sources map" in said.err and "“Số hiệu TTHC”" in said.err

    found = json.loads(run("sources", "map", str(file), "--json").out)
    (proposed,) = [column for column in found["columns"] if column["header"] == "Số hiệu TTHC"]
    assert (found["stream"], proposed["column"], proposed["preview"]) == (
        "register__procedures", "procedure_code", ["1.001193"],
    )  # fmt: skip
    assert "Số hiệu TTHC" in run("sources", "map", str(file)).out
    assert not own_sources.exists() and run("load", str(file)).code == 2

    said = run("sources", "map", str(file), "--accept", "Số hiệu TTHC=procedure_code")
    assert said.code == 2 and "--by" in said.err
    said = run("sources", "map", str(file), "--accept", "Không có=procedure_code", "--by", "Trần Văn Duyệt")
    assert said.code == 2 and "không có tiêu đề" in said.err
    said = run(
        "sources", "map", str(file), "--accept", "Số hiệu TTHC=procedure_code", "--by", "Trần Văn Duyệt"
    )
    assert said.code == 0, said.err
    line = (own_sources / "register__procedures.yaml").read_text(encoding="utf-8").splitlines()[-1]
    assert "Số hiệu TTHC" in line and "procedure_code" in line and "Trần Văn Duyệt" in line
    assert run("load", str(file)).code == 0
    assert names(warehouse) == ["Đăng ký khai sinh"]


def test_the_inbox_asks_about_what_it_cannot_read_and_about_what_is_like_nothing(warehouse, file):
    old_file(file)
    strange = file.with_name("la.csv")
    strange.write_bytes(csv([["Họ tên", "Màu áo"], ["Trần Thị Mẫu", "xanh"]]))
    wait_in_inbox(file), wait_in_inbox(strange)
    assert flows.inbox("register__procedures", progress=str) == []
    found = {subject: (kind, message) for kind, subject, message in incidents(warehouse)}
    assert found.keys() == {hashed_name(str(file)), hashed_name(str(strange))}
    assert all(kind == "unreadable_file" for kind, _ in found.values())
    assert "--encoding tcvn3" in found[hashed_name(str(file))][1]
    assert "Trần Thị Mẫu" not in str(found) and "Màu áo" not in str(found)
    assert run("load", str(file), "--encoding", "tcvn3").code == 0
    strange.unlink()
    flows.inbox("register__procedures", progress=str)
    assert hashed_name(str(file)) not in {subject for _, subject, _ in incidents(warehouse)}


def test_what_was_taken_in_for_one_stream_is_opened_for_no_other(warehouse, file):
    file.write_bytes(csv([HEADERS, BIRTH]))
    wait_in_inbox(file)
    assert flows.inbox("register__working_days", progress=str) == []
    (fetch_id,) = flows.inbox("register__procedures", progress=str)
    # Not staged yet: it is taken up again.
    assert flows.inbox("register__procedures", progress=str) == [fetch_id]
    flows.take_in(fetch_id, progress=str)
    assert flows.inbox("register__procedures", progress=str) == []
    assert flows.inbox("register__working_days", progress=str) == []
