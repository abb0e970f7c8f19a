"""What the national portal shows of the city's dossiers: mostly the same, and what differs is planted.

A local system rewrites the statuses 5, 6 and 8 to 9 when it pushes a dossier to the portal.
"""

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from ..spelling import folded
from ..stream_file import Context, Expected, Row, StreamFile
from . import seen
from .tables import (
    Bad,
    Cells,
    asked_for,
    dotted,
    instant,
    instant_text,
    numbered,
    planted,
    somebody,
    workbook,
)

STREAM = "portal__dossiers"
TITLE = ("DANH SÁCH HỒ SƠ TRÊN CỔNG DỊCH VỤ CÔNG QUỐC GIA", "Đơn vị: UBND xã An Hưng")
HEADERS = (
    "STT",
    "Mã hồ sơ",
    "Mã hồ sơ địa phương",
    "Mã thủ tục",
    "Tên thủ tục",
    "Chủ hồ sơ",
    "Số giấy tờ",
    "Số điện thoại",
    "Địa chỉ",
    "Cơ quan giải quyết",
    "Hình thức nộp",
    "Ngày nộp",
    "Ngày tiếp nhận",
    "Ngày hẹn trả",
    "Ngày kết thúc xử lý",
    "Ngày trả kết quả",
    "Trạng thái hồ sơ",
    "Ngày cập nhật trạng thái",
    "Thanh toán trực tuyến",
    "Có kết quả điện tử",
    "Mức độ hài lòng",
    "Ghi chú",
)
STATUSES = {
    1: "Mới đăng ký",
    2: "Được tiếp nhận",
    3: "Không được tiếp nhận",
    4: "Đang xử lý",
    5: "Yêu cầu bổ sung giấy tờ",
    6: "Yêu cầu thực hiện nghĩa vụ tài chính",
    7: "Công dân yêu cầu rút hồ sơ",
    8: "Dừng xử lý",
    9: "Đã xử lý xong",
    10: "Đã trả kết quả",
}
CHANNELS = {1: "Trực tiếp", 2: "Trực tuyến", 3: "Bưu chính công ích"}
PAYMENTS = {"0": "Không", "1": "Qua Cổng DVCQG", "2": "Qua cổng của bộ, địa phương"}
RATINGS = {5: "Rất hài lòng", 4: "Hài lòng", 2: "Không hài lòng"}
REWRITTEN = (5, 6, 8)


class Shown(NamedTuple):
    """One dossier of the city and its row on the portal: what was planted, and None where it is missing."""

    kind: str
    city_code: str | None
    row: Row | None


def shown(context: Context) -> list[Shown]:
    """Return every dossier that the city or the portal knows, with what sets the two apart.

    Kinds: ``same``, ``rewritten`` (5, 6, 8 shown as 9), ``missing`` (not on the portal), ``extra`` (only there),
    ``other_date``, ``other_status``, ``own_code`` (the portal's code, the city's beside it), ``city_alias`` (the
    city knows the portal's code), ``unlinked`` (another code and nothing that says so).
    """
    found = []
    for dossier in seen.dossiers(context):
        # Drawn from the code alone: the next export shows the same dossier under the same code.
        lot = Random(f"{context.seed}/cổng/phần của {dossier.code}")
        rng = Random(f"{context.seed}/cổng/{dossier.code}")
        row = _same(dossier, rng, context.moment)
        kind = _differ(dossier, row, rng, lot.randrange(50))
        found.append(Shown(kind, dossier.code, None if kind == "missing" else row))
        if lot.randrange(83) == 40:
            extra = _same(dossier, Random(f"{context.seed}/chỉ có trên cổng/{dossier.code}"), context.moment)
            extra |= {"dossier_code": f"G22.99.02-{dossier.code}"}
            # Another applicant's dossier, received at another instant.
            for name in ("submitted_at", "received_at"):
                extra[name] = extra[name] and extra[name] - timedelta(minutes=17)
            found.append(Shown("extra", None, extra))
    return found


def kinds(context: Context) -> Counter:
    """Return how many dossiers of each kind were planted."""
    return Counter(each.kind for each in shown(context))


def _same(dossier: seen.Seen, rng: Random, moment: datetime) -> Row:
    status = 9 if dossier.status in REWRITTEN else dossier.status
    at = {name: instant(value) for name, value in dossier.at.items()}
    stale = timedelta(days=rng.randrange(2, 20)) if rng.random() < 0.05 else timedelta()
    return {
        "dossier_code": dossier.code,
        "other_dossier_code": None,
        "procedure_code": dossier.procedure,
        "unit_name": dossier.unit or None,
        "unit_key": folded(dossier.unit),
        "channel": dossier.channel,
        "submitted_at": at["NgayNopHoSo"],
        "received_at": at["NgayTiepNhan"],
        "due_at": at["NgayHenTra"],
        "finished_at": at["NgayKetThucXuLy"],
        "handed_over_at": at["NgayTra"],
        "status": status,
        "status_updated_at": instant(dossier.changed - stale),
        "online_payment": dossier.online_payment if dossier.online_payment in PAYMENTS else None,
        "has_electronic_result": dossier.has_result_file,
        "rating_level": rng.choice((5, 5, 4, 4, 4, 4, 2)) if status == 10 and rng.random() < 0.3 else None,
    }


