"""A city of many communes on one server: each has dossiers of its own under ``/xa/<code>``, all have one clock.

Without a prefix the server is An Hưng, as when it stands alone. A commune's dossiers are made when somebody asks
for them and forgotten when many others were asked for since: they are the same when they are made again.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from .hai_phong import AN_HUNG, COMMUNES, city_of
from .server import create, keepers_only
from .troubles import Troubles

PREFIX = "/xa/"


def write_declarations(folder: Path, codes: Sequence[str], like: Path) -> list[Path]:
    """Write ``<code>.yaml`` for each commune after the declaration of An Hưng (``like``); return the paths.

    In this city every commune has the same five units under the same names.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text, paths = like.read_text(encoding="utf-8"), []
    for number, code in enumerate(codes):
        own = text.replace(f'commune: "{AN_HUNG}"', f'commune: "{code}"\nname: {COMMUNES[code]}', 1)
        if code != AN_HUNG:
            own = own.replace("H24.187", f"H24.9{number:03}", 1)
        paths.append(folder / f"{code}.yaml")
        paths[-1].write_text(own, encoding="utf-8")
    return paths


class Communes:
    """The ASGI application. ``heavy`` multiplies the dossiers of some; ``kept`` is how many stay in memory."""

    def __init__(
        self,
        seed: int,
        moment: datetime,
        client: tuple[str, str],
        token_seconds: int,
        codes: Sequence[str],
        share: float = 1.0,
        heavy: Mapping[str, float] | None = None,
        kept: int = 16,
    ) -> None:
        self._seed, self._client, self._token_seconds = seed, client, token_seconds
        self._share, self._heavy, self._kept = share, heavy or {}, kept
        self._codes = frozenset(codes)
        self._own = self._make(AN_HUNG, moment)
        self._moment, self._desk = moment, self._own.state.desk
        self._made: OrderedDict[str, FastAPI] = OrderedDict()
        self._troubles: dict[str, Troubles] = {}
        self._away: frozenset[str] = frozenset()
        self._own.put("/_demo/away")(self._set_away)

    async def _set_away(self, request: Request) -> dict:
        keepers_only(self._desk, request)
        self._away = frozenset((await request.json())["communes"])
        return {"communes": sorted(self._away)}

    async def __call__(self, scope, receive, send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(PREFIX):
            await self._own(scope, receive, send)
            return
        code, _, rest = path.removeprefix(PREFIX).partition("/")
        if code not in self._codes or code in self._away:
            status = 503 if code in self._away else 404
            await JSONResponse({"error": f"xã {code}"}, status)(scope, receive, send)
            return
        await self._of(code)({**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}, receive, send)

    def _of(self, code: str) -> FastAPI:
        app = self._made.pop(code, None) or self._make(code, self._moment, beside=self._desk)
        self._made[code] = app
        while len(self._made) > self._kept:
            self._made.popitem(last=False)
        desk, common = app.state.desk, self._desk.troubles
        troubles = desk.troubles = self._troubles.setdefault(code, desk.troubles)
        if (troubles.seed, troubles.rates) != (common.seed, common.rates):
            troubles.set(common.seed, common.rates)
        return app

    def _make(self, code: str, moment: datetime, **options) -> FastAPI:
        city = city_of(self._seed, code, self._share * self._heavy.get(code, 1.0))
        return create(city, moment, *self._client, self._token_seconds, **options)
