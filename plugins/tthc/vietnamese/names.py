"""Keys for matching names: two spellings of one name give one key, two names never do.

The rule is the one by which a unit is found: NFC, case folded, spaces collapsed, dashes unified with the
spaces around them dropped, tone marks moved to one place (Hoà = Hòa) and all accents kept, because inside one
city xã Cẩm Giang and xã Cẩm Giàng are two communes.
"""

import re
import unicodedata
from functools import lru_cache

# ZERO WIDTH SPACE stands where a word ends, so it is a space; joiners stand inside words, so they go.
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200c\u200d\u200e\u200f\u2060\ufeff")) | {0x200B: " "}
_DASH = re.compile(r"\s*[-\u2010-\u2015\u2212\ufe58\ufe63\uff0d]\s*")
_WORD = re.compile(r"[^\W\d_]+")
_NOT_ALPHANUMERIC = re.compile(r"[\W_]+")

_TONES = "\u0300\u0301\u0303\u0309\u0323"
#: The order of ă, â (and ê, ô, ơ, ư) after the bare letter.
_HATS = {"\u0306": 1, "\u0302": 2, "\u031b": 3}
_SYLLABLE = re.compile(r"(?P<onset>(?:qu(?=[aeiouyăâêôơư])|gi(?=[aeiouyăâêôơư])|[^aeiouyăâêôơư])*)"
                       r"(?P<vowels>[aeiouyăâêôơư]+)(?P<coda>[^aeiouyăâêôơư]*)")  # fmt: skip

PLACEHOLDER_PEOPLE = frozenset({"chuyên viên", "cán bộ một cửa"})


@lru_cache(maxsize=65_536)
def name_key(text: str | None) -> str | None:
    """Return the key under which a unit, a field or another published name is matched; None when it is blank.

    >>> name_key(" Phòng  Văn hoá – Xã hội ")
    'phòng văn hóa-xã hội'
    >>> name_key("Xã Cẩm Giang") == name_key("Xã Cẩm Giàng")
    False
    """
    if text is None:
        return None
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    spaced = " ".join(folded.translate(_INVISIBLE).split())
    dashed = _DASH.sub("-", spaced)
    return _WORD.sub(lambda word: _one_tone_position(word[0]), dashed) or None


def person_name(text: str | None) -> str | None:
    """Return the form of a person's name that is hashed, or None for a blank and for a placeholder.

    Senders write "Chuyên viên" or "Cán bộ một cửa" when they do not know who acted.

    >>> person_name("CHUYÊN VIÊN") is None
    True
    """
    key = name_key(text)
    return None if key in PLACEHOLDER_PEOPLE else key


def sort_key(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return a key that puts names in Vietnamese order: letters first (đ after d, ă and â after a), then tones.

    >>> sorted(["Đất đai", "Trồng trọt", "Chứng thực", "Ẩm thực", "Ăn uống", "Dân số"], key=sort_key)
    ['Ăn uống', 'Ẩm thực', 'Chứng thực', 'Dân số', 'Đất đai', 'Trồng trọt']
    """
    letters, tones = [], []
    for mark in unicodedata.normalize("NFD", text.casefold()):
        if mark in _TONES:
            tones[-1:] = [_TONES.index(mark) + 1]
            continue
        whole = unicodedata.normalize("NFC", chr(letters[-1] >> 16) + mark) if letters else mark
        if unicodedata.combining(mark) and len(whole) == 1:
            # The hat, the breve and the horn make another letter of the one before.
            letters[-1] = (letters[-1] >> 16 << 16) + _HATS.get(mark, 9)
            continue
        base, hat = ("d", 1) if mark == "đ" else (mark, 0)
        letters.append((ord(base) << 16) + hat)
        tones.append(0)
    return tuple(letters), tuple(tones)


@lru_cache(maxsize=4_096)
def header_key(text: str | None) -> str | None:
    """Return the key under which a column header is recognised: letters and digits only, accents folded.

    Headers are retyped without accents or with a star more often than two headers differ by accents alone.

    >>> header_key("Thời hạn\\n(ngày làm việc) *")
    'thoi han ngay lam viec'
    """
    key = name_key(text)
    if key is None:
        return None
    bare = "".join(c for c in unicodedata.normalize("NFD", key) if not unicodedata.combining(c))
    return _NOT_ALPHANUMERIC.sub(" ", bare.replace("đ", "d")).strip() or None


@lru_cache(maxsize=65_536)
def _one_tone_position(word: str) -> str:
    """Move the tone mark of a lower-case syllable to where the older spelling has it: hoà → hòa, qúy → quý.

    A word that is no Vietnamese syllable (two tones, two groups of vowels) is returned as it is.
    """
    tone, bare = None, []
    for char in unicodedata.normalize("NFD", word):
        if char not in _TONES:
            bare.append(char)
        elif tone is None:
            tone = char
        else:
            return word
    if tone is None:
        return word
    plain = unicodedata.normalize("NFC", "".join(bare))
    parts = _SYLLABLE.fullmatch(plain)
    if parts is None:
        return word
    vowels = parts["vowels"]
    marked = [place for place, vowel in enumerate(vowels) if vowel in "ăâêôơư"]
    if marked:
        place = marked[-1]
    elif parts["coda"]:
        place = len(vowels) - 1
    else:
        place = (len(vowels) - 1) // 2
    place += len(parts["onset"])
    return unicodedata.normalize("NFC", plain[: place + 1] + tone + plain[place + 1 :])
