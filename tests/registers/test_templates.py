"""Templates: what a person gets, and that what is filled in comes back as rows of core."""

import io
import zipfile

import openpyxl
import pytest

from tests.cli.conftest import run
from tests.registers.filling import example, fill
from tthc import flows
from tthc.errors import UsageError
from tthc.landing.readers import RecordReader
from tthc.reports import templates
from tthc.sources.streams import stream_named, streams
from tthc.vietnamese.names import name_key
from tthc.warehouse import database, seeds

REGISTERS = sorted(name for name, stream in streams().items() if stream.guide)


def opened(stream: str):
    return openpyxl.load_workbook(io.BytesIO(templates.workbook(stream_named(stream))))


def test_the_eleven_registers_have_a_template():
    assert [
        f"register__{name}"
        for name in (
            "apologies", "assessments", "conduct", "exemptions", "inspections", "objections", "official_results",
            "publicity", "reviews", "staff", "tasks",
        )
    ] == REGISTERS  # fmt: skip


@pytest.mark.parametrize("name", REGISTERS)
def test_a_template_has_every_header_a_note_for_each_and_no_formula(name):
    stream, book = stream_named(name), opened(name)
    sheet = book[templates.DATA]
    headers = [cell.value for cell in sheet[templates.HEADER_ROW + 1]]
    assert headers == ["STT", *dict.fromkeys(column.header for column in stream.columns)]
    assert sheet.cell(templates.HEADER_ROW + 2, 1).value == templates.EXAMPLE
    cells = [cell for each in book.worksheets for row in each.iter_rows() for cell in row]
    assert len(cells) > 80
    assert not [cell.coordinate for cell in cells if cell.data_type == "f"]
    notes = {str(rule.sqref).split(":")[0]: rule for rule in sheet.data_validations.dataValidation}
    assert len(notes) == len(headers) - 1
    assert all(len(rule.prompt) > 10 and rule.promptTitle for rule in notes.values())
    guide = {row[0].value: row[2].value for row in book[templates.GUIDE].iter_rows()}
    assert all(guide[header] for header in headers[1:])


@pytest.mark.parametrize("name", REGISTERS)
def test_every_word_of_a_list_is_offered_and_read(warehouse_settings, name):
    stream, book = stream_named(name), opened(name)
    sheet, words = book[templates.DATA], book[templates.WORDS]
    reader, offered = RecordReader(stream), 0
    units = [unit.name for unit in sorted(seeds.declared_units().units, key=lambda unit: unit.sort)]
    lists = {
        column.header: units if column.choices == "units" else list(column.choices)
        for column in stream.columns
        if column.choices
    }
    for rule in sheet.data_validations.dataValidation:
        if rule.type != "list":
            continue
        header = sheet.cell(templates.HEADER_ROW + 1, next(iter(rule.sqref.ranges)).min_col).value
        place = rule.formula1.partition("!")[2].replace("$", "")
        found = [row[0].value for row in (words[place] if ":" in place else [[words[place]]])]
        assert found == lists.pop(header)
        columns = [c for c in stream.staged_columns if c.header == header]
        for word in found:
            _, unreadable, *values = reader({header: word})
            read = dict(zip([c.name for c in stream.staged_columns], values, strict=True))
            assert not unreadable
            for column in columns:
                wanted = column.choices[word] if column.type == "choice" else name_key(word)
                assert read[column.name] == wanted
        offered += len(found)
    assert lists == {}
    assert offered >= 2


@pytest.mark.parametrize("name", REGISTERS)
def test_an_empty_template_brings_no_row_not_even_its_example(warehouse, tmp_path, name):
    flows.init(progress=str)
    (done,) = flows.load([str(fill(name, [], tmp_path / "trong.xlsx"))], progress=str)
    assert (done["stream"], done["read"]) == (name, 0)


@pytest.mark.parametrize("name", REGISTERS)
def test_what_is_filled_in_comes_back(warehouse, tmp_path, name):
    flows.init(progress=str)
    path = fill(name, [example(name)], tmp_path / "ten-gi-cung-duoc.xlsx")
    (done,) = flows.load([str(path)], progress=str)
    counts = {key: done[key] for key in ("stream", "read", "merged", "quarantined")}
    assert counts == {"stream": name, "read": 1, "merged": 1, "quarantined": 0}
    with database.connection() as connection:
        (row,) = connection.execute(f"SELECT * FROM {stream_named(name).table}").fetchall()
        (version,) = connection.execute(f"SELECT * FROM {stream_named(name).history_table}").fetchall()
    assert row["row_hash"] == version["row_hash"]
    said = {key: str(value) for key, value in row.items() if key in KNOWN[name]}
    assert said == KNOWN[name]


