"""The parts of a dossier that do not move with time: the applicant, components, fees and their disorder."""

import unicodedata
from random import Random

from . import canary
from .dossier import MISSING, Record
from .procedures import Procedure

FAMILY = (
    "Nguyễn",
    "Trần",
    "Lê",
    "Phạm",
    "Hoàng",
    "Vũ",
    "Bùi",
    "Đỗ",
    "Lương",
    "Đào",
    "Đoàn",
    "Mạc",
    "Cao",
    "Khúc",
)
MIDDLE = ("Văn", "Thị", "Đức", "Hữu", "Ngọc", "Minh", "Thu", "Quang", "Hải", "Bá")
GIVEN = (
    "An",
    "Bích",
    "Cẩm",
    "Dũng",
    "Giang",
    "Hạnh",
    "Khánh",
    "Lam",
    "Mẫn",
    "Nhàn",
    "Phúc",
    "Quỳnh",
    "Sơn",
    "Thoa",
)
HAMLETS = ("thôn Đông", "thôn Đoài", "thôn Trung", "thôn Bãi Vàng", "xóm Chợ", "xóm Đình")
COMPONENTS = (
    "Tờ khai",
    "Giấy tờ tùy thân",
    "Bản chính giấy tờ",
    "Giấy chứng sinh",
    "Sơ đồ thửa đất",
    "Đơn đề nghị",
)
PERSONAL_SCALARS = (
    "ThongTinKhac",
    "GhiChu",
    "Fax",
    "Email",
    "SoDienThoai",
    "DiaChi",
    "MaDoiTuong",
    "ThongTinTra",
)


def blank(rng: Random):
    """Return one of the three ways in which the city says that there is nothing."""
    return (MISSING, None, "")[rng.randrange(3)]


def person(rng: Random) -> str:
    return f"{rng.choice(FAMILY)} {rng.choice(MIDDLE)} {rng.choice(GIVEN)}"


def digits(rng: Random, count: int) -> str:
    return str(rng.randrange(10 ** (count - 1), 10**count))


def procedure_fields(rng: Random, procedure: Procedure) -> Record:
    """Return code, name and field as sent: the code short, with a province suffix, or missing."""
    roll = rng.random()
    code: object = procedure.code
    if roll < 0.12 and code[1] == ".":
        code = f"{code}.000.00.00.H24"
    elif roll < 0.20 and code[1] == ".":
        code = f"{code}.H24"
    elif roll > 0.997:
        code = blank(rng)
    name = procedure.name if roll < 0.95 else unicodedata.normalize("NFD", procedure.name)
    return {"MaTTHC": code, "TenTTHC": name, "MaLinhVuc": "G15", "TenLinhVuc": procedure.field}


def applicant(rng: Random) -> Record:
    identity = "0310" + digits(rng, 8)
    kind = "1" if rng.random() < 0.9 else rng.choice(("2", "4", "Doanh nghiệp", "Tổ chức nhà nước"))
    known = rng.random() < 0.96
    listed = {"LoaiDinhDanh": "1", "SoDinhDanh": identity}
    return {
        "ChuHoSo": person(rng),
        "LoaiDoiTuong": kind,
        "SoGiayToChuHoSo": identity if known else "000000001",
        "SoDienThoai": "0970" + digits(rng, 6) if rng.random() < 0.8 else blank(rng),
        "Email": blank(rng),
        "Fax": blank(rng),
        "DiaChi": f"{rng.choice(HAMLETS)}, xã An Hưng",
        "MaDoiTuong": blank(rng),
        "ThongTinKhac": blank(rng),
        "GhiChu": blank(rng),
        "ThongTinTra": "",
        "TrichYeuHoSo": "Dinhkem" if rng.random() < 0.05 else "Hồ sơ đề nghị giải quyết",
        "DinhDanhCHS": [listed if known else {"LoaiDinhDanh": "2", "SoDinhDanh": "000000001"}],
        "DSKetNoiCSDL": [{"MaCSDL": "7"}],
        "DanhSachTepDinhKemKhac": [],
    }


