"""Which written words can be Vietnamese syllables: enough to tell decoded text from nonsense."""

import re
import unicodedata
from functools import lru_cache

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_ONSET = r"(?:ngh|ng|nh|gh|gi|kh|ph|th|tr|ch|qu|[bcdđghklmnpqrstvx])?"
_VOWELS = (
    "iêu|yêu|uôi|ươi|ươu|oai|oay|oeo|oao|uây|uya|uyê|uyu|"
    "iê|yê|uô|ươ|ia|ua|ưa|oa|oă|oe|oo|uâ|uê|uơ|uy|ai|ao|au|ay|âu|ây|eo|êu|iu|oi|ôi|ơi|ui|ưi|ưu|"
    "a|ă|â|e|ê|i|o|ô|ơ|u|ư|y"
)
_SYLLABLE = re.compile(rf"{_ONSET}(?:{_VOWELS})(?:ch|ng|nh|[cmnpt])?")


@lru_cache(maxsize=16_384)
def is_syllable(word: str) -> bool:
    """Say whether a word is built as a Vietnamese syllable: one group of vowels, at most one tone.

    >>> [is_syllable(word) for word in ("Trường", "nghiệp", "hồ", "hå", "Müller", "trưỡ́ng")]
    [True, True, True, False, False, False]
    """
    decomposed = unicodedata.normalize("NFD", word.casefold())
    if sum(char in _TONES for char in decomposed) > 1:
        return False
    bare = unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in _TONES))
    return _SYLLABLE.fullmatch(bare) is not None
