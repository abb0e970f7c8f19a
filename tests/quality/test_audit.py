"""The audit: judged by Great Expectations, in one pass, loud when it cannot judge, silent about values."""

import json
import logging
import traceback
from datetime import date, timedelta

import pytest
import sqlalchemy

from tests.quality.staged import COMMUNE, READ_AT, moment
from tthc.errors import TthcError, Unreachable, UsageError
from tthc.quality import one_pass, suites
from tthc.quality.audit import _great_expectations, audit
from tthc.sources.streams import stream_named

DOSSIERS = "city__dossiers"
CANARY = "Nguyễn-Thị-Chim-Yến-0901234567"


@pytest.fixture
def edited(monkeypatch, tmp_path):
    """Return a function that lets dossiers be judged by an edited copy of their suite."""

    original = suites.folder() / f"{DOSSIERS}.json"

    def edit(change) -> None:
        document = json.loads(original.read_text(encoding="utf-8"))
        change(document)
        (tmp_path / f"{DOSSIERS}.json").write_text(json.dumps(document), encoding="utf-8")
        monkeypatch.setattr(suites, "folder", lambda: tmp_path)

    return edit


def code(number):
    return {"dossier_code": f"000.00.01.H24-250710-{number:04}"}


def test_counts_verdicts_and_validations_agree_and_are_replaced(readings):
    rows = [{}, {"status": 11}, {"channel": None}, {"status": 0, "channel": None}, code(5), code(6)]
    outcome = readings.judge(DOSSIERS, rows)
    assert (outcome.checked, outcome.refused, outcome.warned) == (6, 2, 1)
    failed = {r.rule: r.failed_count for r in outcome.rules if r.failed_count and r.scope == "row"}
    assert failed == {"status_is_known": 2, "channel_is_known": 2}
    assert [r.rule for r in outcome.warnings] == ["channel_is_known"]

    again = audit(readings.url, stream_named(DOSSIERS), outcome.fetch_id)
    assert again == outcome
    stored = readings.connection.execute(
        "SELECT rule, severity, scope, is_met, checked_count, failed_count FROM ops.validations"
        " WHERE fetch_id = %s",
        (outcome.fetch_id,),
    ).fetchall()
    assert sorted(stored) == sorted(
        (r.rule, r.severity, r.scope, r.is_met, r.checked_count, r.failed_count) for r in outcome.rules
    )
    assert len(stored) == len(suites.suite_of(stream_named(DOSSIERS)).expectations)
    assert len(readings.verdicts(outcome.fetch_id)) == 3


def test_a_large_reading_is_judged_in_parts_with_the_same_outcome(readings, monkeypatch):
    rows = [{**code(number), "status": 11 if number % 5 == 0 else 10} for number in range(1, 24)]
    rows[7]["channel"] = rows[22]["channel"] = None
    whole = readings.judge(DOSSIERS, rows)
    verdicts = readings.verdicts(whole.fetch_id)
    assert (whole.checked, whole.refused, whole.warned) == (23, 4, 2) and len(verdicts) == 6
    parts = []
    judge_part = one_pass.OnePass._judge_part
    monkeypatch.setattr(one_pass, "_WORTH_PARTS", 1)
    monkeypatch.setattr(one_pass.os, "cpu_count", lambda: 3)
    monkeypatch.setattr(
        one_pass.OnePass, "_judge_part", lambda *given: parts.append(given[2]) or judge_part(*given)
    )
    assert audit(readings.url, stream_named(DOSSIERS), whole.fetch_id) == whole
    assert readings.verdicts(whole.fetch_id) == verdicts
    assert sorted((part.start, part.stop) for part in parts) == [(1, 8), (8, 16), (16, 24)]


def test_one_reading_does_not_touch_the_verdicts_of_another(readings):
    first = readings.judge(DOSSIERS, [{"status": 11}])
    second = readings.judge(DOSSIERS, [{"status": 12}, {}])
    assert set(readings.verdicts(first.fetch_id)) == set(readings.verdicts(second.fetch_id)) == {1}
    assert second.checked == 2


def test_an_empty_reading_is_judged_too(readings):
    outcome = readings.judge(DOSSIERS, [])
    assert (outcome.checked, outcome.refused, outcome.stopped_because) == (0, 0, None)
    assert len(outcome.rules) == len(suites.suite_of(stream_named(DOSSIERS)).expectations)


