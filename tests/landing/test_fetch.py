"""One reading of the city: nothing missing, nothing asked twice, and what is missing is known by its day."""

import json
import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.landing.small_city import dossier
from tthc import settings
from tthc.errors import TthcError, Unreachable, UsageError
from tthc.landing import incidents, ledger
from tthc.landing.archive import Archive
from tthc.landing.fetch import PASSES, fetch, short_days
from tthc.sources import patient_http, share
from tthc.sources.streams import stream_named

PATH, EVENTS_PATH = "/api/ho-so", "/api/tien-do"
DOSSIERS, EVENTS = stream_named("city__dossiers"), stream_named("city__progress_events")
JULY = (date(2025, 7, 1), date(2025, 7, 31))


def july(per_day: int = 3) -> list[dict]:
    """Return records for the working days of July 2025, newest first."""
    days = (date(2025, 7, number) for number in range(31, 0, -1))
    working = [f"{day:%Y%m%d}" for day in days if day.weekday() < 5]
    return [dossier(number, day) for day in working for number in range(per_day)]


def read(connection: psycopg.Connection, fetch_id: int) -> list[dict]:
    """Return the records of a reading from the archive, page by page as the ledger says."""
    archive, records = Archive(settings.archive_url()), []
    for page in ledger.pages_of(connection, fetch_id):
        body = archive.get(page.sha256)
        part = [json.loads(bytes(raw)) for raw in share.records(body)]
        assert page.first_row == len(records) + 1
        assert (page.record_count, page.byte_count) == (len(part), len(body))
        records += part
    return records


def codes_of(records: list[dict]) -> set[str]:
    return {record["MaHoSo"] for record in records}


def states(connection: psycopg.Connection, fetch_id: int) -> Counter:
    return Counter(window.state for window in ledger.windows_of(connection, fetch_id))


def mark_merged(connection: psycopg.Connection, fetch_id: int) -> None:
    connection.execute(
        """
        UPDATE ops.fetches
        SET state = 'merged', merged_count = read_count, unchanged_count = 0, quarantined_count = 0,
            superseded_count = 0
        WHERE fetch_id = %s
        """,
        (fetch_id,),
    )


def test_a_quiet_city_is_read_once(connection, city) -> None:
    city.records[PATH] = july() + [dossier(number, "20250602") for number in range(25)]
    city.clock = datetime(2025, 7, 31, 11, tzinfo=UTC)
    fetch_id = fetch(connection, DOSSIERS, date(2025, 6, 1), date(2025, 8, 5))
    found = ledger.fetch_of(connection, fetch_id)
    assert (found.state, found.is_complete, found.kind) == ("fetched", True, "window")
    assert found.read_count == found.announced_count == len(city.records[PATH]) == 94
    assert found.fetched_at == city.clock and found.commune_code == "11674"
    pages = ledger.pages_of(connection, fetch_id)
    assert found.byte_count == sum(page.byte_count for page in pages)
    assert found.body_hash == ledger.body_hash([page.sha256 for page in pages])
    assert "secret" not in found.source and found.source == f"share {city.url}"
    assert read(connection, fetch_id) == sorted(city.records[PATH], key=lambda one: one["NgayTiepNhan"][:6])
    asked = [(one.first, one.last) for one in city.asked if one.page == 1]
    assert asked == [("20250601", "20250630"), ("20250701", "20250731"), ("20250801", "20250805")]
    assert len(city.asked) == len({one.what for one in city.asked}) == 3 + 7 + 1


def test_the_same_bytes_read_again_are_stored_once(connection, city) -> None:
    city.records[PATH] = july()
    first, second = (fetch(connection, DOSSIERS, *JULY) for _ in range(2))
    assert first != second
    assert ledger.fetch_of(connection, first).body_hash == ledger.fetch_of(connection, second).body_hash
    (objects,) = connection.execute("SELECT count(*) FROM ops.archive_objects").fetchone()
    assert objects == len(ledger.pages_of(connection, first)) == 7


