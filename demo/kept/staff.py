"""The register of staff: who was where and since when, who was away; the only file of the demo with staff names."""

from datetime import date, timedelta

from ..stream_file import Context, Hashed, Row
from . import sheet
from .colleagues import ABSENCES, COLLEAGUES, Colleague
from .officials import OFFICIALS, Official, written

HEADERS = {
    "official_code": "Mã công chức",
    "kind": "Loại dòng",
    "full_name": "Họ và tên",
    "home_unit_code": "Đơn vị chủ quản",
    "working_unit_code": "Đơn vị làm việc",
    "job_title": "Chức danh",
    "staff_kind": "Nhóm",
    "is_head": "Là người đứng đầu",
    "starts_on": "Từ ngày",
    "ends_on": "Đến ngày",
    "absence_reason": "Lý do vắng mặt",
}
WORDS = {
    "kind": {"posting": "Công tác", "absence": "Vắng mặt"},
    "home_unit_code": sheet.UNITS,
    "working_unit_code": sheet.UNITS,
    "staff_kind": {
        "leader": "Lãnh đạo",
        "civil_servant": "Công chức",
        "public_employee": "Viên chức",
        "contract": "Hợp đồng",
    },
    "is_head": sheet.YES_NO,
    "absence_reason": {
        "maternity": "Thai sản",
        "sickness": "Ốm đau",
        "training": "Đào tạo, bồi dưỡng",
        "secondment": "Biệt phái",
        "other": "Khác",
    },
}
FIRST_DAY = date(2025, 7, 1)


def _other(
    code: str, name: str, unit: str, first: date, last: date | None, kind: str = "civil_servant"
) -> Row:
    """Return a posting of somebody whom the city's system never names."""
    return {
        "official_code": code,
        "kind": "posting",
        "full_name": name,
        "official_key": Hashed(name),
        "home_unit_code": unit,
        "working_unit_code": unit,
        "job_title": "Chuyên viên",
        "staff_kind": kind,
        "is_head": False,
        "starts_on": first,
        "ends_on": last,
        "absence_reason": None,
    }


def _colleague(one: Colleague) -> Row:
    post = _other(one.code, one.name, one.home, one.first, one.last, one.kind)
    return post | {"working_unit_code": one.unit or one.home, "job_title": one.job_title}


# Came and went, on the last day of a year of reports too; moved to another unit at New Year; has only a contract.
OTHERS = (
    _other("AH-VP-09", "Trịnh Thị Tạm", "van_phong", date(2025, 9, 1), date(2025, 12, 14)),
    _other("AH-VP-10", "Đoàn Văn Thêm", "van_phong", date(2025, 12, 15), date(2026, 3, 31)),
    _other("AH-KT-09", "Giáp Thị Chuyển", "kinh_te", date(2025, 9, 1), date(2025, 12, 31)),
    _other("AH-KT-09", "Giáp Thị Chuyển", "van_hoa_xa_hoi", date(2026, 1, 1), None),
    _other("AH-SN-09", "Khổng Văn Hợp", "su_nghiep_cong", date(2025, 9, 1), None, "contract"),
    *map(_colleague, COLLEAGUES),
)


def rows(context: Context) -> list[Row]:
    """Return every span that the register knows at the moment."""
    today, found = context.moment.date(), []
    for number, official in enumerate(OFFICIALS):
        former = _span(official, "posting", date(2021 + number % 3, 3, 1 + number), date(2025, 6, 30))
        found.append(former | {"is_head": False, "staff_kind": "civil_servant"})
        found.append(_span(official, "posting", FIRST_DAY, None))
        away = date(2024, 2 + number % 9, 5)
        found.append(_away(official, away, away.replace(day=20), "sickness" if number % 4 else "training"))
        if number % 8 == 3 and date(2025, 7, 14) <= today:
            found.append(_away(official, date(2025, 7, 14), date(2026, 1, 13), "maternity"))
    found += [_absence(*away) for away in ABSENCES if away[1] <= today]
    return found + [_told(row, today) for row in OTHERS if row["starts_on"] <= today]


