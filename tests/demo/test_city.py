"""The generator: the same seed gives the same city, and the city holds every hard case."""

import unicodedata
from datetime import datetime

import msgspec
import pytest

from demo import canary, dates
from demo.city import City
from demo.dossier import Dossier
from demo.edges import count_edges
from demo.judging import INSTANTS, LISTED_INSTANTS, members
from demo.procedures import CATALOGUE
from demo.quirks import CORRECTIONS, MISTAKES, NESTED_MISTAKES
from demo.units import DISSOLVED, NAMES

EARLY, MIDDLE, END = datetime(2025, 6, 9, 12), datetime(2025, 7, 15, 12), datetime(2026, 3, 31, 23, 59)
EDGES = (
    *(f"mistake:{kind}" for kind in (*MISTAKES, *NESTED_MISTAKES, "mended", "kept")),
    *(f"corrected:{kind}" for kind in CORRECTIONS),
    *("repeated", "entered_late", "deleted", "canary", "waiting", "waiting:with_reception", "pause:silent"),
    *("code:old_shape", "code:new_shape", "code:other_shape", "code:other_date", "code:alias"),
    *("channel:none", "channel:garbage", "due_missing:days", "due_missing:none", "due_missing:unknown"),
    *("late:apology", "late:no_apology", "open:forever", "finish:equals_due", "finish:last_second"),
    *("finish:first_second", "finish:only_handed_over", "handed_over_before_finish"),
    *("withdrawn:finish", "withdrawn:handed_over", "withdrawn:event", "withdrawn:late_event"),
    *("stopped:finish", "stopped:event", "refused:at_counter", "refused:before_acceptance"),
    *(f"refused:after_acceptance:{how}" for how in ("refusal", "finish", "event")),
    *("supplement:before_acceptance", "supplement:event_row", "supplement:event_no_row"),
    *("supplement:no_event_row", "supplement:no_event_no_row", "supplement:unanswered"),
    *("finance:event", "finance:no_event", "event:repeated", "event:synthesised", "event:after_finish"),
    *("event:no_code", "event:unreadable", "event:status", "dissolved_unit_received_later"),
    *("component:deleted", "component:deleted_and_reused", "component:reused", "component:from_store"),
    *("component:none_listed", "component:not_digitized", "fee:free", "fee:paid"),
    *("result:none", "result:input_file", "result:deleted_input_file"),
)


@pytest.fixture(scope="module")
def dossiers() -> list[Dossier]:
    return list(City(1).dossiers(END))


@pytest.fixture(scope="module")
def records(dossiers) -> list[dict]:
    return [dossier.record(END) for dossier in dossiers]


def state(city: City, moment: datetime) -> bytes:
    rows = [row for dossier in city.dossiers(moment) for row in dossier.rows(moment)]
    return msgspec.json.encode(rows)


def test_a_seed_is_a_city_whatever_was_asked_before():
    asked_late = City(5)
    assert state(asked_late, MIDDLE) != state(asked_late, EARLY)
    assert state(asked_late, EARLY) == state(City(5), EARLY) != state(City(6), EARLY)


def test_about_1500_dossiers_a_month_and_60_or_more_procedures(dossiers, records):
    assert 1350 < len(dossiers) / 10.4 < 1650
    codes = {procedure.code for procedure in CATALOGUE}
    sent = {str(record.get("MaTTHC"))[:8] for record in records}
    assert len(codes & sent) >= 60 and sent - codes
    assert any(str(record.get("MaTTHC")).endswith(".000.00.00.H24") for record in records)


def test_every_hard_case_occurs(dossiers):
    counts = count_edges(dossiers)
    assert {edge for edge in EDGES if not counts[edge]} == set()


def test_absent_values_come_as_missing_null_and_empty(records):
    for name in ("NgayTra", "NgayTuChoi", "NgayHenTra", "KenhThucHien", "DanhSachHoSoBoSung", "MaHoSo"):
        assert any(name not in record for record in records), name
        assert any(record.get(name, 0) is None for record in records), name
        assert any(record.get(name) == "" for record in records), name


def test_every_scalar_is_a_string(records):
    kinds = {type(value) for record in records for value in record.values()}
    nested = {
        type(value)
        for record in records
        for rows in record.values()
        if isinstance(rows, list)
        for row in rows
        for value in row.values()
    }
    assert kinds == {str, list, type(None)} and nested <= {str, list, type(None)}


