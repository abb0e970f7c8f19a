"""Payment transactions of the city's dossiers: paid online or in cash, refused by the payer, refunded, waived."""

from datetime import timedelta
from random import Random

from ..clockwork import later
from ..stream_file import Context, Expected, Row, StreamFile
from . import seen
from .tables import Cells, comma_separated, dong, instant, instant_text, numbered, planted, somebody

STREAM = "payments__transactions"
METHODS = {"online": "Trực tuyến", "cash": "Tiền mặt", "transfer": "Chuyển khoản"}
PLATFORMS = {"national": "Cổng DVCQG", "local": "Cổng của bộ, địa phương"}
STATUSES = {
    "awaiting": "Chờ thanh toán",
    "unpaid": "Chưa thanh toán",
    "paid": "Đã thanh toán",
    "refunded": "Đã hoàn phí",
    "cancelled": "Hủy",
}
COLLECTED = {"before": "Thu trước", "after": "Thu sau", "waived": "Đối tượng miễn phí"}
HEADERS = (
    "STT",
    "Mã giao dịch",
    "Mã hồ sơ",
    "Mã thủ tục",
    "Người nộp tiền",
    "Số giấy tờ",
    "Số tài khoản",
    "Nội dung thanh toán",
    "Phí",
    "Lệ phí",
    "Số tiền",
    "Hình thức thanh toán",
    "Kênh thanh toán",
    "Hình thức thu",
    "Trạng thái thanh toán",
    "Ngày yêu cầu thanh toán",
    "Ngày thu phí",
    "Ngày hoàn phí",
)


def rows(context: Context) -> list[Row]:
    """Return every transaction known at the moment, as the core table holds it."""
    found = []
    for number, dossier in enumerate(seen.dossiers(context)):
        if dossier.amount is not None and dossier.at["NgayTiepNhan"]:
            found += _of_dossier(dossier, number, context)
    return found


def _of_dossier(dossier: seen.Seen, number: int, context: Context) -> list[Row]:
    rng = Random(f"{context.seed}/thanh toán/{dossier.code}")
    asked = dossier.at["NgayTiepNhan"]
    amount = dossier.amount
    fee = amount // 5 if rng.random() < 0.2 else 0
    row: Row = {
        "transaction_code": f"GD{asked:%y%m%d}{number:06}",
        "dossier_code": dossier.code,
        "procedure_code": dossier.procedure,
        "amount_vnd": amount,
        "fee_vnd": fee,
        "charge_vnd": amount - fee,
        "method": None,
        "platform": None,
        "collected_when": "before" if rng.random() < 0.8 else "after",
        "is_waived": False,
        "status": rng.choice(("awaiting", "unpaid")),
        "requested_at": instant(asked),
        "paid_at": None,
        "refunded_at": None,
    }
    paid_at = asked + timedelta(minutes=rng.randrange(2, 300))
    if amount == 0:
        return [row | {"collected_when": "waived", "is_waived": True, "status": "paid"}]
    if paid_at > context.moment:
        return [row]
    if dossier.online_payment in ("1", "2"):
        row |= {"method": "online", "platform": "national" if dossier.online_payment == "1" else "local"}
    elif dossier.online_payment == "3":
        row["method"] = "cash" if rng.random() < 0.8 else "transfer"
    else:
        return [row]
    row |= {"status": "paid", "paid_at": instant(paid_at)}
    given_back = later(rng, paid_at, rng.randrange(1, 6))
    if rng.random() < 0.02 and given_back <= context.moment:
        row |= {"status": "refunded", "refunded_at": instant(given_back)}
    if row["method"] == "online" and rng.random() < 0.05:
        # The payer closed the first window and began again.
        first = row | {"transaction_code": row["transaction_code"] + "A", "status": "cancelled"}
        return [first | {"paid_at": None, "refunded_at": None}, row]
    return [row]


def cells(context: Context) -> list[Cells]:
    """Return the transactions as the export writes them."""
    return [_cells(row, context.seed, number) for number, row in enumerate(rows(context))]


def _cells(row: Row, seed: int, number: int) -> Cells:
    person = somebody(Random(f"{seed}/người nộp tiền/{number}"), number % 30 == 4)
    return {
        "Mã giao dịch": row["transaction_code"],
        "Mã hồ sơ": row["dossier_code"],
        "Mã thủ tục": row["procedure_code"],
        "Người nộp tiền": person["name"],
        "Số giấy tờ": person["identity"],
        "Số tài khoản": person["account"],
        "Nội dung thanh toán": f"{person['name']} nộp lệ phí {person['note']}",
        "Phí": dong(row["fee_vnd"]),
        "Lệ phí": dong(row["charge_vnd"]),
        "Số tiền": dong(row["amount_vnd"]),
        "Hình thức thanh toán": METHODS.get(row["method"]),
        "Kênh thanh toán": PLATFORMS.get(row["platform"]),
        "Hình thức thu": COLLECTED[row["collected_when"]],
        "Trạng thái thanh toán": STATUSES[row["status"]],
        "Ngày yêu cầu thanh toán": instant_text(row["requested_at"]),
        "Ngày thu phí": instant_text(row["paid_at"]),
        "Ngày hoàn phí": instant_text(row["refunded_at"]),
    }


def write(context: Context) -> bytes:
    """Return the export."""
    return _with_total(cells(context))


def _with_total(lines: list[Cells]) -> bytes:
    """Return the export of some rows, with the total that the platform prints below them."""
    amounts = [line["Số tiền"].replace(".", "") for line in lines if line["Số tiền"]]
    total = sum(int(amount) for amount in amounts if amount.isdecimal())
    return comma_separated(HEADERS, [*numbered(lines), {"STT": "Tổng cộng", "Số tiền": dong(total)}])


def broken(context: Context) -> tuple[bytes, list[Expected]]:
    """Return the export with one row of each mistake between the good ones."""
    good = cells(context)
    changes = [
        ({"Mã giao dịch": None}, "transaction_code_is_given"),
        ({"Mã hồ sơ": " "}, "dossier_code_is_given"),
        ({"Trạng thái thanh toán": "Đang đối soát"}, "status_is_known"),
        ({"Trạng thái thanh toán": None}, "status_is_known"),
        ({"Hình thức thanh toán": "Vàng miếng"}, "method_is_known"),
        ({"Hình thức thu": "Thu hộ"}, "collection_is_known"),
        ({"Ngày thu phí": "31/02/2025 08:00:00"}, "instants_are_readable"),
        ({"Số tiền": "năm mươi nghìn"}, "amount_is_readable"),
        ({"Số tiền": "-50.000"}, "amount_is_readable"),
    ]
    mistakes = [
        (good[number] | {"Mã giao dịch": f"GD-SAI-{number:03}"} | change, rule)
        for number, (change, rule) in enumerate(changes, start=1)
    ]
    mixed, expected = planted(good, mistakes, first_row=2)
    return _with_total(mixed), expected


FILE = StreamFile(STREAM, "giao_dich_thanh_toan.csv", write, rows, broken)
