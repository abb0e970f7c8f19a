"""Files as people keep them: real xlsx, xls and csv, each with what goes wrong in it."""

import datetime
import io
import struct
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.old_excel import xls
from tthc.errors import UsageError
from tthc.sources import streams, zip_check
from tthc.sources.cell_values import cell_text
from tthc.sources.spreadsheets import recognise, rows

FOLDER = Path(__file__).parents[2] / "sources"
PROCEDURES = streams.read_declaration(FOLDER / "register__procedures.yaml")
DAYS = streams.read_declaration(FOLDER / "register__working_days.yaml")
BOTH = [PROCEDURES, DAYS]

HEADERS = [
    "Mã TTHC",
    "Tên TTHC",
    "Lĩnh vực",
    "Mức độ DVC",
    "Thời hạn (ngày làm việc)",
    "Có kết quả",
    "Đơn vị chủ trì",
]
BIRTH = [
    "1.001193",
    "Đăng ký khai sinh",
    "Hộ tịch",
    "Toàn trình",
    1,
    "Có",
    "Trung tâm Phục vụ hành chính công",
]
LAND = ["2.000920", "Xác nhận nguồn gốc đất", "Đất đai", "Một phần", "Không quy định", "Có", "Phòng Kinh tế"]
BLANK = ["1.004944", "Trợ giúp xã hội", "Bảo trợ xã hội", "Cung cấp thông tin", None, "Không", None]


