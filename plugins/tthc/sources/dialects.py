"""The dialects that city systems speak; configuration chooses one.

A dialect is a module with two functions: ``client(city)``, which returns a :class:`Client`, and
``records(body)``, which takes a body apart. Adding one is writing its module and naming it here.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from importlib import import_module
from types import ModuleType
from typing import Protocol

import msgspec

from tthc import settings
from tthc.errors import UsageError

DIALECTS = {"share": "tthc.sources.share"}


class Page(Protocol):
    """One answer of a city system: its body as received, and what it says about itself."""

    body: bytes
    records: int
    total_count: int | None
    has_next: bool | None
    answered_at: datetime


class Client(Protocol):
    """A reader of one city system. ``source`` names it in the ledger; pages are numbered from 1."""

    source: str

    def window(self, path: str, first: date, last: date, number: int) -> Page:
        """Return one page of what lies in the days ``first`` to ``last``, both inside."""

    def codes(self, path: str, codes: Sequence[str], number: int) -> Page:
        """Return one page of what belongs to these dossier codes."""


def client_for(city: settings.City) -> Client:
    """Return the client of this process for a city, in the city's dialect."""
    return _module(city.dialect).client(city)


def record_splitter(dialect: str) -> Callable[[bytes], list[msgspec.Raw]]:
    """Return the function that takes a body of this dialect apart into undecoded records."""
    return _module(dialect).records


def _module(dialect: str) -> ModuleType:
    if dialect not in DIALECTS:
        raise UsageError(
            f"TTHC_CITY_DIALECT là “{dialect}”, chưa có cách đọc này. "
            f"Các cách đọc được: {', '.join(DIALECTS)}."
        )
    return import_module(DIALECTS[dialect])
