"""A month is counted after every merge that moved it, and no oftener than that needs."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowRescheduleException
from hypothesis import given
from hypothesis import strategies as st
from tthc_dags import freshness

NINE = datetime(2025, 8, 1, 9, tzinfo=UTC)
FIRST = SimpleNamespace(try_number=1)


def at(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def run(asked: datetime, *, cleared: int = 0) -> SimpleNamespace:
    return SimpleNamespace(run_after=asked, clear_number=cleared)


def test_a_month_counted_after_it_was_asked_for_is_not_counted_again():
    counted = freshness.note(None, ["2025-07"], at(10))
    assert freshness.is_fresh("2025-07", counted, run(at(0)), FIRST)
    assert not freshness.is_fresh("2025-08", counted, run(at(0)), FIRST)
    assert not freshness.is_fresh("2025-07", counted, run(at(11)), FIRST)
    assert not freshness.is_fresh("2025-07", counted, run(at(9)), FIRST)


def test_a_retry_and_a_cleared_run_always_count():
    counted = freshness.note(None, ["2025-07"], at(10))
    assert not freshness.is_fresh("2025-07", counted, run(at(0)), SimpleNamespace(try_number=2))
    assert not freshness.is_fresh("2025-07", counted, run(at(0), cleared=1), FIRST)


def test_a_waiting_request_covers_later_merges_until_its_count_begins():
    asked = freshness.note(None, ["2025-07"], at(0))
    assert freshness.to_ask(["2025-07", "2025-08"], asked, {}, at(5)) == ["2025-08"]
    began = freshness.note(None, ["2025-07"], at(6))
    assert freshness.to_ask(["2025-07"], asked, began, at(7)) == ["2025-07"]
    before = freshness.note(None, ["2025-07"], at(-60))
    assert freshness.to_ask(["2025-07"], asked, before, at(5)) == []


def test_a_request_that_was_lost_covers_nothing_after_ten_minutes():
    asked = freshness.note(None, ["2025-07"], at(0))
    assert freshness.to_ask(["2025-07"], asked, {}, at(599)) == []
    assert freshness.to_ask(["2025-07"], asked, {}, at(601)) == ["2025-07"]


def test_a_month_that_another_run_counts_along_is_left_to_it_until_it_ends_or_is_lost():
    began = freshness.note(None, ["2025-07"], at(10))
    asked = run(at(0))
    assert freshness.is_being_counted("2025-07", began, {}, asked, at(20))
    assert not freshness.is_being_counted("2025-08", began, {}, asked, at(20))
    # Counted meanwhile, asked for after it began, or begun so long ago that it may be lost.
    assert not freshness.is_being_counted("2025-07", began, began, asked, at(20))
    assert not freshness.is_being_counted("2025-07", began, {}, run(at(9)), at(20))
    assert not freshness.is_being_counted("2025-07", began, {}, asked, at(611))
    freshness.give_way_while_counted("2025-07", began, began, asked, FIRST)
    lately = freshness.note(None, ["2025-07"], freshness.present())
    with pytest.raises(AirflowRescheduleException):
        freshness.give_way_while_counted("2025-07", lately, {}, asked, FIRST)
    freshness.give_way_while_counted("2025-07", lately, {}, asked, SimpleNamespace(try_number=2))


STEPS = st.lists(st.tuples(st.sampled_from(["merge", "count"]), st.integers(0, 30)), min_size=1, max_size=40)


@given(STEPS)
def test_in_any_order_no_merge_is_left_uncounted(steps):
    """Against a plain model: requests wait in a queue, one count at a time, as Airflow runs them."""
    asked, began, counted = {}, {}, {}
    queue: list[datetime] = []
    clock, last_merge, last_seen = 0.0, None, None

    def count() -> None:
        nonlocal began, counted, last_seen
        request = queue.pop(0)
        if freshness.is_fresh("m", counted, run(request), FIRST):
            return
        began = freshness.note(began, ["m"], at(clock))
        counted = freshness.note(counted, ["m"], at(clock))
        last_seen = clock

    for kind, pause in steps:
        clock += pause + 0.001
        if kind == "merge":
            last_merge = clock
            if freshness.to_ask(["m"], asked, began, at(clock)):
                asked = freshness.note(asked, ["m"], at(clock))
                queue.append(at(clock))
        elif queue:
            count()
    while queue:
        clock += 1
        count()
    assert last_merge is None or (last_seen is not None and last_seen > last_merge)
