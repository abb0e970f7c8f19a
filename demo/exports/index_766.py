"""The 766 index as the portal publishes it by month: the commune and its neighbours, invented like their scores."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

from ..stream_file import Context, Expected, Row, StreamFile
from .tables import Bad, Cells, numbered, planted, workbook

STREAM = "portal__index_766"
TITLE = ("BỘ CHỈ SỐ PHỤC VỤ NGƯỜI DÂN, DOANH NGHIỆP", "Kỳ: theo tháng")
FIRST_MONTH = date(2025, 5, 1)
AGENCIES = {
    "H24.187": "UBND xã An Hưng",
    **{f"H24.{200 + n}": f"UBND xã Mẫu số {n}" for n in range(1, 25)},
}
SCORES = {
    "transparency_score": ("Công khai, minh bạch", 18, 0.97),
    "progress_score": ("Tiến độ giải quyết", 20, 0.96),
    "online_service_score": ("Dịch vụ công trực tuyến", 12, 0.68),
    "online_payment_score": ("Thanh toán trực tuyến", 10, 0.85),
    "digitization_score": ("Số hóa hồ sơ", 22, 0.9),
    "satisfaction_score": ("Mức độ hài lòng", 18, 0.98),
}
RATES = {
    "synced_pct": "Tỷ lệ hồ sơ đồng bộ",
    "on_time_pct": "Tỷ lệ đúng hạn",
    "online_submission_pct": "Tỷ lệ hồ sơ trực tuyến",
    "online_procedure_used_pct": "Tỷ lệ DVC trực tuyến phát sinh hồ sơ",
    "online_payment_pct": "Tỷ lệ thanh toán trực tuyến",
    "electronic_result_pct": "Tỷ lệ cấp kết quả điện tử",
    "digitized_pct": "Tỷ lệ số hóa hồ sơ",
    "data_reuse_pct": "Tỷ lệ tái sử dụng dữ liệu",
    "petition_on_time_pct": "Tỷ lệ PAKN đúng hạn",
    "petition_satisfaction_pct": "Tỷ lệ hài lòng xử lý PAKN",
    "dossier_satisfaction_pct": "Tỷ lệ hài lòng giải quyết TTHC",
}
COUNTS = {
    "received_count": "Số hồ sơ tiếp nhận",
    "synced_count": "Số hồ sơ đồng bộ",
    "on_time_count": "Số hồ sơ đúng hạn",
    "late_count": "Số hồ sơ quá hạn",
    "online_count": "Số hồ sơ trực tuyến",
    "in_person_count": "Số hồ sơ trực tiếp",
    "post_count": "Số hồ sơ bưu chính",
    "petition_count": "Số PAKN",
    "petition_on_time_count": "Số PAKN đúng hạn",
}
HEADERS = (
    "STT",
    "Năm",
    "Tháng",
    "Mã cơ quan",
    "Tên cơ quan",
    *(header for header, *_ in SCORES.values()),
    "Tổng điểm",
    *RATES.values(),
    *COUNTS.values(),
)


def months(context: Context) -> list[date]:
    """Return the first day of every month that had ended: the portal opens no other."""
    found, start = [], FIRST_MONTH
    while (following := (start + timedelta(days=32)).replace(day=1)) <= context.moment.date():
        found.append(start)
        start = following
    return found


def rows(context: Context) -> list[Row]:
    """Return a row for each agency and ended month, as the core table holds it."""
    return [
        _row(context.seed, code, name, start) for start in months(context) for code, name in AGENCIES.items()
    ]


def _row(seed: int, code: str, name: str, start: date) -> Row:
    rng = Random(f"{seed}/766/{code}/{start}")
    number = list(AGENCIES).index(code)
    row: Row = {
        "agency_code": code,
        "year": start.year,
        "month": start.month,
        "month_start": start,
        "agency_name": name,
    }
    received = rng.randrange(60, 2600)
    online = round(received * rng.uniform(0.4, 0.95))
    post = round((received - online) * 0.1)
    late, petitions = round(received * rng.uniform(0, 0.05)), rng.randrange(1, 20)
    row |= {
        "received_count": received,
        "synced_count": round(received * rng.uniform(0.95, 1)),
        "on_time_count": received - late,
        "late_count": late,
        "online_count": online,
        "in_person_count": received - online - post,
        "post_count": post,
        "petition_count": petitions,
        "petition_on_time_count": petitions - rng.randrange(2),
    }
    row |= {name: _two(100 * rng.uniform(0.7, 1)) for name in RATES}
    row["on_time_pct"] = _two(100 * row["on_time_count"] / received)
    row |= {
        name: _two(most * min(1.0, usual + rng.uniform(-0.1, 0.06)))
        for name, (_, most, usual) in SCORES.items()
    }
    if number % 7 == 3:
        # Not published, which is something else than 0.
        row |= {"satisfaction_score": None, "petition_count": None, "petition_on_time_count": None}
        row |= {"petition_on_time_pct": None, "petition_satisfaction_pct": None}
    elif number % 7 == 5:
        row |= {"satisfaction_score": Decimal(0), "petition_count": 0, "petition_on_time_count": 0}
    row["total_score"] = sum((row[name] for name in SCORES if row[name] is not None), Decimal(0))
    return row


def _two(value: float) -> Decimal:
    return Decimal(round(value * 100)) / 100


def _comma(value: Decimal | None, sign: str = "") -> str | None:
    """Return a number as the portal prints it, with a comma; a rate of nothing as N/A."""
    if value is None:
        return "N/A" if sign else None
    return f"{value}".replace(".", ",") + sign


def cells(context: Context) -> list[Cells]:
    """Return the rows as the export writes them."""
    return [
        {
            "Năm": row["year"],
            "Tháng": row["month"],
            "Mã cơ quan": row["agency_code"],
            "Tên cơ quan": row["agency_name"].replace(" xã", "\nxã"),
            **{header: _comma(row[name]) for name, (header, *_) in SCORES.items()},
            "Tổng điểm": _comma(row["total_score"]),
            **{header: _comma(row[name], "%") for name, header in RATES.items()},
            **{header: row[name] for name, header in COUNTS.items()},
        }
        for row in rows(context)
    ]


def write(context: Context) -> bytes:
    """Return the export of every ended month."""
    return workbook(TITLE, HEADERS, numbered(cells(context)), "Chỉ số 766")


def broken(context: Context) -> tuple[bytes, list[Expected]]:
    """Return the export with one row of each mistake between the good ones."""
    good = cells(context)
    mistakes: list[Bad] = [
        (good[1] | {"Mã cơ quan": None}, "agency_code_is_given"),
        (good[2] | {"Tháng": 13}, "month_is_valid"),
        (good[3] | {"Năm": 2021}, "month_is_valid"),
        (good[4] | {"Mã cơ quan": "H24.999", "Tổng điểm": "chín mươi"}, "values_are_readable"),
        (good[5] | {"Mã cơ quan": "H24.998", "Tỷ lệ đúng hạn": "cao"}, "values_are_readable"),
        (good[6] | {"Mã cơ quan": "H24.997", "Số hồ sơ quá hạn": "ít"}, "values_are_readable"),
    ]
    mixed, expected = planted(good, mistakes, first_row=len(TITLE) + 2)
    return workbook(TITLE, HEADERS, numbered(mixed), "Chỉ số 766"), expected


FILE = StreamFile(STREAM, "bo_chi_so_766.xlsx", write, rows, broken)
