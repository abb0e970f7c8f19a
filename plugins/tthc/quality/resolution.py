"""When a quarantined row is over: replaced, mended, judged again and accepted, or simply no longer there.

Readings may be loaded in any order, so everything is decided by the moments of the readings, never by the
order in which they arrive here.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

from tthc.quality.cases import close_cases
from tthc.quality.naming import bare_key, key_is_whole, row_key_of, runner, staging_of
from tthc.sources.streams import Stream

#: Why a row that its newest judgement no longer refuses is over: it was merged after all.
MENDED = "Xét lại: dòng đã đạt."

_RESOLVE = """
UPDATE ops.quarantine AS q
SET
    state = 'resolved', decided_at = now(), decided_by = 'tthc', decision_reason = {why},
    closed_fetch_id = f.fetch_id, closed_row_number = NULL
FROM ops.fetches AS f, ops.fetches AS l
WHERE
    f.fetch_id = {fetch_id}
    AND l.fetch_id = q.last_fetch_id
    AND q.commune_code = f.commune_code
    AND q.stream = f.stream
    AND q.state = 'open'
    AND (f.fetched_at, f.fetch_id) >= (l.fetched_at, l.fetch_id)
    AND {when}
"""


def resolve_mended(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> int:
    """Resolve the open rows whose key has a good last row in this reading; return how many.

    Rows of this reading itself that its newest judgement no longer refuses are resolved as well, and cases whose
    number a good row of it carries.
    """
    run = runner(connection)
    resolved = run(
        sql.SQL(_RESOLVE).format(
            fetch_id=fetch_id,
            why=MENDED,
            when=sql.SQL(
                "q.fetch_id = f.fetch_id AND NOT EXISTS (SELECT FROM staging.verdicts AS v"
                " WHERE v.stream = q.stream AND v.fetch_id = q.fetch_id AND v.row_number = q.row_number"
                " AND cardinality(v.refused) > 0)"
                " AND EXISTS (SELECT FROM {staging} AS s"
                " WHERE s.fetch_id = q.fetch_id AND s.row_number = q.row_number)"
            ).format(staging=staging_of(stream)),
        )
    ).rowcount
    resolved += close_cases(run, stream, fetch_id)
    if key_is_whole(stream):
        resolved += run(
            sql.SQL(_RESOLVE).format(
                fetch_id=fetch_id,
                why="Bản sau đã tốt.",
                when=sql.SQL(
                    "q.row_key IN (SELECT w.row_key FROM ("
                    "SELECT DISTINCT ON (s.row_key) s.row_key, s.row_number FROM ("
                    "SELECT {row_key} AS row_key, t.row_number FROM {staging} AS t"
                    " WHERE t.fetch_id = {fetch_id}"
                    ") AS s WHERE s.row_key IN (SELECT o.row_key FROM ops.quarantine AS o"
                    " WHERE o.stream = {stream} AND o.state = 'open')"
                    " ORDER BY s.row_key, s.row_number DESC) AS w"
                    " WHERE NOT EXISTS (SELECT FROM staging.verdicts AS v WHERE v.stream = {stream}"
                    " AND v.fetch_id = {fetch_id} AND v.row_number = w.row_number"
                    " AND cardinality(v.refused) > 0))"
                ).format(
                    row_key=row_key_of(stream, "t"),
                    staging=staging_of(stream),
                    stream=stream.stream,
                    fetch_id=fetch_id,
                ),
            )
        ).rowcount
    return resolved


def resolve_replaced(run, stream: Stream, fetch_id: int, *, whole: bool = True) -> None:
    """Resolve open rows that this reading replaces by other content, or (when it is staged whole) no longer brings.

    A row of this reading may itself be out of date already. ``refused_rows`` (see ``record``) must be there.
    """
    if key_is_whole(stream):
        table = sql.Identifier(*stream.table.split("."))
        run(
            sql.SQL(_RESOLVE).format(
                fetch_id=fetch_id,
                why="Bản mới hơn đã có từ trước.",
                when=sql.SQL(
                    "q.fetch_id = f.fetch_id AND (EXISTS (SELECT FROM {table} AS t"
                    " WHERE t.commune_code = q.commune_code AND {row_key} = q.row_key"
                    " AND (t.fetched_at, t.fetch_id) > (l.fetched_at, l.fetch_id))"
                    " OR EXISTS (SELECT FROM ops.quarantine AS k"
                    " INNER JOIN ops.fetches AS n ON n.fetch_id = k.last_fetch_id"
                    " WHERE k.commune_code = q.commune_code AND k.stream = q.stream AND k.row_key = q.row_key"
                    " AND k.quarantine_id <> q.quarantine_id AND n.state <> 'undone'"
                    " AND (n.fetched_at, n.fetch_id) > (l.fetched_at, l.fetch_id)))"
                ).format(table=table, row_key=bare_key(stream, "t")),
            )
        )
        run(
            sql.SQL(_RESOLVE).format(
                fetch_id=fetch_id,
                why="Bản sau thay thế.",
                when=sql.SQL(
                    "EXISTS (SELECT FROM (SELECT DISTINCT ON (n.row_key) n.* FROM refused_rows AS n"
                    " ORDER BY n.row_key, n.row_number DESC) AS r WHERE r.row_key = q.row_key"
                    " AND (r.row_hash, r.rules) IS DISTINCT FROM (q.row_hash, q.rules))"
                ),
            )
        )
    if not whole:
        return
    # A row without a key of its own cannot be replaced by key: it is over when the same question no longer
    # brings it.
    run(
        sql.SQL(_RESOLVE).format(
            fetch_id=fetch_id,
            why="Lần đọc sau của cùng khoảng không còn dòng này.",
            when=sql.SQL(
                "{rows} AND q.last_fetch_id <> f.fetch_id AND f.is_complete AND f.kind <> 'codes'"
                " AND f.source = l.source AND (l.window_from IS NULL OR"
                " (f.window_from <= l.window_from AND f.window_to >= l.window_to))"
                " AND NOT EXISTS (SELECT FROM refused_rows AS r"
                " WHERE r.row_key IS NOT DISTINCT FROM q.row_key AND r.row_hash = q.row_hash)"
            ).format(rows=sql.SQL("q.row_key IS NULL" if key_is_whole(stream) else "true")),
        )
    )
