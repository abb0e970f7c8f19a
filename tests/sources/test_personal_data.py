"""The page on personal data names every field that is hashed or dropped, and says of none that it is kept."""

import re

from tthc import settings
from tthc.sources import streams

PAGE = settings.root() / "docs" / "personal-data.md"


def declared(kind: str) -> set[tuple[str, str]]:
    """Return (stream, header) of everything that a declaration hashes or drops, members of lists included."""
    found = set()
    for stream in streams.streams().values():
        for column in stream.columns:
            found |= {(stream.stream, member.header) for member in column.members if member.personal == kind}
            if column.personal == kind:
                found.add((stream.stream, column.header))
    return found


def told(title: str) -> dict[str, str]:
    """Return by stream the text of the table rows below a heading."""
    section = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (body,) = [part for part in section if part.startswith(title)]
    rows: dict[str, str] = {}
    for stream, fields in re.findall(r"^\| (\w+__\w+) \| ([^|]+) \|", body, flags=re.MULTILINE):
        rows[stream] = rows.get(stream, "") + " " + fields
    return rows


def missing(kind: str, title: str) -> set[tuple[str, str]]:
    rows = told(title)
    return {
        (stream, header)
        for stream, header in declared(kind)
        if not re.search(rf"\b{header}\b", rows.get(stream, ""))
    }


def test_every_hashed_field_is_explained():
    assert len(declared("hash")) >= 5
    assert missing("hash", "Mã băm có khóa") == set()


def test_every_dropped_field_is_listed():
    assert len(declared("drop")) >= 30
    assert missing("drop", "Bị bỏ") == set()


def test_nothing_that_is_kept_is_said_to_be_dropped():
    kept = declared("keep") - declared("hash") - declared("drop")
    rows = told("Bị bỏ")
    lists = {
        column.header for stream in streams.streams().values() for column in stream.columns if column.members
    }
    wrong = {
        (stream, header)
        for stream, header in kept
        if header not in lists and re.search(rf"\b{header}\b", rows.get(stream, ""))
    }
    assert wrong == set()
