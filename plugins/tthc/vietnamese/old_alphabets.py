"""Vietnamese in the alphabets that came before Unicode: noticed, shown, decoded only when a person says so.

Text of such a font arrives as Latin-1 signs, from a csv and from inside a workbook alike. Nothing here decides:
``suspected`` says which alphabet would make Vietnamese words of the strange ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal

from tthc.vietnamese import cp1258, tcvn3, vni
from tthc.vietnamese.syllables import is_syllable

Alphabet = Literal["tcvn3", "vni", "cp1258"]
DECODERS: dict[str, Callable[[str], str]] = {
    "tcvn3": tcvn3.decode,
    "vni": vni.decode,
    "cp1258": cp1258.decode,
}
#: What the fonts are called where people choose them.
TITLES = {
    "tcvn3": "TCVN3 (phông .VnTime, .VnArial)",
    "vni": "VNI (phông VNI-Times)",
    "cp1258": "Windows-1258",
}

# Signs of Latin-1 that no Vietnamese word written in Unicode holds. Ð is left out: many type it for Đ.
_STRANGE = "¡¢£¤¥¦§¨©ª«¬\xad®µ¶·¸¹»¼½¾äåëïöüñøæîûçßþ÷×ÄÅËÏÖÜÑØÆÎÛÇÞ"
_WORD = re.compile(r"(?<![^\W\d_])[A-Za-zÀ-ÿ¡-¾]+(?![^\W\d_])")
_STRANGE_SIGN = re.compile(f"[{_STRANGE}]")
_ASCII_LETTER = re.compile("[A-Za-z]")
_OUR_OWN = re.compile("[ĂăĐđƠơƯư\u0300-\u0323\u1ea0-\u1ef9]")
_ENOUGH_WORDS = 400
_SHARE = 0.8


def strange_words(text: str) -> list[str]:
    """Return the words of a text that hold a sign no Vietnamese word has in Unicode.

    >>> strange_words("Hå s¬ ®\\xad\\xeec nhận ngày 1/7 · 2 m² ©")
    ['Hå', 's¬', '®\\xadîc']
    """
    if text.isascii() or not _STRANGE_SIGN.search(text):
        return []
    return [word for word in _WORD.findall(text) if _STRANGE_SIGN.search(word) and _ASCII_LETTER.search(word)]


class Sample:
    """Collects strange words until they say enough."""

    def __init__(self) -> None:
        self.words: dict[str, None] = {}
        self.has_unicode = False

    def add(self, text: str) -> None:
        """Look at one more text."""
        if text.isascii() or len(self.words) >= _ENOUGH_WORDS:
            return
        self.has_unicode = self.has_unicode or _OUR_OWN.search(text) is not None
        self.words |= dict.fromkeys(strange_words(text))

    def suspected(self) -> list[str]:
        """Return the alphabets in which nearly all strange words become syllables, the likeliest first."""
        if len(self.words) < (2 if self.has_unicode else 1):
            return []
        scores = {name: _share_of_syllables(self.words, decode) for name, decode in DECODERS.items()}
        return sorted(
            (name for name, score in scores.items() if score >= _SHARE), key=lambda name: -scores[name]
        )


def _share_of_syllables(words: Iterable[str], decode: Callable[[str], str]) -> float:
    decoded = [decode(word) for word in words]
    return sum(is_syllable(word) for word in decoded) / len(decoded)
