"""The rows that are kept apart: which rule, where they are in the archive, and what became of them.

Never the row itself: whoever may see it reads it from the archive. ``record``, then ``resolve_mended``,
belong inside the transaction that merges a reading, one writer for each stream; both may be repeated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tthc.errors import UsageError
from tthc.quality.cases import continue_cases
from tthc.quality.naming import row_key_of, runner, staging_of, unit_code_of
from tthc.quality.resolution import resolve_mended, resolve_replaced
from tthc.quality.suites import suite_of
from tthc.sources.streams import Stream

__all__ = ["STATES", "list_rows", "open_rows", "record", "reject", "resolve_mended", "show"]

STATES = ("open", "resolved", "released", "rejected")

_REFUSED = """
CREATE TEMP TABLE refused_rows ON COMMIT DROP AS
SELECT
    v.row_number,
    v.refused AS rules,
    s.row_hash,
    s.address AS place,
    {unit_code} AS unit_code,
    {row_key} AS row_key,
    'sha256:' || coalesce(p.sha256, '?') || ' · '
    || coalesce(s.address, 'bản ghi ' || (v.row_number - coalesce(p.first_row, 1) + 1)) AS address
FROM staging.verdicts AS v
INNER JOIN {staging} AS s ON s.fetch_id = v.fetch_id AND s.row_number = v.row_number
INNER JOIN ops.fetches AS f ON f.fetch_id = v.fetch_id
LEFT JOIN LATERAL (
    SELECT
        g.sha256,
        g.first_row
    FROM ops.fetch_pages AS g
    WHERE g.fetch_id = v.fetch_id AND g.first_row <= v.row_number AND g.record_count > 0
    ORDER BY g.first_row DESC
    LIMIT 1
) AS p ON true
WHERE v.stream = {stream} AND v.fetch_id = {fetch_id} AND cardinality(v.refused) > 0
"""

# The same row met again is the same case: it is counted, not opened anew. A rejection stands as well; what was
# released was good at that time, so that being refused again is news.
_SEEN_AGAIN = """
UPDATE ops.quarantine AS q
SET
    seen_count = q.seen_count + CASE WHEN q.last_fetch_id = f.fetch_id THEN 0 ELSE 1 END,
    last_fetch_id = CASE
        WHEN (f.fetched_at, f.fetch_id) > (l.fetched_at, l.fetch_id) THEN f.fetch_id ELSE q.last_fetch_id
    END,
    unit_code = coalesce(r.unit_code, q.unit_code)
FROM refused_rows AS r, ops.fetches AS f, ops.fetches AS l
WHERE
    f.fetch_id = {fetch_id}
    AND l.fetch_id = q.last_fetch_id
    AND q.commune_code = f.commune_code
    AND q.stream = f.stream
    AND q.state IN ('open', 'rejected')
    AND q.row_key IS NOT DISTINCT FROM r.row_key
    AND q.row_hash = r.row_hash
    AND q.rules = r.rules
RETURNING r.row_number, q.row_hash, q.row_key, q.rules
"""

# Only judging the same reading again meets the same (fetch, row): the newest judgement is kept, and opened.
_OPEN = """
INSERT INTO ops.quarantine AS q (
    commune_code, stream, fetch_id, row_number, row_key, row_hash, rules, reason, address, unit_code, last_fetch_id
)
SELECT
    f.commune_code,
    f.stream,
    f.fetch_id,
    r.row_number,
    r.row_key,
    r.row_hash,
    r.rules,
    m.reason,
    r.address,
    r.unit_code,
    f.fetch_id
FROM (
    SELECT DISTINCT ON (row_key, row_hash, rules) *
    FROM refused_rows
    ORDER BY row_key, row_hash, rules, row_number DESC
) AS r
INNER JOIN ops.fetches AS f ON f.fetch_id = {fetch_id}
INNER JOIN (VALUES {reasons}) AS m (rules, reason) ON m.rules = r.rules
WHERE NOT EXISTS (
    SELECT FROM ops.quarantine AS k
    WHERE
        k.commune_code = f.commune_code
        AND k.stream = f.stream
        AND k.state IN ('open', 'rejected')
        AND k.row_key IS NOT DISTINCT FROM r.row_key
        AND k.row_hash = r.row_hash
        AND k.rules = r.rules
)
ON CONFLICT (fetch_id, row_number) DO UPDATE SET
    rules = excluded.rules,
    reason = excluded.reason,
    row_hash = excluded.row_hash,
    row_key = excluded.row_key,
    unit_code = excluded.unit_code,
    state = 'open',
    decided_at = NULL,
    decided_by = NULL,
    decision_reason = NULL,
    closed_fetch_id = NULL,
    closed_row_number = NULL
