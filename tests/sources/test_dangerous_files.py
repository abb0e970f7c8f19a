"""Files that must not be opened, and files that are too much for whoever opens them."""

import io
import os
import struct
import time
import zipfile

import openpyxl
import pytest

from tests.sources.old_excel import xls
from tests.sources.sheets import HEADERS, LEDGER, csv, html, html_rows, repacked, row, xlsx
from tthc.errors import TthcError, UsageError
from tthc.sources import reader_process
from tthc.sources.contents import Packed, packed
from tthc.sources.spreadsheets import examine, recognise, rows
from tthc.sources.streams import streams

KNOWN = [LEDGER, *streams().values()]
TABLE = [HEADERS, row("V-1")]
GOOD = xlsx(TABLE)
OLD = xls(TABLE)


def zip_with(entry: zipfile.ZipInfo | str, body: bytes = b"") -> bytes:
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(entry, body)
    return buffer.getvalue()


def linked() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("xl/media/passwd")
    entry.external_attr = 0o120777 << 16
    return entry


def encrypted() -> bytes:
    """Return the workbook with the flag of encryption on its first part."""
    content = bytearray(GOOD)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.index(signature) + offset
        content[place] |= 1
    return bytes(content)


def doubled() -> bytes:
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("xl/workbook.xml", b"<workbook/>")
    return buffer.getvalue()


def renamed_stream(name: str) -> bytes:
    """Return the old workbook whose only stream has another name."""
    before = "Workbook".encode("utf-16-le")
    after = name.encode("utf-16-le")
    content = OLD.replace(before.ljust(64, b"\0"), after.ljust(64, b"\0"))
    place = content.index(after) + 64
    return content[:place] + struct.pack("<H", len(after) + 2) + content[place + 2 :]


def with_record(kind: int, body: bytes) -> bytes:
    """Return the old workbook with one more record at its beginning, in place of room at its end."""
    start = 3 * 512
    length = struct.unpack_from("<H", OLD, start + 2)[0] + 4
    added = struct.pack("<HH", kind, len(body)) + body
    content = bytearray(OLD[: start + length] + added + OLD[start + length :])
    # The record of a sheet says where its cells begin.
    place = start + length + len(added)
    assert struct.unpack_from("<H", content, place) == (0x85,)
    (begins,) = struct.unpack_from("<I", content, place + 4)
    struct.pack_into("<I", content, place + 4, begins + len(added))
    return bytes(content[: len(OLD)])


MACRO_TYPE = (
    b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
    b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
)
REFUSED = {
    "macros": (repacked(GOOD, add={"xl/vbaProject.bin": b"\0"}), "macro"),
    "macros by type": (repacked(GOOD, change={"[Content_Types].xml": MACRO_TYPE}), "macro"),
    "macro sheets": (repacked(GOOD, add={"xl/macrosheets/sheet1.xml": b"<x/>"}), "macro"),
    "links to other files": (repacked(GOOD, add={"xl/externalLinks/externalLink1.xml": b"<x/>"}), "liên kết"),
    "data from elsewhere": (repacked(GOOD, add={"xl/connections.xml": b"<x/>"}), "liên kết"),
    "a way out of the zip": (zip_with("../../etc/passwd"), "đường dẫn"),
    "a link in the zip": (zip_with(linked(), b"/etc/passwd"), "liên kết"),
    "one part twice": (doubled(), "hai phần cùng tên"),
    "an encrypted part": (encrypted(), "mật khẩu"),
    "an encrypted workbook": (renamed_stream("EncryptedPackage"), "mật khẩu"),
    "old macros": (renamed_stream("_VBA_PROJECT_CUR"), "macro"),
    "an old document": (renamed_stream("WordDocument"), "không phải bảng tính"),
    "an old password": (with_record(0x2F, bytes(6)), "mật khẩu"),
    "an old project": (with_record(0xD3, b""), "macro"),
    "an old link": (with_record(0x1AE, struct.pack("<HH", 1, 8) + b"\0tep.xls"), "liên kết"),
    "another kind of zip": (
        zip_with("mimetype", b"x").replace(b"xl/workbook.xml", b"xl/werkbook.xml"),
        "bảng tính",
    ),
    "XML of 2003": (
        b'<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>',
        "2003",
    ),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9, "UTF-8"),
    "a document": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(range(256)) * 9, "UTF-8"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_it_is_refused_before_anything_of_it_is_read(kind):
    body, said = REFUSED[kind]
    with pytest.raises(UsageError, match=said):
        examine(body, KNOWN)
    with pytest.raises(UsageError, match=said):
        list(rows(body, LEDGER))


def test_what_was_changed_for_these_tests_is_read_when_it_is_not_changed():
    for body in (
        GOOD,
        OLD,
        repacked(GOOD, add={"xl/media/image1.png": b"\x89PNG"}),
        with_record(0x22, b"\0\0"),
    ):
        assert recognise(body, KNOWN) is LEDGER


