"""The folder in which people leave files for us; nothing in it is moved or changed."""

import time

import fsspec

#: A file that changed so recently may still be being written.
SETTLED_AFTER_SECONDS = 2
_UNFINISHED = (".part", ".partial", ".tmp", ".crdownload", ".filepart")


def files_waiting(inbox_url: str) -> list[str]:
    """Return the addresses of the finished files in the inbox, in the order of their names; make it when absent."""
    filesystem, path = fsspec.core.url_to_fs(inbox_url)
    filesystem.makedirs(path, exist_ok=True)
    found = []
    for entry in filesystem.ls(path, detail=True):
        name = entry["name"].rsplit("/", 1)[-1]
        if entry["type"] != "file" or name.startswith((".", "~$")) or name.lower().endswith(_UNFINISHED):
            continue
        changed = entry.get("mtime")
        if isinstance(changed, float) and time.time() - changed < SETTLED_AFTER_SECONDS:
            continue
        found.append(filesystem.unstrip_protocol(entry["name"]))
    return sorted(found)
