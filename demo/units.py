"""Units of An Hưng as the city writes them: right, retyped, dissolved and unknown."""

import unicodedata
from random import Random

NAMES = {
    "kinh_te": "Phòng Kinh tế",
    "van_hoa_xa_hoi": "Phòng Văn hóa - Xã hội",
    "van_phong": "Văn phòng HĐND và UBND",
    "phuc_vu_hanh_chinh_cong": "Trung tâm Phục vụ hành chính công",
    "su_nghiep_cong": "Trung tâm sự nghiệp công",
}
# Communes merged into An Hưng on 2025-07-01; their names are valid to the day before.
DISSOLVED = ("UBND xã An Thái", "UBND xã An Thọ", "UBND xã Chiến Thắng")
UNKNOWN = (
    "UBND huyện An Lão",
    "Phòng Tư pháp",
    "Phòng Kinh tề",
    "UBND xã An Hưng (Bình Định)",
    "Tổ công tác số 3",
)

OFFICERS = {
    "kinh_te": ("Đỗ Văn Khoát", "Ngô Thị Lài", "Lê Bá Sung", "Phùng Văn Tạo"),
    "van_hoa_xa_hoi": ("Hà Thị Mơ", "Vũ Đình Nhượng", "Tô Thị Ánh Ngà"),
    "van_phong": ("Bùi Thị Oanh", "Cao Văn Phái", "Đinh Hồng Quế"),
    "phuc_vu_hanh_chinh_cong": (
        "Lương Thị Rạng",
        "Mai Văn Sửu",
        "Nông Thị Thoa",
        "Phạm Văn Uẩn",
        "Quách Hoà Vịnh",
    ),
    "su_nghiep_cong": ("Tạ Văn Xuyến", "Hứa Thị Yên"),
}
PLACEHOLDER_OFFICERS = ("Chuyên viên", "Cán bộ một cửa", "", None)


def spelling(rng: Random, name: str) -> str:
    """Return ``name`` as somebody may have typed it; all spellings are the same name by the counting
    rules."""
    roll = rng.random()
    if roll < 0.80:
        return name
    if roll < 0.84:
        return name.upper()
    if roll < 0.87:
        return name.replace(" ", "  ", 1) + " "
    if roll < 0.90:
        return name.replace("hóa", "hoá")
    if roll < 0.93:
        return name.replace(" - ", "-")
    if roll < 0.96:
        return name.replace(" - ", " – ").lower()
    return unicodedata.normalize("NFD", name)
