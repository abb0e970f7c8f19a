"""Alphabets from before Unicode: texts typed in their fonts, as the bytes are seen today."""

import itertools
import unicodedata

import pytest

from tthc.vietnamese import cp1258, tcvn3, vni
from tthc.vietnamese.old_alphabets import DECODERS, Sample, strange_words
from tthc.vietnamese.syllables import is_syllable

TONES = (
    "áàảãạ",
    "ắằẳẵặ",
    "ấầẩẫậ",
    "éèẻẽẹ",
    "ếềểễệ",
    "íìỉĩị",
    "óòỏõọ",
    "ốồổỗộ",
    "ớờởỡợ",
    "úùủũụ",
    "ứừửữự",
    "ýỳỷỹỵ",
)
LETTERS = {*itertools.chain.from_iterable(TONES), *"ăâđêôơư"}

TCVN3 = {
    "Céng hoµ x· héi chñ nghÜa ViÖt Nam": "Cộng hoà xã hội chủ nghĩa Việt Nam",
    "§éc lËp - Tù do - H¹nh phóc": "Độc lập - Tự do - Hạnh phúc",
    "Uû ban nh©n d©n x· An H\xadng": "Uỷ ban nhân dân xã An Hưng",
    "Tr\xad\xeang hîp quy ®Þnh t¹i ®iÓm b": "Trường hợp quy định tại điểm b",
}
VNI = {
    "Coäng hoøa xaõ hoäi chuû nghóa Vieät Nam": "Cộng hòa xã hội chủ nghĩa Việt Nam",
    "Ñoäc laäp - Töï do - Haïnh phuùc": "Độc lập - Tự do - Hạnh phúc",
    "Tröôøng hôïp quy ñònh taïi ñieåm b": "Trường hợp quy định tại điểm b",
    "UÛY BAN NHAÂN DAÂN XAÕ AN HÖNG": "ỦY BAN NHÂN DÂN XÃ AN HƯNG",
}


@pytest.mark.parametrize(("decode", "texts"), [(tcvn3.decode, TCVN3), (vni.decode, VNI)])
def test_texts_of_the_fonts(decode, texts):
    assert {text: decode(text) for text in texts} == texts


@pytest.mark.parametrize("name", DECODERS)
def test_every_letter_can_be_written_and_no_two_alike(name):
    decode = DECODERS[name]
    signs = [chr(code) for code in range(0x20, 0x100)]
    written = {decode(one) for one in signs} | {
        decode(a + b) for a in "aeiouyâêôơưăAEIOUY" + "".join(signs[96:]) for b in signs
    }
    assert written >= LETTERS
    changed = [decode(one) for one in signs if decode(one) != one]
    assert len(changed) == len(set(changed)) >= 10


def test_cp1258_agrees_with_the_codec_of_the_standard_library():
    """That code page writes tones as marks of their own."""
    for text in (*TCVN3.values(), *VNI.values(), "₫ Ă Ơ Ư"):
        loose = "".join(_with_loose_tone(letter) for letter in text)
        assert cp1258.decode(loose.encode("cp1258").decode("cp1252")) == text


def _with_loose_tone(letter):
    parts = unicodedata.normalize("NFD", letter)
    tones = "".join(mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323")
    return unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in tones)) + tones


@pytest.mark.parametrize(
    ("texts", "alphabet"),
    [
        (list(TCVN3), "tcvn3"),
        (list(VNI), "vni"),
        (
            ["Ð\xe3ng ky\xec khai sinh, li\xdenh v\xfd\xf2c h\xf4\xf2 ti\xf2ch, tr\xfd\xf5\xccng h\xf5\xf2p"],
            "cp1258",
        ),
        (list(TCVN3.values()), None),
        (["Công ty TNHH Müller", "Citroën", "giá 5 £", "½ ngày", "5 m²", "a × b", "©2025", "25 °C"], None),
        (["hoà giải, thuỷ lợi, quý, Ðà Nẵng, loã, huê, toàn"], None),
        (["thu\xadtuc", "ho\xadso"], None),
        ([], None),
    ],
)
def test_an_alphabet_is_suspected_only_when_it_makes_words(texts, alphabet):
    sample = Sample()
    for text in texts:
        sample.add(text)
    assert next(iter(sample.suspected()), None) == alphabet


def test_one_old_cell_among_unicode_ones_is_a_word_twice_is_a_suspicion():
    sample = Sample()
    sample.add("Phòng Kinh tế")
    sample.add("Hé tÞch")
    assert sample.suspected() == []
    sample.add("§Êt ®ai")
    assert sample.suspected()[0] == "tcvn3"


def test_the_soft_hyphen_is_a_letter_there():
    assert strange_words("H\xadng") == ["H\xadng"]
    assert tcvn3.decode("An H\xadng") == "An Hưng"


def test_syllables():
    for word in (
        "nghiêng",
        "thuở",
        "quyết",
        "giặt",
        "khuyên",
        "uống",
        "yêu",
        "khuya",
        "đường",
        "gì",
        "ươm",
        "hoặc",
    ):
        assert is_syllable(word), word
    assert not any(map(is_syllable, ["hå", "s¬", "abc", "ưng9", "trrường", "aei", ""]))
