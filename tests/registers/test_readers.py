"""Who sees whose sheet, asked of the database with a login of every kind, by every road that leads to a row."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import errors, sql

from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import own_hamlet as own_hamlet
from tests.cli.conftest import run
from tests.cli.conftest import told as told
from tests.cli.test_scoring import NAME
from tthc.evaluation import cases, sealed, telling
from tthc.warehouse import database
from tthc.workdays import periods

PERIOD = periods.parse("2025-07")
PERSON = (
    "INSERT INTO restricted.staff (commune_code, official_code, kind, starts_on, full_name, official_key,"
    " home_unit_code, working_unit_code, staff_kind, is_head, row_hash, fetch_id, row_number, fetched_at)"
    " VALUES ('11674', %s, 'posting', '2025-01-01', %s, %s, %s, 'phuc_vu_hanh_chinh_cong', %s, %s, gen_random_uuid(),"
    " 1, 1, now())"
)
PEOPLE = {
    "AH-01": ("kinh_te", True),
    "AH-02": ("kinh_te", False),
    "AH-11": ("van_phong", True),
    "AH-12": ("van_phong", False),
}
EVERYBODY = set(PEOPLE)


@dataclass
class House:
    """A warehouse with the sealed sheets of four people in two units, and logins into it."""

    url: str
    member: Callable[[str, str | None], str]

    def login(self, group: str | None, capacity: str | None = None, code: str | None = None) -> str:
        """Make a login of a group, and say who it is when reading sheets."""
        url = self.member(self.url, group)
        if capacity:
            self.run(
                "INSERT INTO restricted.readers (login, commune_code, capacity, official_code, given_by, reason)"
                " VALUES (%s, '11674', %s, %s, 'Trần Thị Lan', 'văn bản 12')",
                (name_of(url), capacity, code),
            )
        return url

    def run(self, statement: str, parameters: tuple = ()) -> list:
        """Do something as the owner."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            done = connection.execute(statement, parameters)
            return done.fetchall() if done.description else []

    def requests(self) -> list[tuple]:
        """Return what the log has of readings, oldest first."""
        return self.run(
            "SELECT accessed_by, subject, reason FROM ops.access_log WHERE action = 'score.read' ORDER BY access_id"
        )


def name_of(url: str) -> str:
    return urlsplit(url).username or ""


@pytest.fixture
def house(own_hamlet, member) -> House:
    with psycopg.connect(own_hamlet) as connection:
        for code, (unit, is_head) in PEOPLE.items():
            kind = "leader" if is_head else "civil_servant"
            connection.execute(PERSON, (code, NAME, f"khoa-{code}", unit, kind, is_head))
    with database.connection() as connection:
        known = cases.gather(connection, PERIOD, subject="mọi người")
        every = [
            sealed.subject(telling.told(sheet)) for sheet in (*known.units.values(), *known.people.values())
        ]
        assert {one.code for one in every if one.kind == "official"} == EVERYBODY
        window = (date(2025, 8, 4), date(2025, 8, 11))
        opened = sealed.write(
            connection, PERIOD, "opened", every, revision=known.revision, window=window, made_by="Lan"
        )
        sealed.write(
            connection, PERIOD, "sealed", every, revision=known.revision, window=window, made_by="Lan",
            opened_run_id=opened["score_run_id"], approvals=sealed.Approvals("Lan", "đủ", "Minh", "ừ"),
        )  # fmt: skip
    made = House(own_hamlet, member)
    made.run("DELETE FROM ops.access_log")
    return made


def ask(connection: psycopg.Connection, code: str | None = None, state: str = "sealed") -> int:
    return connection.execute(
        "SELECT restricted.ask_for_sheets('11674', 'month', '2025-07', %s, NULL, %s, 'Tên tự khai', 'xem')",
        (state, code),
    ).fetchone()[0]


