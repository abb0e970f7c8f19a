"""Looks into an ``.xls`` (BIFF in a compound file) before it is parsed: macros, passwords, links, hidden rows."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tthc.errors import UsageError

_END, _FREE = 0xFFFFFFFE, 0xFFFFFFFF
_NOT_A_WORKBOOK = "Tệp không phải bảng tính đọc được: hãy mở bằng Excel và lưu lại thành .xlsx."
_PASSWORD = "Tệp có mật khẩu: hãy bỏ mật khẩu trong Excel rồi nạp lại."
_MACRO = "Tệp có macro: hãy lưu lại thành .xlsx (không macro) rồi nạp lại."
_FILEPASS, _DATEMODE, _BOUNDSHEET, _OBPROJ, _SUPBOOK = 0x2F, 0x22, 0x85, 0xD3, 0x1AE
_BOF, _ROW, _HEADER, _FOOTER = 0x809, 0x208, 0x14, 0x15


@dataclass
class OldFacts:
    """What a workbook says besides its cells; rows numbered from 1, sheets in their order."""

    is_1904: bool = False
    hidden_rows: list[list[int]] = field(default_factory=list)
    #: Texts printed above and below the sheets.
    other_texts: list[str] = field(default_factory=list)


def inspect_ole(content: bytes) -> OldFacts:
    """Return what the workbook says; raise UsageError when it is no plain workbook."""
    try:
        entries = dict(_directory(content))
    except (struct.error, ValueError, IndexError):
        raise UsageError(_NOT_A_WORKBOOK) from None
    names = {name.casefold() for name in entries}
    if names & {"encryptedpackage", "encryptioninfo"}:
        raise UsageError(_PASSWORD)
    if names & {"_vba_project_cur", "vba", "_vba_project", "macros"}:
        raise UsageError(_MACRO)
    stream = next((entries[name] for name in entries if name.casefold() in ("workbook", "book")), None)
    if stream is None:
        raise UsageError(_NOT_A_WORKBOOK)
    try:
        return _facts(_stream(content, *stream))
    except (struct.error, ValueError, IndexError):
        raise UsageError(_NOT_A_WORKBOOK) from None


def _facts(stream: bytes) -> OldFacts:
    facts, depth = OldFacts(), 0
    for kind, body in _records(stream):
        if kind == _BOF:
            depth += 1
            if depth > 1:
                facts.hidden_rows.append([])
        elif kind == _FILEPASS:
            raise UsageError(_PASSWORD)
        elif kind == _OBPROJ or (kind == _BOUNDSHEET and body[5:6] in (b"\x01", b"\x06")):
            raise UsageError(_MACRO)
        elif kind == _SUPBOOK and body[2:4] not in (b"\x01\x04", b"\x01\x3a"):
            raise UsageError(
                "Tệp có liên kết tới tệp khác: trong Excel chọn Dữ liệu → Sửa liên kết → Ngắt liên kết, "
                "lưu lại rồi nạp."
            )
        elif kind in (_HEADER, _FOOTER) and len(body) > 3:
            text = body[3:].decode("utf-16-le" if body[2] & 1 else "latin-1", "replace")
            facts.other_texts.append(re.sub(r'&(?:"[^"]*"|\d+|[A-Z])', "\n", text))
        elif kind == _DATEMODE:
            facts.is_1904 = body[:1] == b"\x01"
        elif kind == _ROW and depth > 1 and len(body) >= 16 and body[12] & 0x20:
            facts.hidden_rows[-1].append(struct.unpack_from("<H", body)[0] + 1)
    return facts


def _records(stream: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, place)
        yield kind, stream[place + 4 : place + 4 + size]
        place += 4 + size


def _directory(content: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the name, first sector and size of every entry."""
    (first,) = struct.unpack_from("<I", content, 48)
    directory = _chain(content, first)
    for place in range(0, len(directory) - 127, 128):
        entry = directory[place : place + 128]
        (length,) = struct.unpack_from("<H", entry, 64)
        if 2 <= length <= 64 and entry[66]:
            start, size = struct.unpack_from("<II", entry, 116)
            yield entry[: length - 2].decode("utf-16-le", "replace"), (start, size)


def _stream(content: bytes, start: int, size: int) -> bytes:
    # Streams below this size lie in the small sectors of the root; no workbook with a cell is that small.
    (cutoff,) = struct.unpack_from("<I", content, 56)
    return b"" if size < cutoff else _chain(content, start)[:size]


def _chain(content: bytes, sector: int) -> bytes:
    (shift,) = struct.unpack_from("<H", content, 30)
    if shift not in (9, 12):
        raise ValueError("sector size")
    size = 1 << shift
    table = _table(content, size)
    most, found = len(content) // size + 1, []
    while sector not in (_END, _FREE):
        if len(found) > most:
            raise ValueError("loop of sectors")
        found.append(content[(sector + 1) * size : (sector + 2) * size])
        sector = table[sector]
    return b"".join(found)


def _table(content: bytes, size: int) -> tuple[int, ...]:
    """Return the allocation table, whose own sectors are listed in the header and its continuation."""
    sectors = [s for s in struct.unpack_from("<109I", content, 76) if s not in (_END, _FREE)]
    (more,) = struct.unpack_from("<I", content, 68)
    seen = 0
    while more not in (_END, _FREE) and seen <= len(content) // size:
        entries = struct.unpack_from(f"<{size // 4}I", content, (more + 1) * size)
        sectors += [s for s in entries[:-1] if s not in (_END, _FREE)]
        more, seen = entries[-1], seen + 1
    if len(sectors) > len(content) // size:
        raise ValueError("too many sectors")
    raw = b"".join(content[(s + 1) * size : (s + 2) * size] for s in sectors)
    return struct.unpack(f"<{len(raw) // 4}I", raw[: len(raw) // 4 * 4])
