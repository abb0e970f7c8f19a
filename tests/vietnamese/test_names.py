"""Names that are one name, and names that only look alike."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tthc.vietnamese.names import header_key, name_key, person_name

SAME = [
    ("Phòng Văn hóa - Xã hội", "PHÒNG VĂN HOÁ–XÃ HỘI"),
    ("Phòng Văn hóa - Xã hội", "phòng  văn\u00a0hóa −  xã hội "),
    ("Phòng Văn hóa - Xã hội", "Phòng Văn hóa \u2011 Xã\u200b hội\ufeff"),
    ("Ủy ban nhân dân", "Uỷ ban nhân dân"),
    ("Thủy sản", "Thuỷ sản"),
    ("Hòa bình", "Hoà bình"),
    ("khỏe", "khoẻ"),
    ("Quý", "Qúy"),
    ("toàn trình", "tòan trình"),
    ("Trung tâm sự nghiệp công", "Trung\ttâm sự\nnghiệp công"),
]
DIFFERENT = [
    ("Xã Cẩm Giang", "Xã Cẩm Giàng"),
    ("Xã An Thọ", "Xã An Tho"),
    ("Đông", "Dông"),
    ("hoa", "hòa"),
    ("múa", "mùa"),
    ("Phòng Kinh tế", "Phòng Kinhtế"),
    ("cua", "cưa"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_spellings_of_one_name_have_one_key(one, other, form):
    assert name_key(one) == name_key(unicodedata.normalize(form, other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_names_that_differ_by_accents_stay_two(one, other):
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("blank", [None, "", "  ", "\u00a0\u200b", "\ufeff"])
def test_a_blank_has_no_key(blank):
    assert name_key(blank) is None
    assert person_name(blank) is None
    assert header_key(blank) is None


TONES = {"grave": "\u0300", "acute": "\u0301", "hook": "\u0309", "tilde": "\u0303", "dot": "\u0323"}


@pytest.mark.parametrize("tone", TONES.values(), ids=TONES)
@pytest.mark.parametrize("onset", ["", "h", "th", "kh", "đ"])
@pytest.mark.parametrize("pair", ["oa", "oe", "uy"])
def test_both_places_of_a_tone_mark_are_one(pair, onset, tone):
    older = unicodedata.normalize("NFC", f"{onset}{pair[0]}{tone}{pair[1]}")
    newer = unicodedata.normalize("NFC", f"{onset}{pair}{tone}")
    assert older != newer
    assert name_key(older) == name_key(newer) == older


RIGHT = """
    toàn hoàng khoảng thuế quốc quý quyền quỹ giấy giải giữ già giếng gì
    nghĩa nghiệp nguyễn khuỷu ngoèo oải của mùa lửa tiếng việt được hưởng xuất
    huỳnh trưởng người bướm yếu khoáng thuyền quà mới đất ủy hộ tịch ý
"""


@pytest.mark.parametrize("word", RIGHT.split())
def test_right_spellings_are_left_alone(word):
    assert name_key(word) == word


@given(st.text(max_size=30))
def test_a_key_is_its_own_key_and_the_same_for_every_unicode_form(text):
    key = name_key(text)
    assert key is None or name_key(key) == key
    assert name_key(unicodedata.normalize("NFD", text)) == key
    assert name_key(f"  {text}\u00a0") == key


LETTERS = st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạốồổỗộứừửữựýỳỷỹỵ -")


@given(st.text(LETTERS, max_size=20), st.text(LETTERS, max_size=20))
def test_one_key_means_the_same_letters_and_tones(one, other):
    """Nothing but place of tone, spaces and dashes may differ between two names of one key."""

    def skeleton(text):
        decomposed = unicodedata.normalize("NFD", text)
        tones = "".join(TONES.values())
        letters = "".join(c for c in decomposed if c not in tones and c not in " -")
        return letters, sorted(c for c in decomposed if c in tones)

    if name_key(one) == name_key(other):
        assert skeleton(one) == skeleton(other)


def test_placeholders_are_nobody():
    assert [person_name(text) for text in ("Chuyên viên", "CÁN BỘ  MỘT CỬA", "chuyên viên ")] == [None] * 3
    assert person_name("Đỗ Thuý  Hoà") == person_name("đỗ thúy hòa") == "đỗ thúy hòa"


def test_headers_are_known_without_accents_stars_and_line_breaks():
    assert header_key("MA  TTHC (*)") == header_key("Mã TTHC") == "ma tthc"
    assert header_key("Đơn vị\nchủ trì:") == "don vi chu tri"
    assert header_key("(*)") is None


def test_a_million_calls_with_few_names_take_about_a_second():
    names = [f"Phòng Văn hoá – Xã hội {number}" for number in range(50)]
    begun = time.perf_counter()
    for _ in range(20_000):
        for name in names:
            name_key(name)
    assert time.perf_counter() - begun < 2