def seen(url: str, code: str | None = None, state: str = "sealed") -> set[str]:
    """Return of which people a login gets the sheets, by the road that is meant for it."""
    with psycopg.connect(url) as connection:
        number = ask(connection, code, state)
        connection.commit()
        rows = connection.execute(
            "SELECT subject_kind, subject_code, sheet ->> 'code' FROM restricted.read_sheets(%s)", (number,)
        ).fetchall()
    assert all(code == told for _, code, told in rows)
    assert code or {code for kind, code, _ in rows if kind == "unit"} >= {"kinh_te", "van_phong"}
    return {code for kind, code, _ in rows if kind == "official"}


WHO = {
    "self": ("reader", "self", "AH-02", {"AH-02"}),
    "self of another unit": ("reader", "self", "AH-12", {"AH-12"}),
    "head": ("reader", "head", "AH-01", {"AH-01", "AH-02"}),
    "head of another unit": ("reader", "head", "AH-11", {"AH-11", "AH-12"}),
    "said to head, but heads nothing": ("reader", "head", "AH-12", {"AH-12"}),
    "office": ("reader", "office", None, EVERYBODY),
    "hr": ("hr", None, None, EVERYBODY),
    "loader": ("loader", None, None, EVERYBODY),
    "nobody said who": ("reader", None, None, set()),
    "an analyst who is said to be somebody": ("analyst", "self", "AH-02", None),
    "analyst": ("analyst", None, None, None),
    "steward": ("steward", None, None, None),
    "no group": (None, None, None, None),
}


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("state", ["sealed", "opened"])
def test_each_sees_their_own_and_nobody_elses(house, who, state):
    group, capacity, code, expected = WHO[who]
    url = house.login(group, capacity, code)
    if expected is None:
        with pytest.raises(errors.InsufficientPrivilege):
            seen(url, state=state)
        assert house.requests() == []
        return
    assert seen(url, state=state) == expected
    for one in EVERYBODY:
        assert seen(url, one, state) == expected & {one}
    logged = house.requests()
    # Who asked for what they may not see is written down as well.
    assert len(logged) == 5
    assert all(row[0] == f"Tên tự khai · {name_of(url)}" and row[2] == "xem" for row in logged)
    assert [row[1] for row in logged[1:]] == [
        f"phiếu cá nhân · {one} · kỳ 2025-07 (month) · {state}" for one in EVERYBODY
    ]


def test_the_owner_sees_all_and_so_does_nobody_for_wearing_the_owners_clothes(house):
    assert seen(house.url) == EVERYBODY
    assert {
        row[0] for row in house.run("SELECT subject_code FROM restricted.score_sheets") if "AH" in row[0]
    } == EVERYBODY


ROADS = {
    "select": "SELECT subject_code FROM restricted.score_sheets",
    "table": "TABLE restricted.score_sheets",
    "copy": "COPY restricted.score_sheets TO STDOUT",
    "copy of a query": "COPY (SELECT sheet FROM restricted.score_sheets) TO STDOUT",
    "explain analyze": "EXPLAIN ANALYZE SELECT * FROM restricted.score_sheets",
    "prepared": "PREPARE a AS SELECT * FROM restricted.score_sheets; EXECUTE a",
    "cursor": "DECLARE a CURSOR FOR SELECT * FROM restricted.score_sheets",
    "a table of one's own": "CREATE TEMPORARY TABLE mine AS SELECT * FROM restricted.score_sheets",
    "update": "UPDATE restricted.score_sheets SET sheet = sheet RETURNING sheet",
    "lock": "LOCK TABLE restricted.score_sheets",
    "what was asked": "SELECT * FROM restricted.sheet_requests",
    "the log": "SELECT * FROM ops.access_log",
    "let in oneself": "INSERT INTO restricted.readers VALUES (session_user, '11674', 'office', NULL, 'x', 'x')",
    "forge a request": (
        "INSERT INTO restricted.sheet_requests (access_id, login, commune_code, calendar, period, state, asked_in)"
        " VALUES (1, session_user, '11674', 'month', '2025-07', 'sealed', '1')"
    ),
}


