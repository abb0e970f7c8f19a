"""The keys of this installation by purpose, and the hash that stands for a person's identity.

Each purpose has its own key, so that the archive can be given to someone who may not compute identity hashes, and
the other way round. A key id names a key and tells nothing about it; it is stored beside what the key made, so that
a changed secret is noticed instead of producing nonsense. Where the keys come from: :mod:`tthc.landing.key_ring`.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Literal

from tthc.landing import key_ring

Purpose = Literal["identity", "archive", "mark", "seal"]
Hasher = Callable[[str | None], str | None]

#: What senders write where an identity or a file is missing (compared without case and outer blanks).
PLACEHOLDERS = frozenset({"", "000000001", "dinhkem"})


def subkey(purpose: Purpose) -> bytes:
    """Return the 32 bytes of the key in use for ``purpose``."""
    return getattr(key_ring.present(), purpose)[-1].key


def key_id(purpose: Purpose) -> str:
    """Return 16 hexadecimal digits that name the key in use for ``purpose``; they tell nothing about it."""
    return getattr(key_ring.present(), purpose)[-1].id


def is_placeholder(value: str) -> bool:
    """Say whether a sender wrote this because it had nothing to write.

    >>> [is_placeholder(value) for value in ("Dinhkem", " 000000001 ", "", "031085000017")]
    [True, True, True, False]
    """
    return value.strip().casefold() in PLACEHOLDERS


def identity_hasher(generation: int | None = None) -> Hasher:
    """Return the function that hashes identities; take it once for many rows.

    It gives 32 hexadecimal digits (the first 16 bytes of HMAC-SHA256, of each generation over that before), or None
    for None and for a placeholder. Only equality is meant to be used: the caller normalises what can be written in
    several ways. ``generation`` is that of an older hash; None: the one in use.
    """
    return _hasher(tuple(each.key for each in key_ring.present().identity[:generation]))


def identity_hash(value: str | None) -> str | None:
    """Return the keyed hash of one value, as :func:`identity_hasher` gives it."""
    return identity_hasher()(value)


def lifter(since: int, generation: int | None = None) -> Callable[[str], str]:
    """Return the function that brings a hash of generation ``since`` to a later one (None: the one in use)."""
    return _lifter(tuple(each.key for each in key_ring.present().identity[since:generation]))


@lru_cache(maxsize=4)
def _hasher(layers: tuple[bytes, ...]) -> Hasher:
    hmac, lift, placeholders = _hmac(layers[0]), _lifter(layers[1:]), PLACEHOLDERS
    is_plain = len(layers) == 1

    def hashed(value: str | None) -> str | None:
        if value is None or value.strip().casefold() in placeholders:
            return None
        # A lone surrogate is a value too: it must not stop a row, nor be confused with another.
        first = hmac(value.encode("utf-8", "surrogatepass"))
        return first if is_plain else lift(first)

    return hashed


@lru_cache(maxsize=8)
def _lifter(layers: tuple[bytes, ...]) -> Callable[[str], str]:
    steps = [_hmac(layer) for layer in layers]

    def lifted(value: str) -> str:
        for step in steps:
            value = step(value.encode())
        return value

    return lifted


def _hmac(key: bytes) -> Callable[[bytes], str]:
    # The two halves of HMAC (RFC 2104) prepared once: copying them takes half the time of hmac.digest.
    padded = key.ljust(64, b"\0")
    inner, outer = (
        sha256(bytes(byte ^ 0x36 for byte in padded)),
        sha256(bytes(byte ^ 0x5C for byte in padded)),
    )

    def digest(message: bytes) -> str:
        first = inner.copy()
        first.update(message)
        second = outer.copy()
        second.update(first.digest())
        return second.hexdigest()[:32]

    return digest
