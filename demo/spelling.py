"""Names as the counting rules compare them."""

import re
import unicodedata
from functools import lru_cache

# Older spelling puts the tone on the first of two open vowels: hoà → hòa, thuỷ → thủy; not after q.
_MOVED = {
    new + ending: old + ending
    for old, new, ending in (
        *((o, "o" + a, "") for o, a in zip(("òa", "óa", "ỏa", "õa", "ọa"), "àáảãạ", strict=True)),
        *((o, "o" + e, "") for o, e in zip(("òe", "óe", "ỏe", "õe", "ọe"), "èéẻẽẹ", strict=True)),
        *((o, "u" + y, "") for o, y in zip(("ùy", "úy", "ủy", "ũy", "ụy"), "ỳýỷỹỵ", strict=True)),
    )
}
_OPEN = re.compile(rf"(?<!q)({'|'.join(_MOVED)})(?!\w)")
_DASHES = re.compile(r"\s*[-‐‑‒–—−]\s*")
_NATIONAL_CODE = re.compile(r"\d\.\d{6}(?!\d)")


@lru_cache(maxsize=10_000)
def folded(name: str | None) -> str | None:
    """Return ``name`` in the form in which names are compared, None when blank.

    >>> folded("PHÒNG  Văn hoá – Xã hội "), folded("Thuỷ lợi, Quỳ")
    ('phòng văn hóa-xã hội', 'thủy lợi, quỳ')
    """
    if name is None:
        return None
    text = " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold()).split())
    return _OPEN.sub(lambda found: _MOVED[found[0]], _DASHES.sub("-", text)) or None


def short_code(code: str | None) -> str | None:
    """Return the part ``d.dddddd`` of a procedure code, the code itself when it has none, None when blank.

    >>> short_code("1.004944.000.00.00.H56"), short_code("ANHUNG-01")
    ('1.004944', 'ANHUNG-01')
    """
    text = (code or "").strip()
    found = _NATIONAL_CODE.match(text)
    return found[0] if found else text or None
