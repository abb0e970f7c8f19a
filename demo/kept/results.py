"""What the city and the ministries published about the commune, year by year."""

from datetime import date
from decimal import Decimal
from random import Random

from ..stream_file import Context, Row
from . import sheet

HEADERS = {
    "result_year": "Năm",
    "index_code": "Chỉ số",
    "value": "Điểm hoặc tỷ lệ",
    "class_name": "Xếp loại",
    "rank": "Xếp hạng",
    "ranked_count": "Số đơn vị xếp hạng",
    "ranked_group": "Nhóm xếp hạng",
    "average_value": "Trung bình của nhóm",
    "source_document": "Văn bản công bố",
    "published_on": "Ngày công bố",
}
INDICES = {
    "par_index": "PAR Index",
    "sipas": "SIPAS",
    "head_class": "Xếp loại người đứng đầu",
    "index_766": "Bộ chỉ số 766",
    "ddci": "DDCI",
    "papi": "PAPI",
}
WORDS = {"index_code": INDICES}
CLASSES = ("Hoàn thành xuất sắc", "Hoàn thành tốt", "Hoàn thành")
YEARS = range(2015, 2026)
# A result that the city corrected after it had been published.
CORRECTED_ON, CORRECTED = date(2025, 7, 18), (2024, "par_index")


def rows(context: Context) -> list[Row]:
    """Return the results as they were published by the moment."""
    found = [_result(context, year, index) for year in YEARS for index in INDICES]
    return [row for row in found if row["published_on"] <= context.moment.date()]


def _result(context: Context, year: int, index: str) -> Row:
    rng = Random(f"{context.seed}/công bố/{year}/{index}")
    row: Row = dict.fromkeys(HEADERS) | {
        "result_year": year,
        "index_code": index,
        "source_document": f"{rng.randrange(20, 900)}/QĐ-UBND",
        "published_on": date(year + 1, 1, rng.randrange(5, 28)),
    }
    if index == "head_class":
        return row | {"class_name": rng.choice(CLASSES)}
    row |= {
        "value": Decimal(rng.randrange(7800, 9650)) / 100,
        "average_value": Decimal(rng.randrange(8200, 9100)) / 100,
    }
    if index != "papi":
        row |= {"rank": rng.randrange(1, 69), "ranked_count": 69, "ranked_group": "Xã, đặc khu"}
    if (year, index) == CORRECTED and context.moment.date() >= CORRECTED_ON:
        row |= {"value": row["value"] + Decimal("0.35"), "published_on": CORRECTED_ON}
    return row


def shown(row: Row) -> Row:
    """Return a row as it is typed: numbers with a comma, as the decisions print them."""
    typed = dict(row)
    for name in ("value", "average_value"):
        if row[name] is not None:
            typed[name] = f"{row[name]:.2f}".replace(".", ",")
    return typed


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    whole = {
        "Điểm hoặc tỷ lệ": "88,15", "Xếp loại": None, "Xếp hạng": 12, "Số đơn vị xếp hạng": 69,
        "Nhóm xếp hạng": "Xã, đặc khu", "Trung bình của nhóm": "86,4",
    }  # fmt: skip
    changes = [
        ({"Năm": 1925}, "year_is_valid"),
        ({"Chỉ số": "Chỉ số hạnh phúc"}, "index_is_known"),
        ({"Xếp hạng": "thứ hai"}, "numbers_are_readable"),
        ({"Điểm hoặc tỷ lệ": None}, "something_is_published"),
        ({"Điểm hoặc tỷ lệ": "881,5"}, "value_is_within_100"),
        ({"Xếp hạng": 70}, "rank_is_within_the_group"),
        ({"Văn bản công bố": None}, "document_is_given"),
        ({"Ngày công bố": None}, "publication_has_its_day"),
        ({"Ngày công bố": sheet.NO_DAY}, "dates_are_readable"),
        ({"Ngày công bố": sheet.FAR}, "publication_follows_the_year"),
    ]
    return [(whole | change, rule) for change, rule in changes]


REGISTER = sheet.Kept(
    stream="register__official_results",
    file_name="ket_qua_cong_bo.xlsx",
    title="KẾT QUẢ CHÍNH THỨC ĐÃ CÔNG BỐ VỀ XÃ",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    # Years before the demo's first: no good row has them.
    own_key=lambda number: {"Năm": 2012 + number // 6, "Chỉ số": tuple(INDICES.values())[number % 6]},
    shown=shown,
)
