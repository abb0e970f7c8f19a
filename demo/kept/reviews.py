"""The register of reviews: every procedure of the plan, what was proposed, what came back."""

from datetime import date, timedelta
from random import Random

from ..procedures import CATALOGUE
from ..stream_file import Context, Row
from . import sheet
from .officials import CODES

HEADERS = {
    "review_code": "Mã rà soát",
    "procedure_code": "Mã TTHC",
    "plan_document": "Kế hoạch rà soát",
    "is_planned": "Trong kế hoạch",
    "unit_code": "Đơn vị rà soát",
    "official_code": "Mã công chức đề xuất",
    "due_on": "Hạn rà soát",
    "reviewed_on": "Ngày rà soát xong",
    "proposal_kind": "Loại đề xuất",
    "proposal": "Nội dung đề xuất",
    "proposed_on": "Ngày đề xuất",
    "proposal_document": "Văn bản đề xuất",
    "answer": "Kết quả trả lời",
    "answered_on": "Ngày trả lời",
    "answer_document": "Văn bản trả lời",
    "cost_cut_vnd": "Chi phí cắt giảm mỗi năm (đồng)",
}
PROPOSALS = {
    "none": "Không đề xuất",
    "fewer_papers": "Cắt giảm thành phần hồ sơ",
    "shorter_term": "Rút ngắn thời hạn",
    "amendment": "Sửa đổi quy định",
    "repeal": "Bãi bỏ quy định",
}
WORDS = {
    "is_planned": sheet.YES_NO,
    "unit_code": sheet.UNITS,
    "proposal_kind": PROPOSALS,
    "answer": {
        "accepted": "Được tiếp thu",
        "partly_accepted": "Tiếp thu một phần",
        "rejected": "Không tiếp thu",
    },
}
FIRST_DAY = date(2025, 4, 1)
# Later plans: issued on a day, of every so manieth procedure, with these terms in turn.
LATER_PLANS = (
    (date(2025, 10, 1), 3, (date(2025, 12, 14), date(2025, 12, 15), date(2025, 12, 31))),
    (
        date(2026, 1, 12),
        2,
        (date(2026, 3, 31), date(2026, 6, 30), date(2026, 9, 14), date(2026, 9, 30), None),
    ),
)


def rows(context: Context) -> list[Row]:
    """Return the plans, and of each procedure how far its review has come."""
    found = [_review(context, number) for number in range(len(CATALOGUE))]
    for issued, every, terms in LATER_PLANS:
        if issued <= context.moment.date():
            for turn, number in enumerate(range(0, len(CATALOGUE), every)):
                found += _later_reviews(context, issued, number, terms[turn % len(terms)])
    return found


def _review(context: Context, number: int) -> Row:
    rng, today = Random(f"{context.seed}/rà soát/{number}"), context.moment.date()
    procedure, is_planned = CATALOGUE[number], number % 9 != 8
    row: Row = {
        "review_code": f"RS-2025-{number:03}",
        "procedure_code": procedure.code,
        "plan_document": "12/KH-UBND" if is_planned else None,
        "is_planned": is_planned,
        "unit_code": procedure.unit,
        "due_on": date(2025, 9, 30) if is_planned else None,
    }
    row |= dict.fromkeys(name for name in HEADERS if name not in row)
    reviewed = FIRST_DAY + timedelta(days=2 * number)
    if reviewed > today:
        return row
    row |= {"reviewed_on": reviewed, "proposal_kind": "none"}
    if number % 3 == 0:
        kind = rng.choice([kind for kind in PROPOSALS if kind != "none"])
        codes = CODES[procedure.unit]
        proposed = reviewed + timedelta(days=6)
        row |= {
            "proposal_kind": kind,
            "proposal": f"{PROPOSALS[kind]}: phương án {number}",
            "official_code": codes[number % len(codes)],
            "cost_cut_vnd": 250_000 * rng.randrange(2, 90),
        }
        if proposed <= today:
            row |= {"proposed_on": proposed, "proposal_document": f"{number}/BC-UBND"}
        answered = proposed + timedelta(days=rng.randrange(20, 50))
        if answered <= today:
            answer = rng.choice(("accepted", "partly_accepted", "rejected"))
            row |= {"answer": answer, "answered_on": answered, "answer_document": f"{number}/STP-KSTTHC"}
    return row


