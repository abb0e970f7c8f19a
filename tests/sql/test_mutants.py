"""The cases are worth something: each of these small mistakes in the SQL breaks at least one of them."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from random import Random

import msgspec
import psycopg
import pytest

from tests.sql import cases, drawn_mutants
from tthc.warehouse import merge, tables

MUTANTS = [
    (table, old, new)
    for table, listed in msgspec.yaml.decode(
        (cases.HERE / "mutants.yaml").read_bytes(), type=dict[str, list[tuple[str, str]]]
    ).items()
    for old, new in listed
]


def is_killed(connection: psycopg.Connection, table: str) -> bool:
    """Say whether a case of the table fails; everything is rolled back."""
    return _breaks(connection, [placed for placed in cases.every_case() if placed.table == table])


def _breaks(connection: psycopg.Connection, placed: Iterable[cases.Placed]) -> bool:
    for one in placed:
        try:
            with connection.transaction(force_rollback=True):
                cases.run(connection, one)
        except Exception:
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


#: So many mistakes are drawn of a table that could hold more.
MOST = 120
#: What decides who is counted, and on which day.
COUNTING = [
    name
    for name in tables.tables()
    if name.endswith("_in_period")
    or name
    in (
        "core.dossier_end",
        "core.dossier_outcome",
        "core.status_class",
        "marts.days",
        "marts.dossier_days",
        "marts.dossier_pauses",
        "marts.dossier_periods",
        "marts.dossiers",
        "marts.office_time",
        "marts.working_day_after",
        "marts.working_days_between",
    )
]


@pytest.mark.long
@pytest.mark.parametrize("table", COUNTING)
def test_drawn_mistakes_break_a_case(case_connection, monkeypatch, table):
    known = tables.tables()[table]
    made = known.kind in ("VIEW", "FUNCTION")
    every = list(drawn_mutants.drawn(known.shape if made else known.refill))
    drawn = Random(1).sample(every, min(len(every), MOST))
    missed, count = [], len(drawn)
    for mutant in drawn:
        changed = {"shape": mutant.text} if made else {"refill": mutant.text}
        try:
            with case_connection.transaction(force_rollback=True), monkeypatch.context() as patch:
                if made:
                    create = f"CREATE {known.kind} "
                    case_connection.execute(
                        mutant.text.replace(create, f"CREATE OR REPLACE {known.kind} ", 1)
                    )
                patch.setitem(tables.tables(), table, dataclasses.replace(known, **changed))
                if not is_killed(case_connection, table):
                    missed.append(mutant)
        except psycopg.Error:
            continue
    told = "\n".join(f"  {one.line}: {one.old} → {one.new or 'không có'}: {one.shown}" for one in missed)
    print(f"{table}: {count - len(missed)} / {count}\n{told}")
    # Nine of ten over all tables (docs/reliability.md); a few change nothing that a row can show.
    assert count and 5 * len(missed) <= count, f"{table}: {len(missed)} of {count} go unnoticed:\n{told}"


@pytest.mark.long
def test_drawn_mistakes_in_the_merge_break_a_case(case_connection):
    source = Path(merge.__file__).read_text(encoding="utf-8")
    merged = [one for one in cases.every_case() if any("merge" in step for step in one.steps)]
    assert len(merged) > 50
    missed, count = [], 0
    for mutant in drawn_mutants.drawn_in_python(source):
        count += 1
        try:
            # The module keeps its name, so whoever calls it calls what stands there now.
            exec(compile(mutant.text, merge.__file__, "exec"), vars(merge))
            if not _breaks(case_connection, merged):
                missed.append(mutant)
        except SyntaxError:
            count -= 1
        finally:
            exec(compile(source, merge.__file__, "exec"), vars(merge))
    told = "\n".join(f"  {one.line}: {one.old} → {one.new or 'không có'}: {one.shown}" for one in missed)
    print(f"merge: {count - len(missed)} / {count}\n{told}")
    # Those about rows that are recognised go to tests/proof/test_recognition.py (docs/reliability.md).
    assert 5 * len(missed) <= count, f"{len(missed)} of {count} go unnoticed:\n{told}"


def test_without_a_mistake_every_case_holds(case_connection):
    assert len(MUTANTS) > 40
    assert not is_killed(case_connection, "core.dossier_end")