def xlsx(**sheets):
    """Return the bytes of a workbook with these sheets of rows."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False}) as book:
        dated = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, lines in sheets.items():
            sheet = book.add_worksheet(name)
            for row, cells in enumerate(lines):
                for column, cell in enumerate(cells):
                    if isinstance(cell, datetime.date):
                        sheet.write_datetime(row, column, cell, dated)
                    elif cell is not None:
                        sheet.write(row, column, cell)
    return buffer.getvalue()


def as_csv(lines, delimiter=",", encoding="utf-8"):
    quoted = [
        ['"' + ("" if cell is None else str(cell)).replace('"', '""') + '"' for cell in line]
        for line in lines
    ]
    return "\r\n".join(delimiter.join(line) for line in quoted).encode(encoding)


def codes(source, stream=PROCEDURES):
    return [(row.sheet, row.row, row.values["Mã TTHC"]) for row in rows(source, stream)]


TABLE = [HEADERS, BIRTH, LAND, BLANK]
FORMS = {
    "xlsx": xlsx(Sheet1=TABLE),
    "xls": xls(TABLE),
    "utf-8": as_csv(TABLE),
    "utf-8 with BOM, semicolons": as_csv(TABLE, ";", "utf-8-sig"),
    "utf-16, tabs": as_csv(TABLE, "\t", "utf-16"),
    "utf-16 without BOM": as_csv(TABLE, "\t", "utf-16-le"),
    "utf-16 big end first": as_csv(TABLE, ";", "utf-16-be"),
}


@pytest.mark.parametrize("form", FORMS)
def test_one_table_reads_alike_from_every_kind_of_file(form, tmp_path):
    content = FORMS[form]
    assert recognise(content, BOTH) is PROCEDURES
    read = list(rows(content, PROCEDURES))
    assert [row.row for row in read] == [2, 3, 4]
    assert read[0].values == dict(zip(HEADERS, [*BIRTH[:4], "1", *BIRTH[5:]], strict=True))
    assert read[1].values["Thời hạn (ngày làm việc)"] == "Không quy định"
    assert read[2].values["Thời hạn (ngày làm việc)"] is None
    assert read[2].values["Đơn vị chủ trì"] is None
    # The name of a file means nothing.
    path = tmp_path / "ảnh.jpg"
    path.write_bytes(content)
    assert list(rows(path, PROCEDURES)) == read


def test_titles_empty_columns_numbers_and_totals_are_expected():
    def line(number, cells):
        return [None, number, *cells]

    lines = [
        [None, "UBND XÃ AN HƯNG", None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
        [],
        [None, None, None, "DANH MỤC THỦ TỤC HÀNH CHÍNH"],
        line("STT", HEADERS),
        line("(1)", [f"({n})" for n in range(2, 9)]),
        line(1, BIRTH),
        [],
        line("STT", HEADERS),
        line(2, LAND),
        line(3, [None] * 7),
        [None, "Tổng số:", None, "2 thủ tục"],
    ]
    content = xlsx(**{"Danh mục": lines})
    assert recognise(content, BOTH) is PROCEDURES
    assert codes(content) == [("Danh mục", 6, "1.001193"), ("Danh mục", 9, "2.000920")]
    assert codes(as_csv(lines)) == [("", 6, "1.001193"), ("", 9, "2.000920")]


def test_a_table_that_begins_in_the_middle_of_a_sheet_keeps_its_row_numbers():
    book = openpyxl.Workbook()
    for row, cells in enumerate(TABLE, start=7):
        for column, cell in enumerate(cells, start=4):
            book.active.cell(row, column, cell)
    buffer = io.BytesIO()
    book.save(buffer)
    assert [number for _, number, _ in codes(buffer.getvalue())] == [8, 9, 10]


def test_rows_numbered_without_brackets_are_skipped_only_under_the_headers():
    numbers = [str(number) for number in range(1, 8)]
    assert codes(as_csv([HEADERS, numbers, BIRTH, numbers])) == [("", 3, "1.001193"), ("", 4, "1")]


def test_a_row_that_speaks_of_a_total_and_has_its_own_key_is_a_row():
    summed = ["1.009999", "Tổng cộng", "Hộ tịch", "Toàn trình", 3, "Có", "Phòng Kinh tế"]
    assert len(codes(xlsx(S=[HEADERS, summed]))) == 1
    assert len(codes(xlsx(S=[["Ghi chú", *HEADERS], ["Cộng", *summed], ["Cộng", None, *summed[1:]]]))) == 1


def test_headers_are_found_in_other_spellings_and_any_order():
    retyped = ["DON VI CHU TRI", "Mã thủ tục (*)", "tên  tthc", "Lĩnh\nvực", "Muc do DVC"]
    retyped += ["THỜI HẠN (NGÀY LÀM VIỆC):", "Có kết quả"]
    cells = [BIRTH[6], BIRTH[0], BIRTH[1], BIRTH[2], BIRTH[3], BIRTH[4], BIRTH[5]]
    content = as_csv([retyped, cells], ";")
    assert recognise(content, BOTH) is PROCEDURES
    assert next(iter(rows(content, PROCEDURES))).values == dict(
        zip(HEADERS, [*BIRTH[:4], "1", *BIRTH[5:]], strict=True)
    )


def test_numbers_dates_and_decomposed_letters_become_plain_text():
    """Excel keeps the code 2.000920 as a number and drops its last zero; a real date has no text."""
    content = xlsx(
        S=[HEADERS, [2.00092, "Đăng ký khai tử".replace("ă", "a\u0306"), "\u00a0Hộ tịch ", *LAND[3:]]]
    )
    values = next(iter(rows(content, PROCEDURES))).values
    assert (values["Mã TTHC"], values["Tên TTHC"], values["Lĩnh vực"]) == (
        "2.000920",
        "Đăng ký khai tử",
        "Hộ tịch",
    )

    day = ["Ngày", "Làm việc", "Lý do", "Văn bản"]
    content = xlsx(S=[day, [datetime.date(2027, 1, 1), False, "Tết Dương lịch", 12.5]])
    assert recognise(content, BOTH) is DAYS
    assert list(next(iter(rows(content, DAYS))).values.values()) == [
        "2027-01-01",
        "False",
        "Tết Dương lịch",
        "12.5",
    ]


def test_every_sheet_with_the_headers_is_read_and_others_are_left():
    content = xlsx(
        **{
            "Hướng dẫn": [["Cách điền"], ["Mỗi dòng một thủ tục"]],
            "A": [HEADERS, BIRTH],
            "B": [HEADERS, LAND],
        }
    )
    assert codes(content) == [("A", 2, "1.001193"), ("B", 2, "2.000920")]


@pytest.mark.parametrize("lost", HEADERS)
def test_a_renamed_header_stops_the_file_and_is_named(lost):
    renamed = ["Cột lạ" if header == lost else header for header in HEADERS]
    content = xlsx(Tốt=[HEADERS, BIRTH], Hỏng=[renamed, LAND])
    with pytest.raises(UsageError) as caught:
        list(rows(content, PROCEDURES))
    message = str(caught.value)
    assert (
        "“Hỏng”" in message
        and f"thiếu cột “{lost}”" in message
        and "“Cột lạ”" in message
        and "dòng 1" in message
    )
    assert caught.value.exit_code == 2
    assert LAND[1] not in message


def test_a_file_that_is_nearly_a_stream_is_said_to_be_nearly_that():
    with pytest.raises(UsageError, match="thiếu cột “Mã TTHC” của luồng register__procedures"):
        recognise(xlsx(S=[["Số hiệu", *HEADERS[1:]], BIRTH]), BOTH)


def test_a_header_that_stands_twice_is_refused():
    with pytest.raises(UsageError, match="hai cột cùng tên “Lĩnh vực”"):
        list(rows(xlsx(S=[[*HEADERS, "Lĩnh vực"], [*BIRTH, "x"]]), PROCEDURES))


def test_a_file_like_none_is_nothing_and_its_cells_are_not_repeated():
    content = xlsx(S=[["Họ tên", "Ngày sinh"], ["Trần Thị Mẫu", "01/01/1990"]])
    assert recognise(content, BOTH) is None
    with pytest.raises(UsageError) as caught:
        list(rows(content, PROCEDURES))
    assert "Trần Thị Mẫu" not in str(caught.value) and "Họ tên" not in str(caught.value)
    for empty in (b"", xlsx(S=[])):
        assert recognise(empty, BOTH) is None
        with pytest.raises(UsageError, match="không có ô nào"):
            list(rows(empty, PROCEDURES))


def test_city_streams_are_never_recognised_in_files():
    city = [stream for stream in streams.streams().values() if stream.kind == "city"]
    assert len(city) >= 2
    for stream in city:
        assert recognise(as_csv([[column.header for column in stream.columns]]), city) is None


def test_the_seed_is_a_file_of_its_stream():
    content = (FOLDER / "seeds" / DAYS.seed).read_bytes()
    assert recognise(content, BOTH) is DAYS
    assert len(list(rows(content, DAYS))) == 42


TEXT = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp", "Mn", "Mc", "Cf", "Cn"]),
    min_size=2,
    max_size=12,
)


@settings(max_examples=60)
@given(
    cells=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=6),
    delimiter=st.sampled_from(",;\t"),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_csv_survives_whatever_is_written_in_it(cells, delimiter, encoding):
    lines = [
        [f"9.{number:06}", 'a"b', *pair, "1;2,3\t4", "dòng\nmới", "Có"] for number, pair in enumerate(cells)
    ]
    read = list(rows(as_csv([HEADERS, *lines], delimiter, encoding), PROCEDURES))
    assert [list(row.values.values()) for row in read] == [
        [text if isinstance(text, str) else str(text) for text in map(cell_text, line)] for line in lines
    ]


REFUSED = {
    "html": (b"<html><h1>403 Forbidden</h1><p>WAF</p></html>", "trang HTML"),
    "latin": ("Mã TTHC".encode("cp1258", "replace") + b"\xff\xe3", "UTF-8"),
    "cut xlsx": (FORMS["xlsx"][:-200], "hỏng"),
    "zip": (b"PK\x03\x04" + bytes(400), "hỏng"),
    "ole": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "không phải bảng tính"),
    "open quote": (as_csv(TABLE) + b'\r\n"chua dong', "dấu nháy"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_says_what_to_do(kind):
    content, said = REFUSED[kind]
    with pytest.raises(UsageError, match=said):
        recognise(content, BOTH)


def zipped(parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_a_zip_without_a_workbook_is_not_a_workbook():
    with pytest.raises(UsageError, match="không phải bảng tính"):
        recognise(zipped([("a.txt", b"a")]), BOTH)


def test_a_zip_that_unpacks_into_too_much_is_refused_before_it_is_parsed():
    bomb = zipped([("xl/worksheets/sheet1.xml", bytes(30 * 1024 * 1024))])
    assert len(bomb) < 100_000
    many = zipped([(f"xl/{number}", b"") for number in range(zip_check.MOST_ENTRIES + 1)])
    for content in (bomb, many):
        with pytest.raises(UsageError, match="quá lớn"):
            recognise(content, BOTH)


def test_a_zip_whose_directory_lies_about_sizes_is_refused():
    content = bytearray(
        zipped([("xl/workbook.xml", bytes(40 * 1024 * 1024)), ("[Content_Types].xml", b"<Types/>")])
    )
    place = content.index(b"PK\x01\x02")
    struct.pack_into("<I", content, place + 24, 1_000)
    with pytest.raises(UsageError, match="hỏng"):
        recognise(bytes(content), BOTH)
