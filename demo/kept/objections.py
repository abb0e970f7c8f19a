"""The register of objections to proposed evaluations: of people and of a unit, the newest not answered yet."""

from datetime import date, timedelta
from random import Random

from ..stream_file import Context, Row
from . import sheet
from .officials import OFFICIALS

HEADERS = {
    "objection_code": "Mã khiếu nại",
    "period": "Kỳ đánh giá",
    "official_code": "Mã công chức khiếu nại",
    "unit_code": "Đơn vị khiếu nại",
    "filed_on": "Ngày nhận khiếu nại",
    "item_code": "Mục bị khiếu nại",
    "answered_on": "Ngày trả lời",
    "answer": "Kết quả trả lời",
    "document": "Văn bản trả lời",
}
WORDS = {
    "unit_code": sheet.UNITS,
    "answer": {
        "accepted": "Chấp nhận",
        "partly_accepted": "Chấp nhận một phần",
        "rejected": "Không chấp nhận",
    },
}
# Period, official or unit, day, item; then day and answer.
FILED = (
    ("2025-Q2", "AH-KT-02", None, date(2025, 7, 2), "c", date(2025, 7, 4), "rejected"),
    ("2025-Q2", "AH-VP-02", None, date(2025, 7, 3), "V1", date(2025, 7, 14), "partly_accepted"),
    ("2025-Q2", None, "kinh_te", date(2025, 7, 4), None, date(2025, 7, 9), "accepted"),
    ("2025-Q3", "AH-TT-03", None, date(2025, 10, 3), "T2", date(2025, 10, 9), "accepted"),
    ("2025", "AH-KT-04", None, date(2026, 1, 7), "b", date(2026, 1, 9), "rejected"),
    ("2026-Q2", "AH-VX-02", None, date(2026, 7, 6), None, date(2026, 7, 8), "accepted"),
)
# Of the first periods that were rated so many objected: the day on which the window opened, one in so many who did not.
EARLIER = (("2024-Q3", date(2024, 10, 14), 4), ("2024-Q4", date(2025, 1, 6), 3), ("2024", date(2025, 1, 20), 3),
           ("2025-Q1", date(2025, 4, 14), 5))  # fmt: skip


def _earlier() -> list[tuple]:
    found = []
    for period, opened, silent in EARLIER:
        for number, official in enumerate(OFFICIALS):
            if number % silent:
                rng = Random(f"{period}/{official.code}/khiếu nại")
                filed = opened + timedelta(days=rng.randrange(5))
                item, answer = rng.choice(("a", "b", "c", "g3", None)), rng.choice(tuple(WORDS["answer"]))
                answered = filed + timedelta(days=rng.randrange(1, 4))
                found.append((period, official.code, None, filed, item, answered, answer))
    return found


def rows(context: Context) -> list[Row]:
    """Return every objection filed by the moment, answered if it was by then."""
    today, found = context.moment.date(), []
    every = [*_earlier(), *FILED]
    for number, (period, official, unit, filed, item, answered, answer) in enumerate(every, start=1):
        if filed > today:
            continue
        is_answered = answered <= today
        found.append(
            {
                "objection_code": f"KN-{filed.year}-{number:03}",
                "period": period,
                "official_code": official,
                "unit_code": unit,
                "filed_on": filed,
                "item_code": item,
                "answered_on": answered if is_answered else None,
                "answer": answer if is_answered else None,
                "document": f"{number}/TL-VHXH" if is_answered else None,
            }
        )
    return found


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    whole = {
        "Kỳ đánh giá": "2025-Q2", "Mã công chức khiếu nại": "AH-KT-01", "Đơn vị khiếu nại": None,
        "Ngày nhận khiếu nại": date(2025, 7, 2), "Mục bị khiếu nại": "c", "Ngày trả lời": date(2025, 7, 3),
        "Kết quả trả lời": "Chấp nhận", "Văn bản trả lời": "1/TL-VHXH",
    }  # fmt: skip
    changes = [
        ({"Mã khiếu nại": None}, "code_is_given"),
        ({"Kỳ đánh giá": "năm nay"}, "period_is_valid"),
        ({"Đơn vị khiếu nại": "Phòng Kinh tế"}, "somebody_objects"),
        ({"Mã công chức khiếu nại": None, "Đơn vị khiếu nại": "Phòng Tư pháp"}, "unit_is_known"),
        ({"Mã công chức khiếu nại": "Kiều Văn Nhầm"}, "official_is_a_code"),
        ({"Mục bị khiếu nại": "mục thứ ba"}, "item_is_a_code"),
        ({"Ngày nhận khiếu nại": None}, "filing_has_its_day"),
        ({"Ngày trả lời": sheet.NO_DAY}, "dates_are_readable"),
        ({"Kết quả trả lời": "Để xem"}, "words_are_known"),
        ({"Kết quả trả lời": None}, "answer_is_whole"),
        ({"Ngày trả lời": date(2025, 7, 1)}, "answer_follows_filing"),
        ({"Ngày trả lời": sheet.FAR}, "nothing_is_in_the_future"),
    ]
    return [(whole | change, rule) for change, rule in changes]


REGISTER = sheet.Kept(
    stream="register__objections",
    file_name="so_khieu_nai_danh_gia.xlsx",
    title="SỔ KHIẾU NẠI KẾT QUẢ ĐÁNH GIÁ (LƯU HÀNH HẠN CHẾ)",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    own_key=lambda number: {"Mã khiếu nại": f"SAI-{number:02}"},
    private=("Nội dung khiếu nại", "Ghi chú"),
)
