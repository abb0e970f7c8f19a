"""Matching tells the planner how many are left to match, and leaves its session as it was."""

from tthc import flows
from tthc.warehouse import database, reconciliation, tables


def test_what_matching_asks_of_the_planner_ends_with_it(warehouse):
    flows.init(progress=str)
    with database.connection() as connection:
        assert reconciliation.everything(connection) == []
        assert connection.execute("SHOW enable_nestloop").fetchone() == {"enable_nestloop": "on"}
        # Counted, so that their joins are planned for as many as there are.
        counted = connection.execute(
            "SELECT relname FROM pg_class WHERE relname LIKE 'unmatched_%%' AND reltuples >= 0 ORDER BY relname",
            {},
        ).fetchall()
        assert [row["relname"] for row in counted] == ["unmatched_city", "unmatched_portal"]
        # Twice in one transaction, as two merges of one rehearsal do.
        assert reconciliation.everything(connection) == []
        connection.rollback()
        assert connection.execute("SHOW enable_nestloop").fetchone() == {"enable_nestloop": "on"}


def test_no_join_of_the_unmatched_compares_each_with_each(warehouse):
    flows.init(progress=str)
    refill = tables.tables()["core.dossier_matches"].refill
    last = next(part for part in refill.split(";\n") if "named_by_both" in part)
    with database.connection() as connection:
        reconciliation.everything(connection)
        for table, code in (("unmatched_city", "dossier_code"), ("unmatched_portal", "portal_code")):
            connection.execute(
                f"INSERT INTO {table} ({code}, procedure_code, received_at, unit_code)"
                f" SELECT '{code}' || n, '1.000001', '2025-07-01'::timestamptz + n * interval '1 minute', 'kinh_te'"
                f" FROM generate_series(1, 4000) AS n"
            )
            connection.execute(f"ANALYZE {table}")
        connection.execute("SET LOCAL enable_nestloop = off")
        plan = connection.execute(f"EXPLAIN {last}", {"commune_code": "11674"}).fetchall()
    told = [row["QUERY PLAN"] for row in plan]
    assert len(told) > 20 and any("Join" in line for line in told)
    assert not [line for line in told if "Nested Loop" in line], told
