"""Packs of a month in which dossiers, petitions and apologies happened: every number of a unit stands on its rows."""

import csv
import io
import zipfile

from tests.cli.conftest import run
from tests.cli.test_papers import published as published
from tests.cli.test_papers import village as village

UNITS = ("kinh_te", "van_phong", "van_hoa_xa_hoi", "phuc_vu_hanh_chinh_cong", "su_nghiep_cong")


def test_the_pack_of_every_unit_holds_and_its_rows_are_of_every_register(published, tmp_path):
    behind: dict[str, int] = {}
    for unit in UNITS:
        path = tmp_path / f"{unit}.zip"
        said = run("pack", "make", "2025-07", "--unit", unit, "--no-pdf", "--out", path)
        assert said.code == 0, said.err
        said = run("pack", "verify", path)
        assert said.code == 0, said.out
        with zipfile.ZipFile(path) as given:
            for name in given.namelist():
                if not name.startswith("danh-sach/"):
                    continue
                rows = list(csv.DictReader(io.StringIO(given.read(name).decode("utf-8-sig"))))
                indicator = name.rpartition("/")[2].removesuffix(".csv")
                behind[indicator] = behind.get(indicator, 0) + len(rows)
                # A row is one that adds to the number, and nobody's name or key is a column.
                assert all(row["phan_tu_so"] != "0" or row["phan_mau_so"] != "0" for row in rows)
                assert not any({"official_code", "official_key", "full_name"} & set(row) for row in rows)
    # The eight dossiers of hamlet; the commune's 3 of 4 that were on time (VALUES) are those of its units.
    assert (behind["form_ii06a_received_or_carried"], behind["dossier_on_time_rate"]) == (8, 4)
    assert behind["pakn_on_time_rate"] > 0 and behind["apology_issued_rate"] > 0
