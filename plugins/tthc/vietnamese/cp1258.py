"""Windows-1258, as it looks when its bytes are read as Windows-1252, the code page of Western machines.

Ten signs differ; tones stand behind their vowel as marks of their own, so the result is composed (NFC).
"""

import unicodedata

_TABLE = str.maketrans(
    "\xc3\xe3\xcc\xec\xd0\xf0\xd2\xf2\xd5\xf5\xdd\xfd\xde\xfe",
    "\u0102\u0103\u0300\u0301\u0110\u0111\u0309\u0323\u01a0\u01a1\u01af\u01b0\u0303\u20ab",
)


def decode(text: str) -> str:
    """Return a text whose Windows-1258 bytes were read as Windows-1252 in Unicode (NFC).

    >>> decode("Ðãng ky\\xec, li\\xdenh vý\\xf2c, h\\xf4\\xcc s\\xf5")
    'Đăng ký, lĩnh vực, hồ sơ'
    """
    return unicodedata.normalize("NFC", text.translate(_TABLE))
