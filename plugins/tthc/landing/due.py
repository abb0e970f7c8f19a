"""What to ask the city next: windows of days, the days that came short, the whole year once a month.

Planning looks only at what the ledger says of earlier readings. A reading counts when it was merged: one that
was stopped, undone or left half way is as good as never made.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

import psycopg

from tthc import settings
from tthc.sources.streams import Stream

#: How far each reading goes back before the last complete one: pages shift and records arrive late.
OVERLAP = timedelta(days=7)
#: Until this day of a year the year before is read too.
YEAR_BEFORE_UNTIL = (3, 31)
ZONE = "Asia/Ho_Chi_Minh"
DAY = timedelta(days=1)


def last_complete(connection: psycopg.Connection, stream: Stream) -> date | None:
    """Return the day up to which the city has been read without a gap, or None before the first reading.

    A reading counts up to its own day, however far its window went, and one that starts after a gap (somebody
    asked for a single month) counts for nothing, so that the gap is read next.
    """
    read = connection.execute(
        """
        SELECT window_from, least(window_to, (fetched_at AT TIME ZONE %s)::date) AS last_day
        FROM ops.fetches
        WHERE
            commune_code = %s AND stream = %s AND kind IN ('window', 'year')
            AND state = 'merged' AND is_complete AND window_from IS NOT NULL
        ORDER BY fetch_id
        """,
        (ZONE, settings.commune_code(), stream.stream),
    ).fetchall()
    last: date | None = None
    for first_day, last_day in read:
        if last is None or first_day <= last + DAY:
            last = max(last or last_day, last_day)
    return last


def windows_to_read(connection: psycopg.Connection, stream: Stream, today: date) -> tuple[date, date]:
    """Return the first and last day to ask for on ``today``: since the last complete reading, less a week."""
    last = last_complete(connection, stream)
    if last is None:
        return first_day_of_years(today), today
    return min(last, today) - OVERLAP, today


def year_is_due(connection: psycopg.Connection, stream: Stream, today: date) -> tuple[date, date] | None:
    """Return the days of the whole-year reading; None when one was merged in the month of ``today``.

    It catches what no window shows: corrections without an event, and deletions.
    """
    (done,) = connection.execute(
        """
        SELECT EXISTS (
            SELECT FROM ops.fetches
            WHERE
                commune_code = %(commune)s AND stream = %(stream)s AND kind = 'year' AND state = 'merged'
                AND date_trunc('month', fetched_at AT TIME ZONE %(zone)s)
                    = date_trunc('month', %(today)s::timestamp)
        )
        """,
        {"commune": settings.commune_code(), "stream": stream.stream, "zone": ZONE, "today": today},
    ).fetchone()
    return None if done else (first_day_of_years(today), today)


def short_days(connection: psycopg.Connection, stream: Stream) -> list[date]:
    """Return the days, in order, that stayed short after three passes and that nobody has completed since."""
    found = connection.execute(
        """
        SELECT DISTINCT short.window_from
        FROM ops.fetch_windows AS short
        JOIN ops.fetches AS reading USING (fetch_id)
        WHERE
            reading.commune_code = %(commune)s AND reading.stream = %(stream)s
            AND reading.state IN ('fetched', 'merged', 'stopped')
            AND short.state = 'short' AND short.window_from IS NOT NULL
            AND NOT EXISTS (
                SELECT FROM ops.fetch_windows AS later
                JOIN ops.fetches AS later_reading USING (fetch_id)
                WHERE
                    later_reading.commune_code = %(commune)s AND later_reading.stream = %(stream)s
                    AND later_reading.state IN ('fetched', 'merged')
                    AND later.fetch_id > short.fetch_id AND later.state = 'complete'
                    AND short.window_from BETWEEN later.window_from AND later.window_to
            )
        ORDER BY 1
        """,
        {"commune": settings.commune_code(), "stream": stream.stream},
    )
    return [day for (day,) in found]


def first_day_of_years(today: date) -> date:
    """Return 1 January of the year, until 31 March that of the year before.

    >>> first_day_of_years(date(2026, 3, 31)), first_day_of_years(date(2026, 4, 1))
    (datetime.date(2025, 1, 1), datetime.date(2026, 1, 1))
    """
    return date(today.year - ((today.month, today.day) <= YEAR_BEFORE_UNTIL), 1, 1)


def months(first: date, last: date) -> Iterator[tuple[date, date]]:
    """Yield the parts of the days ``first`` to ``last`` that lie in one calendar month each.

    >>> [(str(a), str(b)) for a, b in months(date(2025, 7, 20), date(2025, 9, 2))]
    [('2025-07-20', '2025-07-31'), ('2025-08-01', '2025-08-31'), ('2025-09-01', '2025-09-02')]
    """
    while first <= last:
        end = min(last, first.replace(day=monthrange(first.year, first.month)[1]))
        yield first, end
        first = end + DAY


def halves(first: date, last: date) -> tuple[tuple[date, date], tuple[date, date]]:
    """Return the two halves of two or more days.

    >>> [(a.day, b.day) for a, b in halves(date(2025, 7, 1), date(2025, 7, 31))]
    [(1, 16), (17, 31)]
    """
    middle = first + (last - first) // 2
    return (first, middle), (middle + DAY, last)
