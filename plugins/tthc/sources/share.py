"""The ``share`` dialect of the city system: a sharing API with numbered pages, whose envelope names its end."""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from tthc import settings
from tthc.sources.bearer import BearerHttp
from tthc.sources.patient_http import BOM, NAMES_NO_END, NOT_A_PAGE, Answer, Page, Trouble

PAGE_SIZE = 500
CODES_AT_ONCE = 100


class _Envelope(msgspec.Struct):
    data: list[msgspec.Raw]
    totalCount: int | None = None
    hasNextPage: bool | None = None


_read_envelope = msgspec.json.Decoder(_Envelope, strict=False).decode


def records(body: bytes) -> list[msgspec.Raw]:
    """Return the records of a body that was read with :meth:`ShareClient.page`, each still undecoded JSON."""
    return _read_envelope(body.removeprefix(BOM)).data


class ShareClient(BearerHttp):
    """A patient reader of one city system; safe to share between threads, not between processes."""

    codes_at_once = CODES_AT_ONCE

    def window(self, path: str, first: date, last: date, number: int) -> Page:
        """Return page ``number`` (from 1) of what lies in the days ``first`` to ``last``, both inside."""
        return self.page(
            path, {**_numbered(number), "tuNgay": f"{first:%Y%m%d}", "denNgay": f"{last:%Y%m%d}"}
        )

    def codes(self, path: str, codes: Sequence[str], number: int) -> Page:
        """Return page ``number`` (from 1) of what belongs to these dossier codes (up to CODES_AT_ONCE)."""
        return self.page(path, {**_numbered(number), "maHoSo": ",".join(codes)})

    def page(self, path: str, params: Mapping[str, str]) -> Page:
        """Return one answer.

        Raises TthcError when the city refuses the request, Unreachable when it has not answered properly
        after eight tries.
        """
        return self.get(path, params, _page)


def client(city: settings.City) -> ShareClient:
    """Return a new client for a city."""
    return ShareClient(city)


def _page(answer: Answer) -> Page:
    try:
        envelope = _read_envelope(answer.json)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Trouble(NOT_A_PAGE) from None
    if envelope.hasNextPage is None and envelope.data:
        raise Trouble(NAMES_NO_END)
    return Page(
        body=answer.body,
        records=len(envelope.data),
        total_count=envelope.totalCount,
        has_next=envelope.hasNextPage,
        answered_at=answer.answered_at,
    )


def _numbered(number: int) -> dict[str, str]:
    return {"pageNumber": str(number), "pageSize": str(PAGE_SIZE)}
