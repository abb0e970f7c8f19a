"""What people answered: about a dossier on the portal or at the counter, and about a visit at the kiosk."""

from datetime import datetime, timedelta
from random import Random

from .. import canary, units
from ..clockwork import office, opens
from ..kept.officials import CODES
from ..spelling import folded
from ..stream_file import Context, Expected, Hashed, Row, StreamFile
from . import seen
from .tables import Cells, comma_separated, instant, instant_text, numbered, planted, somebody

STREAM = "ratings__responses"
HEADERS = (
    "STT",
    "Mã phiếu đánh giá",
    "Nguồn đánh giá",
    "Mã hồ sơ",
    "Mã lượt giao dịch",
    "Thời điểm đánh giá",
    "Đơn vị được đánh giá",
    "Mã công chức",
    "Công chức được đánh giá",
    "Nội dung đánh giá",
    "Thang đo",
    "Câu trả lời",
    "Người đánh giá",
    "Số điện thoại",
    "Ý kiến khác",
)
ITEMS = {
    "overall": "Mức độ hài lòng chung",
    "attitude": "Thái độ của công chức",
    "time": "Thời gian giải quyết",
    "harassment": "Bị gây phiền hà, sách nhiễu",
}
SCALES = {
    "words_5": "Hài lòng 5 mức",
    "words_3": "Tốt 3 mức",
    "stars_5": "5 sao",
    "yes_no": "Có/Không",
}
SOURCES = {"portal": "Cổng DVCQG", "kiosk": "Ki-ốt tại quầy", "paper": "Phiếu giấy"}
#: Words of an answer by scale and level.
WORDS = {
    "words_5": {
        5: "Rất hài lòng",
        4: "Hài lòng",
        3: "Bình thường",
        2: "Không hài lòng",
        1: "Rất không hài lòng",
    },
    "words_3": {5: "Rất tốt", 4: "Tốt", 2: "Chưa tốt"},
    "stars_5": {level: str(level) for level in range(1, 6)},
}
SCALE_OF = {"portal": "words_5", "kiosk": "stars_5", "paper": "words_3"}
RATED = 0.35
VISITS_A_DAY = 4
CENTRE = "phuc_vu_hanh_chinh_cong"
_CODES = {name: code for code, name in units.NAMES.items()}


def rows(context: Context) -> list[Row]:
    """Return every answer given by the moment, as the core table holds it (and ``answer`` as it was given)."""
    return [{name: value for name, value in row.items() if name != "answer"} for row in _answers(context)]


def _answers(context: Context) -> list[Row]:
    found = []
    for number, dossier in enumerate(seen.dossiers(context)):
        rng = Random(f"{context.seed}/đánh giá/{dossier.code}")
        ended = dossier.at["NgayTra"] or dossier.at["NgayKetThucXuLy"]
        if dossier.status not in (9, 10) or ended is None or rng.random() > RATED:
            continue
        rated = ended + timedelta(hours=rng.randrange(1, 60))
        unit = _CODES.get(dossier.unit, CENTRE)
        if rated <= context.moment:
            source = rng.choice(("portal", "portal", "kiosk", "paper"))
            about = {"dossier_code": dossier.code, "visit_code": None}
            found += _response(rng, f"DG{ended:%y%m%d}{number:06}", source, about, unit, rated)
    return found + _visits(context)


def _visits(context: Context) -> list[Row]:
    """Return the answers of people who came to the counter without a dossier, this month and the last."""
    found = []
    for back in range(45):
        day = context.moment.date() - timedelta(days=back)
        for number in range(VISITS_A_DAY if opens(day) else 0):
            rng = Random(f"{context.seed}/lượt/{day}/{number}")
            rated = office(rng, day)
            if rated <= context.moment:
                visit = f"L{day:%y%m%d}-{number:03}"
                about = {"dossier_code": None, "visit_code": visit}
                found += _response(rng, f"DGL{day:%y%m%d}{number:03}", "kiosk", about, CENTRE, rated)
    return found


