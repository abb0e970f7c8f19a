"""What comes from dossiers, letters, ratings, petitions, payments, inspections and the portal equals the answer key.

Two month ends of the city, and every file that other offices would hand over at the second.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import Path
from random import Random

import pytest

from demo import tally
from demo.answers import composed
from demo.answers import exports as key
from demo.answers.registers import Told
from demo.city import City
from demo.connector import read_pulls
from demo.files import FILES, Context
from demo.periods import Period, touched
from tests.proof.running_city import STREAMS, catalogue, portal_export, pull_of, running
from tthc import flows
from tthc.indicators import definitions, explain
from tthc.landing import files
from tthc.sources import patient_http
from tthc.warehouse import database
from tthc.workdays import periods

SEED = 1
MONTHS = ["2025-07", "2025-08"]
PULLS = [pull_of(month) for month in MONTHS]
GIVEN = (
    "register__staff",
    "register__apologies",
    "register__inspections",
    "ratings__responses",
    "petitions__cases",
    "payments__transactions",
)
#: What the scores made of other indicators look at besides.
SCORED_TOO = (
    "portal__index_766",
    "register__tasks",
    "register__reviews",
    "register__publicity",
    "documents__exchanges",
    "register__conduct",
    "register__official_results",
)
#: What growth is told against; before these the city says nothing.
BEFORE = {"2025-07": "2025-06", "2025-08": "2025-07", "2025-Q3": "2025-Q2", "2025-H2": "2025-H1"}
ASKED = {id: asked for family in key.INDICATORS.values() for id, asked in family.items()}
IDS = {*ASKED, *tally.IDS}
#: The first and the last day of which the readings of the city know.
FIRST, LAST = date(2025, 1, 1), date(2025, 8, 31)


def given(folder: Path, moment: str, streams: Sequence[str] = GIVEN) -> list[str]:
    """Write files as their keepers would at a moment; return the paths."""
    when = datetime.fromisoformat(moment).replace(tzinfo=None)
    context = Context(SEED, when, City(SEED))
    folder.mkdir()
    for stream in streams:
        (folder / FILES[stream].file_name).write_bytes(FILES[stream].write(context))
    return [str(folder / FILES[stream].file_name) for stream in streams]


def files_come_at(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let files be handed over at a moment of the demo from now on."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromisoformat(moment).astimezone(tz)

    monkeypatch.setattr(files, "datetime", Clock)


def wanted(known: key.Known, period: Period) -> dict[tuple[str, str, str], tuple]:
    """Return the key of a period; of a source that does not know the whole of it, a number is not whole."""
    lacks = period.first < FIRST or period.last > LAST
    found = {}
    for (level, code, id), told in key.values(known, period).items():
        if lacks and told.status != "no_data":
            # Of a source that lacks, nothing counted is nothing known.
            is_nothing = told.numerator == "0" and told.denominator is None
            told = told._replace(status="incomplete") if not is_nothing else Told("0", None, "", "no_data")
        found[level, code, id] = told
    return found


def found(period: Period, ids: Collection[str] | None = None) -> dict[tuple[str, str, str], Told]:
    """Return what the newest build of the period says of some indicators."""
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT v.* FROM indicators.values AS v WHERE indicator = ANY (%s) AND build_id = (SELECT max(build_id)"
            " FROM indicators.builds WHERE calendar = %s AND period = %s)",
            (sorted(IDS if ids is None else ids), period.calendar, period.label),
        ).fetchall()
    return {
        (row["level"], row["code"], row["indicator"]): Told(
            "" if row["numerator"] is None else str(row["numerator"]),
            None if row["denominator"] is None else str(row["denominator"]),
            ""
            if row["value"] is None
            else str(row["value"])
            if row["denominator"] is None
            else f"{row['value']:.2f}",
            row["status"],
        )
        for row in rows
    }


@pytest.fixture
def read(warehouse, tmp_path, monkeypatch) -> list[dict]:
    """Read the city twice and load every file once; return what each load of a file of ``GIVEN`` did."""
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.2)
    flows.init(progress=str)
    files_come_at(PULLS[-1]["at"], monkeypatch)
    flows.load([catalogue(tmp_path / "registers")], progress=str)
    with running(SEED) as city:
        for name, value in city.environment.items():
            monkeypatch.setenv(name, value)
        for pull in PULLS:
            city.set_clock(pull["at"])
            flows.ingest(STREAMS, pull["from"], pull["to"], progress=str)
            files_come_at(pull["at"], monkeypatch)
            flows.load([portal_export(tmp_path, SEED, pull["at"])], progress=str)
    done = flows.load(given(tmp_path / "given", PULLS[-1]["at"]), progress=str)
    assert all(one["merged"] > 10 and one["quarantined"] == 0 for one in done), done
    # Only what the merges of the files named is counted, so a month they forgot has no numbers.
    flows.refresh(sorted({month for one in done for month in one["months"]} & set(MONTHS)), progress=str)
    return done


def test_every_value_equals_the_answer_key(read, tmp_path):
    moments = [datetime.fromisoformat(pull["at"]).replace(tzinfo=None) for pull in PULLS]
    known = key.read(SEED, read_pulls(PULLS), moments, moments[-1])
    compared: Counter = Counter()
    succeeded: Counter = Counter()
    for period in touched(MONTHS):
        expected, got = wanted(known, period), found(period)
        assert expected.keys() == got.keys(), sorted(expected.keys() ^ got.keys())[:10]
        different = {place: (told, got[place]) for place, told in expected.items() if told != got[place]}
        assert not different, f"{period}: {len(different)} values differ, first {list(different.items())[:5]}"
        for (_, _, id), told in expected.items():
            compared[id, told.status] += 1
            succeeded[id] += told.numerator not in ("0", told.denominator)
    assert {id for id, _ in compared} == IDS
    assert compared.total() > 30_000
    assert not {id for id in IDS if not succeeded[id]}, (
        "an indicator that was never between nothing and everything"
    )
    _an_official_is_told(known)
    _evidence_recomputes()
    _taken_back(read, tmp_path)
    _scores_equal_the_answer_key(tmp_path)


@pytest.mark.long
def test_a_thousand_values_are_made_again_by_the_rows_behind_them(read, tmp_path):
    """Of every indicator that counts rows, at every level, in every period and calendar."""
    flows.load(given(tmp_path / "scored", PULLS[-1]["at"], SCORED_TOO), progress=str)
    flows.refresh(MONTHS, progress=str)
    counted = {
        id: one for id, one in definitions.shown().items() if one.kind in ("rate", "count", "sum", "ratio")
    }
    everywhere = [
        (period, *place, told)
        for period in touched(MONTHS)
        for place, told in sorted(found(period, counted).items())
        if told.numerator != "0" or told.denominator not in (None, "0")
    ]
    drawn: Counter = Counter()
    for period, level, code, id, told in Random(SEED).sample(everywhere, 1_000):
        one, listed = counted[id], periods.parse(period.label, period.calendar)
        with database.connection() as connection:
            rows = explain.evidence(connection, one, listed, explain.Scope(level, code))
        assert str(sum(row["numerator_part"] for row in rows)) == told.numerator, (period, level, code, id)
        if told.denominator is not None:
            parts = [row["denominator_part"] for row in rows]
            assert str(sum(parts)) == told.denominator, (period, level, code, id)
        drawn[id] += 1
    assert drawn.total() == 1_000 and len(drawn) > 60


def _an_official_is_told(known: key.Known) -> None:
    """Late dossiers of nobody are counted for the commune only, and somebody's are told."""
    period = touched(["2025-08"])[0]
    values = key.values(known, period)
    late = sum(
        int(told.numerator) for (level, _, id), told in values.items() if (level, id) == ("official", LATE)
    )
    assert 0 < late < int(values["commune", "11674", LATE].numerator)


