"""Eight invented dossiers of July 2025, and what must come of them, worked out by hand.

Calendar ``month``, 2025-07. Each line: unit, channel, received, due, ended, what it is at the end of the month.

    D1 kinh_te          2  02/07  10/07  08/07  resolved early
    D2 kinh_te          1  03/07  10/07  10/07  resolved on time (after the hour, on the day)
    D3 kinh_te          2  07/07  14/07  16/07  resolved late
    D4 van_phong        1  20/06  05/07  –      open, overdue, carried over
    D5 van_phong        3  20/07  10/08  –      open, within term
    D6 van_phong        1  21/07  –      25/07  resolved, the catalogue says no deadline
    D7 kinh_te          –  22/07  –      23/07  resolved, procedure not in the catalogue: undetermined
    D8 van_hoa_xa_hoi   1  10/07  20/07  15/07  withdrawn
    Q9 a unit that nobody knows: refused
"""

from datetime import datetime, timedelta, timezone

from tests.landing.small_city import SmallCity

CLOCK = datetime(2025, 8, 5, 10, 0, tzinfo=timezone(timedelta(hours=7)))
NAME = "Nguyễn Thị Thử"
IDENTITY = "031085000017"
KINH_TE, VAN_PHONG, VAN_HOA = "Phòng Kinh tế", "Văn phòng HĐND và UBND", "Phòng Văn hóa - Xã hội"
WINDOW = ("--from", "2025-06-01", "--to", "31/07/2025")

CATALOGUE = """Mã TTHC;Tên TTHC;Lĩnh vực;Mức độ DVC;Thời hạn (ngày làm việc);Có kết quả;Đơn vị chủ trì
1.000001;Đăng ký việc thử;Hộ tịch;Toàn trình;5;Có;Phòng Kinh tế
1.000002;Việc không quy định thời hạn;Đất đai;Một phần;Không quy định;Có;Văn phòng HĐND và UBND
"""

FORM = """code,name,3,4,5,6,7,8,9,10,11,12,13
kinh_te,Phòng Kinh tế,4,2,2,0,4,1,2,1,0,0,0
van_hoa_xa_hoi,Phòng Văn hóa - Xã hội,1,0,1,0,1,0,1,0,0,0,0
van_phong,Văn phòng HĐND và UBND,3,0,2,1,1,0,1,0,2,1,1
phuc_vu_hanh_chinh_cong,Trung tâm Phục vụ hành chính công,0,0,0,0,0,0,0,0,0,0,0
su_nghiep_cong,Trung tâm sự nghiệp công,0,0,0,0,0,0,0,0,0,0,0
11674,Tổng số,8,2,5,1,6,1,4,1,2,1,1
"""

#: (level, code, indicator) → (numerator, denominator, value, status) as csv has them.
VALUES = {
    ("commune", "11674", "dossier_on_time_rate"): ("3", "4", "75.00", "small_n"),
    ("commune", "11674", "dossier_early_rate"): ("1", "4", "25.00", "small_n"),
    ("commune", "11674", "dossier_late_settled_count"): ("1", "", "1", "ok"),
    ("commune", "11674", "dossier_overdue_open_count"): ("1", "", "1", "ok"),
    ("commune", "11674", "progress_rate_766"): ("4", "6", "66.67", "ok"),
    ("commune", "11674", "online_submission_rate"): ("2", "7", "28.57", "ok"),
    ("commune", "11674", "apology_issued_rate"): ("0", "2", "0.00", "small_n"),
    ("unit", "kinh_te", "dossier_on_time_rate"): ("2", "3", "66.67", "small_n"),
    ("unit", "van_phong", "progress_rate_766"): ("2", "3", "66.67", "small_n"),
    ("unit", "van_hoa_xa_hoi", "dossier_on_time_rate"): ("0", "0", "", "no_data"),
    ("unit", "su_nghiep_cong", "online_submission_rate"): ("0", "0", "", "no_data"),
    ("unit", "su_nghiep_cong", "dossier_late_settled_count"): ("0", "", "0", "ok"),
    ("procedure", "1.000002", "dossier_on_time_rate"): ("1", "1", "100.00", "small_n"),
    ("field", "đất đai", "dossier_on_time_rate"): ("1", "1", "100.00", "small_n"),
    ("field", "khac", "online_submission_rate"): ("0", "1", "0.00", "small_n"),
}


def code(number: int) -> str:
    """Return the code of a dossier of the list above."""
    return f"H24.99.01-250701-{number:04d}"


def record(number: int, unit: str, received: str, **more: str) -> dict:
    """Return a record of the city system; days are written dd/mm, the year is 2025."""
    return {
        "MaHoSo": code(number),
        "MaTTHC": more.get("procedure", "1.000001"),
        "KenhThucHien": more.get("channel", "1"),
        "LoaiDoiTuong": "1",
        "SoGiayToChuHoSo": IDENTITY,
        "ChuHoSo": NAME,
        "TrangThaiHoSo": more["status"],
        "NgayNopHoSo": _at(received, "08"),
        "NgayTiepNhan": _at(received, "08"),
        "NgayHenTra": _at(more.get("due"), "17"),
        "NgayKetThucXuLy": _at(more.get("ended"), "18"),
        "NgayTra": _at(more.get("handed"), "19"),
        "DonViXuLy": unit,
        "TaiLieuNop": [],
        "DanhSachLePhi": [],
        "DanhSachHoSoBoSung": [],
        "DanhSachGiayToKetQua": [],
        "DanhSachXinLoi": [],
    }


def records() -> list[dict]:
    """Return the dossiers as the city shows them."""
    return [
        record(1, KINH_TE, "02/07", due="10/07", ended="08/07", status="9", channel="2"),
        record(2, KINH_TE, "03/07", due="10/07", ended="10/07", status="9"),
        record(3, KINH_TE, "07/07", due="14/07", ended="16/07", handed="17/07", status="10", channel="2"),
        record(4, VAN_PHONG, "20/06", due="05/07", status="4"),
        record(5, VAN_PHONG, "20/07", due="10/08", status="2", channel="3"),
        record(6, VAN_PHONG, "21/07", ended="25/07", status="9", procedure="1.000002"),
        record(7, KINH_TE, "22/07", ended="23/07", status="9", procedure="9.999999", channel=""),
        record(8, VAN_HOA, "10/07", due="20/07", ended="15/07", status="7"),
        record(9, "Phòng Lạ", "11/07", due="20/07", status="4"),
    ]


def city(dossiers: list[dict] | None = None) -> SmallCity:
    """Return the city with these dossiers and no events; use it in a ``with``."""
    shown = records() if dossiers is None else dossiers
    return SmallCity(records={"/api/ho-so": shown, "/api/tien-do": []}, clock=CLOCK)


def _at(day: str | None, hour: str) -> str:
    return f"2025{day[3:5]}{day[:2]}{hour}0000" if day else ""
