"""What is kept how long, as ``sources/retention.yaml`` declares it, and the taking away of what is kept too long.

Numbers never move: what leaves the archive leaves the row that is read from it, a hash where a hash is kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml

from tthc import settings
from tthc.errors import UsageError
from tthc.landing.archive import Archive
from tthc.safekeeping import redaction
from tthc.safekeeping.redaction import Holding, Way
from tthc.sources import streams
from tthc.warehouse import database

Progress = Callable[[str], None]
What = Literal["archive_personal", "staging", "airflow_logs", "validations"]
FILE = "retention.yaml"
BY = "thời hạn giữ"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that is kept: for how many months (None: always), by which document."""

    what: What
    months: int | None
    document: str


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: list[Rule]


@dataclass(frozen=True)
class Due:
    """One rule, how much is kept longer than it allows, and the taking away of it."""

    rule: Rule
    count: int
    apply: Callable[[Progress], int]


def declared() -> list[Rule]:
    """Return the rules; raise UsageError when the file says something that cannot be done."""
    path = streams.folder() / FILE
    try:
        rules = msgspec.convert(yaml.safe_load(path.read_text(encoding="utf-8")), _File).rules
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise UsageError(f"sources/{FILE}: {error}") from error
    names = [rule.what for rule in rules]
    wrong = {name for name in names if names.count(name) > 1} | (set(What.__args__) - set(names))
    if wrong:
        raise UsageError(f"sources/{FILE}: mỗi thứ đúng một luật; xem lại {', '.join(sorted(wrong))}.")
    for rule in rules:
        if not rule.document.strip():
            raise UsageError(f"sources/{FILE}: {rule.what} chưa ghi theo văn bản nào.")
        if rule.months is not None and rule.months < 1:
            raise UsageError(f"sources/{FILE}: {rule.what} phải giữ từ một tháng.")
        if rule.what == "validations" and rule.months is not None:
            raise UsageError(
                f"sources/{FILE}: kết quả chấm là chứng cứ của sổ cái, phải giữ mãi (months: null)."
            )
    return rules


def due(now: datetime, logs: Path | None = None) -> list[Due]:
    """Return what every rule finds kept too long; ``logs`` is the folder of Airflow's task logs, where there is one."""
    found = []
    for rule in declared():
        if rule.months is None:
            found.append(Due(rule, 0, lambda _: 0))
            continue
        before = months_before(now, rule.months)
        if rule.what == "archive_personal":
            holdings = _whole_pages(before)
            found.append(Due(rule, len(holdings), partial(_redact, holdings, rule)))
        elif rule.what == "staging":
            found.append(
                Due(rule, _staged(before, delete=False), lambda _, b=before: _staged(b, delete=True))
            )
        else:
            old = _old_files(logs, before)
            found.append(Due(rule, len(old), partial(_remove_files, old)))
    return found


def months_before(moment: datetime, months: int) -> datetime:
    """Return the same moment some months earlier, on the month's last day when it has no such day.

    >>> months_before(datetime(2026, 5, 31), 3)
    datetime.datetime(2026, 2, 28, 0, 0)
    """
    year, month = divmod(moment.year * 12 + moment.month - 1 - months, 12)
    for day in range(moment.day, 0, -1):
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    raise AssertionError("every month has a first day")


def _whole_pages(before: datetime) -> list[Holding]:
    """Return the pages of the city read before a moment that were not redacted for their age yet."""
    holdings = []
    with database.connection() as connection:
        clean = {
            row["new_sha256"]
            for row in connection.execute(
                "SELECT r.new_sha256 FROM ops.redactions AS r INNER JOIN ops.erasures AS e USING (erasure_id)"
                " WHERE e.subject_key IS NULL"
            )
        }
        for stream in streams.city_streams():
            for page, source, rows in redaction.pages(connection, stream, before):
                if page.sha256 in clean:
                    continue
                numbers = tuple(number for number, _ in rows)
                if numbers:
                    holdings.append(Holding(stream, page, source, numbers))
    return holdings


def _redact(holdings: list[Holding], rule: Rule, progress: Progress) -> int:
    archive = Archive(settings.archive_url())
    with database.connection() as writer:
        for stream in streams.city_streams():
            database.lock(writer, f"merge:{stream.stream}", session=True)
        with database.connection() as connection:
            reason = f"quá {rule.months} tháng: {rule.document}"
            changed = redaction.rewrite(
                connection, archive, holdings, Way(), subject_key=None, dossier_count=0, by=BY, reason=reason
            )
        progress(f"đã viết lại {changed} đối tượng của kho lưu, gỡ {redaction.remove_old(archive)} bản cũ")
    return changed


def _staged(before: datetime, *, delete: bool) -> int:
    """Return how many staged rows of readings that ended before a moment there are; ``delete`` takes them away."""
    ended = (
        "fetch_id IN (SELECT fetch_id FROM ops.fetches WHERE commune_code = %s AND started_at < %s"
        " AND state <> 'fetching')"
    )
    count = 0
    with database.connection() as connection:
        for stream in streams.streams().values():
            table, values = stream.staging_table, (settings.commune_code(), before)
            if delete:
                count += connection.execute(f"DELETE FROM {table} WHERE {ended}", values).rowcount
            else:
                row = connection.execute(
                    f"SELECT count(*) AS n FROM {table} WHERE {ended}", values
                ).fetchone()
                count += row["n"]
    return count


def _old_files(folder: Path | None, before: datetime) -> list[Path]:
    if folder is None or not folder.is_dir():
        return []
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_mtime < before.timestamp()
    ]


def _remove_files(files: list[Path], _: Progress) -> int:
    for path in files:
        path.unlink(missing_ok=True)
    for folder in sorted({path.parent for path in files}, key=lambda each: len(each.parts), reverse=True):
        if not os.listdir(folder):
            folder.rmdir()
    return len(files)


def summary(found: list[Due]) -> list[dict[str, Any]]:
    """Return the rules and what is due, as a table."""
    return [
        {
            "what": each.rule.what,
            "months": each.rule.months,
            "document": each.rule.document,
            "due_count": each.count,
        }
        for each in found
    ]
