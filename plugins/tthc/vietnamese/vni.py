"""VNI for Windows, the alphabet of the VNI- fonts, as it looks when its bytes are read as Latin-1.

A letter with a circumflex, a breve or a tone is its base letter and one more sign: ``aù`` is á, ``aá`` is ấ.
Horned letters, i with its tones and đ have signs of their own.
"""

import re
import unicodedata

_ACUTE, _GRAVE, _HOOK, _TILDE, _DOT = "\u0301", "\u0300", "\u0309", "\u0303", "\u0323"
_CIRCUMFLEX, _BREVE, _HORN = "\u0302", "\u0306", "\u031b"

#: Signs that stand behind a vowel: what they put on it.
_PLAIN = {"ù": _ACUTE, "ø": _GRAVE, "û": _HOOK, "õ": _TILDE, "ï": _DOT}
_WITH_CIRCUMFLEX = {"â": "", "á": _ACUTE, "à": _GRAVE, "å": _HOOK, "ã": _TILDE, "ä": _DOT}
_WITH_BREVE = {"ê": "", "é": _ACUTE, "è": _GRAVE, "ú": _HOOK, "ü": _TILDE, "ë": _DOT}
#: Signs that are a letter by themselves.
_ALONE = {
    "ñ": "đ",
    "ô": "o" + _HORN,
    "ö": "u" + _HORN,
    "í": "í",
    "ì": "ì",
    "æ": "i" + _HOOK,
    "ó": "i" + _TILDE,
    "ò": "i" + _DOT,
    "î": "y" + _DOT,
}


def _letters() -> dict[str, str]:
    found = dict(_ALONE)
    for vowel in "aeouyôö":
        bare = _ALONE.get(vowel, vowel)
        found |= {vowel + sign: bare + tone for sign, tone in _PLAIN.items()}
    for vowel in "aeo":
        found |= {vowel + sign: vowel + _CIRCUMFLEX + tone for sign, tone in _WITH_CIRCUMFLEX.items()}
    found |= {"a" + sign: "a" + _BREVE + tone for sign, tone in _WITH_BREVE.items()}
    return {signs: unicodedata.normalize("NFC", letter) for signs, letter in found.items()}


_LETTERS = _letters()
_SIGNS = re.compile(
    "|".join(sorted(map(re.escape, _LETTERS), key=len, reverse=True)), re.IGNORECASE
)  # longest first: ``ôù`` is ớ, not ơ and a sign


def decode(text: str) -> str:
    """Return a text whose VNI bytes were read as Latin-1 in Unicode (NFC); capitals follow the base letter.

    >>> decode("Maõ hoà sô, Lónh vöïc, TRÖÔØNG, ñöôïc")
    'Mã hồ sơ, Lĩnh vực, TRƯỜNG, được'
    """
    return _SIGNS.sub(_letter, text)


def _letter(found: re.Match[str]) -> str:
    letter = _LETTERS[found[0].lower()]
    return letter.upper() if found[0][0].isupper() else letter