def _differ(dossier: seen.Seen, row: Row, rng: Random, place: int) -> str:
    """Plant what sets the portal's row apart; return its kind. ``place`` is the dossier's lot among fifty."""
    own_code = f"G22.99.01-{dossier.code}"
    row["dossier_code"] = dossier.other_code or dossier.code
    if place == 7:
        return "missing"
    if place == 13 and row["due_at"]:
        row["due_at"] += timedelta(days=rng.randrange(1, 4))
        return "other_date"
    if place == 19 and dossier.status in (9, 10):
        row |= {"status": 4, "finished_at": None, "handed_over_at": None, "rating_level": None}
        return "other_status"
    if place == 23:
        row |= {"dossier_code": own_code, "other_dossier_code": dossier.code}
        return "own_code"
    if place == 29 and dossier.procedure:
        row["dossier_code"] = own_code
        return "unlinked"
    if dossier.status in REWRITTEN:
        return "rewritten"
    return "city_alias" if dossier.other_code else "same"


def rows(context: Context) -> list[Row]:
    """Return the rows of the portal, as its core table holds them."""
    return [each.row for each in shown(context) if each.row is not None]


def cells(context: Context) -> list[Cells]:
    """Return the rows as the export writes them."""
    return [_cells(row, context.seed, number) for number, row in enumerate(rows(context))]


def _cells(row: Row, seed: int, number: int) -> Cells:
    rng = Random(f"{seed}/cổng/người/{number}")
    person = somebody(rng, number % 40 == 3)
    status = STATUSES[row["status"]] if number % 6 else str(row["status"])
    return {
        "Mã hồ sơ": row["dossier_code"],
        "Mã hồ sơ địa phương": row["other_dossier_code"],
        "Mã thủ tục": row["procedure_code"],
        "Tên thủ tục": "Theo danh mục",
        "Chủ hồ sơ": person["name"],
        "Số giấy tờ": person["identity"],
        "Số điện thoại": person["phone"],
        "Địa chỉ": person["address"],
        "Cơ quan giải quyết": row["unit_name"],
        "Hình thức nộp": CHANNELS.get(row["channel"]),
        "Ngày nộp": instant_text(row["submitted_at"]),
        "Ngày tiếp nhận": instant_text(row["received_at"]),
        "Ngày hẹn trả": instant_text(row["due_at"]),
        "Ngày kết thúc xử lý": instant_text(row["finished_at"]),
        "Ngày trả kết quả": instant_text(row["handed_over_at"]),
        "Trạng thái hồ sơ": status,
        "Ngày cập nhật trạng thái": instant_text(row["status_updated_at"]),
        "Thanh toán trực tuyến": PAYMENTS.get(row["online_payment"]),
        "Có kết quả điện tử": "Có" if row["has_electronic_result"] else "Không",
        "Mức độ hài lòng": RATINGS.get(row["rating_level"]),
        "Ghi chú": person["note"],
    }


def window(context: Context) -> tuple[date, date] | None:
    """Return the days of reception for which the export says that it was asked; every other month it says nothing."""
    received = [row["received_at"].date() for row in rows(context) if row["received_at"]]
    says = context.moment.month % 2 == 1 and received
    return (min(received), context.moment.date()) if says else None


def write(context: Context) -> bytes:
    """Return the export; one that says what was asked for ends with a row of totals."""
    return _book(context, cells(context))


def _title(context: Context) -> tuple[str, ...]:
    days = window(context)
    return (*TITLE, asked_for(*days)) if days else TITLE


def _book(context: Context, lines: list[Cells]) -> bytes:
    total = [{"Mã hồ sơ": "Tổng số", "Mã thủ tục": dotted(len(lines))}] if window(context) else []
    return workbook(_title(context), HEADERS, [*numbered(lines), *total], "Hồ sơ")


def broken(context: Context) -> tuple[bytes, list[Expected]]:
    """Return the export with one row of each mistake between the good ones."""
    good = cells(context)

    def bad(number: int, rule: str, **changes: str | None) -> Bad:
        named = {name.replace("_", " "): value for name, value in changes.items()}
        return good[number] | {"Mã hồ sơ": f"H24.17.01-250701-9{number:04}"} | named, rule

    mistakes = [
        bad(1, "dossier_code_is_given", Mã_hồ_sơ=None),
        bad(2, "status_is_known", Trạng_thái_hồ_sơ="Đang chờ ý kiến"),
        bad(3, "status_is_known", Trạng_thái_hồ_sơ=None),
        bad(4, "status_is_known", Trạng_thái_hồ_sơ="0"),
        bad(5, "instants_are_readable", Ngày_hẹn_trả="32/13/2025 08:00:00"),
        bad(6, "instants_are_readable", Ngày_cập_nhật_trạng_thái="hôm qua"),
    ]
    mixed, expected = planted(good, mistakes, first_row=len(_title(context)) + 2)
    return _book(context, mixed), expected


FILE = StreamFile(STREAM, "ho_so_tren_cong.xlsx", write, rows, broken)
