"""Who is told of one commune sees that one: by every road to a row, and the same roads are open without policies."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors

from tests.conftest import SECRET_KEY
from tests.rights.attacks import ATTACKS, REFUSED
from tests.rights.three_communes import WHO, A, B, C, City, city, relations, whose
from tthc.warehouse import checks_of_rights, database, roles, row_rights

SEEN = {"analyst": [A], "steward": [A], "hr": [A], "other": [B], "both": [A, B], "whole": [A, B, C], "unsaid": [],
        "loader": [A, B, C]}  # fmt: skip


@pytest.fixture(scope="module")
def three(cluster, prepared, tmp_path_factory) -> Iterator[City]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("three")
        for name, value in {
            "ARCHIVE": folder,
            "INBOX": folder,
            "SECRET_KEY": SECRET_KEY,
            "COMMUNE": A,
        }.items():
            patch.setenv(f"TTHC_{name}", str(value))
        with city(cluster, prepared) as made:
            yield made


@pytest.fixture
def opened(three) -> Iterator[City]:
    """Take every policy away for one test."""
    with three.owner() as owner:
        owner.execute(
            "DO $$ DECLARE r record; BEGIN FOR r IN SELECT oid::regclass AS t, relkind FROM pg_class WHERE"
            " relnamespace::regnamespace::text IN ('ops', 'restricted', 'core', 'marts', 'indicators', 'reports')"
            " AND relkind IN ('r', 'p', 'v') LOOP IF r.relkind = 'v' THEN"
            " EXECUTE format('ALTER VIEW %s RESET (security_invoker)', r.t); ELSE"
            " EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', r.t); END IF; END LOOP; END $$"
        )
    yield three
    with database.connection(three.url) as connection:
        row_rights.apply(connection)
        connection.execute("ALTER TABLE restricted.score_sheets ENABLE ROW LEVEL SECURITY")


def count(connection: psycopg.Connection, relation: str, condition: str | None) -> int:
    return connection.execute(f"SELECT count(*) FROM {relation} WHERE {condition or 'true'}").fetchone()[0]


def test_everything_is_filled_for_every_commune(three):
    with three.owner() as owner:
        empty = [
            (name, commune)
            for name in relations(owner)
            for commune in (A, B, C)
            if not name.startswith("staging.") and "register__" not in name and not name.endswith("_candidates")
            and (condition := whose(owner, name, commune)) and not count(owner, name, condition)
        ]  # fmt: skip
        assert empty == []


@pytest.mark.parametrize("who", WHO)
def test_each_sees_of_every_relation_what_the_owner_said(three, who):
    with three.owner() as owner, three.login(who) as reader:
        readable = relations(owner, urlsplit(three.logins[who]).username)
        assert len(readable) > 60
        for name in readable:
            conditions = [whose(owner, name, commune) for commune in SEEN[who]]
            if whose(owner, name, A) is None:
                # Of no commune: definitions are for all, logs for whoever sees the city.
                is_for_all = name.partition(".")[0] != "ops" or name in row_rights.SHARED
                wanted = count(owner, name, None) if is_for_all or len(SEEN[who]) == 3 else 0
            elif who == "loader":
                wanted = count(owner, name, None)
            else:
                wanted = sum(count(owner, name, condition) for condition in conditions)
            assert count(reader, name, None) == wanted, name


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_shows_no_other_commune(three, name):
    with three.login("analyst") as connection:
        came = ATTACKS[name](connection)
    assert B not in came and C not in came


def test_without_policies_every_attack_succeeds(opened):
    failed = []
    for name, attack in ATTACKS.items():
        with opened.login("analyst") as connection:
            if B not in attack(connection):
                failed.append(name)
    assert len(ATTACKS) > 20 and failed == []


@pytest.mark.parametrize("what", REFUSED)
def test_refused(three, what):
    me, other = (urlsplit(three.logins[who]).username for who in ("analyst", "other"))
    with three.login("analyst") as connection:
        connection.execute("CREATE TEMP TABLE t (a text)")
        with pytest.raises(errors.Error) as refusal:
            connection.execute(REFUSED[what].format(me=me, other=other))
    assert isinstance(refusal.value, (errors.InsufficientPrivilege, errors.InvalidTableDefinition)), (
        refusal.value
    )


def test_a_partition_given_by_mistake_shows_nothing(three):
    with three.owner() as owner, three.login("analyst") as reader:
        (name,) = owner.execute(
            "SELECT tableoid::regclass::text FROM marts.dossier_periods WHERE commune_code = %s LIMIT 1", (B,)
        ).fetchone()
        owner.execute(f"GRANT SELECT ON {name} TO tthc_analyst")
        try:
            assert count(owner, name, f"commune_code = '{B}'") > 0
            assert count(reader, name, None) == 0
        finally:
            owner.execute(f"REVOKE SELECT ON {name} FROM tthc_analyst")


def test_a_group_of_its_own_cannot_fool_what_policies_ask(three):
    with three.login("analyst") as connection:
        connection.execute(
            "CREATE TEMP TABLE pg_roles AS SELECT 'tthc_loader'::name AS rolname, oid FROM pg_catalog.pg_roles"
        )
        connection.execute(
            "CREATE TEMP TABLE commune_readers AS SELECT session_user AS login, '*' AS commune_code"
        )
        connection.execute("SET search_path = pg_temp, ops, pg_catalog")
        assert connection.execute("SELECT ops.is_loader(), ops.communes_in_sight(), ops.sees_city()").fetchone() == (
            False, [A], False,
        )  # fmt: skip


def test_the_owner_in_anothers_clothes_is_still_the_owner(three):
    """Policies ask who logged in: an application that logs in as the owner and takes a role is no guard."""
    with three.owner() as owner:
        assert owner.execute("SELECT ops.communes_in_sight()").fetchone()[0] == [A, B, C]


def test_what_others_run_is_not_shown(three):
    with three.owner() as owner, three.login("analyst") as reader:
        owner.execute(f"SELECT count(*) FROM core.dossiers WHERE commune_code = '{B}'")
        seen = reader.execute(
            "SELECT pid, query FROM pg_stat_activity WHERE pid = %s", (owner.info.backend_pid,)
        ).fetchall()
        assert seen == [(owner.info.backend_pid, "<insufficient privilege>")]


def test_nothing_is_told_to_whoever_listens(three):
    with three.owner() as owner:
        bodies = owner.execute(
            "SELECT p.prosrc FROM pg_proc AS p WHERE p.pronamespace::regnamespace::text = ANY (%s)",
            (list(roles.SCHEMAS),),
        ).fetchall()
        assert len(bodies) > 40
        assert not [body for (body,) in bodies if "notify" in body.lower()]


def test_a_steward_decides_on_rows_of_their_commune_only(three):
    with three.login("steward") as steward:
        done = steward.execute("UPDATE ops.quarantine SET decided_by = 'A' RETURNING commune_code").fetchall()
        assert {code for (code,) in done} == {A}
        # A number that is there and one that is not are refused alike.
        for number in (1_000_001, 987_654_321):
            with pytest.raises(errors.InsufficientPrivilege, match="row-level security"):
                steward.execute(
                    "INSERT INTO ops.release_requests (quarantine_id, asked_by, reason) VALUES (%s, 'A', 'x')",
                    (number,),
                )


def test_hr_of_one_commune_gets_no_sheet_of_another(three):
    with three.login("hr") as hr, three.login("loader") as loader:
        asked = "SELECT count(*) FROM restricted.sheet_hashes(1000001)"
        assert (hr.execute(asked).fetchone(), loader.execute(asked).fetchone()) == ((0,), (1,))
        for commune, wanted in ((A, 1), (B, 0)):
            (number,) = hr.execute(
                "SELECT restricted.ask_for_sheets(%s, 'month', '2025', 'sealed', NULL, NULL, 'A', 'x')",
                (commune,),
            ).fetchone()
            assert len(hr.execute("SELECT * FROM restricted.read_sheets(%s)", (number,)).fetchall()) == wanted


DAMAGE = {
    "a table without policies": ("CREATE TABLE marts.anew (commune_code text)", "marts.anew"),
    "policies switched off": ("ALTER TABLE core.tasks DISABLE ROW LEVEL SECURITY", "core.tasks"),
    "a policy too many": ("CREATE POLICY mine ON core.tasks USING (true)", "core.tasks"),
    "a policy that was changed": ("ALTER POLICY communes_in_sight ON core.tasks USING (true)", "core.tasks"),
    "a policy for other readers": ("ALTER POLICY loaders_see_all ON core.tasks TO PUBLIC", "core.tasks"),
    "a policy that lets in": ("ALTER POLICY communes_in_sight ON core.tasks WITH CHECK (true)", "core.tasks"),
    "a partition without": ("ALTER TABLE marts.dossier_periods_2025 DISABLE ROW LEVEL SECURITY", "_2025"),
    "a view as the owner": ("ALTER VIEW marts.units RESET (security_invoker)", "marts.units"),
    "a new view as the owner": ("CREATE VIEW marts.careless AS SELECT * FROM core.tasks", "marts.careless"),
}  # fmt: skip


@pytest.mark.parametrize("what", DAMAGE)
def test_the_doctor_notices_and_init_puts_right(three, what):
    statement, named = DAMAGE[what]
    with database.connection(three.url) as connection:
        assert row_rights.differences(connection) == []
        connection.execute(statement)
        (found,) = [
            one for one in checks_of_rights.guards(connection) if one.name == "communes_are_kept_apart"
        ]
        assert not found.holds and named in found.examples[0]
        row_rights.apply(connection)
        assert row_rights.differences(connection) == []
        connection.rollback()


def test_a_function_that_acts_as_the_owner_is_looked_at_first(three):
    with database.connection(three.url) as connection:
        connection.execute(
            "CREATE FUNCTION marts.all_of_it() RETURNS SETOF core.tasks LANGUAGE sql SECURITY DEFINER"
            " AS 'SELECT * FROM core.tasks'"
        )
        assert [said for said in row_rights.differences(connection) if "marts.all_of_it()" in said]
        connection.rollback()
