"""The register of assessments: points people gave themselves, and those of their heads, for what no number tells."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ..stream_file import Context, Row
from . import sheet
from .colleagues import COLLEAGUES, Colleague
from .officials import OFFICIALS, Official

HEADERS = {
    "period": "Kỳ đánh giá",
    "official_code": "Mã công chức",
    "assessor": "Người chấm",
    "item_code": "Mục chấm",
    "points": "Điểm chấm",
    "signed_on": "Ngày ký",
    "document": "Văn bản",
}
WORDS = {"assessor": {"self": "Tự chấm", "head": "Người đứng đầu"}}
# The period, and the day on which people began to assess themselves for it; heads follow in the next week.
PERIODS = (
    ("2025-Q2", date(2025, 6, 30)),
    ("2025-Q3", date(2025, 10, 1)),
    ("2025", date(2026, 1, 2)),
    ("2026-Q1", date(2026, 4, 1)),
    ("2026-Q2", date(2026, 7, 1)),
    ("2026-Q3", date(2026, 10, 1)),
)
#: Items and the most points of each, by the rules of a year: general criteria, and what only heads have.
GENERAL = {2025: [(f"g{n}", 4) for n in range(1, 6)], 2026: [(f"g{n}", 10) for n in range(1, 4)]}
OF_HEADS = {2025: [("l1", 5), ("l2", 5)], 2026: [("e", 100)]}
CHAIRMAN = "Chủ tịch UBND xã"
#: The year's programme, what the city gave, and the indices; since 2026 he is assessed as others are.
OF_CHAIRMAN = {
    2025: [
        ("l1", 5), ("l2", 5), ("p1", 20), ("t1", 10), ("t2", 10), ("t3", 10),
        ("x1", 2), ("x2", 2), ("x3", 1), ("x4", 15),
    ],
    2026: [],
}  # fmt: skip
#: Everybody with a sheet: a contract has none.
PEOPLE: tuple[Official | Colleague, ...] = (
    *OFFICIALS,
    *(one for one in COLLEAGUES if one.kind != "contract"),
)
#: One in so many forgets to assess himself; one in so many is not assessed by the head.
FORGETS, IS_FORGOTTEN = 7, 11


def rows(context: Context) -> list[Row]:
    """Return every assessment signed by the moment."""
    today = context.moment.date()
    return [
        row
        for period, first in PERIODS
        for number, official in enumerate(PEOPLE, start=1)
        if _is_at_post(official, period)
        for row in _of(period, first, number, official)
        if row["signed_on"] <= today
    ]


def items(period: str, is_head: bool, is_chairman: bool = False) -> list[tuple[str, int]]:
    """Return the items that people enter in a period, with the most points of each."""
    year = int(period[:4])
    return GENERAL[year] + (OF_CHAIRMAN[year] if is_chairman else OF_HEADS[year] if is_head else [])


def _is_at_post(one: Official | Colleague, period: str) -> bool:
    if isinstance(one, Official):
        return True
    year, _, quarter = period.partition("-Q")
    months = (1, 12) if not quarter else (3 * int(quarter) - 2, 3 * int(quarter))
    first = date(int(year), months[0], 1)
    # The last day of any month but one is near enough: nobody comes in the last days of a quarter.
    return one.first <= date(int(year), months[1], 28) and (one.last or date.max) >= first


def _of(period: str, first: date, number: int, official: Official | Colleague) -> list[Row]:
    is_head = isinstance(official, Official) and official.is_head
    is_chairman = isinstance(official, Colleague) and official.job_title == CHAIRMAN
    found = []
    for assessor, missing, waits in (("self", FORGETS, number % 3), ("head", IS_FORGOTTEN, 7 + number % 4)):
        if number % missing == missing - 1:
            continue
        for item, most in items(period, is_head, is_chairman):
            rng = Random(f"{period}/{official.code}/{assessor}/{item}")
            # Halves of a point, from three fifths of the most to all of it.
            halves = rng.randrange(max(1, most * 6 // 5), most * 2 + 1)
            found.append(
                {
                    "period": period,
                    "official_code": official.code,
                    "assessor": assessor,
                    "item_code": item,
                    "points": Decimal(halves) / 2,
                    "signed_on": first + timedelta(days=waits),
                    "document": f"{number}/PC-{official.code[3:5]}" if assessor == "head" else None,
                }
            )
    return found


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    whole = {
        "Kỳ đánh giá": "2025-Q2", "Người chấm": "Tự chấm", "Mục chấm": "g1", "Điểm chấm": 3,
        "Ngày ký": date(2025, 7, 1), "Văn bản": None,
    }  # fmt: skip
    changes = [
        ({"Kỳ đánh giá": "quý hai"}, "period_is_valid"),
        ({"Mã công chức": "Kiều Văn Nhầm"}, "official_is_a_code"),
        ({"Người chấm": "Bạn bè"}, "assessor_is_known"),
        ({"Mục chấm": "mục một"}, "item_is_a_code"),
        ({"Điểm chấm": 101}, "points_are_in_range"),
        ({"Ngày ký": None}, "signed_has_its_day"),
        ({"Ngày ký": sheet.NO_DAY}, "dates_are_readable"),
        ({"Ngày ký": sheet.FAR}, "nothing_is_in_the_future"),
    ]
    return [(whole | change, rule) for change, rule in changes]


REGISTER = sheet.Kept(
    stream="register__assessments",
    file_name="so_cham_diem_danh_gia.xlsx",
    title="SỔ CHẤM ĐIỂM ĐÁNH GIÁ (LƯU HÀNH HẠN CHẾ)",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    own_key=lambda number: {"Mã công chức": f"AH-SAI-{number:02}"},
    private=("Nhận xét",),
)
