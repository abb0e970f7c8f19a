"""A new secret: nothing is lost, nothing counts twice, nobody is found less; and what cannot be is refused."""

import json
import os
import shutil
from pathlib import Path

import psycopg
import pytest

from tests.cli import hamlet
from tests.cli.conftest import hamlet_settings as hamlet_settings
from tests.cli.conftest import own_hamlet as own_hamlet
from tests.cli.conftest import run
from tests.cli.conftest import told as told
from tests.conftest import SECRET_KEY
from tests.safekeeping.key_changes import (
    BY,
    OTHER_SECRET,
    THIRD_SECRET,
    changed,
    dump,
    fingerprints,
    new_key,
    renamed,
)
from tests.safekeeping.test_subjects import archived, asked, events, records, rows
from tests.safekeeping.test_subjects import town as town
from tthc import settings
from tthc.errors import TthcError
from tthc.landing import key_record, key_ring, keys
from tthc.landing.archive import Archive
from tthc.warehouse import database

BACKUP_KEY = "khoa-sao-luu-chi-de-thu-0123456789-abcdef"


def doctor() -> list[str]:
    """Return the names of the checks that do not hold, after opening and reading everything."""
    said = run("doctor", "--full", "--json")
    found = json.loads(said.out)
    assert len(found) > 30
    return [f"{one['name']}: {one['examples']}" for one in found if not one["holds"]]


