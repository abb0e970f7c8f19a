"""What few may read stays where few may read it, and the codes of officials lead from steps to units without a name."""

from datetime import datetime

import pytest

from demo import canary
from demo.files import FILES, Context
from demo.kept.officials import OFFICIALS
from demo.units import OFFICERS
from tests.proof.test_canary import found_in, leaks
from tests.streams.harness import content
from tthc import flows
from tthc.landing.keys import identity_hash
from tthc.sources.streams import streams
from tthc.vietnamese.names import person_name
from tthc.warehouse import database, tables

CONTEXT = Context.at(1, datetime(2025, 8, 1, 18))
RESTRICTED = sorted(name for name, stream in streams().items() if stream.restricted)


def load(folder, name: str, *, broken: bool = False) -> dict:
    file = FILES[name]
    path = folder / f"{'loi-' if broken else ''}{file.file_name}"
    path.write_bytes(file.broken(CONTEXT)[0] if broken else file.write(CONTEXT))
    (told,) = flows.load([str(path)], progress=str)
    return told


def test_there_are_four_restricted_streams_and_all_of_them_lies_in_the_schema():
    assert [f"register__{name}" for name in ("assessments", "conduct", "objections", "staff")] == RESTRICTED
    for name in RESTRICTED:
        stream = streams()[name]
        of_it = (stream.staging_table, stream.table, stream.history_table, stream.candidates)
        assert all(table.startswith("restricted.") for table in of_it)
        assert set(of_it) <= tables.tables().keys()


def test_a_name_is_found_in_the_register_of_staff_and_nowhere_else(warehouse, tmp_path, capsys):
    told = []
    for name in RESTRICTED:
        assert found_in(content(FILES[name].broken(CONTEXT)[0])), (
            "no canary in the file: nothing would be proved"
        )
        told += [load(tmp_path, name), load(tmp_path, name, broken=True)]
    assert leaks(warehouse).keys() == {"restricted.staff", "restricted.staff_versions"}
    assert not found_in(repr(told) + "".join(capsys.readouterr()))
    with database.connection(warehouse) as connection:
        (row,) = connection.execute(
            "SELECT count(*) AS n FROM restricted.staff WHERE full_name = %s", (canary.OFFICER,)
        ).fetchall()
    assert row["n"] == 2


@pytest.mark.parametrize("broken", [False, True])
def test_no_staged_row_is_left_behind(warehouse, tmp_path, broken):
    for name in RESTRICTED:
        load(tmp_path, name, broken=broken)
    with database.connection(warehouse) as connection:
        for name in RESTRICTED:
            left = connection.execute(f"SELECT count(*) AS n FROM {streams()[name].staging_table}").fetchone()
            assert left["n"] == 0


def test_every_name_that_the_city_sends_leads_to_a_code_and_a_unit(warehouse, tmp_path):
    load(tmp_path, "register__staff")
    names = {name: unit for unit, listed in OFFICERS.items() for name in listed}
    assert len(names) == 17
    homes = {official.name: official.home for official in OFFICIALS}
    with database.connection(warehouse) as connection:
        for name, unit in names.items():
            (found,) = connection.execute(
                "SELECT official_code, home_unit_code, working_unit_code FROM marts.officials"
                " WHERE official_key = %s AND DATE '2025-07-10' BETWEEN valid_from AND valid_to",
                (identity_hash(person_name(name)),),
            ).fetchall()
            assert found["official_code"].startswith("AH-")
            assert (found["working_unit_code"], found["home_unit_code"]) == (unit, homes[name])


def test_a_report_is_never_countable_as_a_finding(warehouse, tmp_path):
    load(tmp_path, "register__conduct")
    load(tmp_path, "register__conduct", broken=True)
    with database.connection(warehouse) as connection:
        rows = connection.execute(
            "SELECT kind, count(*) AS n, count(verdict) + count(discipline) + count(document) AS concluded"
            " FROM restricted.conduct_records GROUP BY kind"
        ).fetchall()
    counted = {row["kind"]: (row["n"], row["concluded"]) for row in rows}
    assert counted["report"] == (5, 0)
    assert counted["finding"][0] == 3 and counted["finding"][1] >= 6
    assert counted["briefing"] == (4 * len(OFFICIALS), 0)
