"""Quarantine: what is kept of a refused row, and how it is counted again, replaced, mended or decided."""

from datetime import date, timedelta

import pytest

from tests.quality.staged import READ_AT
from tthc.errors import UsageError
from tthc.quality import quarantine
from tthc.quality.audit import audit
from tthc.sources.streams import stream_named

DOSSIERS, EVENTS, PROCEDURES = "city__dossiers", "city__progress_events", "register__procedures"
CODE = "000.00.01.H24-250710-0001"
BAD, WORSE, GOOD = {"status": 11}, {"status": 12}, {}


@pytest.fixture
def merge(readings):
    """Return a function that stages, judges and quarantines a reading, as a merge would; gives its number."""

    def run(rows, days=0, stream=DOSSIERS, pages=(), **fetch):
        read_at = READ_AT + timedelta(days=days)
        fetch_id = readings.begin(stream, read_at, **fetch)
        for number, (first_row, count, sha256) in enumerate(pages, start=1):
            readings.page(fetch_id, number, first_row, count, sha256)
        readings.stage(fetch_id, stream, rows, read_at)
        return judge_again(readings, stream, fetch_id)

    return run


def judge_again(readings, stream, fetch_id):
    """Judge a staged reading and write its quarantine, in one transaction; return its number."""
    declared = stream_named(stream)
    outcome = audit(readings.url, declared, fetch_id)
    with readings.connection.transaction():
        assert quarantine.record(readings.connection, declared, fetch_id) == outcome.refused
        quarantine.resolve_mended(readings.connection, declared, fetch_id)
    return fetch_id


def states(readings):
    """Return (row_key, state, seen_count, why it was decided) of every row, oldest first."""
    return readings.connection.execute(
        "SELECT row_key, state, seen_count, decision_reason FROM ops.quarantine ORDER BY quarantine_id"
    ).fetchall()


def test_a_refused_row_is_kept_by_rule_reason_and_address_only(readings, merge):
    pages = [(1, 2, "a" * 64), (3, 0, "b" * 64), (3, 5, "c" * 64)]
    fetch_id = merge([{"dossier_code": f"x-{n}"} for n in range(4)] + [BAD | {"channel": "9"}], pages=pages)
    (row,) = quarantine.list_rows(readings.connection)
    assert row["rules"] == ["status_is_known"]
    assert "1…10" in row["reason"]
    assert row["address"] == f"sha256:{'c' * 64} · bản ghi 3"
    assert (row["row_key"], row["row_number"], row["fetch_id"]) == (CODE, 5, fetch_id)
    assert (row["state"], row["seen_count"], row["commune_code"]) == ("open", 1, "11674")
    shown = quarantine.show(readings.connection, row["quarantine_id"])
    assert shown["fetched_at"] == READ_AT
    assert shown["reason"] == row["reason"]


def test_a_row_of_a_file_is_known_by_its_sheet_and_line(readings, merge):
    rows = [{"procedure_code": "khong-dung", "address": "Danh mục!7"}, *[{}] * 5]
    merge(rows, stream=PROCEDURES, pages=[(1, 6, "d" * 64)])
    (row,) = quarantine.list_rows(readings.connection, stream=PROCEDURES)
    assert row["address"] == f"sha256:{'d' * 64} · Danh mục!7"
    assert row["row_key"] == "khong-dung"


def test_several_rules_give_several_reasons_in_the_order_of_the_suite(readings, merge):
    merge([{"status": 11, "dossier_code": None}])
    (row,) = quarantine.list_rows(readings.connection)
    assert row["rules"] == ["dossier_code_is_given", "status_is_known"]
    assert row["reason"].index("mã hồ sơ") < row["reason"].index("1…10")


