"""The archive: every body and file as it was received, compressed, encrypted, under the hash of its content.

An object lies at ``ab/abcdef….zst.aes`` below the archive's URL. Its bytes: ``TTHC1``, the 8 bytes of the
key's id, a nonce of 12 bytes, then zstd under AES-256-GCM with the content's sha256 as associated data, so
that an object put under another name does not open. Plain content never touches the disk.
"""

import os
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import fsspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fsspec.implementations.local import LocalFileSystem

from tthc import rehearsal
from tthc.errors import TthcError
from tthc.landing import key_ring, keys
from tthc.sources.contents import Content, Packed, content_of, unpacked_size

CODEC = "zstd3+aes256gcm"
MAGIC = b"TTHC1"
NONCE_BYTES = 12
HEADER_BYTES = len(MAGIC) + 8 + NONCE_BYTES
_ENDING = ".zst.aes"
_IS_OBJECT = re.compile(r"[0-9a-f]{64}\.zst\.aes").fullmatch
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
        that was altered, or written with another key, is replaced. A rehearsal keeps it in memory only.
        """
        content = content_of(body)
        digest, count = content.sha256, content.byte_count
        if (held := rehearsal.present()) is not None:
            held.bodies[digest] = content
            return Stored(digest, count, count, CODEC, keys.key_id("archive"))
        if (stored := self._size_if_whole(digest)) is None:
            stored = self._replace(content)
        return Stored(digest, count, stored, CODEC, keys.key_id("archive"))

    def seal_again(self, digest: str) -> Stored:
        """Bring an object under the key in use, after reading it to its end; return what the ledger writes about it.

        At every moment the object lies whole under its name, under the one key or the other.
        """
        content, written_with = self._opened(digest)
        for _ in content.pieces():
            pass
        present = keys.key_id("archive")
        stored = self._files.size(self._path(digest)) if written_with == present else self._replace(content)
        return Stored(digest, content.byte_count, stored, CODEC, present)

    def digests(self) -> list[str]:
        """Return the names of all objects that are there, whether the ledger knows them or not, in order."""
        try:
            found = self._files.find(self._root) if self._files.exists(self._root) else []
        except OSError as error:
            raise TthcError(
                f"Không liệt kê được kho lưu ({type(error).__name__}): kiểm tra TTHC_ARCHIVE và quyền đọc."
            ) from error
        names = (path.rpartition("/")[2] for path in found)
        return sorted(name.removesuffix(_ENDING) for name in names if _IS_OBJECT(name))

    def remove_leftovers(self) -> int:
        """Remove what a writer that was killed left half written an hour ago or longer; return how many files."""
        if not isinstance(self._files, LocalFileSystem):
            return 0
        old = time.time() - 3600
        left = [path for path in Path(self._root).glob(f"*/.*{_ENDING}.*") if path.stat().st_mtime < old]
        for path in left:
            path.unlink(missing_ok=True)
        return len(left)

    def key_id_of(self, digest: str) -> str:
        """Return the id of the key an object was written with, reading no more than its beginning."""
        try:
            head = self._files.cat_file(self._path(digest), start=0, end=HEADER_BYTES)
        except FileNotFoundError:
            raise _missing(digest) from None
        except OSError as error:
            raise _unreadable(digest, error) from error
        if head[: len(MAGIC)] != MAGIC or len(head) < HEADER_BYTES:
            raise _altered(digest)
        return head[len(MAGIC) : len(MAGIC) + 8].hex()

    def get(self, digest: str) -> bytes:
        """Return the content whose sha256 is ``digest``; raise TthcError when it is missing or not intact."""
        return self.content(digest).read()

    def content(self, digest: str) -> Content:
        """Return the content whose sha256 is ``digest``, still compressed; raise TthcError when it is missing.

        What is not intact is told here, or at the end of its pieces.
        """
        held = rehearsal.present()
        return held.bodies[digest] if held and digest in held.bodies else self._opened(digest)[0]

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

    def _path(self, digest: str) -> str:
        return f"{self._root}/{digest[:2]}/{digest}{_ENDING}"

    def _replace(self, content: Content) -> int:
        path, sealed = self._path(content.sha256), self._sealed(content)
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
        return stored

    def _sealed(self, content: Content) -> bytes:
        nonce, key = secrets.token_bytes(NONCE_BYTES), key_ring.present().archive[-1]
        ciphertext = AESGCM(key.key).encrypt(nonce, content.packed(), bytes.fromhex(content.sha256))
        return b"".join((MAGIC, bytes.fromhex(key.id), nonce, ciphertext))

    def _size_if_whole(self, digest: str) -> int | None:
        try:
            content, written_with = self._opened(digest)
            for _ in content.pieces():
                pass
        except TthcError:
            return None
        return self._files.size(self._path(digest)) if written_with == keys.key_id("archive") else None

    def _opened(self, digest: str) -> tuple[Content, str]:
        """Return the content and the id of the key that it was written with."""
        try:
            sealed = self._files.cat_file(self._path(digest))
        except FileNotFoundError:
            raise _missing(digest) from None
        except OSError as error:
            raise _unreadable(digest, error) from error
        if sealed[: len(MAGIC)] != MAGIC or len(sealed) < HEADER_BYTES:
            raise _altered(digest)
        written_with = sealed[len(MAGIC) : len(MAGIC) + 8].hex()
        key = key_ring.present().find("archive", written_with)
        if key is None:
            raise TthcError(
                f"Đối tượng {digest} trong kho lưu được mã hóa bằng khóa {written_with}, "
                f"khóa đang dùng là {keys.key_id('archive')}: đặt lại TTHC_SECRET_KEY như lúc lưu."
            )
        try:
            nonce = sealed[HEADER_BYTES - NONCE_BYTES : HEADER_BYTES]
            packed = AESGCM(key).decrypt(nonce, memoryview(sealed)[HEADER_BYTES:], bytes.fromhex(digest))
        except InvalidTag:
            raise _altered(digest) from None
        return Packed(packed, digest, unpacked_size(packed), _altered), written_with

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


def _missing(digest: str) -> TthcError:
    return TthcError(
        f"Kho lưu thiếu đối tượng {digest}: kiểm tra TTHC_ARCHIVE có đúng kho cũ không, "
        "hoặc khôi phục từ bản sao lưu."
    )


def _unreadable(digest: str, error: OSError) -> TthcError:
    return TthcError(
        f"Không đọc được đối tượng {digest} trong kho lưu ({type(error).__name__}): "
        "kiểm tra TTHC_ARCHIVE và quyền đọc."
    )


def _altered(digest: str) -> TthcError:
    return TthcError(
        f"Đối tượng {digest} trong kho lưu không còn nguyên vẹn: "
        "khôi phục từ bản sao lưu, hoặc đọc lại từ nguồn."
    )
