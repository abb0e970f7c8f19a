"""The key of an undecoded record: nothing when a part of it is missing or cannot be read."""

import msgspec
import pytest

from tthc.landing.recognition import Marker
from tthc.sources import streams

EVENT = {
    "MaHoSo": "H24.12.01-250701-0001",
    "ThoiDiemXuLy": "20250701080000",
    "TrangThai": "2",
    "NoiDungXuLy": "Nhận",
}


@pytest.fixture
def marker(warehouse_settings) -> Marker:
    return Marker(streams.stream_named("city__progress_events"), b"rules")


def key(marker: Marker, **changes: object) -> list | None:
    return marker.key_of(msgspec.Raw(msgspec.json.encode(EVENT | changes)))


def test_a_whole_key_is_read(marker):
    found = key(marker)
    assert found is not None and found[0] == "H24.12.01-250701-0001" and 2 in found


@pytest.mark.parametrize(
    "changes",
    [{"TrangThai": "xong"}, {"TrangThai": "99999999999"}, {"ThoiDiemXuLy": "hôm qua"}, {"MaHoSo": None}],
)
def test_a_key_that_cannot_be_read_is_no_key(marker, changes):
    assert key(marker, **changes) is None


def test_what_is_no_record_has_no_key(marker):
    assert marker.key_of(msgspec.Raw(b"[1, 2]")) is None
