"""Every demo file that is given by hand or exported by a system, by its stream."""

from .catalogue_files import CATALOGUES
from .exports import EXPORTS
from .register_files import REGISTERS
from .stream_file import Context, Expected, StreamFile

__all__ = ["FILES", "Context", "Expected", "StreamFile"]

FILES: dict[str, StreamFile] = {**CATALOGUES, **EXPORTS, **REGISTERS}
