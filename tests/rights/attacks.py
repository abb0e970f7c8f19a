"""What somebody who may see one commune tries, to see another: each gives what came out of it, as text.

Each is a function of a connection that is logged in as an analyst of the first commune. What comes out must name no
other commune; with the policies dropped, it has to.
"""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from psycopg import errors

from tests.conftest import COMMUNE as A
from tests.rights.three_communes import B, relations

ATTACKS: dict[str, Callable[[psycopg.Connection], str]] = {}
#: A commune that there is not.
NOWHERE = "00000"
#: Two tables and two views, one of which runs as the owner.
TARGETS = ("core.dossiers", "marts.dossier_periods", "marts.early_warnings", "marts.archive_pages")


def attack(function: Callable[[psycopg.Connection], str]) -> Callable[[psycopg.Connection], str]:
    """Note an attack under the name of its function."""
    ATTACKS[function.__name__] = function
    return function


def ask(connection: psycopg.Connection, question: str, *parameters: object) -> str:
    """Return the rows of an answer as text."""
    return repr(connection.execute(question, parameters or None).fetchall())


@attack
def it_selects(c: psycopg.Connection) -> str:
    return "".join(ask(c, f"SELECT t FROM {name} AS t") for name in TARGETS)


@attack
def it_asks_for_the_other_commune(c: psycopg.Connection) -> str:
    return "".join(ask(c, f"SELECT t FROM {name} AS t WHERE commune_code = %s", B) for name in TARGETS)


@attack
def it_counts(c: psycopg.Connection) -> str:
    found = [
        c.execute(f"SELECT count(*) FROM {name} WHERE commune_code <> %s", (A,)).fetchone()[0]
        for name in TARGETS
    ]
    return B if any(found) else ""


@attack
def it_prepares_before_it_takes_a_role(c: psycopg.Connection) -> str:
    c.execute("SET plan_cache_mode = force_generic_plan")
    c.execute("PREPARE p AS SELECT t FROM core.dossiers AS t")
    c.execute("SET ROLE tthc_analyst")
    return ask(c, "EXECUTE p")


@attack
def it_prepares_in_a_role_and_leaves_it(c: psycopg.Connection) -> str:
    c.execute("SET ROLE tthc_analyst")
    c.execute("PREPARE p AS SELECT t FROM core.dossiers AS t")
    before = ask(c, "EXECUTE p")
    c.execute("RESET ROLE")
    return before + ask(c, "EXECUTE p")


@attack
def it_copies_a_table(c: psycopg.Connection) -> str:
    with c.cursor().copy("COPY core.dossiers TO STDOUT") as copy:
        return "".join(bytes(block).decode() for block in copy)


@attack
def it_copies_a_query(c: psycopg.Connection) -> str:
    with c.cursor().copy("COPY (SELECT * FROM marts.early_warnings, core.dossiers) TO STDOUT") as copy:
        return "".join(bytes(block).decode() for block in copy)


def _heard(c: psycopg.Connection, statements: str) -> str:
    heard: list[str] = []
    c.add_notice_handler(lambda notice: heard.append(notice.message_primary or ""))
    c.execute("SET client_min_messages = notice")
    c.execute(statements)
    return "".join(heard)


_LEAK = """CREATE FUNCTION pg_temp.leak(said text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001
AS $$ BEGIN RAISE NOTICE '%', said; RETURN true; END $$;"""


@attack
def it_has_a_cheap_function_in_where(c: psycopg.Connection) -> str:
    asked = "".join(f"SELECT count(*) FROM {name} AS t WHERE pg_temp.leak(t::text);" for name in TARGETS)
    return _heard(c, _LEAK + asked)


