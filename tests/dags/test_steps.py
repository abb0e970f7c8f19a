"""How a step runs inside Airflow: with the connections' settings, and without a value in any failure."""

import traceback

import psycopg
import pytest
from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from tthc_dags import approval, months, steps

from tthc import settings
from tthc.errors import BatchStopped, TthcError, Unreachable, UsageError
from tthc.stack import components

PERSON = "Trần Thị Chim Hoàng Yến"


@pytest.fixture
def connections(monkeypatch):
    """Declare the connections as the stack does."""
    city = {
        "TTHC_CITY_URL": "http://127.0.0.1:8090",
        "TTHC_CITY_CLIENT_ID": "xa",
        "TTHC_CITY_CLIENT_SECRET": "bi:mat/@%",
        "TTHC_CITY_DIALECT": "share",
    }
    url = "postgresql://tthc:m%40t%2Fkh%C3%A2u@127.0.0.1:5433/warehouse?connect_timeout=5"
    monkeypatch.setenv("AIRFLOW_CONN_TTHC_CITY", components.city_connection(city))
    monkeypatch.setenv("AIRFLOW_CONN_TTHC_WAREHOUSE", components.warehouse_connection(url))
    return url


def test_a_step_sees_what_the_connections_say(connections):
    @steps.careful
    def look():
        return settings.warehouse_url(), settings.city()

    url, city = look()
    assert psycopg.conninfo.conninfo_to_dict(url) == psycopg.conninfo.conninfo_to_dict(connections)
    assert city == settings.City("http://127.0.0.1:8090", "share", "xa", "bi:mat/@%")


