"""The key ring: the keys that work, wrapped by the secret of the installation, in one small file of the archive.

An installation that never changed its secret has no such file: its keys are derived from the secret, as from the
first day. From the first change on ``keys.json`` stands beside the objects. It has a slot for each secret that opens
it; every slot wraps the same keys (AES-256-GCM under a key derived from that secret). A routine change adds a slot
and takes the old one away; the keys stay. After a leak there is a new generation: new keys are put at the end, the
older ones stay so that what they made can still be read.

Of the identity keys every generation adds a layer: a hash of generation 2 is the keyed hash of the hash of
generation 1. So a stored hash can be brought to the next generation without knowing what was hashed, and who knows
only the older keys cannot tell whose it is.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import fsspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fsspec.implementations.local import LocalFileSystem

from tthc import settings
from tthc.errors import TthcError

NAME = "keys.json"
VERSION = 1
#: A store that does not tell cheaply whether a file changed is asked again after so many seconds.
FRESH_FOR = 5.0
PURPOSES = ("identity", "archive", "mark", "seal")


class Key(NamedTuple):
    """A key of 32 bytes and its id: 16 hexadecimal digits that tell nothing about it."""

    id: str
    key: bytes


@dataclass(frozen=True, repr=False)
class Ring:
    """The keys of one installation: by purpose those of every generation, the one in use last."""

    identity: tuple[Key, ...]
    archive: tuple[Key, ...]
    mark: tuple[Key, ...]
    seal: tuple[Key, ...]

    @property
    def generation(self) -> int:
        """How often all keys were replaced, and one."""
        return len(self.archive)

    @property
    def ids(self) -> dict[str, str]:
        """The ids of the keys in use, by purpose."""
        return {purpose: getattr(self, purpose)[-1].id for purpose in PURPOSES}

    def find(self, purpose: str, key_id: str) -> bytes | None:
        """Return the key with an id, of whatever generation; None when it is none of ours."""
        return next((each.key for each in getattr(self, purpose) if each.id == key_id), None)

    def next(self) -> Ring:
        """Return the ring with one more generation, of chance."""
        new = (Key(secrets.token_hex(8), secrets.token_bytes(32)) for _ in PURPOSES)
        return Ring(*((*getattr(self, purpose), key) for purpose, key in zip(PURPOSES, new, strict=True)))


@dataclass(frozen=True)
class Slot:
    """What one secret opens; ``wrapped`` is nonce and ciphertext."""

    key_id: str
    added_at: str
    wrapped: bytes


@dataclass(frozen=True)
class KeyFile:
    """The file as it lies in the archive."""

    slots: tuple[Slot, ...]

    @classmethod
    def read(cls, text: bytes | str) -> KeyFile:
        """Return what a file says; raise TthcError when it is no key file."""
        try:
            told = json.loads(text)
            if told["version"] != VERSION:
                raise TthcError(
                    f"Tệp khóa {NAME} của kho lưu thuộc phiên bản {told['version']}: dùng phần mềm mới hơn."
                )
            slots = tuple(
                Slot(each["key_id"], each["added_at"], base64.b64decode(each["wrapped"], validate=True))
                for each in told["slots"]
            )
        except (ValueError, KeyError, TypeError) as error:
            raise _spoilt() from error
        return cls(slots)

    @property
    def text(self) -> str:
        """The file's text."""
        slots = [
            {
                "key_id": each.key_id,
                "added_at": each.added_at,
                "wrapped": base64.b64encode(each.wrapped).decode(),
            }
            for each in self.slots
        ]
        about = "Khóa của kho lưu, gói bằng TTHC_SECRET_KEY. Chép cùng kho lưu; mất tệp này là mất kho lưu."
        return (
            json.dumps({"about": about, "version": VERSION, "slots": slots}, ensure_ascii=False, indent=1)
            + "\n"
        )

    def slot_of(self, secret: str) -> Slot | None:
        """Return the slot that a secret opens, None when it opens none."""
        name = slot_id(secret)
        return next((each for each in self.slots if each.key_id == name), None)

    def opened(self, secret: str) -> Ring:
        """Return the keys; raise TthcError when the secret opens no slot or the file was altered."""
        slot = self.slot_of(secret)
        if slot is None:
            raise TthcError(
                f"TTHC_SECRET_KEY đang đặt (mã {slot_id(secret)}) không mở được tệp khóa {NAME} của kho lưu; tệp mở "
                f"được bằng khóa có mã {', '.join(each.key_id for each in self.slots) or '?'}. "
                "Đặt lại TTHC_SECRET_KEY đang dùng, khởi động lại bộ máy; xem: tthc key status."
            )
        try:
            plain = AESGCM(_derive(secret, "tthc/slot")).decrypt(
                slot.wrapped[:12], slot.wrapped[12:], _about(slot.key_id)
            )
        except InvalidTag:
            raise _spoilt() from None
        told = json.loads(plain)
        return Ring(
            *(tuple(Key(name, base64.b64decode(key)) for name, key in told[purpose]) for purpose in PURPOSES)
        )

    def with_slot(self, secret: str, ring: Ring, *, alone: bool = False) -> KeyFile:
        """Return the file with a slot for a secret, beside the others or ``alone``."""
        name, nonce = slot_id(secret), secrets.token_bytes(12)
        plain = json.dumps(
            {
                purpose: [(key.id, base64.b64encode(key.key).decode()) for key in getattr(ring, purpose)]
                for purpose in PURPOSES
            }
        ).encode()
        wrapped = nonce + AESGCM(_derive(secret, "tthc/slot")).encrypt(nonce, plain, _about(name))
        slot = Slot(name, datetime.now(UTC).isoformat(timespec="seconds"), wrapped)
        others = () if alone else tuple(each for each in self.slots if each.key_id != name)
        return KeyFile((*others, slot))


