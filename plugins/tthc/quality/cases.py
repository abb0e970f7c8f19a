"""Rows that were sent back and return: a mended one closes its case, one that is refused still goes on with it.

A case is a refused row and the attempts to mend it: lines of ``ops.quarantine`` with one ``case_id``, of which at
most one is open. ``ops.returned_rows`` says which row of a file is which case, as the file itself says it.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from tthc.quality.naming import bare_key, key_is_whole, runner, staging_of
from tthc.sources.streams import Stream

#: Why a row that came back mended, and is good, is over.
RETURNED = "Đã sửa trong phiếu trả lại."

# What a file that came back says: this row of it is that case, mended by so and so.
_CLAIMS = """
SELECT c.mended_by, s.row_number, coalesce(n.case_id, n.quarantine_id) AS case_id
FROM ops.returned_rows AS c
INNER JOIN ops.quarantine AS n ON n.quarantine_id = c.quarantine_id
INNER JOIN {staging} AS s ON s.fetch_id = c.fetch_id AND s.address = c.address
WHERE
    c.fetch_id = {fetch_id}
    AND {refused} (
        SELECT FROM staging.verdicts AS v
        WHERE
            v.stream = {stream} AND v.fetch_id = c.fetch_id AND v.row_number = s.row_number
            AND cardinality(v.refused) > 0
    )
"""

_CLOSE_CASES = """
UPDATE ops.quarantine AS q
SET
    state = 'resolved', decided_at = now(), decided_by = coalesce(c.mended_by, 'tthc'), decision_reason = c.why,
    closed_fetch_id = f.fetch_id, closed_row_number = c.row_number
FROM ({claims}) AS c, ops.fetches AS f, ops.fetches AS l
WHERE
    f.fetch_id = {fetch_id}
    AND l.fetch_id = q.last_fetch_id
    AND q.fetch_id <> f.fetch_id
    AND q.state = 'open'
    AND coalesce(q.case_id, q.quarantine_id) = c.case_id
    AND (f.fetched_at, f.fetch_id) >= (l.fetched_at, l.fetch_id)
"""


def close_cases(run, stream: Stream, fetch_id: int) -> int:
    """Close the cases whose number a good row of this reading carries, in the name of who mended it; return how many.

    The reading must be staged and judged.
    """
    if not has_returns(run, fetch_id):
        return 0
    good = sql.SQL("SELECT r.*, {why} AS why FROM ({claims}) AS r").format(
        why=RETURNED, claims=_claims(stream, fetch_id, refused=False)
    )
    return run(sql.SQL(_CLOSE_CASES).format(claims=good, fetch_id=fetch_id)).rowcount


def continue_cases(run, stream: Stream, fetch_id: int) -> None:
    """Let what came back in this reading, and is refused still, go on with its case: one open row for each.

    ``ops.quarantine`` must hold the refused rows of the reading.
    """
    if not has_returns(run, fetch_id):
        return
    claims = _claims(stream, fetch_id, refused=True)
    run(
        sql.SQL(
            "UPDATE ops.quarantine AS q SET case_id = c.case_id FROM ({claims}) AS c"
            " WHERE q.fetch_id = {fetch_id} AND q.row_number = c.row_number AND q.state = 'open'"
            " AND q.quarantine_id <> c.case_id"
        ).format(claims=claims, fetch_id=fetch_id)
    )
    opened = sql.SQL(
        "SELECT r.*, 'Bản sửa vẫn chưa đạt: theo dõi tiếp ở số ' || o.quarantine_id || '.' AS why"
        " FROM ({claims}) AS r INNER JOIN ops.quarantine AS o ON o.fetch_id = {fetch_id}"
        " AND o.row_number = r.row_number AND o.case_id = r.case_id AND o.state = 'open'"
    ).format(claims=claims, fetch_id=fetch_id)
    run(sql.SQL(_CLOSE_CASES).format(claims=opened, fetch_id=fetch_id))


def reopen(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> int:
    """Open again what a file had closed that is taken back, unless something newer has replaced it; return how many.

    The versions and refusals of the file itself must be gone already.
    """
    run = runner(connection)
    opened = run(
        "UPDATE ops.quarantine AS q SET state = 'open', decided_at = NULL, decided_by = NULL, decision_reason = NULL,"
        " closed_fetch_id = NULL, closed_row_number = NULL FROM ops.fetches AS f"
        " WHERE q.closed_fetch_id = %s AND q.fetch_id <> q.closed_fetch_id AND q.state = 'resolved'"
        " AND f.fetch_id = q.fetch_id AND f.state = 'merged' RETURNING q.quarantine_id",
        (fetch_id,),
    ).fetchall()
    numbers = [number for (number,) in opened]
    if numbers and key_is_whole(stream):
        run(
            sql.SQL(
                "UPDATE ops.quarantine AS q SET state = 'resolved', decided_at = now(), decided_by = 'tthc',"
                " decision_reason = 'Bản mới hơn đã có từ trước.', closed_fetch_id = t.fetch_id"
                " FROM {table} AS t, ops.fetches AS l WHERE q.quarantine_id = ANY ({numbers})"
                " AND l.fetch_id = q.last_fetch_id AND t.commune_code = q.commune_code AND {row_key} = q.row_key"
                " AND (t.fetched_at, t.fetch_id) > (l.fetched_at, l.fetch_id)"
            ).format(
                table=sql.Identifier(*stream.table.split(".")),
                numbers=numbers,
                row_key=bare_key(stream, "t"),
            )
        )
        run(
            "UPDATE ops.quarantine AS q SET state = 'resolved', decided_at = now(), decided_by = 'tthc',"
            " decision_reason = 'Bản sau thay thế.', closed_fetch_id = n.fetch_id"
            " FROM ops.quarantine AS k, ops.fetches AS n, ops.fetches AS l WHERE q.quarantine_id = ANY (%s)"
            " AND q.state = 'open' AND k.commune_code = q.commune_code AND k.stream = q.stream"
            " AND k.row_key = q.row_key AND k.quarantine_id <> q.quarantine_id AND n.fetch_id = k.last_fetch_id"
            " AND n.state = 'merged' AND l.fetch_id = q.last_fetch_id"
            " AND (n.fetched_at, n.fetch_id) > (l.fetched_at, l.fetch_id)",
            (numbers,),
        )
    return len(numbers)


def has_returns(run, fetch_id: int) -> bool:
    """Whether a reading says of some of its rows that they are mended ones."""
    return run("SELECT EXISTS (SELECT FROM ops.returned_rows WHERE fetch_id = %s)", (fetch_id,)).fetchone()[0]


def _claims(stream: Stream, fetch_id: int, *, refused: bool) -> sql.Composed:
    return sql.SQL(_CLAIMS).format(
        staging=staging_of(stream),
        stream=stream.stream,
        fetch_id=fetch_id,
        refused=sql.SQL("EXISTS" if refused else "NOT EXISTS"),
    )
