"""What a demo file of a stream is: how it is written, and what a warehouse must hold after reading it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from .city import City

Row = dict[str, Any]


class Context(NamedTuple):
    """The city whose offices wrote the files, and the moment (local time, without a zone) at which they did."""

    seed: int
    moment: datetime
    city: City

    @classmethod
    def at(cls, seed: int, moment: datetime) -> "Context":
        """Return the context of a seed's own city."""
        return cls(seed, moment, City(seed))


class Hashed(str):
    """A name of which the warehouse may only keep a keyed hash; an expected row holds it in the hash's place."""


class Expected(NamedTuple):
    """A planted error: the row of the sheet as Excel numbers it, and the one critical rule that refuses it."""

    row: int
    rule: str


@dataclass(frozen=True)
class StreamFile:
    """A file that somebody's system or hand could have made for one stream.

    ``expected`` gives the rows of the core table after reading ``write``, by column name, only the declared data
    columns. ``broken`` gives a file that holds the same rows and planted errors between them: reading it alone
    leaves the same core and exactly these refusals. ``more`` gives further files of the stream, by name.
    """

    stream: str
    file_name: str
    write: Callable[[Context], bytes]
    expected: Callable[[Context], list[Row]]
    broken: Callable[[Context], tuple[bytes, list[Expected]]]
    more: Callable[[Context], dict[str, bytes]] = lambda _: {}
