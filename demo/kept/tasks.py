"""The register of tasks: work of the plans, of the city and of the commune, and reports due."""

from datetime import date, timedelta
from random import Random

from ..clockwork import after
from ..stream_file import Context, Row
from ..units import NAMES
from . import sheet
from .officials import CODES

HEADERS = {
    "task_code": "Mã nhiệm vụ",
    "title": "Nội dung nhiệm vụ",
    "kind": "Loại việc",
    "source": "Nguồn giao",
    "source_document": "Văn bản giao",
    "unit_code": "Đơn vị thực hiện",
    "official_code": "Mã công chức phụ trách",
    "assigned_on": "Ngày giao",
    "due_on": "Hạn hoàn thành",
    "state": "Trạng thái",
    "done_on": "Ngày hoàn thành",
    "evidence": "Minh chứng",
    "planned_count": "Số sản phẩm kế hoạch",
    "done_count": "Số sản phẩm hoàn thành",
    "reminded_on": "Ngày đôn đốc đầu tiên",
    "reminder_count": "Số lần đôn đốc",
    "obstacle_reported_on": "Ngày báo vướng mắc",
    "obstacle_due_on": "Hạn xử lý vướng mắc",
    "obstacle_resolved_on": "Ngày xử lý xong vướng mắc",
    "excused_by": "Văn bản xác nhận khách quan",
}
KINDS = {
    "task": "Nhiệm vụ",
    "document": "Văn bản phải ban hành",
    "report": "Báo cáo",
    "monitoring_report": "Báo cáo theo dõi CCHC",
    "inspection_plan": "Kế hoạch kiểm tra CCHC",
    "communication_product": "Sản phẩm tuyên truyền",
}
SOURCES = {
    "par_plan": "QĐ 79",
    "communication_plan": "Kế hoạch tuyên truyền CCHC",
    "city": "Thành phố giao",
    "commune": "UBND xã giao",
    "reporting_rule": "Quy định báo cáo",
}
WORDS = {
    "kind": KINDS,
    "source": SOURCES,
    "unit_code": sheet.UNITS,
    "state": {
        "not_started": "Chưa thực hiện",
        "in_progress": "Đang thực hiện",
        "done": "Đã hoàn thành",
        "cancelled": "Dừng thực hiện",
    },
}
# What comes in turn: source, kind, document, what it is about.
WORK = (
    ("par_plan", "task", "79/QĐ-UBND", "Rà soát quy trình nội bộ giải quyết thủ tục hành chính"),
    ("par_plan", "document", "79/QĐ-UBND", "Ban hành văn bản chỉ đạo số hóa hồ sơ"),
    ("communication_plan", "communication_product", "07/KH-UBND", "Tin, bài về dịch vụ công trực tuyến"),
    ("city", "task", "1747/UBND-KSTTHC", "Thực hiện nhiệm vụ duy trì chỉ số CCHC"),
    ("commune", "task", "12/TB-UBND", "Bố trí máy quét tại quầy tiếp nhận"),
    ("reporting_rule", "report", "01/2020/TT-VPCP", "Báo cáo kiểm soát thủ tục hành chính"),
    ("par_plan", "monitoring_report", "79/QĐ-UBND", "Báo cáo theo dõi cải cách hành chính tháng"),
    ("par_plan", "inspection_plan", "79/QĐ-UBND", "Ban hành kế hoạch kiểm tra cải cách hành chính"),
)
# What comes from the autumn of 2025 on: the plan of inspections stands among the edges, once a year.
LATER_WORK = (
    ("par_plan", "task", "02/QĐ-UBND", "Đơn giản hóa quy trình nội bộ"),
    ("communication_plan", "task", "05/KH-UBND", "Tổ chức hội nghị tuyên truyền cải cách hành chính"),
    ("city", "task", "312/UBND-KSTTHC", "Thực hiện chỉ đạo của Chủ tịch UBND thành phố"),
    ("par_plan", "document", "02/QĐ-UBND", "Ban hành văn bản triển khai kế hoạch cải cách hành chính"),
    ("commune", "task", "12/TB-UBND", "Sắp xếp lại quầy tiếp nhận"),
    ("communication_plan", "communication_product", "05/KH-UBND", "Tin, bài, phóng sự về thủ tục hành chính"),
    ("reporting_rule", "report", "01/2020/TT-VPCP", "Báo cáo kiểm soát thủ tục hành chính"),
    ("city", "report", "312/UBND-KSTTHC", "Báo cáo kết quả nhiệm vụ thành phố giao"),
    ("communication_plan", "document", "05/KH-UBND", "Ban hành văn bản hướng dẫn tuyên truyền"),
    ("par_plan", "monitoring_report", "02/QĐ-UBND", "Báo cáo theo dõi cải cách hành chính"),
    ("commune", "report", "12/TB-UBND", "Báo cáo sắp xếp quầy tiếp nhận"),
)
FIRST_DAY = date(2025, 1, 6)
MOST = 345
#: From this one on, work may stay undone, and reminders and obstacles take every turn.
LATER = 120


