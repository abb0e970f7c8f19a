"""The bytes of a file that people give: from a path or an fsspec URL, and only of a plain file."""

from __future__ import annotations

import errno
import os
import stat
from urllib.parse import unquote, urlsplit

import fsspec
from fsspec.implementations.local import LocalFileSystem

from tthc.errors import TthcError, UsageError

#: Larger files would not fit into the memory a step may take; a year of a commune has a twentieth of this.
LARGEST_FILE = 256 * 2**20


def read_bytes(path_or_url: str) -> bytes:
    """Return the content of a plain file; raise UsageError when it cannot be read or is no plain file.

    A link, a device or a pipe is refused without being followed or waited for. TthcError says that a file is
    empty or larger than 256 MB. No message holds its name: names hold people's names.
    """
    if path_or_url.startswith("file://"):
        # fsspec takes such a URL literally; whoever copied it from a browser has %20 in it.
        decoded = unquote(urlsplit(path_or_url).path)
        path_or_url = decoded if os.path.exists(decoded) else path_or_url
    try:
        filesystem, path = fsspec.url_to_fs(path_or_url)
        if isinstance(filesystem, LocalFileSystem):
            body = _read_local(path, LARGEST_FILE + 1)
        else:
            with filesystem.open(path, "rb") as file:
                body = file.read(LARGEST_FILE + 1)
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
    if len(body) > LARGEST_FILE:
        raise TthcError(f"Tệp lớn hơn {LARGEST_FILE // 2**20} MB: hãy chia thành nhiều tệp rồi nạp lại.")
    if not body:
        raise TthcError("Tệp rỗng, không có byte nào: hãy xuất lại tệp từ nguồn.")
    return body


def _read_local(path: str, most: int) -> bytes:
    try:
        # A pipe that nobody writes into must not be waited for, and a link not followed.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _not_plain() from None
        raise
    with open(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError
        if not stat.S_ISREG(mode):
            raise _not_plain()
        return file.read(most)


def _not_plain() -> UsageError:
    return UsageError(
        "Đường dẫn đã nêu là liên kết, thiết bị hoặc ống dẫn, không phải tệp: hãy nêu chính tệp gốc."
    )
