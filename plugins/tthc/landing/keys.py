"""Keys derived from the one secret of the installation, and the hash that stands for a person's identity.

Each purpose has its own subkey (HKDF-SHA256), so that the archive can be given to someone who may not compute
identity hashes, and the other way round. A key id names a subkey and tells nothing about it; it is stored
beside what the subkey made, so that a changed secret is noticed instead of producing nonsense.
"""

from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from typing import Literal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tthc import settings

Purpose = Literal["identity", "archive", "mark", "seal"]

#: What senders write where an identity or a file is missing (compared without case and outer blanks).
PLACEHOLDERS = frozenset({"", "000000001", "dinhkem"})


def subkey(purpose: Purpose) -> bytes:
    """Return the 32 bytes of the subkey for ``purpose`` under the present secret."""
    return _derive(settings.secret_key(), f"tthc/{purpose}")


def key_id(purpose: Purpose) -> str:
    """Return 16 hexadecimal digits that name the subkey for ``purpose``; they tell nothing about it."""
    return _derive(settings.secret_key(), f"tthc/{purpose}/id")[:8].hex()


def is_placeholder(value: str) -> bool:
    """Say whether a sender wrote this because it had nothing to write.

    >>> [is_placeholder(value) for value in ("Dinhkem", " 000000001 ", "", "031085000017")]
    [True, True, True, False]
    """
    return value.strip().casefold() in PLACEHOLDERS


def identity_hasher() -> Callable[[str | None], str | None]:
    """Return the function that hashes identities under the present secret; take it once for many rows.

    It gives 32 hexadecimal digits (the first 16 bytes of HMAC-SHA256), or None for None and for a
    placeholder. Only equality is meant to be used: the caller normalises what can be written in several ways.
    """
    return _hasher(settings.secret_key())


def identity_hash(value: str | None) -> str | None:
    """Return the keyed hash of one value, as :func:`identity_hasher` gives it."""
    return identity_hasher()(value)


@lru_cache(maxsize=4)
def _hasher(secret: str) -> Callable[[str | None], str | None]:
    # The two halves of HMAC (RFC 2104) prepared once: copying them takes half the time of hmac.digest.
    key = _derive(secret, "tthc/identity").ljust(64, b"\0")
    inner, outer = sha256(bytes(byte ^ 0x36 for byte in key)), sha256(bytes(byte ^ 0x5C for byte in key))
    placeholders = PLACEHOLDERS

    def hashed(value: str | None) -> str | None:
        if value is None or value.strip().casefold() in placeholders:
            return None
        first = inner.copy()
        # A lone surrogate is a value too: it must not stop a row, nor be confused with another.
        first.update(value.encode("utf-8", "surrogatepass"))
        second = outer.copy()
        second.update(first.digest())
        return second.hexdigest()[:32]

    return hashed


@lru_cache(maxsize=16)
def _derive(secret: str, info: str) -> bytes:
    # The salt is public and fixed: two installations differ by their secrets, of 32 characters or more.
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=b"tthc", info=info.encode())
    return derivation.derive(secret.encode())
