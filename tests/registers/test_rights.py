"""The rights matrix, both ways: what each group may do works for somebody who logs in, the rest is refused."""

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import errors, sql

from demo.files import FILES, Context
from tests.conftest import OWNER
from tests.proof.test_canary import found_in
from tthc import flows
from tthc.sources.streams import streams
from tthc.warehouse import checks_of_rights, database, migrate, roles

WRITE = {"SELECT", "INSERT", "UPDATE", "DELETE"}
PRIVILEGES = [*sorted(WRITE), "TRUNCATE", "REFERENCES", "TRIGGER"]
Login = Callable[[str], str]


@pytest.fixture
def login(warehouse, member) -> Login:
    """Return a function that makes a member of a group and returns the libpq URL with which it logs in."""
    flows.init(progress=str)
    return lambda group: member(warehouse, group)


def wanted(group: str, schema: str, table: str) -> set[str]:
    """The matrix in other words than the code's: what a group may do with a table."""
    staged = {stream.staging_table.partition(".")[2] for stream in streams().values()}
    is_staged = table in staged or table.endswith("_candidates")
    if (schema, table) == ("ops", "commune_readers"):
        # Who may see which commune is said by the owner.
        return {"SELECT"} if group in ("loader", "steward") else set()
    if (schema, table) == ("ops", "key_changes"):
        # The wrapped keys are for programs that may have the secret.
        return WRITE if group == "loader" else set()
    if (schema, table) in (("restricted", "readers"), ("restricted", "sheet_requests")):
        # Who may see whose sheet is said by the owner; what was asked is written by a function.
        return {"SELECT"} if group == "loader" or (group, table) == ("hr", "readers") else set()
    if group == "loader":
        return WRITE
    if group == "reader" or (schema, table) == ("restricted", "score_sheets"):
        return set()
    if schema in ("marts", "indicators", "reports") or (schema == "core" and not is_staged):
        return {"SELECT"}
    if schema == "ops" and group == "steward":
        written = {"quarantine": {"UPDATE"}, "access_log": {"INSERT"}, "release_requests": {"INSERT"}}
        return {"SELECT"} | written.get(table, set())
    if schema == "ops" and group in ("analyst", "hr"):
        if table == "access_log":
            return {"INSERT"}
        return {"SELECT"} if table in ("fetches", "validations", "incidents") else set()
    if schema == "restricted" and group == "hr" and not is_staged:
        return {"SELECT"}
    return set()


@pytest.mark.parametrize("group", [*roles.GROUPS, None])
def test_every_right_of_every_group_on_every_table(login, warehouse, group):
    who = login(group)
    with psycopg.connect(who) as connection:
        tables = connection.execute(
            "SELECT n.nspname, c.relname, ARRAY (SELECT p FROM unnest(%s::text[]) AS p"
            " WHERE has_table_privilege(c.oid, p)), has_schema_privilege(n.oid, 'USAGE')"
            " FROM pg_class AS c INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname = ANY (%s)",
            (PRIVILEGES, list(roles.SCHEMAS)),
        ).fetchall()
        made = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname = ANY (%s) AND has_schema_privilege(oid, 'CREATE')",
            (list(roles.SCHEMAS),),
        ).fetchall()
    assert len(tables) > 100
    assert {schema for schema, *_ in tables} == set(roles.SCHEMAS)
    assert made == []
    for schema, table, held, may_use in tables:
        expected = wanted(group, schema, table) if group else set()
        assert set(held) == expected, (group, schema, table)
        assert may_use or not expected


def test_the_owner_owns_everything(login, warehouse):
    login("analyst")
    with psycopg.connect(warehouse) as connection:
        owners = connection.execute(
            "SELECT DISTINCT relowner::regrole::text FROM pg_class"
            " WHERE relnamespace::regnamespace::text = ANY (%s)",
            (list(roles.SCHEMAS),),
        ).fetchall()
    assert owners == [(OWNER,)]


def loaded(folder: Path, *names: str) -> list[dict]:
    """Load demo registers as a person does; return their accounting."""
    told = []
    for name in names:
        path = folder / FILES[name].file_name
        path.write_bytes(FILES[name].write(Context.at(1, datetime(2025, 7, 4, 18))))
        told += flows.load([str(path)], progress=str)
    return told