def rows(context: Context) -> list[Row]:
    """Return every task given by the moment, as it stands then."""
    days = ((number, FIRST_DAY + timedelta(days=2 * number)) for number in range(MOST))
    work = [_later_task if number >= LATER else _task for number in range(MOST)]
    found = [work[number](context, number, day) for number, day in days if day <= context.moment.date()]
    edges = [_edge(number, *edge) for number, edge in enumerate(EDGES)]
    return found + [_known(row, context) for row in edges if row["assigned_on"] <= context.moment.date()]


def _task(context: Context, number: int, given: date) -> Row:
    rng = Random(f"{context.seed}/nhiệm vụ/{number}")
    today = context.moment.date()
    source, kind, document, title = WORK[number % len(WORK)]
    unit = tuple(NAMES)[number % len(NAMES)]
    due = given + timedelta(days=rng.randrange(15, 60))
    done = due + timedelta(days=rng.choice((-9, -5, -2, 0, 0, 3, 8)))
    is_cancelled, is_done = number % 29 == 17, done <= today and number % 29 != 17
    planned = rng.randrange(1, 9) if kind == "communication_product" else None
    reminded = due + timedelta(days=2)
    is_reminded = not is_cancelled and reminded <= today and (not is_done or done > due) and number % 4 != 0
    met = given + timedelta(days=5)
    has_obstacle = number % 10 == 3 and met <= today
    resolved = met + timedelta(days=rng.randrange(2, 20))
    return {
        "task_code": f"NV-2025-{number:03}",
        "title": f"{title} ({number})",
        "kind": kind,
        "source": source,
        "source_document": document,
        "unit_code": unit,
        "official_code": None if number % 7 == 5 else CODES[unit][number % len(CODES[unit])],
        "assigned_on": given,
        "due_on": due,
        "state": "cancelled"
        if is_cancelled
        else "done"
        if is_done
        else "in_progress"
        if number % 3
        else "not_started",
        "done_on": done if is_done else None,
        "evidence": f"{number}/BC-UBND" if is_done and number % 11 else None,
        "planned_count": planned,
        "done_count": planned and (planned if is_done else planned // 2),
        "reminded_on": reminded if is_reminded else None,
        "reminder_count": 1 + number % 2 if is_reminded else None,
        "obstacle_reported_on": met if has_obstacle else None,
        "obstacle_due_on": met + timedelta(days=10) if has_obstacle else None,
        "obstacle_resolved_on": resolved if has_obstacle and resolved <= today else None,
        "excused_by": f"{number}/XN-UBND" if number % 37 == 9 else None,
    }


def _obstacle(reported: date, due: date | None, resolved: date | None) -> Row:
    return {"obstacle_reported_on": reported, "obstacle_due_on": due, "obstacle_resolved_on": resolved}


# Every case at the edge of a period: kind, source, unit, due, done, and what else the register says.
EDGES = (
    # The last day of a month, of a year and of a year of reports: done that day, and the day after.
    ("task", "par_plan", "kinh_te", date(2025, 12, 31), date(2025, 12, 31), {}),
    ("task", "par_plan", "kinh_te", date(2025, 12, 31), date(2026, 1, 1), {}),
    ("task", "city", "van_phong", date(2025, 12, 14), date(2025, 12, 15), {}),
    ("report", "reporting_rule", "van_phong", date(2026, 1, 15), date(2026, 1, 14), {}),
    ("document", "communication_plan", "van_hoa_xa_hoi", date(2026, 2, 28), None, {}),
    # Three working days over the new year of 2026 and over Tết end on 7/1 and on 25/2.
    ("task", "par_plan", "su_nghiep_cong", date(2025, 12, 31), None, {"reminded_on": date(2026, 1, 7)}),
    ("task", "par_plan", "su_nghiep_cong", date(2026, 2, 13), None, {"reminded_on": date(2026, 2, 25)}),
    ("task", "communication_plan", "kinh_te", date(2026, 2, 13), None, {"reminded_on": date(2026, 2, 26)}),
    (
        "task",
        "par_plan",
        "van_phong",
        date(2026, 2, 13),
        date(2026, 2, 24),
        {"reminded_on": date(2026, 2, 12)},
    ),
    # Withdrawn, excused, and products of which nobody wrote how many.
    ("task", "city", "kinh_te", date(2026, 3, 10), None, {"state": "cancelled"}),
    ("task", "commune", "kinh_te", date(2026, 3, 31), date(2026, 4, 20), {"excused_by": "31/XN-UBND"}),
    ("communication_product", "communication_plan", "kinh_te", date(2026, 3, 31), date(2026, 3, 30), {}),
    ("communication_product", "par_plan", "kinh_te", date(2026, 4, 10), date(2026, 4, 14), {"done_count": 0}),
    # The plan of inspections of the year, issued on its last day.
    ("inspection_plan", "par_plan", "van_hoa_xa_hoi", date(2026, 3, 31), date(2026, 3, 31), {}),
    # Obstacles: without a term, solved on the last day and after it; with one, solved on it and never.
    (
        "task",
        "commune",
        "kinh_te",
        date(2026, 9, 30),
        None,
        _obstacle(date(2026, 4, 28), None, date(2026, 4, 30)),
    ),
    (
        "task",
        "commune",
        "kinh_te",
        date(2026, 9, 30),
        None,
        _obstacle(date(2026, 4, 28), None, date(2026, 5, 4)),
    ),
    (
        "task",
        "city",
        "kinh_te",
        date(2026, 9, 30),
        None,
        _obstacle(*[date(2026, 5, day) for day in (4, 14, 14)]),
    ),
    (
        "task",
        "city",
        "kinh_te",
        date(2026, 9, 30),
        None,
        _obstacle(date(2026, 5, 4), date(2026, 5, 14), None),
    ),
)


def _edge(number: int, kind: str, source: str, unit: str, due: date, done: date | None, more: Row) -> Row:
    row = dict.fromkeys(HEADERS) | {
        "task_code": f"NV-MÉP-{number:02}",
        "title": f"Việc ở mép kỳ ({number})",
        "kind": kind,
        "source": source,
        "source_document": "02/QĐ-UBND",
        "unit_code": unit,
        "official_code": CODES[unit][0] if number % 2 else None,
        "assigned_on": date(2025, 11, 17),
        "due_on": due,
        "state": "done" if done else "in_progress",
        "done_on": done,
        "evidence": f"{number}/BC-UBND" if done else None,
    }
    return row | more


def _later_task(context: Context, number: int, given: date) -> Row:
    rng = Random(f"{context.seed}/nhiệm vụ/{number}")
    source, kind, document, title = LATER_WORK[number % len(LATER_WORK)]
    unit = tuple(NAMES)[number % len(NAMES)]
    due = given + timedelta(days=rng.randrange(10, 50))
    done = None if number % 13 == 7 else due + timedelta(days=rng.choice((-9, -5, -2, 0, 0, 1, 3, 8, 25)))
    is_cancelled = number % 29 == 17
    planned = rng.randrange(1, 9) if kind == "communication_product" else None
    row = dict.fromkeys(HEADERS) | {
        "task_code": f"NV-{given.year}-{number:03}",
        "title": f"{title} ({number})",
        "kind": kind,
        "source": source,
        "source_document": document,
        "unit_code": unit,
        "official_code": None if number % 7 == 5 else CODES[unit][number % len(CODES[unit])],
        "assigned_on": given,
        "due_on": due,
        "state": "cancelled" if is_cancelled else "done" if done else "in_progress",
        "done_on": None if is_cancelled else done,
        "evidence": f"{number}/BC-UBND" if done and not is_cancelled else None,
        "planned_count": planned,
        "done_count": planned if number % 4 else None,
        "excused_by": f"{number}/XN-UBND" if number % 37 == 9 else None,
    }
    if (done is None or done > due) and rng.random() < 0.7:
        row |= {"reminded_on": after(due, rng.choice((1, 2, 3, 3, 4, 6))), "reminder_count": 1}
    if rng.random() < 0.25:
        met = given + timedelta(days=rng.randrange(1, 9))
        solved = met + timedelta(days=rng.choice((3, 10, 10, 16)))
        term = met + timedelta(days=10) if rng.random() < 0.7 else None
        row |= _obstacle(met, term, solved if rng.random() < 0.8 else None)
    return _known(row, context)


def _known(row: Row, context: Context) -> Row:
    """Return the row as the register has it at the moment: what is to come is not written yet."""
    today, known = context.moment.date(), dict(row)
    if known["done_on"] and known["done_on"] > today:
        known |= {"done_on": None, "state": "in_progress", "evidence": None, "done_count": None}
    if known["reminded_on"] and known["reminded_on"] > today:
        known |= {"reminded_on": None, "reminder_count": None}
    if known["obstacle_reported_on"] and known["obstacle_reported_on"] > today:
        known |= dict.fromkeys(name for name in known if name.startswith("obstacle_"))
    if known["obstacle_resolved_on"] and known["obstacle_resolved_on"] > today:
        known["obstacle_resolved_on"] = None
    return known


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    work = {
        "Trạng thái": "Đã hoàn thành", "Ngày giao": date(2025, 3, 3), "Hạn hoàn thành": date(2025, 4, 1),
        "Ngày hoàn thành": date(2025, 3, 25), "Ngày báo vướng mắc": None, "Hạn xử lý vướng mắc": None,
        "Ngày xử lý xong vướng mắc": None,
    }  # fmt: skip
    changes = [
        ({"Mã nhiệm vụ": None}, "code_is_given"),
        ({"Nội dung nhiệm vụ": " "}, "title_is_given"),
        ({"Loại việc": "Việc khác"}, "kind_is_known"),
        ({"Nguồn giao": None}, "source_is_known"),
        ({"Đơn vị thực hiện": "Phòng Tư pháp"}, "unit_is_known"),
        ({"Hạn hoàn thành": None}, "due_is_given"),
        ({"Trạng thái": "Gần xong"}, "state_is_known"),
        ({"Ngày giao": sheet.NO_DAY}, "dates_are_readable"),
        ({"Số lần đôn đốc": "hai lần"}, "counts_are_whole"),
        ({"Số sản phẩm hoàn thành": "2,5"}, "counts_are_whole"),
        ({"Ngày hoàn thành": None}, "done_work_has_its_day"),
        ({"Ngày hoàn thành": sheet.FAR}, "nothing_is_in_the_future"),
        ({"Ngày hoàn thành": date(2025, 3, 2)}, "work_is_done_after_it_is_given"),
        ({"Ngày xử lý xong vướng mắc": date(2025, 3, 20)}, "obstacle_is_in_order"),
        ({"Mã công chức phụ trách": "Kiều Văn Nhầm"}, "official_is_a_code"),
    ]
    return [(work | change, rule) for change, rule in changes]


REGISTER = sheet.Kept(
    stream="register__tasks",
    file_name="so_nhiem_vu.xlsx",
    title="SỔ NHIỆM VỤ NĂM 2025 CỦA UBND XÃ AN HƯNG",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    own_key=lambda number: {"Mã nhiệm vụ": f"NV-SAI-{number:02}"},
    has_example=True,
)