@attack
def it_has_a_cheap_operator_in_where(c: psycopg.Connection) -> str:
    return _heard(
        c,
        "CREATE FUNCTION pg_temp.leaks(said text, other text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001"
        " AS $$ BEGIN RAISE NOTICE '%', said; RETURN true; END $$;"
        "CREATE OPERATOR pg_temp.=== (LEFTARG = text, RIGHTARG = text, PROCEDURE = pg_temp.leaks);"
        "SELECT count(*) FROM core.dossiers WHERE dossier_code OPERATOR(pg_temp.===) '';"
        "SELECT count(*) FROM marts.officials WHERE commune_code OPERATOR(pg_temp.===) '';",
    )


@attack
def it_divides_by_zero_at_the_other_commune(c: psycopg.Connection) -> str:
    try:
        c.execute(
            f"SELECT count(*) FROM core.dossiers WHERE 1 / (CASE commune_code WHEN '{B}' THEN 0 ELSE 1 END) = 1"
        )
    except errors.DivisionByZero:
        return B
    return ""


@attack
def it_casts_what_is_no_number(c: psycopg.Connection) -> str:
    try:
        c.execute(
            "SELECT CASE WHEN commune_code <> %s THEN dossier_code::integer END FROM core.dossiers", (A,)
        )
    except errors.InvalidTextRepresentation as error:
        return str(error)
    return ""


@attack
def it_makes_views_of_its_own(c: psycopg.Connection) -> str:
    c.execute("CREATE TEMP VIEW mine AS SELECT * FROM core.dossiers")
    c.execute(
        "CREATE TEMP VIEW mine_as_owner WITH (security_invoker = false) AS SELECT * FROM marts.dossier_periods"
    )
    return ask(c, "SELECT m FROM mine AS m") + ask(c, "SELECT m FROM mine_as_owner AS m")


@attack
def it_makes_functions_of_its_own(c: psycopg.Connection) -> str:
    c.execute(
        "CREATE FUNCTION pg_temp.mine() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT d::text FROM core.dossiers AS d'"
    )
    return ask(c, "SELECT pg_temp.mine()")


@attack
def it_runs_a_block(c: psycopg.Connection) -> str:
    return _heard(
        c,
        "DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT * FROM core.dossiers'"
        " LOOP RAISE NOTICE '%', r; END LOOP; END $$",
    )


@attack
def it_samples(c: psycopg.Connection) -> str:
    return ask(c, "SELECT t FROM core.dossiers AS t TABLESAMPLE SYSTEM (100)")


@attack
def it_goes_to_rows_by_their_place(c: psycopg.Connection) -> str:
    places = ", ".join(f"'({block},{row})'" for block in range(3) for row in range(1, 40))
    return ask(c, f"SELECT t FROM core.dossiers AS t WHERE ctid = ANY (ARRAY[{places}]::tid[])")


@attack
def it_holds_a_cursor(c: psycopg.Connection) -> str:
    c.execute("BEGIN")
    c.execute("DECLARE held SCROLL CURSOR WITH HOLD FOR SELECT t FROM core.dossiers AS t")
    c.execute("SET LOCAL ROLE tthc_analyst")
    c.execute("COMMIT")
    return ask(c, "FETCH ALL FROM held")


@attack
def it_asks_in_parallel(c: psycopg.Connection) -> str:
    for setting in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"):
        c.execute(f"SET {setting} = 0")
    return ask(c, "SELECT t FROM marts.dossier_periods AS t") + ask(
        c,
        "SELECT v.build_id, b.commune_code FROM indicators.values AS v, indicators.builds AS b"
        " WHERE v.build_id = b.build_id",
    )


@attack
def it_lets_a_function_run_its_query(c: psycopg.Connection) -> str:
    return ask(c, "SELECT * FROM ts_stat('SELECT to_tsvector(''simple'', d::text) FROM core.dossiers AS d')")


@attack
def it_reads_statistics(c: psycopg.Connection) -> str:
    schemas = "('core', 'marts', 'indicators', 'reports')"
    return ask(
        c,
        f"SELECT tablename, most_common_vals::text, histogram_bounds::text FROM pg_stats WHERE schemaname IN {schemas}",
    )


