"""What ``score_period`` asks and how it reads answers; how it waits without a worker."""

from copy import copy
from datetime import UTC, datetime

import pytest
from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred
from tthc_dags import scoring

from tthc.errors import UsageError

COUNTS = {
    "period": "2025", "unit_count": 5, "official_count": 60, "provisional_count": 1, "revision_number": 2,
    "opened_on": "2025-12-01", "closes_on": "2025-12-08", "objection_count": 3, "moved_count": 4,
    "lacking_own_count": 2, "lacking_head_count": 1, "content_hash": "ab12", "version": 2,
    "moved_since_sealed_count": 7,
}  # fmt: skip


def test_the_window_is_waited_out_by_a_trigger_and_not_by_a_worker(dags):
    wait = copy(dags["score_period"].task_dict["wait_for_objections"])
    assert "closes_at" in wait.target_time
    # Midnight after the last day in Viet Nam.
    wait.target_time = "2099-12-09T00:00:00+07:00"
    with pytest.raises(TaskDeferred) as put_off:
        wait.execute({})
    trigger = put_off.value.trigger
    assert isinstance(trigger, DateTimeTrigger)
    assert trigger.moment == datetime(2099, 12, 8, 17, tzinfo=UTC)
    # Five working days are more than a week when Tết lies between.
    assert wait.timeout >= 30 * 24 * 3600


def test_the_two_approvals_wait_for_two_accounts_one_after_the_other(dags):
    steps = dags["score_period"].task_dict
    first, second = steps["approve_compiled"], steps["approve_decided"]
    assert [[user["id"] for user in step.assigned_users] for step in (first, second)] == [
        ["data"],
        ["approver"],
    ]
    assert (
        "approve_compiled" in {*steps["passed_on"].upstream_task_ids}
        and "passed_on" in second.upstream_task_ids
    )
    assert {"passed_on", "approve_decided", "settle"} <= steps["seal"].upstream_task_ids


def test_nobody_is_asked_when_nothing_is_missing():
    asked = scoring.about_missing(COUNTS)
    assert (
        "2 người" in asked["body"] and "1 người" in asked["body"] and "tthc score check 2025" in asked["body"]
    )
    with pytest.raises(AirflowSkipException):
        scoring.about_missing({**COUNTS, "lacking_own_count": 0, "lacking_head_count": 0})


def test_going_on_without_points_needs_a_reason():
    said = {"responded_by_user": {"name": "lan"}, "params_input": {"reason": " chờ bổ nhiệm "}}
    assert scoring.reason_to_go_on(None) is None
    assert scoring.reason_to_go_on({**said, "chosen_options": [scoring.LOADED]}) is None
    assert scoring.reason_to_go_on({**said, "chosen_options": [scoring.GO_ON]}) == "lan: chờ bổ nhiệm"
    with pytest.raises(UsageError, match="cần lý do"):
        scoring.reason_to_go_on({"chosen_options": [scoring.GO_ON], "params_input": {"reason": " "}})


def test_the_approvers_read_counts_and_the_hash_of_what_they_approve():
    asked = scoring.about_sheets(COUNTS)
    assert asked["subject"] == "Niêm đánh giá 2025, phiên bản 2"
    for told in (
        "60 phiếu người",
        "3 khiếu nại",
        "4 phiếu đổi",
        "`ab12`",
        "Khác phiên bản 1 đã niêm ở 7 phiếu",
    ):
        assert told in asked["body"]
    assert "đã niêm ở" not in scoring.about_sheets({**COUNTS, "moved_since_sealed_count": None})["body"]
