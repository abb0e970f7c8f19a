"""Packs of a quarter of the demo's registers: each unit's and twelve people's are counted again from what is inside."""

import csv
import io
import zipfile
from random import Random

import pytest

from tests.cli.conftest import run
from tests.proof.test_register_indicators import load_all, prepare

QUARTER = "2026-Q1"
#: What stands on the registers: tasks, publicity, inspections, documents, the plan of reform.
OF_REGISTERS = (
    "assigned_task_on_time_rate",
    "city_task_on_time_rate",
    "e_document_rate",
    "par_task_on_time_rate",
    "report_on_time_rate",
    "tthc_public_center_rate",
)


@pytest.mark.long
def test_packs_of_units_and_people_hold(warehouse, tmp_path):
    prepare(tmp_path)
    kept, _ = load_all(tmp_path)
    for command in (
        ("refresh", "2026-01", "2026-03"),
        ("publish", QUARTER, "--by", "Trần Văn Duyệt", "--reason", "quý I", "--calendar", "month"),
    ):
        said = run(*command)
        assert said.code == 0, said.err
    names = {row["full_name"] for row in kept["register__staff"] if row["full_name"]}
    people = sorted({row["official_code"] for row in kept["register__staff"]})
    units = ("kinh_te", "van_phong", "van_hoa_xa_hoi", "phuc_vu_hanh_chinh_cong", "su_nghiep_cong")
    behind: dict[str, int] = {}
    made = 0
    for kind, code in [
        *(("--unit", unit) for unit in units),
        *(("--official", code) for code in Random(1).sample(people, 12)),
    ]:
        path = tmp_path / f"{code}.zip"
        said = run("pack", "make", QUARTER, kind, code, "--no-pdf", "--out", path)
        if said.code == 2:
            # Who has only a contract, or left before, has no sheet.
            assert "Không có phiếu nào" in said.err
            continue
        assert said.code == 0, said.err
        made += 1
        said = run("pack", "verify", path)
        assert said.code == 0, said.out
        with zipfile.ZipFile(path) as given:
            for name in given.namelist():
                body = given.read(name).decode("utf-8-sig", "replace")
                assert not any(known in body for known in names), name
                if name.startswith("danh-sach/"):
                    rows = list(csv.DictReader(io.StringIO(body)))
                    indicator = name.rpartition("/")[2].removesuffix(".csv")
                    behind[indicator] = behind.get(indicator, 0) + len(rows)
    assert made >= 12
    assert [id for id in OF_REGISTERS if not behind.get(id)] == [], behind