LATE = "dossier_late_settled_count"


def _evidence_recomputes() -> None:
    period, compared = periods.parse("2025-08"), 0
    with database.connection() as connection:
        scope = explain.scope(connection, None)
        for id in sorted(IDS):
            indicator = definitions.indicators()[id]
            if "commune" in indicator.at and indicator.kind in ("rate", "count"):
                rows = explain.evidence(connection, indicator, period, scope)
                now = explain.now(connection, indicator, period, scope)
                assert now["numerator"] == sum(row["numerator_part"] for row in rows), id
                assert now["denominator"] in (None, len(rows)), id
                compared += 1
    assert compared > 40


def _taken_back(done: list[dict], tmp_path: Path) -> None:
    """A file taken back names the months it moved, and the numbers are those of a warehouse that never had it."""
    july = periods.parse("2025-07")
    with database.connection() as connection:
        before = _apologised(connection, july)
    letters = done[GIVEN.index("register__apologies")]
    taken = flows.unload(letters["fetch_id"], progress=str)
    assert set(MONTHS) <= set(taken["months"]) & set(letters["months"])
    with database.connection() as connection:
        without = _apologised(connection, july)
        assert without < before
    flows.load([str(tmp_path / "given" / FILES["register__apologies"].file_name)], progress=str)
    with database.connection() as connection:
        assert _apologised(connection, july) == before


def _apologised(connection, period: periods.Period) -> int:
    return connection.execute(
        "SELECT count(*) FILTER (WHERE is_apologised AND is_late_or_overdue) AS n"
        " FROM marts.dossiers_in_period('11674', %s, %s)",
        (period.start, period.end),
    ).fetchone()["n"]


def _scores_equal_the_answer_key(tmp_path: Path) -> None:
    """What is made of other indicators, made again from their values: growth, points, clauses kept."""
    done = flows.load(given(tmp_path / "scored", PULLS[-1]["at"], SCORED_TOO), progress=str)
    assert all(one["merged"] > 0 and one["quarantined"] == 0 for one in done), done
    flows.refresh(["2025-06", *MONTHS], progress=str)
    said = {
        (period.calendar, period.label): _by_indicator(found(period, definitions.indicators()))
        for period in touched(["2025-06", *MONTHS])
    }
    compared: Counter = Counter()
    for period in touched(MONTHS):
        known = said[period.calendar, period.label]
        before = said.get((period.calendar, BEFORE.get(period.label, "")), {})
        base = {id: told for id, told in known.items() if id not in composed.IDS}
        expected = composed.values(base, before, period)
        got = {(id, place): told for id in composed.IDS for place, told in known.get(id, {}).items()}
        places = [place for place in expected.keys() | got if expected.get(place) != got.get(place)]
        assert not places, (
            f"{period}: {[(place, expected.get(place), got.get(place)) for place in places[:5]]}"
        )
        compared.update((id, told.status) for (id, _), told in expected.items())
    assert compared.total() > 150
    assert {id for id, status in compared if status != "no_data"} == composed.IDS


def _by_indicator(told: dict[tuple[str, str, str], Told]) -> dict[str, dict[tuple[str, str], Told]]:
    by_id: dict[str, dict[tuple[str, str], Told]] = {}
    for (level, code, id), one in told.items():
        by_id.setdefault(id, {})[level, code] = one
    return by_id
