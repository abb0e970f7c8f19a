"""Files that only who wrote them may read: papers and packs with what is said of persons."""

from __future__ import annotations

import os
from pathlib import Path

from tthc import settings
from tthc.errors import UsageError
from tthc.whole_files import whole


def folder(out: Path) -> Path:
    """Return a folder for personal papers, made when absent; raise UsageError for one that others read."""
    found = out.expanduser().resolve()
    refuse_ours(found)
    try:
        found.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(f"Không tạo được thư mục {out} ({error.strerror}): nêu nơi khác ở --out.") from None
    return found


def refuse_ours(place: Path) -> None:
    """Raise UsageError for a place inside the repository or the state of the warehouse."""
    for ours, name in ((settings.root(), "kho mã nguồn"), (settings.state(), "thư mục trạng thái của kho")):
        if place.resolve().is_relative_to(ours):
            raise UsageError(f"Giấy tờ đánh giá không được nằm trong {name}: nêu nơi khác ở --out.")


def write(path: Path, body: bytes) -> None:
    """Write a file whole or not at all, readable by its owner only; one of the same name is replaced."""
    with whole(path) as unfinished:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(body)
