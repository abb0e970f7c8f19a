"""The canary person is served by the city, lies sealed in the archive, and is found nowhere else (P8).

What the scheduler itself keeps (XComs, task logs) is searched by the journey through a running scheduler.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import traceback
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from demo import canary
from tests.proof.small_pull import MONTHS, NEXT, STREAMS
from tthc import flows, settings
from tthc.errors import TthcError
from tthc.landing.archive import Archive
from tthc.landing.stage import stage
from tthc.warehouse import database

#: A word that every invented value but the numbers holds; it is found even where a value was cut or joined.
WORD = "canari"


def folded(text: str) -> str:
    """Return letters and digits only, without accents, in lower case.

    >>> folded("Trịnh Đức, 0900 777-999")
    'trinhduc0900777999'
    """
    plain = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D"))
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def wanted() -> set[str]:
    """Return what must not be found: every value folded, their common word, and bare hashes of every value."""
    needles = {folded(value) for value in canary.VALUES} | {WORD}
    for value in canary.VALUES:
        for shape in (value, value.lower(), folded(value)):
            needles |= {hashlib.new(name, shape.encode()).hexdigest() for name in ("md5", "sha1", "sha256")}
    return needles


def found_in(text: str) -> set[str]:
    """Return the needles that a text holds, whatever its spelling."""
    hay = folded(text)
    return {needle for needle in wanted() if needle in hay}


def every_row(url: str) -> Iterator[tuple[str, str]]:
    """Yield (table, all its rows as text) for every table of every schema that is ours."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
        ).fetchall()
        for schema, table in names:
            command = sql.SQL("COPY (SELECT t::text FROM {} AS t) TO STDOUT").format(
                sql.Identifier(schema, table)
            )
            with connection.cursor().copy(command) as copy:
                yield f"{schema}.{table}", b"".join(bytes(part) for part in copy).decode()


def leaks(url: str) -> dict[str, set[str]]:
    """Return the tables in which something of the canary is found, and what."""
    return {name: found for name, text in every_row(url) if (found := found_in(text))}