def test_all_row_rules_take_one_scan_of_the_rows(readings, monkeypatch):
    """Great Expectations asks once for what all rules share; the view is read by one statement."""
    seen = []
    make = sqlalchemy.create_engine

    def note(connection, cursor, statement, *rest):
        seen.append(statement)

    def watched(*args, **kwargs):
        engine = make(*args, **kwargs)
        sqlalchemy.event.listen(engine, "before_cursor_execute", note)
        return engine

    monkeypatch.setattr(sqlalchemy, "create_engine", watched)
    readings.judge(DOSSIERS, [{}, {"status": 11}])
    assert sum("core.dossier_candidates" in s or '"dossier_candidates"' in s for s in seen) == 1
    # The fetch's own rows: that scan, their number, and the count of new codes.
    assert sum('"city__dossiers"' in s or "staging.city__dossiers" in s for s in seen) <= 2
    assert len(suites.suite_of(stream_named(DOSSIERS)).row_rules) > 30


def test_great_expectations_gives_the_verdict(readings, monkeypatch):
    """The results are those of Great Expectations: when it says nothing of a rule, the audit fails."""
    _great_expectations()
    from great_expectations.validator.validator import Validator

    judge = Validator.graph_validate
    monkeypatch.setattr(Validator, "graph_validate", lambda self, **kwargs: judge(self, **kwargs)[:-1])
    with pytest.raises(TthcError, match="new_codes_are_usual"):
        readings.judge(DOSSIERS, [{}])


def test_more_than_a_fifth_refused_stops_the_batch(readings):
    rows = [code(n) for n in range(1, 9)]
    at_the_limit = readings.judge(DOSSIERS, [*rows, {"status": 11}, {"status": 11}])
    assert at_the_limit.refused == 2
    assert at_the_limit.stopped_because is None
    over = readings.judge(DOSSIERS, [*rows[1:], {"status": 11}, {"status": 11}])
    assert "20 %" in over.stopped_because
    assert "(2/9)" in over.stopped_because


@pytest.mark.parametrize(
    ("window", "stops"),
    [
        ({"window_from": date(2025, 7, 10), "window_to": date(2025, 7, 10)}, True),
        ({"window_from": date(2025, 7, 1), "window_to": date(2025, 7, 31)}, True),
        ({"window_from": date(2025, 7, 11), "window_to": date(2025, 7, 31)}, False),
        ({"window_from": date(2025, 7, 1), "window_to": date(2025, 7, 9)}, False),
        ({"codes": ["x", "000.00.01.H24-250710-0001"]}, True),
        ({"codes": ["x"]}, False),
    ],
)
def test_an_incomplete_window_where_there_were_dossiers_stops_the_batch(readings, window, stops):
    _know_a_dossier(readings, moment("2025-07-10 00:00"))
    fetch_id = readings.begin(DOSSIERS, is_complete=False)
    readings.window(fetch_id, 2, "short", **window)
    readings.stage(fetch_id, DOSSIERS, [{}])
    outcome = audit(readings.url, stream_named(DOSSIERS), fetch_id)
    assert bool(outcome.stopped_because) is stops
    if stops:
        assert "thiếu" in outcome.stopped_because


def test_an_unusual_share_of_new_codes_warns_after_eight_comparable_reads(readings):
    window = {"window_from": date(2025, 7, 1), "window_to": date(2025, 7, 31)}
    _know_a_dossier(readings, moment("2025-07-10 08:00"))
    known, new = [{}] * 20, [code(n) for n in range(2, 32)]
    for number in range(1, 10):
        outcome = readings.judge(DOSSIERS, known + new[:2], READ_AT + timedelta(hours=number), **window)
        readings.connection.execute(
            "UPDATE ops.fetches SET state = 'merged', read_count = 22, merged_count = 0,"
            " unchanged_count = 22,"
            " quarantined_count = 0, superseded_count = 0 WHERE fetch_id = %s",
            (outcome.fetch_id,),
        )
        assert _rule(outcome, "new_codes_are_usual").is_met
        if number == 7:
            early = readings.judge(DOSSIERS, new, READ_AT + timedelta(days=2), **window)
            assert _rule(early, "new_codes_are_usual").is_met
    flood = readings.judge(DOSSIERS, new, READ_AT + timedelta(days=3), **window)
    found = _rule(flood, "new_codes_are_usual")
    assert not found.is_met
    assert (found.failed_count, found.checked_count, found.severity) == (30, 30, "warning")
    assert flood.stopped_because is None
    # A read of another length, or of a whole year, is not comparable.
    longer = {"window_from": date(2025, 1, 1), "window_to": date(2025, 7, 31)}
    for fetch in (longer, window | {"kind": "year"}):
        other = readings.judge(DOSSIERS, new, READ_AT + timedelta(days=4), **fetch)
        assert _rule(other, "new_codes_are_usual").is_met


