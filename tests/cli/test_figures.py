"""The numbers that come out are those of the eight dossiers, byte for byte."""

import csv
import io
import json
from pathlib import Path

import openpyxl
import psycopg
import pytest

from tests.cli import hamlet
from tests.cli.conftest import run
from tthc.indicators import definitions
from tthc.workdays import periods

HEADER = "period,calendar,level,code,indicator,numerator,denominator,value,status"


def rows(said) -> list[dict]:
    return list(csv.DictReader(io.StringIO(said.out)))


def told_at(level: str, label: str, calendar: str = "month") -> list[str]:
    """Return the indicators that have a value at a level in a period."""
    period = periods.parse(label, calendar)
    return [one.id for one in definitions.shown().values() if one.holds_in(period) and level in one.at]


def test_csv_is_exact(hamlet_settings):
    said = run("indicators", "2025-07", "--level", "commune", "--format", "csv")
    assert said.code == 0, said.err
    assert not said.raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in said.raw
    lines = said.out.split("\n")
    assert lines[0] == HEADER
    assert lines[-1] == ""
    assert "2025-07,month,commune,11674,dossier_on_time_rate,3,4,75.00,small_n" in lines
    assert "2025-07,month,commune,11674,dossier_late_settled_count,1,,1,ok" in lines
    assert [line.split(",")[4] for line in lines[1:-1]] == told_at("commune", "2025-07")


def test_every_value_worked_out_by_hand(hamlet_settings):
    found = {
        (row["level"], row["code"], row["indicator"]): (
            row["numerator"],
            row["denominator"],
            row["value"],
            row["status"],
        )
        for row in rows(run("indicators", "2025-07", "--format", "csv"))
    }
    assert {key: found.get(key) for key in hamlet.VALUES} == hamlet.VALUES
    assert {key[0] for key in found} == {"commune", "unit", "procedure", "field"}
    assert {key[1] for key in found if key[0] == "unit"} == {
        line.split(",")[0] for line in hamlet.FORM.splitlines()[1:-1]
    }
    # The cells of a form are not indicators.
    assert not [key for key in found if key[2].startswith("form_")]


def test_json_has_numbers_and_nulls(hamlet_settings):
    said = run("indicators", "2025-07", "--json")
    found = {(row["level"], row["code"], row["indicator"]): row for row in json.loads(said.out)}
    late = found["commune", "11674", "dossier_late_settled_count"]
    assert (late["value"], late["denominator"]) == (1, None)
    assert found["unit", "van_hoa_xa_hoi", "dossier_on_time_rate"]["value"] is None
    assert found["commune", "11674", "progress_rate_766"]["value"] == 66.67
    assert list(late) == HEADER.split(",")


def test_the_table_speaks_vietnamese(hamlet_settings):
    out = run("indicators", "2025-07").out
    (line,) = [line for line in out.splitlines() if definitions.shown()["dossier_on_time_rate"].name in line]
    assert "75,00 % (3/4), ít dữ liệu" in line
    assert "không có dữ liệu (0/0)" in line
    for name in ("Toàn xã", hamlet.KINH_TE, "Trung tâm sự nghiệp công"):
        assert name in out
    assert "Đăng ký việc thử" in run("indicators", "2025-07", "--level", "procedure").out


def test_what_is_not_published_is_a_header_and_a_note(hamlet_settings):
    said = run("indicators", "2025-Q3", "--format", "csv")
    assert (said.code, said.out) == (0, HEADER + "\n")
    assert "chưa được công bố" in said.err
    draft = run("indicators", "2025-Q3", "--draft", "--format", "csv")
    assert draft.code == 0
    assert "CHƯA công bố" in draft.err
    assert len(rows(draft)) > 50


def test_the_published_stays_when_a_draft_moves_on(own_hamlet):
    before = run("indicators", "2025-07", "--format", "csv").out
    with psycopg.connect(own_hamlet) as connection:
        connection.execute(
            "UPDATE marts.dossiers SET ended_on = '2025-07-20', alive_through = '2025-07-20'"
            " WHERE dossier_code = %s",
            (hamlet.code(1),),
        )
    assert run("refresh", "2025-07", "--calendar", "month").code == 0
    published = run("indicators", "2025-07", "--format", "csv")
    assert published.out == before
    assert "bản tính mới hơn" in published.err
    drafted = run("indicators", "2025-07", "--format", "csv", "--draft", "--level", "commune").out
    assert "2025-07,month,commune,11674,dossier_late_settled_count,2,,2,ok" in drafted.split("\n")
    assert run("publish", "2025-07", "--by", "A", "--reason", "sửa", "--calendar", "month").code == 0
    assert "lần 2" in run("indicators", "2025-07").err


