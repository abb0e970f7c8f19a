"""The city as OpenCPS v2 answers: row offsets whose missing end means everything, dates beside epoch milliseconds.

Member names that no public source shows (parts, fees, supplements, results, apologies, actions) are the stand-in's own.
"""

from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zlib import crc32

from .dossier import Record, decode, encode
from .native import Asked, code, flag, milliseconds, moment, number, rows, same, translated
from .refusals import Problem

PATHS = {"/o/rest/v2/dossiers": "ho-so", "/o/rest/v2/dossieractions": "tien-do"}
GROUP_ID = "20126"
CODE_CAP = 20
STATUS = {
    "1": "receiving",
    "2": "new",
    "3": "denied",
    "4": "processing",
    "5": "waiting",
    "6": "paying",
    "7": "cancelled",
    "8": "unresolved",
    "9": "releasing",
    "10": "done",
}
WINDOW = {"ho-so": ("fromReceiveDate", "toReceiveDate"), "tien-do": ("fromActionDate", "toActionDate")}


def _slashed(when: datetime) -> str:
    return when.strftime("%d/%m/%Y %H:%M:%S")


def _either(when: datetime) -> object:
    """Write an instant in the one way or the other, as fields of two versions of the product do."""
    text = _slashed(when)
    return milliseconds(when) if crc32(text.encode()) & 1 else text


_TEXT, _EPOCH, _MIXED = moment(_slashed), moment(milliseconds, nothing=0), moment(_either, nothing=0)
_STATUS = code(STATUS, lambda other: {"0": "interoperating", "11": "posting"}.get(other, other))
_DOSSIER = {
    "MaHoSo": ("dossierNo", same),
    "MaHoSoKhac": ("originDossierNo", same),
    "SoBienNhan": ("receiptNo", same),
    "MaTTHC": ("serviceCode", same),
    "TenTTHC": ("serviceName", same),
    "MaLinhVuc": ("domainCode", same),
    "TenLinhVuc": ("domainName", same),
    "KenhThucHien": ("originality", number),
    "ChuHoSo": ("applicantName", same),
    "LoaiDoiTuong": ("applicantIdType", same),
    "SoGiayToChuHoSo": ("applicantIdNo", same),
    "DinhDanhCHS": ("applicantIds", same),
    "MaDoiTuong": ("applicantAccount", same),
    "SoDienThoai": ("contactTelNo", same),
    "Fax": ("contactFax", same),
    "Email": ("contactEmail", same),
    "DiaChi": ("address", same),
    "GhiChu": ("applicantNote", same),
    "ThongTinKhac": ("otherNote", same),
    "TaiKhoanDuocXacThucVoiVNeID": ("vneidVerified", number),
    "TrichYeuHoSo": ("briefNote", same),
    "TrangThaiHoSo": ("dossierStatus", _STATUS),
    "NgayNopHoSo": ("submitDate", _EPOCH),
    "NgayTiepNhan": ("receiveDate", _TEXT),
    "NgayHenTra": ("dueDate", _MIXED),
    "NgayKetThucXuLy": ("releaseDate", _TEXT),
    "NgayTra": ("finishDate", _EPOCH),
    "NgayTuChoi": ("denyDate", _TEXT),
    "ThongTinTra": ("releaseNote", same),
    "HinhThuc": ("viaPostal", number),
    "DonViXuLy": ("govAgencyName", same),
    "NoiNopHoSo": ("sourceKind", same),
    "HoSoCoThanhPhanSoHoa": ("digitizedPart", flag),
    "DuocThanhToanTrucTuyen": ("paymentKind", number),
    "DSKetNoiCSDL": ("sharedDatabases", same),
    "DanhSachTepDinhKemKhac": ("otherFiles", same),
    "TaiLieuNop": (
        "dossierFiles",
        rows(
            {
                "TepDinhKemId": ("dossierFileId", same),
                "TenTepDinhKem": ("displayName", same),
                "MaThanhPhanHoSo": ("dossierPartNo", same),
                "DuongDanTaiTepTin": ("fileUrl", same),
                "IsDeleted": ("removed", flag),
                "DuocSoHoa": ("digitized", number),
                "DuocTaiSuDung": ("reuseKind", same),
                "DuocLayTuKhoDMQG": ("fromNationalStore", number),
                "MaKetQuaThayThe": ("replacementCode", same),
            }
        ),
    ),
    "DanhSachLePhi": (
        "payments",
        rows(
            {
                "TenPhiLePhi": ("feeName", same),
                "MaPhiLePhi": ("feeCode", same),
                "HinhThucThu": ("paymentWhen", same),
                "Gia": ("paymentAmount", number),
                "LoaiPhiLePhi": ("feeType", same),
            }
        ),
    ),
    "DanhSachHoSoBoSung": (
        "supplements",
        rows(
            {
                "HoSoBoSungId": ("supplementId", same),
                "NguoiYeuCauBoSung": ("requestUser", same),
                "NoiDungBoSung": ("requestNote", same),
                "NgayBoSung": ("requestDate", _EPOCH),
                "NguoiTiepNhanBoSung": ("answerUser", same),
                "ThongTinTiepNhan": ("answerNote", same),
                "NgayTiepNhanBoSung": ("answerDate", _EPOCH),
                "TrangThaiBoSung": ("answered", same),
                "DanhSachGiayToBoSung": ("papers", same),
                "DanhSachLePhiBoSung": ("payments", same),
                "NgayHenTraTruoc": ("oldDueDate", _TEXT),
                "NgayHenTraMoi": ("newDueDate", _TEXT),
            }
        ),
    ),
    "DanhSachGiayToKetQua": (
        "resultFiles",
        rows(
            {
                "TenGiayTo": ("displayName", same),
                "MaThanhPhanHoSo": ("dossierPartNo", same),
                "GiayToId": ("resultId", same),
                "DuongDanTepTinKetQua": ("fileUrl", same),
                "MaGiayToKetQua": ("resultNo", same),
            }
        ),
    ),
    "DanhSachXinLoi": (
        "apologies",
        rows({"NgayXinLoi": ("apologyDate", _TEXT), "NgayHenTraMoi": ("newDueDate", _TEXT)}),
    ),
}
_EVENT = {
    "MaHoSo": ("dossierNo", same),
    "ThoiDiemXuLy": ("createDate", moment(milliseconds)),
    "TrangThai": ("dossierStatus", _STATUS),
    "NoiDungXuLy": ("actionNote", same),
    "NguoiXuLy": ("actionUser", same),
    "ChucDanh": ("position", same),
    "PhongBanXuLy": ("govAgencyName", same),
    "NgayBatDau": ("startDate", _MIXED),
    "NgayKetThucTheoQuyDinh": ("actionDueDate", _EPOCH),
}


