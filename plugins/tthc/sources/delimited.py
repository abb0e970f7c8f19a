"""Text files of rows: which bytes they are written in, which sign cuts the cells, and their rows as a stream."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from statistics import median

from tthc.errors import UsageError

_BOM_8, _BOM_LE, _BOM_BE = b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"
_DELIMITERS = ",;\t"
_SAMPLE_ROWS, _SAMPLE_BYTES = 50, 2**18
_DIRECTIVE = re.compile(r"sep=([,;\t|])\r?\n")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")
#: One byte, one sign: for files in an alphabet from before Unicode. Bytes that Windows-1252 lacks stay as they are.
ONE_BYTE = "cp1252"
codecs.register_error(
    "tthc-latin", lambda error: (error.object[error.start : error.end].decode("latin-1"), error.end)
)

NOT_UNICODE = (
    "Tệp không phải bảng tính, cũng không phải văn bản UTF-8 hay UTF-16: "
    "hãy lưu lại thành .xlsx hoặc “CSV UTF-8”."
)


def encoding_of(content: bytes) -> str:
    """Return the encoding its first bytes speak for; UTF-8 when they say nothing."""
    if content.startswith((_BOM_LE, _BOM_BE)):
        return "utf-16"
    if content.startswith(_BOM_8):
        return "utf-8-sig"
    if b"\0" in content[:200]:
        # Latin letters have their zero bytes in the upper halves: second place when low bytes come first.
        little = content[1:200:2].count(0) >= content[0:200:2].count(0)
        return "utf-16-le" if little else "utf-16-be"
    return "utf-8"


def is_readable(content: bytes, encoding: str) -> bool:
    """Say whether every byte of the content is of this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)()
    view = memoryview(content)
    try:
        for start in range(0, len(view), 2**20):
            decoder.decode(view[start : start + 2**20])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def beginning(content: bytes, encoding: str) -> str:
    """Return the first quarter of a megabyte as text; a sign that is cut at its end is left out."""
    decoder = codecs.getincrementaldecoder(encoding)("tthc-latin" if encoding == ONE_BYTE else "replace")
    return decoder.decode(content[:_SAMPLE_BYTES])


class DelimitedText:
    """The rows of a text file; every call of :meth:`rows` reads them anew, a row at a time."""

    def __init__(self, content: bytes, encoding: str) -> None:
        self._content, self._encoding = content, encoding
        sample = beginning(content, encoding)
        if len(_CONTROLS.findall(sample[:4096])) > 4:
            raise UsageError(NOT_UNICODE)
        self.delimiter = _delimiter(sample)

    def rows(self) -> Iterator[list[str | None]]:
        """Yield the cells of each record; raise UsageError where the quotes do not fit."""
        try:
            for row in csv.reader(self._text(), delimiter=self.delimiter, strict=True):
                yield [cell or None for cell in row]
        except csv.Error:
            raise UsageError("Tệp CSV sai dấu nháy hoặc có ô quá dài: hãy lưu lại từ Excel.") from None
        except UnicodeDecodeError:
            raise UsageError(NOT_UNICODE) from None

    def chunks(self) -> Iterator[str]:
        """Yield the text in pieces of some hundred lines."""
        text = self._text()
        while chunk := text.read(2**18):
            yield chunk + text.readline()

    def _text(self) -> io.TextIOWrapper:
        errors = "tthc-latin" if self._encoding == ONE_BYTE else "strict"
        return io.TextIOWrapper(io.BytesIO(self._content), self._encoding, errors, newline="")


def _delimiter(sample: str) -> str:
    """Return whichever of comma, semicolon and tab gives most rows several cells."""
    if told := _DIRECTIVE.match(sample):
        return told[1]

    def width(delimiter: str) -> float:
        return median([len(row) for row in _records(sample, delimiter) if any(row)] or [0])

    return max(_DELIMITERS, key=width)


def _records(text: str, delimiter: str) -> list[list[str]]:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            rows.append(row)
            if len(rows) == _SAMPLE_ROWS:
                break
    except csv.Error:
        pass
    return rows
