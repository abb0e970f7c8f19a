"""The checklist of publicity: every procedure, once a month, at the Centre and on the portal."""

from datetime import date, timedelta
from random import Random

from ..clockwork import after
from ..procedures import CATALOGUE
from ..stream_file import Context, Row
from . import sheet
from .officials import CODES

HEADERS = {
    "procedure_code": "Mã TTHC",
    "checked_on": "Ngày kiểm",
    "is_at_center": "Niêm yết tại Trung tâm",
    "is_center_current": "Bản niêm yết còn hiệu lực",
    "is_center_complete": "Bản niêm yết đủ nội dung",
    "center_posted_on": "Ngày niêm yết",
    "is_on_portal": "Đăng trên Cổng TTĐT xã",
    "is_portal_current": "Bản trên Cổng còn hiệu lực",
    "is_portal_complete": "Bản trên Cổng đủ nội dung",
    "portal_posted_on": "Ngày đăng trên Cổng",
    "decision_document": "Quyết định công bố",
    "decided_on": "Ngày quyết định công bố",
    "official_code": "Mã công chức kiểm",
    "evidence": "Minh chứng",
}
WORDS = dict.fromkeys((name for name in HEADERS if name.startswith("is_")), sheet.YES_NO)
CHECKS = (date(2025, 6, 30), date(2025, 7, 31))
DECIDED_ON = date(2025, 6, 16)
# The end of every month since, but for that of Tết, when nobody went.
LATER_CHECKS = (
    *(date(2025, 8, 29), date(2025, 9, 30), date(2025, 10, 31), date(2025, 11, 28), date(2025, 12, 31)),
    *(date(2026, 1, 30), date(2026, 3, 31), date(2026, 4, 29), date(2026, 5, 29), date(2026, 6, 30)),
    *(date(2026, 7, 31), date(2026, 8, 28), date(2026, 9, 30), date(2026, 10, 30)),
)
# Every decision of the city since, and of which procedures: those whose number leaves the remainder.
# Five working days from each end: in a month, over the new year, over Tết, on the first and the last of a month.
LATER_DECISIONS = (
    (date(2025, 9, 10), 4, 1), (date(2025, 9, 26), 6, 2), (date(2025, 12, 26), 5, 3), (date(2026, 1, 27), 7, 4),
    (date(2026, 2, 11), 9, 5), (date(2026, 4, 22), 4, 0), (date(2026, 6, 23), 5, 1), (date(2026, 9, 24), 6, 5),
)  # fmt: skip
# What is checked only since the autumn, and what no catalogue has.
CHECKED_SINCE, NEWCOMERS, OUTSIDE = date(2025, 10, 31), (39, 79), "1.999001"
NEVER_CHECKED = 58


def rows(context: Context) -> list[Row]:
    """Return every check made by the moment."""
    today = context.moment.date()
    return [
        *(_check(context.seed, number, day) for day in CHECKS if day <= today for number in _checked(day)),
        *(
            _later_check(context.seed, number, day)
            for day in LATER_CHECKS
            if day <= today
            for number in _checked(day)
        ),
    ]


def _checked(day: date) -> list[int]:
    known = [number for number in range(len(CATALOGUE)) if number != NEVER_CHECKED]
    if day < CHECKED_SINCE:
        return [number for number in known if number not in NEWCOMERS]
    return [*known, len(CATALOGUE)]


def _check(seed: int, number: int, day: date) -> Row:
    rng = Random(f"{seed}/công khai/{number}/{day}")
    # What one check finds is mended before the next.
    is_first = day == CHECKS[0]
    codes = CODES["phuc_vu_hanh_chinh_cong"]
    row: Row = {
        "procedure_code": CATALOGUE[number].code,
        "checked_on": day,
        "decision_document": "2101/QĐ-UBND" if number % 5 else "1877/QĐ-UBND",
        "decided_on": DECIDED_ON if number % 5 else date(2025, 3, 10),
        "official_code": codes[number % len(codes)],
        "evidence": f"Biên bản kiểm {day:%d/%m/%Y}",
    }
    for place, on in (("center", "is_at_center"), ("portal", "is_on_portal")):
        is_posted = not is_first or rng.random() < 0.93
        posted = row["decided_on"] + timedelta(days=rng.randrange(1, 12))
        row |= {
            on: is_posted,
            f"is_{place}_current": rng.random() < 0.9 if is_posted else None,
            f"is_{place}_complete": rng.random() < 0.95 if is_posted else None,
            f"{place}_posted_on": posted if is_posted else None,
        }
    return row