def _told(row: Row, today: date) -> Row:
    """Return a posting as the register has it: its end is written when it is near."""
    is_told = row["ends_on"] is not None and row["ends_on"] <= today + timedelta(days=14)
    return row if is_told else row | {"ends_on": None}


def _span(official: Official, kind: str, first: date, last: date | None) -> Row:
    name = written(official.name)
    kinds = "leader" if official.is_head else "civil_servant"
    return {
        "official_code": official.code,
        "kind": kind,
        "full_name": name,
        "official_key": Hashed(name),
        "home_unit_code": official.home,
        "working_unit_code": official.unit,
        "job_title": "Trưởng phòng" if official.is_head else "Chuyên viên",
        "staff_kind": "public_employee"
        if official.unit == "su_nghiep_cong" and not official.is_head
        else kinds,
        "is_head": official.is_head,
        "starts_on": first,
        "ends_on": last,
        "absence_reason": None,
    }


def _away(official: Official, first: date, last: date, reason: str) -> Row:
    return _absence(official.code, first, last, reason)


def _absence(code: str, first: date, last: date, reason: str) -> Row:
    away = {"official_code": code, "kind": "absence", "is_head": False}
    return dict.fromkeys(HEADERS) | {"official_key": None} | away | {
        "starts_on": first, "ends_on": last, "absence_reason": reason,
    }  # fmt: skip


def shown(row: Row) -> Row:
    """Return a row as it is typed: what the register lets be left out is left out."""
    typed = dict(row)
    if row["working_unit_code"] == row["home_unit_code"]:
        typed["working_unit_code"] = None
    if not row["is_head"]:
        typed["is_head"] = None
    return typed


def mistakes() -> list[tuple[sheet.Cells, str]]:
    """Return what each planted mistake types, and the rule that refuses it."""
    posting = {
        "Loại dòng": "Công tác", "Họ và tên": "Kiều Văn Nhầm", "Đơn vị chủ quản": "Phòng Kinh tế", "Nhóm": "Công chức",
        "Đơn vị làm việc": None, "Từ ngày": date(2025, 7, 1), "Đến ngày": None, "Lý do vắng mặt": None,
    }  # fmt: skip
    changes = [
        ({"Mã công chức": "Kiều Văn Nhầm"}, "official_is_a_code"),
        ({"Loại dòng": "Chuyển đi"}, "kind_is_known"),
        ({"Từ ngày": None}, "span_has_its_first_day"),
        ({"Đến ngày": sheet.NO_DAY}, "dates_are_readable"),
        ({"Đến ngày": date(2025, 6, 1)}, "span_is_in_order"),
        ({"Họ và tên": "Chuyên viên"}, "name_is_given"),
        ({"Đơn vị chủ quản": "Phòng Tư pháp"}, "home_unit_is_known"),
        ({"Đơn vị làm việc": "Tổ công tác số 3"}, "working_unit_is_known"),
        ({"Nhóm": "Cộng tác viên"}, "staff_kind_is_known"),
        ({"Là người đứng đầu": "Có thể"}, "head_is_yes_or_no"),
        ({"Lý do vắng mặt": "Ốm đau"}, "absence_has_a_reason"),
    ]
    return [(posting | change, rule) for change, rule in changes]


REGISTER = sheet.Kept(
    stream="register__staff",
    file_name="so_can_bo.xlsx",
    title="SỔ CÁN BỘ, CÔNG CHỨC, VIÊN CHỨC XÃ AN HƯNG",
    headers=HEADERS,
    words=WORDS,
    rows=rows,
    mistakes=mistakes,
    own_key=lambda number: {"Mã công chức": f"AH-XX-{number:02}"},
    private=("Ngày sinh", "Số CCCD", "Số điện thoại", "Ghi chú"),
    shown=shown,
)
