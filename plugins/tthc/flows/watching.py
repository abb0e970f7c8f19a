"""Somebody is told: of each cause once when it goes wrong and once when it is right again, all news in one message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from tthc import settings, telemetry
from tthc.landing import incidents
from tthc.warehouse import database, freshness, queues

LATE = "stream_late"
#: More than this many lines of one message nobody reads.
MOST_LINES = 20
_LOOK = "Xem: tthc status, tthc doctor; cách xử từng loại: docs/operations.md."


@dataclass(frozen=True)
class News:
    """What people do not know yet: incidents that opened, and told ones that closed."""

    opened: list[dict[str, Any]]
    closed: list[dict[str, Any]]
    #: What the message is about: a code, or how many communes.
    whose: str

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed)

    @property
    def subject(self) -> str:
        """One line that says how much is wrong and how much is right again."""
        parts = [f"{len(self.opened)} sự cố mới"] if self.opened else []
        parts += [f"{len(self.closed)} đã xong"] if self.closed else []
        return f"[{self.whose}] {', '.join(parts)}"

    @property
    def body(self) -> str:
        """The incidents' own words, which hold no value of a row; many of one kind are one line."""
        lines = [*_part("Mới hỏng", self.opened, "message"), *_part("Đã xong", self.closed, "closed_because")]
        return "\n".join([*lines, "", _LOOK])


def watch(tell: Callable[[str, str], bool], now: datetime | None = None) -> dict[str, Any]:
    """Open and close the incidents of lateness, then tell what is new; return what was told.

    What could not be told stays to be told next time. Two at once tell once. All communes are told of in one message.
    """
    moment, codes = now or datetime.now(UTC), settings.in_force()
    with database.connection() as connection:
        database.lock(connection, "watch", of_all=True)
        for code in codes:
            with settings.for_commune(code):
                streams = freshness.of_streams(connection, moment)
                _note_lateness(streams)
                _measure(streams, queues.of_commune(connection), moment)
        news = _news(connection, codes)
        was_told = bool(news) and tell(news.subject, news.body)
        if was_told:
            _remember(connection, news)
    return {
        "told": was_told,
        "opened": len(news.opened),
        "closed": len(news.closed),
    }


def _measure(streams: list[freshness.Freshness], waiting: list[queues.Queue], now: datetime) -> None:
    commune = settings.commune_code()
    for each in streams:
        if each.merged_at:
            telemetry.tell_freshness(commune, each.stream, (now - each.merged_at).total_seconds())
    for queue in waiting:
        telemetry.tell_queue(commune, queue.queue, queue.length, queue.age_seconds(now))


def _note_lateness(streams: list[freshness.Freshness]) -> None:
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        for each in streams:
            if each.is_late:
                incidents.open_incident(
                    connection,
                    LATE,
                    each.stream,
                    f"{each.title}: lần đọc gần nhất lúc {each.merged_at.astimezone(freshness.ZONE):%d/%m/%Y %H:%M}, "
                    "đã lỡ hai lần theo lịch. Xem bước đỏ của DAG ấy trong Airflow, hoặc bộ lập lịch có chạy không.",
                )
            else:
                incidents.close_incident(connection, LATE, each.stream, "Đã đọc được.")


def _news(connection: psycopg.Connection, codes: Sequence[str]) -> News:
    columns = "incident_id, commune_code, kind, subject, message, closed_because, opened_at"
    whose = codes[0] if len(codes) == 1 else f"{len(codes)} xã"
    asked = (list(codes),)
    opened = connection.execute(
        f"SELECT {columns} FROM ops.incidents WHERE commune_code = ANY (%s) AND closed_at IS NULL"
        " AND told_at IS NULL ORDER BY kind, subject, commune_code",
        asked,
    ).fetchall()
    # One that opened and closed before anybody was told has nothing to say.
    closed = connection.execute(
        f"SELECT {columns} FROM ops.incidents WHERE commune_code = ANY (%s) AND closed_at IS NOT NULL"
        " AND told_at IS NOT NULL AND recovery_told_at IS NULL ORDER BY kind, subject, commune_code",
        asked,
    ).fetchall()
    return News(opened, closed, whose)


def _remember(connection: psycopg.Connection, news: News) -> None:
    for column, rows in (("told_at", news.opened), ("recovery_told_at", news.closed)):
        connection.execute(
            f"UPDATE ops.incidents SET {column} = now() WHERE incident_id = ANY (%s)",
            ([row["incident_id"] for row in rows],),
        )


def _part(title: str, rows: list[dict[str, Any]], words: str) -> list[str]:
    if not rows:
        return []
    kinds: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append(row)
    lines = ["", f"{title}:"]
    for kind, same in kinds.items():
        # One cause in many communes, such as a city that does not answer, is one line.
        causes: dict[str, list[dict[str, Any]]] = {}
        for row in same:
            causes.setdefault(row["subject"], []).append(row)
        if len(causes) > 3:
            subjects = ", ".join(list(causes)[:3])
            lines.append(f"- {kind}, {len(same)} nơi: {subjects}…")
        else:
            lines += [
                f"- {kind} {subject}{_where(of)}: {of[0][words] or ''}" for subject, of in causes.items()
            ]
    left = len(lines) - MOST_LINES
    return lines if left <= 0 else [*lines[:MOST_LINES], f"… và {left} dòng nữa"]


def _where(rows: list[dict[str, Any]]) -> str:
    """Return in which communes it is, when the installation has several."""
    if not settings.has_several_communes():
        return ""
    return f" ({settings.named([row['commune_code'] for row in rows])})"
