"""Headers that no declaration knows: what they may be, and the decision of a person about them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tthc.errors import UsageError
from tthc.landing import given_files
from tthc.sources import accepted_headers, spreadsheets, streams
from tthc.sources.accepted_headers import AcceptedHeader
from tthc.sources.spreadsheets import Choices
from tthc.vietnamese.instants import ZONE
from tthc.vietnamese.names import header_key
from tthc.vietnamese.old_alphabets import DECODERS


def propose(file: str, stream: str | None = None, encoding: str | None = None) -> dict:
    """Return what the headers of a file may be: stream, title, sheet, header_row, columns, missing.

    ``preview`` of a column is None when its values may concern people.
    """
    found = _proposal(file, stream, encoding)
    return {**msgspec.to_builtins(found), "title": streams.stream_named(found.stream).title}


def accept(
    file: str,
    stream: str | None,
    spellings: list[str],
    without: list[str],
    by: str,
    encoding: str | None = None,
) -> dict:
    """Write decisions about the headers of a file; return the number of lines and where they stand.

    A spelling is ``HEADER=column``. Raises UsageError when the file has no such header, the stream no such
    column, or nobody answers for it.
    """
    if not by.strip():
        raise UsageError("Cần tên người quyết định: thêm --by AI.")
    found = _proposal(file, stream, encoding)
    declared = streams.stream_named(found.stream)
    in_file = {header_key(column.header): column.header for column in found.columns}
    today = datetime.now(ZONE).date()
    lines = []
    for spelling in spellings:
        header, separator, column = spelling.rpartition("=")
        if not separator or not header.strip() or not column.strip():
            raise UsageError('Quyết định viết là TIÊU_ĐỀ=CỘT, ví dụ --accept "Ngày hẹn=due_at".')
        if header_key(header) not in in_file:
            raise UsageError(
                f"Tệp không có tiêu đề “{header.strip()[:60]}”. Xem các tiêu đề: tthc sources map TỆP."
            )
        lines.append(AcceptedHeader(column.strip(), by.strip(), today, header=in_file[header_key(header)]))
    lines += [AcceptedHeader(column.strip(), by.strip(), today, absent=True) for column in without]
    path = accepted_headers.accept(declared, lines)
    return {"stream": declared.stream, "lines": len(lines), "path": f"sources/headers/{path.name}"}


def _proposal(file: str, stream: str | None, encoding: str | None) -> spreadsheets.Proposal:
    if stream is not None and streams.stream_named(stream).kind != "file":
        raise UsageError(f"Luồng {stream} không đến bằng tệp.")
    if encoding is not None and encoding not in ("unicode", *DECODERS):
        raise UsageError(f"Không có bảng mã “{encoding}”: chọn unicode, {', '.join(DECODERS)}.")
    return spreadsheets.propose(
        given_files.read(file), streams.streams().values(), stream, Choices(alphabet=encoding)
    )
