"""Who else works for the commune: with those whom the city's system names they are 60 people.

They never hold a dossier: leaders, clerks and accountants, the public employees of the Centre of Public Services. Some
came or left at half a year, to the day; some were away as long as a rule asks, or a day less.
"""

from datetime import date
from typing import NamedTuple


class Colleague(NamedTuple):
    """One person: the unit that judges, the post, and its days; ``unit`` when the work is elsewhere."""

    code: str
    name: str
    home: str
    job_title: str
    kind: str = "civil_servant"
    first: date = date(2025, 1, 1)
    last: date | None = None
    unit: str | None = None


OFFICE, ECONOMY, CULTURE = "van_phong", "kinh_te", "van_hoa_xa_hoi"
COUNTER, SERVICES = "phuc_vu_hanh_chinh_cong", "su_nghiep_cong"

COLLEAGUES = (
    Colleague("AH-LD-01", "Trần Quốc Ấn", OFFICE, "Chủ tịch UBND xã", "leader"),
    Colleague("AH-LD-02", "Lưu Thị Bích", OFFICE, "Phó Chủ tịch UBND xã", "leader"),
    Colleague("AH-LD-03", "Khúc Văn Chương", OFFICE, "Phó Chủ tịch HĐND xã", "leader"),
    Colleague("AH-VP-11", "Đặng Thị Dung", OFFICE, "Văn thư"),
    Colleague("AH-VP-12", "Âu Thị Hiền", OFFICE, "Kế toán"),
    Colleague("AH-VP-13", "Lý Văn Giáp", OFFICE, "Lái xe", "contract"),
    Colleague("AH-VP-14", "Thân Thị Huệ", OFFICE, "Thủ quỹ", "contract"),
    Colleague("AH-VP-15", "Ninh Văn Ích", OFFICE, "Tổng hợp"),
    Colleague("AH-VP-16", "Bạch Thị Kiều", OFFICE, "Công nghệ thông tin"),
    Colleague("AH-VP-17", "Chử Văn Lực", OFFICE, "Tư pháp - hộ tịch"),
    Colleague("AH-KT-11", "Doãn Thị Mận", ECONOMY, "Kế toán ngân sách"),
    Colleague("AH-KT-12", "Từ Văn Năng", ECONOMY, "Địa chính"),
    Colleague("AH-KT-13", "Sái Thị Oanh", ECONOMY, "Nông nghiệp"),
    # 182 days of 2025, and 183: half a year is 182 and a half.
    Colleague("AH-KT-14", "Viên Văn Phúc", ECONOMY, "Xây dựng", first=date(2025, 7, 3)),
    Colleague("AH-KT-15", "Tiêu Thị Quyên", ECONOMY, "Môi trường", first=date(2025, 7, 2)),
    Colleague("AH-KT-16", "Lã Văn Rinh", ECONOMY, "Thống kê"),
    Colleague("AH-VX-11", "Ông Thị Sen", CULTURE, "Văn hóa"),
    Colleague("AH-VX-12", "Quản Văn Tám", CULTURE, "Giáo dục"),
    Colleague("AH-VX-13", "Hàn Thị Uyên", CULTURE, "Y tế", last=date(2026, 7, 1)),
    Colleague("AH-VX-14", "Mạc Văn Vinh", CULTURE, "Lao động, người có công", last=date(2026, 7, 2)),
    Colleague("AH-VX-15", "Ứng Thị Xoan", CULTURE, "Nội vụ"),
    Colleague("AH-VX-16", "Kha Văn Yên", CULTURE, "Thanh niên"),
    Colleague("AH-VX-17", "Đào Thị An", CULTURE, "Trẻ em, bình đẳng giới"),
    Colleague("AH-TT-11", "Tống Văn Bảo", COUNTER, "Hướng dẫn"),
    Colleague("AH-TT-12", "Giang Thị Cúc", COUNTER, "Tiếp nhận"),
    Colleague("AH-TT-13", "Phó Văn Duy", ECONOMY, "Tiếp nhận", unit=COUNTER),
    Colleague("AH-TT-14", "Lục Thị Em", CULTURE, "Tiếp nhận", unit=COUNTER),
    Colleague("AH-SN-11", "Hoa Văn Phong", SERVICES, "Phó Giám đốc", "public_employee"),
    Colleague("AH-SN-12", "Nghiêm Thị Gái", SERVICES, "Phát thanh", "public_employee"),
    Colleague("AH-SN-13", "Ma Văn Hùng", SERVICES, "Khuyến nông", "public_employee"),
    Colleague("AH-SN-14", "Đàm Thị Khuê", SERVICES, "Thú y", "public_employee"),
    Colleague("AH-SN-15", "Triệu Văn Lâm", SERVICES, "Thủy lợi", "public_employee"),
    Colleague("AH-SN-16", "Bế Thị Mỹ", SERVICES, "Thư viện", "public_employee"),
    Colleague("AH-SN-17", "Cung Văn Nghĩa", SERVICES, "Thể thao", "public_employee"),
    Colleague("AH-SN-18", "Hứa Thị Ơn", SERVICES, "Kế toán viên", "public_employee"),
    Colleague("AH-SN-19", "Lò Văn Pha", SERVICES, "Bảo vệ", "contract"),
    Colleague("AH-SN-20", "Vi Thị Quế", SERVICES, "Vệ sinh", "contract"),
    Colleague("AH-SN-21", "Nùng Văn Sơn", SERVICES, "Văn nghệ", "public_employee"),
)

