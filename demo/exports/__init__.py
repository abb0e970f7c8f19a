"""Files that the systems around the city export: the national portal, petitions, payment, ratings, documents."""

import json
from pathlib import Path

from ..stream_file import Context, StreamFile
from . import documents, index_766, payments, petitions, portal_dossiers, portal_procedures, ratings

EXPORTS: dict[str, StreamFile] = {
    module.STREAM: module.FILE
    for module in (portal_dossiers, portal_procedures, index_766, petitions, payments, ratings, documents)
}


def write_all(folder: Path, context: Context, *, broken: bool = False) -> list[Path]:
    """Write every export into ``folder`` (made when absent) and return the paths.

    ``broken`` writes the variants with planted errors instead, and ``loi.json``: the row and the rule of each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, bytes] = {}
    key = {}
    for file in EXPORTS.values():
        if broken:
            found[file.file_name], planted = file.broken(context)
            key[file.file_name] = [mistake._asdict() for mistake in planted]
        else:
            found |= {file.file_name: file.write(context), **file.more(context)}
    if broken:
        found["loi.json"] = json.dumps(key, indent=1).encode()
    for name, body in found.items():
        (folder / name).write_bytes(body)
    return [folder / name for name in found]
