"""Which sources of a period are missing or late, and since which day: what makes a number ``incomplete``.

A source knows a day once it was read on that day or later. The city is asked for windows, so a day must also lie in
one; a file tells what its system or its keeper knew when it came. A reading that was stopped or taken back counts for
nothing.
"""

from __future__ import annotations

from datetime import date

import psycopg

from tthc import settings
from tthc.indicators import definitions
from tthc.sources import streams
from tthc.workdays.periods import Period

_CITY = """
WITH known AS (
    SELECT range_agg(daterange(f.window_from, least(f.window_to, core.day_of(f.fetched_at)), '[]')) AS days
    FROM ops.fetches AS f
    WHERE
        f.commune_code = %(commune)s AND f.stream = %(stream)s AND f.state = 'merged' AND f.is_complete
        AND f.window_from <= least(f.window_to, core.day_of(f.fetched_at))
)

SELECT lower(datemultirange(daterange(%(first)s, %(last)s, '[]')) - coalesce(days, '{}')) AS since FROM known
"""
_FILE = """
SELECT CASE
    WHEN max(core.day_of(fetched_at)) IS NULL THEN %(first)s::date
    WHEN max(core.day_of(fetched_at)) < %(last)s THEN greatest(max(core.day_of(fetched_at)) + 1, %(first)s::date)
END AS since
FROM ops.fetches
WHERE commune_code = %(commune)s AND stream = %(stream)s AND state = 'merged'
"""


def gaps(connection: psycopg.Connection, period: Period) -> dict[str, date]:
    """Return the sources of today's indicators that do not know the whole period: the first day each lacks."""
    asked = sorted({name for indicator in definitions.indicators().values() for name in indicator.sources})
    found = {}
    for name in asked:
        row = connection.execute(
            _CITY if streams.stream_named(name).kind == "city" else _FILE,
            {
                "commune": settings.commune_code(),
                "stream": name,
                "first": period.start,
                "last": period.end,
            },
        ).fetchone()
        if row["since"] is not None:
            found[name] = row["since"]
    return found


def lacking(indicator: definitions.Indicator, missing: dict[str, date]) -> dict[str, date]:
    """Return the sources that one indicator lacks, its parts' too, each with the first day."""
    known = definitions.indicators()
    found = {name: missing[name] for name in indicator.sources if name in missing}
    for other in indicator.reads:
        found |= lacking(known[other], missing)
    return found
