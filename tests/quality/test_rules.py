"""Every rule of every suite: a row that breaks it, and good rows that break nothing."""

import pytest
from psycopg.types.json import Jsonb

from tests.quality import rule_rows
from tests.quality.staged import COMMUNE, GOOD, LEVEL_2_PROCEDURE, moment
from tthc.quality.suites import suite_of
from tthc.sources.streams import stream_named, streams

DAY_AFTER = moment("2025-08-02 00:00")
# The last instant of the day of reading is not the future; the first of the next day is.
END_OF_DAY = moment("2025-08-01 23:59")

# What differs from a good row, for the one critical rule that it must set off.
REFUSED = {
    "city__dossiers": [
        ("dossier_code_is_given", {"dossier_code": None}),
        ("dossier_code_is_given", {"dossier_code": "  "}),
        ("status_is_known", {"status": None}),
        ("status_is_known", {"status": 0}),
        ("status_is_known", {"status": 11}),
        ("instants_are_readable", {"due_at": None, "unreadable": ["due_at"]}),
        ("instants_are_readable", {"received_at": None, "unreadable": ["received_at"]}),
        (
            "instants_are_readable",
            {"finished_at": None, "handed_over_at": None, "unreadable": ["finished_at"]},
        ),
        ("instants_are_readable", {"unreadable": ["supplements.requested_at"]}),
        ("instants_are_readable", {"unreadable": ["is_vneid_verified", "due_at", "fees.amount_vnd"]}),
        *(
            ("reception_is_given", {"received_at": None, "status": status})
            for status in (2, 4, 6, 7, 8, 9, 10)
        ),
        *(
            ("end_is_given", {"status": status, "finished_at": None, "handed_over_at": None})
            for status in (3, 7, 8, 9, 10)
        ),
        # A stopped dossier has no use for a handover.
        ("end_is_given", {"status": 8, "finished_at": None}),
        ("reception_is_not_in_the_future", {"received_at": DAY_AFTER, "status": 2}),
        ("finish_is_not_in_the_future", {"finished_at": DAY_AFTER}),
        ("handover_is_not_in_the_future", {"handed_over_at": DAY_AFTER}),
        ("end_is_not_before_reception", {"finished_at": moment("2025-07-09 23:59")}),
        ("unit_is_known", {"unit_name": "Phòng Chưa ai biết", "unit_key": "phòng chưa ai biết"}),
        ("unit_is_known", {"unit_name": None, "unit_key": None}),
        # The name of a dissolved unit is known only up to its last day.
        ("unit_is_known", {"unit_name": "UBND xã An Thái", "unit_key": "ubnd xã an thái"}),
    ],
    "city__progress_events": [
        ("dossier_code_is_given", {"dossier_code": None}),
        ("status_is_known", {"status": 11}),
        ("status_is_known", {"status": None}),
        ("instants_are_readable", {"occurred_at": None, "unreadable": ["occurred_at"]}),
        ("instants_are_readable", {"occurred_at": None}),
        ("instants_are_readable", {"unreadable": ["step_due_at"]}),
    ],
    "register__procedures": [
        ("procedure_code_is_valid", {"procedure_code": None}),
        ("procedure_code_is_valid", {"procedure_code": "TTHC-12"}),
        ("procedure_code_is_valid", {"procedure_code": "1.00494a"}),
        ("procedure_code_is_valid", {"procedure_code": "10.00494"}),
        ("name_is_given", {"procedure_name": None}),
        ("service_level_is_known", {"service_level_name": "Mức độ cao"}),
        ("deadline_is_known", {"deadline_text": "năm ngày"}),
        ("deadline_is_known", {"deadline_text": "-3"}),
    ],
    "register__working_days": [
        ("day_is_readable", {"day": None}),
        ("day_is_readable", {"day": None, "unreadable": ["day"]}),
        ("working_is_yes_or_no", {"is_working": None}),
        ("working_is_yes_or_no", {"is_working": None, "unreadable": ["is_working"]}),
        ("document_is_given", {"document": None}),
        ("document_is_given", {"document": "  "}),
        ("reason_is_given", {"reason": None}),
    ],
}

