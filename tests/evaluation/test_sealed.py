"""What was sealed stays: nobody the project makes can change it; what a superuser did is seen; a version is beside."""

import json
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from psycopg import errors
from psycopg.rows import dict_row

from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import own_hamlet as own_hamlet
from tests.cli.conftest import run
from tests.cli.conftest import told as told
from tthc.evaluation import figures, rule_files, sealed, telling
from tthc.evaluation.sheets import unit_sheets
from tthc.indicators import publish
from tthc.warehouse import database, score_chain
from tthc.workdays import periods

PERIOD = periods.parse("2025-07")
WINDOW = (date(2025, 8, 4), date(2025, 8, 11))
BY_TWO = sealed.Approvals("Trần Thị Lan", "đủ", "Phạm Văn Minh", "đồng ý")
TABLES = ("score_runs", "score_sheets", "score_seals", "score_chain_heads")
COLUMN = {
    "score_runs": "second_by = 'Người khác'",
    "score_sheets": "sheet = '{}'",
    "score_seals": "seal = 'x'",
    "score_chain_heads": "chain_number = chain_number + 1",
}
CHECKS = {"sheets_are_linked", "sheets_are_whole", "sealed_versions_are_numbered"}


def told_units(connection) -> list[sealed.Subject]:
    known = figures.read(connection, PERIOD)
    made = unit_sheets(rule_files.in_force("unit", PERIOD.end), known, known.codes("unit"))
    return [sealed.subject(telling.told(sheet)) for sheet in made.values()]


def seal(url: str, subjects=None) -> dict:
    with database.connection(url) as connection:
        revision = publish.last_revision(connection, PERIOD)
        subjects = subjects or told_units(connection)
        opened = sealed.write(
            connection, PERIOD, "opened", subjects, revision=revision, window=WINDOW, made_by="Lan"
        )
        return sealed.write(
            connection, PERIOD, "sealed", subjects, revision=revision, window=WINDOW, made_by="Lan",
            opened_run_id=opened["score_run_id"], approvals=BY_TWO,
        )  # fmt: skip


def contents(connection: psycopg.Connection) -> list:
    return [
        connection.execute(
            f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM restricted.{t} AS t"
        ).fetchone()
        for t in TABLES
    ]


def wrong() -> set[str]:
    found = json.loads(run("doctor", "--json").out)
    assert {one["name"] for one in found} >= CHECKS
    return {one["name"] for one in found if not one["holds"]}


@pytest.mark.parametrize("role", [None, "tthc_loader", "tthc_hr"])
def test_neither_the_owner_nor_a_group_can_change_what_is_sealed(own_hamlet, cluster, role):
    seal(own_hamlet)
    attempts = [
        statement
        for table in TABLES
        for statement in (
            f"UPDATE restricted.{table} SET {COLUMN[table]}",
            f"DELETE FROM restricted.{table}",
            f"TRUNCATE restricted.{table} CASCADE",
        )
    ]
    attempts.append(
        "INSERT INTO restricted.score_sheets (score_run_id, subject_kind, subject_code, home_unit, working_unit, sheet,"
        " sheet_sha256) SELECT max(score_run_id), 'unit', 'them', 'them', 'them', '{}', 'x' FROM restricted.score_runs"
    )
    url = cluster.url(own_hamlet.rpartition("/")[2]) if role else own_hamlet
    with psycopg.connect(url, autocommit=True) as connection:
        before = contents(connection)
        assert [count for count, _ in before] == [2, 10, 2, 1]
        if role:
            connection.execute(f"SET ROLE {role}")
        for statement in attempts:
            with pytest.raises((errors.RaiseException, errors.InsufficientPrivilege)):
                connection.execute(statement)
        # No group but the loader reads sheets directly.
        connection.execute("RESET ROLE")
        assert contents(connection) == before
    assert len(attempts) == 13
    assert not wrong() & CHECKS


def test_triggers_fire_for_a_superuser_who_says_replica(own_hamlet, cluster):
    seal(own_hamlet)
    with psycopg.connect(cluster.url(own_hamlet.rpartition("/")[2])) as connection:
        connection.execute("SET session_replication_role = replica")
        with pytest.raises(errors.RaiseException):
            connection.execute("UPDATE restricted.score_sheets SET sheet = '{}'")


