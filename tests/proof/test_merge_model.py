"""The merge against a model of a few lines: readings loaded in any order, some twice, some taken back (P1, P2, P5).

Every reading goes through the real archive, staging, audit and merge. The model knows only the rule: versions
stand in the order of the readings, whatever the order of loading, and a row that says nothing new opens none.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.proof.told_readings import STREAM, Row, archived, fillers
from tthc import flows
from tthc.warehouse import database

KEYS = "ABC"
BEGINNING = datetime(2025, 7, 2, tzinfo=UTC)
CHECKED = settings(
    deadline=None,
    derandomize=True,
    database=None,
    # A scene takes a second: a smaller one is not worth the minutes of looking for it.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Scene:
    """Readings in the order of their moments, the order in which they are loaded, and those taken back.

    ``years`` are readings of the whole year: what they do not show has vanished.
    """

    readings: list[list[Row]]
    order: list[int]
    repeated: list[int] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)
    years: list[int] = field(default_factory=list)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    row = st.builds(Row, st.sampled_from(KEYS), st.integers(0, 2), st.sampled_from([True, True, True, False]))
    readings = draw(st.lists(st.lists(row, max_size=4), min_size=2, max_size=4))
    every = list(range(len(readings)))
    subset = st.lists(st.sampled_from(every), unique=True, max_size=2)
    order, repeated, years = draw(st.permutations(every)), draw(subset), draw(subset)
    # An absence that ended with the reading taken back is flagged only by the next reading of the year.
    undone = [] if years else draw(subset)
    return Scene(readings, order, repeated, undone, years)


@dataclass
class Known:
    """What must be known after the readings of a scene: all by key, or by the place of the reading."""

    versions: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    counts: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)


def model(readings: list[list[Row]], loaded: list[int], years: list[int]) -> Known:
    """Return what the rule says of these readings, those ``loaded`` only, in the order of their moments."""
    known = Known()
    for place in sorted(loaded):
        rows = readings[place]
        last_good = {row.key: row.content for row in rows if row.is_good}
        new = 0
        for key, content in last_good.items():
            known.missing.pop(key, None)
            chain = known.versions.setdefault(key, [])
            if not chain or chain[-1][1] != content:
                chain.append((place, content))
                new += 1
        for key, last in {row.key: row for row in rows}.items():
            known.refused.pop(key, None)
            if not last.is_good:
                known.refused[key] = last.content
        for key in known.versions.keys() - {row.key for row in rows} if place in years else ():
            known.missing.setdefault(key, place)
        good = sum(row.is_good for row in rows)
        known.counts[place] = (new, len(last_good) - new, len(rows) - good, good - len(last_good))
    return known


def found(numbers: dict[int, int], name: str) -> Known:
    """Return what the warehouse knows of a scene; check that each chain of versions is closed but at its end."""
    places = {fetch_id: place for place, fetch_id in numbers.items()}
    known = Known()
    with database.connection() as connection:
        versions = connection.execute(
            "SELECT v.*, c.fetch_id AS newest, c.row_number AS newest_row, v.row_hash = c.row_hash AS is_newest"
            " FROM core.dossier_versions AS v LEFT JOIN core.dossiers AS c USING (commune_code, dossier_code)"
            " WHERE starts_with(v.dossier_code, %s) ORDER BY dossier_code, v.fetched_at, v.fetch_id, v.row_number",
            (name,),
        ).fetchall()
        for key, chain in itertools.groupby(versions, lambda row: row["dossier_code"]):
            rows = list(chain)
            ends = [row["fetched_at"] for row in rows[1:]] + [None]
            assert [row["valid_to"] for row in rows] == ends, rows
            last = rows[-1]
            assert (last["fetch_id"], last["row_number"]) == (last["newest"], last["newest_row"])
            assert last["is_newest"]
            known.versions[key] = [(places[row["fetch_id"]], row["due_at"].day - 10) for row in rows]
        counted = connection.execute(
            "SELECT count(*) AS n FROM core.dossiers WHERE starts_with(dossier_code, %s)", (name,)
        )
        assert counted.fetchone()["n"] == len(known.versions)
        for row in connection.execute(
            "SELECT c.dossier_code, c.missing_since, m.missing_since AS derived, f.fetch_id FROM core.dossiers AS c"
            " INNER JOIN marts.dossiers AS m USING (commune_code, dossier_code) LEFT JOIN ops.fetches AS f"
            "  ON f.fetched_at = c.missing_since AND f.stream = %s"
            " WHERE starts_with(c.dossier_code, %s)",
            (STREAM, name),
        ):
            assert row["missing_since"] == row["derived"], row
            if row["missing_since"]:
                known.missing[row["dossier_code"]] = places[row["fetch_id"]]
        for row in connection.execute(
            "SELECT row_key, count(*) AS n FROM ops.quarantine WHERE state = 'open' AND starts_with(row_key, %s)"
            " GROUP BY row_key",
            (name,),
        ):
            assert row["n"] == 1, row
            known.refused[row["row_key"]] = 0
        for row in connection.execute(
            "SELECT * FROM ops.fetches WHERE state = 'merged' AND fetch_id = ANY (%s)", (list(places),)
        ):
            counts = (row[f"{n}_count"] for n in ("merged", "unchanged", "quarantined", "superseded"))
            known.counts[places[row["fetch_id"]]] = tuple(counts)
        staged = connection.execute("SELECT count(*) AS n FROM staging.city__dossiers").fetchone()["n"]
        assert staged == 0
    return known


def play(scene: Scene, number: int) -> tuple[Known, Known]:
    """Load a scene in its order; return what must be known and what is."""
    name = f"S{number:04}"
    readings = [
        [*fillers(name), *(Row(f"{name}-{row.key}", row.content, row.is_good) for row in rows)]
        for rows in scene.readings
    ]
    begins = BEGINNING + timedelta(hours=number)
    numbers = {}
    for place in scene.order:
        pages = [readings[place][:20], readings[place][20:]]
        kind = "year" if place in scene.years else "window"
        numbers[place] = archived(begins + timedelta(minutes=place), pages, kind=kind)
        flows.take_in(numbers[place], progress=str)
        if place in scene.repeated:
            flows.take_in(numbers[place], progress=str)
    for place in scene.undone:
        flows.unload(numbers[place], progress=str)
    left = [place for place in scene.order if place not in scene.undone]
    expected = model(readings, left, scene.years)
    expected.refused = dict.fromkeys(expected.refused, 0)
    return expected, found(numbers, name)


@pytest.fixture
def numbers(warehouse) -> Iterator[int]:
    """Count the scenes: each has moments and dossiers of its own."""
    return itertools.count(1)


def check(scene: Scene, number: int) -> None:
    expected, known = play(scene, number)
    assert known.versions == expected.versions
    assert known.refused == expected.refused
    assert known.counts == expected.counts
    assert known.missing == expected.missing


def test_scenes_that_once_went_wrong(numbers) -> None:
    good, other, bad = Row("A", 0), Row("A", 1), Row("A", 2, False)
    for scene in (
        Scene([[good], [other], [good]], [2, 0, 1]),
        Scene([[good], [bad], [good]], [0, 1, 2], undone=[2]),
        Scene([[good], [bad], [bad]], [0, 1, 2], undone=[1]),
        Scene([[good], [good], [other]], [0, 1, 2], undone=[0]),
        Scene([[bad, good], [good, bad]], [1, 0], repeated=[0, 1]),
        Scene([[], [bad], [good, Row("A", 0, False)]], [1, 2, 0], years=[0]),
        Scene([[good], [], []], [0, 2, 1], years=[1, 2]),
        Scene([[good], [], [good]], [0, 2, 1], years=[1]),
        Scene([[good], [], [bad], [other]], [1, 3, 0, 2], years=[1, 2]),
    ):
        check(scene, next(numbers))


@settings(CHECKED, max_examples=12)
@given(scene=scenes())
def test_merge_follows_the_model(numbers, scene) -> None:
    check(scene, next(numbers))


@pytest.mark.long
@settings(CHECKED, max_examples=60)
@given(scene=scenes())
def test_merge_follows_the_model_for_long(numbers, scene) -> None:
    check(scene, next(numbers))