READS = (
    ("analyst", "SELECT * FROM restricted.staff", False),
    ("analyst", "SELECT * FROM restricted.conduct_records", False),
    ("analyst", "SELECT * FROM restricted.staff_candidates", False),
    ("analyst", "SELECT * FROM restricted.register__staff", False),
    ("analyst", "SELECT * FROM staging.register__tasks", False),
    ("analyst", "SELECT * FROM core.task_candidates", False),
    ("analyst", "SELECT address FROM ops.quarantine", False),
    ("analyst", "SELECT * FROM ops.fetch_pages", False),
    ("analyst", "UPDATE core.tasks SET title = 'x'", False),
    ("analyst", "SELECT * FROM core.tasks", True),
    ("analyst", "SELECT * FROM marts.officials", True),
    ("analyst", "SELECT * FROM indicators.published", True),
    ("analyst", "SELECT * FROM indicators.explanations", True),
    ("analyst", "SELECT * FROM indicators.comparisons", True),
    ("analyst", "SELECT * FROM marts.archive_pages", True),
    ("analyst", "UPDATE indicators.definition_versions SET name = 'x'", False),
    ("analyst", "INSERT INTO ops.access_log (accessed_by, action, subject) VALUES ('A', 'xuất', 'B')", True),
    ("analyst", "SELECT * FROM ops.access_log", False),
    ("hr", "SELECT full_name FROM restricted.staff", True),
    ("hr", "SELECT * FROM restricted.conduct_record_versions", True),
    ("hr", "SELECT * FROM restricted.register__conduct", False),
    ("hr", "UPDATE restricted.conduct_records SET verdict = NULL", False),
    ("hr", "SELECT * FROM ops.quarantine", False),
    ("hr", "INSERT INTO ops.access_log (accessed_by, action, subject) VALUES ('A', 'xem', 'B')", True),
    ("hr", "SELECT * FROM ops.access_log", False),
    ("hr", "SELECT * FROM restricted.score_sheets", False),
    ("hr", "INSERT INTO restricted.readers (login) VALUES ('a')", False),
    ("loader", "INSERT INTO restricted.readers (login) VALUES ('a')", False),
    ("reader", "SELECT * FROM restricted.staff", False),
    ("reader", "SELECT * FROM indicators.published", False),
    (
        "reader",
        "SELECT restricted.ask_for_sheets('11674', 'month', '2025', 'sealed', NULL, NULL, NULL, NULL)",
        True,
    ),
    ("analyst", "SELECT * FROM reports.unit_scores", True),
    (
        "analyst",
        "SELECT restricted.ask_for_sheets('11674', 'month', '2025', 'sealed', NULL, NULL, NULL, NULL)",
        False,
    ),
    ("steward", "SELECT restricted.read_sheets(1)", False),
    ("steward", "SELECT address FROM ops.quarantine", True),
    (
        "steward",
        "UPDATE ops.quarantine SET state = 'rejected', decided_by = 'A' WHERE quarantine_id = 0",
        True,
    ),
    ("steward", "INSERT INTO ops.access_log (accessed_by, action, subject) VALUES ('A', 'xem', 'B')", True),
    ("steward", "DELETE FROM ops.quarantine", False),
    ("steward", "DELETE FROM ops.access_log", False),
    ("steward", "UPDATE ops.release_requests SET reason = 'x'", False),
    ("steward", "UPDATE core.dossiers SET status = 9", False),
    (
        "analyst",
        "INSERT INTO ops.release_requests (quarantine_id, asked_by, reason) VALUES (0, 'A', 'x')",
        False,
    ),
    ("steward", "SELECT * FROM restricted.staff", False),
    ("steward", "SELECT * FROM staging.verdicts", False),
    ("loader", "DROP TABLE core.tasks", False),
    ("loader", "DELETE FROM staging.verdicts", True),
    ("loader", "SELECT core.make_year_partition('core.dossier_versions', 2051)", True),
    ("loader", "CREATE TABLE core.mine (a text)", False),
    ("analyst", "SELECT core.make_year_partition('core.dossier_versions', 2051)", False),
    ("steward", "SELECT core.make_year_partition('core.dossier_versions', 2051)", False),
)


def test_what_each_may_and_may_not_do(login, warehouse, tmp_path):
    loaded(tmp_path, "register__staff", "register__conduct", "register__tasks")
    urls = {group: login(group) for group in roles.GROUPS}
    for group, statement, is_allowed in READS:
        with psycopg.connect(urls[group]) as connection:
            if is_allowed:
                cursor = connection.execute(statement)
                assert cursor.rowcount >= 0
            else:
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(statement)
            connection.rollback()