def read_again(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """Read the same dossiers and events from the city once more; return the accounting."""
    city = hamlet.city(records())
    city.records["/api/tien-do"] = events()
    with city, monkeypatch.context() as patch:
        for key, value in city.environment.items():
            patch.setenv(key, value)
        said = run("ingest", "city__progress_events", "city__dossiers", *hamlet.WINDOW, "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def key_ids(folder: str) -> set[str]:
    """Return the ids of the keys with which the objects of an archive are written, as their bytes say."""
    found = {path.read_bytes()[5:13].hex() for path in Path(folder).rglob("*.zst.aes")}
    assert found
    return found


def status() -> dict:
    said = run("key", "status", "--json")
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_a_routine_change_moves_no_hash_and_no_object(town, tmp_path, monkeypatch):
    before, marks, bodies = dump(town), fingerprints(town), key_ids(settings.archive_url())
    assert changed(tmp_path, monkeypatch, OTHER_SECRET)["kind"] == "routine"
    assert dump(town) == before and fingerprints(town) == marks
    assert key_ids(settings.archive_url()) == bodies
    assert doctor() == []
    assert len(status()["slots"]) == 2
    # Programs that were not started again go on.
    monkeypatch.setenv("TTHC_SECRET_KEY", SECRET_KEY)
    assert len(asked(monkeypatch, "find")["dossiers"]) == 3
    monkeypatch.setenv("TTHC_SECRET_KEY", OTHER_SECRET)
    assert run("key", "retire", *BY).code == 0
    assert [slot["is_configured"] for slot in status()["slots"]] == [True] and status()["todo"] == []
    # What is read again says nothing new, and is recognised as it was.
    assert [(one["merged"], one["unchanged"]) for one in read_again(monkeypatch)] == [(0, 2), (0, 8)]
    assert fingerprints(town) == marks
    assert len(asked(monkeypatch, "find")["dossiers"]) == 3
    assert doctor() == []
    monkeypatch.setenv("TTHC_SECRET_KEY", SECRET_KEY)
    said = run("subject", "find", *BY)
    assert said.code == 1 and "không mở được tệp khóa" in said.err
    assert SECRET_KEY not in said.err and OTHER_SECRET not in said.err


def test_after_a_leak_every_hash_has_one_new_name_and_every_row_is_the_same(town, tmp_path, monkeypatch):
    before, marks = dump(town), fingerprints(town)
    old_ids, contents = key_ids(settings.archive_url()), archived()
    old_hash = keys.identity_hash(hamlet.IDENTITY)
    asked(monkeypatch, "find")
    done = changed(tmp_path, monkeypatch, OTHER_SECRET, "--leaked")
    assert done["object_count"] == done["checked_count"] == len(contents) and done["hash_count"] > 3
    moved = renamed(before, dump(town))
    assert old_hash in moved and len(moved) == done["hash_count"]
    after = fingerprints(town)
    assert after.keys() == marks.keys()
    # One old fingerprint became one new one, and those that hold a hash became another one.
    pairs = {(marks[version], after[version]) for version in marks}
    assert len(pairs) == len({old for old, _ in pairs}) == len({new for _, new in pairs})
    assert sum(old != new for old, new in pairs) == 10
    assert archived() == contents and not key_ids(settings.archive_url()) & old_ids
    assert doctor() == []
    assert rows(town, "SELECT count(*) FROM indicators.revision_seals")[0][0] == 2
    assert [(one["merged"], one["unchanged"]) for one in read_again(monkeypatch)] == [(0, 2), (0, 8)]
    assert fingerprints(town).keys() == marks.keys()
    # Old words for the same person are in no row and no log, and lead nowhere.
    assert not rows(town, f"SELECT FROM ops.access_log WHERE subject LIKE '%{old_hash}%'")
    assert len(asked(monkeypatch, "find")["dossiers"]) == 3
    # The secret that was known opens nothing, not even what it had made.
    monkeypatch.setenv("TTHC_SECRET_KEY", SECRET_KEY)
    with pytest.raises(TthcError, match="không mở được tệp khóa"):
        Archive(settings.archive_url()).get(next(iter(contents)))


def test_what_was_published_before_a_leak_is_explained_as_if_nothing_had_been(town, tmp_path, monkeypatch):
    changed(tmp_path, monkeypatch, OTHER_SECRET, "--leaked")
    changed(tmp_path, monkeypatch, THIRD_SECRET, "--leaked")
    # Only what the rows are judged by changes: were the sources thought to be others, the cause would be another.
    with psycopg.connect(town) as connection:
        connection.execute(
            "UPDATE core.procedures_in_force SET deadline_working_days = 1 WHERE procedure_code = '1.000001'"
        )
    with database.connection(town) as connection:
        from tthc.indicators import facts
        from tthc.indicators.publish import last_revision
        from tthc.workdays.periods import parse

        period = parse("2025-07", "month")
        laid = facts.unpack(connection, dict(last_revision(connection, period)), "old")
        facts.under_present_keys(connection, laid)
        now = facts.take(connection, period)
        told = connection.execute(
            f"SELECT count(*) AS every, count(*) FILTER (WHERE o.source_digest = n.source_digest) AS same,"
            f" count(*) FILTER (WHERE o.register_digest = n.register_digest) AS judged_alike"
            f" FROM {laid.tables[facts.DOSSIERS]} AS o INNER JOIN {now.tables[facts.DOSSIERS]} AS n USING (fact_key)"
        ).fetchone()
    assert told["every"] == told["same"] == 8 and told["judged_alike"] < 8


def test_a_person_is_erased_across_two_leaks(town, tmp_path, monkeypatch):
    changed(tmp_path, monkeypatch, OTHER_SECRET, "--leaked")
    assert asked(monkeypatch, "erase")["dossier_count"] == 3
    left = b"".join(archived().values())
    # The words of a person's events are kept as a hash, of the generation in use then.
    assert hamlet.NAME.encode() not in left and b"tthc-hash@2:" in left
    changed(tmp_path, monkeypatch, THIRD_SECRET, "--leaked")
    assert asked(monkeypatch, "find")["dossiers"] == [] and doctor() == []
    from tthc.sources import streams
    from tthc.warehouse import replay

    marks = fingerprints(town)
    for stream in streams.city_streams():
        replay.replay_everything(town, stream)
    assert fingerprints(town) == marks and doctor() == []


def test_sealed_sheets_have_a_second_seal_and_a_forged_revision_none(
    own_hamlet, cluster, tmp_path, monkeypatch
):
    from tests.evaluation.test_sealed import seal

    seal(own_hamlet)
    shutil.copytree(settings.archive_url(), tmp_path / "kho")
    monkeypatch.setenv("TTHC_ARCHIVE", str(tmp_path / "kho"))
    changed(tmp_path, monkeypatch, OTHER_SECRET, "--leaked")
    assert doctor() == []
    assert {
        n for (n,) in rows(own_hamlet, "SELECT count(*) FROM restricted.score_seals GROUP BY score_run_id")
    } == {2}
    # With the key that is known somebody forges a seal: it is not the one that is asked for, and changes stop.
    with psycopg.connect(cluster.url(own_hamlet.rpartition("/")[2])) as connection:
        connection.execute("ALTER TABLE indicators.revision_seals DISABLE TRIGGER ALL")
        connection.execute(
            "UPDATE indicators.revision_seals SET seal = 'x' WHERE key_id = %s",
            (key_ring.present().ids["seal"],),
        )
    assert "revisions_are_sealed" in [one.partition(":")[0] for one in doctor()]
    said = run("key", "rotate", "--new-key-file", new_key(tmp_path, THIRD_SECRET), *BY)
    assert said.code == 1 and "dấu niêm" in said.err


@pytest.mark.parametrize("leaked", [(), ("--leaked",)])
def test_a_backup_from_before_is_restored_after(town, new_database, tmp_path, monkeypatch, leaked):
    monkeypatch.setenv("TTHC_BACKUP_KEY", BACKUP_KEY)
    monkeypatch.setenv("TTHC_BACKUP", str(tmp_path / "sao-luu"))
    key_record_noted(town)
    before = dump(town)
    address = json.loads(run("backup", "--json").out)["backup"]["backup"]
    old_archive = tmp_path / "ban-chep"
    shutil.copytree(settings.archive_url(), old_archive)
    changed(tmp_path, monkeypatch, OTHER_SECRET, *leaked)
    if not leaked:
        assert run("key", "retire", *BY).code == 0
    new_file = Path(settings.archive_url()) / key_ring.NAME

    bare = new_database()
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", bare)
    said = run("restore", address)
    assert said.code == 0, said.err
    assert run("init").code == 0
    # The old copy of the archive opens with the new key file, by the new secret alone.
    shutil.copy(new_file, old_archive / key_ring.NAME)
    monkeypatch.setenv("TTHC_ARCHIVE", str(old_archive))
    assert any(one.startswith("keys:") and "tthc key settle" in one for one in map(str, doctor()))
    if leaked:
        # Nothing is mixed with what the older keys made, before it is brought to the newest.
        with pytest.raises(TthcError, match="tthc key settle"), database.connection(bare) as connection:
            key_record.check(connection)
    said = run("key", "settle", *BY, "--json")
    assert said.code == 0, said.err
    assert doctor() == []
    after = dump(bare)
    if leaked:
        assert renamed({n: r for n, r in before.items() if not n.startswith("staging.")}, after)
    else:
        assert {n: r for n, r in after.items() if not n.startswith("staging.")} == {
            n: r for n, r in before.items() if not n.startswith("staging.")
        }


def test_a_backup_from_after_brings_the_key_file_to_a_bare_machine(town, new_database, tmp_path, monkeypatch):
    monkeypatch.setenv("TTHC_BACKUP_KEY", BACKUP_KEY)
    monkeypatch.setenv("TTHC_BACKUP", str(tmp_path / "sao-luu"))
    changed(tmp_path, monkeypatch, OTHER_SECRET, "--leaked")
    address = json.loads(run("backup", "--json").out)["backup"]["backup"]
    there = tmp_path / "may-khac"
    shutil.copytree(settings.archive_url(), there, ignore=shutil.ignore_patterns(key_ring.NAME))
    monkeypatch.setenv("TTHC_ARCHIVE", str(there))
    monkeypatch.setenv("TTHC_WAREHOUSE_URL", new_database())
    said = run("restore", address)
    assert said.code == 0, said.err
    assert run("init").code == 0 and not (there / key_ring.NAME).exists()
    assert run("key", "settle", *BY).code == 0 and (there / key_ring.NAME).exists()
    assert doctor() == []


def key_record_noted(url: str) -> None:
    with database.connection(url) as connection:
        assert key_record.last(connection) is not None


def test_a_text_that_cannot_be_the_secret_is_refused(town, tmp_path, monkeypatch):
    monkeypatch.setenv("TTHC_BACKUP_KEY", BACKUP_KEY)
    refused = {
        SECRET_KEY: "trùng khóa đang dùng",
        "ngan-qua": "từ 32 ký tự",
        BACKUP_KEY: "trùng TTHC_BACKUP_KEY",
    }
    for secret, why in refused.items():
        for leaked in ((), ("--leaked",)):
            said = run("key", "rotate", "--new-key-file", new_key(tmp_path, secret), *BY, *leaked)
            assert said.code == 2 and why in said.err
            assert secret not in said.err
    assert key_ring.stored() is None
    readable = new_key(tmp_path, OTHER_SECRET)
    readable.chmod(0o644)
    said = run("key", "rotate", "--new-key-file", readable, *BY)
    assert said.code == 2 and "chmod 600" in said.err
    # Nobody changes them while somebody writes, or while somebody else changes them.
    new = new_key(tmp_path, OTHER_SECRET)
    with database.connection(town) as writer:
        database.lock(writer, "merge:city__dossiers", session=True)
        said = run("key", "rotate", "--new-key-file", new, *BY, "--wait", "0")
        assert said.code == 1 and "lần nhập chạy" in said.err and key_ring.stored() is None
    with database.connection(town) as other:
        other.execute("SELECT pg_advisory_lock(74484, 2)")
        said = run("key", "rotate", "--new-key-file", new, *BY)
        assert said.code == 1 and "người khác đổi khóa" in said.err and key_ring.stored() is None
    assert run("key", "rotate", "--new-key-file", new, *BY, "--dry-run").code == 0
    assert key_ring.stored() is None


def test_what_is_lost_or_wrong_is_told_and_nothing_is_mixed(town, tmp_path, monkeypatch):
    # Another secret without a change of keys: nothing is read in.
    monkeypatch.setenv("TTHC_SECRET_KEY", THIRD_SECRET)
    with pytest.raises(TthcError, match="tthc key rotate"), database.connection(town) as connection:
        key_record.check(connection)
    monkeypatch.setenv("TTHC_SECRET_KEY", SECRET_KEY)
    changed(tmp_path, monkeypatch, OTHER_SECRET)
    place = Path(settings.archive_url()) / key_ring.NAME
    assert place.stat().st_mode & 0o077 == 0
    whole = place.read_bytes()
    for spoilt in (None, whole[:40], whole.replace(b'"wrapped": "', b'"wrapped": "AAAA')):
        place.unlink()
        if spoilt is not None:
            place.write_bytes(spoilt)
        assert "keys" in [one.partition(":")[0] for one in doctor()]
        if spoilt is None:
            with pytest.raises(TthcError, match="thiếu tệp khóa"), database.connection(town) as connection:
                key_record.check(connection)
            assert run("key", "settle", *BY).code == 0
            assert place.read_bytes() == whole and doctor() == []
        place.write_bytes(whole)


def test_it_makes_a_key_and_says_where_to_put_it(town, tmp_path, monkeypatch):
    said = run("key", "rotate", *BY, "--json")
    assert said.code == 0, said.err
    done = json.loads(said.out)
    made = Path(done["new_key_file"])
    assert made.stat().st_mode & 0o777 == 0o600 and len(made.read_text().strip()) > 60
    assert made.read_text().strip() not in said.out + said.err
    assert "TTHC_SECRET_KEY" in done["next"][0] and "tthc key retire" in done["next"][2]
    (settings.state() / "compose" / "secrets").mkdir(parents=True)
    (settings.state() / "compose" / "secrets" / "secret_key").write_text(os.environ["TTHC_SECRET_KEY"])
    monkeypatch.setenv("TTHC_SECRET_KEY", made.read_text().strip())
    done = json.loads(
        run("key", "rotate", "--new-key-file", new_key(tmp_path, THIRD_SECRET), *BY, "--json").out
    )
    assert "secrets/secret_key" in done["next"][0] and "make up" in done["next"][0]
