"""The cases are worth something: each of these small mistakes in the SQL breaks at least one of them."""

import dataclasses

import msgspec
import psycopg
import pytest

from tests.sql import cases
from tthc.errors import TthcError
from tthc.warehouse import tables

MUTANTS = [
    (table, old, new)
    for table, listed in msgspec.yaml.decode(
        (cases.HERE / "mutants.yaml").read_bytes(), type=dict[str, list[tuple[str, str]]]
    ).items()
    for old, new in listed
]


def is_killed(connection: psycopg.Connection, table: str) -> bool:
    """Say whether a case of the table fails; everything is rolled back."""
    for placed in cases.every_case():
        if placed.table != table:
            continue
        try:
            with connection.transaction(force_rollback=True):
                cases.run(connection, placed)
        except (AssertionError, psycopg.Error, TthcError):
            return True
    return False


@pytest.mark.long
@pytest.mark.parametrize(
    ("table", "old", "new"), MUTANTS, ids=[f"{table}-{n}" for n, (table, *_) in enumerate(MUTANTS, start=1)]
)
def test_a_mistake_in_the_sql_breaks_a_case(case_connection, monkeypatch, table, old, new):
    known = tables.tables()[table]
    text = known.shape + tables._REFILL + known.refill
    assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times in {table}: write this mutant anew"
    shape, _, refill = text.replace(old, new).partition(tables._REFILL)
    if shape != known.shape:
        assert known.kind in ("VIEW", "FUNCTION"), "only what fills a table can be wrong here"
        case_connection.execute(shape.replace(f"CREATE {known.kind} ", f"CREATE OR REPLACE {known.kind} ", 1))
    monkeypatch.setitem(tables.tables(), table, dataclasses.replace(known, shape=shape, refill=refill))
    assert is_killed(case_connection, table), f"no case of {table} notices: {old!r} → {new!r}"


def test_without_a_mistake_every_case_holds(case_connection):
    assert len(MUTANTS) > 40
    assert not is_killed(case_connection, "core.dossier_end")
