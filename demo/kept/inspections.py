"""The register of inspections: one of every unit each quarter, its findings, and what was mended."""

from datetime import date, timedelta
from random import Random

from ..exports import seen
from ..stream_file import Context, Row
from ..units import NAMES
from . import sheet
from .officials import CODES

HEADERS = {
    "entry_code": "Mã dòng kiểm tra",
    "kind": "Loại dòng",
    "inspection_code": "Thuộc cuộc kiểm tra",
    "unit_code": "Đơn vị được kiểm tra",
    "plan_document": "Kế hoạch kiểm tra",
    "plan_issued_on": "Ngày ban hành kế hoạch",
    "planned_on": "Ngày dự kiến",
    "inspected_on": "Ngày kiểm tra",
    "has_discipline_content": "Có kiểm tra kỷ luật kỷ cương",
    "concluded_on": "Ngày kết luận",
    "conclusion_document": "Văn bản kết luận",
    "finding_kind": "Loại tồn tại",
    "finding": "Nội dung tồn tại",
    "dossier_code": "Mã hồ sơ liên quan",
    "official_code": "Mã công chức liên quan",
    "mend_due_on": "Hạn khắc phục",
    "mended_on": "Ngày khắc phục",
    "evidence": "Minh chứng khắc phục",
}
FINDINGS = {
    "wrong_authority": "Sai thẩm quyền",
    "wrong_process": "Sai quy trình",
    "extra_papers": "Yêu cầu thêm giấy tờ",
    "paperwork": "Văn bản, báo cáo",
    "discipline": "Kỷ luật, kỷ cương",
    "other": "Khác",
}
WORDS = {
    "kind": {"inspection": "Cuộc kiểm tra", "finding": "Tồn tại"},
    "unit_code": sheet.UNITS,
    "has_discipline_content": sheet.YES_NO,
    "finding_kind": FINDINGS,
}
FIRST_DAY = date(2024, 1, 22)
ROUNDS, LATER_ROUNDS = 8, 4
#: The unit that nobody came to in the second year.
FORGOTTEN = "su_nghiep_cong"
# Inspections that no plan had: unit, day, whether discipline was looked at.
UNANNOUNCED = (
    ("kinh_te", date(2025, 10, 8), True),
    ("van_phong", date(2025, 12, 15), False),
    ("kinh_te", date(2026, 1, 14), True),
    ("phuc_vu_hanh_chinh_cong", date(2026, 6, 30), False),
)


def rows(context: Context) -> list[Row]:
    """Return every inspection of the plans issued by the moment, and the findings of those that are done."""
    today, found = context.moment.date(), []
    for turn in range(ROUNDS + LATER_ROUNDS):
        for place, unit in enumerate(NAMES):
            found += _inspection(context, turn, place, unit)
    for number, (unit, day, has_discipline) in enumerate(UNANNOUNCED, start=1):
        if day <= today:
            row = dict.fromkeys(HEADERS) | {
                "entry_code": f"KT-ĐX-{number}",
                "kind": "inspection",
                "unit_code": unit,
                "inspected_on": day,
                "has_discipline_content": has_discipline,
            }
            found.append(row)
    return found


def _inspection(context: Context, turn: int, place: int, unit: str) -> list[Row]:
    rng, today = Random(f"{context.seed}/kiểm tra/{turn}/{unit}"), context.moment.date()
    planned = FIRST_DAY + timedelta(days=91 * turn + 7 * place)
    is_later = turn >= ROUNDS
    if is_later and date(planned.year, 1, 12) > today:
        return []
    day = planned + timedelta(days=rng.choice((-6, -2, 0, 0, 4, 40) if is_later else (-6, -2, 0, 0, 4)))
    concluded = day + timedelta(days=7)
    code = f"KT-{planned.year}-{turn + 1}-{place + 1}"
    row: Row = {
        "entry_code": code,
        "kind": "inspection",
        "unit_code": unit,
        "plan_document": f"{5 + planned.year % 10}/KH-UBND",
        "plan_issued_on": date(planned.year, 1, 12),
        "planned_on": planned,
    }
    row |= dict.fromkeys(name for name in HEADERS if name not in row)
    if day > today or (is_later and (unit == FORGOTTEN or rng.random() < 0.15)):
        return [row]
    row |= {"inspected_on": day, "has_discipline_content": rng.random() < 0.8}
    if concluded > today:
        return [row]
    row |= {"concluded_on": concluded, "conclusion_document": f"{turn}{place}/KL-UBND"}
    return [row, *(_finding(rng, row, number, context) for number in range(1, 1 + (turn + place) % 4))]


