"""Tables as offices lay them out: headers in several rows, merges, totals, groups, signatures, hidden rows."""

import pytest

from tests.sources.old_excel import xls
from tests.sources.sheets import HEADERS, LEDGER, csv, html, html_rows, row, xlsx
from tthc.errors import UsageError
from tthc.sources.spreadsheets import cell_of, examine, found_tables, recognise, rows
from tthc.sources.streams import Column, Stream, streams

KNOWN = [LEDGER, *streams().values()]

FORM = Stream(
    stream="register__bieu",
    title="Biểu thử",
    kind="file",
    table="core.forms",
    key=("unit",),
    suite="register__bieu",
    columns=(
        Column(name="unit", header="Đơn vị", type="text", required=True),
        Column(name="received", header="Số hồ sơ nhận giải quyết > Tổng số", type="integer", required=True),
        Column(name="online", header="Trực tuyến", type="integer", required=True),
        Column(name="in_person", header="Trực tiếp, dịch vụ bưu chính", type="integer"),
        Column(name="carried", header="Từ kỳ trước", type="integer"),
        Column(name="settled", header="Đã giải quyết > Tổng số", type="integer", required=True),
        Column(name="late", header="Đã giải quyết > Quá hạn", type="integer"),
        Column(name="open_late", header="Đang giải quyết > Quá hạn", type="integer"),
    ),
)
#: Form II.06a: three levels of headers, the row of numbers, units, the total last.
LEVELS = [
    ["STT", "Đơn vị", "Số hồ sơ nhận giải quyết", None, None, None, "Đã giải quyết", None, "Đang giải quyết", None],
    [None, None, "Tổng số", "Trong kỳ", None, "Từ kỳ trước", "Tổng số", "Quá hạn", "Tổng số", "Quá hạn"],
    [None, None, None, "Trực tuyến", "Trực tiếp, dịch vụ bưu chính", None, None, None, None, None],
]  # fmt: skip
NUMBERED = ["(1)", "(2)", "(3) = (4)+(5)", "(4)", "(5)", "(6)", "(7)", "(8)", "(9)", "(10)"]
UNITS = [
    [1, "Phòng Kinh tế", 12, 5, 4, 3, 10, 1, 2, 0],
    [2, "Phòng Văn hóa - Xã hội", 7, 7, 0, 0, 6, 0, 1, 1],
]
TOTAL = [None, "Tổng số", 19, 12, 4, 3, 16, 1, 3, 1]
MERGES = [
    "A4:A6",
    "B4:B6",
    "C4:F4",
    "G4:H4",
    "I4:J4",
    "C5:C6",
    "D5:E5",
    "F5:F6",
    "G5:G6",
    "H5:H6",
    "I5:I6",
    "J5:J6",
]
TITLES = [
    ["Biểu số II.06a/VPCP/KSTT"],
    ["TÌNH HÌNH GIẢI QUYẾT TTHC"],
    ["(Từ ngày 15/06/2025 đến ngày 14/07/2025)"],
]
FORM_LINES = [*TITLES, *LEVELS, NUMBERED, *UNITS, TOTAL]
READ = [
    ["Phòng Kinh tế", "12", "5", "4", "3", "10", "1", "0"],
    ["Phòng Văn hóa - Xã hội", "7", "7", "0", "0", "6", "0", "1"],
]


def values(body, stream=LEDGER):
    return [list(found.values.values()) for found in rows(body, stream)]


def codes(body):
    return [(found.sheet, found.row, found.values["Mã việc"]) for found in rows(body, LEDGER)]


def html_form() -> bytes:
    head = (
        "<tr><td rowspan=3>STT</td><td rowspan=3>Đơn vị</td><td colspan=4>Số hồ sơ nhận giải quyết</td>"
        "<td colspan=2>Đã giải quyết</td><td colspan=2>Đang giải quyết</td></tr>"
        "<tr><td rowspan=2>Tổng số</td><td colspan=2>Trong kỳ</td><td rowspan=2>Từ kỳ<br>trước</td>"
        "<td rowspan=2>Tổng số</td><td rowspan=2>Quá hạn</td>"
        "<td rowspan=2>Tổng số</td><td rowspan=2>Quá&nbsp;hạn</td></tr>"
        "<tr><td>Trực tuyến</td><td>Trực tiếp, dịch vụ bưu chính</td></tr>"
    )
    body = html_rows([NUMBERED, *UNITS, TOTAL]).removeprefix("<table>").removesuffix("</table>")
    return html(f"<table>{head}{body}</table>")


