"""The dialects that city systems speak; configuration chooses one.

A dialect is a module with two functions: ``client(city)``, which returns a :class:`Client`, and
``records(body)``, which takes a body apart into records with the headers that ``sources/city__*.yaml`` name.
Adding one is writing its module and naming it here.
"""

import os
from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import Protocol

import msgspec

from tthc import settings
from tthc.errors import UsageError

DIALECTS = {
    "share": "tthc.sources.share",
    "igate": "tthc.sources.igate",
    "opencps": "tthc.sources.opencps",
}


class Page(Protocol):
    """One answer of a city system: its body as received, and what it says about itself."""

    body: bytes
    records: int
    total_count: int | None
    has_next: bool | None
    answered_at: datetime


class Client(Protocol):
    """A reader of one city system. ``source`` names it in the ledger; pages are numbered from 1.

    ``codes_at_once`` is how many dossier codes one question may name.
    """

    source: str
    codes_at_once: int

    def window(self, path: str, first: date, last: date, number: int) -> Page:
        """Return one page of what lies in the days ``first`` to ``last``, both inside."""

    def codes(self, path: str, codes: Sequence[str], number: int) -> Page:
        """Return one page of what belongs to these dossier codes."""


def client_for(city: settings.City) -> Client:
    """Return the one client of this process for a city: a second one would end the first one's token."""
    return _client(city, os.getpid())


@cache
def _client(city: settings.City, process: int) -> Client:
    # Keyed by the process too: a forked worker must not share its parent's connections.
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
