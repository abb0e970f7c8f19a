"""Columns are read many cells at once: what comes out is what the cells say one by one."""

from collections import Counter
from datetime import date, datetime

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.sources.sheets import HEADERS, LEDGER, csv, row
from tthc.sources.cell_values import Percentage
from tthc.sources.column_cells import ReadColumn, column_reader
from tthc.sources.conventions import Conventions, Evidence
from tthc.sources.spreadsheets import examine, rows

WRITTEN = (
    "", " 03/04/2025", "03/04/2025", "13/04/2025 08:30:00", "04/13/2025", "31/12/2025 7:05", "3/4/2025", "٠٣/٠٤/٢٠٢٥",
    "03/04/2025\n05/06/2025", "03/04/2025 08:30", "3.1085E+11", "1.234", "1.234,5", "12.5", "1500000", "0", "\u200bMã ",
    "Xa\u0303 An Hưng", "H24.11-250701-0001", "ngày 3 tháng 4 năm 2025", "99/99/9999", "00/00/0000", "mười",
)  # fmt: skip
TEXTS = st.one_of(st.sampled_from(WRITTEN), st.text(max_size=12))
CELLS = st.one_of(
    st.none(), TEXTS, TEXTS, TEXTS, st.sampled_from((0.0, 45839.5, 2.00092, 1e16, True, False, Percentage(0.07))),
    st.sampled_from((date(2025, 4, 3), datetime(2025, 4, 13, 8, 30))),
)  # fmt: skip
KINDS = ("text", "procedure", "instant", "date", "integer", "decimal", "vnd")


@given(
    cells=st.lists(CELLS, max_size=40), kind=st.sampled_from(KINDS), is_identity=st.booleans(), is_vital=st.booleans(),
    conventions=st.builds(
        Conventions, st.booleans(), st.booleans(), st.sampled_from((None, "dot", "comma"))
    ),
)  # fmt: skip
@hypothesis_settings(max_examples=400, deadline=None)
def test_a_column_is_read_as_its_cells(cells, kind, is_identity, is_vital, conventions):
    column = ReadColumn("Cột", 0, kind, is_identity, is_vital)
    read = column_reader(column, conventions, is_1904=False)
    assert read(cells) == [read([cell])[0] for cell in cells]
    # A cell that nothing can be taken for is read by the slow way, alone or among others.
    assert read([*cells, 1.5])[:-1] == read(cells)


@given(cells=st.lists(CELLS, max_size=60), kind=st.sampled_from(("instant", "decimal", "vnd")))
@hypothesis_settings(max_examples=400, deadline=None)
def test_what_a_column_proves_is_what_its_cells_prove(cells, kind):
    told = []
    for size in (1, 7, 100):
        evidence = Evidence()
        hearer = evidence.hearer(kind, "Cột", lambda number: f"A{number}")
        for start in range(0, len(cells), size):
            part = cells[start : start + size]
            counted = None if size == 1 else hearer.counted(part)
            if counted is not None:
                hearer.add(counted)
                continue
            for number, cell in enumerate(part, start):
                if cell:
                    hearer.hear(cell, number)
        told.append((+evidence.counts, evidence.where, {"Cột": +evidence.mixed["Cột"]}))
    assert told[0] == told[1] == told[2]


def test_a_long_file_tells_of_its_first_cells_and_of_every_lost_code():
    lines = [row(f"V-{number:04}") for number in range(1_700)]
    for number, code in ((3, "3.1085E+11"), (900, "3.1085E+11"), (1_650, "2.5E+12")):
        lines[number][0] = code
    found = examine(csv([HEADERS, *lines]), [LEDGER])
    assert found.row_count == 1_700
    assert any("3 ô mã" in note and "A5, A902, A1652" in note for note in found.notes), found.notes
    read = list(rows(csv([HEADERS, *lines]), LEDGER))
    assert [each.row for each in read] == list(range(2, 1_702))
    assert Counter(each.values[HEADERS[0]] is None for each in read) == {True: 3, False: 1_697}
