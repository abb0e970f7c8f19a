"""Items in another product's words become records with our headers, and nothing is guessed on the way."""

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from tthc import settings
from tthc.errors import UsageError
from tthc.landing.readers import RecordReader
from tthc.sources import igate, native, opencps
from tthc.sources.streams import stream_named

ACCEPTED = "2025-07-01T08:12:33.000+0700"
MILLISECONDS = 1751332353000
COMPACT = "20250701081233"


@pytest.fixture(autouse=True)
def key(warehouse_settings) -> None:
    """Every test hashes identities with the key of tests."""


def igate_records(*items: dict) -> list[dict]:
    return [json.loads(bytes(raw)) for raw in igate.records(json.dumps({"content": items}).encode())]


def opencps_records(data: object, total: int = 1) -> list[dict]:
    body = json.dumps({"total": total, "data": data}).encode()
    return [json.loads(bytes(raw)) for raw in opencps.records(body)]


def row(stream: str, record: dict) -> dict:
    """Return the staged row of a record, by column."""
    reader = RecordReader(stream_named(stream))
    values = reader(record)[2:]
    names = [column.name for column in stream_named(stream).staged_columns]
    return {**dict(zip(names, values, strict=True)), "unknown": reader.unknown}


def test_an_igate_dossier_is_read_under_our_headers() -> None:
    item = {
        "id": "64b0c0ffee",
        "code": "H24.15-250701-0001",
        "procedure": {"code": "1.004944", "translate": [{"languageId": 228, "name": "Khai sinh"}]},
        "agency": {"name": "Phòng Kinh tế"},
        "applyMethod": {"id": 0},
        "acceptedDate": ACCEPTED,
        "dossierStatus": 2,
        "dossierReceivingKind": 0,
        "currentTask": {"id": "x"},
    }
    (record,) = igate_records(item)
    assert record == {
        "MaHoSo": "H24.15-250701-0001",
        "MaTTHC": "1.004944",
        "DonViXuLy": "Phòng Kinh tế",
        "KenhThucHien": 2,
        "NgayTiepNhan": ACCEPTED,
        "TrangThaiHoSo": 4,
        "HinhThuc": 0,
    }
    found = row("city__dossiers", record)
    assert (found["status"], found["channel"], found["return_channel"]) == (4, "2", "0")
    assert found["received_at"] == datetime(2025, 7, 1, 1, 12, 33, tzinfo=UTC) and not found["unknown"]


def test_an_item_of_the_log_is_an_event_and_no_dossier() -> None:
    item = {"dossier": {"code": "A"}, "createdDate": ACCEPTED, "dossierStatus": "0", "content": "x"}
    assert igate_records(item) == [
        {"MaHoSo": "A", "ThoiDiemXuLy": ACCEPTED, "TrangThai": 1, "NoiDungXuLy": "x"}
    ]


@pytest.mark.parametrize("status", [7, 9, "5x", "done", True, [2], {"id": 2}])
def test_a_status_that_no_list_holds_is_none_of_ours(status) -> None:
    # 7 and 9 are codes of the national list, and mean nothing in this one.
    (record,) = igate_records({"code": "A", "dossierStatus": status})
    assert str(record["TrangThaiHoSo"]).startswith("igate:")
    assert row("city__dossiers", record)["status"] is None


def test_every_number_of_the_status_list_is_reached() -> None:
    for dialect in ("igate", "opencps"):
        status = native.translation(dialect).declaration.codes["status"]
        assert sorted(map(int, status.values())) == list(range(1, 11))


@pytest.mark.parametrize("agency", [{"name": "Phòng Kinh tế"}, [{"name": "Phòng Kinh tế"}]])
def test_one_object_and_a_list_of_it_are_the_same(agency) -> None:
    (record,) = igate_records({"code": "A", "agency": agency})
    assert record["DonViXuLy"] == "Phòng Kinh tế"


def test_of_several_objects_none_is_chosen() -> None:
    (record,) = igate_records({"code": "A", "agency": [{"name": "Một"}, {"name": "Hai"}]})
    assert "DonViXuLy" not in record


@pytest.mark.parametrize("rows", [{"amount": 8000}, [{"amount": 8000}]])
def test_a_list_of_one_row_may_come_as_the_row(rows) -> None:
    (record,) = igate_records({"code": "A", "dossierFee": rows})
    assert record["DanhSachLePhi"] == [{"Gia": 8000}]
    assert json.loads(row("city__dossiers", record)["fees"][1:]) == [{"amount_vnd": 8000}]


@pytest.mark.parametrize("written", [MILLISECONDS, str(MILLISECONDS), "01/07/2025 08:12:33", COMPACT])
def test_milliseconds_and_dates_are_the_same_instant(written) -> None:
    (record,) = opencps_records([{"dossierNo": "A", "finishDate": written, "receiveDate": written}])
    found = row("city__dossiers", record)
    assert found["handed_over_at"] == found["received_at"] == datetime(2025, 7, 1, 1, 12, 33, tzinfo=UTC)


def test_milliseconds_inside_a_list_are_read_too() -> None:
    (record,) = opencps_records(
        [{"dossierNo": "A", "supplements": {"requestDate": MILLISECONDS, "answerDate": 0}}]
    )
    assert record["DanhSachHoSoBoSung"] == [{"NgayBoSung": COMPACT}]


