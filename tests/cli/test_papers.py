"""The papers: every form equals a workbook worked out by hand; a form that does not add up is not made.

The rows behind them: the eight dossiers of ``hamlet``, two filings that wait, five petitions, four reviews.
"""

import io
import json
import re
import zipfile
from pathlib import Path

import docx
import openpyxl
import psycopg
import pytest
import yaml
from openpyxl.utils import get_column_letter

from tests.cli.conftest import run
from tests.cli.village import WHAT_HAPPENED
from tests.sql import cases
from tthc.reports import papers, pdf
from tthc.warehouse import database
from tthc.workdays import periods

GOLDEN = sorted((Path(__file__).parent / "papers").glob("*.yaml"))
JULY = ("2025-07", "--calendar", "month")


@pytest.fixture(scope="module")
def village(told, cluster):
    """Return the name of a database in which all of that has happened, and July is published a second time."""
    from psycopg import sql

    from tests.conftest import OWNER

    name = f"{told.database}_papers"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(told.database)
            )
        )
    with pytest.MonkeyPatch.context() as patch:
        for key, value in (told.environment | {"TTHC_WAREHOUSE_URL": cluster.url(name, user=OWNER)}).items():
            patch.setenv(key, value)
        with database.connection() as connection:
            for table, rows in WHAT_HAPPENED.items():
                cases.insert(connection, table, rows)
        for command in (
            ("refresh", "2025-07"),
            ("publish", *JULY, "--by", "Trần Văn Duyệt", "--reason", "sổ"),
        ):
            said = run(*command)
            assert said.code == 0, said.err
    yield name
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def published(village, told, cluster, monkeypatch):
    """Point the settings at that database, to be read only."""
    from tests.conftest import OWNER

    for key, value in (told.environment | {"TTHC_WAREHOUSE_URL": cluster.url(village, user=OWNER)}).items():
        monkeypatch.setenv(key, value)


@pytest.fixture
def own(village, published, new_database, monkeypatch):
    """Return the address of a copy of it that a test may spoil."""
    url = new_database(village)
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", url)
    return url


def made(form: str, shape: str, *more: str) -> bytes:
    said = run("report", form, *JULY, "--format", shape, *more)
    assert said.code == 0, said.err
    return said.raw


def opened(body: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(body))


def filled_cells(sheet) -> dict[str, object]:
    return {c.coordinate: c.value for row in sheet.iter_rows() for c in row if c.value is not None}


def expected_cells(golden: dict) -> dict[str, object]:
    found = {}
    for row, cells in golden["cells"].items():
        if isinstance(cells, list):
            cells = {get_column_letter(place): value for place, value in enumerate(cells, 1)}
        found |= {f"{column}{row}": value for column, value in cells.items() if value is not None}
    return found


def test_every_grid_has_a_golden_workbook():
    grids = {
        versions[-1].form for versions in papers.papers().values() if isinstance(versions[-1], papers.Grid)
    }
    assert {yaml.safe_load(path.read_text())["form"] for path in GOLDEN} == grids
    assert len(grids) >= 6


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_a_form_equals_its_golden_workbook(published, path):
    golden = yaml.safe_load(path.read_text(encoding="utf-8"))
    book = opened(made(golden["form"], "xlsx"))
    sheet = book.worksheets[0]
    found, expected = filled_cells(sheet), expected_cells(golden)
    for cell, value in expected.items():
        if value == "{edition}":
            assert re.fullmatch(r"Bản công bố lần 2, \d\d/\d\d/\d{4}", found[cell])
            expected[cell] = found[cell]
    assert found == expected
    assert {str(one) for one in sheet.merged_cells.ranges} == set(golden["merged"])
    behind = book["Danh sách"]
    rows = list(behind.iter_rows(min_row=5, values_only=True))
    heads = [cell.value for cell in behind[4]]
    counted = {
        row[1]: [int(heads[at].strip("()")) for at in range(5, len(heads)) if row[at] is not None]
        for row in rows
    }
    assert counted == golden["behind"]


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_the_page_can_be_printed(published, path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))["form"]
    for sheet in opened(made(form, "xlsx")):
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        assert sheet.page_setup.fitToHeight == 0 and sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows
        assert not [
            cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f" or cell.hyperlink
        ]
    first = opened(made(form, "xlsx")).worksheets[0]
    assert first.freeze_panes.startswith("C")
    numbers = [c for row in first.iter_rows() for c in row if isinstance(c.value, int) and c.column > 2]
    assert numbers and all(cell.number_format.startswith("[$-42A]") for cell in numbers)


