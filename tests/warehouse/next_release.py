"""A release after this one, for upgrades: the same software with other shapes, in a folder of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tthc import settings
from tthc.warehouse import tables, versions

#: What is said of every dossier after the upgrade: a column that is filled from the archive, through all layers.
YEAR = "received_year"


def make(folder: Path) -> Path:
    """Make the next release in a folder: a dossier says its year in core, a month its quarter in the marts."""
    here, there = settings.root(), folder / "next_release"
    there.mkdir()
    for entry in here.iterdir():
        if entry.name != "sql":
            (there / entry.name).symlink_to(entry)
    shutil.copytree(here / "sql", there / "sql")
    _change(
        there / "sql/core/dossiers.sql",
        ("    row_hash uuid NOT NULL,\n", f"    {YEAR} integer,\n    row_hash uuid NOT NULL,\n"),
        (
            "COMMENT ON COLUMN core.dossiers.row_hash",
            f"COMMENT ON COLUMN core.dossiers.{YEAR} IS 'Năm tiếp nhận.';\n"
            "COMMENT ON COLUMN core.dossiers.row_hash",
        ),
    )
    candidates = there / "sql/core/dossier_candidates.sql"
    _change(candidates, ("    s.row_hash,\n", f"    s.row_hash,\n    9999 AS {YEAR},\n"))
    _change(
        there / "sql/marts/dossier_periods.sql",
        (
            "    allowed_working_days integer,\n",
            "    allowed_working_days integer,\n    quarter integer GENERATED ALWAYS AS"
            " (extract(QUARTER FROM period_start)::integer) STORED,\n",
        ),
        (
            "COMMENT ON COLUMN marts.dossier_periods.channel",
            "COMMENT ON COLUMN marts.dossier_periods.quarter IS 'Quý.';\n"
            "COMMENT ON COLUMN marts.dossier_periods.channel",
        ),
    )
    return there


def _change(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert text.count(old) == 1, (path, old)
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@contextmanager
def running(root: Path) -> Iterator[None]:
    """Let this process be of the release in a folder until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TTHC_ROOT", str(root))
        tables.tables.cache_clear()
        try:
            yield
        finally:
            patch.undo()
            tables.tables.cache_clear()


def as_before_the_ledger_of_upgrades(url: str) -> None:
    """Take a warehouse back by one migration, so that an upgrade has one to do as well."""
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE ops.upgrades")
        connection.execute("UPDATE ops.migrations SET version_num = %s", (versions.migrations()[-2],))
