"""The share dialect over real HTTP: every trouble that a network and a city make, one by one."""

import logging
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from tests.landing.small_city import CLIENT_ID, SmallCity, dossier
from tthc.errors import TthcError, Unreachable, UsageError
from tthc.settings import City
from tthc.sources import dialects, patient_http, share

DOSSIERS = [dossier(number, "20250701") for number in range(5)]
CODE = DOSSIERS[0]["MaHoSo"]
PASSING = [
    *("429", "500", "502", "503", "504", "302", "retry_in_seconds", "retry_at_date"),
    *("login_page", "no_data", "half_json", "closed_at_once", "cut", "shorter"),
]


@pytest.fixture
def city():
    with SmallCity(records={"/api/ho-so": DOSSIERS}, page_size=3) as city:
        yield city


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(city, waits):
    client = share.ShareClient(city.settings, sleep=waits.append)
    yield client
    client.close()


def ask(client: share.ShareClient, number: int = 1) -> share.Page:
    return client.window("/api/ho-so", date(2025, 7, 1), date(2025, 7, 31), number)


def test_pages_are_read_as_they_are(client, city) -> None:
    first, second = ask(client), ask(client, 2)
    assert (first.records, first.total_count, first.has_next) == (3, 5, True)
    assert (second.records, second.total_count, second.has_next) == (2, 5, False)
    assert len(share.records(first.body)) == 3 and CODE.encode() in bytes(share.records(first.body)[0])
    assert [one.what for one in city.asked] == [
        ("/api/ho-so", 1, "20250701", "20250731", ()),
        ("/api/ho-so", 2, "20250701", "20250731", ()),
    ]
    assert city.tokens_given == 1


def test_codes_are_asked_for_by_their_names(client, city) -> None:
    wanted = (CODE, DOSSIERS[3]["MaHoSo"], "H24.01.01-250701-9999")
    assert client.codes("/api/ho-so", wanted, 1).records == 2
    assert city.asked[0].codes == wanted


@pytest.mark.parametrize("trouble", PASSING)
def test_a_trouble_passes(client, city, waits, trouble) -> None:
    city.plan = lambda asked, time: trouble if time < 2 else None
    assert ask(client).records == 3
    assert len(city.asked) == 3 and len(waits) == 2
    expected = {"retry_in_seconds": (3, 3), "retry_at_date": (1, 2)}.get(trouble, (0.2, 5))
    assert all(expected[0] <= wait <= expected[1] for wait in waits)


@pytest.mark.parametrize("trouble", PASSING)
def test_a_trouble_that_stays_ends_after_eight_tries(client, city, waits, trouble) -> None:
    city.plan = lambda asked, time: trouble
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1") as caught:
        ask(client)
    assert len(city.asked) == 8 and len(waits) == 7
    assert caught.value.__cause__ is None
    for secret in ("20250701", CODE, "Nguyễn", CLIENT_ID):
        assert secret not in str(caught.value)


def test_a_long_retry_after_is_obeyed_for_a_minute(client, city, waits) -> None:
    city.plan = lambda asked, time: "retry_much_later" if time < 1 else None
    ask(client)
    assert waits == [60]


def test_a_retry_date_is_read_by_the_clock_of_the_city(client, city, waits) -> None:
    city.clock = datetime(2026, 11, 30, 18, tzinfo=UTC)
    city.plan = lambda asked, time: "retry_at_date" if time < 1 else None
    ask(client)
    assert waits == [2]


def test_a_slow_body_has_an_end(client, city, monkeypatch) -> None:
    monkeypatch.setattr(patient_http, "BODY_SECONDS", 0.3)
    city.plan = lambda asked, time: "slow" if time < 1 else None
    started = time.monotonic()
    assert ask(client).records == 3
    assert time.monotonic() - started < 5 and len(city.asked) == 2


def test_a_body_without_end_is_not_kept_in_memory(client, monkeypatch) -> None:
    monkeypatch.setattr(patient_http, "LARGEST_BODY", 100)
    with pytest.raises(TthcError, match="không phải một trang"):
        ask(client)


@pytest.mark.parametrize("status", ["400", "403", "404", "422"])
def test_a_refusal_is_an_error_at_once(client, city, waits, status) -> None:
    city.plan = lambda asked, time: status
    with pytest.raises(TthcError, match=status) as caught:
        ask(client)
    assert caught.value.exit_code == 1 and len(city.asked) == 1 and not waits


def test_an_ended_token_is_renewed(client, city) -> None:
    ask(client)
    city.end_token()
    assert ask(client, 2).records == 2
    assert city.tokens_given == 2


def test_a_token_that_ends_twice_in_one_request_is_renewed_twice(client, city) -> None:
    city.plan = lambda asked, time: "token_ended" if time < 2 else None
    assert ask(client).records == 3
    assert city.tokens_given == 3


def test_a_token_that_never_holds_is_an_error(client, city) -> None:
    city.plan = lambda asked, time: "token_ended"
    with pytest.raises(TthcError, match="TTHC_CITY_CLIENT_ID"):
        ask(client)
    assert city.tokens_given == 3 and len(city.asked) == 3


@pytest.mark.parametrize("trouble", ["503", "closed_at_once", "login_page"])
def test_a_trouble_of_the_token_passes_too(client, city, trouble) -> None:
    broken = iter([trouble, trouble])
    city.token_plan = lambda number: next(broken, None)
    assert ask(client).records == 3


def test_a_wrong_secret_is_an_error_that_does_not_repeat_it(city) -> None:
    wrong = City(url=city.url, dialect="share", client_id=CLIENT_ID, client_secret="sai-bi-mat")
    with pytest.raises(TthcError, match="TTHC_CITY_CLIENT_SECRET") as caught:
        ask(share.ShareClient(wrong, sleep=lambda seconds: None))
    assert caught.value.exit_code == 1 and "sai-bi-mat" not in str(caught.value)


def test_a_city_that_is_not_there_is_unreachable(waits) -> None:
    nowhere = City(url="http://127.0.0.1:9", dialect="share", client_id="x", client_secret="y")
    with pytest.raises(Unreachable) as caught:
        ask(share.ShareClient(nowhere, sleep=waits.append))
    assert caught.value.exit_code == 4 and len(waits) == 7


def test_an_empty_answer_without_an_end_says_so(client, city) -> None:
    city.plan = lambda asked, time: "empty"
    page = ask(client)
    assert (page.records, page.total_count, page.has_next) == (0, None, None)


def test_the_moment_is_ours_unless_the_city_lives_in_another_hour(client, city) -> None:
    assert abs(ask(client).answered_at - datetime.now(UTC)) < timedelta(seconds=30)
    city.clock = datetime(2025, 7, 31, 11, tzinfo=UTC)
    assert ask(client).answered_at == city.clock
    city.clock = datetime.now(UTC) + timedelta(minutes=50)
    assert abs(ask(client).answered_at - datetime.now(UTC)) < timedelta(seconds=30)


def test_no_log_holds_what_was_asked(client, city, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    city.plan = lambda asked, time: "503" if time < 1 else None
    client.codes("/api/ho-so", [CODE], 1)
    assert CODE not in caplog.text


def test_one_client_for_each_city_and_only_known_dialects(city) -> None:
    assert dialects.client_for(city.settings) is dialects.client_for(city.settings)
    with pytest.raises(UsageError, match="share"):
        dialects.client_for(City(url=city.url, dialect="lạ", client_id="x", client_secret="y"))
    split = dialects.record_splitter("share")
    assert [bytes(raw) for raw in split(b'{"data": [{"a": 1}, {}]}')] == [b'{"a": 1}', b"{}"]
