"""Brings a database to the shape that this version of the project needs."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

import psycopg

from tthc import settings
from tthc.errors import Unreachable, UsageError
from tthc.warehouse import database, office_hours, roles, row_rights, seeds, tables


class Prepared(NamedTuple):
    """What a preparation changed: the tables made anew, of which communes units or office hours say something else.

    ``advice`` are sentences for a person: what an administrator has to do about the groups, if anything.
    """

    made: set[str]
    other_communes: frozenset[str]
    advice: list[str]
    #: Among several communes, those whose declaration is missing or wrong, and why.
    refused: dict[str, UsageError]


def migrate(url: str) -> None:
    """Bring the ledger and the published revisions (what cannot be rebuilt) to the newest migration."""
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
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(74484, 0)")
            command.upgrade(config, "head")
    except sqlalchemy.exc.OperationalError as error:
        raise Unreachable(
            "Không kết nối được kho dữ liệu (TTHC_WAREHOUSE_URL); kiểm tra Postgres rồi chạy lại."
        ) from error
    finally:
        engine.dispose()


def prepare(url: str | None = None) -> Prepared:
    """Make or bring up to date everything in the warehouse but the data; return what changed.

    Safe to repeat, and safe when two do it at once. Units come from the declaration of each commune in force,
    office hours and the limits of warnings from ``sources/office_hours.yaml``.
    """
    url = url or settings.warehouse_url()
    migrate(url)
    with database.connection(url) as connection:
        database.lock(connection, "shape", of_all=True)
        made = tables.shape(connection)
        # In the same transaction: nobody meets a table that is there without their rights on it.
        advice = roles.apply(connection)
        row_rights.apply(connection)
        other, refused = set(), {}
        for code in settings.in_force():
            try:
                with connection.transaction():
                    if _differs(connection, code):
                        other.add(code)
            except UsageError as error:
                if not settings.has_several_communes():
                    raise
                refused[code] = error
        return Prepared(made, frozenset(other), advice, refused)


def _differs(connection: psycopg.Connection, commune: str) -> bool:
    """Write down what is declared of a commune; return whether the warehouse said something else."""
    with settings.for_commune(commune):
        has_other_hours = office_hours.fill(connection)
        return seeds.units(connection) or has_other_hours
