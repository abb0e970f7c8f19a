"""Looks at the directory of an xlsx before anything of it is parsed, and refuses what is not a plain workbook."""

from __future__ import annotations

import html
import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
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
_TEXT = re.compile(rb">([^<>]{1,200})<")
_PARAGRAPH_ENDS = re.compile(rb"</(?:\w+:)?(?:p|div|text)>|<(?:\w+:)?br\b")
_LONGEST_PARAGRAPH = 400
#: &L, &C, &R place a text above or below a page; &"font,style", &12 and &K0070C0 dress it.
PRINTED_MARKS = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d+|[A-Z])')
_NUMBER_FORMAT = re.compile(rb'<(?:\w+:)?numFmt\b[^>]*\bnumFmtId="(\d+)"[^>]*\bformatCode="([^"]*)"')
_CELL_FORMATS = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
_CELL_FORMAT = re.compile(rb'<(?:\w+:)?xf\b[^>]*\bnumFmtId="(\d+)"')
#: The percentages that every program knows without being told.
PERCENT_FORMATS = frozenset({9, 10})
#: By row (from 1), the columns (from 0) of the cells that are shown as percentages.
PercentCells = dict[int, tuple[int, ...]]


@dataclass
class ZipFacts:
    """What the parts of a workbook say besides its cells."""

    is_1904: bool = False
    #: By name of the sheet, rows numbered from 1.
    hidden_rows: dict[str, list[int]] = field(default_factory=dict)
    percentages: dict[str, PercentCells] = field(default_factory=dict)
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
    percent = _percent_styles(archive.read("xl/styles.xml")) if "xl/styles.xml" in names else []
    for sheet, part in _parts_of_sheets(archive, tree, workbook).items():
        if part not in names:
            continue
        if hidden := _hidden_rows(archive, part):
            facts.hidden_rows[sheet] = hidden
        if percent:
            facts.percentages[sheet] = _percent_cells(archive, part, percent)
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


def is_percent_format(code: str) -> bool:
    """Say whether a number format shows percentages; a sign in quotes or behind a backslash only stands there.

    >>> [is_percent_format(code) for code in ("0.00%", '0"%"', r"0\\%", "General")]
    [True, False, False, False]
    """
    return "%" in re.sub(r'"[^"]*"|\\.', "", code)


def _percent_styles(styles: bytes) -> list[int]:
    """Return the numbers of the cell formats that show percentages."""
    own = {
        int(number)
        for number, code in _NUMBER_FORMAT.findall(styles)
        if is_percent_format(html.unescape(code.decode("utf-8", "replace")))
    }
    formats = _CELL_FORMATS.search(styles)
    found = _CELL_FORMAT.findall(formats[0]) if formats else []
    return [place for place, number in enumerate(found) if int(number) in own | PERCENT_FORMATS]


def _percent_cells(archive: zipfile.ZipFile, part: str, styles: list[int]) -> PercentCells:
    wanted = "|".join(map(str, styles)).encode()
    cell = re.compile(rb'<(?:\w+:)?c\b(?=[^>]*\bs="(?:' + wanted + rb')")[^>]*\br="([A-Z]{1,3})(\d{1,7})"')
    found: dict[int, list[int]] = {}
    for piece in _pieces(archive, part):
        for letters, number in cell.findall(piece):
            found.setdefault(int(number), []).append(column_index(letters.decode()))
    # Nearly every row has the same ones.
    same: dict[tuple[int, ...], tuple[int, ...]] = {}
    return {number: same.setdefault(tuple(at), tuple(at)) for number, at in found.items()}


def column_index(letters: str) -> int:
    """Return the place of a column from 0.

    >>> column_index("A"), column_index("AB")
    (0, 27)
    """
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _hidden_rows(archive: zipfile.ZipFile, part: str) -> list[int]:
    return [
        int(number)
        for piece in _pieces(archive, part)
        if b"hidden=" in piece
        for number in _HIDDEN_ROW.findall(piece)
    ]


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """Yield a part piece by piece, none of which ends inside a tag."""
    kept = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            kept += chunk
            cut = max(kept.rfind(b"<"), 0)
            yield kept[:cut]
            kept = kept[cut:]
    yield kept


def _header_footer(archive: zipfile.ZipFile, part: str) -> list[str]:
    """Return the texts printed above and below a sheet; they stand after its cells."""
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            tail = (tail + chunk)[-2 * 65_536 :]
    _, found, rest = tail.partition(b"<headerFooter")
    if not found:
        return []
    return [PRINTED_MARKS.sub("\n", text) for text in _texts(b">" + rest)]


def _texts(part: bytes) -> list[str]:
    """Return the texts of a part, and those of a paragraph together: one word may be dressed in several ways."""
    found: list[str] = []
    for paragraph in _PARAGRAPH_ENDS.split(part):
        texts = [html.unescape(text.decode("utf-8", "replace")) for text in _TEXT.findall(paragraph + b"<")]
        found += [text for text in texts if len(text) > 1]
        if len(texts) > 1 and sum(map(len, texts)) <= _LONGEST_PARAGRAPH:
            found.append("".join(texts))
    return found
