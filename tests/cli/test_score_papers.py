"""The papers of an evaluation: whose rule stands on every page, nothing of a name, a line in the log before each."""

import io
import json
import re
import zipfile
from datetime import datetime
from decimal import Decimal
from random import Random

import docx
import openpyxl
import psycopg
import pytest

from demo import scoring
from demo.units import NAMES
from tests.cli.conftest import run
from tests.cli.test_scoring import NAME, accesses, staffed
from tests.evaluation.demo_numbers import figures, invented, register_rows, sheets
from tthc.evaluation import rule_files, rules, standing, telling
from tthc.reports import evaluation_sheet, papers, pdf, unit_scores_workbook
from tthc.reports.evaluation_sheet import Frame
from tthc.reports.letterhead import letterhead
from tthc.reports.values import Edition
from tthc.settings import root
from tthc.workdays import periods

__all__ = ["staffed"]


@pytest.fixture
def world(monkeypatch):
    """Sheets of five units and their people in 2026, with every edge, and what an independent scorer says of them."""
    monkeypatch.setenv("TTHC_COMMUNE", "11674")
    staff, conduct = register_rows()
    numbers = invented(Random(3), sorted({row["official_code"] for row in staff}))
    units, people = sheets(numbers, "2026", staff, conduct)
    return numbers, units, people


def frame(form: str, seal: str | None = None) -> Frame:
    period = periods.parse("2026")
    edition = Edition(7, 1, datetime(2027, 1, 10, 9), "Trần Văn Duyệt")
    return Frame(papers.paper(form, period), letterhead(period), period, edition, dict(NAMES), seal)