def test_names_of_staff_are_seen_by_hr_and_by_nobody_else(login, warehouse, tmp_path):
    loaded(tmp_path, "register__staff", "register__conduct", "register__tasks")
    for group in ("analyst", "steward", "hr"):
        with psycopg.connect(login(group)) as connection:
            readable = connection.execute(
                "SELECT n.nspname, c.relname FROM pg_class AS c"
                " INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace"
                " WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname = ANY (%s)"
                " AND has_table_privilege(c.oid, 'SELECT')",
                (list(roles.SCHEMAS),),
            ).fetchall()
            assert len(readable) > 30
            leaking = set()
            for table in readable:
                text = connection.execute(
                    sql.SQL("SELECT coalesce(string_agg(t::text, ' '), '') FROM {} AS t").format(
                        sql.Identifier(*table)
                    )
                ).fetchone()[0]
                if found_in(text):
                    leaking.add(".".join(table))
            assert leaking == ({"restricted.staff", "restricted.staff_versions"} if group == "hr" else set())
            codes = connection.execute(
                "SELECT count(DISTINCT official_code), count(official_key) FROM marts.officials"
            ).fetchone()
        # Those whom the city names have two posts each, their colleagues one.
        assert codes == (18 + 38, 2 * 18 + 38)


def test_a_loader_loads_a_file_and_takes_it_back(login, warehouse, tmp_path, monkeypatch):
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", login("loader"))
    (told,) = loaded(tmp_path, "register__staff")
    # 56 people, 74 posts, 21 absences.
    assert (told["merged"], told["quarantined"]) == (74 + 21, 0)
    flows.unload(told["fetch_id"], progress=str)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("GRANT SELECT ON restricted.staff TO tthc_analyst", "thừa SELECT trên restricted.staff của tthc_analyst"),
        ("GRANT SELECT (full_name) ON restricted.staff TO PUBLIC", "thừa SELECT trên restricted.staff của PUBLIC"),
        ("REVOKE SELECT ON core.tasks FROM tthc_hr", "thiếu SELECT trên core.tasks của tthc_hr"),
        ("GRANT USAGE ON SCHEMA restricted TO tthc_steward", "thừa USAGE trên restricted của tthc_steward"),
        (
            "GRANT EXECUTE ON FUNCTION core.make_year_partition(text, integer) TO PUBLIC",
            "thừa EXECUTE trên core.make_year_partition(text,integer) của PUBLIC",
        ),
        ("CREATE TABLE marts.anew (a text)", "thiếu SELECT trên marts.anew của tthc_analyst"),
    ],
)  # fmt: skip
def test_the_doctor_notices_and_init_puts_right(login, warehouse, damage, said):
    with psycopg.connect(warehouse, autocommit=True) as connection:
        connection.execute(damage)
    with database.connection(warehouse) as connection:
        (found,) = checks_of_rights.findings(connection)
        assert not found.holds
        assert said in roles.differences(connection)
        assert roles.apply(connection) == []
        (mended,) = checks_of_rights.findings(connection)
        assert mended.holds
        assert mended.checked > 300


def test_a_table_that_is_made_anew_has_its_rights_at_once(login, warehouse):
    login("analyst")
    with psycopg.connect(warehouse) as connection:
        told = connection.execute(
            "UPDATE ops.table_shapes SET sql_hash = 'cũ' WHERE table_name IN ('core.tasks', 'marts.officials')"
        )
        assert told.rowcount == 2
    made = migrate.prepare(warehouse).made
    assert {"core.tasks", "marts.officials"} <= made
    with database.connection(warehouse) as connection:
        assert roles.differences(connection) == []


def test_an_owner_who_may_not_make_groups_is_told_what_to_ask_for(cluster, new_database, monkeypatch):
    name = f"chu_{secrets.token_hex(4)}"
    monkeypatch.setattr(roles, "PREFIX", f"nhom_{secrets.token_hex(4)}_")
    url = new_database()
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(name), cluster.password)
        )
    base = url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(cluster.url(base), autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(base), sql.Identifier(name))
        )
        for schema in roles.SCHEMAS:
            connection.execute(
                sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(
                    sql.Identifier(schema), sql.Identifier(name)
                )
            )
    try:
        with database.connection(cluster.url(base, user=name)) as connection:
            connection.execute("CREATE TABLE core.things (a text)")
            (advice,) = roles.apply(connection)
            assert all(f"CREATE ROLE {roles.role_of(group)} NOLOGIN;" in advice for group in roles.GROUPS)
            (found,) = checks_of_rights.findings(connection)
            assert not found.holds
            assert "chưa có nhóm" in found.examples[0]
        with psycopg.connect(cluster.url(), autocommit=True) as connection:
            for group in roles.GROUPS:
                connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(roles.role_of(group))))
        with database.connection(cluster.url(base, user=name)) as connection:
            # The administrator made the groups: the owner of the tables needs nothing more to give rights.
            assert roles.apply(connection) == []
            assert roles.differences(connection) == []
    finally:
        with psycopg.connect(cluster.url(base), autocommit=True) as connection:
            for role in (*map(roles.role_of, roles.GROUPS), name):
                connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(role)))
                if role == name:
                    connection.execute(
                        sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                            sql.Identifier(base), sql.Identifier(OWNER)
                        )
                    )
                connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))
