"""The demo city with every trouble on, read by the connector: what it holds is what we archive."""

import json
from datetime import date, datetime, timedelta

import pytest

from tests.demo.conftest import CLIENT_ID, CLOCK, SECRET, RunningCity, city, city_process  # noqa: F401
from tthc import settings
from tthc.landing import ledger
from tthc.landing.archive import Archive
from tthc.landing.fetch import fetch
from tthc.sources import patient_http, share
from tthc.sources.streams import stream_named

FIRST, LAST = date(2025, 7, 1), date(2025, 7, 31)
KEYS = {
    "city__dossiers": ("MaHoSo",),
    "city__progress_events": ("MaHoSo", "ThoiDiemXuLy", "TrangThai", "NoiDungXuLy"),
}


def key(stream: str, record: dict) -> tuple:
    return tuple(str(record.get(header) or "").strip() for header in KEYS[stream])


def truth(demo: RunningCity, stream: str) -> set[tuple]:
    """Return the keys that plain calls to the untroubled city give."""
    keys, number, more = set(), 1, True
    while more:
        answer = demo.get(
            stream_named(stream).paths["share"],
            pageNumber=number,
            pageSize=500,
            tuNgay=f"{FIRST:%Y%m%d}",
            denNgay=f"{LAST:%Y%m%d}",
        ).json()
        keys |= {key(stream, record) for record in answer["data"]}
        number, more = number + 1, answer["hasNextPage"]
    return keys


@pytest.mark.parametrize("stream", list(KEYS))
def test_with_every_trouble_nothing_is_missing(connection, city, monkeypatch, stream) -> None:  # noqa: F811
    expected = truth(city, stream)
    assert len(expected) > 1000
    monkeypatch.setenv("TTHC_CITY_URL", city.url)
    monkeypatch.setenv("TTHC_CITY_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("TTHC_CITY_CLIENT_SECRET", SECRET)
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.3)
    city.set_troubles(all=0.1)
    fetch_id = fetch(connection, stream_named(stream), FIRST, LAST)
    assert sum(city.counts().values()) > 5
    found = ledger.fetch_of(connection, fetch_id)
    assert found.is_complete and abs(found.fetched_at - datetime.fromisoformat(CLOCK)) < timedelta(minutes=5)
    archive = Archive(settings.archive_url())
    records = [
        json.loads(bytes(raw))
        for page in ledger.pages_of(connection, fetch_id)
        for raw in share.records(archive.get(page.sha256))
    ]
    assert len(records) == found.read_count
    assert expected <= {key(stream, record) for record in records}
