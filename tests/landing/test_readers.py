"""What a reader makes of the cells of a record: a value, a blank, or the name of a column that cannot be read."""

import pytest

from tthc.landing.readers import RecordReader
from tthc.sources.streams import streams

QUANTITIES = {
    "integer": ("5.0", 5, ("nhiều", "1,5", "99999999999", "85%")),
    "vnd": ("50.000 đ", 50_000, ("-5", "mười nghìn", "9" * 16)),
    "flag": ("Có", True, ("có lẽ", "2")),
    "decimal": ("85,25", None, ("cao",)),
}


@pytest.mark.parametrize(
    ("stream", "column"),
    [
        pytest.param(stream, column, id=f"{stream.stream}-{column.name}")
        for stream in streams().values()
        for column in stream.staged_columns
        if column.type in QUANTITIES
    ],
)
def test_what_is_no_quantity_is_named_and_never_a_blank(warehouse_settings, stream, column):
    text, value, wrong = QUANTITIES[column.type]
    at = 2 + [each.name for each in stream.staged_columns].index(column.name)
    read = RecordReader(stream)
    for blank in (None, "", "  "):
        row = read({column.header: blank})
        assert (row[at], row[1]) == (None, [])
    row = read({column.header: text})
    assert row[1] == [] and (value is None or row[at] == value)
    for each in wrong:
        row = read({column.header: each})
        assert (row[at], row[1]) == (None, [column.name]), each