def _finding(rng: Random, inspection: Row, number: int, context: Context) -> Row:
    today = context.moment.date()
    kind, unit = rng.choice(tuple(FINDINGS)), inspection["unit_code"]
    due = inspection["concluded_on"] + timedelta(days=30)
    is_later = inspection["inspected_on"] >= date(2025, 9, 1)
    mended = due + timedelta(
        days=rng.choice((-20, -8, -1, 0, 0, 1, 5, 900) if is_later else (-20, -8, -1, 5))
    )
    is_process = kind in ("wrong_authority", "wrong_process", "extra_papers")
    copied = ("unit_code", "inspected_on", "concluded_on", "conclusion_document")
    return dict.fromkeys(HEADERS) | {
        **{name: inspection[name] for name in copied},
        "entry_code": f"{inspection['entry_code']}/{number}",
        "kind": "finding",
        "inspection_code": inspection["entry_code"],
        "finding_kind": kind,
        "finding": f"{FINDINGS[kind]}: việc thứ {number}",
        "dossier_code": _dossier(context, inspection, number) if is_process else None,
        "official_code": rng.choice(CODES[unit]) if rng.random() < 0.5 else None,
        "mend_due_on": due,
        "mended_on": mended if mended <= today else None,
        "evidence": f"{number}/BC-UBND" if mended <= today else None,
    }


def _dossier(context: Context, inspection: Row, number: int) -> str:
    """Return the code of a dossier that had ended by then; of the years before the city's data one of old times."""
    day = inspection["inspected_on"]
    ended = [
        dossier.code
        for dossier in seen.dossiers(context)
        if dossier.status in (9, 10) and (at := dossier.at["NgayKetThucXuLy"]) and at.date() <= day
    ]
    rng = Random(f"{context.seed}/kiểm tra/hồ sơ/{inspection['entry_code']}/{number}")
    return rng.choice(ended) if ended else f"H24.12.01-{day:%y%m%d}-{number:04}"


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    nothing = dict.fromkeys(HEADERS.values())
    whole = nothing | {
        "Loại dòng": "Cuộc kiểm tra", "Đơn vị được kiểm tra": "Phòng Kinh tế", "Kế hoạch kiểm tra": "9/KH-UBND",
        "Ngày ban hành kế hoạch": date(2025, 1, 12), "Ngày dự kiến": date(2025, 3, 3),
        "Ngày kiểm tra": date(2025, 3, 4), "Có kiểm tra kỷ luật kỷ cương": "Có",
        "Ngày kết luận": date(2025, 3, 11), "Văn bản kết luận": "4/KL-UBND",
    }  # fmt: skip
    finding = nothing | {
        "Loại dòng": "Tồn tại", "Đơn vị được kiểm tra": "Phòng Kinh tế", "Thuộc cuộc kiểm tra": "KT-2024-1-1",
        "Loại tồn tại": "Khác", "Nội dung tồn tại": "Thiếu sổ theo dõi", "Hạn khắc phục": date(2025, 4, 10),
    }  # fmt: skip
    changes = [
        (whole, {"Mã dòng kiểm tra": " "}, "code_is_given"),
        (whole, {"Loại dòng": "Kiểm tra chéo"}, "kind_is_known"),
        (whole, {"Đơn vị được kiểm tra": "Phòng Tư pháp"}, "unit_is_known"),
        (whole, {"Có kiểm tra kỷ luật kỷ cương": "Một phần"}, "words_are_known"),
        (whole, {"Ngày kết luận": sheet.NO_DAY}, "dates_are_readable"),
        (
            nothing,
            {"Loại dòng": "Cuộc kiểm tra", "Đơn vị được kiểm tra": "Phòng Kinh tế"},
            "inspection_has_its_day",
        ),
        (whole, {"Có kiểm tra kỷ luật kỷ cương": None}, "done_inspection_tells_discipline"),
        (whole, {"Hạn khắc phục": date(2025, 4, 1)}, "inspection_is_not_a_finding"),
        (finding, {"Thuộc cuộc kiểm tra": None}, "finding_belongs_to_an_inspection"),
        (finding, {"Nội dung tồn tại": None}, "finding_is_described"),
        (finding, {"Hạn khắc phục": None}, "finding_has_a_term"),
        (whole, {"Ngày kết luận": date(2025, 3, 3)}, "days_are_in_order"),
        (whole, {"Ngày kết luận": sheet.FAR}, "nothing_is_in_the_future"),
        (finding, {"Mã công chức liên quan": "Kiều Văn Nhầm"}, "official_is_a_code"),
    ]
    return [(_without_key(base) | change, rule) for base, change, rule in changes]


def _without_key(cells: sheet.Cells) -> sheet.Cells:
    return {header: value for header, value in cells.items() if header != HEADERS["entry_code"]}


REGISTER = sheet.Kept(
    stream="register__inspections",
    file_name="so_kiem_tra.xlsx",
    title="SỔ KIỂM TRA CẢI CÁCH HÀNH CHÍNH XÃ AN HƯNG",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    own_key=lambda number: {"Mã dòng kiểm tra": f"KT-SAI-{number:02}"},
)
