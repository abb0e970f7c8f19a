"""The dry run of a file: every step of a load is done in a rehearsal, looked at, and undone."""

from __future__ import annotations

import psycopg

from tthc.errors import BatchStopped
from tthc.flows import readings
from tthc.flows.check_rows import Rows
from tthc.flows.figures import refresh
from tthc.flows.files import Received, receive
from tthc.flows.progress import Progress, say
from tthc.indicators.definitions import LEVELS
from tthc.landing import given_files
from tthc.quality import returns
from tthc.sources import spreadsheets
from tthc.sources.contents import Content
from tthc.sources.spreadsheets import Choices
from tthc.sources.streams import Stream
from tthc.warehouse import database, gate

#: So many rows of each kind are listed, unless more are asked for.
LISTED = 1_000

#: (calendar, period, level, code, indicator) → (numerator, denominator, value, status).
Figures = dict[tuple[str, str, str, str, str], tuple]


def check(
    file: str,
    progress: Progress = say,
    choices: Choices | None = None,
    by: str | None = None,
    limit: int | None = LISTED,
) -> dict:
    """Say what loading a file would do, and do nothing: how it is read, its rows, the indicators that would move.

    Counts are of all rows, lists hold ``limit`` (None: all). ``stopped_because`` says why the load would be stopped
    as a whole. Only counters move (a reading's number), as in any undone transaction; whoever merges the same
    stream meanwhile waits. Raises what a load would raise for a file that cannot be read.
    """
    digest = given_files.read(file).sha256
    with gate.passed(progress), database.rehearsed() as held, database.connection() as connection:
        # Rolled back to here the warehouse is as it was, still under our locks: what it says then is “before”.
        with connection.transaction(force_rollback=True):
            got = receive(file, progress, choices, by)
            _wait_for_writers(connection, got.stream)
            told = _recognised(got) | {"sha256": digest}
            if told["is_known"]:
                return told
            told |= _taken_in(connection, got, next(iter(held.bodies.values())), progress, limit)
            progress(f"tính thử {len(told['months'])} tháng")
            after = _figures(connection, told["months"])
        before = _figures(connection, told["months"])
    return told | {"moved": _moved(before, after)}


def _wait_for_writers(connection: psycopg.Connection, stream: Stream) -> None:
    """Take the locks of a merge in the order in which merges take them, so that nobody waits in a circle."""
    for each in (stream, *readings.waiting_for(stream)):
        database.lock(connection, f"merge:{each.stream}", session=True)
    database.lock(connection, "derive", session=True)


def _recognised(got: Received) -> dict:
    is_known = not got.is_new and readings.fetch_state(got.fetch_id) == "merged"
    return {
        "stream": got.stream.stream,
        "title": got.stream.title,
        "tables": [{"sheet": table.sheet, "header_row": table.header_row} for table in got.found.tables],
        "notes": list(got.found.notes),
        "unknown_columns": [header for header in got.found.unknown if not returns.is_ours(header)],
        "is_known": is_known,
        "fetch_id": got.fetch_id if is_known else None,
        "returned": got.returned,
        "stopped_because": None,
        **dict.fromkeys(("read", "new", "changed", "unchanged", "rejected", "superseded"), 0),
        "rows": {"new": [], "changed": [], "rejected": []},
        "warnings": [],
        "closed_cases": [],
        "months": [],
        "moved": [],
    }


def _taken_in(
    connection: psycopg.Connection, got: Received, body: Content, progress: Progress, limit: int | None
) -> dict:
    """Do what a load does with an archived file; return what becomes of its rows, and the months that can move."""
    rows = Rows(connection, got.stream, got.fetch_id)
    staged = readings.stage(got.fetch_id, progress)
    stopped = None
    try:
        readings.audit(got.fetch_id, lambda _: None)
    except BatchStopped as error:
        stopped = str(error)
    rejected = rows.refused(limit)
    tables = spreadsheets.found_tables(body, got.stream) if rejected else []
    told = {
        "read": staged["read"],
        "rejected": rows.refused_count(),
        "warnings": rows.warnings(),
        "stopped_because": stopped,
        "rows": {"new": [], "changed": [], "rejected": rows.explained(rejected, tables)},
    }
    if stopped:
        return told
    rows.keep_addresses()
    merged = readings.merge(got.fetch_id, progress)
    new, changed = rows.version_counts()
    versions = {"new": rows.versions(limit, changed=False), "changed": rows.versions(limit, changed=True)}
    return told | {
        "new": new,
        "changed": changed,
        "unchanged": merged["unchanged"],
        "superseded": merged["superseded"],
        "months": merged["months"],
        "closed_cases": rows.closed_cases(),
        "rows": told["rows"] | versions,
    }


def _figures(connection: psycopg.Connection, months: list[str]) -> Figures:
    """Compute the periods that some months touch, and return every value of them."""
    found: Figures = {}
    for period in refresh(months, progress=lambda _: None)["periods"] if months else ():
        rows = connection.execute(
            "SELECT level, code, indicator, numerator, denominator, value, status FROM indicators.values"
            " WHERE build_id = %s",
            (period["build_id"],),
        )
        for row in rows:
            key = (period["calendar"], period["period"], row["level"], row["code"], row["indicator"])
            found[key] = (row["numerator"], row["denominator"], row["value"], row["status"])
    return found


def _moved(before: Figures, after: Figures) -> list[dict]:
    """Return the values that differ, those of the commune first; what was not there at all is null."""
    moved = []
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if old == new:
            continue
        old_value, new_value = old and old[2], new and new[2]
        moved.append(
            {
                **dict(zip(("calendar", "period", "level", "code", "indicator"), key, strict=True)),
                "before": _figure(old),
                "after": _figure(new),
                "change": None if old_value is None or new_value is None else new_value - old_value,
            }
        )
    order = {level: place for place, level in enumerate(LEVELS)}
    return sorted(
        moved,
        key=lambda row: (
            order[row["level"]], row["calendar"], row["period"], row["code"], row["indicator"],
        ),
    )  # fmt: skip


def _figure(found: tuple | None) -> dict | None:
    if found is None:
        return None
    return dict(zip(("numerator", "denominator", "value", "status"), found, strict=True))
