"""The doctor finds nothing in a healthy warehouse, and the right thing in a sick one."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.cli import hamlet
from tests.cli.conftest import run
from tthc.warehouse.doctor import PROMISES


def findings(*arguments: str) -> tuple[int, dict[str, dict]]:
    said = run("doctor", "--json", *arguments)
    return said.code, {found["name"]: found for found in json.loads(said.out)}


def test_a_healthy_warehouse(hamlet_settings):
    code, found = findings("--full")
    assert code == 0, [name for name, one in found.items() if not one["holds"]]
    assert {one["promise"] for one in found.values()} == set(PROMISES)
    # A check that judged nothing says nothing: those of what there is must have judged it.
    judged = {name: one["checked"] for name, one in found.items()}
    assert judged["accounting"] == 4
    assert judged["keys_are_single.city__dossiers"] == 8
    assert judged["rows_read_again"] == 8 + 2 + judged["keys_are_single.register__working_days"]
    assert judged["revisions_are_whole"] == 1
    assert judged["refused_rows_have_an_address"] == 1
    assert judged["archive_objects"] >= 3
    # Two calendars, one month each; the commune and three units.
    assert judged["identity.open"] == 2 * (1 + 3)
    assert judged["months_say_the_same_again"] == 2
    assert run("doctor").code == 0


def test_an_empty_warehouse_is_healthy(warehouse):
    assert run("init").code == 0
    said = run("doctor", "--full")
    assert said.code == 0, said.err


def test_a_database_that_was_never_prepared(database, warehouse_settings, monkeypatch):
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", database)
    said = run("doctor")
    assert said.code == 1
    assert "tthc init" in said.err


@dataclass
class Sick:
    """What was done to the warehouse, and the check that must notice."""

    check: str
    done: str
    full: bool = False


SICK = [
    Sick(
        "accounting",
        "ALTER TABLE ops.fetches DROP CONSTRAINT fetches_check;"
        " UPDATE ops.fetches SET merged_count = 7 WHERE read_count = 9",
    ),
    Sick("pages_make_the_reading", "UPDATE ops.fetches SET body_hash = 'x' WHERE read_count = 9"),
    Sick("pages_are_contiguous", "UPDATE ops.fetch_pages SET first_row = first_row + 1"),
    Sick(
        "every_row_was_judged",
        "DELETE FROM ops.validations WHERE fetch_id = (SELECT max(fetch_id) FROM ops.fetches)",
    ),
    Sick("refused_rows_have_an_address", "UPDATE ops.quarantine SET address = 'sha256:0 · bản ghi 1'"),
    Sick(
        "one_open_row_of_a_case",
        "INSERT INTO ops.quarantine (commune_code, stream, fetch_id, row_number, row_hash, rules, reason, address,"
        " last_fetch_id, case_id) SELECT commune_code, stream, fetch_id, row_number - 1, row_hash, rules, reason,"
        " address, last_fetch_id, quarantine_id FROM ops.quarantine",
    ),
    Sick(
        "one_open_row_of_a_case",
        "UPDATE ops.quarantine SET state = 'resolved', decided_by = 'x', closed_fetch_id = 1;"
        " UPDATE ops.fetches SET state = 'undone' WHERE fetch_id = 1",
    ),
    Sick("every_dossier_has_its_facts", "DELETE FROM marts.dossiers WHERE status = 7"),
    Sick(
        "windows_are_read_to_the_end",
        "UPDATE ops.fetch_windows SET state = 'short' WHERE window_from IS NOT NULL",
    ),
    Sick("nothing_without_history.city__dossiers", "DELETE FROM core.dossier_versions WHERE status = 7"),
    Sick(
        "keys_are_single.city__dossiers",
        "ALTER TABLE core.dossiers DROP CONSTRAINT dossiers_pkey;"
        " INSERT INTO core.dossiers SELECT * FROM core.dossiers WHERE status = 7",
    ),
    Sick(
        "one_version_is_open.city__dossiers",
        "UPDATE core.dossier_versions SET valid_to = now() WHERE status = 7",
    ),
    Sick(
        "versions_are_in_order.city__dossiers",
        "UPDATE core.dossier_versions SET valid_to = now() WHERE status = 7",
    ),
    Sick(
        "versions_have_an_address.city__dossiers",
        "UPDATE core.dossier_versions SET row_number = 999 WHERE status = 7",
    ),
    Sick(
        "rows_read_again",
        "UPDATE core.dossier_versions SET row_hash = gen_random_uuid() WHERE status = 7",
    ),
    Sick(
        "revisions_are_whole",
        "ALTER TABLE indicators.values DISABLE TRIGGER published_stays; UPDATE indicators.values"
        " SET numerator = numerator + 1 WHERE level = 'unit'"
        " AND build_id = (SELECT build_id FROM indicators.revisions)",
    ),
    Sick("published_is_guarded", "ALTER TABLE indicators.revisions DISABLE TRIGGER published_stays"),
    Sick("published_is_guarded", "DROP TRIGGER published_is_full ON indicators.values"),
    Sick(
        "revisions_are_numbered",
        "ALTER TABLE indicators.revisions DISABLE TRIGGER published_stays;"
        " UPDATE indicators.revisions SET revision_number = 2",
    ),
    Sick(
        "same_is_not_published_twice",
        "WITH again AS (INSERT INTO indicators.builds (commune_code, calendar, period, period_start, period_end,"
        " definitions_hash, content_hash) SELECT commune_code, calendar, period, period_start, period_end,"
        " definitions_hash, content_hash FROM indicators.builds WHERE build_id = (SELECT build_id FROM"
        " indicators.revisions) RETURNING build_id) INSERT INTO indicators.revisions (commune_code, calendar, period,"
        " revision_number, build_id, content_hash, approved_by, reason) SELECT r.commune_code, r.calendar, r.period, 2,"
        " a.build_id, r.content_hash, 'A', 'B' FROM indicators.revisions AS r, again AS a",
    ),
    Sick(
        "newest_build_has_every_indicator",
        "DELETE FROM indicators.values WHERE indicator = 'dossier_on_time_rate' AND code = 'kinh_te'"
        " AND build_id NOT IN (SELECT build_id FROM indicators.revisions)",
    ),
    Sick(
        "values_follow_from_their_parts",
        "UPDATE indicators.values SET value = 99.99 WHERE indicator = 'progress_rate_766' AND code = '11674'"
        " AND build_id NOT IN (SELECT build_id FROM indicators.revisions)",
    ),
    Sick(
        "drafts_follow_the_definitions",
        "UPDATE indicators.builds SET definitions_hash = 'x' WHERE period = '2025'",
    ),
    Sick(
        "one_draft_is_kept",
        "INSERT INTO indicators.builds (commune_code, calendar, period, period_start, period_end, definitions_hash,"
        " content_hash) SELECT commune_code, calendar, period, period_start, period_end, definitions_hash, 'x'"
        " FROM indicators.builds WHERE period = '2025'",
    ),
    Sick("dropped_columns_are_absent.city__dossiers", "ALTER TABLE core.dossiers ADD COLUMN phone text"),
    Sick(
        "identity_is_a_hash.city__dossiers.applicant_key",
        f"UPDATE core.dossier_versions SET applicant_key = '{hamlet.IDENTITY}' WHERE status = 7",
    ),
    Sick(
        "lists_keep_what_is_declared.city__dossiers.components",
        """UPDATE core.dossiers SET components = '[{"file": "don-xin.pdf"}]' WHERE status = 7""",
    ),
    Sick(
        "lists_keep_what_is_declared.city__dossiers.components",
        """UPDATE core.dossiers SET components = '[{"file_name": "don-xin.pdf"}]' WHERE status = 7""",
    ),
    Sick(
        "one_open_incident",
        "DROP INDEX ops.incidents_one_open; INSERT INTO ops.incidents (commune_code, kind, subject, message)"
        " SELECT '11674', 'short_window', 'city__dossiers 2025-07-01', 'x' FROM generate_series(1, 2)",
    ),
    Sick(
        "stopped_is_loud",
        "INSERT INTO ops.fetches (commune_code, stream, source, kind, state, fetched_at)"
        " VALUES ('11674', 'city__dossiers', 'share', 'window', 'stopped', now())",
    ),
    Sick(
        "stopped_is_loud",
        "INSERT INTO ops.incidents (commune_code, kind, subject, message)"
        " VALUES ('11674', 'batch_stopped', 'city__dossiers', 'x')",
    ),
    Sick("calendar_is_loud", "UPDATE marts.dossiers SET leaves_calendar_in = 2031 WHERE status = 7"),
    Sick(
        "nothing_hangs",
        "INSERT INTO ops.fetches (commune_code, stream, source, kind, state, started_at)"
        " VALUES ('11674', 'city__dossiers', 'share', 'window', 'fetching', now() - interval '3 days')",
    ),
    Sick(
        "staging_is_empty.city__progress_events",
        "UPDATE ops.fetches SET merged_at = now() - interval '2 hours';"
        " INSERT INTO staging.city__progress_events (fetch_id, row_number, row_uid, row_hash, answered_at, unreadable)"
        " SELECT fetch_id, 1, 1, gen_random_uuid(), now(), '{}' FROM ops.fetches WHERE read_count = 9",
    ),
    Sick(
        "staging_is_empty.city__progress_events",
        "UPDATE ops.fetches SET merged_at = now() - interval '2 hours';"
        " INSERT INTO staging.known_rows (stream, fetch_id, row_number, key_mark, first_key)"
        " SELECT 'city__progress_events', fetch_id, 1, gen_random_uuid(), 'A' FROM ops.fetches WHERE read_count = 9",
    ),
    Sick("units_are_known", "UPDATE marts.dossiers SET unit_code = 'khac' WHERE status = 7"),
    Sick("ends_are_known", "UPDATE marts.dossiers SET ended_on = '2025-01-01' WHERE status = 7"),
    Sick("calendar_is_published", "DELETE FROM core.working_days"),
    Sick("catalogue_is_loaded", "DELETE FROM core.procedures"),
    Sick(
        "identity.received_and_carried",
        "UPDATE marts.dossier_periods SET is_received = false WHERE is_withdrawn",
    ),
    Sick("identity.resolved", "UPDATE marts.dossier_periods SET is_late = false WHERE is_late"),
    Sick("identity.open", "UPDATE marts.dossier_periods SET is_overdue = true WHERE is_within_term"),
    Sick(
        "months_say_the_same_again",
        "UPDATE marts.dossier_periods SET channel = 2 WHERE is_withdrawn",
        full=True,
    ),
    Sick("shapes", "UPDATE ops.table_shapes SET sql_hash = 'x' WHERE table_name = 'marts.dossiers'"),
    Sick("migrations", "DELETE FROM ops.migrations"),
    Sick("rights_are_as_declared", "GRANT SELECT ON restricted.staff TO PUBLIC"),
    Sick("personal_sheets_are_guarded", "ALTER TABLE restricted.score_sheets NO FORCE ROW LEVEL SECURITY"),
    Sick(
        "personal_sheets_are_guarded",
        "CREATE POLICY thoang ON restricted.score_sheets FOR SELECT USING (true)",
    ),
    Sick("personal_sheets_are_guarded", "CREATE VIEW marts.vong AS SELECT * FROM restricted.score_sheets"),
    Sick(
        "personal_sheets_are_guarded",
        "ALTER FUNCTION restricted.sees_sheet(bigint, text, text, text) RESET search_path",
    ),
]


@pytest.mark.parametrize("sick", SICK, ids=lambda sick: sick.check)
def test_a_sick_warehouse(own_hamlet, sick: Sick):
    with psycopg.connect(own_hamlet) as connection:
        connection.execute(sick.done)
    code, found = findings(*(["--full"] if sick.full else []))
    assert code == 1
    assert not found[sick.check]["holds"], found[sick.check]
    assert found[sick.check]["examples"]
    assert found[sick.check]["todo"]


def test_every_kind_of_check_was_made_to_fail():
    elsewhere = {"archive_objects", "settings", "server"}
    with pytest.MonkeyPatch.context():
        from tthc.warehouse import checks_of_core, checks_of_numbers, checks_of_readings

        every = [
            *checks_of_readings.checks(),
            *checks_of_core.checks(full=True),
            *checks_of_numbers.checks({}, "", full=True),
        ]
    kinds = {check.name.split(".")[0] for check in every}
    assert len(every) > 60
    assert kinds <= {sick.check.split(".")[0] for sick in SICK} | elsewhere


def test_a_lost_or_altered_object_of_the_archive(own_archive: Path, hamlet_settings):
    with psycopg.connect(hamlet_settings.environment["TTHC_WAREHOUSE_URL"]) as connection:
        # Other tests may have put into this archive what this ledger knows nothing of.
        known = connection.execute("SELECT sha256 FROM ops.fetch_pages ORDER BY sha256 LIMIT 2").fetchall()
    first, second = (own_archive / digest[:2] / f"{digest}.zst.aes" for (digest,) in known)
    second.write_bytes(second.read_bytes()[:-1] + b"\0")
    code, found = findings("--full")
    assert (code, found["archive_objects"]["wrong"]) == (1, 1)
    first.unlink()
    code, found = findings("--full")
    assert (code, found["archive_objects"]["wrong"]) == (1, 2)
    shutil.rmtree(own_archive)
    assert findings()[0] == 1


def test_another_secret_is_noticed(own_archive, monkeypatch):
    monkeypatch.setenv("TTHC_SECRET_KEY", "mot-khoa-khac-han-0123456789-0123456789")
    code, found = findings()
    assert code == 1
    assert not found["archive_objects"]["holds"]
    assert not found["rows_read_again"]["holds"]


def test_half_a_city_is_a_wrong_setting(hamlet_settings, monkeypatch):
    monkeypatch.setenv("TTHC_CITY_URL", "http://127.0.0.1:1")
    code, found = findings()
    assert (code, found["settings"]["holds"]) == (1, False)
    assert "TTHC_CITY_CLIENT_ID" in found["settings"]["examples"][0]


def test_env_shows_no_secret(hamlet_settings, monkeypatch):
    monkeypatch.setenv(
        "TTHC_WAREHOUSE_URL", "postgresql://ai:mat-khau-rat-kin@kho.example.vn:5432/kho?password=kin"
    )
    monkeypatch.setenv("TTHC_CITY_CLIENT_SECRET", "bi-mat-cua-xa")
    for said in (run("env"), run("env", "--json")):
        assert said.code == 0
        for secret in (
            "mat-khau-rat-kin",
            "password=kin",
            "bi-mat-cua-xa",
            hamlet_settings.environment["TTHC_SECRET_KEY"],
        ):
            assert secret not in said.out + said.err
    rows = {row["name"]: row for row in json.loads(run("env", "--json").out)}
    assert rows["TTHC_WAREHOUSE_URL"]["value"] == "postgresql://ai:***@kho.example.vn:5432/kho"
    assert rows["TTHC_COMMUNE"]["value"] == "11674"
    assert rows["TTHC_COMMUNE"]["found_in"] == "môi trường"


def test_status_tells_how_things_stand(hamlet_settings):
    found = json.loads(run("status", "--json").out)
    assert found["fetches"][0]["stream"] == "city__dossiers"
    assert [(row["stream"], row["state"], row["row_count"]) for row in found["quarantine"]] == [
        ("city__dossiers", "open", 1)
    ]
    july = next(row for row in found["periods"] if (row["calendar"], row["period"]) == ("month", "2025-07"))
    assert (july["revision_number"], july["approved_by"], july["is_waiting"]) == (1, "Trần Văn Duyệt", False)
    assert next(row for row in found["periods"] if row["calendar"] == "report")["is_waiting"]


def test_a_view_that_became_a_table_and_a_rebuild_leave_the_same_warehouse(own_hamlet):
    before = run("indicators", "2025-07", "--draft", "--format", "csv").out
    with psycopg.connect(own_hamlet) as connection:
        connection.execute(
            "DROP VIEW marts.units CASCADE;"
            " CREATE TABLE marts.units AS SELECT commune_code, unit_code FROM core.units;"
            " UPDATE ops.table_shapes SET sql_hash = '' WHERE table_name IN ('marts.units', 'core.dossiers')"
        )
    said = run("init", "--json")
    assert said.code == 0, said.err
    assert {"marts.units", "core.dossiers"} <= set(json.loads(said.out)["changed"])
    assert run("refresh", "2025-07").code == 0
    assert run("indicators", "2025-07", "--draft", "--format", "csv").out == before
    said = run("doctor", "--full")
    assert said.code == 0, said.err
    assert [
        row["state"] for row in json.loads(run("quarantine", "list", "--state", "all", "--json").out)
    ] == ["open"]