WHERE q.state <> 'rejected'
"""


def record(connection: psycopg.Connection, stream: Stream, fetch_id: int, *, whole: bool = True) -> int:
    """Put the refused rows of a judged reading into quarantine; return how many staged rows were refused.

    A row met before, with the same key, content and rules, only moves ``seen_count`` and ``last_fetch_id``.
    An open row that a later one of the same key replaces is resolved, and so is a row without a key of its
    own that no longer comes when the same is asked. A row that came back mended, and is refused still, goes on
    with its case. ``whole`` is False when only some rows of the reading
    are staged: then their absence says nothing.
    """
    suite = suite_of(stream)
    run = runner(connection)
    run("DROP TABLE IF EXISTS refused_rows")
    run(
        sql.SQL(_REFUSED).format(
            row_key=row_key_of(stream, "s"),
            unit_code=unit_code_of(stream, "s", "f"),
            staging=staging_of(stream),
            stream=stream.stream,
            fetch_id=fetch_id,
        )
    )
    found = run("SELECT DISTINCT rules FROM refused_rows").fetchall()
    refused = run("SELECT count(*) FROM refused_rows").fetchone()[0]
    if refused:
        run("ANALYZE refused_rows")
        reasons = sql.SQL(", ").join(
            sql.SQL("({}::text[], {}::text)").format(rules, suite.reason(rules)) for (rules,) in found
        )
        run(sql.SQL(_SEEN_AGAIN).format(fetch_id=fetch_id))
        run(sql.SQL(_OPEN).format(fetch_id=fetch_id, reasons=reasons))
        continue_cases(run, stream, fetch_id)
    resolve_replaced(run, stream, fetch_id, whole=whole)
    run("DROP TABLE refused_rows")
    return refused


def list_rows(
    connection: psycopg.Connection,
    state: str | None = "open",
    stream: str | None = None,
    unit: str | None = None,
) -> list[dict[str, Any]]:
    """Return the quarantined rows, newest first; ``None`` means any state, any stream, any unit.

    ``unit`` is a unit's code, or ``""`` for the rows of which no unit is known.
    """
    if state is not None and state not in STATES:
        raise UsageError(f"Không có trạng thái cách ly “{state}”; chỉ có {', '.join(STATES)}.")
    return _dicts(
        connection,
        "SELECT * FROM ops.quarantine WHERE (%(state)s::text IS NULL OR state = %(state)s)"
        " AND (%(stream)s::text IS NULL OR stream = %(stream)s)"
        " AND (%(unit)s::text IS NULL OR coalesce(unit_code, '') = %(unit)s) ORDER BY quarantine_id DESC",
        {"state": state, "stream": stream, "unit": unit},
    )


def open_rows(
    connection: psycopg.Connection, stream: Stream, rules: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Return a stream's open rows, oldest first, to be judged again; ``rules`` = only those failing one."""
    return _dicts(
        connection,
        "SELECT * FROM ops.quarantine WHERE state = 'open' AND stream = %(stream)s"
        " AND (cardinality(%(rules)s::text[]) = 0 OR rules && %(rules)s::text[]) ORDER BY quarantine_id",
        {"stream": stream.stream, "rules": list(rules)},
    )


def show(connection: psycopg.Connection, quarantine_id: int) -> dict[str, Any]:
    """Return one quarantined row with the moment and source of the reading that brought it."""
    found = _dicts(
        connection,
        "SELECT q.*, f.source, f.kind, f.window_from, f.window_to, f.fetched_at FROM ops.quarantine AS q"
        " INNER JOIN ops.fetches AS f ON f.fetch_id = q.fetch_id WHERE q.quarantine_id = %(id)s",
        {"id": quarantine_id},
    )
    if not found:
        raise UsageError(
            f"Không có dòng cách ly số {quarantine_id}. Xem các số bằng lệnh: tthc quarantine list."
        )
    return found[0]


def reject(connection: psycopg.Connection, ids: Sequence[int], by: str, reason: str) -> int:
    """Mark open rows as rejected for good, by a person and with a reason, all or none; return how many."""
    if not by.strip() or not reason.strip():
        raise UsageError("Loại một dòng cách ly cần có người quyết định (--by) và lý do (--reason).")
    wanted = sorted(set(ids))
    run = runner(connection)
    with connection.transaction():
        rows = run(
            "SELECT quarantine_id, state FROM ops.quarantine WHERE quarantine_id = ANY (%s)"
            " ORDER BY quarantine_id FOR UPDATE",
            (wanted,),
        ).fetchall()
        states = dict(rows)
        wrong = [f"{n} ({states.get(n, 'không có')})" for n in wanted if states.get(n) != "open"]
        if wrong or not wanted:
            raise UsageError(
                "Chỉ loại được dòng đang cách ly (open); không phải: "
                f"{', '.join(wrong) or 'chưa nêu số nào'}. Chưa dòng nào bị loại."
            )
        return run(
            "UPDATE ops.quarantine SET state = 'rejected', decided_at = now(), decided_by = %s,"
            " decision_reason = %s WHERE quarantine_id = ANY (%s)",
            (by.strip(), reason.strip(), wanted),
        ).rowcount


def _dicts(
    connection: psycopg.Connection, statement: str, parameters: dict[str, Any]
) -> list[dict[str, Any]]:
    return connection.cursor(row_factory=dict_row).execute(statement, parameters).fetchall()
