"""Documents sent and received by the five units, as the document system exports them without the secret ones."""

from datetime import date, timedelta
from random import Random

from .. import canary, units
from ..clockwork import office, opens
from ..spelling import folded
from ..stream_file import Context, Expected, Row, StreamFile
from .tables import Cells, dotted, instant, instant_text, numbered, planted, somebody, workbook

STREAM = "documents__exchanges"
TITLE = ("SỔ VĂN BẢN GỬI, NHẬN", "Đã loại văn bản mật trước khi xuất")
FIRST_DAY = date(2025, 6, 2)
A_DAY = 6
# Since this day the system leaves out some things: the partner in one month, the signature in another.
FIRST_GAPS, NO_PARTNER, NO_SIGNATURE = date(2025, 9, 1), (2025, 11), (2026, 5)
HEADERS = (
    "STT",
    "Mã định danh văn bản",
    "Hướng văn bản",
    "Số, ký hiệu",
    "Loại văn bản",
    "Trích yếu",
    "Người ký",
    "Nơi gửi, nơi nhận",
    "Loại nơi gửi, nơi nhận",
    "Ngày văn bản",
    "Ngày gửi, nhận",
    "Hình thức gửi nhận",
    "Ký số",
    "Độ mật",
    "Đơn vị soạn thảo, xử lý",
)
DIRECTIONS = {"sent": "Văn bản đi", "received": "Văn bản đến"}
MEDIA = {"electronic": "Điện tử", "paper": "Giấy", "both": "Điện tử và giấy"}
PARTNERS = {"agency": "Cơ quan nhà nước", "other": "Tổ chức, cá nhân"}
KINDS = ("Công văn", "Quyết định", "Báo cáo", "Kế hoạch", "Thông báo", "Tờ trình")
SIGNS = {
    "kinh_te": "KT",
    "van_hoa_xa_hoi": "VHXH",
    "van_phong": "VP",
    "phuc_vu_hanh_chinh_cong": "PVHCC",
    "su_nghiep_cong": "SNC",
}


def rows(context: Context) -> list[Row]:
    """Return every document exchanged by the moment, as the core table holds it."""
    found, day, number = [], FIRST_DAY, 0
    while day <= context.moment.date():
        for place in range(A_DAY if opens(day) else 0):
            number += 1
            rng = Random(f"{context.seed}/văn bản/{day}/{place}")
            exchanged = office(rng, day)
            if exchanged <= context.moment:
                found.append(_document(rng, day, number) | {"exchanged_at": instant(exchanged)})
        day += timedelta(days=1)
    return found


def _document(rng: Random, day: date, number: int) -> Row:
    unit = rng.choice(list(units.NAMES))
    direction = "sent" if rng.random() < 0.4 else "received"
    roll = rng.random()
    medium = "electronic" if roll < 0.92 else "both" if roll < 0.95 else "paper"
    signed = rng.random() < 0.95 if direction == "sent" and medium != "paper" else None
    row = {
        "document_code": f"VB-{day:%y%m%d}-{number:05}",
        "direction": direction,
        "document_number": f"{number}/UBND-{SIGNS[unit]}" if direction == "sent" else f"{number}/SNV-VP",
        "document_kind": rng.choice(KINDS),
        "partner_kind": "agency" if rng.random() < 0.93 else "other",
        "issued_on": day - timedelta(days=0 if direction == "sent" else rng.randrange(4)),
        "medium": medium,
        "is_signed": False if signed is None and direction == "sent" else signed,
        "unit_name": units.NAMES[unit],
        "unit_key": folded(units.NAMES[unit]),
    }
    return row | _unwritten(row, day, number)


def _unwritten(row: Row, day: date, number: int) -> Row:
    """Return what the system left out: a unit now and then, in one month the partner, in another the signature."""
    if day < FIRST_GAPS:
        return {}
    unknown: Row = {"unit_name": None, "unit_key": None} if number % 37 == 5 else {}
    if (day.year, day.month) == NO_PARTNER and number % 9 == 0:
        unknown["partner_kind"] = None
    if (day.year, day.month) == NO_SIGNATURE and number % 5 == 0 and row["direction"] == "sent":
        unknown["is_signed"] = None
    return unknown


def cells(context: Context) -> list[Cells]:
    """Return the documents as the export writes them."""
    return [_cells(row, context.seed, number) for number, row in enumerate(rows(context))]


def _cells(row: Row, seed: int, number: int) -> Cells:
    person = somebody(Random(f"{seed}/nơi nhận/{number}"), is_canary := number % 20 == 9)
    partner = person["name"] if row["partner_kind"] == "other" or is_canary else "Sở Nội vụ"
    return {
        "Mã định danh văn bản": row["document_code"],
        "Hướng văn bản": DIRECTIONS[row["direction"]],
        "Số, ký hiệu": row["document_number"],
        "Loại văn bản": row["document_kind"],
        "Trích yếu": f"Về việc của {person['name']}, {person['address']}",
        "Người ký": canary.OFFICER if is_canary else "Bùi Thị Oanh",
        "Nơi gửi, nơi nhận": partner,
        "Loại nơi gửi, nơi nhận": PARTNERS.get(row["partner_kind"]),
        "Ngày văn bản": row["issued_on"],
        "Ngày gửi, nhận": instant_text(row["exchanged_at"]),
        "Hình thức gửi nhận": MEDIA[row["medium"]],
        "Ký số": {True: "Có", False: "Không", None: None}[row["is_signed"]],
        "Độ mật": "Thường" if number % 3 else None,
        "Đơn vị soạn thảo, xử lý": row["unit_name"],
    }


def write(context: Context) -> bytes:
    """Return the export."""
    return _book(cells(context))


def _book(lines: list[Cells]) -> bytes:
    title = (*TITLE, f"Tổng số: {dotted(len(lines))} văn bản")
    return workbook(title, HEADERS, numbered(lines), "Văn bản")


def broken(context: Context) -> tuple[bytes, list[Expected]]:
    """Return the export with one row of each mistake between the good ones."""
    good = cells(context)
    changes = [
        ({"Mã định danh văn bản": None}, "document_code_is_given"),
        ({"Hướng văn bản": "Nội bộ"}, "direction_is_known"),
        ({"Hình thức gửi nhận": "Qua fax"}, "medium_is_known"),
        # A file with a secret mark is not even archived; a word that is none is refused as a row.
        ({"Độ mật": "Chưa xác định"}, "document_is_not_secret"),
        ({"Ngày văn bản": "30/02/2025"}, "instants_are_readable"),
        ({"Ngày gửi, nhận": None}, "exchange_instant_is_given"),
        ({"Đơn vị soạn thảo, xử lý": "Tổ công tác số 3"}, "unit_is_known"),
    ]
    mistakes = [
        (good[number] | {"Mã định danh văn bản": f"VB-SAI-{number:03}"} | change, rule)
        for number, (change, rule) in enumerate(changes, start=1)
    ]
    # The number of documents is a line of its own above the table.
    mixed, expected = planted(good, mistakes, first_row=len(TITLE) + 3)
    return _book(mixed), expected


FILE = StreamFile(STREAM, "van_ban_gui_nhan.xlsx", write, rows, broken)
