"""Brings a database to the shape that this version of the project needs, beside those who read it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import psycopg

from tthc import settings
from tthc.errors import TthcError, Unreachable, UsageError
from tthc.sources import streams
from tthc.warehouse import aside, database, gate, office_hours, row_rights, seeds, tables, versions

Progress = Callable[[str], None]
#: Fills the tables that were made, given their names, the communes whose units or hours say something else, and
#: those whose declaration was refused.
Fill = Callable[[psycopg.Connection, set[str], frozenset[str], dict[str, UsageError]], None]
#: A migration waits so long for a lock, then lets those behind it through and tries again, so often.
_ONE_LOCK, _TRIES, _PAUSE = "700ms", 400, 1.5
_BUSY = "55P03"


class Prepared(NamedTuple):
    """What a preparation changed: the tables made anew, of which communes units or office hours say something else.

    ``advice`` are sentences for a person: what an administrator has to do about the groups, if anything. Readers
    waited at most ``exchange_seconds``.
    """

    made: set[str]
    other_communes: frozenset[str]
    advice: list[str]
    #: Among several communes, those whose declaration is missing or wrong, and why.
    refused: dict[str, UsageError]
    exchange_seconds: float = 0.0


def _silent(_: str) -> None:
    """Show nothing."""


def migrate(url: str, progress: Progress = _silent) -> list[str]:
    """Bring the ledger and the published revisions (what cannot be rebuilt) to the newest migration; return the new.

    Each migration is a transaction of its own that never waits long for a lock: whoever reads goes on.
    """
    import sqlalchemy
    from alembic import command
    from alembic.config import Config

    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    # The driver is named here because SQLAlchemy's own choice is another one.
    engine = sqlalchemy.create_engine(
        sqlalchemy.engine.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sqlalchemy.NullPool
    )
    try:
        with engine.connect() as connection:
            config.attributes["connection"] = connection
            connection.exec_driver_sql("SELECT pg_advisory_lock(74484, 0)")
            connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS ops")
            connection.exec_driver_sql(f"SET lock_timeout = '{_ONE_LOCK}'")
            connection.commit()
            driver = connection.connection.driver_connection
            done = _pending(driver)
            if done:
                progress(f"bước di trú {', '.join(done)}: sổ cái và số đã công bố")
            for left in reversed(range(_TRIES)):
                try:
                    command.upgrade(config, "head")
                    return done
                except sqlalchemy.exc.DBAPIError as error:
                    connection.rollback()
                    if getattr(error.orig, "sqlstate", None) != _BUSY:
                        raise
                except psycopg.errors.LockNotAvailable:
                    connection.rollback()
                if not left:
                    break
                progress(f"bước di trú {_pending(driver)[0]} chờ người đang đọc; không ai phải chờ theo…")
                connection.rollback()
                time.sleep(_PAUSE)
            raise TthcError(
                f"Bước di trú {_pending(driver)[0]} chờ quá lâu một người đang đọc: kho còn nguyên. Chạy lại lúc vắng."
            )
    except psycopg.Error as error:
        raise database.wrapped(error) from None
    except sqlalchemy.exc.OperationalError as error:
        if getattr(error.orig, "sqlstate", None):
            raise database.wrapped(error.orig) from None
        raise Unreachable(
            "Không kết nối được kho dữ liệu (TTHC_WAREHOUSE_URL); kiểm tra Postgres rồi chạy lại."
        ) from error
    except sqlalchemy.exc.DBAPIError as error:
        raise database.wrapped(error.orig) from None
    finally:
        engine.dispose()


def _pending(driver: psycopg.Connection) -> list[str]:
    """Return the migrations that the warehouse has not had."""
    if driver.execute("SELECT to_regclass('ops.migrations')").fetchone()[0] is None:
        return versions.migrations()
    row = driver.execute("SELECT max(version_num) FROM ops.migrations").fetchone()
    return versions.pending(row[0])


def prepare(
    url: str | None = None, fill: Fill | None = None, progress: Progress = _silent, *, go_back: bool = False
) -> Prepared:
    """Make or bring up to date everything in the warehouse but the data; return what changed.

    Safe to repeat, and safe when two do it at once. Units come from the declaration of each commune in force, office
    hours and the limits of warnings from ``sources/office_hours.yaml``. Tables that change are built aside and filled
    by ``fill`` in the same transaction that puts them in force, so whoever reads sees the old ones whole or the new
    ones whole.
    Raises UsageError when the warehouse is of a later release, unless ``go_back`` and no migration stands in between.
    """
    url = url or settings.warehouse_url()
    began = time.monotonic()
    with database.connection(url) as connection:
        _refuse_older(connection, go_back)
    migrated = migrate(url, progress)
    _guard_rows(url, progress)
    with aside.working(url, _locks, progress) as connection:
        made, gone = tables.changed(connection)
        is_new = not tables.known_shapes(connection)
        if is_new:
            # Nobody reads what is not there yet.
            for name in made:
                connection.execute(tables.tables()[name].shape)
        elif made or gone:
            progress(
                f"dựng {len(made)} bảng, khung nhìn, hàm bên cạnh bản đang dùng; người đọc không phải chờ"
            )
            aside.build(connection, made)
        other, refused = _declared(connection, settings.communes() if made else settings.in_force())
        if made and not is_new:
            _refuse_to_forget(connection, [code for code in settings.communes() if code not in refused])
        if fill:
            fill(connection, set(made), other, refused)
        tables.note_shapes(connection, made)
        advice = aside.give_rights(connection)
        if is_new:
            row_rights.apply(connection)
        if made or gone or migrated:
            versions.note(connection, made, round(time.monotonic() - began, 1))
        # Last, because from here on to the end of the transaction readers wait.
        took = aside.swap(connection, gone, progress) if not is_new and (made or gone) else 0.0
    return Prepared(set(made), other, advice, refused, took)


def _locks(connection: psycopg.Connection) -> None:
    """Take what whoever writes holds, in the order in which they take it."""
    gate.close(connection)
    database.lock(connection, "shape", of_all=True)
    for code in settings.communes():
        with settings.for_commune(code):
            for stream in sorted(streams.streams()):
                database.lock(connection, f"merge:{stream}")
            database.lock(connection, "derive")


def _guard_rows(url: str, progress: Progress) -> None:
    """Give the tables that stay as they are the policies that they lack, one by one, each in a moment."""
    with database.connection(url, autocommit=True) as connection:
        replaced = {*tables.changed(connection)[1]}
        lacking = [name for name in row_rights.unguarded(connection) if name not in replaced]
        if not tables.known_shapes(connection) or not lacking:
            return
        progress(f"đặt chính sách từng dòng cho {len(lacking)} bảng, khung nhìn, từng cái một")
        connection.execute(f"SET lock_timeout = '{_ONE_LOCK}'")
        for name in lacking:
            aside.until_free(
                connection,
                lambda name=name: row_rights.apply(connection, of=lambda each: each == name),
                progress,
                f"người đang đọc {name}",
            )


def _declared(
    connection: psycopg.Connection, codes: Sequence[str]
) -> tuple[frozenset[str], dict[str, UsageError]]:
    """Write down what is declared of communes; return of which it is something else, and which were refused."""
    other, refused = set(), {}
    for code in codes:
        try:
            with connection.transaction():
                if _differs(connection, code):
                    other.add(code)
        except UsageError as error:
            if not settings.has_several_communes():
                raise
            refused[code] = error
    return frozenset(other), refused


def _differs(connection: psycopg.Connection, commune: str) -> bool:
    """Write down what is declared of a commune; return whether the warehouse said something else."""
    with settings.for_commune(commune):
        has_other_hours = office_hours.fill(connection)
        return seeds.units(connection) or has_other_hours


def _refuse_to_forget(connection: psycopg.Connection, codes: Sequence[str]) -> None:
    """Raise UsageError when tables would be built anew without a commune of which the warehouse has data."""
    rows = connection.execute(
        "SELECT DISTINCT commune_code AS code FROM ops.fetches WHERE state = 'merged' AND commune_code <> ALL (%s)"
        " ORDER BY 1",
        (list(codes),),
    ).fetchall()
    if rows:
        raise UsageError(
            f"Kho còn giữ số liệu của {settings.named([row['code'] for row in rows])}, mà TTHC_COMMUNE không nêu hoặc "
            "khai báo đơn vị sai: các bảng được dựng lại sẽ thiếu những xã ấy. Nêu và khai đủ rồi chạy lại."
        )


def _refuse_older(connection: psycopg.Connection, go_back: bool) -> None:
    migration = versions.migration_of(connection)
    if migration is not None and migration not in versions.migrations():
        raise UsageError(
            f"Kho dữ liệu đã qua bước di trú {migration}, phần mềm này chỉ biết đến {versions.migrations()[-1]}: kho "
            "thuộc về một bản mới hơn. Chạy bản mới, hoặc khôi phục bản sao lưu trước khi nâng cấp (tthc restore); "
            "docs/operations.md, mục “Nâng cấp”."
        )
    if versions.is_newer(connection) and not go_back:
        raise UsageError(
            "Kho dữ liệu đã được nâng cấp cho một phần mềm mới hơn phần mềm này. Chạy bản mới; nếu chủ ý quay lại bản "
            "này thì tthc init --go-back dựng lại các bảng theo bản này từ kho lưu."
        )
