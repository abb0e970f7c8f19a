"""From months that moved to published numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from tthc import telemetry
from tthc.errors import UsageError
from tthc.flows.progress import VIETNAM, Progress, say
from tthc.indicators import build as builds
from tthc.indicators import publish as publication
from tthc.warehouse import database, gate
from tthc.workdays import periods
from tthc.workdays.periods import CALENDARS, Period


@gate.writes
@telemetry.traced("refresh")
def refresh(months: Iterable[str], calendar: str | None = None, progress: Progress = say) -> dict:
    """Refill the marts of some months and compute every period they touch; return the periods computed."""
    months, computed = sorted(set(months)), []
    for name in (calendar,) if calendar else CALENDARS:
        for month in months:
            with database.connection() as connection:
                builds.refill_month(connection, periods.parse(month, name))
        touched = periods.periods_touched(months, name)
        for period in touched:
            computed.append(_build(period))
        # Growth is told against the period before, so what comes after one that moved may have moved too.
        moved = [
            period for period, told in zip(touched, computed[-len(touched) :], strict=True) if told["is_new"]
        ]
        for period in {periods.shifted(one, 1).label: periods.shifted(one, 1) for one in moved}.values():
            if period not in touched and _has_build(period):
                computed.append(_build(period))
        progress(f"lịch {name}: đã tính {len(computed)} kỳ")
    return {"periods": computed}


def _build(period: Period) -> dict:
    with database.connection() as connection:
        build_id, is_new = builds.build(connection, period)
    return {"calendar": period.calendar, "period": period.label, "build_id": build_id, "is_new": is_new}


def _has_build(period: Period) -> bool:
    with database.connection() as connection:
        return publication.newest_build(connection, period) is not None


def compare(period: str, calendar: str | None = None) -> dict:
    """Say how the newest build of a month and the periods closing with it differ from what is published."""
    found, lines = [], []
    for each in _closing(period, calendar):
        with database.connection() as connection:
            rows = publication.differences(connection, each)
            last = publication.last_revision(connection, each)
        told = [
            {
                "calendar": each.calendar,
                "period": each.label,
                **row,
                "old": _number(row["old"]),
                "new": _number(row["new"]),
            }
            for row in rows
        ]
        found += told
        since = f"so với bản công bố {last['revision_number']}" if last else "chưa công bố lần nào"
        lines.append(f"- {each.label} (lịch {each.calendar}): {len(told)} giá trị khác, {since}.")
    shown = [row for row in found if row["level"] == "commune"][:50] or found[:50]
    return {
        "period": period,
        "is_new": bool(found),
        "difference_count": len(found),
        "differences": shown,
        "summary": "\n".join(lines),
    }


@gate.writes
@telemetry.traced("publish")
def publish(period: str, by: str, reason: str, calendar: str | None = None) -> dict:
    """Publish a month and every quarter, half, nine months and year that closes with it; return each one's revision."""
    if not by.strip() or not reason.strip():
        raise UsageError("Công bố cần người duyệt (--by) và lý do (--reason).")
    done = []
    with database.connection() as connection:
        for each in _closing(period, calendar):
            done.append(publication.publish(connection, each, by.strip(), reason.strip()))
    return {
        "published": [
            {
                "calendar": p.calendar,
                "period": p.period,
                "revision_number": p.revision_number,
                "is_new": p.is_new,
            }
            for p in done
        ]
    }


def last_month(now: datetime | None = None) -> str:
    """Return the label of the month that has just ended in Viet Nam.

    >>> last_month(datetime.fromisoformat("2026-01-31T20:00:00+00:00"))
    '2026-01'
    """
    moment = (now or datetime.now(VIETNAM)).astimezone(VIETNAM)
    year, month = (moment.year, moment.month - 1) if moment.month > 1 else (moment.year - 1, 12)
    return f"{year}-{month:02d}"


def _closing(period: str, calendar: str | None) -> list[Period]:
    names = (calendar,) if calendar else CALENDARS
    parsed = periods.parse(period, names[0])
    labels = periods.periods_closing_with(period) if parsed.kind == "month" else [period]
    found = [periods.parse(label, name) for name in names for label in labels]
    # A longer period closes with its last month only once it was computed from the first one on.
    with database.connection() as connection:
        return [each for each in found if each.label == period or publication.newest_build(connection, each)]


def _number(value) -> str | None:
    return None if value is None else str(value)