def test_records_skipped_while_pages_shift_are_found(connection, city) -> None:
    city.records[PATH] = july()
    always = codes_of(city.records[PATH][5:])

    def delete_newest(number: int) -> None:
        # Between the pages of the month five records vanish: the rest moves up and five are skipped.
        if number == 2:
            del city.records[PATH][:5]

    city.before = delete_newest
    fetch_id = fetch(connection, DOSSIERS, *JULY)
    assert ledger.fetch_of(connection, fetch_id).is_complete
    assert always <= codes_of(read(connection, fetch_id))
    assert states(connection, fetch_id) == {"split": 1, "complete": 2}
    assert ledger.fetch_of(connection, fetch_id).announced_count == len(city.records[PATH])


@given(
    per_day=st.lists(st.integers(0, 5), min_size=1, max_size=8),
    page_size=st.integers(2, 7),
    life=st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from(["arrive", "vanish"]), st.integers(0, 60)), max_size=12
    ),
)
@hypothesis_settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_shifts_a_complete_reading_misses_nobody(connection, city, per_day, page_size, life) -> None:
    # Each example begins with a ledger that remembers nothing.
    connection.execute("TRUNCATE ops.fetches, ops.incidents CASCADE")
    days = [date(2025, 7, 1) + timedelta(days=place) for place in range(len(per_day))]
    told = ((day, number) for day, many in zip(days, per_day, strict=True) for number in range(many))
    records = [dossier(number, f"{day:%Y%m%d}") for day, number in told]
    city.records[PATH], city.page_size = records[::-1], page_size
    start, vanished, new = len(city.asked), set(), count(1000)

    def live(number: int) -> None:
        for moment, what, where in life:
            if moment != number - start:
                continue
            now = city.records[PATH]
            if what == "arrive":
                day = days[where % len(days)]
                now.insert(0, dossier(next(new), f"{day:%Y%m%d}"))
            elif now:
                vanished.add(now.pop(where % len(now))["MaHoSo"])

    city.before = live
    fetch_id = fetch(connection, DOSSIERS, days[0], days[-1])
    found = ledger.fetch_of(connection, fetch_id)
    # Only something new in the first pass and in each of the three over one day leaves that day short.
    assert found.is_complete or len(life) > PASSES
    if found.is_complete:
        assert codes_of(records) - vanished <= codes_of(read(connection, fetch_id))
    assert found.read_count == len(read(connection, fetch_id))


def test_a_day_that_stays_short_is_kept_marked_and_read_again(connection, city) -> None:
    city.records[PATH] = july()
    hidden = [one["MaHoSo"] for one in city.records[PATH] if one["NgayTiepNhan"][:8] == "20250710"][:2]
    city.hidden.update(hidden)
    said: list[str] = []
    fetch_id = fetch(connection, DOSSIERS, *JULY, progress=said.append)
    assert said and not ledger.fetch_of(connection, fetch_id).is_complete
    windows = ledger.windows_of(connection, fetch_id)
    (short,) = [window for window in windows if window.state == "short"]
    assert (short.window_from, short.window_to) == (date(2025, 7, 10), date(2025, 7, 10))
    assert (short.pass_number, short.announced_count, short.distinct_count) == (3, 3, 1)
    # The days in force tile the month: each is asked, none twice.
    in_force = sorted((w.window_from, w.window_to) for w in windows if w.state != "split")
    assert in_force[0][0] == JULY[0] and in_force[-1][1] == JULY[1]
    assert all(b[0] - a[1] == timedelta(days=1) for a, b in pairwise(in_force))
    assert codes_of(read(connection, fetch_id)) == codes_of(july()) - set(hidden)
    assert short_days(connection, DOSSIERS) == [date(2025, 7, 10)]
    assert incidents.open_subjects(connection, "short_window") == ["city__dossiers 2025-07-10"]

    again = fetch(connection, DOSSIERS, date(2025, 7, 10), date(2025, 7, 10))
    assert incidents.open_subjects(connection, "short_window") == ["city__dossiers 2025-07-10"]
    assert short_days(connection, EVENTS) == [] and again != fetch_id
    seen = connection.execute("SELECT count(*), max(seen_count) FROM ops.incidents").fetchone()
    assert seen == (1, 2)

    city.hidden.clear()
    healed = fetch(
        connection, DOSSIERS, date(2025, 8, 1), date(2025, 8, 1), days=short_days(connection, DOSSIERS)
    )
    assert ledger.fetch_of(connection, healed).is_complete
    assert {"20250710", "20250801"} == {one.first for one in city.asked[-2:]}
    assert short_days(connection, DOSSIERS) == []
    assert incidents.open_subjects(connection, "short_window") == []


