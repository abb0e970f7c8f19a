"""What a change in core moves downstream: the dossiers to derive again, and the months whose numbers can change."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg

from tthc import settings
from tthc.landing import recognition
from tthc.sources.streams import Stream, city_streams
from tthc.warehouse import database, reconciliation, tables

#: So many dossiers are derived in one statement: few enough for its sorts and hashes to stay small.
_AT_ONCE = 20_000
#: Which dossiers a changed row of each core table touches, given the temporary table ``changed``.
_TOUCHED = {
    "core.dossiers": "SELECT DISTINCT commune_code, dossier_code FROM changed",
    "core.progress_events": "SELECT DISTINCT commune_code, dossier_code FROM changed",
    "core.procedures": (
        "SELECT d.commune_code, d.dossier_code FROM core.dossiers AS d"
        " WHERE (d.commune_code, d.procedure_code) IN (SELECT commune_code, procedure_code FROM changed)"
    ),
    "core.working_days": (
        "SELECT d.commune_code, d.dossier_code FROM core.dossiers AS d"
        " WHERE d.commune_code IN (SELECT commune_code FROM changed)"
    ),
    "core.apology_letters": "SELECT DISTINCT commune_code, dossier_code FROM changed",
    # What a row says now and what it said before may be about two dossiers, and the older version may be gone: so
    # the dossiers of which something else is derived than is said now.
    "core.ratings": (
        "SELECT d.commune_code, d.dossier_code FROM marts.dossiers AS d LEFT JOIN ("
        " SELECT commune_code, dossier_code, bool_or(item = 'overall' AND NOT is_satisfied) AS is_bad"
        " FROM core.ratings GROUP BY commune_code, dossier_code) AS r USING (commune_code, dossier_code)"
        " WHERE d.is_rated <> (r.is_bad IS NOT NULL) OR d.is_rated_badly <> coalesce(r.is_bad, false)"
    ),
    "core.petitions": (
        "SELECT d.commune_code, d.dossier_code FROM marts.dossiers AS d WHERE d.has_petition <> EXISTS ("
        " SELECT FROM core.petitions AS p"
        " WHERE p.commune_code = d.commune_code AND p.dossier_code = d.dossier_code)"
    ),
    "core.inspection_records": (
        "SELECT d.commune_code, d.dossier_code FROM marts.dossiers AS d WHERE d.has_process_violation <> EXISTS ("
        " SELECT FROM core.process_violations AS v"
        " WHERE v.commune_code = d.commune_code AND v.dossier_code = d.dossier_code)"
    ),
    # Another official of the same name takes a dossier from everyone who has it, or gives it back.
    "restricted.staff": (
        "SELECT DISTINCT d.commune_code, d.dossier_code FROM marts.dossiers AS d"
        " INNER JOIN core.progress_events AS e"
        "  ON e.commune_code = d.commune_code AND e.dossier_code = d.dossier_code AND e.official_key IS NOT NULL"
        " WHERE num_nulls(d.official_code, d.late_official_code, d.reception_official_code) > 0"
        " AND e.official_key IN (SELECT official_key FROM restricted.staff)"
        " UNION SELECT d.commune_code, d.dossier_code FROM marts.dossiers AS d CROSS JOIN LATERAL"
        " (VALUES (d.official_code), (d.late_official_code), (d.reception_official_code)) AS o (code)"
        " WHERE o.code IN (SELECT official_code FROM changed) OR o.code IN (SELECT s.official_code"
        "  FROM restricted.staff AS s INNER JOIN restricted.staff AS t ON t.official_key = s.official_key"
        "  WHERE t.official_code IN (SELECT official_code FROM changed))"
    ),
}
#: From which day through which a row of a table is counted by an item table of its own; no last day: until today.
_LIVES = {
    "core.petitions": (
        "core.day_of(coalesce(t.transferred_at, t.sent_at))",
        "core.day_of(CASE WHEN t.replied_at IS NULL THEN coalesce(t.refused_at, t.supplement_requested_at)"
        " ELSE greatest(t.replied_at, t.published_at) END)",
    ),
    "core.ratings": ("core.day_of(t.rated_at)", "core.day_of(t.rated_at)"),
    # A procedure that was once payable online stays so; what is paid counts on its day.
    "core.payments": ("core.day_of(coalesce(t.paid_at, t.requested_at))", "NULL::date"),
    # What is not done is overdue until it is; a reminder is owed some days after the deadline.
    "core.tasks": (
        "least(t.due_on, t.done_on, t.obstacle_due_on, t.obstacle_reported_on)",
        "CASE WHEN t.done_on IS NOT NULL THEN greatest(t.done_on, t.obstacle_due_on, t.obstacle_reported_on,"
        " coalesce(marts.working_day_after(t.commune_code, t.due_on, 3), t.due_on + 1)) END",
    ),
    "core.reviews": (
        "least(t.due_on, t.proposed_on, t.answered_on)",
        "greatest(t.due_on, t.proposed_on, t.answered_on)",
    ),
    # A check holds until the next one.
    "core.publicity_checks": (
        "t.checked_on",
        "(SELECT min(n.checked_on) - 1 FROM core.publicity_checks AS n WHERE n.commune_code = t.commune_code"
        " AND n.procedure_code = t.procedure_code AND n.checked_on > t.checked_on)",
    ),
    # Whether the catalogue has a procedure is asked from the first check of publicity, or the first dossier, on.
    "core.procedures": (
        "least((SELECT min(p.checked_on) FROM core.publicity_checks AS p WHERE p.commune_code = t.commune_code),"
        " (SELECT min(d.received_on) FROM marts.dossiers AS d WHERE d.commune_code = t.commune_code AND d.is_counted))",
        "NULL::date",
    ),
    # The terms that lie about a day off: only who has such terms is moved by it.
    "core.working_days": (
        "CASE WHEN EXISTS (SELECT FROM core.tasks AS o WHERE o.commune_code = t.commune_code) OR EXISTS"
        " (SELECT FROM core.publicity_checks AS o WHERE o.commune_code = t.commune_code) THEN t.day - 14 END",
        "t.day + 14",
    ),
    "core.inspection_records": (
        "least(t.planned_on, t.inspected_on, t.mend_due_on)",
        "greatest(t.planned_on, t.inspected_on, t.mend_due_on)",
    ),
    "core.document_exchanges": ("core.day_of(t.exchanged_at)", "core.day_of(t.exchanged_at)"),
    # A briefing counts to the end of its year.
    "restricted.conduct_records": (
        "t.happened_on",
        "CASE t.kind WHEN 'briefing' THEN make_date(extract(YEAR FROM t.happened_on)::integer, 12, 31)"
        " ELSE t.happened_on END",
    ),
    # Who was at a post is asked from the first briefing on.
    "restricted.staff": (
        "(SELECT CASE WHEN min(r.happened_on) IS NOT NULL THEN greatest(t.starts_on, min(r.happened_on)) END"
        " FROM restricted.conduct_records AS r WHERE r.commune_code = t.commune_code AND r.kind = 'briefing')",
        "t.ends_on",
    ),
    # The result of a year is a number of that year alone.
    "core.official_results": ("make_date(t.result_year, 12, 1)", "make_date(t.result_year, 12, 1)"),
}


#: The small tables that are filled from a changed core table before any dossier is derived.
_REFILLED = {"core.procedures": ("core.procedures_in_force",), "core.working_days": ("marts.days",)}


def refill_whole(connection: psycopg.Connection, name: str) -> None:
    """Fill one of the small tables anew for the commune."""
    tables.refill(connection, name, {"commune_code": settings.commune_code()})
    connection.execute(f"ANALYZE {name}")


def note_lives(connection: psycopg.Connection, stream: Stream, keys: Collection[Any] | None) -> None:
    """Remember when the rows of some keys (None: all) were counted, before their versions are made again."""
    if stream.table not in _LIVES:
        return
    connection.execute(
        f"CREATE TEMPORARY TABLE lives_before ON COMMIT DROP AS {_lives(stream)}"
        f" WHERE t.commune_code = %(commune)s"
        f" AND (%(keys)s::text[] IS NULL OR t.{stream.key[0]}::text = ANY (%(keys)s))",
        {"commune": settings.commune_code(), "keys": None if keys is None else [str(key) for key in keys]},
    )


def _lives(stream: Stream) -> str:
    first, last = _LIVES[stream.table]
    return f"SELECT {first} AS first_day, {last} AS last_day FROM {stream.history_table} AS t"


def _months_of_lives(connection: psycopg.Connection, stream: Stream) -> set[str]:
    """Return the months, in either calendar, in which what changed is counted, or was."""
    if stream.table not in _LIVES:
        return set()
    # A replay tells the first column of a key, a merge all of them.
    told = connection.execute(
        "SELECT attname AS name FROM pg_attribute WHERE attrelid = 'changed'::regclass AND attname = ANY (%s)",
        (list(stream.key),),
    ).fetchall()
    key, keys = (", ".join(prefix + row["name"] for row in told) for prefix in ("t.", ""))
    connection.execute(
        "CREATE TEMPORARY TABLE IF NOT EXISTS lives_before (first_day date, last_day date) ON COMMIT DROP"
    )
    months = _months_of_days(
        connection,
        f"SELECT * FROM lives_before UNION {_lives(stream)}"
        f" WHERE t.commune_code = %(commune_code)s AND ({key}) IN (SELECT {keys} FROM changed)",
        {},
    )
    connection.execute("DROP TABLE lives_before")
    return months


def _months_of_days(connection: psycopg.Connection, days: str, parameters: dict) -> set[str]:
    rows = connection.execute(
        _MONTHS_OF_DAYS.format(days=days), {"commune_code": settings.commune_code(), **parameters}
    )
    return {row["month"] for row in rows}


def after(
    connection: psycopg.Connection,
    stream: Stream,
    including: int | None = None,
    without: int | None = None,
) -> list[str]:
    """Derive again what the rows of ``changed`` touch; return the labels of the months that can have moved.

    ``including`` is the reading that is being merged, which the ledger does not call merged yet; ``without`` one that
    is being taken back.
    """
    for name in _REFILLED.get(stream.table, ()):
        refill_whole(connection, name)
    _let_be_judged_again(connection, stream)
    months = _months_of_lives(connection, stream)
    # That a source has now been asked of some days is itself something that a number says.
    reading = including if including is not None else without
    months |= _months_of_days(connection, _ASKED, {"reading": reading, "stream": stream.stream})
    if stream.table in _TOUCHED:
        months.update(derive(connection, _TOUCHED[stream.table]))
    return sorted(months.union(reconciliation.after(connection, stream, including)))


def _let_be_judged_again(connection: psycopg.Connection, stream: Stream) -> None:
    """Forget what is known of the rows that are judged with the help of what changed."""
    key = stream.key[0]
    for waiting in city_streams():
        if stream.stream in waiting.after and waiting.key[0] == key:
            rows = connection.execute(f"SELECT DISTINCT {key} AS key FROM changed").fetchall()
            recognition.forget(connection, waiting, [row["key"] for row in rows])


def derive(connection: psycopg.Connection, touched: str) -> list[str]:
    """Refill ``marts.dossiers`` for the dossiers that a query names; return the months whose numbers can move.

    A dossier moves the months in which its old or its new image is alive, in both calendars; one that is open,
    those up to the newest day that any reading knows. Done in parts, so that memory does not grow with the number.
    """
    # Events and dossiers may be merged at the same time; what they touch is derived by one after the other.
    database.lock(connection, "derive")
    connection.execute("DROP TABLE IF EXISTS touched")
    connection.execute(
        # In the order in which they lie on disk, so that the rows of a part are neighbours.
        f"CREATE TEMPORARY TABLE touched ON COMMIT DROP AS SELECT commune_code, dossier_code,"
        f" (row_number() OVER (ORDER BY d.ctid) - 1) / {_AT_ONCE} AS part FROM ({touched}) AS t"
        f" LEFT JOIN core.dossiers AS d USING (commune_code, dossier_code)"
    )
    parts = connection.execute("SELECT coalesce(max(part) + 1, 0) AS n FROM touched").fetchone()["n"]
    months: set[str] = set()
    for part in range(parts):
        months |= _derive_part(connection, part)
    if parts:
        connection.execute("ANALYZE marts.dossiers (commune_code, dossier_code, received_on, alive_through)")
    return sorted(months)


def _derive_part(connection: psycopg.Connection, part: int) -> set[str]:
    connection.execute("DROP TABLE IF EXISTS touched_dossiers, before")
    connection.execute(
        "CREATE TEMPORARY TABLE touched_dossiers ON COMMIT DROP AS"
        " SELECT commune_code, dossier_code FROM touched WHERE part = %s",
        (part,),
    )
    connection.execute("ANALYZE touched_dossiers")
    connection.execute(
        "CREATE TEMPORARY TABLE before ON COMMIT DROP AS"
        " SELECT d.* FROM marts.dossiers AS d INNER JOIN touched_dossiers AS t USING (commune_code, dossier_code)"
    )
    connection.execute("ANALYZE before (commune_code, dossier_code)")
    tables.refill(connection, "marts.dossiers")
    rows = connection.execute(_MOVED_MONTHS, {"commune_code": settings.commune_code()})
    return {row["month"] for row in rows}


def derive_everything(connection: psycopg.Connection) -> list[str]:
    """Derive every dossier again, for a changed unit table, calendar, catalogue or shape."""
    for names in _REFILLED.values():
        for name in names:
            refill_whole(connection, name)
    months = derive(connection, "SELECT commune_code, dossier_code FROM core.dossiers")
    return sorted({*months, *reconciliation.everything(connection)})


#: What of a dossier decides in which months it is counted.
_IMAGE = (
    "d.commune_code, d.dossier_code, d.received_on, d.alive_through, d.is_counted, d.due_on, d.outcome, d.gives_result,"
    " d.handed_over_on, CASE WHEN d.status = 9 THEN 'infinity'::date END AS waits_until, d.channel, d.submitted_on"
)
_MOVED_MONTHS = f"""
WITH newest AS (
    SELECT core.day_of(max(fetched_at)) AS day
    FROM ops.fetches
    WHERE commune_code = %(commune_code)s AND kind <> 'file'
),

