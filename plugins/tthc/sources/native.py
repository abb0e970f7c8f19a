"""Records of a city system in its own words, put into the headers that ``sources/city__*.yaml`` declare.

The declaration of the dialect says what is what (``native_words``). Nothing is guessed: a code that no list holds
becomes a text that is no code of ours, so that the rules refuse or mark its row; a member that nobody declared goes
on by its name alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from tthc import settings
from tthc.sources.native_words import Declaration, Field, read_declaration
from tthc.sources.streams import Column, Member, streams
from tthc.vietnamese.instants import FIRST_YEAR, LAST_YEAR, ZONE

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_split_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_EMPTY = msgspec.Raw(b"{}")
#: A tree of native member names; a leaf accepts all that lies under it.
_LEAF: dict[str, Any] = {}


class Translation:
    """The reading of one dialect's items, made once from its declaration."""

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        readers = {
            name: _ItemReader(declaration, words.fields, words.ignored, streams()[name].columns)
            for name, words in declaration.streams.items()
        }
        self._told = [
            (words.told_by, readers[name])
            for name, words in declaration.streams.items()
            if words.told_by is not None
        ]
        self._plain = next(
            reader for name, reader in readers.items() if declaration.streams[name].told_by is None
        )

    def records(self, items: Iterable[msgspec.Raw]) -> list[msgspec.Raw]:
        """Return one record for each native item, in their order; ``{}`` for what is not an object."""
        return [self._record(item) for item in items]

    def _record(self, raw: msgspec.Raw) -> msgspec.Raw:
        try:
            item = _decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _EMPTY
        if not isinstance(item, dict):
            return _EMPTY
        for member, reader in self._told:
            if member in item:
                return msgspec.Raw(_encode(reader(item)))
        return msgspec.Raw(_encode(self._plain(item)))


class _ItemReader:
    """Reads native objects of one kind: a dossier, an event, a row of a list inside one."""

    def __init__(
        self,
        declaration: Declaration,
        fields: Mapping[str, str | Field],
        ignored: Iterable[str],
        columns: Iterable[Column | Member],
    ) -> None:
        self._dialect = declaration.dialect
        instants = {column.header for column in columns if column.type in ("instant", "date")}
        members = {column.header: getattr(column, "members", ()) for column in columns}
        self._known: dict[str, Any] = {}
        self._reads: list[tuple[str, list[list[str]], frozenset, Callable[[Any], Any]]] = []
        for header, said in fields.items():
            field = said if isinstance(said, Field) else Field(native=said)
            paths = [path.split(".") for path in field.paths]
            for path in paths:
                _plant(self._known, path)
            if field.members:
                rows = _ItemReader(declaration, field.members, field.ignored, members[header])
                read: Callable[[Any], Any] = rows._list
            elif field.codes:
                read = _Codes(declaration, field.codes)
            else:
                read = _moment if header in instants else _as_is
            self._reads.append((header, paths, frozenset(map(str, field.blank)), read))
        for path in ignored:
            _plant(self._known, path.split("."))

    def __call__(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Return the record of one object."""
        record: dict[str, Any] = {}
        self._meet_unknown(item, self._known, "", record)
        for header, paths, blank, read in self._reads:
            for path in paths:
                value = _walk(item, path)
                if value is None or value == "" or (blank and str(value) in blank):
                    continue
                record[header] = read(value)
                break
        return record

    def _list(self, value: Any) -> list[Any]:
        # One row may come as itself, without a list around it.
        rows = value if isinstance(value, list) else [value]
        return [self(row) for row in rows if isinstance(row, dict)]

    def _meet_unknown(self, item: Any, known: dict[str, Any], place: str, record: dict[str, Any]) -> None:
        """Put the names (never the values) of undeclared members into ``record``, so that they are told."""
        if isinstance(item, list):
            for each in item:
                self._meet_unknown(each, known, place, record)
        if not isinstance(item, dict):
            return
        for name, value in item.items():
            under = known.get(name)
            if under is None:
                record[f"{place}{name}"] = None
            elif under is not _LEAF:
                self._meet_unknown(value, under, f"{place}{name}.", record)


class _Codes:
    """One list of codes: theirs to ours."""

    def __init__(self, declaration: Declaration, name: str) -> None:
        self._ours = declaration.codes[name]
        self._dialect = declaration.dialect

    def __call__(self, value: Any) -> Any:
        text = _code(value)
        # Their 5 is not our 5: with the name of the dialect before it no rule takes it for a code of ours.
        return self._ours.get(text, f"{self._dialect}:{text}")


def _code(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else "?"


def _as_is(value: Any) -> Any:
    return value


def _moment(value: Any) -> Any:
    """Return epoch milliseconds as ``yyyyMMddHHmmss`` of Vietnam; anything else as it is.

    >>> _moment(1751332353000), _moment("1751332353000"), _moment("01/07/2025 08:12:33")
    ('20250701081233', '20250701081233', '01/07/2025 08:12:33')
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in (12, 13):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 10**13:
        return value
    moment = datetime.fromtimestamp(value // 1000, UTC).astimezone(ZONE)
    # A number of eight digits is a day, not an instant of January 1970.
    return f"{moment:%Y%m%d%H%M%S}" if FIRST_YEAR <= moment.year <= LAST_YEAR else value


def _walk(item: Any, path: list[str]) -> Any:
    """Return the value at a path. On the way a list of one object is that object, one of several says nothing."""
    for name in path:
        if isinstance(item, list):
            item = item[0] if len(item) == 1 else None
        if not isinstance(item, dict):
            return None
        item = item.get(name)
    return item


def _plant(tree: dict[str, Any], path: list[str]) -> None:
    *above, last = path
    for name in above:
        tree = tree.setdefault(name, {})
        if tree is _LEAF:
            return
    tree[last] = _LEAF


def items(found: msgspec.Raw) -> list[msgspec.Raw]:
    """Return the undecoded members of a list, or the one object that stands in its place; null is an empty list.

    >>> [bytes(one) for one in items(msgspec.Raw(b' {"a": 1}'))], items(msgspec.Raw(b"null"))
    ([b'{"a": 1}'], [])
    """
    text = bytes(found).strip()
    if text == b"null":
        return []
    return [msgspec.Raw(text)] if text.startswith(b"{") else _split_list(text)


def translation(dialect: str) -> Translation:
    """Return how a dialect is read, as configured; raise UsageError for a declaration that cannot be right."""
    return _translation(dialect, settings.dialect_file(dialect))


@cache
def _translation(dialect: str, path: Path) -> Translation:
    declaration = read_declaration(path)
    if declaration.dialect != dialect:
        # What was archived in one dialect stays readable after another is configured.
        return _translation(dialect, settings.own_dialect_file(dialect))
    return Translation(declaration)