FORMS = {
    "xlsx with merges": xlsx(FORM_LINES, merges=MERGES),
    "xlsx without merges": xlsx(FORM_LINES),
    "csv": csv(FORM_LINES, ";"),
    "csv in UTF-16": csv(FORM_LINES, "\t", "utf-16"),
    "xls with an empty first column": xls([[None, *line] for line in FORM_LINES]),
    "html saved as xls": html_form(),
}


@pytest.mark.parametrize("form", FORMS)
def test_three_rows_of_headers_read_alike_from_every_kind_of_file(form):
    body = FORMS[form]
    assert recognise(body, [FORM, *KNOWN]) is FORM
    assert values(body, FORM) == READ
    notes = " ".join(examine(body, [FORM, *KNOWN]).notes)
    assert "1 dòng tổng" in notes and "1 dòng đánh số cột" in notes


def test_a_header_that_two_groups_share_is_known_by_its_path_only():
    vague = Stream(
        **{
            **{name: getattr(FORM, name) for name in ("stream", "title", "kind", "table", "key", "suite")},
            "columns": (*FORM.columns[:1], Column(name="total", header="Tổng số", type="integer")),
        }
    )
    with pytest.raises(UsageError, match="hai cột cùng tên “Tổng số”"):
        values(FORMS["xlsx with merges"], vague)


def test_eight_rows_of_headers():
    names = HEADERS[:]
    lines = [["STT", *(f"Phần {level}" for _ in names)] for level in range(7)] + [
        ["STT", *names],
        [1, *row("V-1")],
    ]
    assert codes(xlsx(lines)) == [("Sổ", 9, "V-1")]


@pytest.mark.parametrize("at", [0, 1, 3])
def test_serial_numbers_may_stand_in_any_of_the_first_columns(at):
    lines = [
        [*line[:at], serial, *line[at:]]
        for serial, line in zip(["TT", 1, 2], [HEADERS, row("V-1"), row("V-2")], strict=True)
    ]
    for body in (xlsx(lines), csv(lines)):
        assert [code for _, _, code in codes(body)] == ["V-1", "V-2"]
        assert examine(body, KNOWN).unknown == ()


def test_group_rows_parts_and_totals_are_no_data_and_are_told():
    lines = [
        ["STT", *HEADERS],
        ["I", "Lĩnh vực Hộ tịch"],
        [1, *row("V-1")],
        ["Lĩnh vực Đất đai"],
        [2, *row("V-2")],
        [None, "Trong đó: quá hạn", None, None, None, 12],
        [None, "Cộng:", None, None, None, 3000000],
    ]
    for body, merged in ((xlsx(lines, merges=["B2:I2", "A4:I4"]), True), (csv(lines), False)):
        found = examine(body, KNOWN)
        assert [code for _, _, code in codes(body)] == ["V-1", "V-2"], merged
        assert found.row_count == 2
        assert "2 dòng tên nhóm" in found.notes[0] and "1 dòng tổng" in found.notes[0]
        assert "1 dòng “trong đó”" in found.notes[0]


def test_a_value_merged_down_holds_for_every_row_of_the_merge():
    lines = [HEADERS, row("V-1", task="Chung"), row("V-2", task=None), row("V-3", task="Riêng")]
    read = values(xlsx(lines, merges=["B2:B3"]))
    assert [cells[1] for cells in read] == ["Chung", "Chung", "Riêng"]
    table = (
        html_rows([HEADERS]).removesuffix("</table>")
        + "<tr><td>V-1<td rowspan=2>Chung<td>01/07/2025</tr><tr><td>V-2<td>02/07/2025</tr></table>"
    )
    assert [cells[:3] for cells in values(html(table))] == [
        ["V-1", "Chung", "01/07/2025"],
        ["V-2", "Chung", "02/07/2025"],
    ]


def test_signatures_end_a_table_and_data_below_them_stop_the_file():
    signed = [
        HEADERS, row("V-1"), [],
        [None, None, None, "An Hưng, ngày 14 tháng 7 năm 2025"],
        ["NGƯỜI LẬP BIỂU", None, None, "CHỦ TỊCH"],
        ["(Ký, ghi rõ họ tên)"],
        ["Nguyễn Văn Thử", None, None, "Trần Thị Mẫu"],
    ]  # fmt: skip
    assert codes(xlsx(signed)) == [("Sổ", 2, "V-1")]
    assert codes(csv(signed)) == [("", 2, "V-1")]
    with pytest.raises(UsageError, match="dòng 8: còn dữ liệu nằm dưới phần ký tên"):
        values(xlsx([*signed, row("V-2")]))


