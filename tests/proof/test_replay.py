"""Core made again from the archive, and readings taken back: the same content as if it had always been so (P5, P6)."""

import json

import psycopg

from tests.proof.small_pull import BASE, MONTHS, NEXT, STREAMS, checksums, nothing_lost_or_twice
from tthc import flows, settings
from tthc.landing.archive import Archive
from tthc.sources import streams
from tthc.warehouse import replay

ALL_STREAMS = ["register__procedures", "register__working_days", *STREAMS]


def read_year(stream: str, pull: dict[str, str]) -> dict:
    """Read a window as the monthly reading of all there is, which shows what has vanished."""
    fetch_id = flows.fetch(stream, pull["from"], pull["to"], kind="year", progress=str)
    return flows.take_in(fetch_id, progress=str)


def codes_in(url: str, fetch_id: int, first: str, last: str) -> set[str]:
    """Return the dossiers that a reading brought and that came in these days, by the archived bodies alone."""
    archive, found = Archive(settings.archive_url()), set()
    with psycopg.connect(url) as connection:
        pages = connection.execute(
            "SELECT sha256 FROM ops.fetch_pages WHERE fetch_id = %s", (fetch_id,)
        ).fetchall()
    for (digest,) in pages:
        for record in json.loads(archive.get(digest))["data"]:
            if record.get("MaHoSo"):
                found.add(record["MaHoSo"])
    assert found
    return found


def test_core_made_again_from_the_archive_is_the_same(small, city) -> None:
    """Silent corrections make versions, vanished dossiers are flagged, and a rebuild finds all of it again."""
    url = small()
    before = checksums(url)
    with psycopg.connect(url) as connection:
        (first_reading,) = connection.execute(
            "SELECT min(fetch_id) FROM ops.fetches WHERE stream = 'city__dossiers'"
        ).fetchone()
    city.set_clock(NEXT["at"])
    for stream in STREAMS:
        done = read_year(stream, NEXT)
    # What was never received is not counted, so nobody has to decide about it.
    gone = codes_in(url, first_reading, BASE["from"], BASE["to"]) - codes_in(
        url, done["fetch_id"], BASE["from"], BASE["to"]
    )
    with psycopg.connect(url) as connection:
        known = {
            code
            for (code,) in connection.execute(
                "SELECT dossier_code FROM core.dossiers WHERE received_at IS NOT NULL"
            )
        }
        flagged = {
            code
            for (code,) in connection.execute(
                "SELECT dossier_code FROM core.dossiers WHERE missing_since IS NOT NULL"
            )
        }
        (closed,) = connection.execute(
            "SELECT count(*) FROM core.dossier_versions WHERE valid_to IS NOT NULL"
        ).fetchone()
    assert flagged == gone & known and flagged, (flagged, gone)
    assert closed > 50, "no correction made a second version"

    flows.refresh(MONTHS, progress=str)
    expected = checksums(url)
    assert expected != before
    for name in ALL_STREAMS:
        replay.replay_everything(url, streams.stream_named(name))
    flows.refresh(MONTHS, progress=str)
    nothing_lost_or_twice(url)
    differs(checksums(url), expected)


def test_a_reading_taken_back_leaves_no_trace_and_comes_again(small, city) -> None:
    city.set_clock(NEXT["at"])
    url = small()
    flows.refresh(MONTHS, progress=str)
    never = checksums(url)
    taken = [read_year(stream, NEXT) for stream in STREAMS]
    flows.refresh(MONTHS, progress=str)
    loaded = checksums(url)
    assert {name for name in never if never[name] != loaded[name]} > {"core.dossiers", "indicators.values"}

    for done in reversed(taken):
        flows.unload(done["fetch_id"], progress=str)
    flows.refresh(MONTHS, progress=str)
    differs(checksums(url), never)
    for stream in STREAMS:
        read_year(stream, NEXT)
    flows.refresh(MONTHS, progress=str)
    nothing_lost_or_twice(url)
    differs(checksums(url), loaded)


def differs(found: dict, expected: dict) -> None:
    """Fail with the names of the tables that differ."""
    assert not [name for name in expected if found[name] != expected[name]]
