"""Finds the mark of a state secret in a file, while it is in memory only.

The marks are MẬT, TỐI MẬT and TUYỆT MẬT: alone in a cell, alone on a line as a stamp is, behind “Độ mật:”, or as
the value of a column “Độ mật”. The word inside “bảo mật” is none of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from tthc.errors import TthcError
from tthc.sources.workbooks import Book, Sheet
from tthc.vietnamese.names import header_key
from tthc.vietnamese.old_alphabets import DECODERS

_MARKS = {"MẬT": "MẬT", "TỐIMẬT": "TỐI MẬT", "TUYỆTMẬT": "TUYỆT MẬT"}
#: Stamps are typed with spaces between the letters, in brackets, with a frame of signs.
_BETWEEN = re.compile(r"[\s\u200b\ufeff.:;,*_=~()\[\]{}<>«»“”\"'|/\\+-]+")
_LABELS = ("MỨCĐỘMẬT", "ĐỘMẬT", "ĐÓNGDẤU", "DẤU")
_COLUMN = frozenset({"do mat", "muc do mat", "do mat van ban", "muc mat"})
_NOT_SECRET = frozenset({None, "", "khong", "thuong", "khong mat", "binh thuong", "co", "x"})
#: Every file with a mark matches; a file that matches is looked at cell by cell.
_HINT = re.compile("[Mm]\\s*(?:[Ậậ]|[Ââ]\u0323|[Ạạ]\u0302|[Aa][\u0302\u0323]{2})\\s*[Tt]")
_HINT_OLD = re.compile(r"[Mm]\s*(?:[ËË]|[Aa][Ääåä]|[Ââ][Òò])\s*[Tt]")


class SecretFile(TthcError):
    """The file bears a mark of secrecy: nothing of it may be kept. ``mark`` is the mark itself."""

    def __init__(self, mark: str) -> None:
        super().__init__(
            f"Tệp có dấu {mark}: không được nạp và không được cất. Chỉ mã băm của tệp được ghi lại. "
            "Hãy đưa tệp ra khỏi hộp nhận và xử lý theo quy định bảo vệ bí mật nhà nước."
        )
        self.mark = mark


def stamp_in(text: str) -> str | None:
    """Return the mark that stands alone in a text or on one of its lines.

    >>> [stamp_in(text) for text in ("(TỐI  MẬT)", "Độ mật: MẬT", "M Ậ T", "UBND XÃ\\nMẬT", "BẢO MẬT", "mật")]
    ['TỐI MẬT', 'MẬT', 'MẬT', 'MẬT', None, None]
    """
    if len(text) < 3 or not _HINT.search(text):
        return None
    for line in unicodedata.normalize("NFC", text).splitlines():
        bare = _BETWEEN.sub("", line)
        for label in _LABELS:
            if bare.upper().startswith(label):
                bare = bare[len(label) :].upper() if label.endswith("MẬT") else bare[len(label) :]
                break
        if bare in _MARKS:
            return _MARKS[bare]
    return None


def mark_in(book: Book, look: Callable[[str], object] = bool) -> str | None:
    """Return the first mark found in any sheet, hidden ones too, or in a text that is in no cell.

    ``look`` is given every text on the way, a row of cells or a piece of a csv at a time.
    """
    for text in book.other_texts:
        if mark := stamp_in(text):
            return mark
    for sheet in book.sheets:
        if mark := _mark_in_sheet(book, sheet, look):
            return mark
    return None


def _mark_in_sheet(book: Book, sheet: Sheet, look: Callable[[str], object]) -> str | None:
    if mark := stamp_in(sheet.name):
        return mark
    if book.text is not None:
        is_hinted = False
        for chunk in book.text.chunks():
            look(chunk)
            is_hinted = is_hinted or _is_hinted(chunk)
        if not is_hinted:
            return None
        look = bool
    columns: set[int] = set()
    for cells in sheet.rows():
        texts = [cell if isinstance(cell, str) else "" for cell in cells]
        row = "\n".join(texts)
        look(row)
        if not _is_hinted(row):
            continue
        for text in _readings(texts):
            if mark := stamp_in(text):
                return mark
        headed = {at for at, text in enumerate(texts) if _is_short(text) and header_key(text) in _COLUMN}
        for at in columns - headed:
            if at < len(texts) and (mark := _mark_of_value(texts[at])):
                return mark
        columns |= headed
    return None


def _is_hinted(text: str) -> bool:
    return not text.isascii() and bool(_HINT.search(text) or _HINT_OLD.search(text))


def _is_short(text: str) -> bool:
    return 0 < len(text) <= 60


def _readings(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts as they are, and as they would read in the alphabets from before Unicode."""
    for text in texts:
        if text and not text.isascii():
            yield text
            if len(text) <= 200:
                # The fonts of capitals draw the small letters of their alphabet as capitals.
                yield from (
                    decode(text).upper() for name, decode in DECODERS.items() if _HINT_OLD.search(text)
                )


def _mark_of_value(text: str) -> str | None:
    """Return the mark in a cell of a column of secrecy, however it is written there."""
    if not _is_short(text) or header_key(text) in _NOT_SECRET:
        return None
    return _MARKS.get(_BETWEEN.sub("", unicodedata.normalize("NFC", text)).upper())