def _later_reviews(context: Context, issued: date, number: int, term: date | None) -> list[Row]:
    """Return the lines of one procedure of a later plan: now and then two, now and then beside the plan."""
    rng, today = Random(f"{context.seed}/rà soát/{issued}/{number}"), context.moment.date()
    procedure = CATALOGUE[number]
    found = []
    for line in range(2 if number % 7 == 0 else 1):
        is_planned = number % 11 != 4
        row: Row = dict.fromkeys(HEADERS) | {
            "review_code": f"RS-{issued:%Y-%m}-{number:03}/{line}",
            "procedure_code": procedure.code,
            "plan_document": f"{issued.month}/KH-UBND" if is_planned else None,
            "is_planned": is_planned,
            "unit_code": procedure.unit,
            "due_on": term if is_planned else None,
        }
        found.append(row)
        reviewed = (term or date(2026, 5, 20)) + timedelta(days=rng.choice((-40, -12, -3, 0, 0, 1, 20)))
        if reviewed > today or rng.random() < 0.15:
            continue
        row |= {"reviewed_on": reviewed, "proposal_kind": "none"}
        if rng.random() < 0.4:
            continue
        codes = CODES[procedure.unit]
        row |= {
            "proposal_kind": rng.choice([kind for kind in PROPOSALS if kind != "none"]),
            "proposal": f"Phương án {number}/{line}",
            "official_code": codes[number % len(codes)],
            "cost_cut_vnd": 250_000 * rng.randrange(2, 90) if rng.random() < 0.8 else None,
        }
        proposed = reviewed + timedelta(days=rng.randrange(12))
        answered = proposed + timedelta(days=rng.randrange(15, 60))
        if proposed <= today:
            row |= {"proposed_on": proposed, "proposal_document": f"{number}/BC-UBND"}
        if answered <= today and rng.random() < 0.8:
            answer = rng.choice(("accepted", "partly_accepted", "rejected"))
            row |= {"answer": answer, "answered_on": answered, "answer_document": f"{number}/STP-KSTTHC"}
    return found


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    whole = {
        "Ngày rà soát xong": date(2025, 4, 1), "Loại đề xuất": "Sửa đổi quy định", "Nội dung đề xuất": "Sửa một điều",
        "Ngày đề xuất": date(2025, 4, 8), "Văn bản đề xuất": "3/BC", "Kết quả trả lời": "Được tiếp thu",
        "Ngày trả lời": date(2025, 5, 8), "Văn bản trả lời": "9/STP", "Chi phí cắt giảm mỗi năm (đồng)": 1_000_000,
    }  # fmt: skip
    changes = [
        ({"Mã rà soát": None}, "code_is_given"),
        ({"Mã TTHC": "TTHC-12"}, "procedure_code_is_valid"),
        ({"Trong kế hoạch": "Chưa rõ"}, "planned_is_told"),
        ({"Đơn vị rà soát": "Phòng Tư pháp"}, "unit_is_known"),
        ({"Loại đề xuất": "Hoan nghênh"}, "proposal_kind_is_known"),
        ({"Kết quả trả lời": "Đang xem"}, "answer_is_known"),
        ({"Hạn rà soát": sheet.NO_DAY}, "dates_are_readable"),
        ({"Chi phí cắt giảm mỗi năm (đồng)": "mười triệu"}, "cost_is_readable"),
        ({"Ngày rà soát xong": None}, "review_tells_its_outcome"),
        ({"Loại đề xuất": "Không đề xuất"}, "nothing_is_proposed_where_none"),
        ({"Kết quả trả lời": None}, "answer_has_its_day"),
        ({"Ngày trả lời": date(2025, 4, 7)}, "answer_follows_a_proposal"),
        ({"Ngày trả lời": sheet.FAR}, "nothing_is_in_the_future"),
        ({"Mã công chức đề xuất": "Kiều Văn Nhầm"}, "official_is_a_code"),
    ]
    return [(whole | change, rule) for change, rule in changes]


REGISTER = sheet.Kept(
    stream="register__reviews",
    file_name="so_ra_soat.xlsx",
    title="SỔ RÀ SOÁT THỦ TỤC HÀNH CHÍNH NĂM 2025",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    own_key=lambda number: {"Mã rà soát": f"RS-SAI-{number:02}"},
)
