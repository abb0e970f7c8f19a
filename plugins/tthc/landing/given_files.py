"""The bytes of a file that people give: from a path or an fsspec URL, and only of a plain file."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import fsspec
from fsspec.implementations.local import LocalFileSystem

from tthc.errors import TthcError, UsageError
from tthc.sources.contents import PIECE, Content, packed

#: Larger files would not fit into the memory of the process that opens them; a commune's year is a twentieth of it.
LARGEST_FILE = 256 * 2**20


def read_bytes(path_or_url: str) -> bytes:
    """Return the bytes of a plain file; raises as :func:`read` does."""
    return read(path_or_url).read()


def read(path_or_url: str) -> Content:
    """Return the content of a plain file; raise UsageError when it cannot be read or is no plain file.

    It is read once, in pieces, and held compressed. A link, a device or a pipe is refused without being followed or
    waited for. TthcError says that a file is empty or larger than 256 MB. No message holds its name: names hold
    people's names.
    """
    if path_or_url.startswith("file://"):
        # fsspec takes such a URL literally; whoever copied it from a browser has %20 in it.
        decoded = unquote(urlsplit(path_or_url).path)
        path_or_url = decoded if os.path.exists(decoded) else path_or_url
    try:
        filesystem, path = fsspec.url_to_fs(path_or_url)
        if isinstance(filesystem, LocalFileSystem):
            with _opened(path) as file:
                content = packed(_pieces(file), os.fstat(file.fileno()).st_size or None)
        else:
            with filesystem.open(path, "rb") as file:
                content = packed(_pieces(file))
    except FileNotFoundError:
        raise UsageError("Không có tệp ở đường dẫn đã nêu: kiểm tra lại tên và thư mục.") from None
    except IsADirectoryError:
        raise UsageError("Đường dẫn đã nêu là một thư mục: hãy nêu từng tệp.") from None
    except PermissionError:
        raise UsageError("Không được phép đọc tệp đã nêu: kiểm tra quyền của tệp.") from None
    except (OSError, ValueError, ImportError) as error:
        # Its own message would repeat the name.
        kind = type(error).__name__
        raise UsageError(f"Không đọc được tệp đã nêu ({kind}): kiểm tra đường dẫn hoặc URL.") from None
    if not content.byte_count:
        raise TthcError("Tệp rỗng, không có byte nào: hãy xuất lại tệp từ nguồn.")
    return content


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    left = LARGEST_FILE
    while piece := file.read(PIECE):
        left -= len(piece)
        if left < 0:
            raise TthcError(f"Tệp lớn hơn {LARGEST_FILE // 2**20} MB: hãy chia thành nhiều tệp rồi nạp lại.")
        yield piece


def _opened(path: str) -> BinaryIO:
    try:
        # A pipe that nobody writes into must not be waited for, and a link not followed.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _not_plain() from None
        raise
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        raise IsADirectoryError if stat.S_ISDIR(mode) else _not_plain()
    return open(descriptor, "rb")


def _not_plain() -> UsageError:
    return UsageError(
        "Đường dẫn đã nêu là liên kết, thiết bị hoặc ống dẫn, không phải tệp: hãy nêu chính tệp gốc."
    )