def slot_id(secret: str) -> str:
    """Return the 16 hexadecimal digits that name a secret; they tell nothing about it."""
    return _derive(secret, "tthc/slot/id")[:8].hex()


@lru_cache(maxsize=4)
def derived(secret: str) -> Ring:
    """Return the keys of an installation that never changed its secret: derived from it."""
    return Ring(
        *(
            (Key(_derive(secret, f"tthc/{purpose}/id")[:8].hex(), _derive(secret, f"tthc/{purpose}")),)
            for purpose in PURPOSES
        )
    )


_CHOSEN: ContextVar[Ring | None] = ContextVar("tthc_key_ring", default=None)


@contextmanager
def using(ring: Ring) -> Iterator[None]:
    """Let ``ring`` be the keys in use until the block ends, in this thread or task only."""
    token = _CHOSEN.set(ring)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def present() -> Ring:
    """Return the keys of this installation, as the key file has them, or else as its secret gives them."""
    if (chosen := _CHOSEN.get()) is not None:
        return chosen
    secret = settings.secret_key()
    file = stored()
    return derived(secret) if file is None else _opened(file, secret)


def stored() -> KeyFile | None:
    """Return the key file of the archive, None when there is none. It is read again when it has changed."""
    return _Place.of(settings.archive_url()).read()


def store(file: KeyFile) -> None:
    """Put the key file into the archive, whole or not at all."""
    _Place.of(settings.archive_url()).write(file)


class _Place:
    """Where the key file of one archive lies, and what was read there last."""

    _known: dict[str, _Place] = {}  # noqa: RUF012

    def __init__(self, url: str) -> None:
        self._files, root = fsspec.url_to_fs(url)
        self._path = f"{root}/{NAME}"
        self._is_local = isinstance(self._files, LocalFileSystem)
        self._seen: Any = object()
        self._asked_at = float("-inf")
        self._file: KeyFile | None = None

    @classmethod
    def of(cls, url: str) -> _Place:
        if url not in cls._known:
            cls._known[url] = cls(url)
        return cls._known[url]

    def read(self) -> KeyFile | None:
        if self._is_local:
            seen = self._stamp()
            if seen != self._seen:
                self._file = KeyFile.read(Path(self._path).read_bytes()) if seen else None
                self._seen = seen
        elif time.monotonic() - self._asked_at > FRESH_FOR:
            self._file = self._fetched()
            self._asked_at = time.monotonic()
        return self._file

    def write(self, file: KeyFile) -> None:
        try:
            if self._is_local:
                _write_durably(Path(self._path), file.text)
            else:
                self._files.pipe_file(self._path, file.text.encode())
        except OSError as error:
            raise TthcError(
                f"Không ghi được tệp khóa {NAME} vào kho lưu ({type(error).__name__}): kiểm tra TTHC_ARCHIVE, "
                "quyền ghi và dung lượng đĩa rồi chạy lại."
            ) from error
        self._seen, self._asked_at = object(), float("-inf")

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(error) from error
        return found.st_mtime_ns, found.st_ino, found.st_size

    def _fetched(self) -> KeyFile | None:
        try:
            return KeyFile.read(self._files.cat_file(self._path))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(error) from error


def _write_durably(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@lru_cache(maxsize=4)
def _opened(file: KeyFile, secret: str) -> Ring:
    return file.opened(secret)


@lru_cache(maxsize=32)
def _derive(secret: str, info: str) -> bytes:
    # The salt is public and fixed: two installations differ by their secrets, of 32 characters or more.
    derivation = HKDF(algorithm=hashes.SHA256(), length=32, salt=b"tthc", info=info.encode())
    return derivation.derive(secret.encode())


def _about(slot: str) -> bytes:
    return f"tthc/keys/{VERSION}/{slot}".encode()


def _spoilt() -> TthcError:
    return TthcError(
        f"Tệp khóa {NAME} của kho lưu bị hỏng hoặc đã bị sửa: chạy tthc key settle để viết lại từ bản ghi trong kho "
        "dữ liệu, hoặc chép lại từ bản chép kho lưu."
    )


def _unreadable(error: OSError) -> TthcError:
    return TthcError(
        f"Không đọc được tệp khóa {NAME} trong kho lưu ({type(error).__name__}): kiểm tra TTHC_ARCHIVE và quyền đọc."
    )
