"""The data dictionary: complete, written by the comments, and not stale."""

import re

import psycopg
import pytest

from tthc import settings
from tthc.errors import TthcError
from tthc.warehouse import database, dictionary, tables


def test_every_file_of_sql_and_every_schema_has_its_entry(warehouse):
    with database.connection(warehouse) as connection:
        found = dictionary.entries(connection)
    names = {entry.name.partition("(")[0] for listed in found.values() for entry in listed}
    assert tables.tables().keys() <= names
    assert {"ops.fetches", "ops.quarantine", "indicators.values", "indicators.revisions"} <= names
    assert all(found.values())
    assert not [name for name in names if re.search(r"_20\d\d$", name)], "partitions are not tables to read"


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("CREATE TABLE marts.without_words (a integer)", "marts.without_words, marts.without_words.a"),
        ("COMMENT ON COLUMN core.dossiers.status IS NULL", "core.dossiers.status"),
        ("COMMENT ON VIEW marts.units IS NULL", "marts.units"),
        ("COMMENT ON COLUMN indicators.published.value IS NULL", "indicators.published.value"),
        (
            "COMMENT ON FUNCTION core.day_of(timestamptz) IS NULL",
            "core.day_of(moment timestamp with time zone)",
        ),
        ("COMMENT ON SCHEMA ops IS NULL", "ops"),
    ],
)
def test_a_missing_comment_is_named(warehouse, statement, named):
    with psycopg.connect(warehouse, autocommit=True) as connection:
        connection.execute(statement)
    with database.connection(warehouse) as connection, pytest.raises(TthcError) as refused:
        dictionary.page(connection)
    assert str(refused.value) == f"Thiếu lời chú (COMMENT ON) ở: {named}."


def test_the_committed_page_is_not_stale(warehouse):
    with database.connection(warehouse) as connection:
        text = dictionary.page(connection)
    committed = (settings.root() / dictionary.PAGE).read_text(encoding="utf-8")
    assert committed == text, "run: .venv/bin/python -m tthc.warehouse.dictionary"


def test_check_says_that_a_page_is_stale_and_writing_mends_it(warehouse, tmp_path, capsys):
    page = tmp_path / "docs" / "dictionary.md"
    module = "tthc.warehouse.dictionary"
    assert dictionary.write_or_check(page, "mới\n", module, check=True) == 1
    assert "dictionary.md đã cũ" in capsys.readouterr().err
    assert not page.exists()
    assert dictionary.write_or_check(page, "mới\n", module, check=False) == 0
    assert dictionary.write_or_check(page, "mới\n", module, check=True) == 0
    assert page.read_text(encoding="utf-8") == "mới\n"
