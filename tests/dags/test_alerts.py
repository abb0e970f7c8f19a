"""Of each cause people hear twice: once that it is wrong, once that it is right; by a real mail server on loopback."""

import email
import email.policy
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.rows import tuple_row
from tthc_dags import alerts

from tests.dags.test_health import merge
from tests.dags.test_mail import post_office as post_office
from tthc.flows import watching
from tthc.landing import incidents
from tthc.warehouse import database


@pytest.fixture
def letters(post_office, monkeypatch):
    """Return a function that gives the letters that arrived since it was last asked: (subject, text)."""
    address = f"smtp://127.0.0.1:{post_office.port}/?from=kho%40example.vn&to=truc%40example.vn&security=none"
    monkeypatch.setenv("AIRFLOW_CONN_TTHC_MAIL", address)
    seen = 0

    def since():
        nonlocal seen
        new, seen = post_office.letters[seen:], len(post_office.letters)
        read = [email.message_from_bytes(raw, policy=email.policy.default) for raw in new]
        return [(letter["Subject"], letter.get_body(("plain",)).get_content()) for letter in read]

    return since


def change(how: str, *words: str) -> None:
    with database.connection(autocommit=True, rows=tuple_row) as connection:
        getattr(incidents, how)(connection, *words)


def test_a_cause_is_told_once_and_its_end_once(warehouse, letters):
    change("open_incident", "fetch_failed", "city__dossiers", "Thành phố không trả lời.")
    assert watching.watch(alerts.tell)["told"]
    ((subject, text),) = letters()
    assert (
        subject == "[11674] 1 sự cố mới" and "fetch_failed city__dossiers: Thành phố không trả lời." in text
    )
    # Seen again and again, it is still the one incident that everybody knows.
    for _ in range(3):
        change("open_incident", "fetch_failed", "city__dossiers", "Thành phố không trả lời.")
        watching.watch(alerts.tell)
    assert letters() == []
    change("close_incident", "fetch_failed", "city__dossiers", "Lần sau đã đọc được.")
    watching.watch(alerts.tell)
    ((subject, text),) = letters()
    assert subject == "[11674] 1 đã xong" and "Lần sau đã đọc được." in text
    watching.watch(alerts.tell)
    assert letters() == []
    # The same cause another day is another incident.
    change("open_incident", "fetch_failed", "city__dossiers", "Thành phố lại không trả lời.")
    watching.watch(alerts.tell)
    assert len(letters()) == 1


def test_many_at_once_are_one_message(warehouse, letters):
    for number in range(30):
        change("open_incident", "short_window", f"city__dossiers 2025-07-{number:02}", "Đọc thiếu.")
    change("open_incident", "batch_stopped", "city__progress_events", "Một luật dừng cả lần đọc.")
    watching.watch(alerts.tell)
    ((subject, text),) = letters()
    assert subject == "[11674] 31 sự cố mới"
    assert "short_window, 30 nơi" in text and "batch_stopped city__progress_events" in text
    assert len(text.splitlines()) < 15


def test_what_could_not_be_told_is_told_later(warehouse, letters, post_office, monkeypatch):
    change("open_incident", "fetch_failed", "city__dossiers", "Thành phố không trả lời.")
    with monkeypatch.context() as patch:
        patch.setenv(
            "AIRFLOW_CONN_TTHC_MAIL",
            "smtp://127.0.0.1:1/?from=a%40example.vn&to=b%40example.vn&security=none",
        )
        assert not watching.watch(alerts.tell)["told"]
    assert watching.watch(alerts.tell)["told"] and len(letters()) == 1


def test_without_a_place_to_tell_nothing_is_lost(warehouse, monkeypatch):
    monkeypatch.delenv("AIRFLOW_CONN_TTHC_MAIL", raising=False)
    change("open_incident", "fetch_failed", "city__dossiers", "Thành phố không trả lời.")
    assert not watching.watch(alerts.tell)["told"]
    with psycopg.connect(warehouse) as connection:
        assert connection.execute("SELECT told_at FROM ops.incidents").fetchall() == [(None,)]


def test_what_opened_and_closed_before_anybody_heard_is_no_news(warehouse, letters):
    change("open_incident", "fetch_failed", "city__dossiers", "Thành phố không trả lời.")
    change("close_incident", "fetch_failed", "city__dossiers", "Đã đọc được.")
    assert not watching.watch(alerts.tell)["told"] and letters() == []


def test_a_late_stream_is_one_incident_until_it_is_read_again(warehouse, letters):
    merge(warehouse, timedelta(days=8), "city__dossiers")
    watching.watch(alerts.tell)
    watching.watch(alerts.tell)
    ((_, text),) = letters()
    assert "stream_late city__dossiers" in text and "đã lỡ hai lần theo lịch" in text
    merge(warehouse, timedelta(0), "city__dossiers")
    watching.watch(alerts.tell, datetime.now(UTC) + timedelta(seconds=1))
    ((subject, _),) = letters()
    assert subject == "[11674] 1 đã xong"


def test_nothing_of_a_password_reaches_the_log(warehouse, monkeypatch, caplog):
    monkeypatch.setenv(
        "AIRFLOW_CONN_TTHC_MAIL", "smtp://kho:mat-khau-thu@127.0.0.1:1/?from=a%40example.vn&to=b%40example.vn"
    )
    monkeypatch.setenv("TTHC_ALERT_URLS", "khong-phai://bi-mat-cua-bot")
    change("open_incident", "fetch_failed", "city__dossiers", "Thành phố không trả lời.")
    with caplog.at_level("DEBUG"):
        assert not watching.watch(alerts.tell)["told"]
    assert "mat-khau-thu" not in caplog.text and "bi-mat-cua-bot" not in caplog.text
