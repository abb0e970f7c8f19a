"""What has to be done this morning so that no promise breaks: ``marts.warnings_at`` for one commune and moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.vietnamese.instants import ZONE

#: Every warning, in the order of haste, and what it says to a person.
WARNINGS = {
    "overdue": "quá hạn",
    "apology_owed": "phải xin lỗi",
    "due_soon": "sắp đến hạn",
    "online_waiting": "trực tuyến chờ tiếp nhận quá giờ",
    "result_waiting": "kết quả chưa trả",
}
COLUMNS = (
    "warning", "dossier_code", "unit_code", "official_code", "procedure_code", "received_on", "due_on", "act_by",
    "working_days_left", "waiting_since", "waited_working_days", "waited_hours", "is_calendar_published",
)  # fmt: skip


def known_at(connection: psycopg.Connection) -> datetime:
    """Return the moment of the newest merged reading of the city; raise TthcError before the first."""
    row = connection.execute(
        "SELECT max(fetched_at) AS known_at,"
        " EXISTS (SELECT FROM core.warning_limits WHERE commune_code = %(commune)s) AS is_ready"
        " FROM ops.fetches WHERE commune_code = %(commune)s AND kind <> 'file' AND state = 'merged'",
        {"commune": settings.commune_code()},
    ).fetchone()
    if not row["is_ready"]:
        raise TthcError("Kho chưa có giờ làm việc và ngưỡng cảnh báo: chạy tthc init trước.")
    if row["known_at"] is None:
        raise TthcError("Kho chưa đọc thành phố lần nào nên không biết cảnh báo gì: chạy tthc ingest trước.")
    return row["known_at"]


def moment_of(day: date | None, newest: datetime) -> datetime:
    """Return the moment to look at: the newest reading; of an earlier day its end; of a later day its beginning.

    >>> newest = datetime(2025, 7, 17, 18, 0, tzinfo=ZONE)
    >>> [str(moment_of(date(2025, 7, day), newest)) for day in (16, 17)]
    ['2025-07-16 23:59:59.999999+07:00', '2025-07-17 18:00:00+07:00']
    >>> str(moment_of(date(2025, 7, 18), newest))
    '2025-07-18 00:00:00+07:00'
    """
    if day is None:
        return newest
    if day < newest.astimezone(ZONE).date():
        return datetime.combine(day, time.max, ZONE)
    return max(newest, datetime.combine(day, time.min, ZONE))


def warnings(
    connection: psycopg.Connection,
    moment: datetime,
    *,
    unit: str | None = None,
    official: str | None = None,
) -> list[dict[str, Any]]:
    """Return the warnings at a moment as dictionaries of ``COLUMNS``: by haste, then by what is longest overdue."""
    found = connection.execute(
        f"SELECT {', '.join(COLUMNS)} FROM marts.warnings_at(%(commune)s, %(moment)s)"
        f" WHERE (%(unit)s::text IS NULL OR unit_code = %(unit)s)"
        f" AND (%(official)s::text IS NULL OR official_code = %(official)s)"
        f" ORDER BY array_position(%(order)s::text[], warning), working_days_left, waiting_since, dossier_code",
        {
            "commune": settings.commune_code(),
            "moment": moment,
            "unit": unit,
            "official": official,
            "order": list(WARNINGS),
        },
    )
    return found.fetchall()


def summary(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one row per unit and official with the count of each warning; ``due_0`` … for those due soon.

    >>> row = {"unit_code": "kinh_te", "official_code": None, "warning": "due_soon", "working_days_left": 1}
    >>> {name: n for name, n in summary([row])[0].items() if n}
    {'unit_code': 'kinh_te', 'due_soon': 1, 'due_1': 1}
    """
    counts: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        place = (row["unit_code"], row["official_code"] or "")
        empty = {"unit_code": row["unit_code"], "official_code": row["official_code"]}
        line = counts.setdefault(
            place, empty | dict.fromkeys([*WARNINGS, "due_0", "due_1", "due_2", "due_3"], 0)
        )
        line[row["warning"]] += 1
        if row["warning"] == "due_soon":
            left = f"due_{row['working_days_left']}"
            line[left] = line.get(left, 0) + 1
    return [counts[place] for place in sorted(counts)]
