"""How a record of a stream becomes a row of its staging table: declared columns only, identities as keyed hashes.

A reader is made once per stream from its declaration and then called for every record. It raises nothing for
bad data: what cannot be read becomes null and is named in ``unreadable``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tthc.landing import key_ring, keys
from tthc.sources.streams import Member, Stream
from tthc.vietnamese.instants import UnreadableInstant, read_day, read_instant
from tthc.vietnamese.names import name_key, person_name
from tthc.vietnamese.procedures import procedure_code
from tthc.vietnamese.quantities import (
    UnreadableQuantity,
    read_decimal,
    read_integer,
    read_vnd,
    read_yes_no,
)

Read = Callable[[Any], Any]
_encode = msgspec.json.Encoder().encode
#: A jsonb value in binary COPY is its text behind the number of its format.
JSONB_VERSION = b"\x01"
EMPTY_LIST = JSONB_VERSION + b"[]"
#: What stands in the archive for a value that is no longer kept there while its hash is: the hash itself, behind
#: the generation of its key (none: the first).
HASH_ALREADY = "tthc-hash"
_HASH = re.compile(r"tthc-hash(?:@(\d+))?:([0-9a-f]{32})").fullmatch
_INTEGERS = range(-(2**31), 2**31)
_LARGEST_VND = 10**15


def read_text(value: object) -> str | None:
    """Return a text without the spaces around it, None when blank; a JSON number or truth value as its text."""
    if type(value) is not str:
        if value is None or isinstance(value, dict | list):
            return None
        value = str(value)
    if "\0" in value:  # Postgres holds no NUL, and no sender means one
        value = value.replace("\0", "")
    return value.strip() or None


def _whole(value: object) -> int | None:
    if type(value) is str and value.isdecimal() and len(value) < 10:
        return int(value)
    number = read_integer(value)
    if number is not None and number not in _INTEGERS:
        raise UnreadableQuantity
    return number


def _dong(value: object) -> int | None:
    if type(value) is str and value.isdecimal() and len(value) < 15:
        return int(value)
    amount = read_vnd(value)
    if amount is not None and amount > _LARGEST_VND:
        raise UnreadableQuantity
    return amount


class _Flags(dict):
    """Truth values by the texts that senders write for them: few texts, met millions of times."""

    def __missing__(self, text: str) -> bool | None:
        flag = read_yes_no(text)
        if len(text) < 8:
            self[text] = flag
        return flag


_flags = _Flags()


def _flag(value: object) -> bool | None:
    return _flags[value] if type(value) is str else read_yes_no(value)


_READS: dict[str, Read] = {
    "text": read_text,
    "instant": read_instant,
    "date": read_day,
    "integer": _whole,
    "vnd": _dong,
    "decimal": read_decimal,
    "procedure": lambda value: procedure_code(read_text(value)),
    "name": lambda value: name_key(read_text(value)),
    "person": lambda value: person_name(read_text(value)),
    "flag": _flag,
}


def _choice(choices: Mapping[str, str]) -> Read:
    """Return the function that gives the code of a word of a closed list; a word is compared as names are."""
    codes = {name_key(word): code for word, code in choices.items()}

    def read(value: object) -> str | None:
        key = name_key(read_text(value))
        if key is not None and key not in codes:
            raise UnreadableQuantity
        return codes.get(key)

    return read


def standing_for(hashed: str) -> str:
    """Return what stands in the archive for a value whose hash, of the generation in use, is all that is kept.

    A hash of the first generation is written as those were that never knew of another.
    """
    generation = key_ring.present().generation
    return f"{HASH_ALREADY}:{hashed}" if generation == 1 else f"{HASH_ALREADY}@{generation}:{hashed}"


def reader_of(member: Member, generation: int | None = None) -> Read:
    """Return the function that reads one scalar; it raises for a moment, a quantity or a word it cannot read.

    Hashes are of the keys of a ``generation`` (None: the one in use).
    """
    read = _choice(member.choices) if member.type == "choice" else _READS[member.type]
    if member.personal != "hash":
        return read
    hashed = keys.identity_hasher(generation)

    def keyed(value: object) -> str | None:
        if type(value) is str and value.startswith(HASH_ALREADY) and (known := _HASH(value)):
            return keys.lifter(int(known[1] or 1), generation)(known[2])
        return hashed(read(value))

    return keyed


class RecordReader:
    """Reads the records of one stream.

    Calling it with a record (header → value) returns ``(row_hash, unreadable, *columns)`` in the order of
    ``stream.staged_columns``; the hash is the 16 bytes of a uuid, a list the bytes of a jsonb value. ``unknown``
    counts the fields that no declaration names, by name. ``generation`` is that of the keys that hash (None: in use).
    """

    def __init__(self, stream: Stream, generation: int | None = None) -> None:
        self.unknown: dict[str, int] = {}
        self._known = {column.header for column in stream.columns}
        self._scalars: list[tuple[str, str, Read | None]] = []
        self._lists: dict[str, tuple[str, list[tuple[str, str, Read]], set[str]]] = {}
        for column in stream.staged_columns:
            if column.type == "list":
                members = [
                    (m.name, m.header, reader_of(m, generation))
                    for m in column.members
                    if m.personal != "drop"
                ]
                self._lists[column.name] = (column.header, members, {m.header for m in column.members})
                self._scalars.append((column.name, column.header, None))
            else:
                self._scalars.append((column.name, column.header, reader_of(column, generation)))

    def __call__(self, record: Mapping[str, Any]) -> list[Any]:
        """Return the row of one record."""
        if not record.keys() <= self._known:
            for name in record.keys() - self._known:
                self._meet_unknown(name)
        unreadable: list[str] = []
        row: list[Any] = [None, unreadable]
        get = record.get
        for name, header, read in self._scalars:
            if read is None:
                row.append(self._read_list(name, get(header), unreadable))
                continue
            try:
                row.append(read(get(header)))
            except (UnreadableInstant, UnreadableQuantity):
                row.append(None)
                unreadable.append(name)
        row[0] = hashlib.blake2b(_encode(row), digest_size=16).digest()
        return row

    def _read_list(self, name: str, value: Any, unreadable: list[str]) -> bytes:
        if not value or isinstance(value, str):
            return EMPTY_LIST
        header, members, known = self._lists[name]
        kept = []
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                continue
            if not item.keys() <= known:
                for member in item.keys() - known:
                    self._meet_unknown(f"{header}.{member}")
            entry = {}
            get = item.get
            for member, member_header, read in members:
                try:
                    found = read(get(member_header))
                except (UnreadableInstant, UnreadableQuantity):
                    unreadable.append(f"{name}.{member}")
                    continue
                if found is not None:
                    entry[member] = found
            kept.append(entry)
        return JSONB_VERSION + _encode(kept) if kept else EMPTY_LIST

    def _meet_unknown(self, name: str) -> None:
        # The name of a field may itself have been made from a value: only what looks like a name is repeated.
        shown = (
            name
            if name.replace("_", "").replace(".", "").isalnum() and name.isascii() and len(name) <= 60
            else "?"
        )
        self.unknown[shown] = self.unknown.get(shown, 0) + 1