def test_the_same_row_met_again_is_counted_not_opened_anew(readings, merge):
    first = merge([BAD])
    last = merge([BAD, BAD], days=1)
    assert states(readings) == [(CODE, "open", 2, None)]
    (row,) = quarantine.list_rows(readings.connection)
    assert (row["fetch_id"], row["last_fetch_id"]) == (first, last)
    # The same reading once more (a retry) counts nothing.
    judge_again(readings, DOSSIERS, last)
    assert states(readings) == [(CODE, "open", 2, None)]
    # An older reading that is loaded late is counted, and does not become the last one.
    merge([BAD], days=-1)
    (row,) = quarantine.list_rows(readings.connection)
    assert (row["seen_count"], row["last_fetch_id"]) == (3, last)


def test_other_content_of_the_same_key_replaces_the_open_row(readings, merge):
    merge([BAD])
    merge([WORSE], days=1)
    assert states(readings) == [(CODE, "resolved", 1, "Bản sau thay thế."), (CODE, "open", 1, None)]


def test_a_good_later_version_resolves_and_an_older_one_does_not(readings, merge):
    merge([BAD])
    merge([GOOD], days=-1)
    assert [state for _, state, *_ in states(readings)] == ["open"]
    merge([{"dossier_code": "x"}], days=1)
    assert [state for _, state, *_ in states(readings)] == ["open"]
    merge([GOOD], days=2)
    assert states(readings) == [(CODE, "resolved", 1, "Bản sau đã tốt.")]
    merge([BAD], days=3)
    assert [state for _, state, *_ in states(readings)] == ["resolved", "open"]


def test_readings_may_come_in_any_order(readings, merge):
    """A bad version that something newer has replaced already is closed as it is recorded."""
    merge([WORSE], days=2)
    merge([BAD])
    assert [(state, why) for _, state, _, why in states(readings)] == [
        ("open", None),
        ("resolved", "Bản mới hơn đã có từ trước."),
    ]
    readings.connection.execute(
        "INSERT INTO core.dossiers (commune_code, dossier_code, status, components, fees, supplements,"
        " results, apologies, row_hash, fetch_id, row_number, fetched_at)"
        " VALUES ('11674', 'x', 2, '[]', '[]', '[]', '[]', '[]', gen_random_uuid(), 1, 1, %s)",
        (READ_AT,),
    )
    merge([BAD | {"dossier_code": "x"}], days=-1)
    merge([WORSE | {"dossier_code": "x"}], days=1)
    assert [state for key, state, *_ in states(readings) if key == "x"] == ["resolved", "open"]


def test_inside_one_reading_the_last_row_of_a_key_decides(readings, merge):
    merge([BAD, GOOD])
    assert [state for _, state, *_ in states(readings)] == ["resolved"]
    merge([GOOD | {"dossier_code": "x"}, BAD | {"dossier_code": "x"}])
    assert [state for key, state, *_ in states(readings) if key == "x"] == ["open"]
    merge([BAD | {"dossier_code": "y"}, WORSE | {"dossier_code": "y"}])
    assert sorted(state for key, state, *_ in states(readings) if key == "y") == ["open", "resolved"]


def test_judged_again_after_the_unit_became_known(readings, merge):
    fetch_id = merge([{"unit_name": "Phòng Mới", "unit_key": "phòng mới"}])
    declared = stream_named(DOSSIERS)
    (row,) = quarantine.open_rows(readings.connection, declared, ["unit_is_known"])
    assert row["fetch_id"] == fetch_id
    assert quarantine.open_rows(readings.connection, declared, ["status_is_known"]) == []
    readings.connection.execute(
        "INSERT INTO core.unit_names (commune_code, name_key, unit_code, name)"
        " VALUES ('11674', 'phòng mới', 'kinh_te', 'Phòng Mới')"
    )
    judge_again(readings, DOSSIERS, fetch_id)
    assert states(readings) == [(CODE, "resolved", 1, "Xét lại: dòng đã đạt.")]
    # And once more when the name is taken back: the same row of the same reading is open again.
    readings.connection.execute("DELETE FROM core.unit_names WHERE name_key = 'phòng mới'")
    judge_again(readings, DOSSIERS, fetch_id)
    assert states(readings) == [(CODE, "open", 1, None)]


