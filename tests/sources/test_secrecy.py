"""A file with a mark of secrecy is known while it is in memory; the word inside others is no mark."""

import unicodedata

import pytest

from tests.sources.old_excel import xls
from tests.sources.sheets import HEADERS, LEDGER, csv, html, html_rows, repacked, row, xlsx
from tests.sources.test_old_alphabet_files import encoder
from tthc.sources.spreadsheets import SecretFile, examine, propose, recognise
from tthc.sources.streams import streams

KNOWN = [LEDGER, *streams().values()]
TABLE = [HEADERS, row("V-1")]
STAMPED = [[None, None, "TỐI MẬT"], *TABLE]

SECRET = {
    "a cell": xlsx([["MẬT"], *TABLE]),
    "a cell below": csv([*TABLE, [None, None, "TUYỆT MẬT"]]),
    "a cell that belongs to no column": xlsx([HEADERS, [*row("V-1"), None, None, "MẬT"]]),
    "csv": csv(STAMPED, ";", "utf-16"),
    "xls": xls(STAMPED),
    "html": html(html_rows(TABLE)).replace(b"<body>", "<body><p>MẬT</p>".encode()),
    "html cell": html(html_rows(STAMPED)),
    "a line of a cell": xlsx([["ỦY BAN NHÂN DÂN\nMẬT\nSố: 12"], *TABLE]),
    "in brackets, with spaces": csv([["( M Ậ T )"], *TABLE]),
    "behind its label": csv([["Độ mật: TỐI MẬT"], *TABLE]),
    "two letters for one": csv([[unicodedata.normalize("NFD", "TUYỆT MẬT")], *TABLE]),
    "a column": csv([[*HEADERS, "Độ mật"], [*row("V-1"), "Thường"], [*row("V-2"), "Mật"]]),
    "a hidden sheet": xlsx(TABLE, others={"Cũ": [["MẬT"]]}, hidden_sheets=["Cũ"]),
    "a hidden row": xlsx([["MẬT"], *TABLE], hidden_rows=[1]),
    "the name of a sheet": xlsx(TABLE, others={"MẬT": [["a"]]}),
    "the footer": xlsx(TABLE, footer="&LUBND xã&CTỐI MẬT"),
    "a comment": xlsx(TABLE, comment="MẬT"),
    "a drawing": repacked(
        xlsx(TABLE), add={"xl/drawings/drawing1.xml": "<xdr:sp><a:t>TUYỆT MẬT</a:t></xdr:sp>".encode()}
    ),
    "a word of a drawing dressed in two ways": repacked(
        xlsx(TABLE),
        add={
            "xl/drawings/drawing1.xml": (
                b"<a:p><a:r><a:t>M</a:t></a:r><a:r><a:rPr b='1'/><a:t>&#7852;T</a:t></a:r></a:p><a:p/>"
            )
        },
    ),
    "a coloured footer": xlsx(TABLE, footer="&C&K0070C0MẬT"),
    "a text box of an old workbook": xls(TABLE, box="TUYỆT MẬT"),
    "an old alphabet": xlsx([[encoder("tcvn3")("TỐI MẬT")], *TABLE]),
    "like no stream": csv([["MẬT"], ["Họ tên", "Ngày sinh"]]),
}
PLAIN = {
    "a word": xlsx([["BẢO MẬT THÔNG TIN"], *TABLE]),
    "a title": xlsx([["SỔ TÀI LIỆU MẬT MÃ"], *TABLE]),
    "a text box": xls(TABLE, box="BẢO MẬT"),
    "a value": xlsx([HEADERS, row("V-1", task="mật ong"), row("V-2", task="Mật")]),
    "a header": csv(
        [[*HEADERS, "Độ mật"], [*row("V-1"), "Thường"], [*row("V-2"), "Không"], [*row("V-3"), None]]
    ),
    "other letters": csv([["MẤT"], ["MAT"], ["MẶT"], *TABLE]),
}


@pytest.mark.parametrize("place", SECRET)
def test_a_mark_is_found_wherever_it_stands(place):
    with pytest.raises(SecretFile) as caught:
        examine(SECRET[place], KNOWN)
    assert caught.value.mark in ("MẬT", "TỐI MẬT", "TUYỆT MẬT")
    assert caught.value.mark in str(caught.value) and "V-1" not in str(caught.value)
    with pytest.raises(SecretFile):
        propose(SECRET[place], KNOWN)


@pytest.mark.parametrize("kind", PLAIN)
def test_the_word_inside_others_is_no_mark(kind):
    assert recognise(PLAIN[kind], KNOWN) is LEDGER


@pytest.mark.parametrize(
    ("place", "mark"),
    [("a cell", "MẬT"), ("csv", "TỐI MẬT"), ("a cell below", "TUYỆT MẬT"), ("a column", "MẬT")],
)
def test_the_mark_that_is_told_is_the_one_that_stands_there(place, mark):
    with pytest.raises(SecretFile) as caught:
        examine(SECRET[place], KNOWN)
    assert caught.value.mark == mark
