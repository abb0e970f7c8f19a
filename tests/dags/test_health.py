"""``GET /health``: how fresh each stream is, for whoever watches, and nothing that is not theirs to know."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

import warehouse_health
from tthc.sources.streams import streams
from tthc.warehouse import freshness

MERGED = (
    "INSERT INTO ops.fetches (commune_code, stream, source, kind, state, started_at, fetched_at, merged_at, read_count,"
    " merged_count, unchanged_count, quarantined_count, superseded_count, is_complete)"
    " VALUES ('11674', %s, 'share thu', 'window', 'merged', %s, %s, %s, 0, 0, 0, 0, 0, true)"
)


@pytest.fixture
def page() -> TestClient:
    # Mounted as Airflow mounts it.
    outer = FastAPI()
    (mounted,) = warehouse_health.WarehouseHealth.fastapi_apps
    outer.mount(mounted["url_prefix"], mounted["app"])
    assert mounted["url_prefix"] == "/health"
    return TestClient(outer)


def merge(url: str, ago: timedelta, *names: str) -> None:
    moment = datetime.now(UTC) - ago
    with psycopg.connect(url) as connection:
        for name in names:
            connection.execute(MERGED, (name, moment, moment, moment))


def test_fresh_streams_are_ok_and_each_is_told(page, warehouse):
    merge(warehouse, timedelta(minutes=5), "city__dossiers", "city__progress_events")
    answer = page.get("/health")
    assert answer.status_code == 200 and answer.json()["status"] == "ok"
    told = {each["stream"]: each for each in answer.json()["streams"]}
    assert told.keys() == streams().keys()
    assert 290 < told["city__dossiers"]["age_seconds"] < 400 and not told["city__dossiers"]["is_late"]
    # What comes in files has no hour of its own.
    assert told["register__tasks"]["late_at"] is None


def test_one_late_stream_is_seen_by_the_code_alone(page, warehouse):
    merge(warehouse, timedelta(days=8), "city__dossiers")
    merge(warehouse, timedelta(minutes=5), "city__progress_events")
    answer = page.get("/health")
    assert answer.status_code == 503 and answer.json()["status"] == "late"
    assert [each["stream"] for each in answer.json()["streams"] if each["is_late"]] == ["city__dossiers"]


def test_a_warehouse_that_is_away_is_down_and_tells_no_address(page, warehouse, monkeypatch):
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", "postgresql://tthc:mat-khau-thu@127.0.0.1:1/warehouse")
    answer = page.get("/health/")
    assert answer.status_code == 503 and answer.json()["status"] == "down"
    assert "127.0.0.1" not in answer.text and "mat-khau" not in answer.text


def test_no_word_of_an_incident_and_no_number_is_told(page, warehouse):
    with psycopg.connect(warehouse) as connection:
        connection.execute(
            "INSERT INTO ops.incidents (commune_code, kind, subject, message)"
            " VALUES ('11674', 'fetch_failed', 'city__dossiers', 'Lời riêng của sự cố')"
        )
    answer = page.get("/health")
    assert answer.json()["open_incident_count"] == 1 and "Lời riêng" not in answer.text
    assert "read_count" not in json.dumps(answer.json())


@pytest.mark.parametrize(
    ("merged", "late"),
    [
        ("2026-11-25T09:12:00+07:00", "2026-11-25T13:40:00+07:00"),
        # Over the weekend nothing is due.
        ("2026-11-27T17:12:00+07:00", "2026-11-30T09:40:00+07:00"),
    ],
)
def test_late_is_two_scheduled_times_and_half_an_hour(merged, late):
    schedule = streams()["city__dossiers"].schedule
    assert freshness.late_from(schedule, datetime.fromisoformat(merged)) == datetime.fromisoformat(late)