def body(kind: str, record: bytes) -> bytes:
    """Return one record of the city as OpenCPS writes it."""
    return encode(_item(kind, decode(record)))


def _item(kind: str, record: Record) -> Record:
    native_id = crc32(encode(record))
    if kind == "tien-do":
        return {"dossierActionId": native_id, "actionCode": "100", **translated(record, _EVENT)}
    found = {"dossierId": native_id, **translated(record, _DOSSIER), "durationCount": 5, "durationUnit": 0}
    channel = record.get("KenhThucHien")
    if channel in ("1", "2", "3"):
        found["online"] = "true" if channel == "2" else "false"
        if channel != "3" and native_id & 1:
            # Older rows know only this much of how they were filed.
            del found["originality"]
    return found


def asked(kind: str, query: Mapping[str, str]) -> Asked:
    """Return what is asked; raise Problem for what OpenCPS would refuse."""
    start, end = (_number(query, name) for name in ("start", "end"))
    codes = tuple(one.strip() for one in query.get("dossierNo", "").split(",") if one.strip())
    if len(codes) > CODE_CAP:
        raise Problem(400, f"tối đa {CODE_CAP} mã hồ sơ một lần")
    first, last = (None, None) if codes else (_day(query, name) for name in WINDOW[kind])
    return Asked(kind, codes or None, first, last, start, max(0, end - start) if end else None)


def envelope(question: Asked, items: list[Any], row_count: int, total: int) -> Record:
    """Return the rows asked for; a single one comes without a list around it."""
    return {"total": total, "data": items[0] if len(items) == 1 else items}


def silent() -> Record:
    """Return an answer that holds nothing and says nothing."""
    return {"data": []}


def accepts(headers: Mapping[str, str], client: tuple[str, str]) -> bool:
    """Say whether a request names this city's site and proves who asks."""
    proof = b64encode(":".join(client).encode()).decode()
    return headers.get("groupid") == GROUP_ID and headers.get("authorization") == f"Basic {proof}"


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name) or "0"
    if not (text.isascii() and text.isdigit()):
        raise Problem(400, f"{name} phải là số nguyên")
    return int(text)


def _day(query: Mapping[str, str], name: str) -> date:
    try:
        return datetime.strptime(query.get(name, ""), "%d/%m/%Y").date()
    except ValueError as error:
        raise Problem(400, f"{name} phải có dạng dd/MM/yyyy (hoặc cho dossierNo)") from error
