"""Where a setting comes from, and what is said when it is missing or wrong."""

import re

import pytest

from tthc import settings
from tthc.errors import UsageError


@pytest.fixture
def places(monkeypatch, tmp_path):
    """Return (.env, run.env) of an empty installation."""
    env_file = tmp_path / ".env"
    monkeypatch.setenv("TTHC_ENV_FILE", str(env_file))
    monkeypatch.setenv("TTHC_STATE", str(tmp_path / "var"))
    (tmp_path / "var").mkdir()
    return env_file, tmp_path / "var" / "run.env"


def test_the_environment_wins_over_env_and_env_over_what_make_run_wrote(places, monkeypatch):
    env_file, run_file = places
    run_file.write_text("TTHC_COMMUNE=11111\n")
    assert settings.commune_code() == "11111"
    env_file.write_text("TTHC_COMMUNE=22222\n")
    assert settings.commune_code() == "22222"
    monkeypatch.setenv("TTHC_COMMUNE", "33333")
    assert settings.commune_code() == "33333"
    with settings.using({"TTHC_COMMUNE": "44444"}):
        assert settings.commune_code() == "44444"
    assert settings.commune_code() == "33333"


def test_an_empty_variable_counts_as_absent(places, monkeypatch):
    places[1].write_text("TTHC_COMMUNE=11111\n")
    monkeypatch.setenv("TTHC_COMMUNE", "")
    assert settings.commune_code() == "11111"


def test_env_file_with_comments_quotes_and_odd_passwords(places):
    places[0].write_text(
        "# ghi chú\n\nexport TTHC_COMMUNE='11674'\n"
        'TTHC_WAREHOUSE_URL=postgresql://a:p#w=$HOME@h/db\nTTHC_CITY_CLIENT_SECRET="có dấu"\n'
    )
    assert settings.commune_code() == "11674"
    assert settings.warehouse_url() == "postgresql://a:p#w=$HOME@h/db"
    assert settings.required("TTHC_CITY_CLIENT_SECRET") == "có dấu"


@pytest.mark.parametrize(
    ("ask", "name"),
    [
        (settings.commune_code, "TTHC_COMMUNE"),
        (settings.warehouse_url, "TTHC_WAREHOUSE_URL"),
        (settings.city, "TTHC_CITY_URL"),
        (settings.secret_key, "TTHC_SECRET_KEY"),
    ],
)
def test_a_missing_setting_is_named_with_its_use_and_an_example(places, ask, name):
    with pytest.raises(settings.SettingMissing) as caught:
        ask()
    message = str(caught.value)
    assert caught.value.exit_code == 2
    assert f"Thiếu {name}" in message
    assert settings.SETTINGS[name].purpose in message
    assert f"{name}={settings.SETTINGS[name].example}" in message


@pytest.mark.parametrize(
    ("name", "value", "ask"),
    [
        ("TTHC_SECRET_KEY", "ngan-qua-0123456789", settings.secret_key),
        ("TTHC_WAREHOUSE_URL", "mysql://u:mat-khau-that@h/db", settings.warehouse_url),
        ("TTHC_COMMUNE", "998877", settings.commune_code),
        ("TTHC_CITY_URL", "thanh-pho.vn", settings.city),
    ],
)
def test_a_wrong_value_is_refused_and_never_repeated(places, monkeypatch, name, value, ask):
    monkeypatch.setenv(name, value)
    with pytest.raises(settings.SettingInvalid) as caught:
        ask()
    assert name in str(caught.value)
    assert value not in str(caught.value)


def test_the_key_has_at_least_32_characters(places, monkeypatch):
    monkeypatch.setenv("TTHC_SECRET_KEY", "k" * 32)
    assert settings.secret_key() == "k" * 32
    monkeypatch.setenv("TTHC_SECRET_KEY", "k" * 31)
    with pytest.raises(UsageError):
        settings.secret_key()


def test_a_city_never_shows_its_secret(places, monkeypatch):
    for name, value in {
        "TTHC_CITY_URL": "https://mot-cua.example.vn/",
        "TTHC_CITY_CLIENT_ID": "xa",
        "TTHC_CITY_CLIENT_SECRET": "rat-bi-mat",
    }.items():
        monkeypatch.setenv(name, value)
    city = settings.city()
    assert (city.url, city.dialect, city.client_secret) == (
        "https://mot-cua.example.vn",
        "share",
        "rat-bi-mat",
    )
    assert "rat-bi-mat" not in repr(city)


def test_folders_and_urls_of_archive_and_inbox(places, monkeypatch):
    assert settings.archive_url() == str(settings.state() / "archive")
    assert settings.inbox_url() == str(settings.state() / "inbox")
    monkeypatch.setenv("TTHC_ARCHIVE", "s3://kho/luu")
    monkeypatch.setenv("TTHC_INBOX", "noi/nhan")
    assert settings.archive_url() == "s3://kho/luu"
    assert settings.inbox_url() == str(settings.root() / "noi" / "nhan")


def test_the_sqlalchemy_url_names_the_driver(places, monkeypatch):
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", "postgres://u:p@h:1/db?sslmode=require")
    assert settings.warehouse_url() == "postgresql://u:p@h:1/db?sslmode=require"
    assert settings.sqlalchemy_url() == "postgresql+psycopg://u:p@h:1/db?sslmode=require"


def test_the_example_file_shows_every_setting_and_no_other():
    text = (settings.root() / ".env.example").read_text(encoding="utf-8")
    shown = set(re.findall(r"^#?(TTHC_[A-Z_]+)=", text, re.MULTILINE))
    assert shown == set(settings.SETTINGS)
