"""The ``share`` dialect of the city system: a sharing API with numbered pages, over a network that breaks.

Whatever can pass by itself is tried again, up to eight times a request, and nothing longer than it may take;
whatever cannot is an error at once. No message holds an address, a query or anything from a body: a query may
name dossiers, a body names people.
"""

import logging
import os
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import NoReturn
from urllib.parse import urlsplit

import httpx
import msgspec
import tenacity

from tthc import settings
from tthc.errors import TthcError, Unreachable, UsageError

TRIES = 8
FIRST_WAIT, LONGEST_WAIT, LONGEST_RETRY_AFTER = 0.2, 5.0, 60.0
RENEWALS = 2
PAGE_SIZE = 500
CODES_AT_ONCE = 100
#: A page of 500 dossiers takes two or three megabytes.
LARGEST_BODY = 64 * 2**20
CONNECT_SECONDS, READ_SECONDS, BODY_SECONDS = 5.0, 30.0, 120.0
CLOCKS_AGREE_WITHIN = timedelta(hours=1)
BOM = b"\xef\xbb\xbf"

# At INFO httpx writes whole addresses, and an address may name dossiers.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)


class Trouble(Exception):
    """What may pass by itself, in Vietnamese; ``retry_after`` in seconds when the city asked for a wait."""

    def __init__(self, what: str, retry_after: float | None = None) -> None:
        super().__init__(what)
        self.retry_after = retry_after


class _Unauthorized(Exception):
    """The token ended."""


class _Envelope(msgspec.Struct):
    data: list[msgspec.Raw]
    totalCount: int | None = None
    hasNextPage: bool | None = None


class _Token(msgspec.Struct):
    access_token: str


_read_envelope = msgspec.json.Decoder(_Envelope, strict=False).decode
_read_token = msgspec.json.Decoder(_Token).decode


@dataclass(frozen=True)
class Page:
    """One answer: its body as received, and what its envelope says.

    ``has_next`` is None when an empty answer does not say whether more follows; ``total_count`` is None when
    it announces nothing. ``answered_at`` is an aware datetime.
    """

    body: bytes
    records: int
    total_count: int | None
    has_next: bool | None
    answered_at: datetime


def records(body: bytes) -> list[msgspec.Raw]:
    """Return the records of a body that was read with :meth:`ShareClient.page`, each still undecoded JSON."""
    return _read_envelope(body.removeprefix(BOM)).data