def components(rng: Random, tag: str, tags: set[str]) -> list[Record]:
    """Return what was filed; a third of the lists have some paper that is not digitised, a few a
    deleted one."""
    if rng.random() < 0.05:
        tags.add("component:none_listed")
        return []
    all_digitized = rng.random() < 0.7
    found = []
    for place in range(rng.choice((1, 1, 2, 2, 3))):
        roll = rng.random()
        digitized = all_digitized or roll < 0.4
        part: Record = {
            "TepDinhKemId": f"{tag}-{place}",
            "TenTepDinhKem": COMPONENTS[rng.randrange(len(COMPONENTS))],
            "IsDeleted": rng.choice(("False", "0", "0", "")) if roll < 0.95 else rng.choice(("True", "1")),
            "MaThanhPhanHoSo": f"TP{place + 1:02}",
            "DuongDanTaiTepTin": f"https://tep.demo.invalid/vao/{tag}-{place}.pdf" if digitized else "",
            "DuocSoHoa": "1" if digitized else "0",
            "DuocTaiSuDung": "0",
            "DuocLayTuKhoDMQG": "0",
            "MaKetQuaThayThe": None,
        }
        second = rng.random()
        if second < 0.10:
            part["DuocTaiSuDung"] = "1" if second < 0.07 else "2"
        elif second < 0.14:
            part["DuocLayTuKhoDMQG"] = "1"
        elif second > 0.98:
            del part["DuocTaiSuDung"], part["DuocLayTuKhoDMQG"]
        elif second > 0.97:
            part["TenTepDinhKem"] = "Dinhkem"
        if part["IsDeleted"] in ("True", "1"):
            tags.add("component:deleted")
            if second < 0.14:
                tags.add("component:deleted_and_reused")
        elif second < 0.14:
            tags.add("component:from_store" if second >= 0.10 else "component:reused")
        if not digitized:
            tags.add("component:not_digitized")
        found.append(part)
    return found


def fees(rng: Random, procedure: Procedure, tags: set[str]) -> Record:
    """Return the fee list and how it was paid: none, free, in cash, through a gateway, or nobody knows."""
    if not procedure.fee:
        return {"DanhSachLePhi": [] if rng.random() < 0.8 else blank(rng), "DuocThanhToanTrucTuyen": "0"}
    roll = rng.random()
    price = "0" if roll < 0.08 else str(procedure.fee * rng.choice((1, 1, 2, 5)))
    tags.add("fee:free" if price == "0" else "fee:paid")
    rows = [
        {"TenPhiLePhi": "Lệ phí", "MaPhiLePhi": "1", "HinhThucThu": "1", "Gia": price, "LoaiPhiLePhi": "1"}
    ]
    if roll > 0.9:
        extra = {"TenPhiLePhi": "Phí", "MaPhiLePhi": "1", "HinhThucThu": "4", "LoaiPhiLePhi": "2"}
        rows.append(extra | {"Gia": rng.choice(("0", "", "5000", None))})
    paid: object = rng.choice(("1", "1", "2", "2", "2", "3", "3", "0", None, "")) if price != "0" else "0"
    return {"DanhSachLePhi": rows, "DuocThanhToanTrucTuyen": paid}


def result_files(rng: Random, tag: str, parts: list[Record], tags: set[str]) -> list[Record]:
    """Return what was handed back: a file of its own, nothing, or the first input file sent in its place."""
    roll = rng.random()
    if roll < 0.12:
        tags.add("result:none")
        return []
    if roll < 0.22 and parts and parts[0]["DuongDanTaiTepTin"]:
        deleted = parts[0]["IsDeleted"] in ("True", "1")
        tags.add("result:deleted_input_file" if deleted else "result:input_file")
        path = parts[0]["DuongDanTaiTepTin"]
    elif roll < 0.26:
        path = ""
    else:
        path = f"https://tep.demo.invalid/ra/{tag}.pdf"
    return [
        {
            "TenGiayTo": "Kết quả giải quyết",
            "MaThanhPhanHoSo": "KQ01",
            "GiayToId": tag,
            "DuongDanTepTinKetQua": path,
            "MaGiayToKetQua": "KQ." + tag[-4:],
        }
    ]


def canary_scalars() -> Record:
    """Return every personal scalar and list member of a record with the canary's values."""
    return {
        "ChuHoSo": canary.NAME,
        "SoGiayToChuHoSo": canary.IDENTITY,
        "SoDienThoai": canary.PHONE,
        "Fax": canary.PHONE,
        "Email": canary.EMAIL,
        "DiaChi": canary.ADDRESS,
        "MaDoiTuong": canary.ACCOUNT,
        "ThongTinKhac": f"{canary.ADDRESS}; {canary.PHONE}",
        "GhiChu": canary.NOTE,
        "ThongTinTra": f"Trả cho {canary.RELATIVE}",
        "TrichYeuHoSo": f"Hồ sơ của {canary.NAME}, {canary.IDENTITY}",
        "DinhDanhCHS": [
            {"LoaiDinhDanh": "1", "SoDinhDanh": canary.IDENTITY},
            {"LoaiDinhDanh": "2", "SoDinhDanh": canary.OLD_IDENTITY},
        ],
        "DanhSachTepDinhKemKhac": [
            {"TenGiayTo": f"Giấy ủy quyền của {canary.NAME}", "SoLuong": "1", "LoaiGiayTo": "1"}
        ],
    }
