"""An upgrade goes on beside its readers, or does not happen; whoever is of another release is told so."""

import multiprocessing
import os
import signal
import threading
import time
from dataclasses import dataclass, field

import psycopg
import pytest

from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import own_hamlet as own_hamlet
from tests.cli.conftest import run
from tests.cli.conftest import told as told
from tests.proof.untouched import everything
from tests.warehouse import next_release
from tthc import flows
from tthc.errors import TthcError
from tthc.indicators import build
from tthc.warehouse import aside, migrate

#: What readers ask again and again: published numbers, a mart that is replaced, the rows behind a number.
QUESTIONS = (
    "SELECT md5(string_agg(p::text, '|' ORDER BY p::text)) FROM indicators.published AS p",
    "SELECT md5(string_agg(d.dossier_code || d.due_at, '|' ORDER BY d.dossier_code)) FROM marts.dossiers AS d",
    "SELECT md5(string_agg(d.dossier_code || d.row_hash, '|' ORDER BY d.dossier_code)) FROM core.dossiers AS d",
    "SELECT md5(string_agg(concat_ws('|', dossier_code, calendar, period, is_open, channel), ','"
    " ORDER BY dossier_code, calendar, period)) FROM marts.dossier_periods",
    "SELECT nullif(count(*), 0)::text FROM indicators.evidence('11674', 'month', '2025-07', 'commune', '11674',"
    " 'dossier_on_time_rate')",
)

#: A function in the list of columns is never made part of the query: it is looked at only when it is called. What the
#: first one reads tells the session that the second is another one by now.
LATE_CALL = "WITH s AS MATERIALIZED (SELECT pg_sleep(7)) SELECT " + " + ".join(
    f"(SELECT count(*) FROM (SELECT {name}('11674', '2025-07-01', '2025-07-31') FROM s) AS t)"
    for name in ("marts.traceable_in_period", "marts.reviews_in_period")
)


@dataclass
class Reader(threading.Thread):
    """Asks until it is told to stop; no lock may keep it waiting for a second, and the answer never changes."""

    url: str
    question: str
    expected: str
    answers: int = 0
    wrong: list[str] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SET lock_timeout = '1s'")
            connection.execute("SET TIME ZONE 'Asia/Ho_Chi_Minh'")
            while not self.is_over.is_set():
                try:
                    answer = connection.execute(self.question).fetchone()[0]
                except psycopg.Error as error:
                    self.wrong.append(repr(error))
                    continue
                self.answers += 1
                if answer != self.expected:
                    self.wrong.append(answer)


