"""Looks at the directory of an xlsx before anything of it is parsed, and refuses what is not a plain workbook."""

from __future__ import annotations

import io
import re
import stat
import zipfile
import zlib
from dataclasses import dataclass, field
from xml.etree import ElementTree

from tthc.errors import UsageError

MOST_ENTRIES = 2_000
MOST_BYTES_UNPACKED = 300 * 2**20
ALWAYS_BYTES_UNPACKED = 20 * 2**20
MOST_TIMES_LARGER = 200
_CHUNK = 2**20

DAMAGED = "Tệp .xlsx bị hỏng hoặc tải về chưa đủ: hãy lấy lại tệp gốc."
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*\br="(\d+)"[^>]*>')
_MACROS = re.compile(r"(?i)vbaproject|(^|/)macrosheets/|(^|/)dialogsheets/")
_LINKS = re.compile(r"(?i)(^|/)externallinks?/|(^|/)connections\.xml$|(^|/)querytables?/")
_TEXT = re.compile(rb">([^<>]{2,200})<")


@dataclass
class ZipFacts:
    """What the parts of a workbook say besides its cells."""

    is_1904: bool = False
    #: By name of the sheet, rows numbered from 1.
    hidden_rows: dict[str, list[int]] = field(default_factory=dict)
    #: Texts of headers, footers, comments, drawings and properties.
    other_texts: list[str] = field(default_factory=list)


def inspect_zip(content: bytes) -> ZipFacts:
    """Return what the parts say; raise UsageError when the file is dangerous, damaged or no workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_directory(archive.infolist(), len(content))
            # The directory may lie about sizes; reading each part finds out within the size it announced.
            if archive.testzip():
                raise UsageError(DAMAGED)
            return _facts(archive)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ElementTree.ParseError,
        KeyError,
        ValueError,
        OSError,
    ):
        raise UsageError(DAMAGED) from None


def _refuse_directory(entries: list[zipfile.ZipInfo], size: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if (
        len(entries) > MOST_ENTRIES
        or unpacked > MOST_BYTES_UNPACKED
        or unpacked > max(ALWAYS_BYTES_UNPACKED, MOST_TIMES_LARGER * size)
    ):
        raise UsageError(
            f"Tệp nén {size:,} byte mở ra {unpacked:,} byte, {len(entries):,} phần: "
            "quá lớn để đọc an toàn. Hãy lưu lại chỉ với trang tính cần nạp."
        )
    names = [entry.filename for entry in entries]
    if any(entry.flag_bits & 1 for entry in entries):
        raise UsageError("Tệp có mật khẩu: hãy bỏ mật khẩu trong Excel rồi nạp lại.")
    if any(
        name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name) or ":" in name for name in names
    ) or any(
        stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR) for entry in entries
    ):
        raise UsageError("Tệp nén chứa đường dẫn, liên kết hoặc thiết bị lạ: hãy lấy lại tệp gốc từ Excel.")
    if len({name.casefold() for name in names}) < len(names):
        raise UsageError("Tệp nén có hai phần cùng tên: hãy mở bằng Excel và lưu lại thành .xlsx.")
    if any(_MACROS.search(name) for name in names):
        raise UsageError("Tệp có macro: hãy lưu lại thành .xlsx (không macro) rồi nạp lại.")
    if any(_LINKS.search(name) for name in names):
        raise UsageError(
            "Tệp có liên kết tới tệp khác hoặc nguồn dữ liệu ngoài: trong Excel chọn Dữ liệu → Sửa liên kết → "
            "Ngắt liên kết, lưu lại rồi nạp."
        )
    if "[Content_Types].xml" not in names or not any(
        re.fullmatch(r"xl/workbook\d*\.xml", name) for name in names
    ):
        raise UsageError("Tệp không phải bảng tính đọc được: hãy mở bằng Excel và lưu lại thành .xlsx.")


def _facts(archive: zipfile.ZipFile) -> ZipFacts:
    facts, names = ZipFacts(), archive.namelist()
    if b"macroEnabled" in archive.read("[Content_Types].xml"):
        raise UsageError("Tệp có macro: hãy lưu lại thành .xlsx (không macro) rồi nạp lại.")
    (workbook, *_) = [name for name in names if re.fullmatch(r"xl/workbook\d*\.xml", name)]
    tree = ElementTree.fromstring(archive.read(workbook))
    for element in tree.iter():
        if element.tag.endswith("}workbookPr"):
            facts.is_1904 = element.get("date1904") in ("1", "true")
    for sheet, part in _parts_of_sheets(archive, tree, workbook).items():
        if part in names and (hidden := _hidden_rows(archive, part)):
            facts.hidden_rows[sheet] = hidden
    for name in names:
        # Comments, drawings, charts and properties are small; cells and their shared texts are read elsewhere.
        if name.endswith((".xml", ".vml")) and "/worksheets/" not in name and "sharedStrings" not in name:
            facts.other_texts += _texts(archive.read(name))
        elif "/worksheets/" in name and name.endswith(".xml"):
            facts.other_texts += _header_footer(archive, name)
    return facts


def _parts_of_sheets(archive: zipfile.ZipFile, workbook: ElementTree.Element, path: str) -> dict[str, str]:
    rels = f"xl/_rels/{path.rpartition('/')[2]}.rels"
    if rels not in archive.namelist():
        return {}
    targets = {
        relation.get("Id"): relation.get("Target") or ""
        for relation in ElementTree.fromstring(archive.read(rels))
    }
    found = {}
    for element in workbook.iter():
        if element.tag.endswith("}sheet"):
            ids = [value for name, value in element.items() if name.endswith("}id")]
            target = targets.get(ids[0], "") if ids else ""
            found[element.get("name") or ""] = target[1:] if target.startswith("/") else f"xl/{target}"
    return found


def _hidden_rows(archive: zipfile.ZipFile, part: str) -> list[int]:
    found, kept = [], b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            kept += chunk
            # A tag may lie over the edge of two pieces.
            cut = max(kept.rfind(b"<"), 0)
            if b"hidden=" in kept:
                found += [int(number) for number in _HIDDEN_ROW.findall(kept[:cut])]
            kept = kept[cut:]
    return found + [int(number) for number in _HIDDEN_ROW.findall(kept)]


def _header_footer(archive: zipfile.ZipFile, part: str) -> list[str]:
    """Return the texts printed above and below a sheet; they stand after its cells."""
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            tail = (tail + chunk)[-2 * 65_536 :]
    _, found, rest = tail.partition(b"<headerFooter")
    if not found:
        return []
    # &L, &C, &R place a text, &"font,style" and &12 dress it.
    return [re.sub(r'&(?:amp;)?(?:"[^"]*"|quot;|\d+|[A-Z])', "\n", text) for text in _texts(b">" + rest)]


def _texts(part: bytes) -> list[str]:
    return [text.decode("utf-8", "replace") for text in _TEXT.findall(part)]
