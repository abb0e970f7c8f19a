"""Why a published number moved: every pair of revisions of a month in which everything happened that can happen."""

import csv
import io
import json
import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import psycopg
import pytest

from tests.cli import hamlet
from tests.cli.conftest import Told, run
from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import told as told
from tests.conftest import OWNER
from tests.landing.small_city import SmallCity
from tthc.indicators import build, changes, definitions, publish
from tthc.warehouse import database
from tthc.workdays import periods

JULY = periods.parse("2025-07")
LATE, DUE_BY_CALENDAR, DOUBLED = 21, 22, 23
CALENDAR = """Ngày,Làm việc,Lý do,Văn bản
2025-07-09,Không,Ngày nghỉ để thử,Thông báo để thử số 1
"""


def shown() -> list[dict]:
    """The dossiers of the hamlet, one whose term only the calendar tells, and one that is there twice."""
    return [
        *hamlet.records(),
        hamlet.record(DUE_BY_CALENDAR, hamlet.KINH_TE, "04/07", ended="14/07", status="9"),
    ]


def ingest(records: list[dict], monkeypatch: pytest.MonkeyPatch, days: int) -> int:
    """Read the city some days later; return the number of the reading of dossiers."""
    city = SmallCity(
        records={"/api/ho-so": records, "/api/tien-do": []}, clock=hamlet.CLOCK + timedelta(days=days)
    )
    with city:
        for key, value in city.environment.items():
            monkeypatch.setenv(key, value)
        said = run("ingest", "city__dossiers", "city__progress_events", *hamlet.WINDOW, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)[1]["fetch_id"]


