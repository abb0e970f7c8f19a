"""What an export says of itself, kept beside what was counted: its totals, and the days of reception it covers.

A file tells them in its title rows and its row of totals; they are noted when the file is received, and compared
when its rows are staged.
"""

from __future__ import annotations

import psycopg

from tthc.sources.own_totals import ROWS, SUMMED, Said
from tthc.sources.streams import Stream


def note_said(connection: psycopg.Connection, stream: Stream, fetch_id: int, said: Said) -> None:
    """Note the totals and the window that a file prints; safe to repeat."""
    names = {column.header: column.name for column in stream.staged_columns if column.type in SUMMED}
    for total in said.totals:
        measure = total.header if total.header == ROWS else names.get(total.header)
        if measure:
            connection.execute(
                "INSERT INTO ops.control_totals (fetch_id, measure, said, place) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (fetch_id, measure) DO UPDATE SET said = excluded.said, place = excluded.place",
                (fetch_id, measure, total.value, total.place),
            )
    if stream.window_by and said.first and said.last:
        connection.execute(
            "UPDATE ops.fetches SET window_from = %(first)s, window_to = %(last)s,"
            " covers = datemultirange(daterange(%(first)s, %(last)s, '[]')) WHERE fetch_id = %(fetch_id)s",
            {"first": said.first, "last": said.last, "fetch_id": fetch_id},
        )


def note_counted(connection: psycopg.Connection, stream: Stream, fetch_id: int) -> None:
    """Set beside the totals what the staged rows give, and the days they cover where no window was printed."""
    measures = [
        row["measure"] if isinstance(row, dict) else row[0]
        for row in connection.execute(
            "SELECT measure FROM ops.control_totals WHERE fetch_id = %s", (fetch_id,)
        ).fetchall()
    ]
    for measure in measures:
        counted = "count(*)" if measure == ROWS else f"coalesce(sum({measure}), 0)"
        connection.execute(
            f"UPDATE ops.control_totals SET counted = (SELECT {counted} FROM {stream.staging_table}"
            f" WHERE fetch_id = %(fetch_id)s) WHERE fetch_id = %(fetch_id)s AND measure = %(measure)s",
            {"fetch_id": fetch_id, "measure": measure},
        )
    if stream.window_by:
        connection.execute(
            f"UPDATE ops.fetches SET covers = (SELECT core.joined_days(range_agg(daterange(day, day + 1)))"
            f" FROM (SELECT DISTINCT core.day_of({stream.window_by}) AS day FROM {stream.staging_table}"
            f"  WHERE fetch_id = %(fetch_id)s AND {stream.window_by} IS NOT NULL) AS days)"
            # Rows that were sent back and return are picked out: their days are covered by nobody.
            f" WHERE fetch_id = %(fetch_id)s AND window_from IS NULL"
            f" AND NOT EXISTS (SELECT FROM ops.returned_rows AS r WHERE r.fetch_id = ops.fetches.fetch_id)",
            {"fetch_id": fetch_id},
        )
