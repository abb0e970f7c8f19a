"""One city in three dialects: the same core, the same marts, the same indicators, whatever goes wrong on the way."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from demo import canary
from demo.opencps import GROUP_ID
from demo.troubles import EVERY
from tests.proof import running_city
from tests.proof.small_pull import (
    BASE,
    MONTHS,
    NEXT,
    checksums,
    nothing_lost_or_twice,
    read_on,
    same,
)
from tests.proof.test_canary import leaks, sealed
from tthc import flows, settings
from tthc.landing.archive import Archive
from tthc.sources import patient_http

NATIVE = ["igate", "opencps"]
#: Every trouble but the two that only take time, and the one that takes away what we keep (the kind of applicant).
TROUBLES = [one for one in EVERY if one not in ("http_429", "slow_body", "missing_field")]


@pytest.fixture
def read_in(prepared, new_database, warehouse_settings, city, monkeypatch, tmp_path) -> Callable[..., str]:
    """Return a function that reads the city twice in a dialect into a database of its own, and gives its URL.

    The second reading comes months later: its window is wider and most of it is asked for by code.
    """
    for name, value in (city.environment | {"TTHC_CITY_GROUP_ID": GROUP_ID}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(patient_http, "FIRST_WAIT", 0.01)
    catalogue = running_city.catalogue(tmp_path / "registers")

    def read(dialect: str, seed: int = 0, **troubles: float) -> str:
        url = new_database(prepared)
        monkeypatch.setenv("TTHC_WAREHOUSE_URL", url)
        monkeypatch.setenv("TTHC_CITY_DIALECT", dialect)
        monkeypatch.setenv("TTHC_ARCHIVE", str(warehouse_settings / dialect))
        flows.load([catalogue], progress=str)
        city.set_troubles(seed, **troubles)
        for pull in (BASE, NEXT):
            city.set_clock(pull["at"])
            read_on(pull)
        flows.refresh(MONTHS, progress=str)
        nothing_lost_or_twice(url)
        return url

    return read


_known: dict[str, tuple] = {}


@pytest.fixture
def expected(read_in) -> tuple[dict[str, tuple[int, str]], dict[str, str]]:
    """Return what a quiet reading in the dialect ``share`` leaves; read once for all tests of this file."""
    if not _known:
        url = read_in("share")
        _known["share"] = said(url), fingerprints(url)
    return _known["share"]


@pytest.fixture
def sliced(tmp_path: Path, monkeypatch) -> None:
    """Let iGate be read in slices, which announce nothing."""
    declaration = settings.own_dialect_file("igate").read_text()
    assert "spec: page," in declaration
    path = tmp_path / "slices.yaml"
    path.write_text(declaration.replace("spec: page,", "spec: slice,"))
    monkeypatch.setenv("TTHC_CITY_DIALECT_FILE", str(path))


def said(url: str) -> dict[str, tuple[int, str]]:
    found = checksums(url, accounting=False, fingerprints=False)
    assert found["core.dossiers"][0] > 300 and found["core.progress_events"][0] > 1000, found
    assert found["ops.quarantine"][0] > 3 and found["indicators.values"][0] > 100, found
    return found


def fingerprints(url: str) -> dict[str, str]:
    """Return the hash of each dossier in force whose channel is one of ours.

    A channel that no list holds is kept as theirs, with their name before it, so that its row hashes otherwise.
    """
    with psycopg.connect(url) as connection:
        return dict(
            connection.execute(
                "SELECT dossier_code, row_hash::text FROM core.dossiers WHERE channel IS NOT NULL"
            ).fetchall()
        )


def test_three_dialects_give_the_same_core_and_the_same_indicators(
    read_in, expected, warehouse_settings
) -> None:
    tables, hashes = expected
    assert len(hashes) > 300
    for dialect in NATIVE:
        url = read_in(dialect)
        same(said(url), tables, dialect)
        assert fingerprints(url) == hashes
        with psycopg.connect(url) as connection:
            sources = connection.execute(
                "SELECT DISTINCT split_part(source, ' ', 1) FROM ops.fetches WHERE kind <> 'file'"
            ).fetchall()
            assert sources == [(dialect,)]
        archive = Archive(settings.archive_url())
        received = "".join(
            archive.get(path.name.split(".")[0]).decode("utf-8", "replace")
            for path in sealed(warehouse_settings / dialect)
        )
        assert not [value for value in canary.VALUES if value not in received]
        assert not leaks(url)


@pytest.mark.parametrize("dialect", NATIVE)
def test_broken_answers_change_nothing(read_in, expected, city, dialect) -> None:
    url = read_in(dialect, seed=5, **dict.fromkeys(TROUBLES, 0.1))
    same(said(url), expected[0], dialect)
    struck = city.troubles()
    assert sum(struck.values()) > 20 and struck["unknown_field"] > 0, struck
    assert not leaks(url)
    assert (struck["token_revoked"] > 0, struck["lost_end"] > 0) == (dialect == "igate", dialect == "opencps")


def test_slices_without_totals_are_read_until_two_passes_agree(read_in, expected, sliced, city) -> None:
    url = read_in("igate", seed=7, empty_data=0.1, shifting_pages=0.5, html_login=0.05)
    same(said(url), expected[0], "slices")
    struck = city.troubles()
    assert struck["empty_data"] > 1 and struck["shifting_pages"] > 0, struck
    with psycopg.connect(url) as connection:
        announced, passes = connection.execute(
            "SELECT max(w.announced_count), max(w.pass_number) FROM ops.fetch_windows AS w"
            " INNER JOIN ops.fetches USING (fetch_id) WHERE kind <> 'file'"
        ).fetchone()
    assert announced == 0 and passes >= 2