images AS (
    SELECT {_IMAGE}, d::text AS image
    FROM before AS d
    UNION ALL
    SELECT {_IMAGE}, d::text AS image
    FROM marts.dossiers AS d
    INNER JOIN touched_dossiers AS t USING (commune_code, dossier_code)
),

moved AS (
    -- An image that stands on both sides moved nothing.
    SELECT
        CASE WHEN is_counted THEN received_on END AS received_on,
        least(
            greatest(
                alive_through,
                due_on,
                -- Until somebody comes for it, a result lies there uncollected.
                CASE WHEN outcome = 'resolved' AND gives_result THEN coalesce(handed_over_on, waits_until) END
            ),
            coalesce(newest.day, current_date)
        ) AS through,
        CASE WHEN channel = 2 THEN submitted_on END AS filed_on
    FROM images CROSS JOIN newest
    GROUP BY
        dossier_code, image, is_counted, received_on, alive_through, due_on, outcome, gives_result, handed_over_on,
        waits_until, channel, submitted_on, newest.day
    HAVING count(*) = 1
),

spans AS (
    SELECT DISTINCT
        date_trunc('month', received_on)::date AS first_month,
        date_trunc('month', through)::date AS last_month
    FROM moved
    UNION
    SELECT DISTINCT
        date_trunc('month', received_on + interval '1 month' - interval '14 days')::date,
        date_trunc('month', through + interval '1 month' - interval '14 days')::date
    FROM moved
    UNION
    SELECT date_trunc('month', filed_on)::date, date_trunc('month', filed_on)::date
    FROM moved
    UNION
    SELECT
        date_trunc('month', filed_on + interval '1 month' - interval '14 days')::date,
        date_trunc('month', filed_on + interval '1 month' - interval '14 days')::date
    FROM moved
)

