"""The steps of an evaluation, from the audit to the seal. They return counts and hashes, nothing about anybody."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from tthc.errors import UsageError
from tthc.evaluation import process, sealed
from tthc.evaluation.process import Computed
from tthc.evaluation.sealed import Approvals
from tthc.flows.progress import Progress, say
from tthc.vietnamese.instants import ZONE
from tthc.warehouse import database, gate
from tthc.workdays import periods

_WHY = "lập phiếu đánh giá"


def check(
    label: str, by: str, *, calendar: str = "month", strict: bool = False, progress: Progress = say
) -> dict[str, Any]:
    """Compute and audit all sheets of a period; return what there is, how much is wrong and how much is missing.

    ``strict``: raises TthcError when anything is wrong.
    """
    period = periods.parse(label, calendar)
    with database.connection() as connection:
        found = process.compute(connection, period, by, f"{_WHY}: tính và kiểm")
        told = _counts(found)
    if strict:
        process.refuse_wrong(found)
    progress(
        f"Kỳ {label}: {told['unit_count']} phiếu đơn vị, {told['official_count']} phiếu người,"
        f" {told['problem_count']} điều không đúng, {told['lacking_own_count']} người chưa tự chấm,"
        f" {told['lacking_head_count']} người chưa đủ điểm của người đứng đầu."
    )
    return told


@gate.writes
def open_window(
    label: str,
    by: str,
    *,
    calendar: str = "month",
    opened_on: str | None = None,
    missing_reason: str | None = None,
    progress: Progress = say,
) -> dict[str, Any]:
    """Keep the sheets as people are shown them, and begin the five working days of objections.

    ``closes_at`` is the instant after which they are over. ``opened_on`` (ISO): shown on a day before today.
    """
    _needs(by, "Mở cho xem và khiếu nại")
    period = periods.parse(label, calendar)
    day = _day(opened_on)
    with database.connection() as connection:
        found = process.compute(connection, period, by, f"{_WHY}: mở cho xem và khiếu nại")
        run = process.open_window(connection, found, by, opened_on=day, missing_reason=missing_reason)
        told = {**_counts(found), **_of_run(run)}
    given = " (ngày do người chạy ghi)" if opened_on else ""
    progress(
        f"Kỳ {label}: mở ngày {run['opened_on']:%d/%m/%Y}{given}, nhận khiếu nại đến hết ngày"
        f" {run['closes_on']:%d/%m/%Y}; sẽ niêm thành phiên bản {run['version']}."
    )
    return told


def settle(
    label: str,
    by: str,
    *,
    calendar: str = "month",
    missing_reason: str | None = None,
    progress: Progress = say,
) -> dict[str, Any]:
    """Compute again after the window; return what the approvers are asked. Raises TthcError while anything is owed."""
    period = periods.parse(label, calendar)
    with database.connection() as connection:
        found = process.compute(connection, period, by, f"{_WHY}: tính lại sau khiếu nại")
        run = process.ready(connection, found, missing_reason)
        moved = len(process.moved(connection, found, run))
        newest = sealed.run(connection, period, "sealed")
        since = len(process.moved(connection, found, newest)) if newest else None
        told = {**_of_run(run), **_counts(found), "moved_count": moved, "moved_since_sealed_count": since}
    progress(
        f"Kỳ {label}: {told['objection_count']} khiếu nại đều đã trả lời; {moved} phiếu đổi so với lúc mở."
    )
    return told


@gate.writes
def seal(
    label: str,
    by: str,
    approvals: Approvals,
    *,
    calendar: str = "month",
    content_hash: str | None = None,
    missing_reason: str | None = None,
    progress: Progress = say,
) -> dict[str, Any]:
    """Seal what two people approved (``content_hash``) as the next version; return version, hashes and what moved."""
    process.refuse_one_person(approvals)
    period = periods.parse(label, calendar)
    with database.connection() as connection:
        found = process.compute(connection, period, by, f"{_WHY}: niêm")
        before = sealed.run(connection, period, "sealed")
        run = process.seal(
            connection, found, by, approvals, content_hash=content_hash, missing_reason=missing_reason
        )
        is_new = before is None or run["score_run_id"] != before["score_run_id"]
        moved = len(process.moved(connection, found, before)) if before and is_new else 0
        told = {**_of_run(run), "is_new": is_new, "moved_count": moved}
    if not is_new:
        progress(f"Kỳ {label}: phiên bản {run['version']} đã niêm đúng các phiếu này, không niêm thêm.")
    else:
        beside = f", khác phiên bản {before['version']} ở {moved} phiếu" if before else ""
        progress(f"Kỳ {label}: đã niêm phiên bản {run['version']}, {run['sheet_count']} phiếu{beside}.")
    return told


def _counts(found: Computed) -> dict[str, Any]:
    gathered = found.gathered
    return {
        "period": gathered.period.label,
        "calendar": gathered.period.calendar,
        "revision_number": gathered.figures.revision,
        "unit_count": len(gathered.units),
        "official_count": len(gathered.people),
        "provisional_count": found.provisional_count,
        "problem_count": len(found.problems),
        "lacking_own_count": sum(one.lacks_own for one in found.missing),
        "lacking_head_count": sum(bool(one.items) for one in found.missing),
        "objection_count": len(found.objections),
        "unanswered_count": len(found.unanswered),
        "content_hash": found.content_hash,
    }


def _of_run(run: dict[str, Any]) -> dict[str, Any]:
    # The day after the last one begins at midnight in Viet Nam.
    closes_at = datetime.combine(run["closes_on"] + timedelta(days=1), time(), tzinfo=ZONE)
    return {
        "period": run["period"],
        "state": run["state"],
        "version": run["version"],
        "sheet_count": run["sheet_count"],
        "opened_on": run["opened_on"].isoformat(),
        "closes_on": run["closes_on"].isoformat(),
        "closes_at": closes_at.isoformat(),
        "content_hash": run["content_hash"],
        "chain_hash": run["chain_hash"],
    }


def _needs(by: str, what: str) -> None:
    if not by.strip():
        raise UsageError(f"{what} cần nói ai làm (--by).")


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"Không phải một ngày: {text!r}. Viết năm-tháng-ngày, ví dụ 2026-01-05.") from error