class ShareClient:
    """A patient reader of one city system; safe to share between threads, not between processes."""

    def __init__(self, city: settings.City, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._city = city
        address = urlsplit(city.url)
        #: Where it reads, for messages and the ledger: no user name, no query.
        self.host = address.hostname or ""
        self.source = f"share {address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"
        self._sleep = sleep
        self._token: str | None = None
        self._renewing = threading.Lock()
        self._http = httpx.Client(
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=30.0),
            follow_redirects=False,
            # A proxy of the environment never stands before this machine itself.
            trust_env=self.host not in ("127.0.0.1", "localhost", "::1"),
        )

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
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(TRIES),
            wait=_wait,
            retry=tenacity.retry_if_exception_type(Trouble),
            sleep=self._sleep,
            retry_error_callback=self._give_up,
        )
        return retrying(self._try_page, path, dict(params))

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def _give_up(self, state: tenacity.RetryCallState) -> NoReturn:
        raise Unreachable(
            f"Hệ thống thành phố ({self.host}) chưa trả lời đúng sau {TRIES} lần thử; lần cuối: "
            f"{state.outcome.exception()}. Kiểm tra mạng và TTHC_CITY_URL, hoặc chạy lại sau ít phút; "
            "phần đã đọc được giữ lại."
        ) from None

    def _try_page(self, path: str, params: dict[str, str]) -> Page:
        for renewal in range(RENEWALS + 1):
            token = self._token or self._renewed(None)
            try:
                response, body = self._send("GET", path, params=params, token=token)
                return self._page(response, body)
            except _Unauthorized:
                if renewal == RENEWALS:
                    break
                if renewal:
                    # Another reader with the same name renews too, and each new token ends the other's.
                    self._sleep(random.uniform(FIRST_WAIT, 1.0))
                self._renewed(token)
        raise TthcError(
            f"Hệ thống thành phố ({self.host}) từ chối cả mã truy cập vừa cấp: kiểm tra quyền của "
            "TTHC_CITY_CLIENT_ID, và có nơi nào khác đang dùng cùng tên này không."
        )

    def _renewed(self, ended: str | None) -> str:
        """Return a token other than ``ended``; of several threads that ask at once, one gets it for all."""
        with self._renewing:
            if self._token is None or self._token == ended:
                form = {
                    "grant_type": "client_credentials",
                    "client_id": self._city.client_id,
                    "client_secret": self._city.client_secret,
                }
                try:
                    _, body = self._send("POST", "/oauth/token", data=form)
                except UsageError:
                    raise
                except (_Unauthorized, TthcError):
                    raise TthcError(
                        f"Hệ thống thành phố ({self.host}) không cấp mã truy cập: kiểm tra TTHC_CITY_URL, "
                        "TTHC_CITY_CLIENT_ID và TTHC_CITY_CLIENT_SECRET."
                    ) from None
                try:
                    self._token = _read_token(body.removeprefix(BOM)).access_token
                except msgspec.DecodeError:
                    raise Trouble("câu trả lời cấp mã truy cập không đọc được") from None
            return self._token

    def _send(
        self, method: str, path: str, *, token: str | None = None, **request: object
    ) -> tuple[httpx.Response, bytes]:
        """Send one request, read its body within bounds; raise Trouble, _Unauthorized or TthcError."""
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        deadline = time.monotonic() + BODY_SECONDS
        body = bytearray()
        try:
            with self._http.stream(method, self._city.url + path, headers=headers, **request) as response:
                self._check_status(response)
                for part in response.iter_bytes():
                    body += part
                    if len(body) > LARGEST_BODY:
                        raise TthcError(
                            f"Hệ thống thành phố ({self.host}) trả lời dài hơn {LARGEST_BODY // 2**20} MB: "
                            "báo bên vận hành, đây không phải một trang hồ sơ."
                        )
                    if time.monotonic() > deadline:
                        raise Trouble("trả lời quá chậm")
        except httpx.TimeoutException:
            raise Trouble("quá giờ chờ") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise UsageError("TTHC_CITY_URL không phải là một địa chỉ http(s) đúng.") from None
        except httpx.HTTPError as error:
            raise Trouble(f"đường truyền đứt ({type(error).__name__})") from None
        return response, bytes(body)

    def _check_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 401:
            raise _Unauthorized
        if status == 429 or status >= 500:
            raise Trouble(f"mã trả lời {status}", _retry_after(response.headers))
        if status >= 400:
            raise TthcError(
                f"Hệ thống thành phố ({self.host}) từ chối yêu cầu, mã {status}: kiểm tra TTHC_CITY_URL, "
                "TTHC_CITY_DIALECT và quyền được cấp."
            )
        if status != 200:
            # A redirection leads to a login page or away from the API.
            raise Trouble(f"mã trả lời {status}")

    def _page(self, response: httpx.Response, body: bytes) -> Page:
        try:
            envelope = _read_envelope(body.removeprefix(BOM))
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Trouble("trả lời không phải là một trang dữ liệu (trang đăng nhập hoặc bị cắt)") from None
        if envelope.hasNextPage is None and envelope.data:
            raise Trouble("trang dữ liệu không nói còn trang sau hay không")
        return Page(
            body=body,
            records=len(envelope.data),
            total_count=envelope.totalCount,
            has_next=envelope.hasNextPage,
            answered_at=_answered_at(response.headers.get("Date", "")),
        )


def client(city: settings.City) -> ShareClient:
    """Return the one client of this process for a city: a second one would end the first one's token."""
    return _client(city, os.getpid())


@cache
def _client(city: settings.City, process: int) -> ShareClient:
    # Keyed by the process too: a forked worker must not share its parent's connections.
    return ShareClient(city)


def _numbered(number: int) -> dict[str, str]:
    return {"pageNumber": str(number), "pageSize": str(PAGE_SIZE)}


def _wait(state: tenacity.RetryCallState) -> float:
    trouble = state.outcome.exception()
    if isinstance(trouble, Trouble) and trouble.retry_after is not None:
        return trouble.retry_after
    ceiling = min(LONGEST_WAIT, FIRST_WAIT * 2**state.attempt_number)
    return random.uniform(FIRST_WAIT, ceiling)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that Retry-After asks for, at most a minute; None when it asks for nothing."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return min(float(value), LONGEST_RETRY_AFTER)
    moment = _http_date(value)
    if moment is None:
        return None
    # A date means the city's clock, which need not agree with ours.
    now = _http_date(headers.get("Date", "")) or datetime.now(UTC)
    return min(max((moment - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def _answered_at(header: str) -> datetime:
    """Return the moment of an answer: by this machine's clock, unless the city's differs by over an hour."""
    here = datetime.now(UTC)
    there = _http_date(header)
    return there if there is not None and abs(there - here) > CLOCKS_AGREE_WITHIN else here


def _http_date(value: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
