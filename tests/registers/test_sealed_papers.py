"""Papers and packs of what was sealed: the same sheets, whatever the registers say since, and bound to their run."""

import zipfile

import docx

from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import own_hamlet as own_hamlet
from tests.cli.conftest import run
from tests.cli.conftest import told as told
from tests.cli.test_packs import again, wrong
from tests.cli.test_scoring import NAME
from tests.registers.test_readers import house as house


def test_papers_and_a_pack_of_what_was_sealed_stay_as_they_were(house, monkeypatch, tmp_path):
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", house.login("hr"))
    out, pack = tmp_path / "giay-to", tmp_path / "ah-02.zip"
    said = run(
        "score", "paper", "2025-07", "--all", "--sealed", "--no-pdf", "--out", out, "--reason", "hồ sơ"
    )
    assert said.code == 0, said.err
    names = {path.name for path in out.iterdir()}
    assert "phieu-ca-nhan_11674_AH-02_2025-07_thang_lan-1_niem-1.docx" in names and len(names) == 5 + 4 + 2
    ((chain_hash,),) = house.run("SELECT chain_hash FROM restricted.score_runs WHERE state = 'sealed'")
    made = docx.Document(str(out / "phieu-ca-nhan_11674_AH-02_2025-07_thang_lan-1_niem-1.docx"))
    feet = [paragraph.text for paragraph in made.sections[0].footer.paragraphs]
    assert feet[1].endswith(f"đã niêm phiên bản 1, dấu {chain_hash[:16]}")
    first = run("pack", "make", "2025-07", "--official", "AH-02", "--sealed", "--no-pdf", "--out", pack)
    assert first.code == 0, first.err
    body = pack.read_bytes()
    said = run("pack", "verify", pack)
    assert said.code == 0 and "Phiếu trong lần niêm phiên bản 1: dấu khớp" in said.out
    assert "hai người duyệt Lan và Minh: khớp gói" in said.out
    with zipfile.ZipFile(pack) as given:
        found = {name: given.read(name) for name in given.namelist()}
    assert all(NAME.encode() not in one for one in found.values())
    # The hashes of the run name everybody; of nobody else is anything said.
    others = [name for name, one in found.items() if b"AH-11" in one]
    assert others == ["phieu-cua-lan-niem.txt"]
    # Another sheet put in place of the sealed one, its own fingerprints right, is none of those that were sealed.
    lines = found["phieu-cua-lan-niem.txt"].replace(b"official AH-02 ", b"official AH-02 f", 1)
    assert any(
        "Phiếu trong lần niêm" in line or "Dấu của cả" in line
        for line in wrong(again({**found, "phieu-cua-lan-niem.txt": lines}, is_honest=False))
    )
    # The register says something else by now: the sheet of now is another one, the sealed one is still the sealed one.
    house.run(
        "INSERT INTO restricted.staff_versions SELECT commune_code, official_code, kind, starts_on, ends_on, full_name,"
        " official_key, home_unit_code, working_unit_code, job_title, staff_kind, is_head, absence_reason, row_hash,"
        " fetch_id, row_number, '2025-01-01', flags, missing_since, now() FROM restricted.staff"
    )
    house.run("UPDATE restricted.staff SET home_unit_code = 'van_phong' WHERE official_code = 'AH-02'")
    assert (
        run("pack", "make", "2025-07", "--official", "AH-02", "--sealed", "--no-pdf", "--out", pack).code == 0
    )
    assert pack.read_bytes() == body
    house.run("DELETE FROM restricted.staff_versions")
    refused = run("pack", "make", "2025-07", "--official", "AH-02", "--sealed", "--no-pdf", "--out", pack)
    assert refused.code == 1 and "AH-02" in refused.err and "không tính lại được" in refused.err
    assert run("pack", "make", "2025-07", "--official", "AH-02", "--version", "2", "--out", pack).code == 1