KNOWN = {
    "register__tasks": {
        "task_code": "NV-2025-001", "kind": "inspection_plan", "source": "par_plan", "unit_code": "van_hoa_xa_hoi",
        "assigned_on": "2025-07-16", "due_on": "2025-09-30", "state": "in_progress", "done_on": "None",
    },
    "register__reviews": {
        "review_code": "RS-2025-001", "procedure_code": "1.004944", "is_planned": "True",
        "unit_code": "phuc_vu_hanh_chinh_cong", "proposal_kind": "fewer_papers", "cost_cut_vnd": "12000000",
    },
    "register__publicity": {
        "procedure_code": "1.004944", "checked_on": "2025-08-05", "is_at_center": "True", "is_portal_current": "False",
        "center_posted_on": "2025-07-21", "decided_on": "2025-07-15",
    },
    "register__inspections": {
        "entry_code": "KT-2025-01", "kind": "inspection", "unit_code": "kinh_te", "inspected_on": "2025-09-18",
        "has_discipline_content": "True", "mend_due_on": "None",
    },
    "register__conduct": {
        "record_code": "KC-2025-003", "kind": "finding", "unit_code": "kinh_te", "official_code": "AH-KT-03",
        "behaviour": "attitude", "verdict": "unsubstantiated", "discipline": "none",
    },
    "register__staff": {
        "official_code": "AH-KT-01", "kind": "posting", "full_name": "Nguyễn Thị Ví Dụ", "home_unit_code": "kinh_te",
        "working_unit_code": "phuc_vu_hanh_chinh_cong", "staff_kind": "civil_servant", "is_head": "False",
        "starts_on": "2025-07-01", "ends_on": "None",
    },
    "register__apologies": {
        "dossier_code": "H24.12.01-250710-0001", "letter_number": "1", "unit_code": "kinh_te",
        "apologized_on": "2025-07-14", "new_due_on": "2025-07-21", "reason_kind": "verification", "sent_through": "sms",
    },
    "register__official_results": {
        "result_year": "2024", "index_code": "par_index", "value": "88.15", "class_name": "Tốt", "rank": "12",
        "ranked_count": "69", "average_value": "86.40", "published_on": "2025-01-09",
    },
    "register__assessments": {
        "period": "2025", "official_code": "AH-KT-03", "assessor": "head", "item_code": "g1", "points": "3.5",
        "signed_on": "2026-01-05",
    },
    "register__objections": {
        "objection_code": "KN-2025-001", "official_code": "AH-KT-03", "unit_code": "None", "item_code": "c",
        "answered_on": "2026-01-09", "answer": "partly_accepted",
    },
    "register__exemptions": {
        "dossier_code": "H24.12.01-250710-0001", "step_official_code": "AH-KT-03", "cause": "other_agency",
        "first_approver_code": "AH-KT-01", "second_approver_code": "AH-VP-01", "second_approved_on": "2025-07-24",
    },
}  # fmt: skip


def test_the_command_writes_the_template_and_never_over_a_file(tmp_path, warehouse_settings):
    out = tmp_path / "so.xlsx"
    assert run("template", "register__tasks", "--out", out).code == 0
    assert zipfile.is_zipfile(out)
    before = out.read_bytes()
    again = run("template", "register__tasks", "--out", out)
    assert (again.code, out.read_bytes()) == (2, before)
    assert "đặt tên khác" in again.err
    assert run("template", "register__tasks", "--out", tmp_path / "so.xls").code == 2
    assert run("template", "register__khong_co", "--out", tmp_path / "x.xlsx").code == 2
    assert run("template", "register__tasks", "--out", tmp_path / "khong" / "so.xlsx").code == 2


@pytest.mark.parametrize("name", ["city__dossiers", "portal__dossiers"])
def test_what_a_system_exports_has_no_template(name):
    with pytest.raises(UsageError, match="không có biểu mẫu"):
        templates.workbook(stream_named(name))
