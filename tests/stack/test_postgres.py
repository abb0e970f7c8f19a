"""The cluster of the test run is itself the thing tried: made, password-protected, loopback only, owned."""

import psycopg
import pytest


def test_a_test_gets_an_empty_database_it_owns_without_being_superuser(database):
    with psycopg.connect(database) as connection:
        tables = connection.execute(
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchone()
        assert tables == (0,)
        assert connection.execute("SELECT current_setting('is_superuser')").fetchone() == ("off",)
        connection.execute("CREATE SCHEMA own")
        connection.execute("CREATE EXTENSION btree_gist")


def test_two_databases_share_nothing(new_database):
    first, second = new_database(), new_database()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)


def test_a_wrong_password_is_refused(cluster):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(cluster.url().replace(cluster.password, "sai"))


def test_the_server_listens_on_loopback_only(cluster):
    with psycopg.connect(cluster.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)
