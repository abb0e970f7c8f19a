"""The ``igate`` dialect (VNPT iGate v2): pages from 0, as Spring numbers them, with totals (page) or without (slice).

What is asked beside the window stands in the declaration, the order among it: an order by what may change while pages
are read (``updatedDate``) would move rows between them.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from tthc import settings
from tthc.sources import native
from tthc.sources.bearer import BearerHttp
from tthc.sources.native_words import Words
from tthc.sources.patient_http import BOM, NAMES_NO_END, NOT_A_PAGE, Answer, Page, Trouble

DIALECT = "igate"


class _Envelope(msgspec.Struct):
    content: msgspec.Raw
    totalPages: int | None = None
    totalElements: int | None = None


_read_envelope = msgspec.json.Decoder(_Envelope, strict=False).decode


def records(body: bytes) -> list[msgspec.Raw]:
    """Return the records of a body that was read with this module, under the headers of our declarations."""
    found = native.items(_read_envelope(body.removeprefix(BOM)).content)
    return native.translation(DIALECT).records(found)


class IgateClient(BearerHttp):
    """A patient reader of one iGate; safe to share between threads, not between processes."""

    @property
    def codes_at_once(self) -> int:
        """How many dossier codes one question may name."""
        return native.translation(DIALECT).declaration.codes_at_once

    def window(self, path: str, first: date, last: date, number: int) -> Page:
        """Return page ``number`` (from 1) of what lies in the days ``first`` to ``last``, both inside."""
        words = native.translation(DIALECT).declaration.words_at(path)
        since, until = words.window
        days = {
            since: f"{first:%Y-%m-%d}T00:00:00.000+0700",
            until: f"{last:%Y-%m-%d}T23:59:59.999+0700",
        }
        return self._page(path, words, days, number)

    def codes(self, path: str, codes: Sequence[str], number: int) -> Page:
        """Return page ``number`` (from 1) of what belongs to these dossier codes (up to ``codes_at_once``)."""
        words = native.translation(DIALECT).declaration.words_at(path)
        return self._page(path, words, {words.codes: ",".join(codes)}, number)

    def _page(self, path: str, words: Words, asked: Mapping[str, str], number: int) -> Page:
        declaration = native.translation(DIALECT).declaration
        query = {**declaration.query, **words.query, **asked}
        params = {**query, "page": str(number - 1), "size": str(declaration.page_size)}
        is_slice = query.get("spec") == "slice"
        return self.get(path, params, lambda answer: _page(answer, number, is_slice=is_slice))


def client(city: settings.City) -> IgateClient:
    """Return a new client for a city."""
    return IgateClient(city)


def _page(answer: Answer, number: int, *, is_slice: bool) -> Page:
    """Return what the envelope says; raise Trouble when it is none.

    A slice announces nothing. A short one need not be the last (a server may give less than it was asked for), so
    its end is the empty one after it.
    """
    try:
        envelope = _read_envelope(answer.json)
        found = native.items(envelope.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Trouble(NOT_A_PAGE) from None
    has_next: bool | None
    if is_slice:
        has_next = bool(found)
    elif envelope.totalPages is not None:
        has_next = number < envelope.totalPages
    elif found:
        raise Trouble(NAMES_NO_END)
    else:
        has_next = None
    return Page(
        body=answer.body,
        records=len(found),
        total_count=None if is_slice else envelope.totalElements,
        has_next=has_next,
        answered_at=answer.answered_at,
    )
