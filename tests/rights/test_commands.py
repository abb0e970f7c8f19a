"""Who says who sees what by command, and what the reading commands say to whoever may not."""

import json
from urllib.parse import urlsplit

import psycopg
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import run
from tests.sql.cases import insert
from tthc.indicators import build, publish
from tthc.warehouse import database
from tthc.workdays import periods

OTHER = "99001"
WHY = ("--by", "Trần Văn Duyệt", "--reason", "văn bản số 12")


@pytest.fixture
def filled(warehouse, monkeypatch) -> str:
    """Return the URL of a warehouse that holds July of one commune."""
    _july(warehouse, "11674")
    return warehouse


def _july(url: str, commune: str) -> None:
    with pytest.MonkeyPatch.context() as patch, database.connection(url) as connection:
        patch.setenv("TTHC_COMMUNE", commune)
        rows = [{"_times": 7, "commune_code": commune, "dossier_code": f"{commune}-{{n}}"}]
        insert(connection, "marts.dossiers", rows)
        build.build(connection, periods.parse("2025-07"))
        publish.publish(connection, periods.parse("2025-07"), "Người duyệt", "thử")


def logged(url: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT accessed_by, subject, reason FROM ops.access_log WHERE action = 'rights.communes'"
            " ORDER BY access_id"
        ).fetchall()


def test_one_commune_needs_no_word_and_a_second_one_does(filled, member, monkeypatch, tmp_path):
    analyst = member(filled, "analyst")
    login = urlsplit(analyst).username
    owner = {"TTHC_WAREHOUSE_URL": filled}

    def told_as(url: str, *arguments: str):
        monkeypatch.setenv("TTHC_WAREHOUSE_URL", url)
        monkeypatch.setattr(database, "_SEEN", set())
        return run(*arguments)

    export = ("export", "marts", "--table", "dossiers", "--out", str(tmp_path))
    assert told_as(analyst, *export).code == 0
    assert pq.read_metadata(tmp_path / "marts.dossiers.parquet").num_rows == 7
    (row,) = [r for r in json.loads(told_as(filled, "rights", "list", "--json").out) if r["login"] == login]
    assert (row["groups"], row["communes"]) == (["analyst"], None)

    # From the second commune on, silence is nothing: not even their own.
    _july(owner["TTHC_WAREHOUSE_URL"], OTHER)
    refused = told_as(analyst, *export)
    assert refused.code == 1 and f"tthc rights give {login} --commune 11674" in refused.err
    with psycopg.connect(analyst) as connection:
        assert connection.execute("SELECT count(*) FROM marts.dossiers").fetchone() == (0,)

    given = told_as(filled, "rights", "give", login, "--commune", "11674", *WHY, "--json")
    assert (given.code, json.loads(given.out)["given"]) == (0, ["11674"])
    again = told_as(filled, "rights", "give", login, "--commune", "11674", *WHY)
    assert again.code == 0 and "không đổi gì" in again.err
    assert told_as(analyst, *export).code == 0
    shown = told_as(analyst, "indicators", "2025-07", "--json")
    assert shown.code == 0 and json.loads(shown.out)

    monkeypatch.setenv("TTHC_COMMUNE", OTHER)
    for command in (
        export,
        ("indicators", "2025-07"),
        ("explain", "dossier_on_time_rate", "2025-07"),
        ("status",),
    ):
        refused = told_as(analyst, *command)
        assert refused.code == 1 and f"không được xem số liệu của xã {OTHER}" in refused.err, command
    monkeypatch.setenv("TTHC_COMMUNE", "11674")

    taken = told_as(filled, "rights", "take", login, *WHY, "--json")
    assert json.loads(taken.out)["taken"] == ["11674"]
    assert told_as(filled, "rights", "give", login, "--city", *WHY).code == 0
    monkeypatch.setenv("TTHC_COMMUNE", OTHER)
    assert told_as(analyst, "indicators", "2025-07", "--json").code == 0
    assert [(who.split(" · ")[0], what, why) for who, what, why in logged(filled)] == [
        ("Trần Văn Duyệt", f"insert · {login} · 11674", "văn bản số 12"),
        ("Trần Văn Duyệt", f"delete · {login} · 11674", "văn bản số 12"),
        ("Trần Văn Duyệt", f"insert · {login} · *", "văn bản số 12"),
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("give", "khong-co-ai", "--commune", "11674", *WHY), "không có tài khoản đăng nhập khong-co-ai"),
        (("give", "tthc_analyst", "--commune", "11674", *WHY), "không có tài khoản đăng nhập tthc_analyst"),
        (("give", "{login}", "--commune", "12345", *WHY), "Kho không có xã 12345. Các xã của kho: 11674"),
        (("give", "{login}", *WHY), "--commune XÃ (một hoặc nhiều lần), hoặc --city"),
        (("give", "{login}", "--city", "--commune", "11674", *WHY), "một trong hai"),
    ],
)
def test_what_cannot_be_given(filled, member, arguments, said):
    login = urlsplit(member(filled, "analyst")).username
    refused = run("rights", *(each.format(login=login) for each in arguments))
    assert refused.code == 2 and said in refused.err
    assert logged(filled) == []


@pytest.mark.parametrize("group", ["analyst", "loader", "steward"])
def test_only_the_owner_says_it(filled, member, monkeypatch, group):
    url = member(filled, group)
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", url)
    refused = run("rights", "give", urlsplit(url).username, "--city", *WHY)
    assert refused.code == 1 and "Chỉ chủ kho" in refused.err
