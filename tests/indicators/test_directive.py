"""The directive walked clause by clause: no clause without an indicator, no quote that it does not say."""

import pytest

from tthc import settings
from tthc.errors import UsageError
from tthc.indicators import definitions, directive


def test_the_committed_page_is_not_stale():
    committed = (settings.root() / directive.PAGE).read_text(encoding="utf-8")
    assert committed == directive.page(), "run: .venv/bin/python -m tthc.indicators.directive"


def test_every_clause_is_answered_and_every_answer_is_a_clause():
    declared = {clause.code for clause in directive.directive().clauses}
    answered = {code for one in definitions.shown().values() for code in one.clauses}
    assert len(declared) == 19 and answered == declared


@pytest.mark.parametrize(
    ("clause", "words", "says"),
    [
        ("1.3", "dưới dạng điện tử", True),
        ("1.3", "Dưới  dạng\nđiện tử", True),
        ("1.2", "đúng thẩm quyền … theo quy định", True),
        ("1.2", "theo quy định … đúng thẩm quyền", False),
        ("1.3", "dưới dạng giấy", False),
        ("9.9", "dưới dạng điện tử", False),
    ],
)
def test_a_quote_is_what_the_clause_says(clause, words, says):
    assert directive.quotes(clause, words) is says


def test_a_definition_with_an_invented_quote_is_refused_with_file_and_line(tmp_path, monkeypatch):
    text = (settings.root() / "indicators" / "documents.yaml").read_text(encoding="utf-8")
    quote = next(line for line in text.splitlines() if line.startswith("  clause_text: "))
    path = tmp_path / "documents.yaml"
    path.write_text(text.replace(quote, "  clause_text: điều văn bản không nói", 1), encoding="utf-8")
    with pytest.raises(UsageError, match=r"documents\.yaml, dòng \d+ .*clause_text"):
        definitions.read_definitions(path)