def test_an_empty_answer_is_not_believed_where_rows_were(connection, city) -> None:
    city.records[PATH] = july()
    mark_merged(connection, fetch(connection, DOSSIERS, *JULY))
    city.plan = lambda asked, time: (
        "empty_in_full" if asked.first >= "20250701" and asked.last <= "20250706" else None
    )
    fetch_id = fetch(connection, DOSSIERS, date(2025, 7, 1), date(2025, 7, 6))
    windows = ledger.windows_of(connection, fetch_id)
    assert not ledger.fetch_of(connection, fetch_id).is_complete
    short = sorted(window.window_from.day for window in windows if window.state == "short")
    # 5 and 6 July are a weekend that never had rows: emptiness is believed there.
    assert short == [1, 2, 3, 4]
    assert [str(day)[-2:] for day in short_days(connection, DOSSIERS)] == ["01", "02", "03", "04"]


def test_an_empty_answer_is_believed_once_what_was_there_had_no_date(connection, city) -> None:
    # Filed on a Saturday and found by that; accepted on Monday and found by that.
    waiting = {"MaHoSo": "H24.01.01-250705-0001", "NgayNopHoSo": "20250705101010", "NgayTiepNhan": ""}
    city.records[PATH] = [waiting]
    mark_merged(connection, fetch(connection, DOSSIERS, date(2025, 7, 5), date(2025, 7, 6)))
    waiting["NgayTiepNhan"] = "20250707080000"
    fetch_id = fetch(connection, DOSSIERS, date(2025, 7, 5), date(2025, 7, 6))
    assert ledger.fetch_of(connection, fetch_id).is_complete
    assert read(connection, fetch_id) == []


def test_an_answer_that_names_no_end_is_read_again(connection, city) -> None:
    city.records[PATH] = july()
    city.plan = lambda asked, time: "empty" if time == 0 and asked.last == "20250731" else None
    fetch_id = fetch(connection, DOSSIERS, *JULY)
    assert ledger.fetch_of(connection, fetch_id).is_complete
    assert codes_of(read(connection, fetch_id)) == codes_of(july())


def test_a_city_that_never_says_the_end_is_left(connection, city) -> None:
    city.records[PATH] = [dossier(number, "20250701") for number in range(30)]
    city.plan = lambda asked, time: "endless"
    fetch_id = fetch(connection, DOSSIERS, date(2025, 7, 1), date(2025, 7, 1))
    assert states(connection, fetch_id) == {"split": 2, "short": 1}
    assert len(city.asked) == 3 * 4


def test_repeats_are_kept_and_counted(connection, city) -> None:
    city.records[PATH] = july(1)
    city.plan = lambda asked, time: "repeats"
    fetch_id = fetch(connection, DOSSIERS, *JULY)
    found = ledger.fetch_of(connection, fetch_id)
    assert found.is_complete and (found.announced_count, found.read_count) == (23, 46)


def test_records_without_a_code_count_by_themselves(connection, city) -> None:
    nameless = [{"NgayTiepNhan": "20250701080000", "GhiChu": str(number)} for number in range(4)]
    nameless += [{"MaHoSo": value, "NgayTiepNhan": "20250701080000"} for value in (None, " ")]
    city.records[PATH] = nameless
    fetch_id = fetch(connection, DOSSIERS, date(2025, 7, 1), date(2025, 7, 1))
    assert ledger.fetch_of(connection, fetch_id).is_complete
    # Nothing told them apart from missing ones, so the day was read to the last pass.
    last = ledger.windows_of(connection, fetch_id)[-1]
    assert (last.state, last.pass_number, last.announced_count, last.distinct_count) == ("complete", 3, 6, 6)


