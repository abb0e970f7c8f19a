"""An evidence pack holds by itself, elsewhere too; whatever is changed in it is caught, and its papers say the same."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
import yaml

from tests.cli.conftest import run
from tests.cli.test_scoring import NAME, accesses, staffed
from tthc.evaluation import pack_check, pack_members
from tthc.settings import root

__all__ = ["staffed"]


@pytest.fixture
def made(hamlet_settings, tmp_path) -> Path:
    """The pack of a unit with two open dossiers, one of them overdue."""
    path = tmp_path / "van-phong.zip"
    said = run("pack", "make", "2025-07", "--unit", "van_phong", "--no-pdf", "--out", path, "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["sha256"] == pack_members.digest(path.read_bytes())
    assert path.stat().st_mode & 0o777 == 0o600
    return path


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as given:
        return {name: given.read(name) for name in given.namelist()}


def again(found: dict[str, bytes], *, is_honest: bool) -> bytes:
    """Return a pack of these members; one who is not honest puts the fingerprints of the manifest right."""
    if not is_honest:
        manifest = json.loads(found["muc-luc.json"])
        manifest["members"] = {
            name: pack_members.digest(body) for name, body in found.items() if name != "muc-luc.json"
        }
        found = {**found, "muc-luc.json": pack_members.to_json(manifest)}
    return pack_members.zipped(found)


def wrong(body: bytes) -> list[str]:
    return [line.text for line in pack_check.check(body) if line.holds is False]


def test_the_lists_add_up_and_the_points_follow_by_hand(made):
    found = members(made)
    sheet = json.loads(found["phieu.json"])
    (line,) = [line for line in sheet["items"] if line["item"] == "A3"]
    rows = list(
        csv.DictReader(
            io.StringIO(found["danh-sach/unit/van_phong/dossier_overdue_open_count.csv"].decode("utf-8-sig"))
        )
    )
    # D4 is overdue; D5 is within its term, so it is not behind the count.
    assert [(row["khoa"], row["phan_tu_so"]) for row in rows] == [("H24.99.01-250701-0004", "1")]
    (row,) = rows
    assert (row["nguon_tiep_nhan"], row["nguon_hen_tra"], row["nguon_ket_thuc"]) == (
        "2025-06-20",
        "2025-07-05",
        "",
    )
    assert row["nguon_trang_thai"] == "4" and row["is_overdue"] == "true" and "official_code" not in row
    # Only A3 of group A (35) and group E (10) can be told: these are spread over 100; one dossier costs a fifth.
    rules = yaml.safe_load(found["bo-quy-tac.yaml"])
    weights = {group["code"]: group["weight"] for group in rules["forms"][0]["groups"]}
    assert (weights["A"], weights["E"]) == ("35", "10")
    assert (Decimal(line["weight"]), Decimal(line["points"])) == (
        (Decimal(3500) / 45).quantize(Decimal("0.01")), (Decimal(3500) / 45 * 4 / 5).quantize(Decimal("0.01")),
    )  # fmt: skip
    # The same numbers by a scorer of its own, from nothing but the lists.
    for name, body in found.items():
        if not name.startswith("danh-sach/"):
            continue
        _, level, code, indicator = name.removesuffix(".csv").split("/")
        (told,) = [
            each
            for each in csv.DictReader(io.StringIO(found["so-lieu.csv"].decode("utf-8-sig")))
            if (each["level"], each["code"], each["indicator"]) == (level, code, indicator)
        ]
        parts = list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
        assert sum(int(each["phan_tu_so"]) for each in parts) == int(told["numerator"] or 0), name
        if told["denominator"]:
            assert sum(int(each["phan_mau_so"]) for each in parts) == int(told["denominator"]), name


def test_the_same_pack_has_the_same_bytes(made, tmp_path):
    other = tmp_path / "again.zip"
    assert run("pack", "make", "2025-07", "--unit", "van_phong", "--no-pdf", "--out", other).code == 0
    assert other.read_bytes() == made.read_bytes()


def test_another_machine_verifies_it_without_database_or_settings(made, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TTHC_")}
    environment |= {
        "PYTHONPATH": str(root() / "plugins"),
        "HOME": str(elsewhere),
        "TTHC_STATE": str(elsewhere),
    }
    environment["TTHC_ENV_FILE"] = str(elsewhere / "none")

    def verify(path: Path) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "tthc.cli", "pack", "verify", str(path)],
            env=environment, cwd=elsewhere, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    done = verify(made)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "mọi điều kiểm được đều khớp" in done.stdout and "SAI" not in done.stdout
    assert done.stdout.count("đúng: ") > 30
    assert "Mục A3 Hồ sơ đang quá hạn" in done.stdout and "cộng lại được 1, bản công bố ghi 1" in done.stdout
    spoilt = elsewhere / "hong.zip"
    spoilt.write_bytes(made.read_bytes()[:-200])
    done = verify(spoilt)
    assert done.returncode == 1 and "không phải một gói zip còn nguyên" in done.stdout
    assert verify(elsewhere / "nowhere.zip").returncode == 2


def test_every_flipped_byte_of_every_member_is_caught(made):
    found = members(made)
    assert wrong(again(found, is_honest=True)) == []
    for name, body in found.items():
        for place in {0, len(body) // 2, len(body) - 2}:
            if place < 0:
                continue
            flipped = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
            assert wrong(again({**found, name: flipped}, is_honest=True)), (name, place)
    for name in found:
        assert wrong(
            again({other: body for other, body in found.items() if other != name}, is_honest=True)
        ), name
    assert wrong(again({**found, "them.txt": b"x"}, is_honest=True))


LIST = "danh-sach/unit/van_phong/dossier_overdue_open_count.csv"


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        # A count that is smaller, in the published number only.
        ("so-lieu.csv", "_overdue_open_count,1,", "_overdue_open_count,0,", "cộng lại được 1, bản công bố ghi 0"),
        # A dossier that no longer counts.
        (LIST, "-0004,1,", "-0004,0,", "cộng lại được 0, bản công bố ghi 1"),
        # Points that the rule set does not give.
        ("phieu.json", '"code": "van_phong"', '"code": "kinh_te"', "khác mục lục"),
        ("bo-quy-tac.yaml", "each: '1'\n      among", "each: '0.5'\n      among", "dấu KHÁC dấu trên phiếu"),
        ("mat-xich.json", '"revision_number": 1', '"revision_number": 2', "dấu KHÁC mục lục"),
        ("phieu.json", "Mặc định của phần mềm, chưa phải quy chế của UBND xã", "Quy chế của UBND xã", "KHÁC"),
    ],
)  # fmt: skip
def test_one_who_puts_the_fingerprints_right_is_caught_by_what_no_longer_adds_up(made, name, old, new, said):
    found = members(made)
    text = found[name].decode("utf-8-sig" if name.endswith("csv") else "utf-8")
    assert old in text
    body = text.replace(old, new, 1).encode("utf-8-sig" if name.endswith("csv") else "utf-8")
    lines = wrong(again({**found, name: body}, is_honest=False))
    assert any(said in line for line in lines), lines


def test_points_level_and_paper_that_were_moved_are_caught(made):
    found = members(made)
    sheet = json.loads(found["phieu.json"])
    for line in sheet["items"]:
        if line["item"] == "A3":
            line["points"] = line["weight"]
    lines = wrong(again({**found, "phieu.json": pack_members.to_json(sheet)}, is_honest=False))
    assert any("Mục A3" in line and "points" in line for line in lines), lines
    sheet = json.loads(found["phieu.json"])
    sheet["level_most"] = sheet["proposed_level"] = "Hoàn thành xuất sắc nhiệm vụ"
    lines = wrong(again({**found, "phieu.json": pack_members.to_json(sheet)}, is_honest=False))
    assert any("Mức cao nhất" in line for line in lines) and any("phieu.docx" in line for line in lines), (
        lines
    )


def test_a_rule_set_that_was_swapped_is_caught_whatever_else_is_put_right(made):
    found = members(made)
    from tthc.evaluation import rule_files

    other = rule_files.named("units_bands_qd212")
    sheet, manifest = json.loads(found["phieu.json"]), json.loads(found["muc-luc.json"])
    sheet["ruleset"]["sha256"] = manifest["ruleset"]["sha256"] = rule_files.fingerprint(other)
    swapped = {
        **found,
        "bo-quy-tac.yaml": pack_members.rules_to_yaml(other),
        "phieu.json": pack_members.to_json(sheet),
        "muc-luc.json": pack_members.to_json(manifest),
    }
    assert any("KHÁC" in line for line in wrong(again(swapped, is_honest=False)))


@pytest.mark.parametrize("body", [b"", b"not a zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_pack_is_no_pack(body, tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(body)
    said = run("pack", "verify", path)
    assert said.code == 1 and "SAI" in said.out and "Traceback" not in said.err


def test_a_personal_pack_has_what_is_needed_of_one_person_and_leaves_a_line(staffed, tmp_path):
    path = tmp_path / "ah-02.zip"
    said = run(
        "pack", "make", "2025-07", "--official", "AH-02", "--no-pdf", "--out", path,
        "--by", "Trần Thị Lan", "--reason", "khiếu nại số 3", "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    body = path.read_bytes()
    assert wrong(body) == []
    found = members(path)
    assert all(NAME.encode() not in each and b"AH-01" not in each for each in found.values())
    grounds = json.loads(found["can-cu.json"])
    assert grounds["person"]["code"] == "AH-02" and grounds["led"] == [] and grounds["unit"] is None
    reading, paper = accesses(staffed)
    assert reading[1] == "score.read"
    assert (
        paper[0].startswith("Trần Thị Lan · ") and paper[1] == "score.paper" and paper[3] == "khiếu nại số 3"
    )
    assert "AH-02" in paper[2] and pack_members.digest(body) in paper[2]
    # A head stands on the unit and on whom they lead; both are counted again.
    assert run("pack", "make", "2025-07", "--official", "AH-01", "--no-pdf", "--out", path).code == 0
    found = members(path)
    grounds = json.loads(found["can-cu.json"])
    assert [one["code"] for one in grounds["led"]] == ["AH-02"] and grounds["unit"]["held"] == ["V4"]
    grounds["unit"]["held"] = []
    lines = wrong(again({**found, "can-cu.json": pack_members.to_json(grounds)}, is_honest=False))
    assert any("Mức và điều kiện của đơn vị kinh_te" in line for line in lines), lines


def test_what_is_not_published_is_not_packed(hamlet_settings, tmp_path):
    said = run("pack", "make", "2025-Q3", "--unit", "kinh_te", "--out", tmp_path / "x.zip")
    assert said.code == 1 and "tthc publish 2025-Q3" in said.err and not list(tmp_path.glob("*.zip"))
    assert run("pack", "make", "2025-07", "--out", tmp_path / "x.zip").code == 2
    inside = run("pack", "make", "2025-07", "--unit", "kinh_te", "--out", root() / "x.zip")
    assert inside.code == 2 and "kho mã nguồn" in inside.err


@pytest.mark.parametrize(("group", "code"), [("hr", 0), ("analyst", 1), ("steward", 1)])
def test_a_personal_pack_is_for_hr_only(staffed, member, monkeypatch, tmp_path, group, code):
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", member(staffed, group))
    path = tmp_path / "x.zip"
    said = run("pack", "make", "2025-07", "--official", "AH-02", "--no-pdf", "--out", path)
    assert said.code == code, said.err
    assert path.exists() == (code == 0)
    with psycopg.connect(staffed) as connection:
        assert connection.execute("SELECT count(*) FROM ops.access_log").fetchone()[0] == (
            2 if code == 0 else 0
        )
    if group == "analyst":
        assert run("pack", "make", "2025-07", "--unit", "kinh_te", "--no-pdf", "--out", path).code == 0
