"""Whose papers these are: the commune, its place, the authority above it, from ``papers/letterhead.yaml``."""

from __future__ import annotations

from datetime import date

import msgspec

from tthc import settings
from tthc.errors import UsageError
from tthc.workdays.periods import Period


class Letterhead(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The head of a commune's papers from a day on."""

    commune: str
    name: str
    short_name: str
    place: str
    superior: str = ""
    valid_from: date = date.min


def declared() -> tuple[Letterhead, ...]:
    """Return every letterhead; raise UsageError when the file cannot be right."""
    path = settings.root() / "papers" / "letterhead.yaml"
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=tuple[Letterhead, ...])
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UsageError(f"Khai báo sai ở papers/letterhead.yaml: {error}.") from error


def letterhead(period: Period) -> Letterhead:
    """Return the head for the papers of a period; one with the code of the commune when none is declared."""
    commune = settings.commune_code()
    of_commune = [head for head in declared() if head.commune == commune and head.valid_from <= period.end]
    if of_commune:
        return max(of_commune, key=lambda head: head.valid_from)
    coded = f"UBND xã (mã {commune})"
    return Letterhead(commune=commune, name=coded, short_name=coded, place="……………")
