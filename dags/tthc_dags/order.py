"""A stream is judged after the streams it waits for: dossiers after the progress events of the same reading.

The schedules leave minutes between the two; this makes it certain when one reading is slow or both are
started together.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from airflow.sdk.exceptions import AirflowRescheduleException

from tthc.sources.streams import Stream
from tthc_dags import communes

PATIENCE_SECONDS = 600
STEP_SECONDS = 0.3
GIVEN_AWAY_SECONDS = 20
HOUR = 3600

_UNDER_WAY = """
    SELECT other.stream
    FROM ops.fetches AS mine
    INNER JOIN ops.fetches AS other
        ON other.commune_code = mine.commune_code AND other.fetch_id < mine.fetch_id
    WHERE
        mine.fetch_id = %s
        AND other.stream = ANY (%s)
        AND other.state IN ('fetching', 'fetched')
        AND other.started_at > mine.started_at - make_interval(secs => %s)
    LIMIT 1
"""


def wait_for_others(stream: Stream, fetch_id: int, say: Callable[[str], None]) -> None:
    """Return when no earlier reading of a stream that this one waits for is under way.

    A reading that was stopped by a rule is over. One that hangs is waited for ten minutes and then said to
    hang: its rows will be merged by its next reading, and what waited for them is judged again then. Among several
    communes, where many readings wait for their turn, this one gives its slot away meanwhile, for up to an hour.
    """
    from tthc.warehouse import database

    if not stream.after:
        return
    if communes.are_several():
        _give_way(stream, fetch_id, say)
        return
    deadline, told = time.monotonic() + PATIENCE_SECONDS, False
    with database.connection(autocommit=True) as connection:
        while True:
            row = connection.execute(_UNDER_WAY, (fetch_id, list(stream.after), PATIENCE_SECONDS)).fetchone()
            if row is None:
                return
            if time.monotonic() > deadline:
                say(f"{row['stream']} chưa xong sau {PATIENCE_SECONDS} giây; kiểm tra tiếp mà không chờ nữa.")
                return
            if not told:
                say(f"Chờ {row['stream']} gộp xong rồi mới kiểm tra.")
                told = True
            time.sleep(STEP_SECONDS)


def _give_way(stream: Stream, fetch_id: int, say: Callable[[str], None]) -> None:
    from tthc.warehouse import database

    with database.connection(autocommit=True) as connection:
        row = connection.execute(_UNDER_WAY, (fetch_id, list(stream.after), HOUR)).fetchone()
        waited = connection.execute(
            "SELECT fetched_at < now() - make_interval(secs => %s) AS enough FROM ops.fetches WHERE fetch_id = %s",
            (HOUR, fetch_id),
        ).fetchone()
    if row is None:
        return
    if waited["enough"]:
        say(f"{row['stream']} chưa xong sau một giờ; kiểm tra tiếp mà không chờ nữa.")
        return
    say(f"Chờ {row['stream']} gộp xong rồi mới kiểm tra; nhường chỗ cho xã khác.")
    raise AirflowRescheduleException(datetime.now(UTC) + timedelta(seconds=GIVEN_AWAY_SECONDS))
