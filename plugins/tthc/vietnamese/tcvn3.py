"""TCVN3 (“ABC”), the one-byte alphabet of the .Vn fonts, as it looks when its bytes are read as Latin-1.

One sign is one letter, so a text keeps its length. Small letters with tones stand for the capital ones too:
the fonts whose names end in H draw them as capitals. The soft hyphen is ư.
"""

_SIGNS = (
    "\xb8\xb5\xb6\xb7\xb9" "\xa8\xbe\xbb\xbc\xbd\xc6" "\xa9\xca\xc7\xc8\xc9\xcb" "\xae"
    "\xd0\xcc\xce\xcf\xd1" "\xaa\xd5\xd2\xd3\xd4\xd6" "\xdd\xd7\xd8\xdc\xde"
    "\xe3\xdf\xe1\xe2\xe4" "\xab\xe8\xe5\xe6\xe7\xe9" "\xac\xed\xea\xeb\xec\xee"
    "\xf3\xef\xf1\xf2\xf4" "\xad\xf8\xf5\xf6\xf7\xf9" "\xfd\xfa\xfb\xfc\xfe"
    "\xa1\xa2\xa7\xa3\xa4\xa5\xa6"
)  # fmt: skip
_LETTERS = (
    "áàảãạ" "ăắằẳẵặ" "âấầẩẫậ" "đ"
    "éèẻẽẹ" "êếềểễệ" "íìỉĩị"
    "óòỏõọ" "ôốồổỗộ" "ơớờởỡợ"
    "úùủũụ" "ưứừửữự" "ýỳỷỹỵ"
    "ĂÂĐÊÔƠƯ"
)  # fmt: skip
_TABLE = str.maketrans(_SIGNS, _LETTERS)


def decode(text: str) -> str:
    """Return a text whose TCVN3 bytes were read as Latin-1 in Unicode (NFC).

    >>> decode("M\\xb7 hå s¬, l\\xddnh v\\xf9c, tr\\xad\\xeang")
    'Mã hồ sơ, lính vực, trường'
    """
    return text.translate(_TABLE)
