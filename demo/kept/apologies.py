"""The register of apologies: dossiers of the city that were late, announced and given a new date by hand."""

from datetime import date, timedelta
from random import Random

from ..clockwork import after
from ..exports import seen
from ..spelling import folded
from ..stream_file import Context, Row
from ..units import NAMES
from . import sheet
from .officials import CODES

HEADERS = {
    "dossier_code": "Mã hồ sơ",
    "letter_number": "Lần xin lỗi",
    "unit_code": "Đơn vị xin lỗi",
    "official_code": "Mã công chức phụ trách",
    "noticed_on": "Ngày báo chậm",
    "apologized_on": "Ngày xin lỗi",
    "new_due_on": "Ngày hẹn trả mới",
    "reason_kind": "Lý do chậm",
    "sent_through": "Hình thức gửi",
    "document": "Số văn bản xin lỗi",
}
REASONS = {
    "verification": "Xác minh kéo dài",
    "other_agency": "Chờ cơ quan phối hợp",
    "own_fault": "Lỗi của cơ quan",
    "system": "Lỗi hệ thống",
    "force_majeure": "Bất khả kháng",
    "other": "Khác",
}
SENT = {"letter": "Văn bản", "email": "Thư điện tử", "sms": "Tin nhắn", "portal": "Cổng Dịch vụ công"}
WORDS = {"unit_code": sheet.UNITS, "reason_kind": REASONS, "sent_through": SENT}
_CODES = {folded(name): code for code, name in NAMES.items()}
#: One late dossier in so many is apologised for on paper only.
ONE_IN = 2


def rows(context: Context) -> list[Row]:
    """Return the letters for what was late by the moment."""
    found: dict[tuple, Row] = {}
    late = [dossier for dossier in seen.dossiers(context) if _is_late(dossier, context)]
    for dossier in late:
        rng = Random(f"{context.seed}/xin lỗi/{dossier.code}")
        if rng.randrange(ONE_IN) == 0:
            for row in _letters(rng, dossier, context.moment.date()):
                found[row["dossier_code"], row["letter_number"]] = row
    return list(found.values())


def _is_late(dossier: seen.Seen, context: Context) -> bool:
    due, ended = dossier.at["NgayHenTra"], dossier.at["NgayKetThucXuLy"]
    return due is not None and due.date() < (ended or context.moment).date()


def _letters(rng: Random, dossier: seen.Seen, today: date) -> list[Row]:
    due = dossier.at["NgayHenTra"].date()
    unit = _CODES.get(folded(dossier.unit), "phuc_vu_hanh_chinh_cong")
    noticed, apologized = due - timedelta(days=1), due - timedelta(days=rng.choice((1, 1, 0, -2)))
    new_due = after(max(due, apologized), rng.randrange(2, 8))
    row: Row = {
        "dossier_code": dossier.code,
        "letter_number": 1,
        "unit_code": unit,
        "official_code": rng.choice(CODES[unit]),
        "noticed_on": noticed,
    }
    row |= dict.fromkeys(name for name in HEADERS if name not in row)
    if rng.random() < 0.1 or apologized > today:
        return [row]
    reason, sent = rng.choice(tuple(REASONS)), rng.choice(tuple(SENT))
    row |= {"apologized_on": apologized, "new_due_on": new_due, "reason_kind": reason, "sent_through": sent}
    row |= {"document": None if sent == "sms" else f"{rng.randrange(10, 900)}/PXL-UBND"}
    if rng.random() < 0.15 and new_due <= today:
        again = {
            "letter_number": 2,
            "apologized_on": new_due,
            "new_due_on": after(new_due, 3),
            "noticed_on": None,
        }
        return [row, row | again]
    return [row]


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    whole = {
        "Đơn vị xin lỗi": "Phòng Kinh tế", "Ngày báo chậm": date(2025, 6, 9), "Ngày xin lỗi": date(2025, 6, 9),
        "Ngày hẹn trả mới": date(2025, 6, 16), "Lý do chậm": "Khác", "Hình thức gửi": "Tin nhắn",
    }  # fmt: skip
    changes = [
        ({"Mã hồ sơ": None}, "dossier_code_is_given"),
        ({"Lần xin lỗi": "lần đầu"}, "letter_number_is_valid"),
        ({"Đơn vị xin lỗi": "Phòng Tư pháp"}, "unit_is_known"),
        ({"Ngày báo chậm": None, "Ngày xin lỗi": None}, "something_was_sent"),
        ({"Ngày xin lỗi": sheet.NO_DAY}, "dates_are_readable"),
        ({"Lý do chậm": "Quên"}, "words_are_known"),
        ({"Ngày hẹn trả mới": date(2025, 6, 9)}, "new_due_is_later"),
        ({"Ngày xin lỗi": sheet.FAR, "Ngày hẹn trả mới": None}, "nothing_is_in_the_future"),
        ({"Mã công chức phụ trách": "Kiều Văn Nhầm"}, "official_is_a_code"),
    ]
    return [(whole | change, rule) for change, rule in changes]


REGISTER = sheet.Kept(
    stream="register__apologies",
    file_name="so_xin_loi.xlsx",
    title="SỔ XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    own_key=lambda number: {"Mã hồ sơ": f"H24.12.01-250601-9{number:03}", "Lần xin lỗi": 1},
    private=("Người nhận", "Ghi chú"),
)