@pytest.mark.parametrize("form", ["II.06a", "II.05a", "766", "bang-chi-tieu", "bao-cao-thang"])
def test_a_paper_made_again_has_the_same_bytes(own, form):
    shape = "docx" if form == "bao-cao-thang" else "xlsx"
    before = made(form, shape)
    with psycopg.connect(own) as connection:
        connection.execute("UPDATE core.units SET name = name || ' mới', sort_order = 100 - sort_order")
        connection.execute("DELETE FROM core.petitions")
        connection.execute("UPDATE marts.dossiers SET due_source = 'unknown'")
    assert made(form, shape, "--revision", "2") == before
    parts = zipfile.ZipFile(io.BytesIO(before)).infolist()
    assert {part.date_time for part in parts} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("shape", ["csv", "xlsx", "json", "table", "pdf"])
def test_a_form_that_does_not_add_up_is_not_made(own, tmp_path, shape):
    with psycopg.connect(own) as connection:
        build = connection.execute(
            "INSERT INTO indicators.builds (commune_code, calendar, period, period_start, period_end, definitions_hash,"
            " content_hash, known_at) SELECT commune_code, calendar, period, period_start, period_end,"
            " definitions_hash, 'spoilt', known_at FROM indicators.builds WHERE calendar = 'month'"
            " AND period = '2025-07' ORDER BY build_id DESC LIMIT 1 RETURNING build_id"
        ).fetchone()[0]
        connection.execute(
            "INSERT INTO indicators.values SELECT %(new)s, level, code, indicator,"
            " numerator + (indicator = 'form_ii06a_open_overdue' AND code = 'kinh_te')::integer, denominator, value,"
            " status FROM indicators.values WHERE build_id = (SELECT max(build_id) FROM indicators.builds"
            "  WHERE calendar = 'month' AND period = '2025-07' AND build_id < %(new)s)",
            {"new": build},
        )
    path = tmp_path / f"a.{shape}"
    said = run(
        "report",
        "II.06a",
        *JULY,
        "--draft",
        "--format",
        shape,
        *(["--out", path] if shape != "table" else []),
    )
    assert (said.code, said.out) == (1, "")
    assert not list(tmp_path.iterdir())
    for part in ("(11) = (12) + (13)", "Phòng Kinh tế: 0 = 1", "không được lập"):
        assert part in said.err
    # The other forms do not read that cell.
    assert run("report", "II.08", *JULY, "--draft", "--format", "csv").code == 0


def test_a_total_that_is_not_the_sum_of_its_rows_stops_the_form(own):
    with psycopg.connect(own) as connection:
        connection.execute(
            "INSERT INTO indicators.builds (commune_code, calendar, period, period_start, period_end, definitions_hash,"
            " content_hash) VALUES ('11674', 'month', '2024-07', '2024-07-01', '2024-07-31', 'd', 'c')"
        )
        connection.execute(
            "INSERT INTO indicators.values SELECT (SELECT max(build_id) FROM indicators.builds), level, code,"
            " indicator,"
            " numerator + (level = 'commune' AND indicator = 'form_ii04_proposed')::integer, denominator, value, status"
            " FROM indicators.values WHERE indicator LIKE 'form\\_ii04%' AND build_id ="
            " (SELECT build_id FROM indicators.revisions ORDER BY revision_id DESC LIMIT 1)"
        )
    said = run("report", "II.04", "2024-07", "--calendar", "month", "--draft", "--format", "csv")
    assert (said.code, said.out) == (1, "")
    assert "tổng số cột (5) (tổng 4, cộng các dòng 3)" in said.err


def test_what_is_not_whole_says_so_in_every_shape(own):
    """The file of petitions is dated in the middle of July: nobody can say that no others came later."""
    with psycopg.connect(own) as connection:
        connection.execute("UPDATE ops.fetches SET fetched_at = '2025-07-20 09:00+07' WHERE fetch_id = 9001")
    assert run("refresh", "2025-07").code == 0
    said = run("report", "II.05a", *JULY, "--draft", "--format", "csv")
    lines = said.out.splitlines()
    assert lines[0].endswith(",14,incomplete")
    # What was counted is told, with its star; where nothing was counted nothing is known.
    assert lines[1] == "kinh_te,Phòng Kinh tế,2,1,1,,1,1,,1,,1,1,1,3 4 5 6 7 8 9 10 11 12 13 14"
    note = "SỐ LIỆU CHƯA ĐỦ, thiếu nguồn “Phản ánh, kiến nghị” từ ngày 21/07/2025"
    assert note in said.err
    assert json.loads(run("report", "II.05a", *JULY, "--draft", "--json").out)[0]["incomplete"].startswith(
        "3 4 5"
    )
    book = opened(made("II.05a", "xlsx", "--draft"))
    sheet = book.worksheets[0]
    assert (sheet["C12"].value, sheet["F12"].value) == (2, "…*")
    assert sheet["C12"].number_format.endswith('"*"_)')
    assert any(note in str(cell) for cell in filled_cells(sheet).values())
    assert any("CHƯA ĐỦ" in str(cell) for cell in filled_cells(book["Định nghĩa"]).values())
    tables = docx.Document(io.BytesIO(made("bao-cao-thang", "docx", "--draft"))).tables
    said = {
        row.cells[1].text: row.cells[2].text for table in tables for row in table.rows if len(row.cells) == 3
    }
    assert "từ ngày 21/07/2025" in said["Tỷ lệ phản ánh, kiến nghị xử lý đúng hạn"]
    # The forms of whole sources keep the columns that their readers know.
    assert "incomplete" not in run("report", "II.06a", *JULY, "--draft", "--format", "csv").out