SELECT DISTINCT to_char(m, 'YYYY-MM') AS month
FROM spans
CROSS JOIN LATERAL generate_series(first_month, last_month, interval '1 month') AS m
ORDER BY month
"""

#: The days that a source knows with a reading and would not know without it, among those that anything was counted of.
_ASKED = """
SELECT coalesce(known.day + 1, counted.day) AS first_day, reading.day AS last_day
FROM (SELECT core.day_of(fetched_at) AS day FROM ops.fetches WHERE fetch_id = %(reading)s) AS reading
CROSS JOIN (SELECT min(period_start) AS day FROM indicators.builds WHERE commune_code = %(commune_code)s) AS counted
CROSS JOIN LATERAL (
    SELECT max(core.day_of(f.fetched_at)) AS day
    FROM ops.fetches AS f
    WHERE
        f.commune_code = %(commune_code)s AND f.stream = %(stream)s AND f.state = 'merged'
        AND f.fetch_id <> %(reading)s AND core.day_of(f.fetched_at) <= reading.day
) AS known
WHERE counted.day IS NOT NULL AND coalesce(known.day + 1, counted.day) <= reading.day
"""

_MONTHS_OF_DAYS = """
WITH newest AS (
    SELECT core.day_of(coalesce(max(fetched_at) FILTER (WHERE kind <> 'file'), max(fetched_at))) AS day
    FROM ops.fetches
    WHERE commune_code = %(commune_code)s
),

-- Periods before the first one that was ever counted wait until a person asks for them.
counted AS (
    SELECT coalesce(min(period_start), '-infinity') AS day
    FROM indicators.builds
    WHERE commune_code = %(commune_code)s
),

lives AS (
    SELECT
        greatest(first_day, counted.day) AS first_day,
        greatest(first_day, counted.day, least(coalesce(last_day, newest.day), newest.day)) AS last_day
    FROM ({days}) AS d CROSS JOIN newest CROSS JOIN counted
    WHERE first_day <= newest.day AND coalesce(last_day, newest.day) >= counted.day
)

SELECT DISTINCT to_char(m, 'YYYY-MM') AS month
FROM lives
CROSS JOIN LATERAL (
    VALUES (first_day::timestamp, last_day::timestamp),
    (first_day + interval '1 month' - interval '14 days', last_day + interval '1 month' - interval '14 days')
) AS c (starts, stops)
CROSS JOIN LATERAL generate_series(
    date_trunc('month', starts), date_trunc('month', stops), interval '1 month'
) AS m
"""
