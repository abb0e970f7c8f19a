"""Published is published: nobody the project makes can change it, and what a superuser did is seen."""

import json

import psycopg
import pytest
from psycopg import errors

from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import own_hamlet as own_hamlet
from tests.cli.conftest import run
from tests.cli.conftest import told as told

TABLES = ("builds", "values", "revisions", "revision_facts", "revision_seals", "chain_heads")
COLUMN = {
    "builds": "content_hash = 'x'",
    "values": "numerator = numerator + 1",
    "revisions": "approved_by = 'Người khác'",
    "revision_facts": "row_count = 0",
    "revision_seals": "seal = 'x'",
    "chain_heads": "chain_number = chain_number + 1",
}
RECHAIN = """
UPDATE indicators.revisions AS r SET chain_hash = indicators.revision_digest(r);
UPDATE indicators.chain_heads AS h SET chain_hash = r.chain_hash FROM indicators.revisions AS r;
"""


def wrong(*, full: bool = False) -> set[str]:
    """Return the names of the checks of the doctor that found something wrong."""
    said = run("doctor", "--json", *(["--full"] if full else []))
    found = json.loads(said.out)
    assert {"revisions_are_linked", "revisions_are_sealed"} <= {one["name"] for one in found}
    return {one["name"] for one in found if not one["holds"]}


def by_a_superuser(cluster, url: str, statements: str) -> None:
    """Do what only a superuser can: with no trigger firing on any of the tables."""
    with psycopg.connect(cluster.url(url.rpartition("/")[2])) as connection:
        for table in TABLES:
            connection.execute(f"ALTER TABLE indicators.{table} DISABLE TRIGGER ALL")
        connection.execute(statements)
        for table in TABLES:
            connection.execute(f"ALTER TABLE indicators.{table} ENABLE TRIGGER ALL")
        triggers = connection.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal"
            " AND tgrelid::regclass::text LIKE 'indicators.%'"
        ).fetchall()
        for table, name in triggers:
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


@pytest.mark.parametrize("role", [None, "tthc_loader"])
def test_neither_the_owner_nor_a_group_can_change_what_is_published(own_hamlet, cluster, role):
    attempts = [
        statement
        for table in TABLES
        for statement in (
            f"UPDATE indicators.{table} SET {COLUMN[table]}",
            f"DELETE FROM indicators.{table}",
            f"TRUNCATE indicators.{table} CASCADE",
        )
    ]
    refused = 0
    # Only a superuser may become a group here; from then on it has no more rights than the group.
    url = cluster.url(own_hamlet.rpartition("/")[2]) if role else own_hamlet
    with psycopg.connect(url, autocommit=True) as connection:
        if role:
            connection.execute(f"SET ROLE {role}")
        before = contents(connection)
        for statement in attempts:
            with pytest.raises((errors.RaiseException, errors.InsufficientPrivilege)):
                connection.execute(statement)
            refused += 1
        # A session that says it is a replica may not: that takes a superuser, and even then they fire.
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SET session_replication_role = replica")
        assert contents(connection) == before
    assert refused == 18


def test_triggers_fire_for_a_superuser_who_says_replica(own_hamlet, cluster):
    with psycopg.connect(cluster.url(own_hamlet.rpartition("/")[2])) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(errors.RaiseException):
            connection.execute("UPDATE indicators.revisions SET approved_by = 'Người khác'")


def contents(connection: psycopg.Connection) -> list:
    return [
        connection.execute(
            f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM indicators.{t} AS t"
        ).fetchone()
        for t in TABLES
    ]


def test_a_healthy_chain_is_healthy(own_hamlet):
    assert not wrong(full=True)
    with psycopg.connect(own_hamlet) as connection:
        (told, parts) = connection.execute(
            "SELECT inputs, (SELECT sum(row_count) FROM indicators.revision_facts AS f"
            " WHERE f.revision_id = r.revision_id AND f.item = 'marts.dossiers_in_period')"
            " FROM indicators.revisions AS r"
        ).fetchone()
    assert parts == told["facts"]["marts.dossiers_in_period"]["rows"] == 8
    assert {"calendar_hash", "catalogue_hash", "units_hash", "definitions_hash", "rules_hash"} <= told.keys()
    assert {"city__dossiers", "register__procedures"} <= told["readings"].keys()


@pytest.mark.parametrize(
    ("statements", "seen"),
    [
        ("UPDATE indicators.revisions SET approved_by = 'Người khác'", {"revisions_are_linked"}),
        # Who works out the chain anew lacks the key of the seals.
        (
            "UPDATE indicators.revisions SET reason = 'khác';" + RECHAIN,
            {"revisions_are_sealed"},
        ),
        ("DELETE FROM indicators.revision_seals", {"revisions_are_sealed"}),
        (
            "DELETE FROM indicators.revision_seals; DELETE FROM indicators.revision_facts;"
            " DELETE FROM indicators.revisions",
            {"revisions_are_linked"},
        ),
        ("UPDATE indicators.revision_facts SET body = substr(body, 1, 40)", {"revisions_keep_their_facts"}),
    ],
)
def test_what_a_superuser_did_is_seen(own_hamlet, cluster, statements, seen):
    by_a_superuser(cluster, own_hamlet, statements)
    found = wrong(full=True)
    assert seen <= found
    assert found <= {
        "revisions_are_linked",
        "revisions_are_sealed",
        "revisions_keep_their_facts",
        "one_draft_is_kept",
    }


def test_links_follow_each_other(own_hamlet):
    with psycopg.connect(own_hamlet) as connection:
        connection.execute("UPDATE marts.dossiers SET outcome = 'withdrawn' WHERE status = 10")
    assert run("refresh", "2025-07", "--calendar", "month").code == 0
    assert run("publish", "2025-07", "--by", "A", "--reason", "B", "--calendar", "month").code == 0
    with psycopg.connect(own_hamlet) as connection:
        links = connection.execute(
            "SELECT chain_number, previous_hash, chain_hash FROM indicators.revisions ORDER BY chain_number"
        ).fetchall()
    assert [link[0] for link in links] == [1, 2]
    assert links[0][1] is None and links[1][1] == links[0][2]
    assert not {"revisions_are_linked", "revisions_are_sealed"} & wrong()


def test_what_no_longer_gives_the_numbers_is_not_published(own_hamlet):
    with psycopg.connect(own_hamlet) as connection:
        connection.execute("UPDATE marts.dossiers SET outcome = 'withdrawn' WHERE status = 10")
        connection.execute(
            "INSERT INTO indicators.builds (commune_code, calendar, period, period_start, period_end,"
            " definitions_hash, content_hash) SELECT commune_code, calendar, period, period_start, period_end,"
            " definitions_hash, 'khác' FROM indicators.builds WHERE (calendar, period) = ('month', '2025-07')"
        )
    said = run("publish", "2025-07", "--by", "A", "--reason", "B", "--calendar", "month")
    assert said.code == 1
    assert "đã đổi từ khi được tính" in said.err
