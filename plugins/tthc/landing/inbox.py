"""The folder in which people leave files for us; nothing in it is moved or changed."""

from __future__ import annotations

import time
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

#: A file that changed so recently may still be being written.
SETTLED_AFTER_SECONDS = 2
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart", ".download", ".swp")
#: What a listing says about the last change of a file, by the names that remote systems give it.
_CHANGED = ("mtime", "LastModified", "last_modified", "updated", "modified", "ETag", "etag")


def files_waiting(inbox_url: str) -> list[str]:
    """Return the addresses of the finished files in the inbox, in the order of their names; make it when absent.

    A file still being written waits for the next look. On this machine the time of its last change tells; of
    another machine's clock we know nothing, so a file there must look the same twice, two seconds apart. What is
    no plain file (a link, a device) is returned: whoever opens it is told.
    """
    filesystem, path = fsspec.core.url_to_fs(inbox_url)
    filesystem.makedirs(path, exist_ok=True)
    found = _looks(filesystem, path)
    if isinstance(filesystem, LocalFileSystem):
        now = time.time()
        settled = {
            name
            for name, entry in found.items()
            if now - entry.get("mtime", 0) >= SETTLED_AFTER_SECONDS or entry["type"] != "file"
        }
    else:
        settled = set()
        if found:
            time.sleep(SETTLED_AFTER_SECONDS)
            again = _looks(filesystem, path)
            settled = {name for name, entry in found.items() if _same(entry, again.get(name))}
    return sorted(filesystem.unstrip_protocol(name) for name in settled)


def _looks(filesystem: fsspec.AbstractFileSystem, path: str) -> dict[str, dict[str, Any]]:
    filesystem.invalidate_cache()
    found = {}
    for entry in filesystem.ls(path, detail=True):
        name = entry["name"].rsplit("/", 1)[-1]
        if entry["type"] == "directory" or name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED):
            continue
        found[entry["name"]] = entry
    return found


def _same(entry: dict[str, Any], later: dict[str, Any] | None) -> bool:
    return later is not None and all(entry.get(key) == later.get(key) for key in ("size", *_CHANGED))
