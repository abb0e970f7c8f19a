"""The dossiers of the city that other systems know of: those whose record is whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from .. import dates, units
from ..city import City
from ..dossier import Record
from ..judging import members, text
from ..spelling import folded, short_code
from ..stream_file import Context

INSTANTS = ("NgayNopHoSo", "NgayTiepNhan", "NgayHenTra", "NgayKetThucXuLy", "NgayTra")
_UNITS = {folded(name): name for name in (*units.NAMES.values(), *units.DISSOLVED)}


@dataclass(frozen=True)
class Seen:
    """One dossier as the city shows it at the moment: ``at`` its instants by field, None where blank."""

    code: str
    other_code: str | None
    procedure: str | None
    procedure_name: str
    unit: str
    status: int
    channel: int | None
    at: dict[str, datetime | None]
    changed: datetime
    amount: int | None
    online_payment: str | None
    has_result_file: bool


def dossiers(context: Context) -> list[Seen]:
    """Return them in the order of the city; what it shows wrongly (no code, unreadable…) nobody else knows."""
    return _dossiers(context.seed, context.moment, context.city)


@lru_cache(maxsize=4)
def _dossiers(seed: int, moment: datetime, city: City) -> list[Seen]:
    return list(_look(city, moment))


def _look(city: City, moment: datetime) -> Iterator[Seen]:
    for dossier in city.dossiers(moment):
        if not dossier.exists(moment) or not dossier.clean:
            continue
        changes = [boundary for boundary in dossier.moments() if boundary <= moment]
        found = _read(dossier.record(moment), changes[-1] if changes else dossier.created)
        if found:
            yield found


def _read(record: Record, changed: datetime) -> Seen | None:
    code, status = text(record.get("MaHoSo")), text(record.get("TrangThaiHoSo"))
    written = {name: text(record.get(name)) for name in INSTANTS}
    at = {name: dates.read(value) if value else None for name, value in written.items()}
    if not code or not status or any(written[name] and at[name] is None for name in INSTANTS):
        return None
    unit = text(record.get("DonViXuLy")) or ""
    channel = text(record.get("KenhThucHien"))
    fees = members(record.get("DanhSachLePhi"))
    payment = text(record.get("DuocThanhToanTrucTuyen"))
    return Seen(
        code=code,
        other_code=text(record.get("MaHoSoKhac")),
        procedure=short_code(text(record.get("MaTTHC"))),
        procedure_name=text(record.get("TenTTHC")) or "",
        unit=_UNITS.get(folded(unit), unit),
        status=int(status),
        channel=int(channel) if channel in ("1", "2", "3") else None,
        at=at,
        changed=changed,
        amount=sum(int(text(fee.get("Gia")) or 0) for fee in fees) if fees else None,
        online_payment=payment,
        has_result_file=any(
            text(row.get("DuongDanTepTinKetQua")) for row in members(record.get("DanhSachGiayToKetQua"))
        ),
    )