def asked(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        connection.execute("SET TIME ZONE 'Asia/Ho_Chi_Minh'")
        return [connection.execute(question).fetchone()[0] for question in QUESTIONS]


@pytest.fixture
def newer(tmp_path):
    return next_release.make(tmp_path)


def test_readers_read_on_while_tables_change_their_shape(own_hamlet, newer, monkeypatch):
    next_release.as_before_the_ledger_of_upgrades(own_hamlet)
    before = asked(own_hamlet)
    assert all(before), before
    readers = [Reader(own_hamlet, *each) for each in zip(QUESTIONS, before, strict=True)]
    for reader in readers:
        reader.start()
    said, loaded, slow = [], [], threading.Event()

    def load() -> None:
        loaded.append(flows.refresh(["2025-07"], "month", loaded.append))

    loader = threading.Thread(target=load, daemon=True)
    # A query that has begun before and calls a function after it was replaced.
    called: list[object] = []

    def call() -> None:
        with psycopg.connect(own_hamlet) as connection:
            try:
                called.append(connection.execute(LATE_CALL).fetchone()[0])
            except psycopg.Error as error:
                called.append(error)

    late = threading.Thread(target=call, daemon=True)
    # Someone is in the middle of a report when the tables are to be exchanged.
    long = psycopg.connect(own_hamlet)
    long.execute("SELECT count(*) FROM core.dossiers").fetchone()
    since: dict[str, int] = {}

    def hear(text: str) -> None:
        said.append(text)
        if text.startswith("dựng ") and not loader.is_alive():
            loader.start()
        if "người đang đọc các bảng" in text and not slow.is_set():
            slow.set()
            since.update({reader.question: reader.answers for reader in readers})
            threading.Timer(3, long.rollback).start()
            late.start()

    with next_release.running(newer):
        with migrate.database.connection() as connection:
            told = migrate.versions.others(connection)
        assert "core.dossiers" in told and "marts.dossier_periods" in told
        done = flows.init(hear)
        loader.join(60)
        assert not loader.is_alive()
    for reader in readers:
        reader.is_over.set()
    for reader in readers:
        reader.join(10)
    long.close()
    assert {"core.dossiers", "core.dossier_versions", "marts.dossier_periods"} <= set(done["changed"])
    assert slow.is_set(), said
    late.join(30)
    assert isinstance(called[0], int), called
    for reader in readers:
        assert not reader.wrong, (reader.question, reader.wrong[:3])
        # Also while we waited for the one with the report.
        assert reader.answers > since[reader.question] + 3, reader.question
    assert asked(own_hamlet) == before
    # Whoever wrote waited, was told so, and then found nothing to change.
    assert any("đang được nâng cấp" in str(each) for each in loaded), loaded
    assert [period["is_new"] for period in loaded[-1]["periods"]] == [False] * len(loaded[-1]["periods"])
    with psycopg.connect(own_hamlet) as connection:
        years, quarters, left = connection.execute(
            f"SELECT (SELECT array_agg(DISTINCT {next_release.YEAR}) FROM core.dossiers),"
            " (SELECT array_agg(DISTINCT quarter) FROM marts.dossier_periods),"
            " (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'next_%')"
        ).fetchone()
        assert (years, quarters, left) == ([9999], [2, 3], 0)
        functions = connection.execute(
            "SELECT count(*) FROM pg_proc WHERE prosrc LIKE '%next\\_core.%'"
        ).fetchone()
        assert functions == (0,)
    with next_release.running(newer):
        assert run("doctor", "--full").code == 0


def _dies(moment: int) -> int:
    """Upgrade in a child that is killed at a moment; return its exit code, or for 0 how many moments there are.

    ``COMMIT`` is the moment at which all is done and nothing committed.
    """

    def child() -> None:
        passed = 0
        execute = psycopg.Cursor.execute

        def watched(cursor, *arguments, **named):
            nonlocal passed
            passed += 1
            if passed == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            return execute(cursor, *arguments, **named)

        psycopg.Cursor.execute = watched
        keep = aside.Aside.keep

        def kept(connection):
            counted.value = passed
            if moment == COMMIT:
                os.kill(os.getpid(), signal.SIGKILL)
            keep(connection)

        aside.Aside.keep = kept
        flows.init(str)

    counted = _FORK.Value("i", 0)
    process = _FORK.Process(target=child)
    process.start()
    process.join(180)
    return process.exitcode if moment else counted.value


_FORK = multiprocessing.get_context("fork")
#: Of these parts of all statements, the child dies before one: in the migration, building, filling, exchanging, noting.
PARTS = (0.002, 0.5, 0.95)
COMMIT = -1


def test_a_killed_upgrade_leaves_the_old_release_working(own_hamlet, newer, new_database, monkeypatch):
    import tthc.quality.audit as quality

    quality._great_expectations()
    next_release.as_before_the_ledger_of_upgrades(own_hamlet)
    before, numbers = everything(own_hamlet), asked(own_hamlet)
    with psycopg.connect(own_hamlet) as connection:
        name = connection.info.dbname
    copy = new_database(name)
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", copy)
    with next_release.running(newer):
        moments = _dies(0)
    assert moments > 200
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", own_hamlet)
    ledger = {"ops.migrations", "ops.upgrades"}
    for moment in [*(max(1, round(moments * part)) for part in PARTS), COMMIT]:
        with next_release.running(newer):
            assert _dies(moment) == -signal.SIGKILL
        now = everything(own_hamlet)
        assert {name: now[name] for name in before if name not in ledger} == {
            name: before[name] for name in before if name not in ledger
        }, moment
        # The old release goes on, also with writing.
        assert run("status").code == 0 and run("indicators", "2025-07").code == 0
        assert run("refresh", "2025-07", "--calendar", "month").code == 0
    with next_release.running(newer):
        flows.init(str)
        assert run("doctor").code == 0
    assert asked(own_hamlet) == numbers


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("build", marks=pytest.mark.long),
        pytest.param("fill", marks=pytest.mark.long),
        "swap",
        pytest.param("roles", marks=pytest.mark.long),
    ],
)
def test_an_upgrade_that_fails_changes_nothing_and_the_next_completes(own_hamlet, newer, monkeypatch, place):
    before, numbers = everything(own_hamlet), asked(own_hamlet)
    owner, name = {
        "build": (aside, "build"),
        "fill": (build, "refill_month"),
        "swap": (aside, "_moves"),
        "roles": (aside, "give_rights"),
    }[place]
    real = getattr(owner, name)

    def failing(connection, *arguments, **named):
        returned = real(connection, *arguments, **named)
        connection.execute("SELECT 1 / 0")
        return returned

    with next_release.running(newer):
        monkeypatch.setattr(owner, name, failing)
        said = run("init")
        assert said.code == 1 and "22012" in said.err, said.err
        monkeypatch.setattr(owner, name, real)
    assert everything(own_hamlet) == before
    assert run("doctor").code == 0
    with next_release.running(newer):
        assert run("init").code == 0
    assert asked(own_hamlet) == numbers


