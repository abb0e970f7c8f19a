"""Every demo file that is given by hand or exported by a system, by its stream."""

import json
from pathlib import Path

from .catalogue_files import CATALOGUES
from .exports import EXPORTS
from .register_files import REGISTERS
from .stream_file import Context, Expected, StreamFile

__all__ = ["FILES", "Context", "Expected", "StreamFile", "write_all"]

FILES: dict[str, StreamFile] = {**CATALOGUES, **EXPORTS, **REGISTERS}


def write_all(folder: Path, context: Context, *, broken: bool = False) -> list[Path]:
    """Write every file into ``folder`` (made when absent) and return the paths.

    ``broken`` writes the same rows with planted errors between them, and ``loi.json``: the row and the rule of each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, bytes] = {}
    key = {}
    for file in FILES.values():
        if broken:
            found[file.file_name], planted = file.broken(context)
            key[file.file_name] = [mistake._asdict() for mistake in planted]
        else:
            found[file.file_name] = file.write(context)
        found |= file.more(context)
    if broken:
        found["loi.json"] = json.dumps(key, indent=1).encode()
    for name, body in found.items():
        (folder / name).write_bytes(body)
    return [folder / name for name in found]
