"""What is matched piece by piece, in any order, is what matching everything at once gives: random changes."""

from random import Random

import psycopg
import pytest

from tests.sql.cases import insert
from tthc.sources.streams import stream_named
from tthc.warehouse import consequences, database, reconciliation, tables

SEEDS = range(8)
CHANGES = 60
CITY, PORTAL = stream_named("city__dossiers"), stream_named("portal__dossiers")
FOUND = (
    "SELECT m::text AS row FROM core.dossier_matches AS m UNION ALL SELECT r::text FROM marts.reconciliation AS r"
    " ORDER BY 1"
)
#: Few of each, so that they meet all the time.
CODES = [f"X{n}" for n in range(14)]
INSTANTS = [f"2025-{month:02}-{day:02} 08:00:00+07" for month, day in ((7, 1), (7, 2), (8, 30), (9, 15))]
NOTHING = 0.2


def some(rng: Random, values: list[str]) -> str | None:
    return None if rng.random() < NOTHING else rng.choice(values)


def image(rng: Random, code: str) -> dict:
    status = rng.choice((2, 4, 5, 9))
    return {
        "dossier_code": code,
        "other_dossier_code": some(rng, CODES),
        "procedure_code": some(rng, ["1.000001", "1.000002"]),
        "unit_key": rng.choice(["phòng kinh tế", "phòng văn hóa-xã hội"]),
        "status": status,
        "submitted_at": some(rng, INSTANTS[:2]),
        "received_at": rng.choice(INSTANTS),
        "due_at": some(rng, ["2025-09-20 17:00:00+07", "2025-09-21 17:00:00+07"]),
        "finished_at": "2025-09-18 09:00:00+07" if status == 9 else None,
    }


def put(connection: psycopg.Connection, rng: Random, stream, code: str) -> list[str]:
    """Change, add or take away one dossier of one side, as a merge would; return the moved months."""
    connection.execute(f"DELETE FROM {stream.table} WHERE dossier_code = %s", (code,))
    connection.execute(f"DELETE FROM {stream.history_table} WHERE dossier_code = %s", (code,))
    if rng.random() > NOTHING:
        insert(connection, stream.table, [image(rng, code)])
    connection.execute("DROP TABLE IF EXISTS changed")
    connection.execute(
        "CREATE TEMPORARY TABLE changed ON COMMIT DROP AS SELECT '11674' AS commune_code, %s AS dossier_code",
        (code,),
    )
    return consequences.after(connection, stream)


def cover(connection: psycopg.Connection, rng: Random) -> list[str]:
    """Let other days be covered."""
    month = rng.choice((7, 8, 9))
    connection.execute(
        "UPDATE ops.fetches SET covers = datemultirange(daterange(make_date(2025, %s, 1), make_date(2025, 9, 10)))"
        " WHERE fetch_id = 2",
        (month,),
    )
    connection.execute("DROP TABLE IF EXISTS changed")
    connection.execute("CREATE TEMPORARY TABLE changed (commune_code text, dossier_code text) ON COMMIT DROP")
    return consequences.after(connection, PORTAL)


def found(connection: psycopg.Connection) -> list[str]:
    return [row["row"] for row in connection.execute(FOUND)]


@pytest.mark.parametrize("seed", SEEDS)
def test_piece_by_piece_is_everything_at_once(warehouse, seed) -> None:
    rng, rules = Random(seed), set()
    with database.connection(warehouse) as connection:
        tables.year_partition(connection, "core.dossier_versions", 2025)
        insert(
            connection,
            "ops.fetches",
            [{"fetch_id": 2, "stream": PORTAL.stream, "kind": "file", "state": "merged"}],
        )
        for _ in range(CHANGES):
            before = dict.fromkeys(found(connection))
            if rng.random() < 0.1:
                months = cover(connection, rng)
            else:
                stream = rng.choice((CITY, PORTAL))
                # Some codes are those of both sides.
                months = put(connection, rng, stream, rng.choice(CODES[:9] if stream is CITY else CODES[5:]))
            piecewise = found(connection)
            moved_at_once = reconciliation.everything(connection)
            assert piecewise == found(connection)
            assert not moved_at_once, "nothing is left to move"
            if before.keys() != set(piecewise):
                assert months, "a row moved and no month was named"
            rules |= {
                row["matched_by"] for row in connection.execute("SELECT matched_by FROM core.dossier_matches")
            }
        connection.rollback()
    assert rules == {"code", "other_code", "procedure_instant_unit"}