def test_every_number_on_paper_is_the_one_that_indicators_tells(published):
    with database.connection() as connection:
        told = {
            (row["code"], row["indicator"]): row
            for row in connection.execute(
                "SELECT * FROM indicators.published WHERE period = '2025-07' AND calendar = 'month'"
            )
        }
    compared = 0
    for path in GOLDEN:
        form = yaml.safe_load(path.read_text(encoding="utf-8"))["form"]
        paper = papers.paper(form, periods.parse("2025-07"))
        lines = run("report", form, *JULY, "--json").out
        for row in yaml.safe_load(lines):
            for column in paper.leaves:
                value = row[str(column.number)]
                known = told.get((row["code"], column.declared.of))
                if value is None or known is None:
                    continue
                part = "numerator" if column.is_count else column.declared.part
                assert value == float(known[part]), (form, row["code"], column.number)
                compared += 1
    assert compared > 300


def test_the_board_has_every_indicator_and_what_indicators_tells(published):
    sheet = opened(made("bang-chi-tieu", "xlsx")).worksheets[0]
    rows = {row[1]: row for row in sheet.iter_rows(values_only=True) if isinstance(row[0], int)}
    listed = yaml.safe_load(run("indicators", *JULY, "--level", "commune", "--json").out)
    from tthc.indicators import definitions

    shown = {id: one for id, one in definitions.shown().items() if one.holds_in(periods.parse("2025-07"))}
    assert {one.name for one in shown.values()} == set(rows)
    for value in listed:
        cell = rows[shown[value["indicator"]].name][3]
        if value["value"] is None:
            assert cell in ("…", "…*", "chưa có nguồn"), value
        else:
            assert cell == pytest.approx(value["value"]), value
    on_time = rows[shown["dossier_on_time_rate"].name]
    assert on_time[2:5] == ("≥\u00a098\u00a0%", 75, "Chưa đạt")


def test_the_766_sheet_equals_points_worked_out_by_hand(own):
    golden = yaml.safe_load(
        (Path(__file__).parent / "papers" / "index_766" / "2022.yaml").read_text(encoding="utf-8")
    )
    with database.connection() as connection:
        agency = connection.execute("SELECT portal_agency_code AS code FROM core.communes").fetchone()["code"]
        score = {"agency_code": agency, "year": 2025, "month": 7, "month_start": "2025-07-01"} | golden[
            "portal"
        ]
        cases.insert(connection, "core.index_766_scores", [score])
        build = connection.execute(
            "INSERT INTO indicators.builds (commune_code, calendar, period, period_start, period_end, definitions_hash,"
            " content_hash) VALUES ('11674', 'month', '2025-07', '2025-07-01', '2025-07-31', 'd', 'c')"
            " RETURNING build_id"
        ).fetchone()["build_id"]
        connection.cursor().executemany(
            "INSERT INTO indicators.values (build_id, level, code, indicator, numerator, denominator, value, status)"
            " VALUES (%s, 'commune', '11674', %s, %s, %s, %s, %s)",
            [(build, indicator, *rate) for indicator, rate in golden["rates"].items()],
        )
    sheet = opened(made("766", "xlsx", "--draft")).worksheets[0]
    found, expected = filled_cells(sheet), expected_cells(golden)
    assert f"(bản tính {build})" in found["A6"]
    expected["A6"] = found["A6"]
    assert found.keys() == expected.keys()
    for cell, value in expected.items():
        assert found[cell] == (pytest.approx(value) if isinstance(value, float) else value), cell
    assert sheet["G33"].number_format.endswith('"*"_)') and not sheet["G14"].number_format.endswith('"*"_)')
    said = run("report", "766", *JULY, "--draft", "--format", "csv")
    assert "SỐ LIỆU CHƯA ĐỦ" in said.out and "Điểm chưa đủ" in said.err