def test_six_shapes_of_instants_and_unreadable_ones(records):
    found = [record["NgayTiepNhan"] for record in records if record.get("NgayTiepNhan")]
    shapes = {"".join("9" if c.isdigit() else c for c in text) for text in found}
    assert len(shapes - {"chưa xác định"}) == 5
    assert any(text.endswith("000000") for text in found)
    every = {text for record in records for name in INSTANTS if (text := record.get(name))}
    assert {text for text in every if dates.read(text) is None} == set(dates.UNREADABLE)
    for listed, names in LISTED_INSTANTS.items():
        rows = [row for record in records for row in members(record.get(listed))]
        assert any(row.get(name) and dates.read(row[name]) is None for row in rows for name in names)


def test_unit_names_are_retyped_dissolved_and_unknown(records):
    names = {record.get("DonViXuLy") for record in records}
    assert set(NAMES.values()) | set(DISSOLVED) <= names
    social = {name for name in names if name and "xã hội" in unicodedata.normalize("NFC", name).lower()}
    assert len(social) >= 5 and any(unicodedata.normalize("NFC", name) != name for name in social)
    assert "Phòng Kinh tề" in names and names & {None, ""}


def test_instants_stand_on_both_sides_of_midnight(records):
    finished = [dates.read(text) for record in records if (text := record.get("NgayKetThucXuLy"))]
    clocks = {moment.strftime("%H:%M") for moment in finished if moment}
    assert {"23:59", "00:00"} <= clocks


def test_the_canary_stands_in_every_personal_field(dossiers, records):
    with_canary = [record for d, record in zip(dossiers, records, strict=True) if "canary" in d.tags]
    text = msgspec.json.encode(with_canary).decode()
    events = [event.record for dossier in dossiers if "canary" in dossier.tags for event in dossier.events]
    assert {value for value in canary.VALUES if value not in text} == set()
    assert canary.OFFICER in {event["NguoiXuLy"] for event in events}
    assert any(canary.PHONE in event["NoiDungXuLy"] for event in events)
    scalars = (
        "ChuHoSo SoGiayToChuHoSo SoDienThoai Fax Email DiaChi MaDoiTuong ThongTinKhac GhiChu TrichYeuHoSo"
    )
    for name in (*scalars.split(), "ThongTinTra"):
        assert any(value in str(record.get(name)) for record in with_canary for value in canary.VALUES), name
    nested = {
        "DinhDanhCHS": ["SoDinhDanh"],
        "TaiLieuNop": ["TenTepDinhKem", "DuongDanTaiTepTin"],
        "DanhSachTepDinhKemKhac": ["TenGiayTo"],
        "DanhSachGiayToKetQua": ["TenGiayTo", "DuongDanTepTinKetQua"],
        "DanhSachHoSoBoSung": [
            *("NguoiYeuCauBoSung", "NoiDungBoSung", "NguoiTiepNhanBoSung", "ThongTinTiepNhan"),
            "DanhSachGiayToBoSung",
        ],
    }
    for listed, names in nested.items():
        rows = [row for record in with_canary for row in members(record.get(listed))]
        for name in names:
            assert any(value in str(row.get(name)) for row in rows for value in canary.VALUES), (listed, name)


def test_refused_rows_hold_the_canary_too(dossiers):
    """The place where personal data would hide best is a row set aside."""
    assert any("canary" in d.tags and any("mistake:" in tag for tag in d.tags) for d in dossiers)


def test_life_goes_on_silently(dossiers):
    """A correction changes a past value with no event, a late entry has an old date, some rows vanish."""
    corrected = next(d for d in dossiers if "corrected:due" in d.tags)
    values = {str(corrected.record(moment).get("NgayHenTra")) for moment in corrected.moments()}
    assert len(values) > 1
    late = next(d for d in dossiers if "entered_late" in d.tags)
    assert (late.created.date() - dates.read_date(late.record(END)["NgayTiepNhan"])).days >= 3
    gone = next(d for d in dossiers if "deleted" in d.tags)
    assert gone.exists(gone.created) and not gone.exists(gone.deleted)
