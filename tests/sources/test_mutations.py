"""Damaged files give right rows or a clear refusal: never a crash, a hang, a wrong row, or too much memory.

A value is right when another reader finds it at the address we say, under the header we say.
"""

from __future__ import annotations

import csv as csv_module
import html as html_module
import io
import random
import re
import resource
import time
import warnings
from collections import Counter
from collections.abc import Iterable

import openpyxl
import pytest

from tests.sources import mutants
from tests.sources.old_excel import xls
from tests.sources.sheets import HEADERS, LEDGER, csv, html, html_rows, row, xlsx
from tthc.errors import TthcError
from tthc.sources.cell_values import cell_text
from tthc.sources.spreadsheets import FileRow, examine, rows
from tthc.sources.streams import streams
from tthc.vietnamese.names import header_key

KNOWN = [LEDGER, *streams().values()]
LINES = [
    HEADERS,
    *(row(f"V-{n:03}", task=f"Việc thứ {n}", score=None, amount_vnd=f"{n}000") for n in range(1, 31)),
]
TITLED = [
    ["SỔ THEO DÕI"],
    [None, "STT", *HEADERS],
    *([None, n, *line] for n, line in enumerate(LINES[1:], 1)),
]
SEEDS = {
    "xlsx": xlsx([[*LINES[0], "Ghi chú"], *LINES[1:]], merges=["I1:J1"]),
    "titled xlsx": xlsx(TITLED, hidden_rows=[4], others={"Ghi chú": [["a", 1.5]]}),
    "xls": xls([list(line) for line in LINES]),
    "csv": csv(LINES),
    "titled csv": csv(TITLED, ";"),
    "utf-16": csv(LINES, "\t", "utf-16"),
    "html": html(html_rows(LINES)),
}
#: How a table becomes a file; the old workbook knows texts and numbers with a fraction only.
WRITERS = (
    csv,
    xlsx,
    lambda lines: csv(lines, ";", "utf-16"),
    lambda lines: html(html_rows(lines)),
    lambda lines: xls([[float(cell) if isinstance(cell, int) else cell for cell in line] for line in lines]),
)
SLOWEST_SECONDS, MOST_BYTES = 20, 512 * 2**20
TYPED = ("Ngày giao", "Hạn xong", "Kinh phí", "Điểm", "Số người")


def read(body: bytes) -> list[FileRow] | None:
    """Return the rows of a file, None when it is refused; anything but a clear refusal goes on."""
    began = time.monotonic()
    try:
        if examine(body, KNOWN).stream != LEDGER.stream:
            return None
        return list(rows(body, LEDGER))
    except TthcError as error:
        assert len(str(error)) > 20 and str(error)[0].isupper()
        return None
    finally:
        assert time.monotonic() - began < SLOWEST_SECONDS


