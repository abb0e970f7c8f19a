"""Registers that the offices of the commune keep by hand, as files."""

from .kept import apologies, conduct, inspections, publicity, results, reviews, staff, tasks
from .stream_file import StreamFile

REGISTERS: dict[str, StreamFile] = {
    module.REGISTER.stream: module.REGISTER.file()
    for module in (tasks, reviews, publicity, inspections, conduct, staff, apologies, results)
}