def test_a_connection_made_by_hand_with_host_and_port_works_too(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_TTHC_CITY", "http://xa:mat@mot-cua.example.vn:8443/https")
    monkeypatch.setenv("AIRFLOW_CONN_TTHC_WAREHOUSE", "postgres://a:b@kho.example.vn:6432/du_lieu")
    found = steps.connection_settings()
    assert found["TTHC_CITY_URL"] == "https://mot-cua.example.vn:8443"
    assert found["TTHC_WAREHOUSE_URL"] == "postgresql://a:b@kho.example.vn:6432/du_lieu"
    assert Connection.get("tthc_city").password == "mat"


@pytest.mark.parametrize(
    ("error", "kind", "is_final"),
    [
        (BatchStopped("lô dừng"), AirflowFailException, True),
        (UsageError("khai báo sai"), AirflowFailException, True),
        (Unreachable("thành phố không trả lời"), AirflowException, False),
        (TthcError("hỏng"), AirflowException, False),
    ],
)
def test_our_errors_keep_their_words_and_only_some_may_be_tried_again(connections, error, kind, is_final):
    @steps.careful
    def fail():
        raise error

    with pytest.raises(kind) as caught:
        fail()
    assert str(caught.value) == str(error)
    assert isinstance(caught.value, AirflowFailException) == is_final


def test_what_postgres_quotes_reaches_no_message_and_no_traceback(connections, database, caplog):
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE people (name text, age int CONSTRAINT is_born CHECK (age > 0))")

    @steps.careful
    def insert():
        with psycopg.connect(database) as connection:
            connection.execute("INSERT INTO people VALUES (%s, -1)", (PERSON,))

    with pytest.raises(AirflowException) as caught:
        insert()
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert PERSON not in told
    assert caught.value.__context__ is None
    for place in (
        "CheckViolation",
        "sqlstate=23514",
        "table_name=people",
        "constraint_name=is_born",
        "insert",
    ):
        assert place in str(caught.value)


def test_a_skip_stays_a_skip(connections):
    @steps.careful
    def skip():
        raise AirflowSkipException("trả lại")

    with pytest.raises(AirflowSkipException):
        skip()


def test_the_answer_of_the_approver():
    response = {
        "chosen_options": [approval.APPROVE],
        "params_input": {"reason": " đủ số liệu "},
        "responded_by_user": {"id": "approver", "name": "approver"},
    }
    assert approval.decision(response, "2025-07") == ("approver", "đủ số liệu")
    assert approval.decision({**response, "params_input": {}}, "2025-07")[1]
    with pytest.raises(AirflowSkipException, match="approver trả lại 2025-07: thiếu một đơn vị"):
        approval.decision(
            {**response, "chosen_options": [approval.RETURN], "params_input": {"reason": "thiếu một đơn vị"}},
            "2025-07",
        )


def comparison(month: str, count: int) -> dict:
    difference = {
        "calendar": "month",
        "level": "commune",
        "code": "11674",
        "indicator": "dossier_on_time_rate",
    }
    found = [{**difference, "old": None, "new": f"98.{number:02}"} for number in range(count)]
    return {"period": month, "summary": f"- {month}: {count} giá trị khác", "differences": found}


def test_the_request_shows_what_would_change():
    asked = approval.request([comparison("2025-07", 1)])
    assert asked["subject"] == "Công bố 2025-07"
    assert "| month | commune | 11674 | dossier_on_time_rate | – | 98.00 |" in asked["body"]
    assert "tthc indicators 2025-07 --draft" in asked["body"]


def test_a_request_for_many_months_names_them_all_and_stays_readable():
    months = [f"2025-{number:02}" for number in range(1, 13)]
    asked = approval.request([comparison(month, 50) for month in months])
    assert asked["subject"] == "Công bố 12 tháng, 2025-01 đến 2025-12"
    assert all(f"### {month}" in asked["body"] for month in months)
    assert asked["body"].count("| month |") <= approval.MOST_DIFFERENCES


def test_months_are_those_chosen_else_those_of_the_interval():
    import pendulum

    start = pendulum.datetime(2025, 9, 30, 17, tz="UTC")
    assert months.chosen_months(None, None, start) == ["2025-10"]
    assert months.chosen_months("2025-11", "2026-01", start) == ["2025-11", "2025-12", "2026-01"]
    assert months.chosen_months("2025-11", None, None) == ["2025-11"]
    assert months.listed_months(["2025-08", "2025-07", "2025-08"], start) == ["2025-07", "2025-08"]
    assert months.listed_months(None, start) == ["2025-10"]
    for wrong in (
        lambda: months.chosen_months(None, None, None),
        lambda: months.listed_months(["2025-Q3"], start),
    ):
        with pytest.raises(UsageError):
            wrong()


def context(*, try_number: int, max_tries: int, month: str | None = "2025-07"):
    from types import SimpleNamespace

    return {
        "dag": SimpleNamespace(dag_display_name="Tính lại các tháng vừa thay đổi"),
        "dag_run": SimpleNamespace(dag_id="refresh_months", partition_key=month),
        "task_instance": SimpleNamespace(try_number=try_number, max_tries=max_tries),
    }


@pytest.fixture
def present(warehouse, monkeypatch):
    """Return (a function that puts a try into force, a function that gives the incidents)."""
    from tthc_dags import trouble

    monkeypatch.setenv("AIRFLOW_CONN_TTHC_WAREHOUSE", components.warehouse_connection(warehouse))

    def put(**options) -> None:
        monkeypatch.setattr(trouble, "get_current_context", lambda: context(**options))

    def incidents() -> list[tuple]:
        with psycopg.connect(warehouse) as connection:
            return connection.execute(
                "SELECT subject, message, closed_at IS NULL FROM ops.incidents WHERE kind = 'step_failed'"
            ).fetchall()

    return put, incidents


def attempt(error: Exception | None, **options) -> None:
    def work():
        if error is not None:
            raise error

    run = steps.careful(work, title="Tính lại tháng", **options)
    if error is None:
        run()
    else:
        with pytest.raises(AirflowException):
            run()


def test_a_run_that_failed_for_good_is_one_open_incident_until_one_ends_well(present):
    put, incidents = present
    put(try_number=1, max_tries=1)
    attempt(TthcError("đĩa đầy."), ends_run=True)
    assert incidents() == []
    put(try_number=2, max_tries=1)
    attempt(TthcError("đĩa đầy."), ends_run=True)
    attempt(ValueError(PERSON), ends_run=True)
    ((subject, message, is_open),) = incidents()
    assert (subject, is_open) == ("refresh_months 2025-07", True)
    assert "bước Tính lại tháng" in message
    assert PERSON not in message
    attempt(None, ends_run=False)
    assert incidents()[0][2]
    attempt(None, ends_run=True)
    assert not incidents()[0][2]


def test_what_tells_by_itself_is_not_told_twice(present):
    put, incidents = present
    put(try_number=1, max_tries=0)
    attempt(BatchStopped("lô dừng"))
    attempt(Unreachable("thành phố không trả lời"), tells_itself=True)
    assert incidents() == []


def test_a_wrong_declaration_is_told_at_once(present):
    put, incidents = present
    put(try_number=1, max_tries=2)
    attempt(UsageError("khai báo sai"))
    assert len(incidents()) == 1
