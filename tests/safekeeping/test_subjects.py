"""A person who asks to be erased is nowhere any more, their dossiers go on being counted, nobody else is touched."""

import io
import json
from pathlib import Path

import psycopg
import pytest

from tests.cli import hamlet
from tests.cli.conftest import run
from tthc import settings
from tthc.landing import keys
from tthc.landing.archive import Archive

OTHER = "031099000042"
OTHER_NAME = "Lê Văn Khác"
BY = ("--by", "Trần Thị Lan", "--reason", "đơn số 12")


def records() -> list[dict]:
    """Return the hamlet's dossiers: three of the person, the others of somebody else."""
    shown = hamlet.records()
    for number, record in enumerate(shown, start=1):
        if number > 3:
            record |= {"SoGiayToChuHoSo": OTHER, "ChuHoSo": OTHER_NAME}
        record["TaiLieuNop"] = [
            {"MaThanhPhanHoSo": "A", "DuongDanTaiTepTin": f"/tep/{record['ChuHoSo']}.pdf"}
        ]
        record["GhiChu"] = f"{record['ChuHoSo']} gọi lại chiều nay"
    return shown


def events() -> list[dict]:
    return [
        {
            "MaHoSo": hamlet.code(number),
            "NguoiXuLy": "Phạm Thị Cán Bộ",
            "ChucDanh": "Chuyên viên",
            "ThoiDiemXuLy": "20250703090000",
            "PhongBanXuLy": hamlet.KINH_TE,
            "NoiDungXuLy": f"Mời {name} bổ sung giấy tờ",
            "TrangThai": "4",
        }
        for number, name in ((1, hamlet.NAME), (4, OTHER_NAME))
    ]


