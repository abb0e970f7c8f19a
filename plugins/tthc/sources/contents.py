"""The bytes of one file: taken in once, given out in pieces as often as needed; memory does not grow with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import zstandard

from tthc.errors import TthcError, UsageError

PIECE = 2**20
LEVEL = 3


class Content:
    """Some bytes and their sha256; this one holds them as they are."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.byte_count = len(body)

    @cached_property
    def sha256(self) -> str:
        """The sha256 of all of it in hexadecimal digits."""
        return sha256(self._body).hexdigest()

    @property
    def key(self) -> str:
        """What names these bytes and no others."""
        return self.sha256

    def pieces(self) -> Iterator[bytes | memoryview]:
        """Yield the bytes in order, some at a time."""
        view = memoryview(self._body)
        for start in range(0, len(view), PIECE):
            yield view[start : start + PIECE]

    def beginning(self, size: int) -> bytes:
        """Return the first bytes, at most so many."""
        return self._body[:size]

    def without(self, size: int) -> Content:
        """Return the content behind the first bytes."""
        return Content(self._body[size:])

    def packed(self) -> bytes:
        """Return it compressed (zstd)."""
        return zstandard.ZstdCompressor(level=LEVEL).compress(self._body)

    def read(self) -> bytes:
        """Return the bytes, all at once."""
        return self._body


class Packed(Content):
    """Bytes that are held compressed; ``altered`` makes the error for what does not unpack to their sha256."""

    def __init__(
        self,
        packed: bytes,
        digest: str,
        byte_count: int,
        altered: Callable[[str], TthcError],
        skipped: int = 0,
    ) -> None:
        self._packed, self._altered, self._skipped = packed, altered, skipped
        self.digest, self.byte_count = digest, byte_count - skipped

    @cached_property
    def sha256(self) -> str:
        """The sha256 of all of it in hexadecimal digits."""
        return self.digest if not self._skipped else _digest(self.pieces())

    @property
    def key(self) -> str:
        """What names these bytes and no others."""
        return f"{self.digest}+{self._skipped}" if self._skipped else self.digest

    def pieces(self) -> Iterator[bytes | memoryview]:
        """Yield the bytes in order, some at a time; raise at the end when they are not what the sha256 says."""
        whole, left = sha256(), self._skipped
        for piece in self._unpacked():
            whole.update(piece)
            if left < len(piece):
                yield memoryview(piece)[left:]
            left = max(0, left - len(piece))
        if whole.hexdigest() != self.digest:
            raise self._altered(self.digest)

    def beginning(self, size: int) -> bytes:
        """Return the first bytes, at most so many."""
        found = bytearray()
        for piece in self._unpacked():
            found += piece
            if len(found) >= self._skipped + size:
                break
        return bytes(found[self._skipped : self._skipped + size])

    def without(self, size: int) -> Content:
        """Return the content behind the first bytes."""
        skipped = self._skipped + size
        return Packed(self._packed, self.digest, self.byte_count + self._skipped, self._altered, skipped)

    def packed(self) -> bytes:
        """Return it compressed (zstd)."""
        return self._packed if not self._skipped else super().packed()

    def read(self) -> bytes:
        """Return the bytes, all at once."""
        body = b"".join(self._unpacked())
        if sha256(body).hexdigest() != self.digest:
            raise self._altered(self.digest)
        return body[self._skipped :] if self._skipped else body

    def _unpacked(self) -> Iterator[bytes]:
        try:
            reader = zstandard.ZstdDecompressor().stream_reader(self._packed)
            while piece := reader.read(PIECE):
                yield piece
        except zstandard.ZstdError:
            raise self._altered(self.digest) from None


def packed(pieces: Iterable[bytes | memoryview], byte_count: int | None = None) -> Content:
    """Return a content that is held compressed, made of pieces that need not stay.

    Raises UsageError when they are not the ``byte_count`` that was announced.
    """
    pack = zstandard.ZstdCompressor(level=LEVEL).compressobj(size=-1 if byte_count is None else byte_count)
    digest, count, parts = sha256(), 0, []
    try:
        for piece in pieces:
            digest.update(piece)
            count += len(piece)
            parts.append(pack.compress(piece))
        parts.append(pack.flush())
    except zstandard.ZstdError:
        raise UsageError("Tệp thay đổi trong lúc đọc: chờ ghi xong rồi nạp lại.") from None
    return Packed(b"".join(parts), digest.hexdigest(), count, _spoilt)


def unpacked_size(packed: bytes) -> int:
    """Return how many bytes a compressed content has; those of unknown length are counted."""
    try:
        size = zstandard.frame_content_size(packed)
        return size if size >= 0 else sum(map(len, zstandard.ZstdDecompressor().read_to_iter(packed)))
    except zstandard.ZstdError:
        return 0


def content_of(source: bytes | Path | Content) -> Content:
    """Return what is given in whichever way as a content."""
    if isinstance(source, Content):
        return source
    return Content(source if isinstance(source, bytes) else source.read_bytes())


def _digest(pieces: Iterable[bytes | memoryview]) -> str:
    digest = sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _spoilt(digest: str) -> TthcError:
    return TthcError(
        f"Nội dung {digest} trong bộ nhớ không còn nguyên vẹn: hãy chạy lại, và kiểm tra bộ nhớ của máy."
    )
