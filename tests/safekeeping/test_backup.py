"""A backup is one when it was restored: on a bare database, with every published revision the same."""

import io
import json
import os
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import own_hamlet as own_hamlet
from tests.cli.conftest import run
from tests.cli.conftest import told as told
from tests.proof.untouched import everything
from tthc.errors import TthcError
from tthc.safekeeping import bundle, restoring, sealing

KEY = "khoa-sao-luu-chi-de-thu-0123456789-abcdef"


@pytest.fixture(autouse=True)
def backup_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TTHC_BACKUP_KEY", KEY)
    monkeypatch.setenv("TTHC_BACKUP", str(tmp_path / "backups"))


def taken(own_hamlet: str) -> str:
    """Take a backup of the hamlet by the command line; return its address."""
    said = run("backup", "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)["backup"]["backup"]


def sealed(content: bytes) -> bytes:
    target = io.BytesIO()
    sealer = sealing.Sealer(target)
    sealer.write(content)
    sealer.close()
    return target.getvalue()


def test_a_restored_warehouse_has_every_row_and_goes_on(own_hamlet, new_database, monkeypatch, tmp_path):
    address = taken(own_hamlet)
    file = Path(address.removeprefix("file://"))
    assert file.stat().st_mode & 0o777 == 0o600
    # Nothing of it is readable without the key, not even the names of tables.
    assert b"fetches" not in file.read_bytes() and b"CREATE" not in file.read_bytes()

    bare = new_database()
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", bare)
    said = run("restore", address, "--declarations", str(tmp_path / "then"), "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["revision_count"] > 0 and json.loads(said.out)["is_equal"]
    assert (tmp_path / "then" / "sources" / "city__dossiers.yaml").exists()

    before, after = everything(own_hamlet), everything(bare)
    left_out = {name for name in before if name.startswith("staging.")}
    assert {name: after[name] for name in before if name not in left_out} == {
        name: before[name] for name in before if name not in left_out
    }
    assert run("init").code == 0
    said = run("doctor", "--full", "--json")
    assert said.code == 0, [one for one in json.loads(said.out) if not one["holds"]]


def test_a_drill_leaves_nothing_and_takes_seconds(own_hamlet, cluster):
    said = run("backup", "--drill", "--json")
    assert said.code == 0, said.err
    done = json.loads(said.out)
    assert done["restored"]["is_equal"] and done["restored"]["seconds"] < 60
    with psycopg.connect(cluster.url()) as connection:
        assert not connection.execute("SELECT FROM pg_database WHERE datname LIKE 'tthc_drill%'").fetchall()


def test_sealed_sheets_come_back_as_they_were_and_what_was_changed_there_is_seen(
    own_hamlet, cluster, new_database
):
    from tests.evaluation.test_sealed import seal

    seal(own_hamlet)
    address = taken(own_hamlet)
    url = new_database()
    assert restoring.restore(address, url, str)["is_equal"]
    count = "SELECT count(*), md5(string_agg(s::text, '' ORDER BY s::text)) FROM restricted.score_sheets AS s"
    with psycopg.connect(own_hamlet) as here, psycopg.connect(url) as there:
        kept = there.execute(count).fetchone()
        assert kept == here.execute(count).fetchone() and kept[0] == 10
        with pytest.raises(psycopg.errors.RaiseException):
            there.execute("DELETE FROM restricted.score_sheets")
    with psycopg.connect(cluster.url(url.rpartition("/")[2])) as connection:
        connection.execute("ALTER TABLE restricted.score_sheets DISABLE TRIGGER ALL")
        connection.execute("DELETE FROM restricted.score_sheets WHERE subject_code = 'kinh_te'")
    with pytest.raises(TthcError, match="phiếu đã niêm không nguyên vẹn: sheets_are_whole"):
        restoring.compare(bundle.manifest_of(address), url)


def test_a_revision_that_says_something_else_fails_the_restore(
    own_hamlet, cluster, new_database, monkeypatch
):
    address = taken(own_hamlet)
    manifest = bundle.manifest_of(address)
    url = new_database()
    restoring.restore(address, url, str)
    with psycopg.connect(cluster.url(url.rpartition("/")[2])) as connection:
        connection.execute("ALTER TABLE indicators.values DISABLE TRIGGER ALL")
        connection.execute(
            "UPDATE indicators.values SET numerator = numerator + 1 WHERE indicator = 'dossier_on_time_rate'"
        )
    with pytest.raises(TthcError, match="khác nhau: month 2025-07 lần 1"):
        restoring.compare(manifest, url)


def test_it_goes_into_an_empty_database_only(own_hamlet):
    address = taken(own_hamlet)
    said = run("restore", address)
    assert said.code == 2 and "cơ sở dữ liệu trống" in said.err


@pytest.mark.parametrize("spoil", ["another key", "one byte", "cut short", "a piece less", "not a backup"])
def test_what_is_not_whole_is_not_restored(own_hamlet, new_database, monkeypatch, spoil):
    address = taken(own_hamlet)
    file = Path(address.removeprefix("file://"))
    whole = bytearray(file.read_bytes())
    if spoil == "another key":
        monkeypatch.setenv("TTHC_BACKUP_KEY", KEY[::-1])
    elif spoil == "one byte":
        whole[len(whole) // 2] ^= 1
    elif spoil == "cut short":
        del whole[-40:]
    elif spoil == "a piece less":
        # The header, and then nothing: as if there had been nothing to keep.
        del whole[18:]
    else:
        whole = bytearray(os.urandom(500))
    file.write_bytes(whole)
    url = new_database()
    with pytest.raises(TthcError):
        restoring.restore(address, url, str)
    with psycopg.connect(url) as connection:
        # One transaction: a warehouse that is half there would be taken for one that is whole.
        assert not connection.execute("SELECT FROM pg_namespace WHERE nspname = 'ops'").fetchall()


@pytest.mark.parametrize(
    "size", [0, 1, sealing.PIECE_BYTES - 1, sealing.PIECE_BYTES, 2 * sealing.PIECE_BYTES + 7]
)
def test_what_is_sealed_opens_as_it_was(size):
    content = os.urandom(size)
    assert b"".join(sealing.opened(io.BytesIO(sealed(content)))) == content


def test_pieces_that_changed_places_do_not_open():
    body = sealed(os.urandom(3 * sealing.PIECE_BYTES))
    piece = 4 + sealing.PIECE_BYTES + 16
    head, first, second, rest = (
        body[:18],
        body[18 : 18 + piece],
        body[18 + piece : 18 + 2 * piece],
        body[18 + 2 * piece :],
    )
    with pytest.raises(TthcError):
        list(sealing.opened(io.BytesIO(head + second + first + rest)))


def test_only_the_newest_are_kept(own_hamlet, tmp_path):
    folder = tmp_path / "backups"
    folder.mkdir()
    for month in range(1, 6):
        (folder / f"tthc-11674-20260{month}01T190000Z{bundle.ENDING}").write_bytes(b"x")
    (folder / "bao-cao.xlsx").write_bytes(b"x")
    said = run("backup", "--keep", "2", "--json")
    assert said.code == 0, said.err
    assert len(json.loads(said.out)["removed"]) == 4
    assert len(list(folder.glob(f"*{bundle.ENDING}"))) == 2 and (folder / "bao-cao.xlsx").exists()


def test_the_key_of_backups_is_another_one(own_hamlet, monkeypatch):
    monkeypatch.setenv("TTHC_BACKUP_KEY", os.environ["TTHC_SECRET_KEY"])
    said = run("backup")
    assert said.code == 2 and "khác TTHC_SECRET_KEY" in said.err
