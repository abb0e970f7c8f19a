"""The clock of one dossier: every calendar day from reception on, counted or not, and what says so."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import psycopg

from tthc import settings
from tthc.vietnamese.instants import ZONE
from tthc.warehouse.trace import ADDRESS

#: What each ``why`` of ``marts.dossier_days`` says to a person.
WHY = {
    "received": "ngày tiếp nhận, không tính",
    "counted": "được tính",
    "day_off": "ngày nghỉ, không tính",
    "paused": "đồng hồ dừng, không tính",
    "after_end": "đã kết thúc",
    "not_reached": "chưa tới",
    "not_published": "chưa công bố lịch, không biết",
}
SIGNALS = {
    "finish_equals_due": "xong đúng giây hẹn",
    "same_finish_instant": "nhiều hồ sơ của một người xong cùng một giây",
    "event_after_finish": "còn tiến độ sau ngày xong",
    "due_moved_without_supplement": "đổi hẹn mà không có bổ sung",
    "finish_moved_earlier": "ngày xong lùi về trước",
}
_MARKS = {"is_received": "tiếp nhận", "is_first_due": "hẹn đầu", "is_due": "hẹn trả", "is_ended": "kết thúc"}
_SAID_BY = {
    "supplement": "yêu cầu bổ sung",
    "event": "sự kiện tiến độ",
    "reading": "lần đọc đầu thấy trạng thái",
}
_WAITS_FOR = {5: "chờ bổ sung", 6: "chờ nghĩa vụ tài chính"}


def clock(connection: psycopg.Connection, dossier_code: str) -> dict[str, Any] | None:
    """Return the clock of a dossier; None when the warehouse has no good version of it.

    ``facts``: what was derived, with ``known_at`` (newest reading of the city) and ``address`` (archive address of
    the version in force); ``days``: one entry per day, each with ``why``, ``marks`` and ``documents`` (the notices,
    records and archive addresses that say so), none for a dossier that is not counted; ``pauses``; ``signals``;
    ``agrees``: whether the counted days equal ``used_working_days``, None when there is no such number.
    """
    facts = connection.execute(_FACTS, _key(dossier_code)).fetchone()
    if facts is None:
        return None
    pauses = [{**row, "days": _days(row["days"])} for row in _rows(connection, _PAUSES, dossier_code)]
    days = [_day(row, facts, pauses) for row in _rows(connection, _DAYS, dossier_code)]
    signals = _rows(connection, _SIGNALS, dossier_code)
    used = facts["used_working_days"]
    counted = sum(day["is_counted"] for day in days)
    return {
        "dossier_code": dossier_code,
        "facts": facts,
        "days": days,
        "pauses": pauses,
        "signals": signals,
        "counted_days": counted if days else None,
        "agrees": None if used is None else used == counted,
    }


def _key(dossier_code: str) -> dict[str, str]:
    return {"commune": settings.commune_code(), "dossier": dossier_code}


def _rows(connection: psycopg.Connection, query: str, dossier_code: str) -> list[dict[str, Any]]:
    return connection.execute(query, _key(dossier_code)).fetchall()


def _days(covered: Any) -> list[date | None]:
    """Return first and last day whose end a pause covers, the last None while it goes on; [] when none."""
    if covered.isempty:
        return []
    return [covered.lower, None if covered.upper is None else date.fromordinal(covered.upper.toordinal() - 1)]


def _day(row: dict[str, Any], facts: dict[str, Any], pauses: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        **{name: value for name, value in row.items() if name not in _MARKS},
        "marks": [words for name, words in _MARKS.items() if row[name]],
        "documents": list(_documents(row, facts, pauses)),
    }


def _documents(row: dict[str, Any], facts: dict[str, Any], pauses: list[dict[str, Any]]):
    why, day = row["why"], row["day"]
    if why == "received":
        yield f"tiếp nhận lúc {_at(facts['received_at'])}, {facts['address']}"
    elif why == "after_end":
        yield f"kết thúc lúc {_at(facts['ended_at'])}, {facts['address']}"
    elif why == "not_reached":
        yield f"lần đọc mới nhất lúc {_at(facts['known_at'])}"
    elif why == "not_published":
        yield f"chưa nạp ngày nghỉ, ngày làm bù của năm {day.year}"
    else:
        yield f"{row['reason']}: {row['document']}" if row["reason"] else row["document"]
    if why == "paused":
        yield from (_said(pause) for pause in pauses if _covers(pause, day))


def _covers(pause: dict[str, Any], day: date) -> bool:
    return bool(pause["days"]) and pause["days"][0] <= day and (pause["days"][1] or day) >= day


def _said(pause: dict[str, Any]) -> str:
    until = f"đến {_at(pause['stopped_at'])}" if pause["stopped_at"] else "chưa hết"
    return (
        f"{_SAID_BY[pause['said_by']]}, {_WAITS_FOR[pause['status']]} từ {_at(pause['began_at'])} {until},"
        f" {pause['address']}"
    )


def _at(moment: datetime | None) -> str:
    return f"{moment.astimezone(ZONE):%d/%m/%Y %H:%M:%S}" if moment else "(không rõ)"


_FACTS = f"""
SELECT
    d.unit_code, d.procedure_code, d.status, d.is_counted, d.outcome, d.received_at, d.first_due_on, d.due_on,
    d.due_source, d.ended_at, d.ended_on, d.supplement_count, d.used_working_days, d.allowed_working_days,
    (
        SELECT max(f.fetched_at)
        FROM ops.fetches AS f
        WHERE f.commune_code = d.commune_code AND f.kind <> 'file' AND f.state = 'merged'
    ) AS known_at,
    {ADDRESS} AS address
FROM marts.dossiers AS d
INNER JOIN core.dossiers AS v ON v.commune_code = d.commune_code AND v.dossier_code = d.dossier_code
WHERE d.commune_code = %(commune)s AND d.dossier_code = %(dossier)s
"""
_DAYS = """
SELECT
    day, why, is_counted, counted_through, working_days_through, is_working, is_paused, reason, document,
    is_received, is_first_due, is_due, is_ended
FROM marts.dossier_days
WHERE commune_code = %(commune)s AND dossier_code = %(dossier)s
ORDER BY day
"""
_PAUSES = f"""
SELECT v.said_by, v.status, v.began_at, v.stopped_at, v.days, v.fetch_id, v.row_number, {ADDRESS} AS address
FROM marts.dossier_pauses AS v
WHERE v.commune_code = %(commune)s AND v.dossier_code = %(dossier)s
ORDER BY v.began_at, v.said_by
"""
_SIGNALS = f"""
SELECT
    v.signal, v.official_code, v.seen_on, v.was_at, v.became_at, v.dossier_count, v.fetch_id, v.row_number,
    {ADDRESS} AS address
FROM marts.deadline_signals AS v
WHERE v.commune_code = %(commune)s AND v.dossier_code = %(dossier)s
ORDER BY v.seen_on, v.signal
"""