@pytest.mark.parametrize("group", ["reader", "hr", "analyst", "steward"])
def test_there_is_no_other_road(house, group):
    url = house.login(group, "head", "AH-01")
    with psycopg.connect(url) as connection:
        for name, statement in ROADS.items():
            if group == "steward" and name == "the log":
                continue
            with pytest.raises(errors.InsufficientPrivilege):
                if statement.startswith("COPY"):
                    with connection.cursor().copy(statement) as copy:
                        list(copy)
                else:
                    connection.execute(statement)
            connection.rollback()
        for role in ("tthc_hr", "tthc_loader", house_owner(house)):
            if role != f"tthc_{group}":
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
                connection.rollback()


def house_owner(house: House) -> str:
    return house.run(
        "SELECT relowner::regrole::text FROM pg_class WHERE oid = 'restricted.score_sheets'::regclass"
    )[0][0]


def people_in(rows: list[tuple]) -> set[str]:
    return {code for row in rows for code in EVERYBODY if any(code in str(cell) for cell in row)}


@pytest.mark.parametrize(
    ("group", "capacity", "code", "expected"),
    [
        ("analyst", None, None, set()),
        ("steward", None, None, set()),
        ("reader", "self", "AH-02", {"AH-02"}),
        ("reader", "head", "AH-01", {"AH-01", "AH-02"}),
        ("hr", None, None, EVERYBODY),
    ],
)
def test_rights_that_were_given_by_mistake_show_nothing_more(house, group, capacity, code, expected):
    """Grants, a careless view, a careless function, a leaky one: behind them all stands the policy."""
    url = house.login(group, capacity, code)
    name = sql.Identifier(name_of(url))
    for statement in (
        "GRANT USAGE ON SCHEMA restricted, marts TO {}",
        "GRANT SELECT ON restricted.score_sheets TO {}",
        "GRANT EXECUTE ON FUNCTION restricted.sees_sheet(bigint, text, text, text) TO {}",
        "CREATE VIEW marts.careless AS SELECT * FROM restricted.score_sheets",
        "CREATE VIEW marts.careful WITH (security_invoker = true) AS SELECT * FROM restricted.score_sheets",
        "GRANT SELECT ON marts.careless, marts.careful TO {}",
        "CREATE FUNCTION marts.careless_rows() RETURNS SETOF restricted.score_sheets LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT * FROM restricted.score_sheets'",
        "GRANT EXECUTE ON FUNCTION marts.careless_rows() TO {}",
    ):
        with psycopg.connect(house.url, autocommit=True) as owner:
            owner.execute(sql.SQL(statement).format(name))
    with psycopg.connect(url) as connection:
        for source in ("restricted.score_sheets", "marts.careless", "marts.careful", "marts.careless_rows()"):
            rows = connection.execute(f"SELECT subject_code, sheet::text FROM {source}").fetchall()
            assert people_in(rows) == expected, source
            assert {row[0] for row in rows} >= {"kinh_te"}
            (count,) = connection.execute(
                f"SELECT count(*) FROM {source} WHERE subject_kind = 'official'"
            ).fetchone()
            assert count == 2 * len(expected), source
        with connection.cursor().copy("COPY (SELECT * FROM restricted.score_sheets) TO STDOUT") as copy:
            assert people_in([(bytes(row).decode(),) for row in copy]) == expected
        with connection.cursor().copy("COPY restricted.score_sheets TO STDOUT") as copy:
            assert people_in([(bytes(row).decode(),) for row in copy]) == expected
        plan = connection.execute(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM restricted.score_sheets"
            " WHERE subject_kind = 'official'"
        ).fetchall()
        assert f"rows={2 * len(expected)}" in plan[0][0].replace(".00", "")
        connection.execute(
            "PREPARE mine (text) AS SELECT subject_code FROM restricted.score_sheets WHERE subject_code = $1"
        )
        for one in EVERYBODY:
            for _ in range(6):
                found = connection.execute(sql.SQL("EXECUTE mine ({})").format(one)).fetchall()
                assert bool(found) == (one in expected)
        # A function of one's own that is cheap is asked early; it may still be told of nothing more.
        connection.execute(
            "CREATE FUNCTION pg_temp.leak(of_code text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001"
            " AS $$ BEGIN RAISE NOTICE '%', of_code; RETURN true; END $$"
        )
        heard: list[tuple] = []
        connection.add_notice_handler(lambda notice: heard.append((notice.message_primary,)))
        for source in ("restricted.score_sheets", "marts.careless", "reports.unit_scores"):
            if source == "reports.unit_scores" and group == "reader":
                continue
            column = "unit_code" if source == "reports.unit_scores" else "subject_code"
            connection.execute(f"SELECT FROM {source} WHERE pg_temp.leak({column})")
        assert people_in(heard) == expected
        assert ("kinh_te",) in heard
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SET LOCAL row_security = off; SELECT * FROM restricted.score_sheets")