WARNED = {
    "city__dossiers": [
        (
            "online_needs_level_3_or_4",
            {
                "channel": "2",
                "procedure_code": LEVEL_2_PROCEDURE,
                "procedure_code_as_received": LEVEL_2_PROCEDURE,
            },
        ),
        ("procedure_is_in_the_catalogue", {"procedure_code": "9.999999"}),
        ("due_is_not_before_reception", {"due_at": moment("2025-07-09 23:59")}),
        ("handover_is_not_before_finish", {"handed_over_at": moment("2025-07-17 15:00")}),
        ("code_date_is_reception_date", {"dossier_code": "000.00.01.H24-250709-0001"}),
        ("code_date_is_reception_date", {"dossier_code": "G01.02-20250709-0000001"}),
        ("channel_is_known", {"channel": None}),
        ("channel_is_known", {"channel": "trực tuyến"}),
        ("events_are_not_placeholders", {"dossier_code": "000.00.01.H24-250710-0099", "status": 9}),
        ("finish_is_given_when_done", {"finished_at": None}),
        ("finish_is_not_before_reception", {"status": 4, "finished_at": moment("2025-07-09 10:00")}),
        ("handover_is_not_before_reception", {"handed_over_at": moment("2025-07-09 10:00")}),
        ("waiting_has_no_reception", {"status": 1, "finished_at": None, "handed_over_at": None}),
        ("open_has_no_finish", {"status": 4, "handed_over_at": None}),
        ("open_has_no_handover", {"status": 4, "finished_at": None}),
        ("handover_is_given_when_returned", {"handed_over_at": None}),
        ("refusal_instant_is_given", {"status": 3}),
        ("refusal_instant_means_refused", {"refused_at": moment("2025-07-18 10:00")}),
        ("submission_is_not_after_reception", {"submitted_at": moment("2025-07-11 08:00")}),
        ("submission_is_not_in_the_future", {"submitted_at": DAY_AFTER}),
        ("refusal_is_not_in_the_future", {"status": 3, "refused_at": DAY_AFTER}),
        ("dossier_code_has_known_shape", {"dossier_code": "HS20250710000123"}),
        ("dossier_code_has_known_shape", {"dossier_code": "000.00.01.H24-250710-001"}),
        ("dossier_code_is_not_too_long", {"dossier_code": "000.00.01.H24-250710-" + "1" * 40}),
        ("dossier_code_has_no_stray_spaces", {"dossier_code": "000.00.01.H24-250710-0001\u00a0"}),
        ("other_code_is_not_too_long", {"other_dossier_code": "x" * 51}),
        ("procedure_code_has_known_shape", {"procedure_code": "CHUNG-THUC"}),
        ("procedure_code_is_not_too_long", {"procedure_code_as_received": "1.004944" + ".00" * 20}),
        ("other_values_are_readable", {"is_vneid_verified": None, "unreadable": ["is_vneid_verified"]}),
        (
            "unit_name_is_not_too_long",
            {"unit_name": "Phòng Kinh tế" + " " * 240},
        ),
    ],
    "city__progress_events": [
        ("event_is_not_in_the_future", {"occurred_at": DAY_AFTER}),
        ("text_is_given", {"text_key": None}),
        ("official_is_named", {"official_key": None}),
        ("unit_is_named", {"unit_key": None}),
        (
            "step_due_is_not_before_start",
            {"step_started_at": moment("2025-07-10 08:00"), "step_due_at": moment("2025-07-09 08:00")},
        ),
        ("step_start_is_not_in_the_future", {"step_started_at": DAY_AFTER}),
        ("dossier_code_is_not_too_long", {"dossier_code": "x" * 51}),
        ("dossier_code_has_no_stray_spaces", {"dossier_code": " 000.00.01.H24-250710-0001"}),
    ],
    "register__procedures": [
        ("service_level_is_given", {"service_level_name": None}),
        ("deadline_is_given", {"deadline_text": None}),
        ("deadline_is_plausible", {"deadline_text": "1000"}),
        ("result_is_told", {"gives_result": None}),
        ("result_is_known", {"gives_result": None, "unreadable": ["gives_result"]}),
        ("field_is_given", {"field_name": None, "field_key": None}),
        ("unit_is_given", {"lead_unit_name": None}),
    ],
    "register__working_days": [
        ("day_off_is_a_weekday", {"day": moment("2025-09-06 00:00").date()}),
        ("working_day_is_a_weekend", {"is_working": True}),
        ("day_is_near", {"day": moment("2099-09-02 00:00").date()}),
    ],
}

