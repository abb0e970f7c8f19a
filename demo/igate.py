"""The city as VNPT iGate v2 answers: numbered pages from 0, ISO moments, its own status list, lists or objects.

Member names that no public source shows (fees, supplements, results, apologies, the log) are the stand-in's own.
"""

from collections.abc import Mapping
from datetime import date, datetime
from hashlib import blake2b
from typing import Any

from .dossier import Record, decode, encode
from .native import Asked, code, flag, moment, number, rows, same, translated
from .refusals import Problem

PATHS = {"/pa/dossier/search": "ho-so", "/pa/dossier-log/search": "tien-do"}
SIZE_CAP, CODE_CAP = 50, 20
STATUS = {"1": 0, "2": 8, "3": 12, "4": 2, "5": 1, "6": 16, "7": 6, "8": 3, "9": 4, "10": 5}
WINDOW = {"ho-so": ("accepted-from", "accepted-to"), "tien-do": ("created-from", "created-to")}


def _iso(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%S.000+0700")


def _strange(status: str) -> object:
    """Write what is no status: 0 and 11 mean something in the native list, so that they move out of it."""
    return 100 + int(status) if status.isdigit() else status


_WHEN = moment(_iso)
_DOSSIER = {
    "MaHoSo": ("code", same),
    "MaHoSoKhac": ("nationCode", same),
    "SoBienNhan": ("receiptNumber", same),
    "MaTTHC": ("procedure.code", same),
    "TenTTHC": (
        "procedure.translate",
        lambda name: [{"languageId": 228, "name": name}, {"languageId": 46, "name": ""}],
    ),
    "MaLinhVuc": ("procedure.sector.code", same),
    "TenLinhVuc": ("procedure.sector.name", same),
    "KenhThucHien": ("applyMethod.id", code({"2": 0, "1": 1, "3": 2}, lambda other: f"kenh-{other}")),
    "ChuHoSo": ("applicant.data.ownerFullname", same),
    "LoaiDoiTuong": ("applicant.data.ownerKind", same),
    "SoGiayToChuHoSo": ("applicant.data.identityNumber", same),
    "DinhDanhCHS": ("applicant.data.identityDocument", same),
    "MaDoiTuong": ("applicant.data.accountId", same),
    "SoDienThoai": ("applicant.data.phoneNumber", same),
    "Fax": ("applicant.data.fax", same),
    "Email": ("applicant.data.email", same),
    "DiaChi": ("applicant.data.address", same),
    "GhiChu": ("applicant.data.note", same),
    "ThongTinKhac": ("applicant.data.otherInformation", same),
    "TaiKhoanDuocXacThucVoiVNeID": ("applicant.data.verifiedByVneid", flag),
    "TrichYeuHoSo": ("description", same),
    "TrangThaiHoSo": ("dossierStatus", code(STATUS, _strange)),
    "NgayNopHoSo": ("appliedDate", _WHEN),
    "NgayTiepNhan": ("acceptedDate", _WHEN),
    "NgayHenTra": ("appointmentDate", _WHEN),
    "NgayKetThucXuLy": ("completedDate", _WHEN),
    "NgayTra": ("returnedDate", _WHEN),
    "NgayTuChoi": ("refusedDate", _WHEN),
    "ThongTinTra": ("returnNote", same),
    "HinhThuc": ("dossierReceivingKind", number),
    "DonViXuLy": ("agency.name", same),
    "NoiNopHoSo": ("sourceKind", same),
    "HoSoCoThanhPhanSoHoa": ("hasDigitizedForm", flag),
    "DuocThanhToanTrucTuyen": ("paymentMethod", number),
    "DSKetNoiCSDL": ("sharedDatabase", same),
    "DanhSachTepDinhKemKhac": ("otherFile", same),
    "TaiLieuNop": (
        "dossierFormFile",
        rows(
            {
                "TepDinhKemId": ("fileId", same),
                "TenTepDinhKem": ("filename", same),
                "MaThanhPhanHoSo": ("formCode", same),
                "DuongDanTaiTepTin": ("path", same),
                "IsDeleted": ("deleted", flag),
                "DuocSoHoa": ("digitized", flag),
                "DuocTaiSuDung": ("reuseKind", number),
                "DuocLayTuKhoDMQG": ("fromNationalStore", flag),
                "MaKetQuaThayThe": ("replacementCode", same),
            }
        ),
    ),
    "DanhSachLePhi": (
        "dossierFee",
        rows(
            {
                "TenPhiLePhi": ("feeName", same),
                "MaPhiLePhi": ("feeCode", same),
                "HinhThucThu": ("paidWhen", number),
                "Gia": ("amount", number),
                "LoaiPhiLePhi": ("procostType", number),
            }
        ),
    ),
    "DanhSachHoSoBoSung": (
        "additionalRequirement",
        rows(
            {
                "HoSoBoSungId": ("id", same),
                "NguoiYeuCauBoSung": ("requester", same),
                "NoiDungBoSung": ("content", same),
                "NgayBoSung": ("requestedDate", _WHEN),
                "NguoiTiepNhanBoSung": ("accepter", same),
                "ThongTinTiepNhan": ("note", same),
                "NgayTiepNhanBoSung": ("answeredDate", _WHEN),
                "TrangThaiBoSung": ("completed", same),
                "DanhSachGiayToBoSung": ("papers", same),
                "DanhSachLePhiBoSung": ("fees", same),
                "NgayHenTraTruoc": ("previousAppointmentDate", _WHEN),
                "NgayHenTraMoi": ("newAppointmentDate", _WHEN),
            }
        ),
    ),
    "DanhSachGiayToKetQua": (
        "resultFile",
        rows(
            {
                "TenGiayTo": ("name", same),
                "MaThanhPhanHoSo": ("formCode", same),
                "GiayToId": ("id", same),
                "DuongDanTepTinKetQua": ("path", same),
                "MaGiayToKetQua": ("code", same),
            }
        ),
    ),
    "DanhSachXinLoi": (
        "apology",
        rows({"NgayXinLoi": ("apologizedDate", _WHEN), "NgayHenTraMoi": ("newAppointmentDate", _WHEN)}),
    ),
}
_EVENT = {
    "MaHoSo": ("dossier.code", same),
    "ThoiDiemXuLy": ("createdDate", _WHEN),
    "TrangThai": ("dossierStatus", code(STATUS, _strange)),
    "NoiDungXuLy": ("content", same),
    "NguoiXuLy": ("assignee.fullname", same),
    "ChucDanh": ("assignee.position", same),
    "PhongBanXuLy": ("agency.name", same),
    "NgayBatDau": ("startedDate", _WHEN),
    "NgayKetThucTheoQuyDinh": ("dueDate", _WHEN),
}


def body(kind: str, record: bytes) -> bytes:
    """Return one record of the city as iGate writes it."""
    return encode(_item(kind, decode(record)))


def _item(kind: str, record: Record) -> Record:
    native_id = blake2b(encode(record), digest_size=12).hexdigest()
    if kind == "tien-do":
        return {"id": native_id, **translated(record, _EVENT)}
    found = {"id": native_id, **translated(record, _DOSSIER), "procedureLevel": 4}
    task = {"id": native_id[::-1], "assignee": {"fullname": "Cán bộ một cửa"}}
    # Seen in the live product: one task is sometimes the bare object.
    found["currentTask"] = task if native_id < "8" else [task]
    if native_id[1] < "4" and "agency" in found:
        found["agency"] = [found["agency"]]
    return found


def asked(kind: str, query: Mapping[str, str]) -> Asked:
    """Return what is asked; raise Problem for what iGate would refuse."""
    page, size = _number(query, "page", 0), min(_number(query, "size", 20, 1), SIZE_CAP)
    spec, order = query.get("spec", "page"), query.get("sort", "updatedDate,desc")
    if spec not in ("page", "slice"):
        raise Problem(400, "spec phải là page hoặc slice")
    if order not in ("createdDate,desc", "updatedDate,desc"):
        raise Problem(400, "sort phải là createdDate,desc hoặc updatedDate,desc")
    codes = tuple(one.strip() for one in query.get("code", "").split(",") if one.strip())
    if len(codes) > CODE_CAP:
        raise Problem(400, f"tối đa {CODE_CAP} mã hồ sơ một lần")
    first, last = (None, None) if codes else (_day(query, name) for name in WINDOW[kind])
    return Asked(
        kind, codes or None, first, last, page * size, size, spec == "page", order == "updatedDate,desc"
    )


def envelope(question: Asked, items: list[Any], row_count: int, total: int) -> Record:
    """Return one page. A slice has no totals."""
    size = question.size or 1
    place = {"pageable": {"pageNumber": question.start // size, "pageSize": size}, "content": items}
    if not question.wants_totals:
        return place
    return {**place, "totalPages": -(-row_count // size), "totalElements": total}


def silent() -> Record:
    """Return an answer that holds nothing and says nothing."""
    return {"content": []}


def _number(query: Mapping[str, str], name: str, default: int, least: int = 0) -> int:
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise Problem(400, f"{name} phải là số nguyên từ {least}")
    return int(text)


def _day(query: Mapping[str, str], name: str) -> date:
    try:
        return datetime.strptime(query.get(name, ""), "%Y-%m-%dT%H:%M:%S.%f%z").date()
    except ValueError as error:
        raise Problem(400, f"{name} phải có dạng 2025-07-01T00:00:00.000+0700 (hoặc cho code)") from error
