"""Files in an alphabet from before Unicode are shown and asked about; read only when a person says so."""

import pytest

from tests.sources.sheets import AROUND, HEADERS, LEDGER, csv, html, html_rows, row, xlsx
from tthc.errors import UsageError
from tthc.sources.spreadsheets import Choices, examine, original_bytes, rows, with_choices
from tthc.sources.streams import streams
from tthc.vietnamese.old_alphabets import DECODERS

KNOWN = [LEDGER, *streams().values()]
LINES = [HEADERS, row("V-1", task="Rà soát đường, trường"), row("V-2", task="Ủy ban xã An Hưng")]


def encoder(alphabet):
    """Return what writes Unicode in an old alphabet: the decoding turned round, one letter at a time."""
    decode = DECODERS[alphabet]
    signs = [chr(code) for code in range(0x20, 0x100)]
    pairs = [a + b for a in signs for b in signs if b > "\x7f"]
    loose = [a + b for a in "aeiouyâêôơưăAEIOUYÂÊÔƠƯĂ" for b in "\xcc\xec\xd2\xf2\xde"]
    written = {}
    for text in (*signs, *pairs):
        if text < "\x7f" or decode(text) != text:
            written.setdefault(decode(text), text)
    if alphabet == "cp1258":
        bare = {decode(sign): sign for sign in signs}
        for text in loose:
            written[decode(bare.get(text[0], text[0]) + text[1])] = bare.get(text[0], text[0]) + text[1]
    # The fonts of capitals draw the small letters of TCVN3 as capitals.
    return lambda text: "".join(written.get(c) or written.get(c.lower()) or c for c in text)


def in_old(alphabet, lines=LINES):
    encode = encoder(alphabet)
    return [[encode(cell) if isinstance(cell, str) else cell for cell in line] for line in lines]


def kinds(alphabet):
    old = in_old(alphabet)
    return {
        "csv in its bytes": csv(old, encoding="cp1252"),
        "csv saved as UTF-8": csv(old),
        "xlsx in the font": xlsx(old),
        "html in its bytes": html(html_rows(old), around=map(encoder(alphabet), AROUND), encoding="cp1252"),
    }


@pytest.mark.parametrize("alphabet", DECODERS)
@pytest.mark.parametrize("kind", kinds("tcvn3"))
def test_it_is_asked_shown_and_then_read(alphabet, kind):
    body = kinds(alphabet)[kind]
    with pytest.raises(UsageError, match=f"--encoding {alphabet}") as caught:
        examine(body, KNOWN)
    assert "“Mã việc”" in str(caught.value) and "An Hưng" not in str(caught.value)
    decided = with_choices(body, Choices(alphabet=alphabet))
    found = examine(decided, KNOWN)
    assert (found.stream, found.row_count) == ("register__thu", 2)
    read = list(rows(decided, LEDGER))
    assert [each.values["Nội dung việc"].lower() for each in read] == [
        "rà soát đường, trường",
        "ủy ban xã an hưng",
    ]
    assert original_bytes(decided) == body


def test_one_column_pasted_from_an_old_document_is_asked_about_too():
    encode = encoder("tcvn3")
    body = xlsx([HEADERS, row("V-1", task=encode("Hộ tịch")), row("V-2", task=encode("Đất đai"))])
    with pytest.raises(UsageError, match="TCVN3"):
        examine(body, KNOWN)
    kept = with_choices(body, Choices(alphabet="unicode"))
    assert [each.values["Nội dung việc"] for each in rows(kept, LEDGER)] == [
        encode("Hộ tịch"),
        encode("Đất đai"),
    ]


def test_bytes_of_no_alphabet_are_refused_whatever_is_said():
    body = csv(LINES)[:200] + b"\xff\xfe\xc3(" + csv(LINES)[200:]
    for choices in (None, Choices(alphabet="unicode")):
        with pytest.raises(UsageError, match="UTF-8"):
            examine(body, KNOWN, choices)


def test_a_decision_is_part_of_what_is_archived_and_nothing_else_is():
    body = csv(LINES)
    assert with_choices(body, Choices()).read() == body
    once = with_choices(body, Choices(dates="day-first"))
    assert once.read() != body and once.byte_count == len(once.read())
    assert with_choices(once, Choices(dates="day-first")).read() == once.read()
    assert with_choices(once, Choices()).read() == body
    with pytest.raises(UsageError, match="không đọc được"):
        list(rows(b'TTHC-CHOICES {"alphabet": "x"}\n' + body, LEDGER))
