"""The city's records in the words of another product: what the dialects ``igate`` and ``opencps`` share."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zlib import crc32

from . import dates
from .dossier import Record, encode

Write = Callable[[Any], Any]


class Asked(NamedTuple):
    """One question, whatever the dialect: ``codes``, or days (both inside); the rows from ``start`` on, ``size`` of
    them (None: all). ``wants_totals`` is false where the answer may announce nothing; ``by_update`` asks for the order
    of the last change instead of that of creation."""

    kind: str
    codes: tuple[str, ...] | None
    first: Any
    last: Any
    start: int
    size: int | None
    wants_totals: bool = True
    by_update: bool = False


def same(value: Any) -> Any:
    return value


def translated(record: Record, words: Mapping[str, tuple[str, Write]]) -> Record:
    """Return ``record`` with its members under their native names (dots lead inside); others keep their own."""
    found: Record = {}
    for name, value in record.items():
        path, write = words.get(name, (name, same))
        *above, last = path.split(".")
        place = found
        for part in above:
            place = place.setdefault(part, {})
        place[last] = write(value)
    return found


def rows(words: Mapping[str, tuple[str, Write]]) -> Write:
    """Return what writes a list; a list of one row comes as the bare row half of the time, as some serialisers do."""

    def write(value: Any) -> Any:
        if not isinstance(value, list):
            return value
        found = [translated(row, words) for row in value]
        return found[0] if len(found) == 1 and chance(value) else found

    return write


def chance(value: Any) -> bool:
    """Return yes or no, the same for the same value."""
    return crc32(encode(value)) & 1 == 1


def moment(shape: Callable[[datetime], Any], nothing: Any = None) -> Write:
    """Return what writes an instant in this shape; what cannot be read stays as it is, ``nothing`` stands for none."""

    def write(value: Any) -> Any:
        if not value:
            return value if nothing is None else nothing
        read = dates.read(value)
        return value if read is None else shape(read)

    return write


def milliseconds(when: datetime) -> int:
    return round(when.replace(tzinfo=dates.VIETNAM).timestamp() * 1000)


def code(theirs: Mapping[str, Any], other: Callable[[str], Any] = same) -> Write:
    """Return what writes a code of the national list as one of theirs; ``other`` writes what is no such code."""
    return lambda value: value if not value else theirs.get(value) if value in theirs else other(value)


def flag(value: Any) -> Any:
    """Return a truth value for its four spellings, anything else as it is."""
    return {"1": True, "True": True, "0": False, "False": False}.get(value, value) if value else value


def number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value
