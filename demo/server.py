"""The stand-in city over HTTP in three dialects: a token call, dossiers, progress events, and its own clock.

``Date`` of every answer is the city's clock: what it was set to plus the seconds that have passed since.
The data move with that clock in whole hours, so that a reading which takes minutes sees one state of the
city.
"""

from __future__ import annotations

import hmac
import secrets
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import ModuleType

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from . import dates, igate, opencps, share
from .city import City
from .pages import answer
from .refusals import Problem
from .snapshot import Camera, Snapshot
from .troubles import Troubles


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
    """Everything one running city holds: its clock, its tokens, its troubles and the last snapshot taken.

    A desk made ``beside`` another has that one's clock, and takes its tokens.
    """

    def __init__(
        self,
        city: City,
        moment: datetime,
        client: tuple[str, str],
        token_seconds: int,
        beside: Desk | None = None,
    ) -> None:
        self.clock = beside.clock if beside else Clock(moment)
        self.client = client
        self.token_seconds = token_seconds
        self.troubles = Troubles()
        self.tokens: dict[str, float] = beside.tokens if beside else {}
        self._camera = Camera(city)
        self._snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        moment = self.clock.data_moment()
        if self._snapshot is None or self._snapshot.moment != moment:
            self._snapshot = self._camera.take(moment)
        return self._snapshot

    def new_token(self) -> str:
        now = time.monotonic()
        for ended in [token for token, end in self.tokens.items() if end <= now]:
            del self.tokens[ended]
        token = secrets.token_urlsafe(24)
        self.tokens[token] = now + self.token_seconds
        return token

    def accepts(self, header: str) -> bool:
        kind, _, token = header.partition(" ")
        return kind.lower() == "bearer" and self.tokens.get(token, 0) > time.monotonic()

    def is_keeper(self, request: Request) -> bool:
        return hmac.compare_digest(request.headers.get("x-demo-key", "").encode(), self.client[1].encode())


def create(
    city: City | int,
    moment: datetime,
    client_id: str,
    client_secret: str,
    token_seconds: int = 3600,
    beside: Desk | None = None,
) -> FastAPI:
    """Return the application of a city (or of a seed's); ``moment`` is local time without a zone."""
    city = city if isinstance(city, City) else City(city)
    desk = Desk(city, moment, (client_id, client_secret), token_seconds, beside)
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

    for speech in (share, igate, opencps):
        for path, kind in speech.PATHS.items():
            app.get(path)(_service(desk, speech, kind))

    @app.get("/_demo/health")
    async def health() -> dict:
        return {"status": "ok", "seed": city.seed}

    @app.get("/_demo/clock")
    async def read_clock(request: Request) -> dict:
        keepers_only(desk, request)
        return {"now": _zoned(desk.clock.now()), "data": _zoned(desk.clock.data_moment())}

    @app.put("/_demo/clock")
    async def move_clock(request: Request) -> dict:
        keepers_only(desk, request)
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
        keepers_only(desk, request)
        return {"seed": desk.troubles.seed, "rates": desk.troubles.rates, "counts": desk.troubles.counts}

    @app.put("/_demo/troubles")
    async def set_troubles(request: Request) -> dict:
        keepers_only(desk, request)
        wanted = await request.json()
        try:
            desk.troubles.set(int(wanted.get("seed", 0)), dict(wanted.get("rates", {})))
        except (TypeError, ValueError) as error:
            raise Problem(400, str(error)) from error
        return {"seed": desk.troubles.seed, "rates": desk.troubles.rates, "counts": desk.troubles.counts}

    return app


def _service(desk: Desk, speech: ModuleType, kind: str):
    """Return what answers one address of one dialect."""

    async def answer_page(request: Request) -> Response:
        if speech is opencps:
            if not opencps.accepts(request.headers, desk.client):
                raise Problem(401, "invalid_credentials")
        elif not desk.accepts(request.headers.get("authorization", "")):
            raise Problem(401, "invalid_token")
        return answer(desk, speech, kind, request.query_params)

    return answer_page


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


def keepers_only(desk: Desk, request: Request) -> None:
    """Raise Problem for whoever does not know the secret."""
    if not desk.is_keeper(request):
        raise Problem(403, "cần X-Demo-Key đúng với bí mật của ứng dụng")


def _zoned(moment: datetime) -> str:
    return moment.replace(tzinfo=dates.VIETNAM, microsecond=0).isoformat()