@attack
def it_calls_functions_of_the_marts(c: psycopg.Connection) -> str:
    names = c.execute(
        "SELECT p.oid::regproc::text FROM pg_proc AS p WHERE p.pronamespace = 'marts'::regnamespace"
        " AND p.proname LIKE '%%_in_period' AND p.proname NOT IN ('conduct_in_period', 'briefed_staff_in_period')"
    ).fetchall()
    assert len(names) > 15
    asked = [f"SELECT x FROM {name}(%s, '2025-01-01', '2025-12-31') AS x" for (name,) in names]
    asked.append("SELECT x FROM marts.warnings_at(%s, '2025-08-01 09:00+07') AS x")
    # Some give a month for every commune that is named, there or not.
    return B if any(ask(c, each, B).replace(B, NOWHERE) != ask(c, each, NOWHERE) for each in asked) else ""


@attack
def it_asks_for_evidence(c: psycopg.Connection) -> str:
    try:
        return ask(
            c,
            "SELECT x FROM indicators.evidence(%s, 'month', '2025-07', 'commune', %s, 'dossier_on_time_rate') AS x",
            B,
            B,
        )
    except errors.RaiseException as error:
        return "" if "chưa được tính" in str(error) else str(error)


@attack
def it_explains_what_it_ran(c: psycopg.Connection) -> str:
    """A plan tells of no row of the other commune that it was met: each scan puts aside nothing, or the whole table."""
    totals = dict(c.execute("SELECT oid::regclass::text, reltuples::bigint FROM pg_class").fetchall())
    for setting in ("on", "off"):
        c.execute(f"SET enable_seqscan = {setting}")
        for name in relations(c, c.info.user):
            if name.startswith(("core.", "marts.")) and "commune_code" in _columns(c, name):
                for scan in _scans(_plan(c, f"SELECT * FROM {name} WHERE commune_code = '{B}'")):
                    met = scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)
                    asked = "".join(
                        str(value) for key, value in scan.items() if "Cond" in key or "Filter" in key
                    )
                    total = totals["{Schema}.{Relation Name}".format(**scan)]
                    if B in asked and met not in (0, total):
                        return f"{B} {name} {scan}"
    return ""


@attack
def it_learns_from_a_plan_whether_a_row_is_there(c: psycopg.Connection) -> str:
    """Cheap conditions that leak nothing come first among the reader's; what the policy asks comes before all."""
    for kind in ("indexscan", "bitmapscan", "indexonlyscan"):
        c.execute(f"SET enable_{kind} = off")
    for table in ("core.dossiers", "marts.dossiers"):
        asked = f"SELECT FROM {table} WHERE commune_code = ANY ('{{{B}}}') AND dossier_code = ANY ('{{%s}}')"
        there, nowhere = (_plan(c, asked % code) for code in (f"A-{B}", f"Z-{B}"))
        if str(there).replace(f"A-{B}", "") != str(nowhere).replace(f"Z-{B}", ""):
            return f"{B} {table}"
    return ""


def _columns(c: psycopg.Connection, name: str) -> set[str]:
    return {column.name for column in c.execute(f"SELECT * FROM {name} LIMIT 0").description}


def _plan(c: psycopg.Connection, asked: str) -> dict:
    options = "ANALYZE, TIMING OFF, COSTS OFF, SUMMARY OFF, BUFFERS OFF, VERBOSE, FORMAT JSON"
    return c.execute(f"EXPLAIN ({options}) {asked}").fetchone()[0][0]["Plan"]


def _scans(plan: dict) -> list[dict]:
    """Return what a plan tells of each reading of a table."""
    own = [{key: value for key, value in plan.items() if key != "Plans"}] if "Relation Name" in plan else []
    return own + [scan for inner in plan.get("Plans", []) for scan in _scans(inner)]