# Official, first and last day, reason.
ABSENCES = (
    # Three months of a year of 365 days are 91 days and a quarter.
    ("AH-SN-12", date(2025, 2, 1), date(2025, 5, 3), "sickness"),
    ("AH-SN-13", date(2025, 2, 1), date(2025, 5, 2), "sickness"),
    # One day that two reasons share is one day; together they are 92.
    ("AH-SN-15", date(2026, 3, 1), date(2026, 4, 15), "sickness"),
    ("AH-SN-15", date(2026, 4, 15), date(2026, 5, 31), "other"),
    ("AH-SN-14", date(2025, 3, 1), date(2025, 9, 30), "training"),
    ("AH-VP-15", date(2026, 3, 1), date(2026, 8, 30), "sickness"),
    ("AH-VP-16", date(2025, 10, 1), date(2026, 3, 31), "maternity"),
    ("AH-VX-15", date(2026, 5, 1), date(2026, 8, 8), "other"),
    ("AH-VX-16", date(2026, 1, 1), date(2026, 6, 30), "secondment"),
    ("AH-VX-17", date(2026, 2, 1), date(2026, 8, 2), "maternity"),
)

# Day, unit, official, behaviour, source; then day, verdict, discipline and its day of the finding, if any.
REPORTS = (
    (date(2025, 9, 8), CULTURE, "AH-VX-11", "harassment", "letter", date(2025, 10, 10), "substantiated", "none", None),
    (date(2025, 10, 20), SERVICES, "AH-SN-11", "indiscipline", "inspection",
     date(2025, 11, 20), "substantiated", "warning", date(2025, 12, 5)),
    (date(2026, 4, 20), OFFICE, "AH-VP-17", "harassment", "hotline", date(2026, 5, 20), "substantiated", None, None),
    (date(2026, 5, 4), COUNTER, "AH-TT-11", "harassment", "petition_system", None, None, None, None),
    (date(2026, 7, 6), SERVICES, "AH-SN-16", "attitude", "inspection",
     date(2026, 8, 10), "partly_substantiated", "reprimand", date(2026, 9, 1)),
    (date(2026, 8, 17), ECONOMY, "AH-KT-16", "falsification", "inspection",
     date(2026, 9, 21), "substantiated", "none", None),
    (date(2026, 8, 24), CULTURE, "AH-VX-12", "corruption", "inspection",
     date(2026, 10, 5), "partly_substantiated", "warning", date(2026, 10, 12)),
)  # fmt: skip