def command_line(*arguments: str) -> str:
    """Run a command as a person would; return all that it says."""
    environment = {**os.environ, "PYTHONPATH": str(settings.root() / "plugins")}
    done = subprocess.run(
        [sys.executable, "-m", "tthc.cli", *arguments],
        env=environment, cwd=settings.root(), capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def sealed(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_canary_is_found_nowhere(small, city, cluster, tmp_path) -> None:
    url = small()
    city.set_clock(NEXT["at"])
    told = command_line("ingest", *STREAMS, "--from", NEXT["from"], "--to", NEXT["to"], "--json")
    told += command_line("refresh", *MONTHS)
    told += json.dumps(flows.compare(MONTHS[0]), ensure_ascii=False)
    told += command_line("publish", MONTHS[0], "--by", "Người duyệt", "--reason", "Thử")
    told += command_line("quarantine", "list") + command_line("status")

    archive = Archive(settings.archive_url())
    objects = sealed(tmp_path / "archive")
    received = "".join(archive.get(path.name.split(".")[0]).decode("utf-8", "replace") for path in objects)
    # The search proves nothing unless there was something to find, and it is able to find it.
    missing = [value for value in canary.VALUES if value not in received]
    assert not missing, f"the city never served {missing}"
    for value in canary.VALUES:
        assert found_in(f"x{value.upper()}y"), value
    assert found_in(hashlib.sha256(canary.IDENTITY.encode()).hexdigest())

    assert not leaks(url)
    assert len(told) > 1000 and not found_in(told)
    plain = [value.encode() for value in canary.VALUES] + [WORD.encode()]
    assert not [path for path in objects if any(value in path.read_bytes() for value in plain)]
    elsewhere = [path for path in sealed(tmp_path) if path not in objects]
    assert not [path for path in elsewhere if found_in(path.read_text(errors="replace"))]
    assert not found_in(cluster.log.read_text(errors="replace"))

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE core.dossiers SET supplements = %s WHERE dossier_code = (SELECT min(dossier_code)"
            " FROM core.dossiers)",
            (json.dumps([{"a": [canary.NOTE.upper()]}]),),
        )
    assert leaks(url).keys() == {"core.dossiers"}


BROKEN = {
    "a cut body": lambda body: body[: body.index(canary.NAME.encode()) + 40],
    "a number where a list belongs": lambda body: body.replace(b'"data":[', b'"data":7,"x":[', 1),
    "a page of the login": lambda body: b"<html>" + body,
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_body_that_cannot_be_read_tells_nothing_of_it(small, city, how) -> None:
    url = small()
    fetch_id, digest, body = page_with_canary(url)
    broken = BROKEN[how](body)
    assert broken != body and canary.NAME.encode() in broken
    stored = Archive(settings.archive_url()).store(broken)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO ops.archive_objects (sha256, byte_count, stored_byte_count, codec, key_id)"
            " VALUES (%s, %s, %s, %s, %s)",
            (stored.sha256, stored.byte_count, stored.stored_byte_count, stored.codec, stored.key_id),
        )
        connection.execute(
            "UPDATE ops.fetch_pages SET sha256 = %s WHERE sha256 = %s", (stored.sha256, digest)
        )
    # Such a body never passes the reading itself, so this error is for those who mend the machine.
    tells_nothing(url, lambda: stage_again(url, fetch_id))


#: A check that every row breaks, on a table of each step: Postgres quotes the failing row in its error.
STEPS = {
    "staging.city__dossiers": flows.stage,
    "staging.verdicts": flows.audit,
    "ops.validations": flows.audit,
    "core.dossiers": flows.merge,
    "ops.quarantine": flows.merge,
    "marts.dossiers": flows.merge,
}


def test_a_step_that_the_database_breaks_tells_no_value(small, city) -> None:
    url = small()
    city.set_clock(NEXT["at"])
    fetch_id = flows.fetch("city__dossiers", NEXT["from"], NEXT["to"], progress=str)
    for table, step in STEPS.items():
        name = sql.Identifier(*table.split("."))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("ALTER TABLE {} ADD CONSTRAINT broken CHECK (fetch_id < 0) NOT VALID").format(name)
                if table != "marts.dossiers"
                else sql.SQL(
                    "ALTER TABLE {} ADD CONSTRAINT broken CHECK (dossier_code = '') NOT VALID"
                ).format(name)
            )
        tells_nothing(url, lambda step=step: step(fetch_id, progress=str))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT broken").format(name))
        if step is flows.stage or table == "ops.validations":
            step(fetch_id, progress=str)


def page_with_canary(url: str) -> tuple[int, str, bytes]:
    """Return a page of dossiers that names the canary: its reading, its hash, its body."""
    archive = Archive(settings.archive_url())
    with psycopg.connect(url) as connection:
        pages = connection.execute(
            "SELECT fetch_id, sha256 FROM ops.fetch_pages INNER JOIN ops.fetches USING (fetch_id)"
            " WHERE stream = 'city__dossiers' ORDER BY 1, 2"
        ).fetchall()
    for fetch_id, digest in pages:
        body = archive.get(digest)
        if canary.NAME.encode() in body:
            return fetch_id, digest, body
    raise AssertionError("no page names the canary")


def stage_again(url: str, fetch_id: int) -> None:
    """Stage a reading from the archive, as a rebuild does."""
    with database.connection(url) as connection:
        stage(connection, flows.stream_of(fetch_id), fetch_id)


def tells_nothing(url: str, broken_step, kind: type[Exception] = TthcError) -> None:
    """Check that a step fails, and that neither its error, as a log would print it, nor a table tells a value."""
    with pytest.raises(kind) as caught:
        broken_step()
    printed = "".join(traceback.format_exception(caught.value))
    assert not found_in(printed), printed
    with psycopg.connect(url) as connection:
        codes = connection.execute(
            "SELECT dossier_code FROM core.dossiers UNION ALL SELECT applicant_key FROM core.dossiers"
            " WHERE applicant_key IS NOT NULL"
        ).fetchall()
    assert len(codes) > 100
    # Not even a code or a hash of a person: an error of the database would quote the whole row.
    assert not [code for (code,) in codes if code in printed], printed
    assert not leaks(url)
