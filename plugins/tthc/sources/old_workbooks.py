"""Looks into an ``.xls`` (BIFF in a compound file) before it is parsed: macros, passwords, links, hidden rows."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tthc.errors import UsageError
from tthc.sources.zip_check import PERCENT_FORMATS, PRINTED_MARKS, PercentCells, is_percent_format

_END, _FREE = 0xFFFFFFFE, 0xFFFFFFFF
_NOT_A_WORKBOOK = "Tệp không phải bảng tính đọc được: hãy mở bằng Excel và lưu lại thành .xlsx."
_PASSWORD = "Tệp có mật khẩu: hãy bỏ mật khẩu trong Excel rồi nạp lại."
_MACRO = "Tệp có macro: hãy lưu lại thành .xlsx (không macro) rồi nạp lại."
_FILEPASS, _DATEMODE, _BOUNDSHEET, _OBPROJ, _SUPBOOK = 0x2F, 0x22, 0x85, 0xD3, 0x1AE
_BOF, _EOF, _ROW, _HEADER, _FOOTER = 0x809, 0x0A, 0x208, 0x14, 0x15
_SHEET = b"\x10\x00"
_FORMAT, _XF, _TEXT_BOX, _CONTINUE = 0x41E, 0xE0, 0x1B6, 0x3C
_NUMBERS, _MANY_NUMBERS = frozenset({0x203, 0x27E, 0x06}), 0xBD


@dataclass
class OldFacts:
    """What a workbook says besides its cells; rows numbered from 1, sheets in their order."""

    is_1904: bool = False
    hidden_rows: list[list[int]] = field(default_factory=list)
    percentages: list[PercentCells] = field(default_factory=list)
    #: Texts printed above and below the sheets, and those of text boxes and comments.
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
    facts, level, formats, box = OldFacts(), 0, _Formats(), _TextBox()
    is_first = True
    for kind, body in _records(stream):
        if kind == _BOF:
            level += 1
            # What begins inside a sheet is a chart in it, unless the end of the sheet is lost.
            if not is_first and (level == 1 or body[2:4] == _SHEET):
                facts.hidden_rows.append([])
                facts.percentages.append({})
            is_first = False
        elif kind == _EOF:
            level = max(level - 1, 0)
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
            facts.other_texts.append(PRINTED_MARKS.sub("\n", _characters(body[3:], body[2])))
        elif kind == _DATEMODE:
            facts.is_1904 = body[:1] == b"\x01"
        elif kind in (_FORMAT, _XF):
            formats.hear(kind, body)
        elif kind == _TEXT_BOX and len(body) >= 12:
            (box.missing,) = struct.unpack_from("<H", body, 10)
        elif kind == _CONTINUE and box.missing and body:
            if text := box.hear(body):
                facts.other_texts.append(text)
        elif facts.hidden_rows and kind == _ROW and len(body) >= 16 and body[12] & 0x20:
            facts.hidden_rows[-1].append(struct.unpack_from("<H", body)[0] + 1)
        elif facts.percentages and (kind in _NUMBERS or kind == _MANY_NUMBERS):
            for row, column in formats.percentages(kind, body):
                cells = facts.percentages[-1]
                cells[row] = (*cells.get(row, ()), column)
    return facts


class _Formats:
    """The formats of a workbook, in their order: which of them show percentages."""

    def __init__(self) -> None:
        self._codes = set(PERCENT_FORMATS)
        self._styles: list[bool] = []

    def hear(self, kind: int, body: bytes) -> None:
        if kind == _XF:
            self._styles.append(struct.unpack_from("<H", body, 2)[0] in self._codes)
        elif len(body) > 5 and is_percent_format(_characters(body[5:], body[4])):
            self._codes.add(struct.unpack_from("<H", body)[0])

    def percentages(self, kind: int, body: bytes) -> Iterator[tuple[int, int]]:
        """Yield row (from 1) and column (from 0) of the cells of a record that are shown as percentages."""
        if len(body) < 6 or not any(self._styles):
            return
        row, first, style = struct.unpack_from("<HHH", body)
        styles = [style]
        if kind == _MANY_NUMBERS:
            styles = [struct.unpack_from("<H", body, at)[0] for at in range(4, len(body) - 7, 6)]
        for column, number in enumerate(styles, start=first):
            if number < len(self._styles) and self._styles[number]:
                yield row + 1, column


class _TextBox:
    """The text of a box or a comment, which follows its record in pieces."""

    def __init__(self) -> None:
        self.missing = 0
        self._text = ""

    def hear(self, body: bytes) -> str | None:
        """Take a piece; return the text when it is whole."""
        piece = _characters(body[1:], body[0])[: self.missing]
        self.missing -= len(piece)
        self._text += piece
        if self.missing and piece:
            return None
        whole, self._text, self.missing = self._text, "", 0
        return whole


def _characters(raw: bytes, flags: int) -> str:
    return raw.decode("utf-16-le" if flags & 1 else "latin-1", "replace")


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
