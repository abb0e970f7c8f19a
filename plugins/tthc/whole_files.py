"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tthc.errors import UsageError


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a path to write to; what was written takes the place of ``path`` only when all of it is there.

    Raises UsageError when the place cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    except OSError as error:
        raise UsageError(
            f"Không ghi được {path} ({error.strerror}): kiểm tra thư mục và quyền ghi."
        ) from None
    finally:
        with suppress(OSError):
            unfinished.unlink()
