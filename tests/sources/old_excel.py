"""Writes the smallest true ``.xls`` (BIFF8 in a compound file), because no maintained library still does."""

import struct

_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def xls(
    rows: list[list[str | float | None]], sheet: str = "Sheet1", *, percent: str = "", box: str = ""
) -> bytes:
    """Return an xls of one sheet; numbers are stored as numbers, None leaves the cell out.

    ``percent`` is a number format for all numbers, ``box`` the text of a text box.
    """
    name = struct.pack("<BB", len(sheet), 1) + sheet.encode("utf-16-le")
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    formats = b""
    if percent:
        code = struct.pack("<HHB", 164, len(percent), 1) + percent.encode("utf-16-le")
        formats = _record(0x041E, code) + _record(0x00E0, bytes(20))
        formats += _record(0x00E0, struct.pack("<HH", 0, 164) + bytes(16))
    length = len(start) + len(formats) + 4 + 6 + len(name) + 4
    globals_ = start + formats + _record(0x0085, struct.pack("<IH", length, 0) + name) + _record(0x000A, b"")
    cells = b"".join(
        _cell(row, column, value, 1 if percent else 0)
        for row, values in enumerate(rows)
        for column, value in enumerate(values)
        if value is not None
    )
    body = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6)) + cells
    if box:
        body += _record(0x01B6, struct.pack("<HHHHHHHI", 0, 0, 0, 0, 0, len(box), 16, 0))
        # A long text comes in several pieces, each with its own width of letters.
        body += _record(0x003C, b"\1" + box[:3].encode("utf-16-le"))
        body += _record(0x003C, b"\1" + box[3:].encode("utf-16-le")) + _record(0x003C, bytes(16))
    return _compound(globals_ + body + _record(0x000A, b""))


def _record(kind: int, body: bytes) -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _cell(row: int, column: int, value: str | float, style: int) -> bytes:
    if isinstance(value, str):
        text = value.encode("utf-16-le")
        return _record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text) // 2, 1) + text)
    return _record(0x0203, struct.pack("<HHHd", row, column, style, value))


def _compound(stream: bytes) -> bytes:
    """Wrap the workbook: sector 0 is the allocation table, sector 1 the directory, the stream follows."""
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(stream) // _SECTOR
    assert sectors <= 126
    chain = [*range(3, sectors + 2), _END]
    table = [_FAT, _END, *chain]
    table += [_FREE] * (128 - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    entries = _entry("Root Entry", 5, _END, 0, child=1) + _entry("Workbook", 2, 2, len(stream))
    directory = entries.ljust(_SECTOR, b"\0")
    return header + struct.pack("<128I", *table) + directory + stream


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0"
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(text), kind, 1, _FREE, _FREE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
