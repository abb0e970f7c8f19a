"""The whole pipeline against the city's answer key, which shares no code with it: not one value may differ.

Sixteen month ends are pulled with every kind of trouble on, so that whatever the data hold (instants near
midnight, nulls, repeats, dissolved units, silent corrections and deletions) has to come out right. To try
the binaries of another Postgres: ``TTHC_TEST_PG_BIN=/usr/lib/postgresql/15/bin make test ARGS=tests/proof``.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from demo import answer_key, troubles
from tests.conftest import COMMUNE
from tests.proof.running_city import MONTHS, STREAMS, catalogue, portal_export, pull_of, running
from tthc import flows
from tthc.indicators import definitions
from tthc.reports.filling import fill
from tthc.reports.papers import paper
from tthc.reports.values import edition
from tthc.sources import patient_http
from tthc.warehouse import database
from tthc.workdays import periods

TROUBLES = 0.02
CI_SEEDS = [1]
LONG_SEEDS = [2, 3, 4]
#: The month ends at which the portal is exported as well.
EXPORTED = {"2025-09", "2026-03", "2026-09"}
#: What the key of the city and the portal speaks of; other sources have keys of their own.
ITEMS = ("marts.dossiers_in_period", "marts.reconciliation_in_period")
Key = tuple[str, str, str, str, str]


def told(rows: Iterable[dict[str, str]]) -> dict[Key, tuple[str, ...]]:
    """Return the answer key by (calendar, period, level, code, indicator)."""
    found = {}
    for row in rows:
        place = tuple(row[name] for name in ("calendar", "period", "level", "code", "indicator"))
        found[place] = tuple(row[name] for name in ("numerator", "denominator", "value", "status"))
    return found


def computed(commune: str = COMMUNE) -> dict[Key, tuple[str, ...]]:
    """Return what the newest builds of a commune say, in the words of the answer key."""
    known = definitions.indicators()
    found = {}
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT b.calendar, b.period, v.* FROM indicators.values AS v INNER JOIN ("
            " SELECT DISTINCT ON (calendar, period) * FROM indicators.builds WHERE commune_code = %s"
            " ORDER BY calendar, period, build_id DESC) AS b USING (build_id)",
            (commune,),
        )
        for row in rows:
            one = known[row["indicator"]]
            if one.form or one.item not in ITEMS:
                continue
            is_count = row["denominator"] is None
            value = "" if row["value"] is None else str(row["value"]) if is_count else f"{row['value']:.2f}"
            place = tuple(row[name] for name in ("calendar", "period", "level", "code", "indicator"))
            shown = "" if is_count else str(row["denominator"])
            numerator = "" if row["numerator"] is None else str(row["numerator"])
            found[place] = (numerator, shown, value, row["status"])
    return found


def forms() -> dict[tuple[str, str, str], dict[str, int]]:
    """Return form II.06a of every period by (calendar, period, code), as the report prints it."""
    found = {}
    for name in periods.CALENDARS:
        for period in periods.periods_touched(MONTHS, name):
            with database.connection() as connection:
                filled = fill(
                    connection, paper("II.06a", period), period, edition(connection, period, draft=True)
                )
            for row in filled.rows:
                cells = {f"c{number}": count for number, count in row.numbers.items()}
                found[name, period.label, row.code] = cells
    return found


def run_and_compare(
    seed: int, folder: Path, monkeypatch: pytest.MonkeyPatch, *, whole_years: bool
) -> dict[str, int]:
    """Pull, count and compare every value of one seed; return how much was compared."""
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.2)
    pulls = [pull_of(month, whole_year=whole_years) for month in MONTHS]
    flows.init(progress=str)
    flows.load([catalogue(folder / "registers")], progress=str)
    quarantined, exports = 0, []
    with running(seed) as city:
        for name, value in city.environment.items():
            monkeypatch.setenv(name, value)
        city.set_troubles(seed, all=TROUBLES)
        for pull in pulls:
            city.set_clock(pull["at"])
            done = flows.ingest(STREAMS, pull["from"], pull["to"], progress=str)
            quarantined += sum(one["quarantined"] for one in done)
            if pull["at"][:7] in EXPORTED:
                exports.append(pull["at"])
                flows.load([portal_export(folder, seed, pull["at"])], progress=str)
        counts = city.troubles()
        assert all(counts[kind] for kind in troubles.KINDS), f"troubles that never struck: {counts}"
    flows.refresh(MONTHS, progress=str)
    expected, found = told(answer_key.rows(seed, pulls, exports=exports)), computed()
    known = {place[-1] for place in expected}
    found = {place: values for place, values in found.items() if place[-1] in known}
    assert expected.keys() == found.keys()
    different = {place: (told, found[place]) for place, told in expected.items() if told != found[place]}
    assert not different, f"{len(different)} values differ, first {list(different.items())[:5]}"
    key_rows = answer_key.form_rows(seed, pulls)
    expected_forms = {
        (row["calendar"], row["period"], row["code"]): {f"c{n}": row[f"c{n}"] for n in range(3, 14)}
        for row in key_rows
    }
    assert expected_forms == forms()
    return {
        "values": len(expected),
        "form cells": 11 * len(expected_forms),
        "quarantined": quarantined,
        "troubles": sum(counts.values()),
    }


def enough(compared: dict[str, int]) -> None:
    """Refuse a proof that compared little, refused no row or met no trouble."""
    assert compared["values"] > 25_000 and compared["form cells"] > 3_000, compared
    assert compared["quarantined"] > 500 and compared["troubles"] > 100, compared


@pytest.mark.parametrize("seed", CI_SEEDS)
def test_every_value_equals_the_answer_key(warehouse, tmp_path, monkeypatch, seed) -> None:
    """The readings of ``make run``: each from the month before on."""
    enough(run_and_compare(seed, tmp_path, monkeypatch, whole_years=False))


@pytest.mark.long
@pytest.mark.parametrize("seed", LONG_SEEDS)
def test_other_cities_equal_their_answer_keys(warehouse, tmp_path, monkeypatch, seed) -> None:
    """Every reading is one of the whole year, so that each shows what has vanished since."""
    enough(run_and_compare(seed, tmp_path, monkeypatch, whole_years=True))