def test_records_without_a_code_do_not_hide_a_missing_one(connection, city) -> None:
    nameless = {"NgayTiepNhan": "20250701080000", "GhiChu": "không mã"}
    city.records[PATH] = [dossier(1, "20250701"), dossier(2, "20250701")]
    city.select, select = lambda asked: [*select(asked), nameless], city.select
    missing = city.records[PATH][0]["MaHoSo"]

    def hide_once(number: int) -> None:
        # The city announces three: two with a code (one of them not shown), one without.
        city.hidden = {missing} if number == 0 else set()

    city.before = hide_once
    fetch_id = fetch(connection, DOSSIERS, date(2025, 7, 1), date(2025, 7, 1))
    assert ledger.fetch_of(connection, fetch_id).is_complete
    assert missing in {record.get("MaHoSo") for record in read(connection, fetch_id)}


def test_an_event_is_known_by_all_parts_of_its_key(connection, city) -> None:
    event = {"MaHoSo": "H24.01.01-250701-0001", "ThoiDiemXuLy": "20250701080000", "TrangThai": "2"}
    city.records[EVENTS_PATH] = [
        {**event, "NoiDungXuLy": "Tiếp nhận"},
        {**event, "NoiDungXuLy": "Chuyển xử lý"},
        {**event, "NoiDungXuLy": "Chuyển xử lý", "TrangThai": "4"},
    ]
    fetch_id = fetch(connection, EVENTS, *JULY)
    (window,) = ledger.windows_of(connection, fetch_id)
    assert (window.state, window.distinct_count) == ("complete", 3)
    # Two spellings of one moment are one event, so a reading that announces two is short.
    city.records[EVENTS_PATH] = [event, {**event, "ThoiDiemXuLy": "2025-07-01T08:00:00.000+07:00"}]
    city.select = lambda asked: city.records[EVENTS_PATH]
    fetch_id = fetch(connection, EVENTS, date(2025, 7, 1), date(2025, 7, 1))
    assert states(connection, fetch_id) == {"split": 2, "short": 1}


def test_codes_are_asked_in_groups(connection, city) -> None:
    city.records[PATH] = july(10)
    wanted = [one["MaHoSo"] for one in city.records[PATH]]
    gone = [f"H24.01.01-240101-{number:04d}" for number in range(15)]
    fetch_id = fetch(connection, DOSSIERS, None, None, codes=wanted + gone + wanted, kind="codes")
    found = ledger.fetch_of(connection, fetch_id)
    assert found.is_complete and codes_of(read(connection, fetch_id)) == set(wanted)
    groups = [window.dossier_codes for window in ledger.windows_of(connection, fetch_id)]
    assert [len(group) for group in groups] == [100, 100, 45]


def test_no_answer_at_all_for_codes_is_asked_again_then_believed(connection, city) -> None:
    city.records[PATH] = july(1)
    fetch_id = fetch(connection, DOSSIERS, None, None, codes=["H24.01.01-240101-0001"], kind="codes")
    assert ledger.fetch_of(connection, fetch_id).is_complete
    assert states(connection, fetch_id) == {"split": 2, "complete": 1}
    city.plan = lambda asked, time: "empty"
    fetch_id = fetch(connection, DOSSIERS, None, None, codes=[july(1)[0]["MaHoSo"]], kind="codes")
    assert states(connection, fetch_id) == {"split": 2, "short": 1}
    assert incidents.open_subjects(connection, "short_window") == ["city__dossiers codes"]
    city.plan = lambda asked, time: None
    fetch(connection, DOSSIERS, None, None, codes=[july(1)[0]["MaHoSo"]], kind="codes")
    assert incidents.open_subjects(connection, "short_window") == []


