"""Every table of core, marts, indicators and reports against its cases, worked out by hand from docs/counting.md."""

import pytest

from tests.sql import cases
from tthc.sources.streams import streams

SCHEMAS = ["restricted", "core", "marts", "indicators", "reports"]
CASES = cases.every_case()


@pytest.mark.parametrize("placed", CASES, ids=lambda placed: placed.id)
def test_case(case_connection, placed):
    cases.run(case_connection, placed)


def test_every_table_has_cases_and_every_case_a_table(case_connection):
    rows = case_connection.execute(
        "SELECT c.oid::regclass::text AS name FROM pg_class AS c WHERE c.relkind IN ('r', 'p', 'v')"
        " AND NOT c.relispartition AND c.relnamespace::regnamespace::text = ANY (%(schemas)s)"
        " UNION SELECT p.pronamespace::regnamespace || '.' || p.proname FROM pg_proc AS p"
        " WHERE p.pronamespace::regnamespace::text = ANY (%(schemas)s)",
        {"schemas": SCHEMAS},
    ).fetchall()
    staged = {stream.staging_table for stream in streams().values()}
    tables = {row["name"].replace('"', "") for row in rows} - staged
    with_cases = {placed.table for placed in CASES}
    assert len(tables) > 20
    assert tables - with_cases == set(), "tables without cases in tests/sql/<layer>/<table>/cases/"
    assert with_cases - tables == set(), "cases of tables that do not exist"


def test_every_case_says_why_and_no_reason_is_given_twice():
    reasons = [(placed.table, placed.case.why) for placed in CASES]
    assert all(len(why.split()) >= 5 for _, why in reasons)
    assert len(set(reasons)) == len(reasons)


def test_a_case_that_expects_something_else_fails(case_connection):
    (placed, *_) = [placed for placed in CASES if placed.table == "core.dossier_outcome"]
    wrong = cases.Case(why=placed.case.why, arguments=placed.case.arguments, value="không phải thế")
    with pytest.raises(AssertionError, match="wanted: không phải thế"):
        cases.run(case_connection, cases.Placed(placed.table, placed.path, placed.shared, wrong))
