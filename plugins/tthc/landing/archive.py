"""The archive: every body and file as it was received, compressed, encrypted, under the hash of its content.

An object lies at ``ab/abcdef….zst.aes`` below the archive's URL. Its bytes: ``TTHC1``, the 8 bytes of the
key's id, a nonce of 12 bytes, then zstd under AES-256-GCM with the content's sha256 as associated data, so
that an object put under another name does not open. Plain content never touches the disk.
"""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import fsspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fsspec.implementations.local import LocalFileSystem

from tthc import rehearsal
from tthc.errors import TthcError
from tthc.landing import keys
from tthc.sources.contents import Content, Packed, content_of, unpacked_size

CODEC = "zstd3+aes256gcm"
MAGIC = b"TTHC1"
NONCE_BYTES = 12
HEADER_BYTES = len(MAGIC) + 8 + NONCE_BYTES
#: Where one request stores a whole object or nothing, so that a name for the unfinished is not needed.
WHOLE_OBJECTS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "az", "memory"})


@dataclass(frozen=True)
class Stored:
    """What the ledger writes down about an object of the archive; sizes in bytes."""

    sha256: str
    byte_count: int
    stored_byte_count: int
    codec: str
    key_id: str


class Archive:
    """The archive at an fsspec URL (or a path); its folder is made when the first object is stored."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.url_to_fs(url)

    def put(self, body: bytes) -> str:
        """Keep ``body``; return its sha256 in hexadecimal digits. The same bytes are stored once."""
        return self.store(body).sha256

    def store(self, body: bytes | Content) -> Stored:
        """Keep ``body``; return what the ledger writes about it.

        When this returns, the object is whole under its name. An object already there is opened first: one
        that was altered, or written under another secret, is replaced. A rehearsal keeps it in memory only.
        """
        content = content_of(body)
        digest, count = content.sha256, content.byte_count
        if (held := rehearsal.present()) is not None:
            held.bodies[digest] = content
            return Stored(digest, count, count, CODEC, keys.key_id("archive"))
        path = self._path(digest)
        if not self._is_whole(digest):
            sealed = self._sealed(content)
            try:
                self._write(path, sealed)
                stored = self._files.size(path)
            except OSError as error:
                raise TthcError(
                    f"Không ghi được vào kho lưu ({type(error).__name__}): kiểm tra TTHC_ARCHIVE, "
                    "quyền ghi và dung lượng đĩa rồi chạy lại."
                ) from error
            if stored != len(sealed):
                raise TthcError(
                    f"Kho lưu chỉ nhận {stored} trên {len(sealed)} byte của một đối tượng: "
                    "kiểm tra dung lượng đĩa rồi chạy lại."
                )
        else:
            stored = self._files.size(path)
        return Stored(digest, count, stored, CODEC, keys.key_id("archive"))

    def get(self, digest: str) -> bytes:
        """Return the content whose sha256 is ``digest``; raise TthcError when it is missing or not intact."""
        return self.content(digest).read()

    def content(self, digest: str) -> Content:
        """Return the content whose sha256 is ``digest``, still compressed; raise TthcError when it is missing.

        What is not intact is told here, or at the end of its pieces.
        """
        held = rehearsal.present()
        return held.bodies[digest] if held and digest in held.bodies else self._opened(digest)

    def remove(self, digest: str) -> None:
        """Take an object out, as an erasure or a rule of retention asks; nothing happens when it is not there."""
        try:
            self._files.rm_file(self._path(digest))
        except FileNotFoundError:
            return
        except OSError as error:
            raise TthcError(
                f"Không gỡ được đối tượng {digest} khỏi kho lưu ({type(error).__name__}): "
                "kiểm tra quyền xóa rồi chạy lại."
            ) from error

    @cached_property
    def _cipher(self) -> AESGCM:
        return AESGCM(keys.subkey("archive"))

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}.zst.aes"

    def _sealed(self, content: Content) -> bytes:
        nonce = secrets.token_bytes(NONCE_BYTES)
        ciphertext = self._cipher.encrypt(nonce, content.packed(), bytes.fromhex(content.sha256))
        return b"".join((MAGIC, bytes.fromhex(keys.key_id("archive")), nonce, ciphertext))

    def _is_whole(self, digest: str) -> bool:
        try:
            for _ in self._opened(digest).pieces():
                pass
        except TthcError:
            return False
        return True

    def _opened(self, digest: str) -> Content:
        try:
            sealed = self._files.cat_file(self._path(digest))
        except FileNotFoundError:
            raise TthcError(
                f"Kho lưu thiếu đối tượng {digest}: kiểm tra TTHC_ARCHIVE có đúng kho cũ không, "
                "hoặc khôi phục từ bản sao lưu."
            ) from None
        except OSError as error:
            raise TthcError(
                f"Không đọc được đối tượng {digest} trong kho lưu ({type(error).__name__}): "
                "kiểm tra TTHC_ARCHIVE và quyền đọc."
            ) from error
        if sealed[: len(MAGIC)] != MAGIC or len(sealed) < HEADER_BYTES:
            raise _altered(digest)
        written_with = sealed[len(MAGIC) : len(MAGIC) + 8].hex()
        present = keys.key_id("archive")
        try:
            nonce = sealed[HEADER_BYTES - NONCE_BYTES : HEADER_BYTES]
            packed = self._cipher.decrypt(nonce, memoryview(sealed)[HEADER_BYTES:], bytes.fromhex(digest))
        except InvalidTag:
            if written_with != present:
                raise TthcError(
                    f"Đối tượng {digest} trong kho lưu được mã hóa bằng khóa {written_with}, "
                    f"khóa đang dùng là {present}: đặt lại TTHC_SECRET_KEY như lúc lưu."
                ) from None
            raise _altered(digest) from None
        return Packed(packed, digest, unpacked_size(packed), _altered)

    def _write(self, path: str, sealed: bytes) -> None:
        parent, _, name = path.rpartition("/")
        temporary = f"{parent}/.{name}.{secrets.token_hex(6)}"
        if isinstance(self._files, LocalFileSystem):
            _write_durably(Path(path), Path(temporary), sealed)
        elif set(self._protocols) & WHOLE_OBJECTS:
            self._files.pipe_file(path, sealed)
        else:
            self._files.makedirs(parent, exist_ok=True)
            self._files.pipe_file(temporary, sealed)
            self._files.mv(temporary, path)

    @property
    def _protocols(self) -> tuple[str, ...]:
        protocol = self._files.protocol
        return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _write_durably(path: Path, temporary: Path, sealed: bytes) -> None:
    """The ledger will say that this object exists: after a power cut it must still be there."""
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _altered(digest: str) -> TthcError:
    return TthcError(
        f"Đối tượng {digest} trong kho lưu không còn nguyên vẹn: "
        "khôi phục từ bản sao lưu, hoặc đọc lại từ nguồn."
    )