# Rows that no rule may touch.
ACCEPTED = {
    "city__dossiers": [
        {},
        {"handed_over_at": None, "status": 9},
        {"finished_at": END_OF_DAY, "handed_over_at": END_OF_DAY},
        # Ended on the day of reception, at an earlier hour.
        {"finished_at": moment("2025-07-10 07:00"), "handed_over_at": moment("2025-07-10 07:30")},
        # Waiting; refused before acceptance; asked to complete before acceptance.
        {"status": 1, "received_at": None, "finished_at": None, "handed_over_at": None, "due_at": None},
        {
            "status": 3,
            "received_at": None,
            "finished_at": None,
            "handed_over_at": None,
            "refused_at": moment("2025-07-10 09:00"),
        },
        {"status": 5, "received_at": None, "finished_at": None, "handed_over_at": None, "due_at": None},
        # A waiting dossier has no unit yet.
        {"status": 1, "received_at": None, "finished_at": None, "handed_over_at": None, "unit_key": None},
        {"status": 4, "finished_at": None, "handed_over_at": None},
        {"status": 7, "handed_over_at": None},
        # Only an event says when these ended.
        {
            "dossier_code": "000.00.01.H24-250710-0007",
            "status": 7,
            "finished_at": None,
            "handed_over_at": None,
        },
        {
            "dossier_code": "000.00.01.H24-250710-0008",
            "status": 8,
            "finished_at": None,
            "handed_over_at": None,
        },
        {"dossier_code": "H24.17.05-250710-12345", "channel": "3"},
        {"dossier_code": "G01.02-20250710-0000001", "channel": "2"},
        {
            "dossier_code": "000.00.01.H24-250610-0001",
            "submitted_at": moment("2025-06-10 07:00"),
            "received_at": moment("2025-06-10 08:00"),
            "unit_name": "UBND xã An Thái",
            "unit_key": "ubnd xã an thái",
        },
        {"components": Jsonb([{"code": "x", "deleted": True}])},
    ],
    "city__progress_events": [
        {},
        {"occurred_at": END_OF_DAY},
        {"step_started_at": moment("2025-07-10 08:00"), "step_due_at": moment("2025-07-10 08:00")},
    ],
    "register__procedures": [
        {},
        {"service_level_name": "Một phần", "deadline_text": "Không quy định"},
        {"service_level_name": "cung cấp thông tin", "deadline_text": "0", "gives_result": False},
    ],
    "register__working_days": [
        {},
        {"day": moment("2025-04-26 00:00").date(), "is_working": True},
    ],
}

for _stream, _rows in rule_rows.every().items():
    REFUSED[_stream], WARNED[_stream], ACCEPTED[_stream] = _rows.refused, _rows.warned, _rows.accepted


def test_every_stream_is_tried():
    assert set(REFUSED) == set(WARNED) == set(ACCEPTED) == set(GOOD) == set(streams())


@pytest.mark.parametrize("name", GOOD)
def test_every_row_rule_has_a_case(name):
    rules = suite_of(stream_named(name)).row_rules
    assert {r.rule for r in rules if r.severity == "critical"} == {rule for rule, _ in REFUSED[name]}
    assert {r.rule for r in rules if r.severity != "critical"} == {rule for rule, _ in WARNED[name]}


def test_nothing_else_refuses_a_dossier():
    """The refused list of the definitions (section 6) is complete: any other rule is a warning."""
    critical = {
        e.rule for e in suite_of(stream_named("city__dossiers")).row_rules if e.severity == "critical"
    }
    assert critical == {
        "dossier_code_is_given",
        "status_is_known",
        "instants_are_readable",
        "reception_is_given",
        "end_is_given",
        "reception_is_not_in_the_future",
        "finish_is_not_in_the_future",
        "handover_is_not_in_the_future",
        "end_is_not_before_reception",
        "unit_is_known",
    }


@pytest.mark.parametrize("name", GOOD)
def test_each_bad_row_sets_off_its_rule_and_good_rows_none(readings, name):
    _know_events(readings)
    refused, warned, accepted = REFUSED[name], WARNED[name], ACCEPTED[name]
    rows = [changes for _, changes in refused + warned] + accepted
    outcome = readings.judge(name, rows)
    verdicts = readings.verdicts(outcome.fetch_id)
    found = {number: verdicts.get(number, (set(), set())) for number in range(1, len(rows) + 1)}

    for number, (rule, changes) in enumerate(refused, start=1):
        assert found[number][0] == {rule}, changes
    for number, (rule, changes) in enumerate(warned, start=len(refused) + 1):
        assert not found[number][0], changes
        assert rule in found[number][1], changes
    for number, changes in enumerate(accepted, start=len(refused) + len(warned) + 1):
        assert found[number] == (set(), set()), changes
    assert (outcome.checked, outcome.refused, outcome.warned) == (len(rows), len(refused), len(warned))


def test_a_row_is_dated_by_its_own_answer_not_by_todays_clock(readings):
    """A reading goes on past midnight: each row is judged by the day on which its page was answered."""
    late = {"finished_at": moment("2025-08-02 00:10"), "handed_over_at": moment("2025-08-02 00:10")}
    outcome = readings.judge("city__dossiers", [late, late | {"answered_at": moment("2025-08-02 00:20")}])
    assert set(readings.verdicts(outcome.fetch_id)) == {1}


def _know_events(readings):
    """Store the events that some of the rows above rest on."""
    known = [
        ("000.00.01.H24-250710-0007", "2025-07-12 09:00", 7, "a"),
        ("000.00.01.H24-250710-0008", "2025-07-12 09:00", 8, "a"),
        ("000.00.01.H24-250710-0099", "2025-07-10 08:00", 2, None),
        ("000.00.01.H24-250710-0099", "2025-07-18 10:00", 9, None),
    ]
    for code, at, status, official in known:
        readings.connection.execute(
            "INSERT INTO core.progress_events (commune_code, dossier_code, occurred_at, status, text_key,"
            " official_key, row_hash, fetch_id, row_number, fetched_at)"
            " VALUES (%s, %s, %s, %s, '', %s, gen_random_uuid(), 0, 1, now())",
            (COMMUNE, code, moment(at), status, official),
        )
