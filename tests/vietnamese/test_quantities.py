"""Counts, amounts, codes, answers, procedure codes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tthc.vietnamese.procedures import procedure_code
from tthc.vietnamese.quantities import (
    UnreadableQuantity,
    read_code,
    read_decimal,
    read_integer,
    read_vnd,
    read_yes_no,
)


@given(st.integers(0, 10**12))
def test_amounts_grouped_in_any_way_are_one_amount(amount):
    dotted = f"{amount:,}".replace(",", ".")
    for text in (
        str(amount),
        dotted,
        f"{amount:,}",
        f"{dotted} đ",
        f"{dotted}đồng",
        f"{amount} VND",
        f"{dotted},00",
    ):
        assert read_vnd(text) == amount
    assert read_vnd(amount) == amount


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.234", 1234),
        ("1.234,5", 1235),
        ("1,234.4", 1234),
        ("0", 0),
        ("50000.000", 50000),
        ("12,5", 13),
        (5.0, 5),
    ],
)
def test_particular_amounts(text, expected):
    assert read_vnd(text) == expected


@pytest.mark.parametrize(
    "text", ["-5", "1.2.3", "12.34.567", "năm nghìn", "1.234,567,8", "1 2", "đ", "1e5", []]
)
def test_what_is_no_amount_is_refused_without_being_repeated(text):
    with pytest.raises(UnreadableQuantity) as caught:
        read_vnd(text)
    assert caught.value.args == ("giá trị không đọc được",)


@given(st.integers(-(10**9), 10**9))
def test_integers(number):
    assert read_integer(str(number)) == read_integer(f" {number}.0 ") == read_integer(float(number)) == number


@pytest.mark.parametrize("text", ["5.5", "1.234,0", "năm", "--1", "٣", "1 000"])
def test_what_is_no_integer_is_refused(text):
    with pytest.raises(UnreadableQuantity):
        read_integer(text)


@pytest.mark.parametrize("reader", [read_integer, read_vnd, read_code, read_yes_no])
@pytest.mark.parametrize("blank", [None, "", " \u00a0"])
def test_a_blank_is_nothing(reader, blank):
    assert reader(blank) is None


def test_codes_keep_their_zeros():
    assert [read_code(value) for value in ("01 ", 1, 1.0, "000.00.15.H24")] == [
        "01",
        "1",
        "1",
        "000.00.15.H24",
    ]


def test_answers():
    assert [read_yes_no(value) for value in ("1", 1, True, "TRUE", "Có", "x")] == [True] * 6
    assert [read_yes_no(value) for value in ("0", 0, False, "False", "KHÔNG")] == [False] * 5
    with pytest.raises(UnreadableQuantity):
        read_yes_no("2")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.004944", "1.004944"),
        ("1.004944.000.00.00.H56", "1.004944"),
        ("\n2.002621.H56 ", "2.002621"),
        ("1.0049440", "1.0049440"),
        ("TTHC-XA-07", "TTHC-XA-07"),
        ("H24.1.004944", "H24.1.004944"),
        ("  ", None),
        (None, None),
    ],
)
def test_procedure_codes(text, expected):
    assert procedure_code(text) == expected


@given(st.decimals(-10_000, 10_000, places=2))
def test_decimals_with_a_comma_or_a_point_are_one_number(number):
    for text in (f"{number}", f"{number}".replace(".", ","), f" {number} %"):
        assert read_decimal(text) == number


@pytest.mark.parametrize("text", ["-", "\u2013", " N/A ", "", None])
def test_a_rate_that_does_not_exist_is_nothing_and_not_zero(text):
    assert read_decimal(text) is None
    assert read_decimal("0") == Decimal(0)


@pytest.mark.parametrize("text", ["chín mươi", "1,234", "85,2,5", "--3", "5 điểm", "N/A 5"])
def test_what_is_no_decimal_is_refused(text):
    with pytest.raises(UnreadableQuantity):
        read_decimal(text)
