"""Files of any size, as the systems around the city export them: the other side of the dossiers of ``readings``."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import xlsxwriter

from bench import readings

PORTAL_HEADERS = (
    "Mã hồ sơ", "Mã hồ sơ địa phương", "Mã thủ tục", "Cơ quan giải quyết", "Hình thức nộp", "Ngày nộp",
    "Ngày tiếp nhận", "Ngày hẹn trả", "Ngày kết thúc xử lý", "Ngày trả kết quả", "Trạng thái hồ sơ",
    "Ngày cập nhật trạng thái", "Thanh toán trực tuyến", "Có kết quả điện tử", "Mức độ hài lòng",
)  # fmt: skip
PAYMENT_HEADERS = (
    "STT", "Mã giao dịch", "Mã hồ sơ", "Mã thủ tục", "Phí", "Lệ phí", "Số tiền", "Hình thức thanh toán",
    "Kênh thanh toán", "Hình thức thu", "Trạng thái thanh toán", "Ngày yêu cầu thanh toán", "Ngày thu phí",
    "Ngày hoàn phí",
)  # fmt: skip
CHANNELS = {"1": "Trực tiếp", "2": "Trực tuyến", "3": "Bưu chính công ích"}


def portal_csv(path: Path, count: int) -> Path:
    """Write what the portal shows of ``count`` dossiers: one in fifty is missing, and of as many each other kind.

    Those are another due date, a code of the portal's own beside the city's, and one that says nothing of it.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(PORTAL_HEADERS)
        lines.writerows(_portal_rows(count))
    return path


def _portal_rows(count: int) -> Iterator[list[str]]:
    draw = random.Random(1)
    for number in range(count):
        record = readings.record(number, count, draw)
        code, place = record["MaHoSo"], number % 50
        if place == 7:
            continue
        due = datetime.strptime(record["NgayHenTra"], "%Y%m%d%H%M%S")
        if place == 13:
            due += timedelta(days=2)
        yield [
            f"G22.99.01-{number:07d}" if place in (23, 29) else code,
            code if place == 23 else "",
            record["MaTTHC"],
            record["DonViXuLy"],
            CHANNELS[record["KenhThucHien"]],
            *(_day(record[name]) for name in ("NgayNopHoSo", "NgayTiepNhan")),
            f"{due:%d/%m/%Y %H:%M:%S}",
            *(_day(record[name]) for name in ("NgayKetThucXuLy", "NgayTra")),
            "Đang xử lý" if record["TrangThaiHoSo"] == "4" else "Đã trả kết quả",
            _day(record["NgayTra"] or record["NgayTiepNhan"]),
            record["DuocThanhToanTrucTuyen"],
            "Không" if record["TrangThaiHoSo"] == "4" else "Có",
            "",
        ]


def _day(stamp: str) -> str:
    if not stamp:
        return ""
    return f"{stamp[6:8]}/{stamp[4:6]}/{stamp[:4]} {stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}"


def payments_xlsx(path: Path, count: int) -> Path:
    """Write ``count`` payments as a workbook: title, headers, real numbers, instants as texts, a row of totals."""
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("Giao dịch")
        sheet.write_string(0, 0, "DANH SÁCH GIAO DỊCH")
        sheet.write_row(1, 0, PAYMENT_HEADERS)
        for number in range(count):
            at = readings.FIRST_DAY + timedelta(minutes=number * 525_000 // count)
            paid = f"{at:%d/%m/%Y %H:%M:%S}"
            fee = 1000 * (number % 40)
            line = [
                number + 1, f"GD-{number:08d}", f"H24.11.10-{at:%y%m%d}-{number:07d}", "1.100001", fee, 8000,
                fee + 8000, "Trực tuyến", "Cổng DVCQG", "Thu trước", "Đã thanh toán", paid, paid,
            ]  # fmt: skip
            sheet.write_row(number + 2, 0, line)
        total = 8000 * count + sum(1000 * (number % 40) for number in range(count))
        sheet.write_row(count + 2, 0, ["Tổng cộng", None, None, None, None, None, total])
    return path
