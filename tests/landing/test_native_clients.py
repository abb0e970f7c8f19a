"""The dialects igate and opencps over real HTTP, against the demo city: how they page, and what goes wrong there."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from demo.opencps import GROUP_ID
from tests.demo.conftest import CLIENT_ID, SECRET, RunningCity, city, city_process  # noqa: F401
from tthc import settings
from tthc.errors import TthcError, Unreachable, UsageError
from tthc.landing import ledger
from tthc.landing.archive import Archive
from tthc.landing.completeness import KeysSeen
from tthc.landing.fetch import fetch
from tthc.sources import dialects, igate, native, opencps, patient_http, share
from tthc.sources.streams import stream_named

FIRST, LAST = date(2025, 7, 7), date(2025, 7, 9)
NATIVE = ["igate", "opencps"]
STREAMS = ["city__dossiers", "city__progress_events"]
SMALL_PAGES = {
    "igate": {"page_size: 50": "page_size: 10"},
    "opencps": {"page_size: 200": "page_size: 10"},
}


@pytest.fixture
def speak(city: RunningCity, installation: Path, monkeypatch) -> Callable[..., dialects.Client]:  # noqa: F811
    """Return a function that points the settings at the demo city in a dialect, and gives its client.

    Its declaration is the repository's with the words of ``instead`` changed.
    """
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.02)
    monkeypatch.setattr(patient_http, "FIRST_WAIT", 0.01)

    def choose(dialect: str, instead: dict[str, str] | None = None) -> dialects.Client:
        for name, value in {
            "TTHC_CITY_URL": city.url,
            "TTHC_CITY_DIALECT": dialect,
            "TTHC_CITY_CLIENT_ID": CLIENT_ID,
            "TTHC_CITY_CLIENT_SECRET": SECRET,
            "TTHC_CITY_GROUP_ID": GROUP_ID,
        }.items():
            monkeypatch.setenv(name, value)
        if instead:
            text = settings.own_dialect_file(dialect).read_text()
            for written, new in instead.items():
                assert written in text
                text = text.replace(written, new)
            path = installation / f"{dialect}-{abs(hash(text))}.yaml"
            path.write_text(text)
            monkeypatch.setenv("TTHC_CITY_DIALECT_FILE", str(path))
        return dialects.client_for(settings.city())

    return choose


def path_of(stream: str, dialect: str) -> str:
    return stream_named(stream).paths[dialect]


def truth(speak, stream: str) -> KeysSeen:
    """Return the keys that the quiet city gives in the dialect share, in one page."""
    client = speak("share")
    seen = KeysSeen(stream_named(stream))
    number, more = 1, True
    while more:
        page = client.window(path_of(stream, "share"), FIRST, LAST, number)
        seen.add(share.records(page.body))
        number, more = number + 1, page.has_next
    assert len(seen) > 150
    return seen


def read(connection, fetch_id: int, stream: str, dialect: str) -> KeysSeen:
    """Return the keys of all that a reading archived."""
    archive, split = Archive(settings.archive_url()), dialects.record_splitter(dialect)
    seen = KeysSeen(stream_named(stream))
    for page in ledger.pages_of(connection, fetch_id):
        seen.add(split(archive.get(page.sha256)))
    return seen


def keyed(seen: KeysSeen) -> set[bytes]:
    return seen._keyed


@pytest.mark.parametrize("dialect", NATIVE)
@pytest.mark.parametrize("stream", STREAMS)
def test_a_quiet_city_is_read_once(connection, speak, dialect, stream) -> None:
    expected = truth(speak, stream)
    speak(dialect)
    fetch_id = fetch(connection, stream_named(stream), FIRST, LAST)
    found = ledger.fetch_of(connection, fetch_id)
    assert found.is_complete and found.source.startswith(f"{dialect} http://127.0.0.1:")
    assert {window.state for window in ledger.windows_of(connection, fetch_id)} == {"complete"}
    got = read(connection, fetch_id, stream, dialect)
    # An event's key holds its status, and one that is none is written otherwise here: their number is the same.
    assert len(got) == len(expected) >= found.announced_count > 150
    if stream == "city__dossiers":
        assert keyed(got) == keyed(expected)


def test_pages_of_igate_are_numbered_from_zero_and_say_their_end(speak) -> None:
    client, path = speak("igate"), path_of("city__dossiers", "igate")
    first = client.window(path, FIRST, LAST, 1)
    assert (first.records, first.has_next) == (50, True) and first.total_count > 150
    number, page = 1, first
    while page.has_next:
        number += 1
        page = client.window(path, FIRST, LAST, number)
    assert page.has_next is False and 0 < page.records <= 50
    assert 50 * (number - 1) + page.records >= first.total_count


def test_slices_announce_nothing_and_end_with_an_empty_one(speak) -> None:
    client, path = speak("igate", {"spec: page,": "spec: slice,"}), path_of("city__dossiers", "igate")
    number, records, page = 0, 0, None
    while page is None or page.has_next:
        number += 1
        page = client.window(path, FIRST, LAST, number)
        assert page.total_count is None
        records += page.records
    assert page.records == 0 and records > 150


def test_a_server_that_gives_less_than_asked_is_read_to_its_end(connection, speak) -> None:
    # The city gives 50 at most: every slice of these looks short.
    expected = truth(speak, "city__dossiers")
    speak("igate", {"spec: page,": "spec: slice,", "page_size: 50": "page_size: 90"})
    fetch_id = fetch(connection, stream_named("city__dossiers"), FIRST, LAST)
    assert ledger.fetch_of(connection, fetch_id).is_complete
    assert keyed(read(connection, fetch_id, "city__dossiers", "igate")) == keyed(expected)


def test_slices_are_read_twice_and_once_more_where_they_differ(connection, speak, city) -> None:  # noqa: F811
    stream = "city__dossiers"
    expected = truth(speak, stream)
    speak("igate", {"spec: page,": "spec: slice,"})
    quiet = fetch(connection, stream_named(stream), FIRST, LAST)
    assert [(w.pass_number, w.state) for w in ledger.windows_of(connection, quiet)] == [
        (1, "split"),
        (2, "complete"),
    ]
    for kind in ("shifting_pages", "empty_data"):
        city.set_troubles(**{kind: 1.0})
        fetch_id = fetch(connection, stream_named(stream), FIRST, LAST)
        assert city.counts()[kind] > 0
        windows = ledger.windows_of(connection, fetch_id)
        assert len(windows) > 2 and {w.announced_count for w in windows} == {0}, kind
        assert ledger.fetch_of(connection, fetch_id).is_complete, kind
        assert keyed(read(connection, fetch_id, stream, "igate")) == keyed(expected), kind


def test_rows_of_opencps_lie_between_start_and_end(speak) -> None:
    path = path_of("city__dossiers", "opencps")
    client = speak("opencps")
    whole = client.window(path, FIRST, LAST, 1)
    # Some rows are there twice: the count is of dossiers.
    assert 200 > whole.records >= whole.total_count > 150 and whole.has_next is False
    part = speak("opencps", {"page_size: 200": "page_size: 40"})
    pages = [part.window(path, FIRST, LAST, number) for number in range(1, 8)]
    assert [page.records for page in pages[:4]] == [40] * 4 and pages[0].has_next
    rows = [bytes(raw) for page in pages for raw in opencps.records(page.body)]
    assert rows[: whole.records] == [bytes(raw) for raw in opencps.records(whole.body)]


def test_a_missing_end_returns_everything_and_ours_is_never_missing(speak, city, monkeypatch) -> None:  # noqa: F811
    client, path = speak("opencps"), path_of("city__dossiers", "opencps")
    days = {"fromReceiveDate": "01/07/2025", "toReceiveDate": "31/07/2025"}
    for end in ({}, {"end": "0"}):
        page = client.get(path, {**days, "start": "0", **end}, lambda answer: opencps._page(answer, 0, 200))
        assert page.records > 1000 and page.has_next is False
    asked = []
    monkeypatch.setattr(client, "get", lambda path, params, read: asked.append(params))
    client.window(path, FIRST, LAST, 1)
    client.window(path, FIRST, LAST, 4)
    client.codes(path, ["A"], 1)
    assert [(one["start"], one["end"]) for one in asked] == [("0", "200"), ("600", "800"), ("0", "200")]


def test_a_lost_end_is_seen_and_nothing_is_lost_with_it(connection, speak, city) -> None:  # noqa: F811
    stream = "city__progress_events"
    expected = truth(speak, stream)
    speak("opencps")
    city.set_troubles(lost_end=1.0)
    fetch_id = fetch(connection, stream_named(stream), FIRST, LAST)
    assert city.counts()["lost_end"] > 0
    pages = ledger.pages_of(connection, fetch_id)
    assert max(page.record_count for page in pages) > 200
    assert ledger.fetch_of(connection, fetch_id).is_complete
    assert len(read(connection, fetch_id, stream, "opencps")) == len(expected)


@pytest.mark.parametrize("dialect", NATIVE)
@pytest.mark.parametrize("stream", STREAMS)
def test_with_every_trouble_nothing_is_missing(connection, speak, city, dialect, stream) -> None:  # noqa: F811
    expected = truth(speak, stream)
    # Small pages are many requests.
    speak(dialect, SMALL_PAGES[dialect])
    rates = dict.fromkeys(
        ("http_502", "cut_body", "short_body", "html_login", "token_revoked", "empty_data", "shifting_pages"),
        0.15,
    )
    city.set_troubles(**rates, moving_total=0.1, repeat_record=0.1, unknown_field=0.1, lost_end=0.1)
    fetch_id = fetch(connection, stream_named(stream), FIRST, LAST)
    assert sum(city.counts().values()) > 5
    assert ledger.fetch_of(connection, fetch_id).is_complete
    got = read(connection, fetch_id, stream, dialect)
    if stream == "city__dossiers":
        assert keyed(got) == keyed(expected)
    else:
        assert len(got) >= len(expected)


@pytest.mark.parametrize("dialect", NATIVE)
def test_codes_are_asked_as_many_at_once_as_the_dialect_takes(connection, speak, dialect) -> None:
    stream = stream_named("city__dossiers")
    records = share.records(speak("share").window(path_of(stream.stream, "share"), FIRST, FIRST, 1).body)
    codes = sorted({code for raw in records if (code := native._decode(raw).get("MaHoSo"))})[:45]
    speak(dialect)
    fetch_id = fetch(connection, stream, None, None, codes=codes, kind="codes")
    windows = ledger.windows_of(connection, fetch_id)
    assert [len(window.dossier_codes) for window in windows] == [20, 20, 5]
    assert {window.state for window in windows} == {"complete"}
    assert len(keyed(read(connection, fetch_id, stream.stream, dialect))) == 45


def test_opencps_needs_its_site_and_its_account(speak, monkeypatch) -> None:
    path = path_of("city__dossiers", "opencps")
    speak("opencps")
    monkeypatch.setenv("TTHC_CITY_GROUP_ID", "")
    with pytest.raises(UsageError, match="TTHC_CITY_GROUP_ID"):
        opencps.client(settings.city())
    monkeypatch.setenv("TTHC_CITY_GROUP_ID", "1")
    with pytest.raises(TthcError, match="TTHC_CITY_CLIENT_SECRET") as caught:
        opencps.client(settings.city()).window(path, FIRST, LAST, 1)
    assert SECRET not in str(caught.value) and caught.value.exit_code == 1


def answer(body: bytes) -> patient_http.Answer:
    return patient_http.Answer(body, None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"content": [{}, {}], "totalPages": 3, "totalElements": 5}', (2, 5, True)),
        (b'{"content": [{}], "totalPages": 1, "totalElements": "1"}', (1, 1, False)),
        (b'{"content": [{}], "totalPages": 1}', (1, None, False)),
        (b'{"content": {"code": "A"}, "totalPages": 1, "totalElements": 1}', (1, 1, False)),
        (b'{"content": []}', (0, None, None)),
        (b'\xef\xbb\xbf{"content": [], "totalPages": 0, "totalElements": 0}', (0, 0, False)),
    ],
)
def test_what_a_page_of_igate_says(body, expected) -> None:
    page = igate._page(answer(body), 1, is_slice=False)
    assert (page.records, page.total_count, page.has_next) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"total": 9, "data": [{}, {}]}', (2, 9, True)),
        (b'{"total": 2, "data": [{}, {}]}', (2, 2, True)),
        (b'{"total": 1, "data": {"dossierNo": "A"}}', (1, 1, False)),
        (b'{"total": 3, "data": [{}, {}, {}]}', (3, 3, False)),
        (b'{"total": 9, "data": []}', (0, 9, True)),
        (b'{"total": 0}', (0, 0, False)),
        (b'{"data": []}', (0, None, None)),
    ],
)
def test_what_a_page_of_opencps_says(body, expected) -> None:
    page = opencps._page(answer(body), 0, 2)
    assert (page.records, page.total_count, page.has_next) == expected


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b"{}", b'{"error": "x"}', b'{"content": [{}], "data": [{}]}']
)
def test_what_is_no_page_is_asked_for_again(body) -> None:
    with pytest.raises(patient_http.Trouble):
        igate._page(answer(body), 1, is_slice=False)
    with pytest.raises(patient_http.Trouble):
        opencps._page(answer(body), 0, 2)


@pytest.mark.parametrize("dialect", NATIVE)
def test_a_trouble_that_stays_is_unreachable_and_says_nothing_it_should_not(speak, city, dialect) -> None:  # noqa: F811
    client = speak(dialect)
    city.set_troubles(html_login=1.0)
    patient = client._sleep
    client._sleep = lambda seconds: None
    try:
        # The city gives in after three broken answers; a client of two tries does not get so far.
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Unreachable) as caught:
            patch.setattr(patient_http, "TRIES", 2)
            client.window(path_of("city__dossiers", dialect), FIRST, LAST, 1)
    finally:
        client._sleep = patient
    assert "20250707" not in str(caught.value) and "2025-07-07" not in str(caught.value)
    assert SECRET not in str(caught.value) and caught.value.exit_code == 4