def test_form_csv_is_exact(hamlet_settings):
    said = run("report", "II.06a", "2025-07", "--calendar", "month", "--format", "csv")
    assert said.code == 0, said.err
    assert said.out == hamlet.FORM
    assert said.err.count(": đúng") == 5
    assert "1 hồ sơ chưa xác định" in said.err


def test_form_follows_the_report_calendar_by_default(hamlet_settings):
    said = run("report", "II.06a", "2025-07", "--draft", "--format", "csv")
    assert said.code == 0, said.err
    # 15/6 to 14/7: D1, D2, D3, D4, D8 received; D1, D2 ended; D4 overdue.
    assert said.out.splitlines()[-1] == "11674,Tổng số,5,2,3,0,2,1,1,0,3,2,1"
    assert run("report", "II.06a", "2025-07", "--format", "csv").out == hamlet.FORM.splitlines()[0] + "\n"


def test_form_equals_the_published_view(hamlet_settings):
    with psycopg.connect(hamlet_settings.environment["TTHC_WAREHOUSE_URL"]) as connection:
        view = connection.execute(
            "SELECT code, name, received_or_carried_count, received_online_count, received_other_count,"
            " carried_over_count, settled_count, settled_early_count, settled_on_time_count, settled_late_count,"
            " open_count, open_within_term_count, open_overdue_count FROM reports.form_ii06a"
            " WHERE calendar = 'month' AND period = '2025-07' ORDER BY is_total, sort_order"
        ).fetchall()
    assert [",".join(map(str, row)) for row in view] == hamlet.FORM.splitlines()[1:]


def test_form_as_a_workbook(hamlet_settings, tmp_path: Path):
    path = tmp_path / "biểu.xlsx"
    said = run("report", "II.06a", "2025-07", "--calendar", "month", "--format", "xlsx", "--out", path)
    assert (said.code, said.out) == (0, ""), said.err
    sheet = openpyxl.load_workbook(path).active
    cells = [list(row) for row in sheet.iter_rows(values_only=True)]
    texts = [str(cell) for row in cells for cell in row if cell is not None]
    for text in ("Biểu số II.06a/VPCP/KSTT", "Số hồ sơ nhận giải quyết", "Trong kỳ", "Bản công bố lần 1"):
        assert any(text in cell for cell in texts), text
    assert any("01/07/2025" in cell and "31/07/2025" in cell for cell in texts)
    at = next(place for place, row in enumerate(cells) if row[0] == "(1)")
    assert cells[at] == [f"({number})" for number in range(1, 14)]
    expected = [line.split(",") for line in hamlet.FORM.splitlines()[1:]]
    for place, (_, name, *numbers) in enumerate(expected):
        row = cells[at + 1 + place]
        assert row[1:] == [name, *map(int, numbers)]
        assert row[0] == (place + 1 if place < 5 else None)
    assert any("1 hồ sơ chưa xác định" in cell for cell in texts)
    merged = {str(one) for one in sheet.merged_cells.ranges}
    assert {f"A{at - 2}:A{at}", f"C{at - 2}:F{at - 2}", f"D{at - 1}:E{at - 1}"} <= merged
    assert run("report", "II.06a", "2025-07", "--calendar", "month", "--format", "xlsx").raw[:2] == b"PK"


def test_no_workbook_without_numbers(hamlet_settings, tmp_path: Path):
    said = run("report", "II.06a", "2024-01", "--format", "xlsx", "--out", tmp_path / "a.xlsx")
    assert said.code == 1
    assert not list(tmp_path.iterdir())


def test_a_name_that_starts_like_a_formula_stays_text(own_hamlet, tmp_path: Path):
    with psycopg.connect(own_hamlet) as connection:
        connection.execute("UPDATE core.units SET name = '=1+1' WHERE unit_code = 'kinh_te'")
    path = tmp_path / "a.xlsx"
    # A published form keeps the names of its day; a draft has those of today.
    report = ("report", "II.06a", "2025-Q3", "--draft", "--calendar", "month", "--format", "xlsx")
    assert run(*report, "--out", path).code == 0
    sheet = openpyxl.load_workbook(path).active
    (cell,) = [cell for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert cell.data_type == "s"


@pytest.mark.parametrize("calendar", ["month", "report"])
@pytest.mark.parametrize("period", ["2025-07", "2025-Q3", "2025-H2", "2025-9M", "2025"])
def test_every_kind_of_period(hamlet_settings, period, calendar):
    said = run("indicators", period, "--draft", "--calendar", calendar, "--format", "csv", "--level", "unit")
    assert said.code == 0
    assert len(rows(said)) == 5 * len(told_at("unit", period, calendar)) > 0
