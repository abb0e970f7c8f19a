"""A warehouse that holds three communes, each with rows in every table, and logins that see one, all or none.

The first commune is filled with the good rows of the SQL cases and computed and published by the product; the others
are its copies, column by column from the catalogue, with their own codes and numbers.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from psycopg import sql
from psycopg.rows import dict_row, tuple_row

from tests.conftest import COMMUNE as A
from tests.conftest import OWNER
from tests.sql import cases
from tthc.indicators import build, publish
from tthc.warehouse import consequences, database, roles, row_rights, tables
from tthc.workdays import periods

B, C = "99001", "99002"
#: How far the numbers of a copy are from those of the first commune.
STEP = 1_000_000
NUMBERS = {B: STEP, C: 2 * STEP}
PERIOD = periods.parse("2025-07")
#: What a row needs beyond a value of each column's type, where no SQL case has a good row of the table.
MORE = {
    "ops.fetches": {"fetch_id": 1, "state": "merged"},
    "restricted.score_runs": {
        "score_run_id": 1,
        "state": "sealed",
        "opened_run_id": 1,
        "first_by": "Lan",
        "first_reason": "đủ",
        "second_by": "Minh",
        "second_reason": "đủ",
    },
    "marts.dossier_periods": {
        "calendar": "month",
        "period_start": "2025-07-01",
        "period_end": "2025-07-31",
        "period": "2025-07",
    },
    "core.apology_letters": {"noticed_on": "2025-07-10"},
    "ops.fetch_windows": {"state": "complete", "announced_count": 3, "distinct_count": 2},
    "ops.fetch_pages": {"window_number": 1, "first_row": 1, "record_count": 5},
    "ops.validations": {"scope": "row", "severity": "critical"},
    "ops.control_totals": {"measure": "rows", "said": 3, "counted": 2},
    "ops.release_requests": {"answered_at": None, "is_released": None},
    "core.procedures_in_force": {"valid_from": "2025-01-01", "valid_to": "2025-12-31"},
}
#: Rows without which some view would show nothing: what the product computes comes from them.
GIVEN = {
    "core.dossiers": [
        {
            "dossier_code": "F",
            "status": 9,
            "due_at": "2025-07-15 17:00+07",
            "finished_at": "2025-07-15 17:00+07",
        },
        {"dossier_code": "S", "supplements": [{"requested_at": "2025-07-11 08:00+07"}]},
        {"dossier_code": "O", "due_at": "2025-07-12 17:00+07"},
    ],
    "core.inspection_records": [
        {
            "entry_code": "V",
            "kind": "finding",
            "inspection_code": "A",
            "dossier_code": "A",
            "finding_kind": "wrong_process",
            "concluded_on": "2025-07-20",
        },
    ],
}
COMPUTED = {
    "marts.reconciliation": [{"dossier_code": "K", "portal_code": "K", "class": "status_mismatch"}],
}  # fmt: skip
#: A value of each type.
VALUES = {
    "text": "1", "bigint": 1, "integer": 1, "smallint": 1, "numeric": 1, "boolean": True, "date": "2025-07-10",
    "timestamp with time zone": "2025-07-10 08:00+07", "jsonb": "{}", "uuid": "00000000-0000-0000-0000-000000000001",
    "bytea": "\\x00", "text[]": "{}", "datemultirange": "{[2025-07-01,2025-08-01)}", "xid8": "1",
}  # fmt: skip


@dataclass
class City:
    """The warehouse, and who logs in: name → libpq URL."""

    url: str
    administrator: str
    logins: dict[str, str]

    def owner(self) -> psycopg.Connection:
        """Return a connection of the owner."""
        return psycopg.connect(self.url, autocommit=True)

    def login(self, name: str) -> psycopg.Connection:
        """Return a connection of somebody."""
        return psycopg.connect(self.logins[name], autocommit=True)


def relations(connection: psycopg.Connection, login: str | None = None) -> list[str]:
    """Return every table and view of ours, partitions apart, that a login may read."""
    rows = (
        connection.cursor(row_factory=tuple_row)
        .execute(
            "SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_class AS c"
            " INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE n.nspname = ANY (%s) AND c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition"
            " AND (%s::text IS NULL OR has_table_privilege(%s::text, c.oid, 'SELECT')) ORDER BY 1",
            (list(roles.SCHEMAS), login, login),
        )
        .fetchall()
    )
    return [name for (name,) in rows]


def columns(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """Return the type of each column."""
    rows = (
        connection.cursor(row_factory=tuple_row)
        .execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            (table,),
        )
        .fetchall()
    )
    return dict(rows)


def whose(connection: psycopg.Connection, relation: str, commune: str) -> str | None:
    """Return the condition for the rows of a commune; None for what belongs to no commune."""
    known = columns(connection, relation)
    if "commune_code" in known:
        return f"commune_code = '{commune}'"
    for name in ("fetch_id", "build_id", "revision_id", "quarantine_id", "score_run_id", "erasure_id"):
        if name in known:
            low = NUMBERS.get(commune, 0)
            return f"{name} >= {low} AND {name} < {low + STEP}"
    return None


def fill(url: str, administrator: str) -> None:
    """Fill the first commune, then copy it."""
    with psycopg.connect(administrator, row_factory=dict_row) as connection:
        for table in ("core.dossier_versions", "core.progress_event_versions", "marts.dossier_periods"):
            for year in (2024, 2025, 2026):
                tables.year_partition(connection, table, year)
        # Keys and triggers stand aside: the rows only have to be there.
        connection.execute("SET session_replication_role = replica")
        for table, row in cases._good_rows().items():
            is_ours = table.partition(".")[0] not in ("staging", "indicators") and "register__" not in table
            if is_ours and _is_empty(connection, table):
                cases.insert(connection, table, [_needed(connection, table) | row | MORE.get(table, {})])
        connection.execute("SELECT setval(pg_get_serial_sequence('ops.fetches', 'fetch_id'), 1)")
        for table, rows in GIVEN.items():
            cases.insert(connection, table, rows)
    with database.connection(url) as connection:
        cases.read_everything(connection, "2025-08-01")
        consequences.derive_everything(connection)
        for table, rows in COMPUTED.items():
            cases.insert(connection, table, rows)
        build.build(connection, PERIOD)
        publish.publish(connection, PERIOD, "Người duyệt", "thử")
    with psycopg.connect(administrator, row_factory=dict_row) as connection:
        connection.execute("SET session_replication_role = replica")
        kept = [name for name in relations(connection) if _is_kept(connection, name)]
        always = connection.execute(
            "SELECT tgrelid::regclass::text AS name, tgname AS trigger FROM pg_trigger WHERE tgenabled = 'A'"
        ).fetchall()
        for each in always:
            connection.execute("ALTER TABLE {name} ENABLE TRIGGER {trigger}".format(**each))
        for name in kept:
            if _is_empty(connection, name):
                cases.insert(connection, name, [_needed(connection, name) | MORE.get(name, {})])
        for commune, step in NUMBERS.items():
            for name in kept:
                _copy(connection, name, commune, step)
        for each in always:
            connection.execute("ALTER TABLE {name} ENABLE ALWAYS TRIGGER {trigger}".format(**each))
        connection.execute("ANALYZE")


def _is_kept(connection: psycopg.Connection, name: str) -> bool:
    return (
        connection.cursor(row_factory=tuple_row)
        .execute(
            "SELECT relkind IN ('r', 'p') AND relpersistence = 'p' FROM pg_class WHERE oid = %s::regclass",
            (name,),
        )
        .fetchone()[0]
    )


def _is_empty(connection: psycopg.Connection, table: str) -> bool:
    return connection.execute(f"SELECT FROM {table} LIMIT 1").fetchone() is None


def _needed(connection: psycopg.Connection, table: str) -> dict:
    """Return a value for each column of a table that must have one."""
    rows = connection.execute(
        "SELECT attname AS name, format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = %s::regclass"
        " AND attnum > 0 AND NOT attisdropped AND attnotnull AND NOT atthasdef AND attidentity = ''",
        (table,),
    ).fetchall()
    return {row["name"]: A if row["name"] == "commune_code" else VALUES[row["type"]] for row in rows}


def _copy(connection: psycopg.Connection, table: str, commune: str, step: int) -> None:
    """Write the rows of the first commune once more, for another."""
    known = columns(connection, table)
    if table in row_rights.SHARED or not ("commune_code" in known or any(map(_is_number, known.items()))):
        return
    asked = ", ".join(_asked(name, kind, commune, step) for name, kind in known.items())
    names = ", ".join(f'"{name}"' for name in known)
    mine = whose(connection, table, A) or "true"
    connection.execute(
        f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE SELECT {asked} FROM {table} WHERE {mine}"
    )


def _is_number(column: tuple[str, str]) -> bool:
    return column[0].endswith("_id") and column[1] == "bigint"


def _asked(name: str, kind: str, commune: str, step: int) -> str:
    if name == "commune_code":
        return f"'{commune}'"
    if _is_number((name, kind)):
        return f'"{name}" + {step}'
    if name in ("dossier_code", "portal_code"):
        return f"\"{name}\" || '-{commune}'"
    if name in ("old_sha256", "new_sha256"):
        return f'md5("{name}" || \'{commune}\') || md5("{name}")'
    return f'"{name}"'


@contextmanager
def city(cluster, prepared: str) -> Iterator[City]:
    """Give the warehouse and its logins; both are gone afterwards."""
    name, logins = f"city_{secrets.token_hex(4)}", {}
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(prepared)
            )
        )
    made = City(cluster.url(name, user=OWNER), cluster.url(name), logins)
    try:
        fill(made.url, made.administrator)
        with psycopg.connect(made.administrator, autocommit=True) as connection:
            for who, (group, communes) in WHO.items():
                login = f"{who}_{secrets.token_hex(4)}"
                connection.execute(
                    f"CREATE ROLE {login} LOGIN PASSWORD '{cluster.password}' IN ROLE {roles.role_of(group)}"
                )
                logins[who] = cluster.url(name, user=login)
                for commune in communes:
                    connection.execute(
                        "INSERT INTO ops.commune_readers (login, commune_code, given_by, reason)"
                        " VALUES (%s, %s, 'Trần Thị Lan', 'văn bản 12')",
                        (login, commune),
                    )
        yield made
    finally:
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            for url in logins.values():
                connection.execute(f"DROP ROLE {urlsplit(url).username}")


#: name → group, communes said by the owner.
WHO = {
    "analyst": ("analyst", [A]),
    "steward": ("steward", [A]),
    "hr": ("hr", [A]),
    "other": ("analyst", [B]),
    "both": ("analyst", [A, B]),
    "whole": ("analyst", ["*"]),
    "unsaid": ("analyst", []),
    "loader": ("loader", []),
}