def far_cell(address: str) -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"], book.active[address] = "a", 1
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def echoing() -> bytes:
    """Return a small workbook in which a hundred thousand cells repeat one long text."""
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 100_001))
    long = b"<t>" + b"x" * 30_000 + b"</t>"
    body = repacked(xlsx([["a"]]), change={"xl/sharedStrings.xml": (b"<t>a</t>", long)})
    old = b'<row r="1" spans="1:1"><c r="A1" t="s"><v>0</v></c></row>'
    return repacked(body, change={"xl/worksheets/sheet1.xml": (old, cells.encode())})


def laughing() -> bytes:
    entities = "".join(f'<!ENTITY b{n} "{(f"&b{n - 1};" if n else "&#97;") * 10}">' for n in range(9))
    body = f"<!DOCTYPE w [{entities}]><workbook><x>&b8;</x></workbook>".encode()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        whole = archive.read("xl/workbook.xml")
    return repacked(GOOD, change={"xl/workbook.xml": (whole, body)})


TOO_MUCH = {
    "a cell in the last corner": far_cell("XFD1048576"),
    "a tall and broad sheet": far_cell("IV1048576"),
    "a broad sheet": far_cell("XFD1"),
    "one text a hundred thousand times": echoing(),
    "entities in entities": laughing(),
    "a spanning cell": html("<table>" + "<tr><td rowspan=60000 colspan=1000>a</td></tr>" * 50 + "</table>"),
    "a quote that never ends": b'"' + b"a," * 1_000_000,
    "an endless cell": b"a" * 5_000_000 + b"\n1,2",
}


@pytest.mark.parametrize("kind", TOO_MUCH)
def test_what_is_too_much_is_refused_in_seconds(kind):
    began = time.monotonic()
    with pytest.raises(UsageError):
        examine(TOO_MUCH[kind], KNOWN)
    assert time.monotonic() - began < 30
    # Whoever asked goes on, with the next file.
    assert recognise(GOOD, KNOWN) is LEDGER


def test_deep_tables_and_broad_rows_are_only_like_nothing():
    deep = b"<table><tr><td>" * 5_000 + b"a" + b"</td></tr></table>" * 5_000
    for body in (deep, b"a," * 1_000_000, html(html_rows([["a"]]))):
        assert recognise(body, KNOWN) is None


def test_a_reader_that_is_killed_in_the_middle_refuses_the_file():
    body = csv([HEADERS, *(row(f"V-{number}") for number in range(60_000))])
    assert examine(body, KNOWN).row_count == 60_000
    (child,) = [child for child in reader_process._idle._children if child.holds is not None][-1:]
    found = rows(body, LEDGER)
    next(found)
    os.kill(child.pid, 9)
    with pytest.raises(UsageError, match="trình đọc đã phải dừng"):
        list(found)
    assert len(list(rows(body, LEDGER))) == 60_000


def test_a_reader_that_ended_while_it_waited_is_replaced():
    assert recognise(GOOD, KNOWN) is LEDGER
    for child in reader_process._idle._children:
        os.kill(child.pid, 9)
    assert recognise(GOOD, KNOWN) is LEDGER


def test_the_reader_knows_no_secret_and_has_little_memory(monkeypatch):
    monkeypatch.setenv("TTHC_SECRET_KEY", "khoa-khong-duoc-lo-0123456789abcdef")
    reader_process._idle.end()
    assert recognise(GOOD, KNOWN) is LEDGER
    (child,) = reader_process._idle._children
    with open(f"/proc/{child.pid}/environ", "rb") as file:
        assert b"khoa-khong" not in file.read()
    with open(f"/proc/{child.pid}/limits") as file:
        limits = {line[:26].strip(): line[26:].split()[0] for line in file}
    assert limits["Max address space"] == str(512 * 2**20)
    assert limits["Max file size"] == "0" and int(limits["Max cpu time"]) < 200


def test_two_files_are_read_at_once_and_one_left_half_read():
    first = rows(csv([HEADERS, *(row(f"A-{number}") for number in range(2_000))]), LEDGER)
    second = rows(csv([HEADERS, *(row(f"B-{number}") for number in range(2_000))]), LEDGER)
    pairs = [(next(first).values["Mã việc"], next(second).values["Mã việc"]) for _ in range(1_500)]
    assert pairs == [(f"A-{number}", f"B-{number}") for number in range(1_500)]
    first.close()
    assert [each.values["Mã việc"] for each in second] == [f"B-{number}" for number in range(1_500, 2_000)]
    assert recognise(GOOD, KNOWN) is LEDGER


def test_a_content_that_is_not_intact_spoils_no_other_file():
    body = csv([HEADERS, *(row(f"V-{number}") for number in range(2_000))])
    whole = packed([body], len(body))
    spoilt = Packed(whole.packed(), "0" * 64, len(body), lambda _: TthcError("bị sửa trong kho"))
    assert recognise(GOOD, KNOWN) is LEDGER
    with pytest.raises(TthcError, match="bị sửa trong kho"):
        list(rows(spoilt, LEDGER))
    assert len(list(rows(whole, LEDGER))) == 2_000 and recognise(GOOD, KNOWN) is LEDGER