def _response(rng: Random, code: str, source: str, about: Row, unit: str, rated: datetime) -> list[Row]:
    """Return the answers of one response: overall always, the other items now and then."""
    place = rng.randrange(len(units.OFFICERS[unit]))
    mood = rng.choice((5, 5, 5, 4, 4, 4, 4, 4, 3, 2, 1))
    common = about | {
        "response_code": code,
        "source": source,
        "rated_at": instant(rated),
        "unit_name": units.NAMES[unit],
        "unit_key": folded(units.NAMES[unit]),
    }
    found = []
    for item in ITEMS:
        if item != "overall" and rng.random() < 0.5:
            continue
        row = common | {"item": item}
        if item == "harassment":
            said_yes = mood == 1 and rng.random() < 0.5
            row |= {"scale": "yes_no", "rating_level": None, "is_satisfied": not said_yes}
            row["answer"] = "Có" if said_yes else "Không"
        else:
            scale = SCALE_OF[source]
            level = mood if mood in WORDS[scale] else 2
            row |= {"scale": scale, "rating_level": level, "is_satisfied": level >= 4}
            row["answer"] = WORDS[scale][level]
        # Some kiosks know the official by code, others by name only.
        named = item == "attitude"
        # A kiosk that nobody told of the newest code still asks about an old one.
        codes = (CODES[unit][place], f"CC-{unit[:2].upper()}-{place + 1:02}")
        row["official_code"] = codes[rng.random() < 0.1] if named and source == "kiosk" else None
        row["official_key"] = Hashed(units.OFFICERS[unit][place]) if named and source != "kiosk" else None
        if row["official_key"] and rng.random() < 0.05:
            row["official_key"] = Hashed(canary.OFFICER)
        found.append(row)
    return found


def cells(context: Context) -> list[Cells]:
    """Return the answers as the export writes them."""
    return [_cells(row, context.seed, number) for number, row in enumerate(_answers(context))]


def _cells(row: Row, seed: int, number: int) -> Cells:
    person = somebody(Random(f"{seed}/người đánh giá/{number}"), number % 50 == 6)
    return {
        "Mã phiếu đánh giá": row["response_code"],
        "Nguồn đánh giá": SOURCES[row["source"]],
        "Mã hồ sơ": row["dossier_code"],
        "Mã lượt giao dịch": row["visit_code"],
        "Thời điểm đánh giá": instant_text(row["rated_at"]),
        "Đơn vị được đánh giá": row["unit_name"].upper() if number % 9 == 2 else row["unit_name"],
        "Mã công chức": row["official_code"],
        "Công chức được đánh giá": row["official_key"] and str(row["official_key"]),
        "Nội dung đánh giá": ITEMS[row["item"]],
        "Thang đo": SCALES[row["scale"]],
        "Câu trả lời": row["answer"],
        "Người đánh giá": person["name"],
        "Số điện thoại": person["phone"],
        "Ý kiến khác": person["note"],
    }


def expected(context: Context) -> list[Row]:
    """Return the rows of the core table: the unit's name is kept as it was written."""
    return [
        row | {"unit_name": row["unit_name"].upper() if number % 9 == 2 else row["unit_name"]}
        for number, row in enumerate(rows(context))
    ]


def write(context: Context) -> bytes:
    """Return the export."""
    return comma_separated(HEADERS, numbered(cells(context)))


def broken(context: Context) -> tuple[bytes, list[Expected]]:
    """Return the export with one row of each mistake between the good ones."""
    good = cells(context)
    changes = [
        ({"Mã phiếu đánh giá": None}, "response_code_is_given"),
        ({"Nội dung đánh giá": "Màu sơn tường"}, "item_is_known"),
        ({"Thang đo": "Thang điểm 10", "Câu trả lời": "9"}, "scale_is_known"),
        ({"Thang đo": "5 sao", "Câu trả lời": "6"}, "answer_is_known"),
        ({"Thang đo": "5 sao", "Câu trả lời": None}, "answer_is_known"),
        ({"Thời điểm đánh giá": "sáng nay"}, "instants_are_readable"),
        ({"Thời điểm đánh giá": None}, "rating_instant_is_given"),
        ({"Đơn vị được đánh giá": "Phòng Tư pháp"}, "unit_is_known"),
    ]
    mistakes = [
        (good[number] | {"Mã phiếu đánh giá": f"DG-SAI-{number:03}"} | change, rule)
        for number, (change, rule) in enumerate(changes, start=1)
    ]
    mixed, refused = planted(good, mistakes, first_row=2)
    return comma_separated(HEADERS, numbered(mixed)), refused


FILE = StreamFile(STREAM, "danh_gia.csv", write, expected, broken)
