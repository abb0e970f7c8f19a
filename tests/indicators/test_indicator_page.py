"""The page of indicators: every one of them, in words that follow its predicates, and not stale."""

import pytest

from tthc import settings
from tthc.errors import TthcError
from tthc.indicators import definitions, dictionary


def test_the_committed_page_is_not_stale():
    committed = (settings.root() / dictionary.PAGE).read_text(encoding="utf-8")
    assert committed == dictionary.page(), "run: .venv/bin/python -m tthc.indicators.dictionary"


def test_every_indicator_and_every_cell_is_on_the_page():
    page = dictionary.page()
    assert len(definitions.indicators()) >= 15
    for indicator in definitions.shown().values():
        assert f"\n### {indicator.id}\n" in page
        assert indicator.legal in page
    for cell in definitions.cells("II.06a"):
        column = f"({cell.column})" if cell.column else "ghi chú"
        assert f"| {column} | `{cell.id}` |" in page


@pytest.mark.parametrize(
    ("predicate", "words"),
    [
        ("is_early OR is_on_time", "«giải quyết xong trước hạn» hoặc «giải quyết xong đúng ngày hẹn»"),
        (
            "(is_resolved OR is_open) AND NOT is_late",
            "(«giải quyết xong trong kỳ» hoặc «còn mở vào cuối kỳ») và không «giải quyết xong sau hạn»",
        ),
        ("channel IS DISTINCT FROM 2", "«kênh nộp» không là 2"),
        ("supplement_count >= 2", "«số lần yêu cầu bổ sung» từ 2"),
        ("used_working_days IS NOT NULL", "«số ngày làm việc đã dùng» không trống"),
        ("used_working_days IS NULL", "«số ngày làm việc đã dùng» trống"),
        ("true", "tất cả"),
    ],
)
def test_predicates_are_told_in_words(predicate, words):
    assert dictionary.told(predicate) == words


@pytest.mark.parametrize("predicate", ["no_such_column", "channel + 1 = 2"])
def test_what_cannot_be_told_is_an_error_not_a_gap(predicate):
    with pytest.raises(TthcError):
        dictionary.told(predicate)
