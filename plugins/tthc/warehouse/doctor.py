"""What must always hold, asked of a living warehouse: every promise P1 to P10 as named queries.

A check is a query that gives one row for each thing it judged: ``subject`` (never a personal value) and
``is_right``. So a check that judged nothing can be told from one that found nothing wrong.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from tthc import settings

#: How many wrong things a finding names.
EXAMPLES = 5
PROMISES: Mapping[str, str] = {
    "P1": "không mất gì",
    "P2": "không gì hai lần",
    "P3": "người đọc thấy trọn từng bản công bố",
    "P4": "chạy lại vẫn thế",
    "P5": "thứ tự nào cũng thế",
    "P6": "dựng lại được từ kho lưu",
    "P7": "đã công bố là không đổi",
    "P8": "dữ liệu cá nhân không ra khỏi chỗ của nó",
    "P9": "hỏng là kêu, mỗi hỏng hóc đúng một sự cố mở",
    "P10": "bộ nhớ, đĩa, thời gian, số lần thử đều có giới hạn",
    "ĐẾM": "các hằng đẳng thức của cách đếm",
    "CÀI ĐẶT": "cài đặt và hình dạng của kho",
}


@dataclass(frozen=True)
class Check:
    """One thing that must hold: ``judged`` is the query, ``todo`` what to do when it does not."""

    promise: str
    name: str
    title: str
    judged: str
    todo: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Finding:
    """What one check found; ``examples`` names some of the wrong things."""

    promise: str
    name: str
    title: str
    holds: bool
    checked: int
    wrong: int
    examples: list[str]
    todo: str
    milliseconds: int


def run(connection: psycopg.Connection, checks: Iterable[Check]) -> list[Finding]:
    """Run checks in one snapshot, so that work that goes on meanwhile makes no wrong finding."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return [judge(connection, check) for check in checks]


def judge(connection: psycopg.Connection, check: Check) -> Finding:
    """Run one check."""
    began = time.monotonic()
    found = connection.execute(
        f"SELECT count(*) AS checked, count(*) FILTER (WHERE is_right IS NOT TRUE) AS wrong,"
        f" coalesce((array_agg(subject::text ORDER BY subject::text) FILTER (WHERE is_right IS NOT TRUE))"
        f"[1:{EXAMPLES}], '{{}}') AS examples FROM ({check.judged}) AS judged",
        {"commune": settings.commune_code(), **check.parameters},
    ).fetchone()
    return finding(check, found["checked"], found["wrong"], found["examples"], began)


def finding(check: Check, checked: int, wrong: int, examples: list[str], began: float) -> Finding:
    """Return what a check found, with the time since ``began``."""
    spent = round((time.monotonic() - began) * 1000)
    return Finding(
        check.promise, check.name, check.title, wrong == 0, checked, wrong, examples, check.todo, spent
    )