def texts(body: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the paragraphs of a docx and the texts of its tables, row by row."""
    made = docx.Document(io.BytesIO(body))
    rows = [[cell.text for cell in row.cells] for table in made.tables for row in table.rows]
    return [paragraph.text for paragraph in made.paragraphs], rows


def vietnamese(hundredths: int) -> str:
    return f"{hundredths // 100},{hundredths % 100:02d}"


def test_every_sheet_says_what_an_independent_scorer_says(world):
    numbers, units, _ = world
    seen = set()
    for code, sheet in units.items():
        told = telling.told(sheet)
        said, rows = texts(evaluation_sheet.document(frame("phieu-don-vi"), told))
        expected = scoring.unit(numbers, code)
        seen.add(expected.level_most)
        points = "không đề xuất" if expected.level_most is None else vietnamese(expected.least)
        assert f"Điểm: {points}." in said
        for rate in ("A1", "B2", "D3"):
            (line,) = [row for row in rows if row[0] == rate and len(row) == 8]
            indicator = {
                "A1": "dossier_on_time_rate",
                "B2": "result_digitized_rate",
                "D3": "report_on_time_rate",
            }[rate]
            n, d = numbers.get(("unit", code, indicator), (None, None))
            assert line[2:4] == (["", ""] if not d else [str(n), str(d)])
        held = [row[0] for row in rows if re.fullmatch(r"V\d+\w?", row[0]) and row[3] == "có"]
        assert tuple(held) == expected.vetoes
    assert len(seen) >= 2


def test_label_version_and_lines_for_what_only_people_know_are_on_the_sheet(world):
    _, _, people = world
    (code, sheet) = next((code, one) for code, one in people.items() if one.person.is_head)
    told = telling.told(sheet)
    body = evaluation_sheet.document(frame("phieu-ca-nhan", "đã niêm phiên bản 2"), told)
    made = docx.Document(io.BytesIO(body))
    (page,) = made.sections
    assert page.different_first_page_header_footer
    for foot in (page.footer, page.first_page_footer):
        label, place = (paragraph.text for paragraph in foot.paragraphs)
        assert label == told["label"] and rules.PROPOSAL in label
        assert (
            place
            == f"Phiếu đánh giá cá nhân {code} · 2026 · Bản công bố lần 1, 10/01/2027; đã niêm phiên bản 2"
        )
    assert (round(page.page_width.cm, 1), round(page.page_height.cm, 1)) == (21.0, 29.7)
    _, rows = texts(body)
    assert ["Họ và tên:", "…" * 30] in rows
    assert any("NGƯỜI ĐƯỢC ĐÁNH GIÁ" in cell for row in rows for cell in row)
    owed = [row for row in rows if row[0] == "g1" and len(row) == 6]
    assert [row[3:] for row in owed] == [["", "", ""]]
    command = f"tthc explain dossier_on_time_rate 2026 --code {code}"
    assert [row for row in rows if row[-1] == command]
    assert not any("_" in cell for row in rows if re.fullmatch(r"V\d+\w?", row[0]) for cell in row)
    # The same sheet gives the same bytes.
    assert body == evaluation_sheet.document(frame("phieu-ca-nhan", "đã niêm phiên bản 2"), told)
    without = evaluation_sheet.document(frame("phieu-ca-nhan"), told)
    assert any("CHƯA NIÊM" in text for text in texts(without)[0])


def test_a_provisional_sheet_says_so_first(world):
    numbers, _, _ = world
    from tthc.evaluation.sheets import unit_sheet

    sheet = unit_sheet(rule_files.named("units_default"), figures(numbers, "2026", revision=None), "kinh_te")
    said, _ = texts(evaluation_sheet.document(frame("phieu-don-vi"), telling.told(sheet)))
    assert any(text.startswith("PHIẾU TẠM: số liệu của kỳ chưa công bố") for text in said[:8])


def test_no_text_of_a_board_becomes_a_formula_and_each_page_is_labelled(world):
    numbers, units, _ = world
    told = {code: telling.told(sheet) for code, sheet in units.items()}
    limits = rule_files.named("units_default").volume_limits
    places = [vars(place) for place in standing.places(units, figures(numbers, "2026"), limits)]
    evil = frame("bang-diem-don-vi")
    evil.units["kinh_te"] = '=HYPERLINK("http://example.invalid","x")'
    told["kinh_te"]["items"][0]["why"] = "@SUM(1+1)"
    body = unit_scores_workbook.workbook(evil, told, places, limits)
    book = openpyxl.load_workbook(io.BytesIO(body))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    assert any(cell.value == evil.units["kinh_te"] for cell in cells)
    assert any(cell.value == "@SUM(1+1)" for cell in cells)
    with zipfile.ZipFile(io.BytesIO(body)) as given:
        pages = [
            given.read(name).decode() for name in given.namelist() if name.startswith("xl/worksheets/sheet")
        ]
    assert len(pages) == 3 and all(
        rules.PROPOSAL in re.search("<oddHeader>(.*)</oddHeader>", page)[1] for page in pages
    )
    board = [[cell.value for cell in row] for row in book["Bảng điểm"].iter_rows()]
    (head,) = [place for place, row in enumerate(board) if row[0] == "TT"]
    for row, place in zip(board[head + 1 :], places, strict=False):
        expected = scoring.unit(numbers, place["code"])
        total = row[board[head].index("Tổng điểm")]
        is_decided = expected.level_most is not None and expected.least == expected.most
        assert (total if total == "…" else round(Decimal(str(total)) * 100)) == (
            expected.least if is_decided else "…"
        )
    assert body == unit_scores_workbook.workbook(evil, told, places, limits)


def test_all_papers_of_a_period_and_a_line_in_the_log_before_each_that_names_a_person(
    staffed, tmp_path, monkeypatch
):
    out = tmp_path / "giay-to"
    said = run(
        "score", "paper", "2025-07", "--all", "--no-pdf", "--out", out, "--by", "Trần Thị Lan", "--reason", "hồ sơ",
        "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    made = {path.name: path for path in out.iterdir()}
    assert set(made) == {
        *(f"phieu-don-vi_11674_{code}_2025-07_thang_lan-1.docx" for code in NAMES),
        "phieu-ca-nhan_11674_AH-01_2025-07_thang_lan-1.docx",
        "phieu-ca-nhan_11674_AH-02_2025-07_thang_lan-1.docx",
        "bang-diem-don-vi_11674_2025-07_thang_lan-1.xlsx",
        "danh-sach-thi-dua_11674_2025-07_thang_lan-1.xlsx",
    }
    assert out.stat().st_mode & 0o777 == 0o700
    told = {each["path"]: each for each in json.loads(said.out)}
    for path in made.values():
        assert path.stat().st_mode & 0o777 == 0o600
        with zipfile.ZipFile(path) as given:
            parts = [given.read(name).decode("utf-8", "replace") for name in given.namelist()]
        assert not any(NAME in part for part in parts)
        assert any(rules.PROPOSAL in part for part in parts), path.name
    logged = accesses(staffed)
    assert [row[1] for row in logged] == ["score.read", "score.paper", "score.paper", "score.paper"]
    for row, code in zip(logged[1:], ("AH-01", "AH-02", "mọi người"), strict=True):
        (file,) = [each for each in told.values() if each["of"] == code]
        assert code in row[2] and file["sha256"] in row[2] and row[3] == "hồ sơ" and NAME not in row[2]
    council = openpyxl.load_workbook(made["danh-sach-thi-dua_11674_2025-07_thang_lan-1.xlsx"])
    assert council.sheetnames == ["Cá nhân", "Tập thể", "Điều kiện", "Tỷ lệ xuất sắc"]
    people = [[cell.value or "" for cell in row] for row in council["Cá nhân"].iter_rows()]
    assert [row[1:3] for row in people if isinstance(row[0], int)] == [["AH-01", ""], ["AH-02", ""]]
    # Where no line can be left, no file comes to be.
    with psycopg.connect(staffed) as connection:
        connection.execute(
            "CREATE FUNCTION ops.no_paper() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " IF new.action = 'score.paper' THEN RAISE EXCEPTION 'x'; END IF; RETURN new; END $$;"
            " CREATE TRIGGER no_paper BEFORE INSERT ON ops.access_log FOR EACH ROW EXECUTE FUNCTION ops.no_paper()"
        )
    empty = tmp_path / "khong"
    refused = run("score", "paper", "2025-07", "--official", "AH-02", "--no-pdf", "--out", empty)
    assert refused.code == 1 and not list(empty.iterdir())


@pytest.mark.parametrize(("group", "code"), [("hr", 0), ("analyst", 1), ("steward", 1)])
def test_a_personal_paper_is_for_hr_only(staffed, member, monkeypatch, tmp_path, group, code):
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", member(staffed, group))
    said = run("score", "paper", "2025-07", "--official", "AH-02", "--no-pdf", "--out", tmp_path / "x")
    assert said.code == code, said.err
    assert len(list((tmp_path / "x").iterdir())) == (1 if code == 0 else 0)


def test_what_is_asked_wrongly_is_said(hamlet_settings, tmp_path):
    assert run("score", "paper", "2025-07", "--out", tmp_path).code == 2
    assert run("score", "paper", "2025-07", "--unit", "kinh_te", "--all", "--out", tmp_path).code == 2
    inside = run("score", "paper", "2025-07", "--unit", "kinh_te", "--out", root() / "giay-to")
    assert inside.code == 2 and "kho mã nguồn" in inside.err and not (root() / "giay-to").exists()
    unknown = run("score", "paper", "2025-07", "--unit", "khong_co", "--out", tmp_path)
    assert unknown.code == 2 and "kinh_te" in unknown.err
    elsewhere = run(
        "report", "phieu-don-vi", "2025-07", "--calendar", "month", "--format", "docx", "--out", tmp_path
    )
    assert elsewhere.code == 2 and "tthc score paper 2025-07" in elsewhere.err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(
    pdf.program() is None, reason="máy này không có LibreOffice: các phép thử khác vẫn đọc docx"
)
def test_the_sheets_as_pdf_are_the_same_bytes_again(hamlet_settings, tmp_path):
    bodies = []
    for name in ("a", "b"):
        said = run("score", "paper", "2025-07", "--unit", "kinh_te", "--pdf", "--out", tmp_path / name)
        assert said.code == 0, said.err
        (path,) = (tmp_path / name).glob("*.pdf")
        bodies.append(path.read_bytes())
    assert bodies[0].startswith(b"%PDF") and len(bodies[0]) > 10_000 and bodies[0] == bodies[1]