@pytest.mark.parametrize("written", [1751332353, 20250701, -1, 10**15, "chưa rõ"])
def test_a_number_that_is_no_instant_stays_unreadable_or_a_day(written) -> None:
    # Seconds are not taken for milliseconds; eight digits are a day.
    (record,) = opencps_records([{"dossierNo": "A", "receiveDate": written}])
    assert record["NgayTiepNhan"] == written


def test_zero_means_nothing_only_where_the_declaration_says_so() -> None:
    (record,) = opencps_records([{"dossierNo": "A", "finishDate": 0, "receiveDate": 0}])
    assert "NgayTra" not in record and record["NgayTiepNhan"] == 0


def test_the_first_member_that_says_anything_counts() -> None:
    one, two, three = opencps_records(
        [{"originality": 3, "online": "false"}, {"originality": "", "online": "true"}, {}], 3
    )
    assert (one["KenhThucHien"], two["KenhThucHien"]) == (3, 2) and "KenhThucHien" not in three


def test_undeclared_members_go_on_by_name_alone() -> None:
    item = {
        "code": "A",
        "moi": "Nguyễn Thị Thử",
        "agency": {"name": "B", "giamDoc": "Nguyễn Thị Thử"},
        "dossierFormFile": [{"formCode": "TP01", "nguoiKy": "Nguyễn Thị Thử"}],
        "applicant": {"data": {"ownerFullname": "Nguyễn Thị Thử", "ngaySinh": "01/01/1990"}},
    }
    (record,) = igate_records(item)
    assert "Thử" not in json.dumps(record, ensure_ascii=False) and "1990" not in json.dumps(record)
    assert row("city__dossiers", record)["unknown"] == {
        "moi": 1,
        "agency.giamDoc": 1,
        "TaiLieuNop.nguoiKy": 1,
        "applicant.data.ngaySinh": 1,
    }


def test_what_is_no_object_is_a_row_without_a_code() -> None:
    body = b'{"content": [1, "x", null, {"code": "A"}, [], {"code": "\xff"}]}'
    found = [json.loads(bytes(raw)) for raw in igate.records(body)]
    assert len(found) == 6 and found[3] == {"MaHoSo": "A"} and [found[n] for n in (0, 1, 2, 4, 5)] == [{}] * 5


@pytest.mark.parametrize(
    ("data", "count"), [([], 0), (None, 0), ({"dossierNo": "A"}, 1), ([{"dossierNo": "A"}] * 2, 2)]
)
def test_the_envelope_holds_a_list_or_one_object(data, count) -> None:
    assert len(opencps_records(data, count)) == count


def test_what_is_no_envelope_is_an_error_of_decoding() -> None:
    for records in (igate.records, opencps.records):
        for body in (b"<html>", b"[]", b'{"content": 5, "data": 5}'):
            with pytest.raises(msgspec.MsgspecError):
                records(body)


def test_an_installation_maps_statuses_by_its_own_file(tmp_path: Path, monkeypatch) -> None:
    own = settings.own_dialect_file("igate").read_text()
    assert '"2": 4,' in own
    path = tmp_path / "igate.yaml"
    path.write_text(own.replace('"2": 4,', '"2": 6, "77": 4,'))
    monkeypatch.setenv("TTHC_CITY_DIALECT_FILE", str(path))
    items = [{"code": "A", "dossierStatus": status} for status in (2, 77)]
    assert [record["TrangThaiHoSo"] for record in igate_records(*items)] == [6, 4]
    # What was archived in the other dialect is still read by the repository's file.
    assert opencps_records([{"dossierStatus": "done"}])[0]["TrangThaiHoSo"] == 10


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ("MaHoSo: code", "MaHoSoX: code", "MaHoSo"),
        ("codes: status}", "codes: trang_thai}", "trang_thai"),
        ('"8": 2,', '"8": 11,', "1…10"),
        ("page_size: 50", "page_size: 0", "page_size"),
        ("told_by: dossier", "ignored_by: dossier", "ignored_by"),
        ("    told_by: dossier\n", "", "told_by"),
        ("MaThanhPhanHoSo: formCode", "MaThanhPhan: formCode", "MaThanhPhan"),
        ("  city__progress_events:", "  city__events:", "city__progress_events"),
    ],
)
def test_a_wrong_declaration_is_refused_with_its_place(
    tmp_path: Path, monkeypatch, written: str, instead: str, told: str
) -> None:
    own = settings.own_dialect_file("igate").read_text()
    assert written in own
    path = tmp_path / "igate.yaml"
    path.write_text(own.replace(written, instead, 1))
    monkeypatch.setenv("TTHC_CITY_DIALECT_FILE", str(path))
    with pytest.raises(UsageError, match=r"igate\.yaml") as caught:
        native.translation("igate")
    assert told in str(caught.value) and caught.value.exit_code == 2


def test_a_declaration_that_is_not_there_is_named(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TTHC_CITY_DIALECT_FILE", str(tmp_path / "khong-co.yaml"))
    with pytest.raises(UsageError, match=r"khong-co\.yaml"):
        native.translation("igate")
