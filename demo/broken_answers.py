"""Answers that break on the wire: bodies cut, short or slow. Plain ASGI, because a framework refuses
to send them."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from starlette.responses import Response

LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Đăng nhập</title></head>"
    "<body><form method='post'><input name='username'><input type='password' name='password'></form>"
    "</body></html>"
)


class Cut(Response):
    """Sends the first half of a chunked body and then closes the connection."""

    async def __call__(self, scope, receive, send) -> None:
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send(
            {"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True}
        )
        # The server closes the socket when an answer ends without its last part.


class Short(Response):
    """Announces the whole Content-Length, sends less and closes the connection."""

    async def __call__(self, scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        part = self.body[: len(self.body) * 2 // 3]
        await send({"type": "http.response.body", "body": part, "more_body": True})


class Slow(Response):
    """Sends the whole body in four parts with pauses between them (half a second in all)."""

    async def __call__(self, scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        size = len(self.body) // 4 + 1
        for start in range(0, len(self.body), size):
            await asyncio.sleep(0.125)
            more = start + size < len(self.body)
            await send(
                {"type": "http.response.body", "body": self.body[start : start + size], "more_body": more}
            )


def broken(kind: str, body: bytes, now: datetime, part: int) -> Response:
    """Return the answer that trouble ``kind`` makes of ``body``; ``part`` (0 or 1) chooses between
    two forms."""
    if kind == "http_429":
        # A date ahead of the reader's own clock would make it wait for the difference: then seconds are sent.
        as_date = part == 0 and now < datetime.now(UTC)
        end = (now + timedelta(seconds=1)).astimezone(UTC)
        wait = format_datetime(end, usegmt=True) if as_date else "1"
        return Response("Quá nhiều yêu cầu", 429, {"Retry-After": wait}, "text/plain; charset=utf-8")
    if kind == "token_revoked":
        return Response('{"error": "invalid_token"}', 401, media_type="application/json")
    if kind == "html_login":
        return Response(LOGIN_PAGE, 200, media_type="text/html; charset=utf-8")
    if kind.startswith("http_"):
        return Response(f"Lỗi {kind[5:]}", int(kind[5:]), media_type="text/plain; charset=utf-8")
    return {"cut_body": Cut, "short_body": Short, "slow_body": Slow}[kind](
        body, 200, media_type="application/json"
    )
