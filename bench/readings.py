"""Readings of any size, archived as the city's answers would be: the input of the measurements."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import msgspec
import psycopg

from tthc import settings
from tthc.landing import ledger
from tthc.landing.archive import Archive
from tthc.sources.streams import Stream

PAGE = 500
FIRST_DAY = datetime(2025, 1, 1, 8, 0, 0)
UNITS = (
    "Phòng Kinh tế",
    "Phòng Văn hóa - Xã hội",
    "Văn phòng HĐND và UBND",
    "Trung tâm Phục vụ hành chính công",
    "Trung tâm sự nghiệp công",
)


def catalogue(path: Path) -> str:
    """Write the procedures of these dossiers as a file that people load; return its path."""
    lines = ["Mã TTHC;Tên TTHC;Lĩnh vực;Mức độ DVC;Thời hạn (ngày làm việc);Có kết quả;Đơn vị chủ trì"]
    lines += [
        f"{code};Thủ tục đo tốc độ {number};Đo lường;Toàn trình;5;Có;{UNITS[number % 5]}"
        for number, code in enumerate(dict.fromkeys(_procedure(number) for number in range(240)))
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return str(path)


def _procedure(number: int) -> str:
    return f"{1 + number % 3}.{100000 + number % 80:06d}"


def bodies(count: int, seed: int, *, changed: float = 0.0) -> Iterator[bytes]:
    """Yield the pages of ``count`` dossiers received over one year; a share ``changed`` differs from seed's own."""
    encode = msgspec.json.Encoder().encode
    draw, second = random.Random(seed), random.Random(seed + 1)
    for start in range(0, count, PAGE):
        records = []
        for number in range(start, min(start + PAGE, count)):
            one = record(number, count, draw)
            if changed and second.random() < changed:
                one["NgayTra"] = "20260110100000"
            records.append(one)
        pages = -(-count // PAGE)
        page = start // PAGE + 1
        yield encode(
            {
                "data": records,
                "currentPage": page,
                "totalPages": pages,
                "totalCount": count,
                "pageSize": PAGE,
                "hasPreviousPage": page > 1,
                "hasNextPage": page < pages,
            }
        )


def record(number: int, count: int, draw: random.Random) -> dict:
    """Return the dossier of this number; the same draws give the same dossier."""
    received = FIRST_DAY + timedelta(minutes=number * 525_000 // count)
    due = received + timedelta(days=draw.randrange(2, 16))
    is_open = draw.random() < 0.03
    finished = received + timedelta(days=draw.randrange(1, 15), minutes=draw.randrange(400))
    stamp = received.strftime("%Y%m%d%H%M%S")
    paths = [f"/tep/{number}/{part}.pdf" for part in range(draw.randrange(1, 4))]
    return {
        "MaHoSo": f"H24.11.{number % 90 + 10}-{stamp[2:8]}-{number:07d}",
        "MaHoSoKhac": "",
        "MaTTHC": _procedure(number),
        "TenTTHC": "Thủ tục đo tốc độ",
        "MaLinhVuc": "DO",
        "TenLinhVuc": "Đo lường",
        "KenhThucHien": str(draw.randrange(1, 4)),
        "ChuHoSo": f"Người Thứ {number}",
        "LoaiDoiTuong": "1",
        "SoGiayToChuHoSo": f"0310{number:08d}",
        "Email": f"nguoi{number}@example.vn",
        "SoDienThoai": f"09{number:08d}",
        "TrichYeuHoSo": "Đề nghị giải quyết thủ tục để đo tốc độ của kho dữ liệu",
        "NgayNopHoSo": stamp,
        "NgayTiepNhan": stamp,
        "NgayHenTra": due.strftime("%Y%m%d%H%M%S"),
        "TrangThaiHoSo": "4" if is_open else "10",
        "NgayTra": "" if is_open else finished.strftime("%Y%m%d%H%M%S"),
        "NgayKetThucXuLy": "" if is_open else finished.strftime("%Y%m%d%H%M%S"),
        "NgayTuChoi": "",
        "HinhThuc": "0",
        "DonViXuLy": UNITS[number % 5],
        "NoiNopHoSo": "2",
        "HoSoCoThanhPhanSoHoa": "1",
        "TaiKhoanDuocXacThucVoiVNeID": "0",
        "DuocThanhToanTrucTuyen": str(draw.randrange(3)),
        "TaiLieuNop": [
            {
                "TepDinhKemId": path,
                "TenTepDinhKem": "Tờ khai.pdf",
                "IsDeleted": "False",
                "MaThanhPhanHoSo": "TP1",
                "DuongDanTaiTepTin": path,
                "DuocSoHoa": "1",
                "DuocTaiSuDung": "0",
                "DuocLayTuKhoDMQG": "0",
            }
            for path in paths
        ],
        "DanhSachLePhi": [{"TenPhiLePhi": "Lệ phí", "HinhThucThu": "1", "Gia": "8000", "LoaiPhiLePhi": "1"}],
        "DanhSachHoSoBoSung": [],
        "DanhSachGiayToKetQua": []
        if is_open
        else [{"TenGiayTo": "Kết quả", "DuongDanTepTinKetQua": f"/kq/{number}.pdf"}],
        "DanhSachXinLoi": [],
    }


def archive_reading(
    connection: psycopg.Connection,
    stream: Stream,
    count: int,
    seed: int,
    *,
    changed: float = 0.0,
    most: int | None = None,
) -> int:
    """Archive a reading of ``count`` dossiers as one finished fetch; return its number. ``connection``: tuples.

    ``most``: only so many of its first pages.
    """
    archive, moment = Archive(settings.archive_url()), datetime.now(UTC)
    told = min(count, (most or count) * PAGE)
    with connection.transaction():
        fetch_id = ledger.begin_fetch(
            connection,
            stream=stream.stream,
            source="share http://do-toc-do",
            kind="window",
            window_from=FIRST_DAY.date(),
            window_to=FIRST_DAY.date().replace(month=12, day=31),
        )
        window = ledger.add_window(connection, fetch_id)
        row = 1
        for number, body in enumerate(islice(bodies(count, seed, changed=changed), most), 1):
            records = min(PAGE, count - (number - 1) * PAGE)
            ledger.add_page(
                connection,
                ledger.Page(
                    fetch_id,
                    number,
                    window,
                    number,
                    (stored := archive.store(body)).sha256,
                    row,
                    records,
                    len(body),
                    told,
                    number * PAGE < told,
                    moment,
                ),
                stored,
            )
            row += records
        (planned,) = ledger.windows_of(connection, fetch_id)
        ledger.close_window(connection, planned, "complete", announced=told, distinct=told)
        ledger.finish_fetch(connection, fetch_id)
    return fetch_id
