"""A small city on loopback that speaks ``share`` over real HTTP and breaks when told to.

It answers from lists of plain records. ``plan`` holds what goes wrong: a function of the request, and of how
often it came before, that returns the name of a trouble or None. What was asked is kept in ``asked``.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tthc.settings import City

CLIENT_ID, CLIENT_SECRET = "xa-thu", "khoa-thu"
LOGIN_PAGE = "<html><body>Đăng nhập</body></html>".encode()


@dataclass
class Asked:
    """One request for records, as it came."""

    path: str
    page: int
    first: str | None
    last: str | None
    codes: tuple[str, ...]
    authorized: bool

    @property
    def what(self) -> tuple:
        """What was asked, whoever asked and how often."""
        return (self.path, self.page, self.first, self.last, self.codes)


@dataclass
class SmallCity:
    """The city: its records by path, newest created first; each record has its day under ``day_header``."""

    records: dict[str, list[dict]] = field(default_factory=dict)
    page_size: int = 500
    plan: Callable[[Asked, int], str | None] = lambda asked, time: None
    #: Called before each answer, with the number of the request: life goes on while pages are read.
    before: Callable[[int], None] = lambda number: None
    clock: datetime | None = None
    #: Codes that are counted and never shown.
    hidden: set[str] = field(default_factory=set)
    token_plan: Callable[[int], str | None] = lambda number: None
    asked: list[Asked] = field(default_factory=list)
    tokens_given: int = 0
    busy: int = 0
    _token: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> "SmallCity":
        city = self

        class Handler(_Handler):
            pass

        Handler.city = city
        self._server = _Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def settings(self) -> City:
        return City(url=self.url, dialect="share", client_id=CLIENT_ID, client_secret=CLIENT_SECRET)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "TTHC_CITY_URL": self.url,
            "TTHC_CITY_DIALECT": "share",
            "TTHC_CITY_CLIENT_ID": CLIENT_ID,
            "TTHC_CITY_CLIENT_SECRET": CLIENT_SECRET,
        }

    def settle(self) -> None:
        """Wait until every request that has come is dealt with, those of a reader that is dead included."""
        quiet = 0
        while quiet < 5:
            threading.Event().wait(0.02)
            quiet = 0 if self.busy else quiet + 1

    def new_token(self) -> str:
        """Give a token; it ends the one before."""
        with self._lock:
            self.tokens_given += 1
            self._token = f"ma-{self.tokens_given}"
            return self._token

    def end_token(self) -> None:
        self._token = ""

    def times(self, asked: Asked) -> int:
        """How often exactly this was asked before."""
        return sum(1 for one in self.asked if one.what == asked.what)

    def select(self, asked: Asked) -> list[dict]:
        day = {"/api/ho-so": "NgayTiepNhan", "/api/tien-do": "ThoiDiemXuLy"}[asked.path]
        records = self.records.get(asked.path, [])
        if asked.codes:
            return [record for record in records if record.get("MaHoSo") in asked.codes]
        return [
            record
            for record in records
            if asked.first <= (record.get(day) or record.get("NgayNopHoSo") or "")[:8] <= asked.last
        ]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: a reader that was killed leaves its connection broken."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    city: SmallCity

    def log_message(self, *_: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        if self.city.clock is None:
            return super().date_time_string(timestamp)
        return format_datetime(self.city.clock.astimezone(UTC), usegmt=True)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form.get("client_secret") != [CLIENT_SECRET] or form.get("client_id") != [CLIENT_ID]:
            return self._send(400, b'{"error": "invalid_client"}')
        if trouble := self.city.token_plan(self.city.tokens_given):
            return self._broken(trouble, b"{}")
        token = self.city.new_token()
        return self._json({"access_token": token, "token_type": "Bearer", "expires_in": 300})

    def do_GET(self) -> None:
        with self.city._lock:
            self.city.busy += 1
        try:
            self._answer()
        finally:
            with self.city._lock:
                self.city.busy -= 1

    def _answer(self) -> None:
        city, (path, query) = self.city, urlsplit(self.path)[2:4]
        parameters = {name: values[0] for name, values in parse_qs(query).items()}
        asked = Asked(
            path=path,
            page=int(parameters["pageNumber"]),
            first=parameters.get("tuNgay"),
            last=parameters.get("denNgay"),
            codes=tuple(code for code in parameters.get("maHoSo", "").split(",") if code),
            authorized=self.headers.get("Authorization") == f"Bearer {city._token}",
        )
        city.before(len(city.asked))
        time = city.times(asked)
        city.asked.append(asked)
        trouble = city.plan(asked, time)
        if trouble == "token_ended":
            city.end_token()
            asked.authorized = False
        if not asked.authorized:
            return self._send(401, b"{}")
        selected = city.select(asked)
        size = min(city.page_size, int(parameters["pageSize"]))
        start = (asked.page - 1) * size
        part = [one for one in selected[start : start + size] if one.get("MaHoSo") not in city.hidden]
        pages = -(-len(selected) // size)
        envelope = {
            "data": part,
            "currentPage": asked.page,
            "totalPages": pages,
            "totalCount": len(selected),
            "pageSize": size,
            "hasPreviousPage": asked.page > 1,
            "hasNextPage": asked.page < pages,
        }
        if trouble == "empty":
            return self._json({"data": []})
        if trouble == "empty_in_full":
            return self._json({**envelope, "data": [], "totalCount": 0, "hasNextPage": False})
        if trouble == "repeats":
            return self._json({**envelope, "data": [{**one, "GhiChu": "lặp"} for one in part] + part})
        if trouble == "endless":
            return self._json({**envelope, "hasNextPage": True})
        if trouble and trouble != "token_ended":
            return self._broken(trouble, json.dumps(envelope, ensure_ascii=False).encode())
        return self._json(envelope)

    def _broken(self, trouble: str, body: bytes) -> None:
        now = self.city.clock or datetime.now(UTC)
        later = format_datetime((now + timedelta(seconds=2)).astimezone(UTC), usegmt=True)
        if trouble.isdigit():
            return self._send(int(trouble), b"{}")
        if trouble == "retry_in_seconds":
            return self._send(429, b"{}", {"Retry-After": "3"})
        if trouble == "retry_much_later":
            return self._send(429, b"{}", {"Retry-After": "86400"})
        if trouble == "retry_at_date":
            return self._send(429, b"{}", {"Retry-After": later})
        if trouble == "login_page":
            return self._send(200, LOGIN_PAGE, {"Content-Type": "text/html"})
        if trouble == "no_data":
            return self._json({"totalCount": 0, "hasNextPage": False})
        if trouble == "half_json":
            return self._send(200, body[: len(body) // 2])
        if trouble == "closed_at_once":
            self.close_connection = True
            return None
        if trouble == "cut":
            self._start(200, len(body))
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
            return None
        if trouble == "shorter":
            self._start(200, len(body) + 100)
            self.wfile.write(body)
            self.close_connection = True
            return None
        if trouble == "slow":
            self._start(200, len(body))
            for byte in body:
                self.wfile.write(bytes([byte]))
                threading.Event().wait(0.05)
            return None
        raise AssertionError(trouble)

    def _json(self, value: object) -> None:
        return self._send(200, json.dumps(value, ensure_ascii=False).encode())

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._start(status, len(body), headers)
        self.wfile.write(body)

    def _start(self, status: int, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()


def dossier(number: int, day: str) -> dict:
    """Return a record of ``/api/ho-so`` received on ``day`` (yyyyMMdd); nobody lives who is in it."""
    return {
        "MaHoSo": f"H24.01.01-{day[2:]}-{number:04d}",
        "NgayTiepNhan": f"{day}08{number % 60:02d}00",
        "TrangThaiHoSo": "2",
        "ChuHoSo": "Nguyễn Thị Thử",
    }
