"""One prepared database for all cases of a worker; each case works in a transaction that is rolled back."""

import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from tthc.warehouse import database, tables

YEARS = range(2024, 2028)


@pytest.fixture(scope="session")
def case_warehouse(cluster, prepared) -> Iterator[str]:
    """Return the libpq URL of a prepared database with the partitions that the cases write to."""
    name = f"cases_{secrets.token_hex(6)}"
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER tthc_test TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(prepared)
            )
        )
    url = cluster.url(name, user="tthc_test")
    with database.connection(url) as connection:
        for table in ("core.dossier_versions", "core.progress_event_versions", "marts.dossier_periods"):
            for year in YEARS:
                tables.year_partition(connection, table, year)
    yield url
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def case_connection(case_warehouse, warehouse_settings) -> Iterator[psycopg.Connection]:
    """Return a connection whose work is forgotten."""
    with database.connection(case_warehouse) as connection:
        yield connection
        connection.rollback()
