"""The stand-in city over HTTP, dialect ``share``: a token call, dossiers, progress events, and its own clock.

``Date`` of every answer is the city's clock: what it was set to plus the seconds that have passed since.
The data move with that clock in whole hours, so that a reading which takes minutes sees one state of the
city.
"""

import hmac
import secrets
import time
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from . import canary, dates
from .broken_answers import broken
from .city import City
from .dossier import decode, encode
from .snapshot import Camera, Listing, Row, Snapshot
from .troubles import Troubles

PAGE_CAP, CODE_CAP = 500, 100
DROPPABLE_FIELDS = ("GhiChu", "TenLinhVuc", "ThongTinTra", "LoaiDoiTuong", "ChucDanh", "Fax")


class Clock:
    """The city's clock: set to a moment, then running with real time."""

    def __init__(self, moment: datetime) -> None:
        self.set(moment)

    def set(self, moment: datetime) -> None:
        self._set_to, self._since = moment, time.monotonic()

    def now(self) -> datetime:
        """Return the city's local time, without a zone."""
        return self._set_to + timedelta(seconds=time.monotonic() - self._since)

    def data_moment(self) -> datetime:
        """Return the moment whose state the data show: moved on by whole hours only."""
        return self._set_to + timedelta(hours=int((time.monotonic() - self._since) // 3600))


class Desk:
    """Everything one running city holds: its clock, its tokens, its troubles and the last snapshot taken."""

    def __init__(self, seed: int, moment: datetime, client: tuple[str, str], token_seconds: int) -> None:
        self.clock = Clock(moment)
        self.client = client
        self.token_seconds = token_seconds
        self.troubles = Troubles()
        self.tokens: dict[str, float] = {}
        self._camera = Camera(City(seed))
        self._snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        moment = self.clock.data_moment()
        if self._snapshot is None or self._snapshot.moment != moment:
            self._snapshot = self._camera.take(moment)
        return self._snapshot

    def new_token(self) -> str:
        now = time.monotonic()
        self.tokens = {token: end for token, end in self.tokens.items() if end > now}
        token = secrets.token_urlsafe(24)
        self.tokens[token] = now + self.token_seconds
        return token

    def accepts(self, header: str) -> bool:
        kind, _, token = header.partition(" ")
        return kind.lower() == "bearer" and self.tokens.get(token, 0) > time.monotonic()

    def is_keeper(self, request: Request) -> bool:
        return hmac.compare_digest(request.headers.get("x-demo-key", "").encode(), self.client[1].encode())


class Problem(Exception):
    """A request that the city refuses, with its HTTP status and a Vietnamese reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def create(
    seed: int, moment: datetime, client_id: str, client_secret: str, token_seconds: int = 3600
) -> FastAPI:
    """Return the application; ``moment`` is local time without a zone."""
    desk = Desk(seed, moment, (client_id, client_secret), token_seconds)
    app = FastAPI(title="Thành phố mẫu", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.desk = desk
    app.add_middleware(CityDate, desk=desk)

    @app.exception_handler(Problem)
    async def refuse(_: Request, problem: Problem) -> Response:
        return JSONResponse({"error": problem.reason}, problem.status)

    @app.post("/oauth/token")
    async def token(request: Request) -> Response:
        form = await request.form()
        given = (str(form.get("client_id", "")), str(form.get("client_secret", "")))
        known = [hmac.compare_digest(a.encode(), b.encode()) for a, b in zip(given, desk.client, strict=True)]
        if form.get("grant_type") != "client_credentials" or not all(known):
            raise Problem(401, "invalid_client")
        return JSONResponse(
            {"access_token": desk.new_token(), "token_type": "Bearer", "expires_in": desk.token_seconds}
        )

    @app.get("/api/{kind}")
    async def listing(kind: str, request: Request) -> Response:
        if kind not in ("ho-so", "tien-do"):
            raise Problem(404, "không có dịch vụ này")
        if not desk.accepts(request.headers.get("authorization", "")):
            raise Problem(401, "invalid_token")
        return answer(desk, kind, request)

    @app.get("/_demo/health")
    async def health() -> dict:
        return {"status": "ok", "seed": seed}

    @app.get("/_demo/clock")
    async def read_clock(request: Request) -> dict:
        _keepers_only(desk, request)
        return {"now": _zoned(desk.clock.now()), "data": _zoned(desk.clock.data_moment())}

    @app.put("/_demo/clock")
    async def move_clock(request: Request) -> dict:
        _keepers_only(desk, request)
        try:
            moment = dates.parse_moment((await request.json())["now"])
        except (KeyError, TypeError, ValueError) as error:
            raise Problem(400, 'cần {"now": "2025-07-31T18:00:00+07:00"}') from error
        desk.clock.set(moment)
        desk.troubles.forget_windows()
        desk.snapshot()
        return {"now": _zoned(moment), "data": _zoned(moment)}

    @app.get("/_demo/troubles")
    async def read_troubles(request: Request) -> dict:
        _keepers_only(desk, request)
        return {"seed": desk.troubles.seed, "rates": desk.troubles.rates, "counts": desk.troubles.counts}

    @app.put("/_demo/troubles")
    async def set_troubles(request: Request) -> dict:
        _keepers_only(desk, request)
        wanted = await request.json()
        try:
            desk.troubles.set(int(wanted.get("seed", 0)), dict(wanted.get("rates", {})))
        except (TypeError, ValueError) as error:
            raise Problem(400, str(error)) from error
        return {"seed": desk.troubles.seed, "rates": desk.troubles.rates, "counts": desk.troubles.counts}

    return app


class CityDate:
    """Puts the city's clock into the ``Date`` header of every answer, broken ones included."""

    def __init__(self, app, desk: Desk) -> None:
        self.app, self.desk = app, desk

    async def __call__(self, scope, receive, send) -> None:
        async def dated(message) -> None:
            if message["type"] == "http.response.start":
                now = self.desk.clock.now().replace(tzinfo=dates.VIETNAM).astimezone(UTC)
                message["headers"] = [
                    *message["headers"],
                    (b"date", format_datetime(now, usegmt=True).encode()),
                ]
            await send(message)

        await self.app(scope, receive, dated if scope["type"] == "http" else send)


def answer(desk: Desk, kind: str, request: Request) -> Response:
    """Return one page, disturbed by whatever trouble its turn brings."""
    asked = request.query_params
    page = _number(asked, "pageNumber", 1)
    size = min(_number(asked, "pageSize", 10), PAGE_CAP)
    troubles, name = desk.troubles, f"{kind}?{sorted(asked.items())}"
    attempt = troubles.next_attempt(name)
    snapshot = desk.snapshot()
    if asked.get("maHoSo"):
        codes = [code.strip() for code in asked["maHoSo"].split(",") if code.strip()]
        if len(codes) > CODE_CAP:
            raise Problem(400, f"tối đa {CODE_CAP} mã hồ sơ một lần")
        body = _page(desk, snapshot.codes(kind, codes), page, size, name, attempt, None)
    else:
        first, last = _day(asked, "tuNgay"), _day(asked, "denNgay")
        body = _page(desk, snapshot.window(kind, first, last), page, size, name, attempt, (kind, first, last))
    trouble = troubles.transport(name, attempt)
    if trouble:
        return broken(
            trouble, body, desk.clock.now().replace(tzinfo=dates.VIETNAM), troubles.part(name, attempt, 2)
        )
    return Response(body, media_type="application/json; charset=utf-8")


def _page(
    desk: Desk, found: Listing, page: int, size: int, name: str, attempt: int, window: tuple | None
) -> bytes:
    """Return the envelope of one page; ``window`` (kind, first day, last day) is None for an answer
    by codes."""
    troubles, rows, total = desk.troubles, found.rows, found.total
    pages = -(-len(rows) // size)
    start = (page - 1) * size
    shown = rows[start : start + size]
    if window and shown:
        key, one_day = repr(window), window[1] == window[2]

        def wrong(kind: str) -> bool:
            return troubles.content(kind, name, attempt, key, one_day)

        if wrong("empty_data"):
            if troubles.part(name, attempt, 2):
                return b'{"data": []}'
            return _envelope([], page, size, pages, total, has_next=False)
        if page == 1 and pages > 1 and wrong("shifting_pages"):
            # The newest have not arrived yet: this page starts further down, the next one repeats its end.
            late = 1 + troubles.part(name, attempt, 20)
            shown, total = rows[late : late + size], max(0, total - late)
        if wrong("moving_total"):
            total += 1 + troubles.part(name, attempt, 9) if page == 1 else -1
    return _envelope(_disturbed(desk, shown, name, attempt), page, size, pages, total, page < pages)


def _envelope(bodies: list[bytes], page: int, size: int, pages: int, total: int, has_next: bool) -> bytes:
    rest = {
        "currentPage": page,
        "totalPages": pages,
        "totalCount": total,
        "pageSize": size,
        "hasPreviousPage": page > 1,
        "hasNextPage": has_next,
    }
    return b'{"data":[' + b",".join(bodies) + b"]," + encode(rest)[1:]


def _disturbed(desk: Desk, rows: list[Row], name: str, attempt: int) -> list[bytes]:
    """Return the bodies of ``rows`` with at most one record repeated, widened or narrowed; the truth
    comes last."""
    troubles = desk.troubles
    bodies = [row.body for row in rows]
    if not rows:
        return bodies
    place = troubles.part(name, attempt, len(rows))
    if troubles.record("unknown_field", name, attempt):
        record = decode(bodies[place])
        record["TruongMoi2026"] = canary.PHONE
        for part in record.get("TaiLieuNop") or ():
            part["NguoiKyMoi"] = canary.NAME
        bodies[place] = encode(record)
    if troubles.record("missing_field", name, attempt):
        record = decode(bodies[place])
        for field in DROPPABLE_FIELDS:
            record.pop(field, None)
        bodies[place] = encode(record)
    if rows[place].is_clean and troubles.record("repeat_record", name, attempt):
        record = decode(bodies[place])
        other = {"TrangThaiHoSo": "4", "NgayHenTra": record.get("NgayTiepNhan"), "KenhThucHien": "3"}
        bodies.insert(place, encode(record | other if "NgayTiepNhan" in record else record))
    return bodies


def _keepers_only(desk: Desk, request: Request) -> None:
    if not desk.is_keeper(request):
        raise Problem(403, "cần X-Demo-Key đúng với bí mật của ứng dụng")


def _zoned(moment: datetime) -> str:
    return moment.replace(tzinfo=dates.VIETNAM, microsecond=0).isoformat()


def _number(asked, name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise Problem(400, f"{name} phải là số nguyên từ 1")
    return int(text)


def _day(asked, name: str) -> date:
    try:
        return datetime.strptime(asked.get(name, ""), "%Y%m%d").date()
    except ValueError as error:
        raise Problem(400, f"{name} phải có dạng yyyyMMdd (hoặc cho maHoSo)") from error
