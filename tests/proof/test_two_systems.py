"""City and portal side by side against the answer key: in any order, taken back, and behind every number.

The portal's files are those of the demo at the month ends at which the city is pulled: most dossiers the same, some
under a code of the portal's own, some with what a local system rewrites, and every kind of difference planted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest

from demo import answer_key
from tests.proof.running_city import STREAMS, catalogue, portal_export, pull_of, running
from tests.proof.small_pull import checksums, same
from tests.proof.test_equals_answer_key import computed, told
from tthc import cli, flows
from tthc.indicators import definitions, explain
from tthc.sources import patient_http
from tthc.warehouse import database
from tthc.workdays import periods

SEED = 1
MONTHS = ["2025-07", "2025-08"]
RATES = ("national_portal_receipt_rate", "two_system_match_rate")
PULLS = [pull_of(month) for month in MONTHS]
EXPORTS = [pull["at"] for pull in PULLS]
TABLES = ("core.dossier_matches", "core.portal_coverage", "marts.reconciliation", "core.portal_dossiers")
_CLASSES = (
    "SELECT class, count(*) AS n FROM marts.reconciliation_in_period('11674', %s, %s) WHERE {} GROUP BY class"
)
_COLUMNS = {
    "commune": "true",
    "unit": "unit_code = %s",
    "procedure": "procedure_code = %s",
    "field": "field_code = %s",
}


@pytest.fixture
def city(warehouse, tmp_path, monkeypatch):
    """Return a running city of which nothing is read, beside a warehouse that knows its catalogue."""
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.2)
    flows.init(progress=str)
    flows.load([catalogue(tmp_path / "registers")], progress=str)
    with running(SEED) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def read(city, pull: dict[str, str]) -> set[str]:
    city.set_clock(pull["at"])
    return {
        month
        for one in flows.ingest(STREAMS, pull["from"], pull["to"], progress=str)
        for month in one["months"]
    }


def test_every_class_and_both_indicators_equal_the_answer_key(city, tmp_path, capsys) -> None:
    months: set[str] = set()
    for pull in PULLS:
        months |= read(city, pull)
        (done,) = flows.load([portal_export(tmp_path, SEED, pull["at"])], progress=str)
        assert done["merged"] > 500 and done["quarantined"] == 0
        months |= set(done["months"])
    # Only what the merges named is counted again, so a month they forgot would be told wrongly.
    flows.refresh(sorted(months), progress=str)
    expected, found = told(answer_key.rows(SEED, PULLS, MONTHS, EXPORTS)), computed()
    wanted = {place: values for place, values in expected.items() if place[4] in RATES}
    got = {
        place: values
        for place, values in found.items()
        if place[4] in RATES and place[:2] in {p[:2] for p in wanted}
    }
    assert len(wanted) > 2_000
    assert got.keys() == wanted.keys()
    different = {place: (values, got[place]) for place, values in wanted.items() if values != got[place]}
    assert not different, f"{len(different)} values differ, first {list(different.items())[:5]}"
    _classes_equal()
    _nothing_is_used_twice()
    _evidence_adds_up()
    _command_tells(capsys)


def _classes_equal() -> None:
    compared, every = 0, Counter()
    with database.connection() as connection:
        for (calendar, label, level, code), wanted in answer_key.class_rows(
            SEED, PULLS, EXPORTS, MONTHS
        ).items():
            period = periods.parse(label, calendar)
            arguments = [period.start, period.end, *([] if level == "commune" else [code])]
            rows = connection.execute(_CLASSES.format(_COLUMNS[level]), arguments)
            assert {row["class"]: row["n"] for row in rows} == dict(wanted), (calendar, label, level, code)
            compared, every = compared + 1, every + wanted
    assert compared > 1_000
    assert every.keys() == set(answer_key.CLASSES) - {"not_covered"}, "a class that was never planted"


def _nothing_is_used_twice() -> None:
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT matched_by, count(*) AS n, count(DISTINCT dossier_code) AS ours,"
            " count(DISTINCT portal_code) AS theirs FROM core.dossier_matches GROUP BY GROUPING SETS ((), (matched_by))"
        ).fetchall()
    assert len(rows) == 4, "a rule that matched nothing"
    assert all(row["n"] == row["ours"] == row["theirs"] > 10 for row in rows), rows


def _evidence_adds_up() -> None:
    period = periods.parse("2025-08")
    with database.connection() as connection:
        for name in RATES:
            indicator, scope = definitions.indicators()[name], explain.scope(connection, "kinh_te")
            rows = explain.evidence(connection, indicator, period, scope)
            now = explain.now(connection, indicator, period, scope)
            assert now["numerator"] == sum(row["numerator_part"] for row in rows) > 0
            assert now["denominator"] == sum(row["denominator_part"] for row in rows) == len(rows)
            assert all(row["address"] or row["class"] == "missing_in_city" for row in rows)
            assert all(row["portal_address"] or row["class"] == "missing_on_portal" for row in rows)
            first, last = rows[0], rows[-1]
            assert not first["in_numerator"] and last["in_numerator"]


def _command_tells(capsys) -> None:
    capsys.readouterr()
    assert cli.main(["reconcile", "2025-08", "--unit", "kinh_te", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    wanted = answer_key.class_rows(SEED, PULLS, EXPORTS, MONTHS)["month", "2025-08", "unit", "kinh_te"]
    assert {row["class"]: row["count"] for row in report["classes"] if row["count"]} == dict(wanted)
    assert len(report["worklist"]) == wanted.total() - wanted["equal"]


def test_the_order_of_loading_decides_nothing(city, prepared, new_database, tmp_path, monkeypatch) -> None:
    """The portal before the city, after it, or between its readings: the same matches and classes to the last bit."""
    first, second = (portal_export(tmp_path, SEED, moment) for moment in EXPORTS[:2])
    found = {}

    def told_in(name: str, steps: list[Callable[[], object]]) -> None:
        url = new_database(prepared)
        monkeypatch.setenv("TTHC_WAREHOUSE_URL", url)
        flows.init(progress=str)
        flows.load([catalogue(tmp_path / "registers")], progress=str)
        for step in steps:
            step()
        sums = checksums(url, accounting=False)
        found[name] = {table: sums[table] for table in TABLES}
        assert all(
            count > 500 for table, (count, _) in found[name].items() if table != "core.portal_coverage"
        )

    def load(path: str) -> Callable[[], object]:
        return lambda: flows.load([path], progress=str)

    def pull(which: dict[str, str]) -> Callable[[], object]:
        return lambda: read(city, which)

    told_in("as it came", [pull(PULLS[0]), load(first), pull(PULLS[1]), load(second)])
    told_in("the portal first", [load(first), load(second), pull(PULLS[0]), pull(PULLS[1])])
    told_in("the portal last", [pull(PULLS[0]), pull(PULLS[1]), load(first), load(second)])
    for name, sums in found.items():
        same(sums, found["as it came"], name)


def test_an_export_taken_back_leaves_no_trace(city, warehouse, tmp_path) -> None:
    read(city, PULLS[0])
    first, second = (portal_export(tmp_path, SEED, moment) for moment in EXPORTS[:2])
    before = checksums(warehouse, accounting=False)
    assert before["marts.reconciliation"][0] == 0
    flows.load([first], progress=str)
    with_first = checksums(warehouse, accounting=False)
    assert with_first["marts.reconciliation"][0] > 2_000
    (done,) = flows.load([second], progress=str)
    taken = flows.unload(done["fetch_id"], progress=str)
    same(checksums(warehouse, accounting=False), with_first, "the second was never loaded")
    assert set(taken["months"]) == set(done["months"])
    with database.connection() as connection:
        (only,) = connection.execute(
            "SELECT fetch_id FROM ops.fetches WHERE stream = 'portal__dossiers' AND state = 'merged'"
        )
    flows.unload(only["fetch_id"], progress=str)
    same(checksums(warehouse, accounting=False), before, "no export was ever loaded")


def test_without_an_export_nothing_is_said_of_the_portal(city) -> None:
    read(city, PULLS[0])
    flows.refresh(["2025-07"], progress=str)
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT numerator, denominator, value, status FROM indicators.values WHERE indicator = ANY (%s)",
            (list(RATES),),
        ).fetchall()
    assert len(rows) > 50
    assert {(row["denominator"], row["value"], row["status"]) for row in rows} == {(0, None, "no_data")}