@pytest.mark.parametrize(
    ("statement", "seen"),
    [
        ("UPDATE restricted.score_runs SET second_by = 'Người khác' WHERE state = 'sealed'", "sheets_are_linked"),
        (
            "UPDATE restricted.score_sheets SET sheet = jsonb_set(sheet, '{code}', '\"x\"')"
            " WHERE subject_code = 'kinh_te'",
            "sheets_are_whole",
        ),
        ("DELETE FROM restricted.score_sheets WHERE subject_code = 'kinh_te'", "sheets_are_whole"),
        ("DELETE FROM restricted.score_seals", "sheets_are_whole"),
        (
            "DELETE FROM restricted.score_seals; DELETE FROM restricted.score_sheets;"
            " DELETE FROM restricted.score_runs",
            "sheets_are_linked",
        ),
        # Who works out the chain anew lacks the key of the seals.
        (
            "UPDATE restricted.score_runs SET made_by = 'khác';"
            "UPDATE restricted.score_runs AS r SET chain_hash = restricted.score_run_digest(r);"
            "UPDATE restricted.score_chain_heads AS h SET chain_hash = r.chain_hash FROM restricted.score_runs AS r"
            " WHERE r.chain_number = h.chain_number",
            "sheets_are_whole",
        ),
    ],
)  # fmt: skip
def test_what_a_superuser_did_is_seen(own_hamlet, cluster, statement, seen):
    seal(own_hamlet)
    with psycopg.connect(cluster.url(own_hamlet.rpartition("/")[2])) as connection:
        for table in TABLES:
            connection.execute(f"ALTER TABLE restricted.{table} DISABLE TRIGGER ALL")
        connection.execute(statement)
        for table in TABLES:
            connection.execute(f"ALTER TABLE restricted.{table} ENABLE TRIGGER ALL")
    found = wrong()
    # The guards were switched on again, but not as they were.
    assert {seen, "published_is_guarded"} <= found


def test_another_version_lies_beside_the_first_with_what_differs(own_hamlet):
    first = seal(own_hamlet)
    with database.connection(own_hamlet) as connection:
        subjects = told_units(connection)
    moved = subjects[0]._replace(sheet=json.loads(json.dumps(subjects[0].sheet)))
    moved.sheet["points_most"] = "12.34"
    moved.sheet["items"][0]["points"] = "1.50"
    second = seal(own_hamlet, [moved, *subjects[1:]])
    assert (first["version"], second["version"]) == (1, 2)
    assert second["content_hash"] != first["content_hash"]
    with database.connection(own_hamlet) as connection:
        runs = [sealed.sealed(connection, PERIOD, number) for number in (1, 2)]
        assert sealed.sealed(connection, PERIOD)["version"] == 2
        (row,) = sealed.differences(*(sealed.sheets(connection, one) for one in runs))
        kept = sealed.sheets(connection, runs[0])
    assert (row["kind"], row["code"]) == ("unit", moved.code)
    assert row["b"]["points_most"] == Decimal("12.34") != row["a"]["points_most"]
    assert row["items"] == [{"item": moved.sheet["items"][0]["item"], "a": None, "b": Decimal("1.50")}]
    # What is kept is what was told, to the last digit.
    assert {code: sealed.subject(sheet).sheet for (_, code), sheet in kept.items()} == {
        one.code: one.sheet for one in subjects
    }
    assert not wrong() & CHECKS


def test_what_a_sheet_is_hashed_by_can_be_worked_out_elsewhere(own_hamlet):
    import hashlib

    made = seal(own_hamlet)
    with psycopg.connect(own_hamlet) as connection:
        rows = connection.execute(
            "SELECT subject_kind, subject_code, sheet, sheet_sha256 FROM restricted.score_sheets"
            " WHERE score_run_id = %s",
            (made["score_run_id"],),
        ).fetchall()
    lines = []
    for kind, code, sheet, digest in rows:
        text = json.dumps(sheet, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256(text.encode()).hexdigest() == digest == score_chain.sheet_hash(sheet)
        lines.append(f"{kind} {code} {digest}")
    assert hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() == made["content_hash"]
    assert len(lines) == 5


def test_a_period_that_was_not_sealed_says_what_to_do(own_hamlet):
    from tthc.errors import TthcError

    with (
        database.connection(own_hamlet) as connection,
        pytest.raises(TthcError, match="tthc score seal 2025-07"),
    ):
        sealed.sealed(connection, PERIOD)


def test_what_is_older_than_the_chain_has_no_chain(database):
    with psycopg.connect(database, row_factory=dict_row) as connection:
        assert score_chain.findings(connection) == []