def test_a_row_without_a_key_is_over_when_the_same_question_no_longer_brings_it(readings, merge):
    july = {"window_from": date(2025, 7, 1), "window_to": date(2025, 7, 31)}
    merge([{"dossier_code": None}], **july)
    assert states(readings) == [(None, "open", 1, None)]
    half = {"window_from": date(2025, 7, 1), "window_to": date(2025, 7, 15)}
    merge([GOOD], days=1, **half)
    merge([GOOD], days=2, **july, is_complete=False)
    merge([{"dossier_code": None}, GOOD], days=3, **july)
    assert [(state, seen) for _, state, seen, _ in states(readings)] == [("open", 2)]
    merge([GOOD], days=4, **july)
    assert [state for _, state, *_ in states(readings)] == ["resolved"]


def test_events_of_one_dossier_do_not_replace_each_other(readings, merge):
    july = {"window_from": date(2025, 7, 1), "window_to": date(2025, 7, 31)}
    merge([BAD, WORSE, GOOD], stream=EVENTS, **july)
    assert [state for _, state, *_ in states(readings)] == ["open", "open"]
    merge([WORSE, GOOD], days=1, stream=EVENTS, **july)
    assert sorted((state, seen) for _, state, seen, _ in states(readings)) == [("open", 2), ("resolved", 1)]


def test_streams_do_not_touch_each_other(readings, merge):
    merge([BAD])
    merge([GOOD], days=1, stream=EVENTS, window_from=date(2025, 1, 1), window_to=date(2025, 12, 31))
    assert [state for _, state, *_ in states(readings)] == ["open"]
    assert quarantine.list_rows(readings.connection, stream=EVENTS) == []


def test_a_rejected_row_stays_rejected_when_it_comes_again(readings, merge):
    merge([BAD])
    (row,) = quarantine.list_rows(readings.connection)
    number = row["quarantine_id"]
    assert quarantine.reject(readings.connection, [number], "Lê Thử", "Hồ sơ nhập thử của thành phố") == 1
    merge([BAD], days=1)
    assert states(readings) == [(CODE, "rejected", 2, "Hồ sơ nhập thử của thành phố")]
    assert quarantine.list_rows(readings.connection) == []
    assert [r["decided_by"] for r in quarantine.list_rows(readings.connection, state="rejected")] == [
        "Lê Thử"
    ]


def test_rejecting_is_all_or_nothing_and_needs_a_person_and_a_reason(readings, merge):
    merge([BAD, {"dossier_code": None}])
    first, second = sorted(row["quarantine_id"] for row in quarantine.list_rows(readings.connection))
    for ids, by, reason in (
        ([first], " ", "lý do"),
        ([first], "Lê Thử", ""),
        ([first, 999], "Lê Thử", "lý do"),
        ([], "a", "b"),
    ):
        with pytest.raises(UsageError):
            quarantine.reject(readings.connection, ids, by, reason)
    assert [state for _, state, *_ in states(readings)] == ["open", "open"]
    assert quarantine.reject(readings.connection, [first, second, second], "Lê Thử", "lý do") == 2
    with pytest.raises(UsageError, match="rejected"):
        quarantine.reject(readings.connection, [first], "Lê Thử", "lý do")


def test_wrong_questions_are_answered_with_what_exists(readings):
    with pytest.raises(UsageError, match="open, resolved"):
        quarantine.list_rows(readings.connection, state="mo")
    with pytest.raises(UsageError, match="quarantine list"):
        quarantine.show(readings.connection, 7)


def test_a_reading_without_refused_rows_records_nothing(readings, merge):
    merge([GOOD, {"channel": None}])
    assert states(readings) == []
