"""The clock in SQL against a model that walks day by day and shares nothing with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.sql import cases
from tthc.vietnamese.instants import ZONE
from tthc.warehouse import consequences

DAY = timedelta(days=1)
#: As tests/sql/shared/calendar_2025.yaml has them.
OFF = {date(2025, 4, 30), date(2025, 5, 1), date(2025, 5, 2), date(2025, 9, 1), date(2025, 9, 2)}
KNOWN_ON = date(2025, 12, 1)
DEADLINE = 5


@dataclass
class Life:
    """A dossier as the city tells it; instants are of Viet Nam, ``asked`` and ``changed`` are what stops the clock."""

    received: datetime
    ended: datetime | None
    promised: datetime | None
    asked: list[tuple[datetime, datetime | None]] = field(default_factory=list)
    changed: list[tuple[datetime, int]] = field(default_factory=list)

    def stretches(self) -> list[tuple[date, date | None]]:
        """Return the days of every stretch in which the clock stands: first, and first day on which it runs again."""
        found = [(asked.date(), answered and answered.date()) for asked, answered in self.asked]
        for moment, status in self.changed:
            if status in (5, 6):
                over = [later for later, other in self.changed if later > moment and other != status]
                found.append((moment.date(), min(over).date() if over else None))
        return found

    def is_paused(self, day: date) -> bool:
        return any(first <= day and (over is None or day < over) for first, over in self.stretches())


def works(day: date) -> bool:
    return day.weekday() < 5 and day not in OFF


def nth_after(day: date, count: int) -> date:
    while count:
        day += DAY
        count -= works(day)
    return day


def due_of(life: Life) -> tuple[date, date]:
    """Return first promise and due date."""
    if life.promised:
        return life.promised.date(), life.promised.date()
    first = nth_after(life.received.date(), DEADLINE)
    lost = set()
    for begun, over in life.stretches():
        day = begun
        while over and day < over:
            lost |= {day} if works(day) else set()
            day += DAY
    return first, nth_after(life.received.date(), DEADLINE + len(lost))


def days_of(life: Life) -> list[tuple[Any, ...]]:
    """Return (day, why, paused, counted through, is first due, is due, is ended) of every day."""
    first, due = due_of(life)
    last = max(life.ended.date() if life.ended else KNOWN_ON, first, due, life.received.date())
    day, counted, found = life.received.date(), 0, []
    while day <= last:
        paused = life.is_paused(day)
        if day == life.received.date():
            why = "received"
        elif life.ended and day > life.ended.date():
            why = "after_end"
        elif not life.ended and day > KNOWN_ON:
            why = "not_reached"
        elif not works(day):
            why = "day_off"
        else:
            why = "paused" if paused else "counted"
        counted += why == "counted"
        ended = bool(life.ended) and day == life.ended.date()
        found.append((day, why, paused, counted, day == first, day == due, ended))
        day += DAY
    return found


@st.composite
def lives(draw) -> Life:
    day = date(2025, 7, 1) + draw(st.integers(0, 90)) * DAY
    clock = st.builds(time, st.integers(0, 23), st.integers(0, 59), tzinfo=st.just(ZONE))

    def near(first: int, last: int) -> datetime:
        return datetime.combine(day + draw(st.integers(first, last)) * DAY, draw(clock))

    received = datetime.combine(day, time(8, tzinfo=ZONE))
    ended = received + draw(st.integers(0, 25)) * DAY + timedelta(hours=1) if draw(st.booleans()) else None
    promised = near(0, 20) if draw(st.booleans()) else None
    asked = []
    for _ in range(draw(st.integers(0, 2))):
        begun = near(-3, 15)
        over = begun + timedelta(hours=draw(st.integers(0, 200))) if draw(st.integers(0, 3)) else None
        asked.append((begun, over))
    statuses = st.sampled_from((2, 4, 5, 6))
    moments = {near(-3, 20) for _ in range(draw(st.integers(0, 4)))}
    changed = [(moment, draw(statuses)) for moment in sorted(moments)]
    return Life(received, ended, promised, asked, changed)


def insert(connection, number: int, life: Life) -> None:
    supplements = [
        {"requested_at": begun.isoformat(), "answered_at": over.isoformat() if over else None}
        for begun, over in life.asked
    ]
    cases.insert(
        connection,
        "core.dossiers",
        [
            {
                "dossier_code": f"D{number}",
                "status": 9 if life.ended else 4,
                "received_at": life.received,
                "finished_at": life.ended,
                "due_at": life.promised,
                "supplements": supplements,
            }
        ],
    )
    events = [
        {"dossier_code": f"D{number}", "occurred_at": moment, "status": status}
        for moment, status in life.changed
    ]
    cases.insert(connection, "core.progress_events", events)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(lives(), min_size=1, max_size=12))
def test_every_day_is_as_the_model_walks_it(case_connection, told):
    for shared in ("calendar_2025", "catalogue"):
        for table, rows in cases._shared(shared).items():
            cases.insert(case_connection, table, rows)
    newest = datetime.combine(KNOWN_ON, time(18, tzinfo=ZONE))
    cases.insert(case_connection, "ops.fetches", [{"fetch_id": 2, "state": "merged", "fetched_at": newest}])
    for number, life in enumerate(told):
        insert(case_connection, number, life)
    consequences.derive_everything(case_connection)
    for number, life in enumerate(told):
        found = case_connection.execute(
            "SELECT day, why, is_paused, counted_through, is_first_due, is_due, is_ended FROM marts.dossier_days"
            " WHERE commune_code = '11674' AND dossier_code = %s ORDER BY day",
            (f"D{number}",),
        ).fetchall()
        assert [tuple(row.values()) for row in found] == days_of(life)
        facts = case_connection.execute(
            "SELECT used_working_days, pauses = (SELECT coalesce(range_agg(p.days) FILTER (WHERE NOT isempty(p.days)),"
            " '{}') FROM marts.dossier_pauses AS p WHERE p.dossier_code = d.dossier_code) AS same"
            " FROM marts.dossiers AS d WHERE d.dossier_code = %s",
            (f"D{number}",),
        ).fetchone()
        assert facts["same"]
        assert facts["used_working_days"] == (days_of(life)[-1][3] if life.ended else None)
    case_connection.rollback()