def test_nobody_reads_before_the_line_is_kept(house):
    url = house.login("reader", "self", "AH-02")
    read = "SELECT * FROM restricted.read_sheets(%s)"
    with psycopg.connect(url) as connection:
        number = ask(connection)
        with pytest.raises(errors.InsufficientPrivilege, match="chưa được ghi xong"):
            connection.execute(read, (number,))
        connection.rollback()
        # Undone, it is as if nobody had asked.
        with pytest.raises(errors.InsufficientPrivilege, match="Không có lần xin"):
            connection.execute(read, (number,))
        connection.rollback()
        with (
            pytest.raises(errors.InsufficientPrivilege, match="chưa được ghi xong"),
            connection.transaction(),
        ):
            with connection.transaction():
                number = ask(connection)
            connection.execute(read, (number,))
        assert house.requests() == []
        number = ask(connection)
        connection.commit()
        assert connection.execute(read, (number,)).rowcount > 0
        connection.rollback()
        assert len(house.requests()) == 1
    other = house.login("reader", "office")
    with (
        psycopg.connect(other) as connection,
        pytest.raises(errors.InsufficientPrivilege, match="Không có lần xin"),
    ):
        connection.execute(read, (number,))
    house.run("UPDATE restricted.sheet_requests SET asked_at = asked_at - interval '10 minutes'")
    with (
        psycopg.connect(url) as connection,
        pytest.raises(errors.InsufficientPrivilege, match="quá mười phút"),
    ):
        connection.execute(read, (number,))


def test_who_heads_no_longer_sees_no_longer(house):
    url = house.login("reader", "head", "AH-01")
    assert seen(url) == {"AH-01", "AH-02"}
    house.run("UPDATE restricted.staff SET ends_on = current_date - 2 WHERE official_code = 'AH-01'")
    assert seen(url) == {"AH-01"}
    house.run("DELETE FROM restricted.readers")
    assert seen(url) == set()
    changes = house.run(
        "SELECT subject, reason FROM ops.access_log WHERE action = 'score.readers' ORDER BY access_id"
    )
    login = name_of(url)
    assert changes == [
        (f"insert · {login} · head · AH-01", "văn bản 12"),
        (f"delete · {login} · head · AH-01", "văn bản 12"),
    ]


def test_a_reader_sees_their_sheet_by_a_command(house, monkeypatch):
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", house.login("reader", "self", "AH-02"))
    said = run("score", "mine", "2025-07", "--reason", "xem kết quả", "--json")
    assert said.code == 0, said.err
    told = json.loads(said.out)
    assert [one["code"] for one in told if one["level_of"] == "official"] == ["AH-02"]
    assert NAME not in said.out
    shown = run("score", "mine", "2025-07", "--official", "AH-02")
    assert shown.code == 0 and "Phiếu đề xuất, kỳ 2025-07: AH-02" in shown.out
    refused = run("score", "mine", "2025-07", "--official", "AH-01")
    assert refused.code == 1 and "AH-01" in refused.err and "restricted.readers" in refused.err
    assert [row[1].split(" · ")[1] for row in house.requests()] == ["mọi phiếu được phép", "AH-02", "AH-01"]
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", house.login("analyst"))
    refused = run("score", "mine", "2025-07")
    assert refused.code == 1 and "tthc_reader" in refused.err