#: What is refused, whatever the policies say.
REFUSED = {
    "switches row security off": "SET row_security = off; SELECT * FROM core.dossiers",
    "becomes the owner": "SET ROLE tthc_test",
    "becomes a loader": "SET ROLE tthc_loader",
    "becomes somebody else": "SET ROLE {other}",
    "becomes somebody else from the start": "SET SESSION AUTHORIZATION {other}",
    "joins the loaders": "GRANT tthc_loader TO {me}",
    "asks to bypass": "ALTER ROLE {me} BYPASSRLS",
    "says itself what it may see": "INSERT INTO ops.commune_readers VALUES ('{me}', '*', 'a', 'b')",
    "changes what is said": "UPDATE ops.commune_readers SET commune_code = '*'",
    "reads who sees what": "SELECT * FROM ops.commune_readers",
    "reads a partition": "SELECT * FROM marts.dossier_periods_2025",
    "takes a table": "ALTER TABLE core.dossiers OWNER TO {me}",
    "switches a table's policies off": "ALTER TABLE core.dossiers DISABLE ROW LEVEL SECURITY",
    "adds a policy": "CREATE POLICY mine ON core.dossiers USING (true)",
    "drops a policy": "DROP POLICY communes_in_sight ON core.dossiers",
    "makes a view run as its owner": "ALTER VIEW marts.early_warnings SET (security_invoker = false)",
    "replaces what policies ask": "CREATE OR REPLACE FUNCTION ops.is_loader() RETURNS boolean"
    " LANGUAGE sql AS 'SELECT true'",
    "lists the communes": "SELECT ops.known_communes()",
    "makes a partition": "SELECT core.make_year_partition('core.dossier_versions', 2051)",
    "locks rows": "SELECT * FROM core.dossiers FOR UPDATE",
    "changes and returns": "UPDATE core.dossiers SET status = 9 RETURNING *",
    "removes and returns": "DELETE FROM core.dossiers RETURNING *",
    "inserts to meet a key": "INSERT INTO core.units (commune_code, unit_code, name, sort_order)"
    " VALUES ('99001', 'kinh_te', 'x', 1)",
    "inserts to return its log": "INSERT INTO ops.access_log (accessed_by, action, subject)"
    " VALUES ('a', 'b', 'c') RETURNING *",
    "points a key at a table": "CREATE TABLE pg_temp.k (a text, b text, FOREIGN KEY (a, b) REFERENCES core.units)",
    "hangs a trigger on a table": "CREATE TRIGGER t BEFORE INSERT ON core.dossiers"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "reads a sequence": "SELECT last_value FROM ops.fetches_fetch_id_seq",
    "takes a number of a sequence": "SELECT nextval('ops.fetches_fetch_id_seq')",
    "reads raw statistics": "SELECT * FROM pg_statistic",
    "reads large objects": "SELECT * FROM pg_largeobject",
    "imports a file": "SELECT lo_import('/etc/hostname')",
    "reads a file": "SELECT pg_read_file('PG_VERSION')",
    "lists a folder": "SELECT pg_ls_dir('base')",
    "copies from a file": "COPY pg_temp.t FROM '/etc/hostname'",
    "copies to a program": "COPY (SELECT 1) TO PROGRAM 'cat'",
    "connects as another": "CREATE EXTENSION dblink",
    "reads pages raw": "CREATE EXTENSION pageinspect",
    "makes a foreign server": "CREATE EXTENSION postgres_fdw",
    "makes a table for others": "CREATE TABLE marts.mine AS SELECT * FROM core.dossiers",
    "publishes": "CREATE PUBLICATION p FOR TABLE core.dossiers",
    "reads the log of changes": "SELECT pg_create_logical_replication_slot('s', 'test_decoding')",
    "keeps a copy that refreshes": "CREATE MATERIALIZED VIEW marts.mine AS SELECT * FROM core.dossiers",
    "reads rows that have just come": "SELECT * FROM core.dossier_candidates",
}  # fmt: skip
