"""Evidence in SQL says what ``tthc explain`` says, of every indicator, and shows no more than its asker may read."""

import psycopg
import pytest
from psycopg import errors

from tests.sql.cases import insert
from tthc import settings
from tthc.indicators import build, definitions, explain, noted
from tthc.warehouse import database, tables
from tthc.workdays import periods

PERIOD = periods.parse("2025-07")
EVIDENCE = "SELECT * FROM indicators.evidence(%s, 'month', '2025-07', %s, %s, %s)"


@pytest.fixture
def counted(warehouse) -> str:
    """Return the URL of a warehouse with some rows of several sources, and one build of July."""
    with database.connection(warehouse) as connection:
        tables.year_partition(connection, "core.dossier_versions", 2025)
        insert(connection, "core.dossiers", [{"dossier_code": "A"}])
        insert(
            connection,
            "marts.dossiers",
            [
                {"dossier_code": "A", "supplement_count": 2, "has_fee": True, "channel": 2},
                {"dossier_code": "B", "unit_code": "van_phong", "due_source": "given", "due_on": "2025-07-20"},
                {"dossier_code": "C", "outcome": "resolved", "alive_through": "2025-07-18", "status": 10,
                 "ended_on": "2025-07-18", "due_source": "given", "due_on": "2025-07-18", "used_working_days": 6,
                 "allowed_working_days": 6},
            ],
        )  # fmt: skip
        insert(
            connection, "core.tasks", [{"task_code": "V1"}, {"task_code": "V2", "official_code": "AH-KT-02"}]
        )
        insert(connection, "core.reviews", [{"review_code": "R1", "due_on": "2025-07-31"}])
        insert(connection, "restricted.conduct_records", [{"record_code": "K1"}])
        build.build(connection, PERIOD)
    return warehouse


def scopes(connection: psycopg.Connection) -> list[explain.Scope]:
    rows = connection.execute(
        "SELECT DISTINCT level, code FROM indicators.values WHERE level <> 'unit' OR code = 'kinh_te'"
    )
    return [explain.Scope(row["level"], row["code"]) for row in rows]


def test_evidence_in_sql_is_that_of_explain_for_every_indicator_and_level(counted):
    compared = 0
    with database.connection(counted) as connection:
        every = scopes(connection)
        assert {scope.level for scope in every} >= {"commune", "unit", "field", "procedure"}
        for indicator in definitions.indicators().values():
            for scope in (one for one in every if one.level in indicator.at):
                told = explain.evidence(connection, indicator, PERIOD, scope)
                rows = connection.execute(
                    EVIDENCE, (settings.commune_code(), scope.level, scope.code, indicator.id)
                ).fetchall()
                wanted = [
                    (row["in_numerator"], row["numerator_part"], row["denominator_part"]) for row in told
                ]
                found = [
                    (row["is_in_numerator"], row["numerator_part"], row["denominator_part"]) for row in rows
                ]
                assert sorted(wanted, key=str) == sorted(found, key=str), (indicator.id, scope)
                keys = [row[definitions.item_columns(indicator.item)[0]] for row in told] if told else []
                assert sorted(keys) == sorted(row["row_key"] for row in rows), (indicator.id, scope)
                compared += len(rows)
    assert compared > 100


def test_an_analyst_sees_the_rows_behind_a_number_but_none_of_restricted(counted, member):
    with psycopg.connect(member(counted, "analyst")) as connection:
        commune = settings.commune_code()
        shown = connection.execute(
            EVIDENCE, (commune, "commune", commune, "supplement_request_rate")
        ).fetchall()
        assert [row[0] for row in shown] == ["B", "C", "A"]
        for id in ("discipline_violation_count", "ethics_briefing_rate"):
            with pytest.raises(errors.InsufficientPrivilege), connection.transaction():
                connection.execute(EVIDENCE, (commune, "commune", commune, id))


def test_definitions_are_kept_once_and_again_when_they_change(warehouse, monkeypatch):
    with database.connection(warehouse) as connection:
        first = noted.note(connection)
        assert noted.note(connection) == first
        count = "SELECT count(*) AS n FROM indicators.definition_versions"
        kept = connection.execute(count).fetchone()["n"]
        assert kept == len(definitions.indicators())
        monkeypatch.setattr(definitions, "definitions_hash", lambda: "khác")
        noted.note(connection)
        assert connection.execute(count).fetchone()["n"] == 2 * kept
        now = connection.execute(
            "SELECT DISTINCT definitions_hash AS hash FROM indicators.definitions"
        ).fetchall()
        assert [row["hash"] for row in now] == ["khác"]
        monkeypatch.undo()
        noted.note(connection)
        now = connection.execute(
            "SELECT DISTINCT definitions_hash AS hash FROM indicators.definitions"
        ).fetchall()
        assert [row["hash"] for row in now] == [first]


def test_periods_in_sql_have_the_days_that_they_are_computed_for(warehouse, member):
    with database.connection(warehouse) as connection:
        connection.execute(
            "INSERT INTO marts.days (commune_code, day, is_working, working_days_through, published_run, document,"
            " month, report_month) SELECT '11674', make_date(y, 1, 1), false, 0, y, 'thử', 'm', 'm'"
            " FROM generate_series(2024, 2026) AS y"
        )
        rows = connection.execute("SELECT * FROM marts.periods").fetchall()
    assert len(rows) == 3 * 2 * (12 + 4 + 2 + 1 + 1)
    for row in rows:
        period = periods.parse(row["period"], row["calendar"])
        assert (period.kind, period.start, period.end) == (
            row["kind"],
            row["period_start"],
            row["period_end"],
        )