def test_a_position_in_a_row_of_data_is_no_signature():
    assert [cells[1] for cells in values(xlsx([HEADERS, row("V-1", task="Chủ tịch")]))] == ["Chủ tịch"]


def test_several_tables_below_one_another():
    turned = [HEADERS[0], *reversed(HEADERS[1:])]
    first, second = row("V-1"), row("V-2")
    lines = [
        ["BẢNG 1"], HEADERS, first, [],
        ["BẢNG 2: danh sách tham dự"], ["STT", "Họ tên", "Chức vụ"], [1, "Nguyễn Văn Thử", "Công chức"], [],
        ["BẢNG 3"], ["STT", *turned], [1, second[0], *reversed(second[1:])], [],
        HEADERS, row("V-3"),
    ]  # fmt: skip
    for body in (xlsx(lines), csv(lines)):
        read = list(rows(body, LEDGER))
        assert [(found.row, found.values["Mã việc"]) for found in read] == [
            (3, "V-1"),
            (11, "V-2"),
            (14, "V-3"),
        ]
        assert {found.values["Nội dung việc"] for found in read} == {"Rà soát thủ tục"}
        assert not any("Nguyễn" in str(found.values) for found in read)
        assert len(found_tables(body, LEDGER)) == 3


def test_a_second_table_without_a_header_stops_the_file():
    lines = [HEADERS, row("V-1"), [], [*HEADERS[:-1], "Cột lạ"], row("V-2")]
    with pytest.raises(UsageError, match="thiếu cột “Số CCCD”"):
        values(xlsx(lines))


def test_two_tables_side_by_side_are_refused():
    with pytest.raises(UsageError, match="hai cột cùng tên"):
        recognise_and_read(xlsx([[*HEADERS, None, *HEADERS], [*row("V-1"), None, *row("V-2")]]))


def recognise_and_read(body):
    assert recognise(body, KNOWN) is LEDGER
    return values(body)


def test_hidden_rows_are_read_and_hidden_sheets_are_not_and_both_are_told():
    body = xlsx(
        [HEADERS, row("V-1"), row("V-2"), row("V-3")],
        hidden_rows=[3],
        others={"Cũ": [HEADERS, row("V-9")]},
        hidden_sheets=["Cũ"],
    )
    assert [code for _, _, code in codes(body)] == ["V-1", "V-2", "V-3"]
    notes = examine(body, KNOWN).notes
    assert any("“Cũ”" in note and "ẩn" in note for note in notes)
    assert any("1 dòng ẩn" in note and "3" in note for note in notes)


def test_a_file_whose_only_table_is_hidden_is_like_none():
    body = xlsx([["Chú thích"]], others={"Cũ": [HEADERS, row("V-9")]}, hidden_sheets=["Cũ"])
    assert recognise(body, KNOWN) is None


def test_the_example_row_of_a_template_is_no_data():
    body = xlsx([["STT", *HEADERS], ["VÍ DỤ", *row("V-000")], [1, *row("V-1")]])
    assert [code for _, _, code in codes(body)] == ["V-1"]
    assert "1 dòng ví dụ" in examine(body, KNOWN).notes[0]


def test_every_cell_knows_its_sheet_row_and_column():
    body = xlsx([["Tiêu đề"], [None, "STT", *HEADERS], [None, 1, *row("V-1")]], name="Tháng 7")
    (found,) = rows(body, LEDGER)
    assert (found.sheet, found.row, found.columns["Mã việc"], found.columns["Số CCCD"]) == (
        "Tháng 7",
        3,
        "C",
        "J",
    )
    assert cell_of(body, LEDGER, "Tháng 7!3", "due_on") == ("Tháng 7", 3, "F")
    tables = found_tables(body, LEDGER)
    assert cell_of(tables, LEDGER, "Tháng 7!3", "code") == ("Tháng 7", 3, "C")
    for address, column in (("Tháng 7!2", "code"), ("Khác!3", "code"), ("Tháng 7!3", "owner"), ("3", "code")):
        with pytest.raises(UsageError, match="không có ô nào"):
            cell_of(tables, LEDGER, address, column)
    assert cell_of(csv([HEADERS, row("V-1")]), LEDGER, "!2", "task") == ("", 2, "B")


def test_columns_that_no_declaration_names_are_told_and_not_read():
    body = csv([["STT", *HEADERS, "Người làm", "Màu áo"], [1, *row("V-1"), "Nguyễn Văn Thử", "xanh"]])
    assert examine(body, KNOWN).unknown == ("Màu áo",)
    (found,) = rows(body, LEDGER)
    assert set(found.values) == set(HEADERS)