@pytest.fixture
def town(warehouse: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """Return the libpq URL of a warehouse that has read the dossiers of two people and published a month."""
    catalogue = tmp_path / "danh muc.csv"
    catalogue.write_text(hamlet.CATALOGUE, encoding="utf-8-sig")
    city = hamlet.city(records())
    city.records["/api/tien-do"] = events()
    with city:
        for key, value in city.environment.items():
            monkeypatch.setenv(key, value)
        for command in (
            ("init",),
            ("load", str(catalogue)),
            ("ingest", "city__progress_events", "city__dossiers", *hamlet.WINDOW),
            ("refresh", "2025-07"),
            ("publish", "2025-07", "--by", "Duyệt", "--reason", "tháng 7", "--calendar", "month"),
        ):
            said = run(*command)
            assert said.code == 0, said.err
    return warehouse


def asked(monkeypatch: pytest.MonkeyPatch, command: str, number: str = hamlet.IDENTITY) -> dict:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{number}\n"))
    said = run("subject", command, *BY, "--json")
    assert said.code == 0, said.err
    assert number not in said.out + said.err
    return json.loads(said.out)


def archived() -> dict[str, bytes]:
    """Return the content of every object that is in the archive."""
    place = Path(settings.archive_url())
    digests = [path.name.partition(".")[0] for path in place.rglob("*.zst.aes")]
    return {digest: Archive(str(place)).get(digest) for digest in digests}


def rows(url: str, query: str) -> list[tuple]:
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchall()


def test_what_is_held_is_found_by_hash_and_noted(town, monkeypatch):
    found = asked(monkeypatch, "find")
    assert [one["dossier_code"] for one in found["dossiers"]] == [hamlet.code(n) for n in (1, 2, 3)]
    assert {page["stream"] for page in found["pages"]} == {"city__dossiers", "city__progress_events"}
    assert found["subject_key"] == keys.identity_hash(hamlet.IDENTITY)
    (noted,) = rows(
        town, "SELECT accessed_by, action, subject FROM ops.access_log WHERE action = 'find_subject'"
    )
    assert noted == ("Trần Thị Lan", "find_subject", f"subject {found['subject_key']}")


def test_the_erased_are_nowhere_and_every_number_stays(town, monkeypatch):
    counted = (
        "SELECT level, code, indicator, numerator, denominator FROM indicators.published ORDER BY 1, 2, 3"
    )
    kept = "SELECT dossier_code, status, received_at, due_at FROM core.dossiers ORDER BY 1"
    others = (
        f"SELECT * FROM core.dossier_versions WHERE dossier_code > '{hamlet.code(3)}' ORDER BY dossier_code"
    )
    texts = "SELECT dossier_code, text_key FROM core.progress_events ORDER BY 1"
    before = [rows(town, query) for query in (counted, kept, others, texts)]
    assert len(before[3]) == 2 and all(before)
    full = b"".join(archived().values())
    assert hamlet.IDENTITY.encode() in full and hamlet.NAME.encode() in full

    done = asked(monkeypatch, "erase")
    assert done["dossier_count"] == 3 and done["object_count"] == done["removed_count"] == 2

    left = b"".join(archived().values())
    assert hamlet.IDENTITY.encode() not in left and hamlet.NAME.encode() not in left
    assert OTHER.encode() in left and left.count(OTHER_NAME.encode()) == full.count(OTHER_NAME.encode())
    assert "Phạm Thị Cán Bộ".encode() in left
    assert [rows(town, query) for query in (counted, kept, others, texts)] == before
    nobody = "SELECT dossier_code FROM core.dossiers WHERE applicant_key IS NULL ORDER BY 1"
    assert [code for (code,) in rows(town, nobody)] == [hamlet.code(n) for n in (1, 2, 3)]
    assert not rows(town, f"SELECT FROM core.dossier_versions WHERE applicant_key = '{done['subject_key']}'")


def test_what_was_changed_is_written_down_and_everything_still_holds(town, monkeypatch):
    before = archived().keys()
    done = asked(monkeypatch, "erase")
    changed = rows(town, "SELECT old_sha256, new_sha256, removed_at IS NOT NULL FROM ops.redactions")
    assert len(changed) == done["object_count"] == 2
    assert {old for old, _, _ in changed} == before - archived().keys()
    assert {new for _, new, _ in changed} == archived().keys() - before
    assert all(removed for _, _, removed in changed)
    (line,) = rows(town, "SELECT subject_key, erased_by, reason, dossier_count FROM ops.erasures")
    assert line == (done["subject_key"], "Trần Thị Lan", "đơn số 12", 3)
    # Replayed from the archive as it is now, core is what it is: the promises hold, links and seals too.
    assert run("refresh", "2025-07").code == 0
    said = run("doctor", "--full", "--json")
    assert said.code == 0, [one for one in json.loads(said.out) if not one["holds"]]


def test_asking_twice_changes_nothing_more(town, monkeypatch):
    asked(monkeypatch, "erase")
    objects = archived()
    again = asked(monkeypatch, "erase")
    assert (again["dossier_count"], again["object_count"]) == (0, 0) and archived() == objects
    assert asked(monkeypatch, "find")["dossiers"] == []


def test_one_that_stopped_before_core_was_made_again_is_ended_by_the_next(town, monkeypatch):
    from tthc.safekeeping import subjects

    def stops(*_, **__):
        raise RuntimeError("stopped here")

    with monkeypatch.context() as patch:
        patch.setattr(subjects.replay, "replay", stops)
        with pytest.raises(RuntimeError):
            subjects.erase(subjects.subject_key(hamlet.IDENTITY), by="Lan", reason="đơn", progress=str)
    hers = f"SELECT FROM core.dossiers WHERE applicant_key = '{keys.identity_hash(hamlet.IDENTITY)}'"
    assert len(rows(town, hers)) == 3
    assert asked(monkeypatch, "erase")["dossier_count"] == 3
    assert run("doctor", "--full").code == 0


def test_a_blank_number_is_nobodys(town, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("000000001\n"))
    said = run("subject", "find", *BY)
    assert said.code == 2 and "giữ chỗ" in said.err
