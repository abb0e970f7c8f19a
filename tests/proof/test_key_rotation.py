"""The demo city read before a change of keys and after it; and a change that is killed wherever one likes."""

import json
import multiprocessing
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import run
from tests.conftest import SECRET_KEY
from tests.proof.killed_step import PATIENCE
from tests.proof.small_pull import BASE, STREAMS
from tests.safekeeping.key_changes import OTHER_SECRET, THIRD_SECRET, changed, dump, fingerprints, renamed
from tests.safekeeping.test_subjects import town as town
from tthc import flows, settings
from tthc.landing import key_ring
from tthc.landing.archive import Archive
from tthc.sources import streams
from tthc.warehouse import replay

_CONTEXT = multiprocessing.get_context("forkserver")
LEAKED = "--leaked"


def test_the_city_read_before_and_after(small, city, tmp_path, monkeypatch):
    """What is read after each change is taken as a warehouse takes it whose keys never changed."""
    twin, url = small(), small()
    shutil.copytree(settings.archive_url(), tmp_path / "kho-doi")

    def read_by_both(hour: int) -> list[dict]:
        city.set_clock(f"2025-07-05T{hour}:00:00+07:00")
        with monkeypatch.context() as patch:
            patch.setenv("TTHC_WAREHOUSE_URL", twin)
            patch.setenv("TTHC_ARCHIVE", str(tmp_path / "kho-doi"))
            patch.setenv("TTHC_SECRET_KEY", SECRET_KEY)
            expected = flows.ingest(STREAMS, BASE["from"], BASE["to"], progress=str)
        found = flows.ingest(STREAMS, BASE["from"], BASE["to"], progress=str)
        for one, other in zip(found, expected, strict=True):
            counts = ("read", "merged", "unchanged", "quarantined", "superseded")
            assert [one[count] for count in counts] == [other[count] for count in counts]
            assert one["unchanged"] > 100 > one["merged"]
        return found

    before, marks = dump(url), fingerprints(url)
    assert len(marks) > 500
    changed(tmp_path, monkeypatch, OTHER_SECRET)
    assert dump(url) == before and fingerprints(url) == marks
    read_by_both(19)
    assert fingerprints(url).items() >= marks.items()

    before, marks = dump(url), fingerprints(url)
    done = changed(tmp_path, monkeypatch, THIRD_SECRET, LEAKED)
    assert len(renamed(before, dump(url))) == done["hash_count"] > 300
    assert fingerprints(url).keys() == marks.keys()
    read_by_both(20)

    after = fingerprints(url)
    for stream in streams.city_streams():
        replay.replay_everything(url, stream)
    assert fingerprints(url) == after and fingerprints(twin).keys() == after.keys()
    said = run("doctor", "--full", "--json")
    assert [one for one in json.loads(said.out) if not one["holds"]] == []


@pytest.fixture
def killed_at(
    town: str,
    cluster,
    new_database: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[str, int | None], tuple[str, int]]]:
    """Return a function that changes the keys of a copy in a child, killed at a moment; (its URL, moments passed)."""
    archive = Path(settings.archive_url())
    count = 0

    def start(kind: str, moment: int | None) -> tuple[str, int]:
        nonlocal count
        count += 1
        folder = tmp_path / f"kho-{count}"
        shutil.copytree(archive, folder)
        url = new_database(town.rpartition("/")[2].partition("?")[0])
        monkeypatch.setenv("TTHC_WAREHOUSE_URL", url)
        monkeypatch.setenv("TTHC_ARCHIVE", str(folder))
        monkeypatch.setenv("TTHC_SECRET_KEY", SECRET_KEY)
        results, theirs = _CONTEXT.Pipe(duplex=False)
        process = _CONTEXT.Process(target=_change, args=(dict(os.environ), kind, moment, theirs))
        process.start()
        theirs.close()
        process.join(PATIENCE)
        assert process.exitcode in ((0,) if moment is None else (0, -signal.SIGKILL)), process.exitcode
        return url, results.recv() if process.exitcode == 0 else -1

    yield start


@pytest.mark.parametrize(
    "deaths", [2, pytest.param(20, marks=pytest.mark.long)], ids=["some moments", "twenty moments"]
)
def test_a_change_that_is_killed_is_ended_by_the_same_command(town, killed_at, tmp_path, monkeypatch, deaths):
    before, contents = dump(town), _contents()
    for kind in ("routine", "leaked"):
        _, moments = killed_at(kind, None)
        assert moments > 40, moments
        drawn = random.Random(20261127).sample(range(1, moments + 1), deaths)
        died = 0
        for moment in drawn:
            url, passed = killed_at(kind, moment)
            died += passed == -1
            # Whatever happened: with one secret or the other everything is still read.
            assert _contents_with(monkeypatch, SECRET_KEY, OTHER_SECRET) == contents
            monkeypatch.setenv("TTHC_SECRET_KEY", SECRET_KEY)
            changed(tmp_path, monkeypatch, OTHER_SECRET, *([LEAKED] if kind == "leaked" else []))
            assert _contents() == contents
            if kind == "leaked":
                assert len(key_ring.present().archive) == 2 and renamed(before, dump(url))
                found = {Archive(settings.archive_url()).key_id_of(digest) for digest in contents}
                assert found == {key_ring.present().ids["archive"]}
            else:
                assert dump(url) == before and len(key_ring.stored().slots) == 2
            said = run("key", "status", "--json")
            assert [todo for todo in json.loads(said.out)["todo"] if "retire" not in todo] == []
            said = run("doctor", "--full", "--json")
            assert [one for one in json.loads(said.out) if not one["holds"]] == [], (kind, moment)
        assert died >= deaths - 1, (kind, died)


def _contents() -> dict[str, bytes]:
    archive = Archive(settings.archive_url())
    return {digest: archive.get(digest) for digest in archive.digests()}


def _contents_with(monkeypatch: pytest.MonkeyPatch, *secrets: str) -> dict[str, bytes]:
    """Return the contents with the first of these secrets that opens the archive."""
    from tthc.errors import TthcError

    for secret in secrets:
        monkeypatch.setenv("TTHC_SECRET_KEY", secret)
        try:
            return _contents()
        except TthcError:
            continue
    raise AssertionError("no secret opens the archive")


def _change(environment: dict[str, str], kind: str, moment: int | None, results) -> None:
    os.environ.clear()
    os.environ.update(environment)
    from tthc.landing import archive
    from tthc.safekeeping import rotation

    passed = 0

    def at() -> None:
        nonlocal passed
        passed += 1
        if passed == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    for owner, name in (
        (psycopg.Cursor, "execute"),
        (psycopg.Connection, "commit"),
        (psycopg.Copy, "write_row"),
        (archive.os, "replace"),
        (Archive, "seal_again"),
        (Archive, "key_id_of"),
    ):
        original = getattr(owner, name)

        def call(*arguments, _original=original, **named):
            at()
            returned = _original(*arguments, **named)
            at()
            return returned

        setattr(owner, name, call)
    rotation.rotate(
        OTHER_SECRET, leaked=kind == "leaked", by="Lan", reason="thử", patience=5, progress=lambda _: None
    )
    results.send(passed)