def test_who_lost_a_point_is_listed(published):
    cells = [[c.value for c in row] for row in opened(made("766", "xlsx"))["Việc mất điểm"].iter_rows()]
    lost = {row[1] for row in cells if row[0] == "2.1"}
    # The third was late, the fourth is overdue; the others of six are on time or within their term.
    assert lost == {"H24.99.01-250701-0003", "H24.99.01-250701-0004"}


def test_the_report_says_it_in_sentences(published):
    body = docx.Document(io.BytesIO(made("bao-cao-thang", "docx")))
    texts = [paragraph.text for paragraph in body.paragraphs]
    for sentence in (
        "Số hồ sơ nhận giải quyết: 8, trong đó tiếp nhận trực tuyến 2, trực tiếp và qua bưu chính 5, từ kỳ trước chuyển"
        " sang 1.",
        "Đã giải quyết 6 hồ sơ: trước hạn 1, đúng hạn 4, quá hạn 1. Đang giải quyết 2 hồ sơ, trong đó quá hạn 1.",
        "Tỷ lệ giải quyết đúng và trước hạn: 75,00\u00a0% (3/4) (ít trường hợp); trước hạn: 25,00\u00a0% (1/4)"
        " (ít trường hợp). Hồ sơ quá hạn đã có văn bản xin lỗi: 0,00\u00a0% (0/2) (ít trường hợp).",
    ):
        assert sentence in texts
    table = next(t for t in body.tables if t.rows[0].cells[1].text == "Đơn vị")
    assert [cell.text for cell in table.rows[-1].cells] == ["", "Tổng số", "8", "6", "1", "4", "1", "2", "1"]
    assert [cell.text for cell in table.rows[1].cells] == [
        "1",
        "Phòng Kinh tế",
        "4",
        "4",
        "1",
        "2",
        "1",
        "0",
        "0",
    ]
    assert len(body.inline_shapes) == 2


def test_file_names_say_what_who_which_period_and_revision(published, tmp_path):
    assert run("report", "07a/btp", *JULY, "--format", "xlsx", "--out", tmp_path).code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["07abtp_11674_2025-07_thang_lan-2.xlsx"]


def test_without_libreoffice_a_pdf_says_what_to_install(published, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    said = run("report", "II.06a", *JULY, "--format", "pdf", "--out", tmp_path / "a.pdf")
    assert said.code == 1 and "apt-get install libreoffice-calc" in said.err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    pdf.program() is None, reason="máy này không có LibreOffice: các phép thử khác vẫn so từng ô"
)
@pytest.mark.parametrize("form", ["II.06a", "bao-cao-thang"])
def test_libreoffice_opens_the_papers(published, form):
    body = made(form, "pdf")
    assert body.startswith(b"%PDF") and len(body) > 10_000
    assert body == made(form, "pdf")


def test_the_help_names_every_paper():
    said = run("report", "--help").out
    reported = [name for name, each in papers.papers().items() if not isinstance(each[-1], papers.ScorePaper)]
    assert len(reported) >= 9
    assert [form for form in reported if form not in said] == []


def test_a_long_list_is_told_not_written(published, monkeypatch):
    monkeypatch.setattr("tthc.reports.backing.MOST_ITEMS", 7)
    texts = [str(cell) for cell in filled_cells(opened(made("II.06a", "xlsx"))["Danh sách"]).values()]
    assert any("Có 8 dòng" in text and "tthc explain" in text for text in texts)
    assert not any("H24.99" in text for text in texts)


def test_a_draft_whose_data_moved_on_says_so_instead_of_a_list(own):
    quarter = ("report", "II.05a", "2025-Q3", "--calendar", "month", "--draft", "--format", "xlsx")
    assert "P1" in filled_cells(opened(run(*quarter).raw)["Danh sách"]).values()
    with psycopg.connect(own) as connection:
        connection.execute("DELETE FROM core.petitions WHERE petition_code = 'P1'")
    cells = filled_cells(opened(run(*quarter).raw)["Danh sách"]).values()
    assert "P2" not in cells and any("tthc refresh" in str(cell) for cell in cells)


def test_unknown_forms_and_shapes_are_refused(published):
    assert "II.06a" in run("report", "II.99", "2025-07").err
    assert run("report", "II.06a", *JULY, "--format", "docx").code == 2
    assert run("report", "bao-cao-thang", *JULY, "--format", "xlsx").code == 2
    assert "2019-07" in run("report", "II.06a", "2019-07").err
