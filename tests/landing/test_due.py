"""What is asked next follows from what the ledger says was read."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tthc.landing import due, incidents, ledger
from tthc.sources.streams import stream_named

DOSSIERS = stream_named("city__dossiers")
EVENTS = stream_named("city__progress_events")
FIRST = ("short_window", "city__dossiers 2025-07-01")
SECOND = ("short_window", "city__dossiers 2025-07-02")


@pytest.fixture
def record(connection):
    """Return a function that writes a finished reading into the ledger."""

    def make(
        first: date,
        last: date,
        *,
        at: datetime,
        kind="window",
        state="merged",
        complete=True,
        stream=DOSSIERS,
    ):
        fetch_id = ledger.begin_fetch(
            connection, stream=DOSSIERS.stream, source="thử", kind=kind, window_from=first, window_to=last
        )
        connection.execute(
            """
            UPDATE ops.fetches
            SET state = %s, fetched_at = %s, is_complete = %s, read_count = 0, merged_count = 0,
                unchanged_count = 0, quarantined_count = 0, superseded_count = 0
            WHERE fetch_id = %s
            """,
            (state, at, complete, fetch_id),
        )
        return fetch_id

    return make


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 5, tzinfo=UTC)


def test_the_first_reading_starts_with_the_year(connection) -> None:
    assert due.last_complete(connection, DOSSIERS) is None
    assert due.windows_to_read(connection, DOSSIERS, date(2025, 8, 1)) == (date(2025, 1, 1), date(2025, 8, 1))
    assert due.windows_to_read(connection, DOSSIERS, date(2026, 3, 31))[0] == date(2025, 1, 1)
    assert due.windows_to_read(connection, DOSSIERS, date(2026, 4, 1))[0] == date(2026, 1, 1)


def test_the_next_reading_goes_back_a_week(connection, record) -> None:
    record(date(2025, 1, 1), date(2025, 7, 31), at=noon(date(2025, 7, 31)))
    assert due.last_complete(connection, DOSSIERS) == date(2025, 7, 31)
    assert due.windows_to_read(connection, DOSSIERS, date(2025, 8, 4)) == (
        date(2025, 7, 24),
        date(2025, 8, 4),
    )
    assert due.last_complete(connection, EVENTS) is None


def test_only_merged_and_complete_readings_count(connection, record) -> None:
    record(date(2025, 1, 1), date(2025, 7, 31), at=noon(date(2025, 7, 31)))
    for wrong in ({"state": "stopped"}, {"state": "undone"}, {"state": "fetched"}, {"complete": False}):
        record(date(2025, 7, 24), date(2025, 8, 9), at=noon(date(2025, 8, 9)), **wrong)
    assert due.last_complete(connection, DOSSIERS) == date(2025, 7, 31)


def test_a_window_into_the_future_counts_up_to_its_own_day(connection, record) -> None:
    # 18:00 UTC on 9 July is already the tenth in Viet Nam.
    record(date(2025, 1, 1), date(2025, 12, 31), at=datetime(2025, 7, 9, 18, tzinfo=UTC), kind="year")
    assert due.last_complete(connection, DOSSIERS) == date(2025, 7, 10)


def test_a_gap_is_read_next(connection, record) -> None:
    record(date(2025, 1, 1), date(2025, 7, 31), at=noon(date(2025, 7, 31)))
    record(date(2025, 9, 1), date(2025, 9, 30), at=noon(date(2025, 9, 30)))
    assert due.last_complete(connection, DOSSIERS) == date(2025, 7, 31)
    record(date(2025, 7, 24), date(2025, 10, 1), at=noon(date(2025, 10, 1)))
    assert due.last_complete(connection, DOSSIERS) == date(2025, 10, 1)


def test_the_year_is_read_once_a_month(connection, record) -> None:
    today = date(2026, 3, 15)
    assert due.year_is_due(connection, DOSSIERS, today) == (date(2025, 1, 1), today)
    record(date(2025, 1, 1), today, at=noon(today), kind="year", state="stopped")
    assert due.year_is_due(connection, DOSSIERS, today)
    # Merged on 28 February at 18:00 UTC: 1 March here.
    record(date(2025, 1, 1), today, at=datetime(2026, 2, 28, 18, tzinfo=UTC), kind="year")
    assert due.year_is_due(connection, DOSSIERS, today) is None
    assert due.year_is_due(connection, DOSSIERS, date(2026, 4, 1)) == (date(2026, 1, 1), date(2026, 4, 1))
    assert due.year_is_due(connection, EVENTS, today)


@given(first=st.dates(date(2024, 1, 1), date(2026, 12, 31)), days=st.integers(0, 800))
def test_months_and_halves_tile_the_days(first: date, days: int) -> None:
    last = date.fromordinal(first.toordinal() + days)
    for parts in (list(due.months(first, last)), list(due.halves(first, last)) if days else [(first, last)]):
        covered = [day for a, b in parts for day in range(a.toordinal(), b.toordinal() + 1)]
        assert covered == list(range(first.toordinal(), last.toordinal() + 1))
    assert all((a.year, a.month) == (b.year, b.month) for a, b in due.months(first, last))


def test_one_wrong_thing_is_one_open_incident(connection) -> None:
    first = incidents.open_incident(connection, *FIRST, "Thiếu.")
    assert incidents.open_incident(connection, *FIRST, "Vẫn thiếu.") == first
    other = incidents.open_incident(connection, *SECOND, "Thiếu.")
    assert other != first
    assert incidents.close_incident(connection, *FIRST, "Đã đủ.")
    assert not incidents.close_incident(connection, *FIRST, "Đã đủ.")
    assert incidents.open_subjects(connection, "short_window") == ["city__dossiers 2025-07-02"]
    again = ledger.open_incident(connection, *FIRST, "Lại thiếu.")
    assert again not in (first, other)
    row = connection.execute(
        "SELECT message, seen_count, closed_because FROM ops.incidents WHERE incident_id = %s", (first,)
    ).fetchone()
    assert row == ("Vẫn thiếu.", 2, "Đã đủ.")