def test_a_misspelt_an_empty_and_an_unreasoned_suite_each_stop_the_audit(readings, edited):
    fetch_id = readings.begin(DOSSIERS)
    stream = stream_named(DOSSIERS)
    assert audit(readings.url, stream, fetch_id).checked == 0

    edited(lambda d: d["expectations"][3].update(type="expect_row_to_satisfy"))
    with pytest.raises(TthcError, match="expect_row_to_satisfy"):
        audit(readings.url, stream, fetch_id)
    edited(lambda d: d.update(expectations=[]))
    with pytest.raises(TthcError, match="trống"):
        audit(readings.url, stream, fetch_id)
    edited(lambda d: d["expectations"][3]["meta"].pop("reason"))
    with pytest.raises(TthcError, match="reason"):
        audit(readings.url, stream, fetch_id)


@pytest.mark.parametrize("position", [2, -1])
def test_a_rule_that_cannot_run_is_named(readings, edited, position):
    def break_it(document):
        document["expectations"][position]["kwargs"]["fails_when"] = "no_such_column > 0"

    edited(break_it)
    with pytest.raises(UsageError) as caught:
        readings.judge(DOSSIERS, [{}])
    rule = suites.suite_of(stream_named(DOSSIERS)).expectations[position].rule
    assert rule in str(caught.value)
    assert "42703" in str(caught.value)
    assert readings.connection.execute("SELECT count(*) FROM staging.verdicts").fetchone() == (0,)


def test_no_value_of_a_row_leaves_the_audit(readings, edited, caplog, capfd):
    """Not in results, tables, logs, output, nor in an error with its whole chain."""
    caplog.set_level(logging.DEBUG)
    bad = {"dossier_code": CANARY, "unit_name": CANARY, "unit_key": CANARY, "status": 99, "channel": CANARY}
    outcome = readings.judge(DOSSIERS, [bad, {}])
    assert outcome.refused == 1
    kept = [repr(outcome), caplog.text, *capfd.readouterr()]
    for table in ("ops.validations", "staging.verdicts"):
        kept += [str(row) for row in readings.connection.execute(f"SELECT t::text FROM {table} AS t")]
    assert len(kept) > 10
    assert not [text for text in kept if CANARY in text]

    # The database itself puts the value into this error.
    edited(lambda d: d["expectations"][0]["kwargs"].update(fails_when="dossier_code::integer > 0"))
    with pytest.raises(TthcError) as caught:
        readings.judge(DOSSIERS, [bad])
    assert "22P02" in str(caught.value)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text + "".join(capfd.readouterr())
    assert CANARY not in told


def test_a_database_that_does_not_answer_is_unreachable():
    with pytest.raises(Unreachable):
        audit("postgresql://nobody:x@127.0.0.1:1/none?connect_timeout=2", stream_named(DOSSIERS), 1)


def test_great_expectations_writes_nothing_on_the_screen(readings, capfd):
    readings.judge(DOSSIERS, [{}])
    assert capfd.readouterr() == ("", "")


def _rule(outcome, name):
    return next(rule for rule in outcome.rules if rule.rule == name)


def _know_a_dossier(readings, received_at):
    readings.connection.execute(
        "INSERT INTO core.dossiers (commune_code, dossier_code, status, received_at, components, fees,"
        " supplements, results, apologies, row_hash, fetch_id, row_number, fetched_at)"
        " VALUES (%s, '000.00.01.H24-250710-0001', 2, %s, '[]', '[]', '[]', '[]', '[]',"
        " gen_random_uuid(), 0, 1, now())",
        (COMMUNE, received_at),
    )
