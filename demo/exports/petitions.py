"""Petitions about the commune: each lives from the day it is sent to its published answer, or ends on the way."""

from datetime import date, datetime, time, timedelta
from random import Random

from .. import canary, units
from ..clockwork import after, later, office, opens
from ..spelling import folded
from ..stream_file import Context, Expected, Row, StreamFile
from . import seen
from .tables import Cells, asked_for, instant, instant_text, numbered, planted, somebody, workbook

STREAM = "petitions__cases"
TITLE = ("DANH SÁCH PHẢN ÁNH, KIẾN NGHỊ", "Cơ quan xử lý: UBND xã An Hưng")
FIRST_DAY = date(2025, 5, 12)
#: One day in so many brings a petition.
EVERY = 2
HEADERS = (
    "STT",
    "Mã phản ánh, kiến nghị",
    "Loại phản ánh, kiến nghị",
    "Nhóm nội dung",
    "Tiêu đề",
    "Nội dung",
    "Người gửi",
    "Số giấy tờ",
    "Số điện thoại",
    "Email",
    "Địa chỉ",
    "Lĩnh vực",
    "Mã hồ sơ liên quan",
    "Đơn vị xử lý",
    "Ngày gửi",
    "Ngày chuyển đến",
    "Ngày tiếp nhận",
    "Hạn xử lý",
    "Ngày yêu cầu bổ sung",
    "Ngày từ chối",
    "Ngày trả lời",
    "Ngày công khai",
    "Trạng thái xử lý",
    "Mức độ hài lòng",
    "Lượt thích",
    "Lượt không thích",
    "Phản ánh lặp lại",
    "Người trả lời",
    "Nội dung trả lời",
)
KINDS = {"behaviour": "Hành vi hành chính", "regulation": "Quy định hành chính"}
TOPICS = {
    "delay": "Chậm giải quyết",
    "attitude": "Thái độ, nhũng nhiễu",
    "extra_papers": "Yêu cầu thêm giấy tờ",
    "wrong_procedure": "Sai thẩm quyền, quy trình",
    "regulation": "Nội dung quy định",
    "other": "Khác",
}
STATUSES = {
    "new": "Mới tiếp nhận VPCP",
    "received_locally": "Tiếp nhận ở địa phương",
    "handled_locally": "Xử lý ở địa phương",
    "awaiting_supplement": "Chờ bổ sung",
    "refused": "Từ chối",
    "awaiting_publication": "Chờ công khai",
    "published": "Đã công khai",
}
FIELDS = ("Đất đai", "Hộ tịch", "Chứng thực", "Môi trường")
ANSWERED_IN = (3, 6, 8, 10, 11, 12, 13, 14, 15, 15, 18, 22)


def rows(context: Context) -> list[Row]:
    """Return every petition sent by the moment, in the state it had then, as the core table holds it."""
    codes = [dossier.code for dossier in seen.dossiers(context)]
    found, day = [], FIRST_DAY
    while day <= context.moment.date():
        for number in range(2 if day.day % 5 == 0 else 1 if day.day % EVERY == 0 else 0):
            rng = Random(f"{context.seed}/phản ánh/{day}/{number}")
            sent = office(rng, day)
            if opens(day) and sent <= context.moment:
                found.append(_petition(rng, f"PAKN-{day:%y%m%d}-{number:03}", sent, context.moment, codes))
        day += timedelta(days=1)
    return found


def _petition(rng: Random, code: str, sent: datetime, moment: datetime, dossier_codes: list[str]) -> Row:
    kind = "behaviour" if rng.random() < 0.75 else "regulation"
    topic = rng.choice([*list(TOPICS)[:4], "other"]) if kind == "behaviour" else "regulation"
    unit = units.NAMES[rng.choice(list(units.NAMES))]
    field = rng.choice(FIELDS)
    concerned = kind == "behaviour" and dossier_codes and rng.random() < 0.5
    row: Row = {
        "petition_code": code,
        "kind": kind,
        "topic": topic,
        "field": field,
        "field_key": folded(field),
        "dossier_code": rng.choice(dossier_codes) if concerned else None,
        "unit_name": unit,
        "unit_key": folded(unit),
        "sent_at": sent,
        "transferred_at": None,
        "received_at": None,
        "due_at": None,
        "supplement_requested_at": None,
        "refused_at": None,
        "replied_at": None,
        "published_at": None,
        "status": "new",
        "is_satisfied": None,
        "like_count": None,
        "dislike_count": None,
        "is_repeated": rng.random() < 0.06,
    }
    for at, change in _life(rng, sent):
        if at <= moment:
            row |= change
    instants = {name: instant(value) for name, value in row.items() if isinstance(value, datetime)}
    return row | instants


