"""One question to a city system over a network that breaks: what every dialect's client stands on.

Whatever can pass by itself is tried again, up to eight times a request, and nothing longer than it may take;
whatever cannot is an error at once. No message holds an address, a query or anything from a body: a query may
name dossiers, a body names people.
"""

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

import httpx
import tenacity

from tthc import settings
from tthc.errors import TthcError, Unreachable, UsageError

TRIES = 8
FIRST_WAIT, LONGEST_WAIT, LONGEST_RETRY_AFTER = 0.2, 5.0, 60.0
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


class Unauthorized(Exception):
    """The city no longer knows who asks (401)."""


NOT_A_PAGE = "trả lời không phải là một trang dữ liệu (trang đăng nhập hoặc bị cắt)"
NAMES_NO_END = "trang dữ liệu không nói còn trang sau hay không"


@dataclass(frozen=True)
class Answer:
    """A whole body as received (answer 200), and when it was given (an aware datetime)."""

    body: bytes
    answered_at: datetime

    @property
    def json(self) -> bytes:
        """The body without the byte order mark that some servers put before JSON."""
        return self.body.removeprefix(BOM)


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


Read = TypeVar("Read")


class PatientHttp:
    """Asks one city system; safe to share between threads, not between processes.

    A dialect that proves who asks in another way than by nothing overrides :meth:`_credentials`, and
    :meth:`_attempt` when its proof can end and be renewed.
    """

    def __init__(self, city: settings.City, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._city = city
        address = urlsplit(city.url)
        #: Where it reads, for messages and the ledger: no user name, no query.
        self.host = address.hostname or ""
        self.source = f"{city.dialect} {address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"
        self._sleep = sleep
        self._http = httpx.Client(
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=8, max_keepalive_connections=4, keepalive_expiry=30.0),
            follow_redirects=False,
            # A proxy of the environment never stands before this machine itself.
            trust_env=self.host not in ("127.0.0.1", "localhost", "::1"),
        )

    def get(self, path: str, params: Mapping[str, str], read: Callable[[Answer], Read]) -> Read:
        """Return what ``read`` makes of one answer; where it raises Trouble the question is asked again.

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
        return retrying(self._attempt, path, dict(params), read)

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    def _credentials(self) -> dict[str, str]:
        """Return the headers that say who asks."""
        return {}

    def _attempt(self, path: str, params: dict[str, str], read: Callable[[Answer], Read]) -> Read:
        try:
            return read(self._send("GET", path, headers=self._credentials(), params=params))
        except Unauthorized:
            raise TthcError(
                f"Hệ thống thành phố ({self.host}) không nhận tên và khóa: kiểm tra TTHC_CITY_CLIENT_ID, "
                "TTHC_CITY_CLIENT_SECRET và quyền được cấp."
            ) from None

    def _give_up(self, state: tenacity.RetryCallState) -> NoReturn:
        raise Unreachable(
            f"Hệ thống thành phố ({self.host}) chưa trả lời đúng sau {TRIES} lần thử; lần cuối: "
            f"{state.outcome.exception()}. Kiểm tra mạng và TTHC_CITY_URL, hoặc chạy lại sau ít phút; "
            "phần đã đọc được giữ lại."
        ) from None

    def _send(self, method: str, path: str, *, headers: dict[str, str], **request: object) -> Answer:
        """Send one request, read its body within bounds; raise Trouble, Unauthorized or TthcError."""
        deadline = time.monotonic() + BODY_SECONDS
        body = bytearray()
        try:
            with self._http.stream(
                method, self._city.url + path, headers={"Accept": "application/json", **headers}, **request
            ) as response:
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
        return Answer(bytes(body), _answered_at(response.headers.get("Date", "")))

    def _check_status(self, response: httpx.Response) -> None:
        status = response.status_code
        if status == 401:
            raise Unauthorized
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
