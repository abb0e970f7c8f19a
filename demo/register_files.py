"""Registers that the offices of the commune keep by hand, as files."""

from .stream_file import StreamFile

REGISTERS: dict[str, StreamFile] = {}