def _life(rng: Random, sent: datetime) -> list[tuple[datetime, Row]]:
    """Return what happens to a petition, each change with its instant."""
    steps: list[tuple[datetime, Row]] = []
    counted_from = sent
    if rng.random() < 0.4:
        counted_from = later(rng, sent, rng.choice((0, 1, 2)))
        steps.append((counted_from, {"transferred_at": counted_from}))
    received = later(rng, counted_from, rng.choice((0, 0, 1)))
    due = datetime.combine(after(counted_from.date(), 15), time(17))
    steps.append((received, {"received_at": received, "due_at": due, "status": "received_locally"}))
    roll = rng.random()
    if roll < 0.08:
        refused = later(rng, received, rng.choice((0, 1, 3)))
        return [*steps, (refused, {"refused_at": refused, "status": "refused"})]
    if roll < 0.16:
        asked = later(rng, received, rng.choice((2, 4, 7)))
        return [*steps, (asked, {"supplement_requested_at": asked, "status": "awaiting_supplement"})]
    begun = later(rng, received, 1)
    steps.append((begun, {"status": "handled_locally"}))
    if roll < 0.2:
        return steps
    replied = max(office(rng, after(counted_from.date(), rng.choice(ANSWERED_IN))), begun)
    steps.append((replied, {"replied_at": replied, "status": "awaiting_publication"}))
    if roll < 0.25:
        return steps
    published = later(rng, replied, rng.choice((0, 1, 1, 2, 4)))
    likes, dislikes = rng.randrange(6), rng.choice((0, 0, 0, 1, 7))
    shown = {"published_at": published, "status": "published", "like_count": likes, "dislike_count": dislikes}
    if rng.random() < 0.6:
        shown["is_satisfied"] = rng.random() < 0.85
    return [*steps, (published, shown)]


def cells(context: Context) -> list[Cells]:
    """Return the petitions as the export writes them."""
    return [_cells(row, context.seed, number) for number, row in enumerate(rows(context))]


def _cells(row: Row, seed: int, number: int) -> Cells:
    person = somebody(Random(f"{seed}/người phản ánh/{number}"), is_canary := number % 7 == 1)
    satisfied = {None: None, True: "Hài lòng", False: "Không hài lòng"}[row["is_satisfied"]]
    return {
        "Mã phản ánh, kiến nghị": row["petition_code"],
        "Loại phản ánh, kiến nghị": KINDS[row["kind"]],
        "Nhóm nội dung": TOPICS[row["topic"]],
        "Tiêu đề": f"{person['name']} phản ánh về giải quyết hồ sơ",
        "Nội dung": f"Tôi là {person['name']}, {person['address']}. {person['note']}",
        "Người gửi": person["name"],
        "Số giấy tờ": person["identity"],
        "Số điện thoại": person["phone"],
        "Email": person["email"],
        "Địa chỉ": person["address"],
        "Lĩnh vực": row["field"],
        "Mã hồ sơ liên quan": row["dossier_code"],
        "Đơn vị xử lý": row["unit_name"],
        "Ngày gửi": instant_text(row["sent_at"]),
        "Ngày chuyển đến": instant_text(row["transferred_at"]),
        "Ngày tiếp nhận": instant_text(row["received_at"]),
        "Hạn xử lý": instant_text(row["due_at"]),
        "Ngày yêu cầu bổ sung": instant_text(row["supplement_requested_at"]),
        "Ngày từ chối": instant_text(row["refused_at"]),
        "Ngày trả lời": instant_text(row["replied_at"]),
        "Ngày công khai": instant_text(row["published_at"]),
        "Trạng thái xử lý": STATUSES[row["status"]],
        "Mức độ hài lòng": satisfied,
        "Lượt thích": row["like_count"],
        "Lượt không thích": row["dislike_count"],
        "Phản ánh lặp lại": "Có" if row["is_repeated"] else "Không",
        "Người trả lời": canary.OFFICER if is_canary else "Đỗ Văn Khoát",
        "Nội dung trả lời": f"Trả lời ông, bà {person['name']}" if row["replied_at"] else None,
    }


def write(context: Context) -> bytes:
    """Return the export."""
    return _book(context, cells(context))


def _title(context: Context) -> tuple[str, ...]:
    return (*TITLE, asked_for(FIRST_DAY, context.moment.date()))


def _book(context: Context, lines: list[Cells]) -> bytes:
    total = {"Mã phản ánh, kiến nghị": f"Tổng số phản ánh: {len(lines)}"}
    return workbook(_title(context), HEADERS, [*numbered(lines), total], "PAKN")


def broken(context: Context) -> tuple[bytes, list[Expected]]:
    """Return the export with one row of each mistake between the good ones."""
    good = cells(context)
    changes = [
        ({"Mã phản ánh, kiến nghị": None}, "petition_code_is_given"),
        ({"Loại phản ánh, kiến nghị": "Khen ngợi"}, "kind_is_known"),
        ({"Trạng thái xử lý": "Đang suy nghĩ"}, "status_is_known"),
        ({"Ngày tiếp nhận": "99/99/2025"}, "instants_are_readable"),
        ({"Ngày gửi": None}, "sending_is_given"),
        ({"Lượt không thích": "vài lượt"}, "counts_are_readable"),
        ({"Đơn vị xử lý": "Phòng Tư pháp"}, "unit_is_known"),
    ]
    mistakes = [
        (good[number] | {"Mã phản ánh, kiến nghị": f"PAKN-SAI-{number:03}"} | change, rule)
        for number, (change, rule) in enumerate(changes, start=1)
    ]
    mixed, expected = planted(good, mistakes, first_row=len(_title(context)) + 2)
    return _book(context, mixed), expected


FILE = StreamFile(STREAM, "phan_anh_kien_nghi.xlsx", write, rows, broken)
