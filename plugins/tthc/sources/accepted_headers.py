"""Header spellings that a person accepted for a stream: ``sources/headers/<stream>.yaml``, a reviewed line each.

A line says which column, under what header, by whom and when; or that files may lack the column. The spellings of
``also`` in the stream's own declaration are what the project knows; these are what an installation has met.
"""

from __future__ import annotations

import datetime
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from tthc.errors import UsageError
from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.vietnamese.names import header_key


class AcceptedHeader(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One decision: ``header`` names ``column``, or (``absent``) a file may come without it."""

    column: str
    by: str
    on: datetime.date
    header: str | None = None
    absent: bool = False


def path_of(stream: str) -> Path:
    """Return the file of a stream's accepted headers; it need not exist."""
    return streams.folder() / "headers" / f"{stream}.yaml"


def accepted(stream: str) -> list[AcceptedHeader]:
    """Return the decisions about a stream, in their order; raise UsageError for a file that cannot be right."""
    path = path_of(stream)
    try:
        found = msgspec.yaml.decode(path.read_bytes(), type=list[AcceptedHeader] | None) or []
    except FileNotFoundError:
        return []
    except (msgspec.ValidationError, msgspec.DecodeError, OSError) as error:
        raise UsageError(f"Khai báo sai ở sources/headers/{path.name}: {error}.") from error
    for line in found:
        if (line.header is None) != line.absent:
            raise UsageError(
                f"Khai báo sai ở sources/headers/{path.name}: cột “{line.column}” cần đúng một trong hai mục "
                "header (tiêu đề được chấp nhận) và absent: true (tệp được phép thiếu)."
            )
    return found


def with_accepted(stream: Stream) -> tuple[Stream, list[str]]:
    """Return the stream with every accepted spelling, and the declared headers that files may lack."""
    lines = accepted(stream.stream)
    if not lines:
        return stream, []
    names = {column.name for column in stream.columns}
    for line in lines:
        if line.column not in names:
            raise UsageError(
                f"Khai báo sai ở sources/headers/{stream.stream}.yaml: luồng không có cột “{line.column}”."
            )
    headers = {column.name: column.header for column in stream.columns}
    also: dict[str, tuple[str, ...]] = {}
    for line in lines:
        if line.header:
            # Two columns may be read from one cell: a spelling holds for the header, whoever reads it.
            also[headers[line.column]] = (*also.get(headers[line.column], ()), line.header)
    columns = tuple(
        msgspec.structs.replace(column, also=(*column.also, *also.get(column.header, ())))
        for column in stream.columns
    )
    return msgspec.structs.replace(stream, columns=columns), [
        headers[line.column] for line in lines if line.absent
    ]


def is_named(stream: Stream, header: str) -> bool:
    """Say whether a header names a column of the stream, by its declaration or by an accepted line."""
    known, _ = with_accepted(stream)
    return header_key(header) in {header_key(name) for c in known.columns for name in (c.header, *c.also)}


def accept(stream: Stream, lines: list[AcceptedHeader]) -> Path:
    """Add decisions to the file of a stream, made when absent; return its path.

    Raises UsageError for an unknown column, a header that already names another column of the stream, and an
    empty author. A decision that is there already is not repeated.
    """
    known, _ = with_accepted(stream)
    taken = {
        header_key(name): column.header for column in known.columns for name in (column.header, *column.also)
    }
    headers = {column.name: column.header for column in stream.columns}
    new: list[AcceptedHeader] = []
    for line in lines:
        if line.column not in headers:
            raise UsageError(
                f"Luồng {stream.stream} không có cột “{line.column}”. Các cột: {', '.join(headers)}."
            )
        if not line.by.strip():
            raise UsageError("Cần tên người quyết định (--by).")
        if line.absent and any(c.required for c in stream.columns if c.header == headers[line.column]):
            raise UsageError(f"Cột “{line.column}” là cột bắt buộc của luồng: tệp không thể thiếu nó.")
        key = header_key(line.header)
        if line.header and key is None:
            raise UsageError("Tiêu đề được chấp nhận phải có chữ.")
        if key in taken and taken[key] != headers[line.column]:
            raise UsageError(f"Tiêu đề “{line.header}” đã là của cột “{taken[key]}”.")
        if key is None or key not in taken:
            new.append(line)
    path = path_of(stream.stream)
    if new:
        _append(path, stream, new)
    return path


def _append(path: Path, stream: Stream, lines: list[AcceptedHeader]) -> None:
    try:
        before = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        before = (
            f"# Tiêu đề cột đã được chấp nhận cho luồng {stream.stream} ({stream.title}).\n"
            "# Mỗi dòng là một quyết định: tiêu đề nào là cột nào, ai quyết định, ngày nào. "
            "Ghi bằng `tthc sources map`.\n"
        )
    text = before + "".join(f"- {_flow(msgspec.to_builtins(line))}\n" for line in lines)
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(text, encoding="utf-8")
        os.replace(unfinished, path)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise UsageError(
            f"Không ghi được sources/headers/{path.name} ({error.strerror}): kiểm tra quyền ghi."
        ) from None


def _flow(line: dict[str, Any]) -> str:
    import yaml

    # The date stays a date: it comes as its ISO text, which YAML reads back as one.
    return yaml.safe_dump(
        {**line, "on": datetime.date.fromisoformat(line["on"])},
        default_flow_style=True, allow_unicode=True, sort_keys=False, width=10_000,
    ).strip()  # fmt: skip