def _later_check(seed: int, number: int, day: date) -> Row:
    """Return a check by what was decided before it: a copy follows a decision some days on, and now and then badly."""
    decided = max(
        (decision for decision, every, rest in LATER_DECISIONS if decision <= day and number % every == rest),
        default=DECIDED_ON if number % 5 else None,
    )
    row: Row = {
        "procedure_code": CATALOGUE[number].code if number < len(CATALOGUE) else OUTSIDE,
        "checked_on": day,
        "decision_document": decided and f"{decided:%d%m}/QĐ-UBND",
        "decided_on": decided,
        "official_code": CODES["phuc_vu_hanh_chinh_cong"][0],
        "evidence": f"Biên bản kiểm {day:%d/%m/%Y}",
    }
    for place, on in (("center", "is_at_center"), ("portal", "is_on_portal")):
        # One decision is followed on one day, whenever it is looked at.
        rng = Random(f"{seed}/công khai/{number}/{place}/{decided}")
        posted = after(decided, rng.choice((0, 1, 2, 3, 4, 5, 5, 6, 9))) if decided else None
        today = Random(f"{seed}/công khai/{number}/{place}/{day}")
        is_posted = today.random() < 0.97
        is_followed = posted is None or posted <= day
        row |= {
            on: is_posted,
            f"is_{place}_current": is_followed and today.random() < 0.97 if is_posted else None,
            f"is_{place}_complete": today.random() < 0.96 if is_posted else None,
            f"{place}_posted_on": (posted if is_followed else DECIDED_ON) if is_posted else None,
        }
    return row


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    whole = {
        "Niêm yết tại Trung tâm": "Có", "Bản niêm yết còn hiệu lực": "Có", "Bản niêm yết đủ nội dung": "Có",
        "Ngày niêm yết": date(2025, 6, 20), "Đăng trên Cổng TTĐT xã": "Có", "Bản trên Cổng còn hiệu lực": "Có",
        "Bản trên Cổng đủ nội dung": "Có", "Ngày đăng trên Cổng": date(2025, 6, 20),
    }  # fmt: skip
    changes = [
        ({"Mã TTHC": "TTHC-12"}, "procedure_code_is_valid"),
        ({"Ngày kiểm": None}, "check_has_its_day"),
        ({"Ngày quyết định công bố": sheet.NO_DAY}, "dates_are_readable"),
        ({"Niêm yết tại Trung tâm": None}, "center_is_told"),
        ({"Đăng trên Cổng TTĐT xã": "Chưa rõ"}, "portal_is_told"),
        ({"Bản niêm yết còn hiệu lực": "Gần đúng"}, "judgements_are_yes_or_no"),
        ({"Bản niêm yết đủ nội dung": None}, "center_copy_is_judged"),
        ({"Đăng trên Cổng TTĐT xã": "Không"}, "portal_copy_is_judged"),
        ({"Ngày niêm yết": date(2025, 7, 2)}, "copy_is_older_than_the_check"),
        ({"Ngày kiểm": sheet.FAR}, "nothing_is_in_the_future"),
        ({"Mã công chức kiểm": "Kiều Văn Nhầm"}, "official_is_a_code"),
    ]
    return [(whole | change, rule) for change, rule in changes]


REGISTER = sheet.Kept(
    stream="register__publicity",
    file_name="bang_kiem_cong_khai.xlsx",
    title="BẢNG KIỂM CÔNG KHAI THỦ TỤC HÀNH CHÍNH",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    own_key=lambda number: {"Mã TTHC": f"9.{number:06}", "Ngày kiểm": date(2025, 6, 30)},
)
