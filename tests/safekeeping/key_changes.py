"""What a change of keys has to leave as it was, and how a test makes one."""

from __future__ import annotations

import hmac
import json
import re
from pathlib import Path

import psycopg
import pytest

from tests.cli.conftest import run
from tthc.landing import key_ring

OTHER_SECRET = "khoa-thu-hai-chi-de-thu-0123456789abcdef"
THIRD_SECRET = "khoa-thu-ba-chi-de-thu-0123456789abcdefg"
BY = ("--by", "Trần Thị Lan", "--reason", "đổi khóa năm")
#: What only a change of keys, or a look at the warehouse, writes.
_OF_THE_CHANGE = {
    "ops.key_changes",
    "ops.digest_changes",
    "ops.archive_objects",
    "ops.access_log",
    "indicators.revision_seals",
    "restricted.score_seals",
    "staging.record_marks",
    "staging.known_rows",
}
_HASH = re.compile(r"\b[0-9a-f]{32}\b")


def new_key(folder: Path, secret: str) -> Path:
    """Return a file with a secret that only its owner may read."""
    path = folder / f"khoa-{secret[:12]}"
    path.write_text(secret + "\n")
    path.chmod(0o600)
    return path


def changed(folder: Path, monkeypatch: pytest.MonkeyPatch, secret: str, *options: str) -> dict:
    """Change the secret by the command line, then let the settings have it; return what the command told."""
    said = run("key", "rotate", "--new-key-file", new_key(folder, secret), *BY, *options, "--json")
    assert said.code == 0, said.err
    assert secret not in said.out + said.err
    monkeypatch.setenv("TTHC_SECRET_KEY", secret)
    return json.loads(said.out)


def dump(url: str) -> dict[str, list[str]]:
    """Return every row of every table but for its fingerprint, as text in order."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c"
            " INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p')"
            " AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
        ).fetchall()
        assert len(names) > 60
        return {
            name: sorted(
                row
                for (row,) in connection.execute(f"SELECT (to_jsonb(t) - 'row_hash')::text FROM {name} AS t")
            )
            for (name,) in names
            if name not in _OF_THE_CHANGE
        }


def renamed(before: dict[str, list[str]], after: dict[str, list[str]]) -> set[str]:
    """Say that both hold the same rows when the old hashes have their new names; return the old hashes.

    The new name is worked out here, from the key alone: the keyed hash of the old name.
    """
    key = key_ring.present().identity[-1].key
    there = {word for rows in after.values() for row in rows for word in _HASH.findall(row)}
    moved: set[str] = set()

    def name_of(found: re.Match[str]) -> str:
        name = hmac.digest(key, found[0].encode(), "sha256")[:16].hex()
        if name not in there:
            return found[0]
        moved.add(found[0])
        return name

    for table, rows in before.items():
        assert sorted(_HASH.sub(name_of, row) for row in rows) == after[table], table
    assert not moved & there
    return moved


def fingerprints(url: str) -> dict[tuple, str]:
    """Return the fingerprint of every version in core, by what tells one from another."""
    with psycopg.connect(url) as connection:
        return {
            (table, *row[:2]): str(row[2])
            for table in ("core.dossier_versions", "core.progress_event_versions")
            for row in connection.execute(f"SELECT fetch_id, row_number, row_hash FROM {table}")
        }
