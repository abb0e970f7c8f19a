"""Quarantined rows judged again because somebody asked for it.

To ask needs a steward's rights only. The judging puts rows into core and needs a loader's: who has them does it at
once, else the loader's next :func:`answer` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tthc.errors import UsageError
from tthc.flows.progress import Progress, say
from tthc.flows.readings import judge_again
from tthc.quality import decisions, quarantine
from tthc.sources import streams
from tthc.warehouse import database, roles


def release(
    by: str,
    reason: str,
    numbers: Sequence[int] | None = None,
    stream: str | None = None,
    progress: Progress = say,
) -> dict[str, Any]:
    """Ask that open rows (None: all) be judged again, and do it when the login may; return what became of them.

    ``asked`` are the numbers of rows that wait for the loader, ``released`` of those that are in core now,
    ``still_refused`` the other rows, ``months`` those that can move.
    """
    if not by.strip() or not reason.strip():
        raise UsageError("Xét lại dòng cách ly cần có người quyết định (--by) và lý do (--reason).")
    if stream:
        streams.stream_named(stream)
    with database.connection() as connection:
        found = [
            row["quarantine_id"]
            for row in quarantine.list_rows(connection, "open", stream)
            if numbers is None or row["quarantine_id"] in numbers
        ]
        if unknown := sorted(set(numbers or ()) - set(found)):
            raise UsageError(
                f"Chỉ xét lại được dòng đang cách ly (open); không phải: {', '.join(map(str, unknown))}."
                " Xem: tthc quarantine list."
            )
        decisions.ask_release(connection, found, by, reason)
        may_load = roles.may_load(connection)
    if not may_load:
        return {"asked": sorted(found), "released": [], "still_refused": [], "months": []}
    return {"asked": [], **answer(found, progress)}


def waiting() -> list[int]:
    """Return the numbers of the rows that somebody wants judged again and that were not yet."""
    with database.connection() as connection:
        return [row["quarantine_id"] for row in decisions.asked_releases(connection)]


def answer(only: Sequence[int] | None = None, progress: Progress = say) -> dict[str, Any]:
    """Judge again what was asked for (``only`` some rows of it); return what became of them, as :func:`release`.

    ``streams`` gives the months by stream. Safe to repeat: what an interrupted try has judged is signed by the next.
    """
    with database.connection() as connection:
        asked = [
            row
            for row in decisions.asked_releases(connection)
            if only is None or row["quarantine_id"] in only
        ]
    moved: dict[str, list[str]] = {}
    released: list[int] = []
    for declared in _in_order():
        ids = [row["quarantine_id"] for row in asked if row["stream"] == declared.stream]
        if not ids:
            continue
        moved[declared.stream] = judge_again(declared.stream, progress, only=ids)
        with database.connection() as connection:
            released += decisions.sign_release(connection, ids)
    with database.connection() as connection:
        judged = [
            quarantine.show(connection, row["quarantine_id"]) for row in asked if row["stream"] in moved
        ]
    return {
        "released": sorted(released),
        # A row that something else has ended meanwhile is neither.
        "still_refused": [row for row in judged if row["state"] == "open"],
        "months": sorted({month for months in moved.values() for month in months}),
        "streams": moved,
    }


def _in_order() -> list[streams.Stream]:
    """Return every stream, those that others wait for first."""
    files = [stream for stream in streams.streams().values() if stream.kind == "file"]
    return [*streams.city_streams(), *files]
