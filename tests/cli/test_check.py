"""The dry run: it writes nothing anywhere, and what it says is what the load then does."""

import json
from pathlib import Path

import psycopg
import pytest

from tests.cli import hamlet
from tests.cli.conftest import run
from tests.proof.untouched import everything, files_in

#: The catalogue with another term, a service that is no longer full online, and one procedure more.
OTHER_CATALOGUE = """Mã TTHC;Tên TTHC;Lĩnh vực;Mức độ DVC;Thời hạn (ngày làm việc);Có kết quả;Đơn vị chủ trì
1.000001;Đăng ký việc thử;Hộ tịch;Một phần;5;Có;Phòng Kinh tế
1.000002;Việc không quy định thời hạn;Đất đai;Một phần;Không quy định;Có;Văn phòng HĐND và UBND
9.999999;Việc chưa từng có trong danh mục;Đất đai;Toàn trình;1;Có;Phòng Kinh tế
"""
COUNTS = ("read", "unchanged", "superseded")


def figures(url: str) -> dict[tuple, tuple]:
    """Return the newest value of every indicator of every period."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT b.calendar, b.period, v.level, v.code, v.indicator, v.numerator, v.denominator, v.value, v.status"
            " FROM indicators.values AS v INNER JOIN (SELECT DISTINCT ON (calendar, period) * FROM indicators.builds"
            " ORDER BY calendar, period, build_id DESC) AS b USING (build_id)"
        ).fetchall()
    return {tuple(row[:5]): tuple(row[5:]) for row in rows}


def said_figures(moved: list[dict], side: str) -> dict[tuple, tuple | None]:
    keys = ("calendar", "period", "level", "code", "indicator")
    return {tuple(row[k] for k in keys): row[side] and tuple(row[side].values()) for row in moved}


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "danh mục mới.csv"
    path.write_text(OTHER_CATALOGUE, encoding="utf-8-sig")
    return path


def test_it_says_what_the_load_then_does_to_rows_and_indicators(own_hamlet, own_archive, catalogue):
    assert run("refresh", "2025-06", "2025-08").code == 0
    before, archived = everything(own_hamlet), files_in(own_archive)
    said = run("check", catalogue, "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert (everything(own_hamlet), files_in(own_archive)) == (before, archived)
    assert (told["stream"], told["is_known"]) == ("register__procedures", False)
    assert [told[name] for name in ("read", "new", "changed", "unchanged", "rejected")] == [3, 1, 1, 1, 0]
    assert told["rows"]["new"] == [{"address": "!4", "key": "9.999999"}]
    assert told["rows"]["changed"] == [{"address": "!2", "key": "1.000001", "columns": ["Mức độ DVC"]}]
    moved = {(row["calendar"], row["period"], row["level"], row["indicator"]): row for row in told["moved"]}
    assert moved["month", "2025-07", "commune", "full_online_rate"]["before"]["numerator"] == 2
    assert moved["month", "2025-07", "commune", "full_online_rate"]["after"]["numerator"] == 0

    was = figures(own_hamlet)
    (loaded,) = json.loads(run("load", catalogue, "--json").out)
    assert [loaded[name] for name in COUNTS] == [told[name] for name in COUNTS]
    assert (loaded["merged"], loaded["quarantined"]) == (told["new"] + told["changed"], told["rejected"])
    assert loaded["months"] == told["months"]
    assert run("refresh", told["months"][0], told["months"][-1]).code == 0
    now = figures(own_hamlet)
    changed = {key for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
    assert changed == said_figures(told["moved"], "after").keys()
    assert len(changed) > 10
    for key, value in said_figures(told["moved"], "after").items():
        assert (value and (value[0], value[1])) == (now.get(key) and now[key][:2]), key
    for key, value in said_figures(told["moved"], "before").items():
        assert (value and (value[0], value[1])) == (was.get(key) and was[key][:2]), key


def test_a_stopped_file_is_3_and_leaves_no_incident(own_hamlet, own_archive, tmp_path):
    path = tmp_path / "hỏng.csv"
    path.write_text(OTHER_CATALOGUE.replace("Một phần", "Mức lạ"), encoding="utf-8-sig")
    before, archived = everything(own_hamlet), files_in(own_archive)
    said = run("check", path)
    assert said.code == 3
    assert "20 %" in said.err
    assert "E2 (Mức độ DVC)" in said.out or "D2 (Mức độ DVC)" in said.out
    assert (everything(own_hamlet), files_in(own_archive)) == (before, archived)
    assert run("load", path).code == 3


def test_a_secret_file_leaves_nothing_at_all(own_hamlet, own_archive, tmp_path):
    path = tmp_path / "mật.csv"
    path.write_text("MẬT\n" + OTHER_CATALOGUE, encoding="utf-8-sig")
    before, archived = everything(own_hamlet), files_in(own_archive)
    said = run("check", path)
    assert said.code in (1, 2), said.err
    assert "MẬT" in said.err
    assert (everything(own_hamlet), files_in(own_archive)) == (before, archived)


def test_a_known_content_moves_nothing(own_hamlet, tmp_path):
    path = tmp_path / "lại.csv"
    path.write_text(hamlet.CATALOGUE, encoding="utf-8-sig")
    told = json.loads(run("check", path, "--json").out)
    assert (told["is_known"], told["moved"], told["rows"]["new"]) == (True, [], [])
    said = run("check", path)
    assert (said.code, "đã nạp rồi" in said.out) == (0, True)
