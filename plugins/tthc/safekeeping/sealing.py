"""A stream of any length under a key of its own: pieces of one mebibyte, each sealed with its place.

The bytes: ``TTHCB1``, the 8 bytes of the key's id, 4 of chance, then pieces of (length, ciphertext). Each piece is
AES-256-GCM with its number and whether it is the last as associated data: a piece left out, put elsewhere, or a
file cut short does not open.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tthc import settings
from tthc.errors import TthcError

MAGIC = b"TTHCB1"
PIECE_BYTES = 1 << 20
_HEADER = struct.Struct(">6s8s4s")
_LENGTH = struct.Struct(">I")
_PLACE = struct.Struct(">Q?")


def key_id() -> str:
    """Return 16 hexadecimal digits that name the backup key; they tell nothing about it."""
    return _derive("id")[:8].hex()


class Sealer:
    """Writes to ``target`` what it is given, sealed; :meth:`close` writes the last piece."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self._cipher = AESGCM(_derive("seal"))
        self._chance = secrets.token_bytes(4)
        self._held = bytearray()
        self._number = 0
        self.byte_count = 0
        self._put(_HEADER.pack(MAGIC, bytes.fromhex(key_id()), self._chance))

    def write(self, data: bytes) -> int:
        """Take bytes; whole pieces are written at once."""
        self._held += data
        while len(self._held) > PIECE_BYTES:
            self._piece(bytes(self._held[:PIECE_BYTES]), is_last=False)
            del self._held[:PIECE_BYTES]
        return len(data)

    def close(self) -> None:
        """Write what is left, marked as the end."""
        self._piece(bytes(self._held), is_last=True)
        self._held.clear()

    def _piece(self, plain: bytes, *, is_last: bool) -> None:
        nonce = self._chance + struct.pack(">Q", self._number)
        sealed = self._cipher.encrypt(nonce, plain, _PLACE.pack(self._number, is_last))
        self._put(_LENGTH.pack(len(sealed)) + sealed)
        self._number += 1

    def _put(self, data: bytes) -> None:
        self._target.write(data)
        self.byte_count += len(data)


def opened(source: BinaryIO) -> Iterator[bytes]:
    """Yield the plain pieces of a sealed stream; raise TthcError when it is not whole, not ours or altered."""
    header = source.read(_HEADER.size)
    if len(header) < _HEADER.size or header[: len(MAGIC)] != MAGIC:
        raise TthcError("Tệp này không phải bản sao lưu của kho.")
    _, written_with, chance = _HEADER.unpack(header)
    if written_with.hex() != key_id():
        raise TthcError(
            f"Bản sao lưu được mã hóa bằng khóa {written_with.hex()}, TTHC_BACKUP_KEY đang dùng là khóa "
            f"{key_id()}: đặt lại TTHC_BACKUP_KEY như lúc sao lưu."
        )
    cipher, number, is_last = AESGCM(_derive("seal")), 0, False
    length = source.read(_LENGTH.size)
    while length:
        if is_last or len(length) < _LENGTH.size:
            raise _altered()
        sealed = source.read(_LENGTH.unpack(length)[0])
        length = source.read(_LENGTH.size)
        is_last = not length
        try:
            nonce = chance + struct.pack(">Q", number)
            yield cipher.decrypt(nonce, sealed, _PLACE.pack(number, is_last))
        except InvalidTag:
            raise _altered() from None
        number += 1
    if not is_last:
        raise _altered()


def _derive(info: str) -> bytes:
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=b"tthc", info=f"tthc/backup/{info}".encode())
    return derivation.derive(settings.backup_key().encode())


def _altered() -> TthcError:
    return TthcError("Bản sao lưu bị cắt cụt hoặc đã bị sửa: dùng bản khác.")
