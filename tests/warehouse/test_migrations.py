"""What a migration may do to a table that others are reading: add to it, in a moment, and nothing else."""

import re
import shutil
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from alembic import command
from alembic.config import Config

from tthc.warehouse import migrate, versions

#: The rule holds from the first migration after this one; those before it were made when nobody read.
BEFORE_THE_RULE = "0014"
FOLDER = Path(migrate.__file__).parent / "migrations"

_STATE = """
SELECT
    c.oid::regclass::text AS name,
    c.relfilenode,
    (SELECT array_agg(i.indexrelid::regclass::text ORDER BY 1) FROM pg_index AS i WHERE i.indrelid = c.oid) AS indexes,
    (
        SELECT array_agg(k.conname::text ORDER BY 1) FROM pg_constraint AS k
        WHERE k.conrelid = c.oid AND k.contype IN ('c', 'f') AND k.convalidated
    ) AS checks,
    (
        SELECT array_agg(a.attname::text ORDER BY 1) FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND a.attnotnull
    ) AS required,
    (
        SELECT array_agg(a.attname::text ORDER BY 1) FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS columns
FROM pg_class AS c
WHERE c.relkind IN ('r', 'p') AND c.relnamespace::regnamespace::text IN ('ops', 'indicators', 'restricted')
"""


def state(url: str) -> dict[str, dict]:
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
        return {row["name"]: row for row in connection.execute(_STATE)}


def upgrade(url: str, folder: Path, target: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder))
    engine = sqlalchemy.create_engine(
        sqlalchemy.engine.make_url(url).set(drivername="postgresql+psycopg"), poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        connection.exec_driver_sql("CREATE SCHEMA IF NOT EXISTS ops")
        connection.commit()
        command.upgrade(config, target)
    engine.dispose()


def faults(before: dict[str, dict], after: dict[str, dict], source: str) -> list[str]:
    """Return what a migration did to tables that were there and that may be large and read meanwhile."""
    found = []
    for name, was in before.items():
        if name == "ops.migrations":
            continue
        now = after.get(name)
        if now is None or set(was["columns"]) - set(now["columns"]):
            found.append(f"{name}: something that the release before reads is gone")
            continue
        if now["relfilenode"] != was["relfilenode"]:
            found.append(f"{name}: written anew under a lock that nobody reads through")
        if set(now["indexes"] or ()) - set(was["indexes"] or ()) and "CONCURRENTLY" not in source:
            found.append(f"{name}: an index made while nobody may write")
        if set(now["checks"] or ()) - set(was["checks"] or ()):
            found.append(f"{name}: a constraint that reads the whole table (NOT VALID, and VALIDATE apart)")
        if set(now["required"] or ()) - set(was["required"] or ()):
            found.append(f"{name}: a column that the release before does not fill")
    return found


def checked(url: str, folder: Path, numbers: list[str]) -> dict[str, list[str]]:
    found = {}
    upgrade(url, folder, BEFORE_THE_RULE)
    for number in numbers:
        (path,) = (folder / "versions").glob(f"{number}_*.py")
        before = state(url)
        assert len(before) > 20
        upgrade(url, folder, number)
        found[number] = faults(before, state(url), path.read_text(encoding="utf-8"))
    return found


def test_migrations_only_add_and_take_a_moment(database):
    numbers = versions.pending(BEFORE_THE_RULE)
    assert numbers
    assert checked(database, FOLDER, numbers) == {number: [] for number in numbers}


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER TABLE ops.fetches ALTER COLUMN read_count TYPE bigint", "written anew"),
        ("CREATE INDEX ON ops.fetches (source)", "an index"),
        ("ALTER TABLE ops.fetches ADD CHECK (fetch_id > 0)", "NOT VALID"),
        ("ALTER TABLE ops.fetches ALTER COLUMN window_from SET NOT NULL", "does not fill"),
        ("ALTER TABLE ops.fetches DROP COLUMN byte_count", "is gone"),
    ],
)
def test_a_migration_that_would_keep_readers_waiting_is_named(database, tmp_path, statement, said):
    folder = tmp_path / "migrations"
    shutil.copytree(FOLDER, folder)
    newest = versions.migrations()[-1]
    (folder / "versions" / "9000_bad.py").write_text(
        f"from alembic import op\nrevision = '9000'\ndown_revision = {newest!r}\n"
        f"branch_labels = depends_on = None\ndef upgrade():\n    op.execute({statement!r})\n"
    )
    (found,) = [text for texts in checked(database, folder, [newest, "9000"]).values() for text in texts]
    assert re.match(r"ops\.fetches: ", found) and said in found
