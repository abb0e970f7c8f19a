"""Asks another process to open a file, and survives whatever the file does to it.

One child serves a whole command or task, because starting it costs a fifth of a second. It has 512 MB and a
number of seconds that grows with the file; when it dies, hangs or needs more, the file is refused and the next
one gets a new child.
"""

from __future__ import annotations

import atexit
import os
import select
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

import tthc
from tthc.errors import TthcError, UsageError
from tthc.sources.contents import Content
from tthc.sources.reader_child import BYTES_A_SECOND, MEMORY_BYTES, SECONDS, Answer, Request

#: The child's own limit counts its computing; this one, so many times as long, is for one that waits for ever.
_PATIENCE = 2
_SAFE_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "TTHC_DEBUG", "PYTHONDONTWRITEBYTECODE")
_LENGTH = struct.Struct("<I")
_PIECE = 2**18
#: A child that has read more than this is not kept: its memory would stay taken.
_KEPT_BELOW = 8 * 2**20

_TOO_MUCH = (
    f"Tệp cần hơn {MEMORY_BYTES // 2**20} MB bộ nhớ để đọc: hãy lưu lại chỉ với trang tính và các dòng cần nạp, "
    "hoặc lưu thành CSV UTF-8."
)
_STOPPED = (
    "Không đọc được tệp: trình đọc đã phải dừng vì tệp hỏng, cần quá nhiều thời gian hoặc bộ nhớ. "
    "Hãy mở bằng Excel và lưu lại thành .xlsx chỉ với trang tính cần nạp."
)


class _Gone(Exception):
    """The child has ended, or no longer answers."""


class _Child:
    """One process, and the hash of the file it holds."""

    def __init__(self) -> None:
        environment = {name: os.environ[name] for name in _SAFE_VARIABLES if name in os.environ}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tthc.sources.reader_child"],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if environment.get("TTHC_DEBUG") == "1" else subprocess.DEVNULL,
            env={**environment, "PYTHONPATH": str(Path(tthc.__file__).resolve().parents[1])},
            cwd="/",
        )
        self._received = bytearray()
        self.owner = os.getpid()
        self.holds: str | None = None
        self.has_served = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: Request, body: Content) -> None:
        head = msgspec.msgpack.encode(request)
        self._send(_LENGTH.pack(len(head)) + head)
        if not request.same:
            for piece in body.pieces():
                self._send(piece)

    def answer(self, seconds: float) -> Answer:
        """Return the next frame; raise _Gone when none comes in so many seconds."""
        (size,) = _LENGTH.unpack(self._take(_LENGTH.size, seconds))
        return msgspec.msgpack.decode(self._take(size, seconds), type=Answer)

    def end(self) -> None:
        # After a fork the child still belongs to the process that started it.
        if self.owner == os.getpid():
            with suppress(OSError):
                self._process.kill()
            self._process.stdin.close()
            self._process.stdout.close()
            self._process.wait()

    def _send(self, body: bytes | memoryview) -> None:
        view = memoryview(body)
        try:
            while view:
                view = view[os.write(self._process.stdin.fileno(), view[: 2**20]) :]
        except OSError:
            raise _Gone from None

    def _take(self, size: int, seconds: float) -> bytes:
        pipe = self._process.stdout.fileno()
        while len(self._received) < size:
            if not select.select([pipe], [], [], seconds)[0] or not (piece := os.read(pipe, _PIECE)):
                raise _Gone
            self._received += piece
        taken = bytes(self._received[:size])
        del self._received[:size]
        return taken


class _Idle:
    """The children that wait for work in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._children: list[_Child] = []

    def take(self, digest: str) -> _Child:
        with self._lock:
            self._children = [child for child in self._children if child.owner == os.getpid()]
            self._children.sort(key=lambda child: child.holds == digest)
            if self._children:
                return self._children.pop()
        return _Child()

    def give_back(self, child: _Child) -> None:
        with self._lock:
            self._children.append(child)

    def end(self) -> None:
        with self._lock:
            while self._children:
                self._children.pop().end()


_idle = _Idle()


def end_idle() -> None:
    """End the children that wait for work; the next file gets a new one."""
    _idle.end()


atexit.register(end_idle)


def ask(request: Request, body: Content, answer: type[Any]) -> Iterator[Any]:
    """Yield the parts of what the child answers about a file, each of the type ``answer``.

    Raises UsageError for what the child refuses, for a file that is too much for it, and for one it dies of.
    """
    for _ in range(2):
        child = _idle.take(body.key)
        is_used, has_part, is_free = child.has_served, False, False
        try:
            for part in _answers(child, request, body, answer):
                has_part = True
                yield part
            is_free = True
            return
        except (_Gone, MemoryError) as error:
            # A child that has read other files may have been too full, or ended while it waited.
            if not is_used or has_part:
                raise UsageError(_TOO_MUCH if isinstance(error, MemoryError) else _STOPPED) from None
        except TthcError:
            # A content that is not intact was told of by us, while it was still being sent.
            is_free = child.holds == body.key
            raise
        finally:
            # What was examined is read next, and needs not be sent and looked through again.
            if is_free and (body.byte_count < _KEPT_BELOW or request.work == "examine"):
                _idle.give_back(child)
            else:
                child.end()


def _answers(child: _Child, request: Request, body: Content, answer: type[Any]) -> Iterator[Any]:
    request = msgspec.structs.replace(request, size=body.byte_count, same=child.holds == body.key)
    seconds = _PATIENCE * (SECONDS + body.byte_count / BYTES_A_SECOND)
    child.has_served, child.holds = True, None
    child.ask(request, body)
    while not (frame := child.answer(seconds)).end:
        if frame.refused == "MemoryError":
            raise MemoryError
        if frame.refused == "Broken":
            raise _Gone
        child.holds = body.key
        if frame.refused is not None:
            raise UsageError(frame.message)
        yield msgspec.msgpack.decode(frame.part, type=answer)
    child.holds = body.key
