"""The dry run of every stream's file: it leaves no trace, and the load then does what it said."""

from pathlib import Path

import pytest

from tests.proof.test_canary import found_in
from tests.proof.untouched import everything, files_in
from tests.streams import harness
from tests.streams.harness import LATER, context, demo_file, load
from tthc.errors import TthcError
from tthc.flows import checking, desk
from tthc.warehouse import database

STREAMS = harness.file_streams()
every_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.stream)
#: Each on its own path: a portal's export, a system's, a register that people keep on.
_IN_CI = ("portal__dossiers", "payments__transactions", "register__tasks")
every_stream_later = pytest.mark.parametrize(
    "stream",
    [
        pytest.param(stream, marks=[] if stream.stream in _IN_CI else [pytest.mark.long], id=stream.stream)
        for stream in STREAMS
    ],
)


def checked(folder: Path, url: str, body: bytes) -> dict:
    """Check a file, and prove that nothing in the warehouse or on disk moved."""
    path = folder / "thử.xlsx"
    path.write_bytes(body)
    before = everything(url), files_in(folder)
    told = checking.check(str(path), progress=str)
    assert (everything(url), files_in(folder)) == before
    return told


def same(told: dict, loaded: dict) -> None:
    """Fail where a load did something else than a check had said."""
    names = ("stream", "read", "unchanged", "superseded", "months")
    assert [told[name] for name in names] == [loaded[name] for name in names]
    assert told["new"] + told["changed"] == loaded["merged"]
    assert told["rejected"] == loaded["quarantined"]


@every_stream
def test_the_load_does_what_the_check_said(stream, warehouse, tmp_path):
    file = demo_file(stream)
    body, planted = file.broken(context())
    told = checked(tmp_path, warehouse, body)
    assert not found_in(repr(told)), "what a check says goes to a screen"
    assert (told["rejected"], len(told["rows"]["rejected"])) == (len(planted), len(planted))
    rejected = sorted(
        (int(row["address"].rpartition("!")[2]), *row["rules"]) for row in told["rows"]["rejected"]
    )
    assert rejected == sorted((mistake.row, mistake.rule) for mistake in planted)
    for row in told["rows"]["rejected"]:
        assert row["cells"], row
        assert all(cell["cell"].endswith(row["address"].rpartition("!")[2]) for cell in row["cells"])
    same(told, load(tmp_path, "lỗi.xlsx", body))
    assert len(told["rows"]["new"]) == min(told["new"], checking.LISTED)
    assert told["new"] + told["unchanged"] > 0


@every_stream_later
def test_a_later_file_changes_what_the_check_said(stream, warehouse, tmp_path):
    file = demo_file(stream)
    load(tmp_path, "lỗi.xlsx", file.broken(context())[0])
    later = file.write(context(LATER))
    told = checked(tmp_path, warehouse, later)
    assert told["new"] + told["changed"] + told["unchanged"] > 0
    same(told, load(tmp_path, "sau.xlsx", later))
    assert all(row["columns"] for row in told["rows"]["changed"])
    assert checked(tmp_path, warehouse, later)["is_known"]


def test_a_return_sheet_says_which_cases_it_would_close(warehouse, tmp_path):
    stream = next(stream for stream in STREAMS if stream.stream == "register__procedures")
    body, planted = demo_file(stream).broken(context())
    load(tmp_path, "lỗi.xlsx", body)
    (written, *_) = desk.export("A", "B", stream=stream.stream, out=str(tmp_path / "phiếu"), progress=str)
    told = checked(tmp_path, warehouse, Path(written["path"]).read_bytes())
    assert (told["rejected"], told["returned"], told["closed_cases"]) == (len(planted), len(planted), [])
    assert told["stopped_because"] is None


def test_who_is_merging_is_waited_for_and_not_for_ever(warehouse, tmp_path, monkeypatch):
    file = demo_file(next(stream for stream in STREAMS if stream.stream == "register__working_days"))
    path = tmp_path / "thử.xlsx"
    path.write_bytes(file.write(context()))
    monkeypatch.setattr(database, "_PATIENCE", "300ms")
    for writer in ("merge:register__working_days", "merge:city__dossiers", "derive"):
        with database.connection(autocommit=True) as other:
            database.lock(other, writer, session=True)
            with pytest.raises(TthcError, match="đang bận"):
                checking.check(str(path), progress=str)
    assert checking.check(str(path), progress=str)["read"] > 0
