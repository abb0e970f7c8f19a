"""Sending rows back by the command line, those of the city system too."""

import json

import psycopg

from tests.cli import hamlet
from tests.cli.conftest import run
from tests.streams.return_sheet import Sheet
from tthc.quality.returns import CASE, MENDER, PLACE, REASON

SIGNED = ("--by", "Trần Văn Kiểm", "--reason", "trả đơn vị sửa")


def test_the_city_is_told_what_to_correct_and_no_file_is_expected(own_hamlet, tmp_path):
    said = run("quarantine", "export", *SIGNED, "--out", tmp_path / "phiếu", "--json")
    assert said.code == 0, said.err
    (written,) = json.loads(said.out)
    assert (written["stream"], written["unit_code"], written["rows"]) == ("city__dossiers", None, 1)
    sheet = Sheet(written["path"])
    assert "hệ thống một cửa của thành phố" in sheet.page["A2"].value
    assert "Không cần gửi lại tệp này" in sheet.page["A2"].value
    (row,) = sheet.rows
    assert [*sheet.headers][:3] == [CASE, REASON, PLACE]
    assert MENDER not in sheet.headers
    assert sheet.cell(row, "MaHoSo").value == hamlet.code(9)
    assert sheet.cell(row, "DonViXuLy").value == "Phòng Lạ"
    assert "DonViXuLy" in sheet.wrong(row)
    # Who corrects a dossier needs its code, not whose it is.
    shown = str([[cell.value for cell in each] for each in sheet.page.iter_rows()])
    assert hamlet.IDENTITY not in shown
    assert hamlet.NAME not in shown
    assert run("load", written["path"]).code == 2
    with psycopg.connect(own_hamlet) as connection:
        (action, by) = connection.execute("SELECT action, accessed_by FROM ops.access_log").fetchone()
    assert (action, by) == ("quarantine.export", SIGNED[1])


def test_a_table_for_people_and_nothing_to_send(own_hamlet, tmp_path):
    said = run("quarantine", "export", *SIGNED, "--out", tmp_path / "phiếu", "--unit", "không rõ đơn vị")
    assert (said.code, "không rõ đơn vị" in said.out) == (0, True)
    said = run("quarantine", "export", *SIGNED, "--out", tmp_path / "phiếu", "--unit", "kinh_te")
    assert (said.code, said.out) == (0, "")
    assert "Không có dòng nào" in said.err


def test_a_wrong_call_is_2(own_hamlet, tmp_path):
    assert run("quarantine", "export", "--by", "A").code == 2
    assert run("quarantine", "export", *SIGNED, "--unit", "Phòng Không Có").code == 2
    assert run("quarantine", "export", *SIGNED, "--stream", "không__có").code == 2
    assert run("quarantine", "export", *SIGNED, "--out", ".").code == 2
