"""Registers that the offices of the commune keep by hand, as files."""

from .kept import (
    apologies,
    assessments,
    conduct,
    exemptions,
    inspections,
    objections,
    publicity,
    results,
    reviews,
    staff,
    tasks,
)
from .stream_file import StreamFile

REGISTERS: dict[str, StreamFile] = {
    module.REGISTER.stream: module.REGISTER.file()
    for module in (
        *(tasks, reviews, publicity, inspections, conduct, staff, apologies, results),
        *(assessments, objections, exemptions),
    )
}