def test_a_reading_that_the_city_broke_off_goes_on(connection, city, monkeypatch) -> None:
    monkeypatch.setattr(patient_http, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.002)
    city.records[PATH] = july()
    city.plan = lambda asked, time: "503" if asked.page == 4 else None
    with pytest.raises(Unreachable):
        fetch(connection, DOSSIERS, *JULY, codes=["H24.01.01-250701-0001"])
    (broken,) = connection.execute("SELECT fetch_id FROM ops.fetches WHERE state = 'fetching'").fetchone()
    city.plan = lambda asked, time: None
    city.asked.clear()
    codes = ["H24.01.01-250701-0001", "H24.01.01-250701-0002"]
    fetch_id = fetch(connection, DOSSIERS, *JULY, codes=codes)
    assert fetch_id == broken and ledger.fetch_of(connection, fetch_id).is_complete
    assert [one.page for one in city.asked if not one.codes] == [4, 5, 6, 7]
    assert [one.codes for one in city.asked if one.codes] == [(codes[0],), (codes[1],)]
    # Another window is another reading.
    assert fetch(connection, DOSSIERS, JULY[0], date(2025, 7, 30)) != fetch_id


def test_two_hundred_broken_answers_change_nothing(connection, city, monkeypatch) -> None:
    monkeypatch.setattr(patient_http, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.002)
    city.records[PATH], city.page_size = july(), 1
    quiet = ledger.fetch_of(connection, fetch(connection, DOSSIERS, *JULY))
    kinds = ["cut", "shorter", "half_json", "login_page", "closed_at_once", "500", "502", "503", "no_data"]
    broken: Counter = Counter()

    def break_thrice(asked, time: int) -> str | None:
        if time >= 3:
            return None
        kind = kinds[(3 * asked.page + time) % len(kinds)]
        broken[kind] += 1
        return kind

    city.asked.clear()
    city.plan = break_thrice
    found = ledger.fetch_of(connection, fetch(connection, DOSSIERS, *JULY))
    assert sum(broken.values()) >= 200 and set(broken) == set(kinds)
    assert (found.body_hash, found.is_complete, found.read_count) == (quiet.body_hash, True, 69)


def test_a_reading_left_for_a_day_is_not_resumed(connection, city) -> None:
    left = ledger.begin_fetch(
        connection,
        stream=DOSSIERS.stream,
        source=f"share {city.url}",
        kind="window",
        window_from=JULY[0],
        window_to=JULY[1],
    )
    connection.execute("UPDATE ops.fetches SET started_at = now() - interval '25 hours'")
    assert fetch(connection, DOSSIERS, *JULY) != left
    assert ledger.fetch_of(connection, left).state == "stopped"


def test_of_two_readers_one_waits_and_says_so(connection, ledger_url, city) -> None:
    city.records[PATH] = july()
    waiting, said = threading.Event(), []

    def hear(message: str) -> None:
        said.append(message)
        if "chờ" in message:
            waiting.set()

    def second() -> None:
        with psycopg.connect(ledger_url, autocommit=True) as other:
            fetch(other, DOSSIERS, *JULY, progress=hear)

    thread = threading.Thread(target=second)

    def start_second(number: int) -> None:
        if number == 3:
            thread.start()
            assert waiting.wait(10)

    city.before = start_second
    fetch(connection, DOSSIERS, *JULY)
    thread.join(20)
    assert not thread.is_alive()
    rows = connection.execute("SELECT state, is_complete, read_count FROM ops.fetches").fetchall()
    assert rows == [("fetched", True, 69)] * 2
    # Another stream does not wait.
    assert fetch(connection, EVENTS, *JULY)


def test_wrong_uses_are_refused(connection, ledger_url, city, monkeypatch) -> None:
    with psycopg.connect(ledger_url) as other, pytest.raises(ValueError, match="autocommit"):
        fetch(other, DOSSIERS, *JULY)
    city.plan = lambda asked, time: "404"
    with pytest.raises(TthcError, match="404"):
        fetch(connection, DOSSIERS, *JULY)
    monkeypatch.setenv("TTHC_CITY_DIALECT", "khac")
    with pytest.raises(UsageError, match="khac"):
        fetch(connection, DOSSIERS, *JULY)
