"""What the proofs of file streams share: the demo's context, loading as a person does, and what core then says."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from demo.files import FILES, Context, StreamFile
from demo.spelling import folded
from demo.stream_file import Hashed
from tthc import flows
from tthc.landing.keys import identity_hash
from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.warehouse import database

SEED = 1
MOMENT, LATER = datetime(2025, 7, 4, 18), datetime(2025, 8, 1, 18)
#: Columns of a core table that say how a row came here, not what it says.
ADDRESSES = {
    "commune_code",
    "row_hash",
    "fetch_id",
    "row_number",
    "fetched_at",
    "flags",
    "missing_since",
}
Row = dict[str, Any]


@cache
def context(moment: datetime = MOMENT) -> Context:
    """Return the context of the tests' city at a moment, one for each worker."""
    return Context.at(SEED, moment)


def file_streams() -> list[Stream]:
    """Return every declared stream that comes in files."""
    return [stream for stream in streams.streams().values() if stream.kind == "file"]


def demo_file(stream: Stream) -> StreamFile:
    """Return the demo's file of a stream."""
    return FILES[stream.stream]


def load(folder: Path, name: str, body: bytes) -> dict:
    """Put a file into a folder and load it, as ``tthc load`` does; return its accounting."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    (told,) = flows.load([str(path)], progress=str)
    return told


def core_rows(url: str, stream: Stream) -> list[Row]:
    """Return the rows of a stream's table without their addresses, in the order of its key."""
    with database.connection(url) as connection:
        found = connection.execute(f"SELECT * FROM {stream.table}").fetchall()
    rows = [{name: value for name, value in row.items() if name not in ADDRESSES} for row in found]
    return in_order(rows, stream)


def expected_rows(stream: Stream, at: datetime = MOMENT) -> list[Row]:
    """Return what the demo says that core must hold after its file alone, in the order of the key."""
    rows = demo_file(stream).expected(context(at))
    hashed = [
        {name: identity_hash(folded(v)) if isinstance(v, Hashed) else v for name, v in row.items()}
        for row in rows
    ]
    return in_order(hashed, stream)


def added(before: list[Row], rows: list[Row], stream: Stream) -> list[Row]:
    """Return what core holds when ``rows`` came upon ``before``: each key once, the newer row of it, in order."""
    by_key = {tuple(row[name] for name in stream.key): row for row in [*before, *rows]}
    return in_order(list(by_key.values()), stream)


def in_order(rows: list[Row], stream: Stream) -> list[Row]:
    """Return rows sorted by the stream's key."""
    return sorted(rows, key=lambda row: tuple(str(row[name]) for name in stream.key))


def same_rows(found: list[Row], expected: list[Row]) -> None:
    """Fail with the first row that differs."""
    for seen, wanted in zip(found, expected, strict=False):
        assert seen == wanted, {
            name: (seen.get(name), wanted.get(name))
            for name in seen.keys() | wanted.keys()
            if seen.get(name) != wanted.get(name) or (name in seen) != (name in wanted)
        }
    assert len(found) == len(expected)


def quarantined(url: str, fetch_id: int) -> list[tuple[int, tuple[str, ...]]]:
    """Return the row of the sheet and the rules of everything refused in a reading, in order."""
    with database.connection(url) as connection:
        found = connection.execute(
            "SELECT address, rules FROM ops.quarantine WHERE fetch_id = %s AND state = 'open'", (fetch_id,)
        ).fetchall()
    return sorted((int(row["address"].rpartition("!")[2]), tuple(row["rules"])) for row in found)


def adds_up(told: dict) -> None:
    """Check the equation that holds for every reading."""
    counts = [told[name] for name in ("merged", "unchanged", "quarantined", "superseded")]
    assert told["read"] == sum(counts), told


def content(body: bytes) -> str:
    """Return everything that a file says, unzipped where it is a workbook."""
    if not body.startswith(b"PK"):
        return body.decode("utf-8")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
