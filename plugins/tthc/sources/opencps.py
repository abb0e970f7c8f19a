"""The ``opencps`` dialect (OpenCPS v2): row offsets, the end not inside, and everything when the end is not given."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from tthc import settings
from tthc.sources import native
from tthc.sources.native_words import Words
from tthc.sources.patient_http import BOM, NAMES_NO_END, NOT_A_PAGE, Answer, Page, PatientHttp, Trouble

DIALECT = "opencps"


class _Envelope(msgspec.Struct):
    total: int | None = None
    data: msgspec.Raw = msgspec.Raw(b"null")


_read_envelope = msgspec.json.Decoder(_Envelope, strict=False).decode


def records(body: bytes) -> list[msgspec.Raw]:
    """Return the records of a body that was read with this module, under the headers of our declarations."""
    found = native.items(_read_envelope(body.removeprefix(BOM)).data)
    return native.translation(DIALECT).records(found)


class OpencpsClient(PatientHttp):
    """A patient reader of one OpenCPS site; safe to share between threads, not between processes."""

    def __init__(self, city: settings.City, group_id: str, **options) -> None:
        super().__init__(city, **options)
        self._group_id = group_id

    @property
    def codes_at_once(self) -> int:
        """How many dossier codes one question may name."""
        return native.translation(DIALECT).declaration.codes_at_once

    def window(self, path: str, first: date, last: date, number: int) -> Page:
        """Return page ``number`` (from 1) of what lies in the days ``first`` to ``last``, both inside."""
        words = native.translation(DIALECT).declaration.words_at(path)
        since, until = words.window
        return self._page(path, words, {since: f"{first:%d/%m/%Y}", until: f"{last:%d/%m/%Y}"}, number)

    def codes(self, path: str, codes: Sequence[str], number: int) -> Page:
        """Return page ``number`` (from 1) of what belongs to these dossier codes (up to ``codes_at_once``)."""
        words = native.translation(DIALECT).declaration.words_at(path)
        return self._page(path, words, {words.codes: ",".join(codes)}, number)

    def _credentials(self) -> dict[str, str]:
        who = b64encode(f"{self._city.client_id}:{self._city.client_secret}".encode()).decode()
        return {"groupId": self._group_id, "Authorization": f"Basic {who}"}

    def _page(self, path: str, words: Words, asked: Mapping[str, str], number: int) -> Page:
        declaration = native.translation(DIALECT).declaration
        size = declaration.page_size
        start = (number - 1) * size
        # Never without an end: the whole register would come.
        rows = {"start": str(start), "end": str(start + size)}
        params = {**declaration.query, **words.query, **asked, **rows}
        return self.get(path, params, lambda answer: _page(answer, start, size))


def client(city: settings.City) -> OpencpsClient:
    """Return a new client for a city; TTHC_CITY_GROUP_ID says which site of it."""
    return OpencpsClient(city, city.group_id or settings.city_group_id())


def _page(answer: Answer, start: int, size: int) -> Page:
    """Return what the envelope says; raise Trouble when it is none.

    A full page may have another after it whatever the total says, for a total may leave repeated rows out. A page
    that holds more than was asked for came without regard to its end: all from ``start`` on is in it.
    """
    try:
        envelope = _read_envelope(answer.json)
        found = native.items(envelope.data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Trouble(NOT_A_PAGE) from None
    has_next: bool | None
    if envelope.total is not None:
        has_next = len(found) == size or start + len(found) < envelope.total
    elif found:
        raise Trouble(NAMES_NO_END)
    elif bytes(envelope.data) == b"null":
        # JSON all right, and neither rows nor a count: an error in the clothes of an answer.
        raise Trouble(NOT_A_PAGE)
    else:
        has_next = None
    return Page(
        body=answer.body,
        records=len(found),
        total_count=envelope.total,
        has_next=has_next,
        answered_at=answer.answered_at,
    )
