"""The same schema can be spread by the commune: keys, foreign keys and joins, read from the catalogue and the SQL."""

import psycopg
import pytest
import sqlglot

from tests.rights import joins
from tthc import settings
from tthc.warehouse import database, distribution, tables


@pytest.fixture
def spread(warehouse) -> set[str]:
    """Return the tables that are spread, and the views of core and marts that tell of a commune."""
    with database.connection(warehouse) as connection:
        found = {one.name for one in distribution.placed(connection) if one.place == "distributed"}
        views = connection.execute(
            "SELECT a.attrelid::regclass::text AS name FROM pg_attribute AS a INNER JOIN pg_class AS c"
            " ON c.oid = a.attrelid WHERE c.relkind = 'v' AND a.attname = 'commune_code'"
            " AND c.relnamespace::regnamespace::text IN ('core', 'marts')"
        ).fetchall()
    assert len(found) > 50 and len(views) > 10
    return found | {row["name"] for row in views}


def test_every_growing_table_can_be_spread_and_its_keys_begin_with_the_commune(warehouse):
    with database.connection(warehouse) as connection:
        assert distribution.problems(connection) == []
        keys = connection.execute(
            "SELECT i.indrelid::regclass::text AS name, a.attname AS first FROM pg_index AS i"
            " INNER JOIN pg_class AS c ON c.oid = i.indrelid"
            " INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
            " WHERE i.indisprimary AND NOT c.relispartition AND c.relnamespace::regnamespace::text IN ('core', 'marts')"
        ).fetchall()
        assert len(keys) > 45 and {row["first"] for row in keys} == {"commune_code"}
        by_year = connection.execute(
            "SELECT partrelid::regclass::text AS name FROM pg_partitioned_table ORDER BY 1"
        ).fetchall()
    assert [row["name"] for row in by_year] == [
        "core.dossier_versions",
        "core.progress_event_versions",
        "marts.dossier_periods",
    ]


def test_every_join_of_the_sql_keeps_to_one_commune(spread):
    found = [
        (name, said, is_tied)
        for name, table in tables.tables().items()
        for query in joins.queries(table)
        for said, is_tied in joins.joined(query, spread)
    ]
    assert len(found) > 35
    assert [(name, said) for name, said, is_tied in found if not is_tied] == []


@pytest.mark.parametrize(
    ("text", "is_loose"),
    [
        ("SELECT 1 FROM core.dossiers AS d, core.tasks AS t WHERE t.commune_code = d.commune_code", False),
        (
            "SELECT 1 FROM core.dossiers AS d, core.tasks AS t WHERE t.commune_code = '1' AND d.commune_code = '1'",
            False,
        ),
        ("SELECT 1 FROM core.dossiers AS d INNER JOIN core.tasks AS t ON t.task_code = d.dossier_code", True),
        (
            "SELECT 1 FROM core.dossiers AS d, core.tasks AS t WHERE t.commune_code = d.commune_code OR d.status = 1",
            True,
        ),
        (
            "SELECT EXISTS (SELECT FROM core.tasks AS t WHERE t.task_code = d.dossier_code) FROM core.dossiers AS d",
            True,
        ),
    ],
)
def test_a_loose_join_would_be_seen(spread, text, is_loose):
    assert bool(joins.loose(sqlglot.parse_one(text, read="postgres"), spread)) is is_loose


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("CREATE TABLE marts.anew (a text PRIMARY KEY)", "marts.anew: không có cột commune_code"),
        (
            "CREATE UNIQUE INDEX ON core.tasks (task_code)",
            "core.tasks: khóa (task_code) không có commune_code",
        ),
        (
            "CREATE TRIGGER t BEFORE UPDATE ON core.tasks FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "core.tasks: có trigger t",
        ),
    ],
)
def test_a_table_that_can_no_longer_be_spread_is_noticed(warehouse, damage, said):
    with database.connection(warehouse) as connection:
        connection.execute(damage)
        assert said in distribution.problems(connection)
        connection.rollback()


def test_the_committed_page_is_not_stale(warehouse):
    page = (settings.root() / distribution.PAGE).read_text(encoding="utf-8")
    with database.connection(warehouse) as connection:
        said = distribution.statements(connection)
    assert page == said, "run: .venv/bin/python -m tthc.warehouse.distribution"


def test_the_statements_are_sql_in_an_order_that_can_be_run(warehouse):
    with psycopg.connect(warehouse) as connection:
        connection.execute(
            "CREATE FUNCTION public.create_reference_table(regclass) RETURNS void LANGUAGE sql AS '';"
            "CREATE FUNCTION public.create_distributed_table(regclass, text, colocate_with text DEFAULT 'default')"
            " RETURNS text LANGUAGE sql AS 'SELECT $3'"
        )
        connection.execute((settings.root() / distribution.PAGE).read_text(encoding="utf-8"))
        connection.rollback()