def test_whoever_is_of_another_release_is_told_and_writes_nothing(own_hamlet, newer):
    numbers = asked(own_hamlet)
    before = everything(own_hamlet)
    with next_release.running(newer):
        said = run("refresh", "2025-07")
        assert said.code == 1 and "chưa được nâng cấp" in said.err and "core.dossiers" in said.err
        planned = run("init", "--plan")
        assert planned.code == 0 and "core.dossiers" in planned.out and "nâng cấp" in planned.out
        assert everything(own_hamlet) == before
        assert run("init").code == 0
        assert "không có gì phải làm" in run("init", "--plan").out
    # Now it is this software that is the older one.
    after = everything(own_hamlet)
    said = run("refresh", "2025-07")
    assert said.code == 1 and "mới hơn phần mềm này" in said.err
    with pytest.raises(TthcError, match="mới hơn phần mềm này"):
        flows.publish("2025-07", "Người duyệt", "Thử")
    assert run("indicators", "2025-07").code == 0
    said = run("init")
    assert said.code == 2 and "--go-back" in said.err
    said = run("doctor")
    assert said.code == 1 and "mới hơn phần mềm này" in said.err
    assert everything(own_hamlet) == after
    assert run("init", "--go-back").code == 0
    assert asked(own_hamlet) == numbers and run("doctor").code == 0


def test_a_migration_that_nobody_here_knows_is_not_gone_back_from(own_hamlet):
    with psycopg.connect(own_hamlet) as connection:
        connection.execute("UPDATE ops.migrations SET version_num = '9999'")
    said = run("init", "--go-back")
    assert said.code == 2 and "9999" in said.err and "tthc restore" in said.err
    # It only added: what is written goes on.
    assert run("refresh", "2025-07", "--calendar", "month").code == 0
    said = run("doctor")
    assert said.code == 1 and "9999" in said.err and "chỉ thêm" in said.err


def test_a_migration_waits_without_letting_others_wait(own_hamlet):
    next_release.as_before_the_ledger_of_upgrades(own_hamlet)
    with psycopg.connect(own_hamlet) as reader:
        # What the next migration has to take is held by someone, for longer than it may wait.
        reader.execute("LOCK TABLE ops.migrations IN ACCESS SHARE MODE")
        reader.execute("LOCK TABLE ops.migrations IN SHARE MODE")
        said: list[str] = []
        began = time.monotonic()

        def hear(text: str) -> None:
            said.append(text)
            if "chờ người đang đọc" in text:
                reader.rollback()

        assert migrate.migrate(own_hamlet, hear) == migrate.versions.migrations()[-1:]
    assert any("chờ người đang đọc" in each for each in said) and time.monotonic() - began < 60