def close(reason: str) -> None:
    """Compute July anew and publish it."""
    assert run("refresh", "2025-07", "--calendar", "month").code == 0
    said = run("publish", "2025-07", "--by", "A", "--reason", reason, "--calendar", "month", "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["published"][0]["is_new"], reason


@pytest.fixture(scope="module")
def filled(told: Told, cluster, tmp_path_factory) -> Iterator[tuple[str, dict]]:
    """Return the database in which all of it happened, and by revision the cause and the dossier of its change."""
    name = f"story_{secrets.token_hex(6)}"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {told.database}")
    url = cluster.url(name, user=OWNER)
    with pytest.MonkeyPatch.context() as patch:
        for key, value in {**told.environment, "TTHC_WAREHOUSE_URL": url}.items():
            patch.setenv(key, value)
        happened = happen(url, patch, tmp_path_factory.mktemp("story"))
    yield name, happened
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def story(filled, hamlet_settings, new_database, monkeypatch: pytest.MonkeyPatch) -> dict:
    """Point the settings at a copy that this test may spoil; return what happened."""
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", new_database(filled[0]))
    return filled[1]


def happen(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[int, tuple[str, set[int]]]:
    """Publish July after each thing that happens; return, by revision, the cause and the dossier of its change."""
    records = shown()
    ingest(records, monkeypatch, 1)
    close("thêm hồ sơ để thử")  # 2: dossier 22 came late
    told = {2: ("late", {DUE_BY_CALENDAR})}

    records.append(hamlet.record(LATE, hamlet.VAN_PHONG, "15/07", due="20/07", status="4"))
    ingest(records, monkeypatch, 2)
    close("hồ sơ đến muộn")
    told[3] = ("late", {LATE})

    records[2] = hamlet.record(
        3, hamlet.KINH_TE, "07/07", due="14/07", ended="14/07", status="9", channel="2"
    )
    ingest(records, monkeypatch, 3)
    close("sửa ngày kết thúc")
    told[4] = ("corrected", {3})

    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO core.unit_names (commune_code, name, name_key, unit_code, valid_from, valid_to)"
            " SELECT commune_code, 'Phòng Lạ', 'phòng lạ', unit_code, valid_from, valid_to FROM core.unit_names"
            " WHERE unit_code = 'kinh_te' ORDER BY valid_from LIMIT 1"
        )
    said = run("quarantine", "release", "--all", "--by", "B", "--reason", "đã có tên đơn vị")
    assert said.code == 0, said.err
    close("thả dòng cách ly")
    told[5] = ("released", {9})

    holidays = tmp_path / "lich.csv"
    holidays.write_text(CALENDAR, encoding="utf-8-sig")
    said = run("load", holidays)
    assert said.code == 0, said.err
    close("lịch mới")
    # Its term, and the working days that three others used or were given.
    told[6] = ("calendar", {1, 2, 3, DUE_BY_CALENDAR})

    records.append(hamlet.record(DOUBLED, hamlet.VAN_PHONG, "16/07", due="20/07", status="4"))
    doubled = ingest(records, monkeypatch, 4)
    close("một hồ sơ hai lần")
    told[7] = ("late", {DOUBLED})
    assert run("unload", str(doubled)).code == 0
    close("bỏ hồ sơ trùng")
    told[8] = ("removed", {DOUBLED})

    return told


def exact(old: int, new: int | None) -> list[changes.Waterfall]:
    """Return the waterfalls between two revisions after adding them up independently against the stored values."""
    with database.connection() as connection:
        told = changes.changes(connection, JULY, old, new)
        found, sides = told.waterfalls, []
        for number in (old, new):
            build_id = (
                publish.revision(connection, JULY, number)["build_id"]
                if number
                else publish.newest_build(connection, JULY)["build_id"]
            )
            rows = connection.execute("SELECT * FROM indicators.values WHERE build_id = %s", (build_id,))
            sides.append(
                {
                    (row["level"], row["code"], row["indicator"]): (
                        row["numerator"],
                        row["denominator"] or 0,
                        row["value"],
                    )
                    for row in rows
                }
            )
    valued = {
        place: tuple(side.get(place, (0, 0, None))[2] for side in sides)
        for place in sides[0].keys() | sides[1].keys()
        if definitions.indicators()[place[2]].kind not in definitions.ADDITIVE
    }
    assert {
        (one.level, one.code, one.indicator): (one.old_value, one.new_value) for one in told.followers
    } == {place: values for place, values in valued.items() if values[0] != values[1]}
    moved = {
        place
        for place in sides[0].keys() | sides[1].keys()
        if sides[0].get(place, (0, 0))[:2] != sides[1].get(place, (0, 0))[:2]
        and definitions.indicators()[place[2]].kind in definitions.ADDITIVE
    }
    by_place = {(one.level, one.code, one.indicator): one for one in found}
    assert moved <= by_place.keys() and moved
    for place, one in by_place.items():
        before, after = (side.get(place, (0, 0, None)) for side in sides)
        assert before[0] + sum(part.numerator for part in one.parts) == after[0], place
        assert before[1] + sum(part.denominator for part in one.parts) == after[1], place
        for part in one.parts:
            assert part.dossiers
            assert sum(n for _, n, _ in part.dossiers) == part.numerator
            assert sum(d for _, _, d in part.dossiers) == part.denominator
        assert one.parts[-1].value_after == after[2], place
        named = Counter(
            code for part in one.parts if part.cause != "definition" for code, _, _ in part.dossiers
        )
        assert not named or max(named.values()) == 1, place
    return found


def test_waterfalls_add_up_on_every_pair_of_revisions(story):
    numbers = [1, *story]
    for new, (cause, dossiers) in story.items():
        found = exact(new - 1, new)
        causes = {(part.cause, code) for one in found for part in one.parts for code, _, _ in part.dossiers}
        assert causes == {(cause, hamlet.code(dossier)) for dossier in dossiers}, new
    pairs = [(old, new) for place, old in enumerate(numbers) for new in numbers[place + 2 :]]
    assert len(pairs) == 21
    for old, new in pairs:
        # Between 6 and 8 nothing stays moved: the dossier came and went.
        if (old, new) == (6, 8):
            with database.connection() as connection:
                assert changes.changes(connection, JULY, old, new).waterfalls == []
            continue
        exact(old, new)
    whole = {part.cause for one in exact(1, 8) for part in one.parts}
    assert whole == {"late", "corrected", "released", "calendar"}


def test_a_changed_definition_is_its_own_part(story, monkeypatch):
    declared = dict(definitions.indicators())
    one = declared["dossier_on_time_rate"]
    declared[one.id] = msgspec.structs.replace(one, who=f"({one.who}) AND channel = 2")
    monkeypatch.setattr(definitions, "indicators", lambda: declared)
    with database.connection() as connection:
        assert build.build(connection, JULY)[1]
    found = exact(8, None)
    assert {(one.indicator, part.cause) for one in found for part in one.parts} == {
        ("dossier_on_time_rate", "definition")
    }
    # Mixed with all that came before, the parts still add up, and the definitions are the last of them.
    mixed = next(
        one for one in exact(2, None) if (one.level, one.indicator) == ("commune", "dossier_on_time_rate")
    )
    assert [part.cause for part in mixed.parts] == ["corrected", "calendar", "definition"]


def test_the_command_tells_what_it_found(story):
    said = run("changes", "2025-07", "--from", "3", "--to", "4", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert (told["from_revision"], told["to_revision"]) == (3, 4)
    late = next(
        one
        for one in told["waterfalls"]
        if (one["level"], one["indicator"]) == ("commune", "dossier_late_settled_count")
    )
    assert late["parts"] == [
        {
            "cause": "corrected",
            "numerator": late["new"][0] - late["old"][0],
            "denominator": 0,
            "value_after": late["new"][0],
            "dossiers": [[hamlet.code(3), -1, 0]],
        }
    ]
    table = run("changes", "2025-07", "--from", "3", "--to", "4", "--indicator", "dossier_late_settled_count")
    assert hamlet.code(3) in table.out and "sửa ở nguồn" in table.out
    assert run("changes", "2025-07", "--to", "1").code == 1
    assert run("changes", "2025-08").code == 1


def test_old_reports_come_out_again_byte_for_byte(story, tmp_path):
    assert run("report", "II.06a", "2025-07", "--calendar", "month", "--revision", "99").code == 1
    first = run("report", "II.06a", "2025-07", "--calendar", "month", "--revision", "1", "--format", "csv")
    assert first.out == hamlet.FORM and "1 hồ sơ chưa xác định" in first.err
    now = run("report", "II.06a", "2025-07", "--calendar", "month", "--format", "csv")
    assert next(csv.reader(io.StringIO(now.out))) and now.out != first.out
    made = {}
    for number in (1, 4, 8):
        for shape in ("csv", "xlsx"):
            path = tmp_path / f"{number}.{shape}"
            said = run(
                "report", "II.06a", "2025-07", "--calendar", "month", "--revision", str(number),
                "--format", shape, "--out", path,
            )  # fmt: skip
            assert said.code == 0, said.err
            made[number, shape] = path.read_bytes()
        made[number, "values"] = run(
            "indicators", "2025-07", "--revision", str(number), "--format", "csv"
        ).raw
    with database.connection() as connection:
        connection.execute("UPDATE core.units SET name = name || ' mới', sort_order = 100 - sort_order")
        connection.execute("UPDATE marts.dossiers SET due_source = 'unknown'")
    for (number, shape), body in made.items():
        if shape == "values":
            again = run("indicators", "2025-07", "--revision", str(number), "--format", "csv").raw
        else:
            path = tmp_path / f"again-{number}.{shape}"
            run(
                "report", "II.06a", "2025-07", "--calendar", "month", "--revision", str(number),
                "--format", shape, "--out", path,
            )  # fmt: skip
            again = path.read_bytes()
        assert again == body, (number, shape)
