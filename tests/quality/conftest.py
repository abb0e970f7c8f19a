"""A warehouse with a small catalogue, for readings that are staged by hand."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.quality.staged import COMMUNE, KNOWN_PROCEDURE, LEVEL_2_PROCEDURE, Readings, moment
from tthc.warehouse import tables


@pytest.fixture
def readings(warehouse: str) -> Iterator[Readings]:
    """Return a warehouse with two procedures in its catalogue, ready for readings staged by hand."""
    with psycopg.connect(warehouse, autocommit=True) as connection:
        for number, (code, level) in enumerate(((KNOWN_PROCEDURE, 4), (LEVEL_2_PROCEDURE, 2)), start=1):
            connection.execute(
                "INSERT INTO core.procedure_versions (commune_code, procedure_code, name, service_level,"
                " has_no_deadline, gives_result, row_hash, fetch_id, row_number, fetched_at, flags)"
                " VALUES (%s, %s, 'Thủ tục để thử', %s, false, true, gen_random_uuid(), 0, %s, %s, '{}')",
                (COMMUNE, code, level, number, moment("2025-01-01 00:00")),
            )
        tables.refill(connection, "core.procedures_in_force", {"commune_code": COMMUNE})
        yield Readings(warehouse, connection)