def cells_of(kind: str, body: bytes, sheets: set[str]):
    """Return what another reader finds at (sheet, row, column letter), None when it cannot read these sheets."""
    if kind.endswith("xlsx"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(io.BytesIO(body), data_only=True)
        except Exception:
            # It refuses files that calamine can open; those are judged by what was in them before.
            return None
        if not book.sheetnames:
            return None
        # It knows cells by the whole name of their namespace, calamine by its last part: of a sheet whose namespace
        # was damaged it sees not one cell, and says nothing about any.
        if not all(book[sheet]._cells for sheet in sheets):
            return None
        return lambda sheet, number, letter: book[sheet][f"{letter}{number}"].value
    encoding, delimiter = {"utf-16": ("utf-16", "\t"), "titled csv": ("utf-8", ";")}.get(
        kind, ("utf-8-sig", ",")
    )
    text = body.decode(encoding)
    if text.startswith("sep="):
        delimiter = text[4]
    lines = list(csv_module.reader(io.StringIO(text, newline=""), delimiter=delimiter))

    def cell(_: str, number: int, letter: str) -> str | None:
        at = openpyxl.utils.column_index_from_string(letter) - 1
        return lines[number - 1][at] if at < len(lines[number - 1]) else None

    return cell


def judge(kind: str, body: bytes, found: list[FileRow]) -> str:
    """Fail when a row is not what stands in the file; say how that was told."""
    if kind == "html":
        # A damaged tag joins or parts cells, for a browser as for us: no word may come from elsewhere.
        text = re.sub(r"<[a-zA-Z/!?][^>]*>", "", body.decode("utf-8", "replace"))
        plain = "".join(html_module.unescape(text).split())
        for each in found:
            for header, value in each.values.items():
                assert value is None or header in TYPED or "".join(value.split()) in plain
        return "text"
    cell = None if kind == "xls" else cells_of(kind, body, {each.sheet for each in found})
    if cell is None:
        known = {cell_text(str(value)) for line in LINES for value in line}
        strange = [value for each in found for value in each.values.values() if value and value not in known]
        # One damaged place may change some cells; it makes no table of its own.
        assert len(strange) <= 60, len(strange)
        return "words"
    for each in found:
        for header, letter in each.columns.items():
            theirs, ours = cell(each.sheet, each.row, letter), each.values[header]
            theirs = cell_text(float(theirs) if type(theirs) is int else theirs)
            if ours is not None and header not in TYPED:
                # A strange element inside a text is text to one reader and nothing to the other.
                assert ours == theirs or (kind.endswith("xlsx") and (theirs or "") in ours), (
                    each.row,
                    letter,
                )
        heads = [
            {header_key(str(cell(each.sheet, number, letter) or "")) for number in range(1, each.row)}
            for letter in each.columns.values()
        ]
        assert all(header_key(header) in head for header, head in zip(each.columns, heads, strict=True))
    return "cells"


def damage(rng: random.Random) -> tuple[str, bytes]:
    kind = rng.choice(list(SEEDS))
    body = SEEDS[kind]
    for _ in range(rng.choice((1, 1, 2))):
        is_zip = kind.endswith("xlsx") and rng.random() < 0.7 and body.startswith(b"PK")
        try:
            body = rng.choice(mutants.ZIP if is_zip else mutants.BYTES)(rng, body)
        except Exception:
            # The first damage left no zip to take apart.
            assert is_zip
    return kind, body


def try_damaged(numbers: Iterable[int], seed: int) -> Counter[str]:
    met: Counter[str] = Counter()
    for number in numbers:
        kind, body = damage(random.Random(f"{seed} {number}"))
        try:
            found = read(body)
            met["refused" if found is None else judge(kind, body, found)] += 1
        except BaseException as error:
            error.add_note(f"mutant {number} of seed {seed}: {kind}")
            raise
    return met


def try_arranged(numbers: Iterable[int], seed: int) -> None:
    """Tables laid out as people do it, with known rows, are read exactly, whatever kind of file they are."""
    for number in numbers:
        rng = random.Random(f"arranged {seed} {number}")
        expected = [
            row(
                f"V-{n:03}",
                task=rng.choice(("Rà soát", "Họp", "Cộng tác viên", "Trong đó có việc", "Chủ tịch ký")),
            )
            for n in range(rng.randint(1, 9))
        ]
        lines = mutants.arrange(rng, HEADERS, expected, ["UBND XÃ AN HƯNG", "SỔ VIỆC", "Tháng 7 năm 2025"])
        body = rng.choice(WRITERS)(lines)
        try:
            assert examine(body, KNOWN).row_count == len(expected)
            found = [[each.values[header] for header in HEADERS] for each in rows(body, LEDGER)]
            assert [cells[:4] for cells in found] == [cells[:4] for cells in expected]
            assert all(cells[5] == "85.5" for cells in found)
        except BaseException as error:
            error.add_note(f"arrangement {number} of seed {seed}: {lines}")
            raise


def test_the_seeds_are_read_right():
    for kind, body in SEEDS.items():
        found = read(body)
        assert found is not None and [each.values["Mã việc"] for each in found] == [
            line[0] for line in LINES[1:]
        ], kind
        assert judge(kind, body, found) == {"html": "text", "xls": "words"}.get(kind, "cells")


def test_damaged_files():
    met = try_damaged(range(250), seed=1)
    assert met["refused"] >= 50 and met["cells"] >= 20 and met["text"] >= 5, met


def test_arranged_tables():
    try_arranged(range(120), seed=1)


@pytest.mark.long
def test_ten_thousand_damaged_files():
    met = try_damaged(range(8_000), seed=2)
    try_arranged(range(2_000), seed=2)
    assert met["refused"] >= 2_000 and met["cells"] >= 1_000, met
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < MOST_BYTES
