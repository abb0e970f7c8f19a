"""Every small mistake of a kind that the SQL of a table can hold: one operator, one word or one number changed.

python -m pytest -m long tests/sql/test_mutants.py -k drawn -s        shows which of them no case notices
"""

from __future__ import annotations

import io
import itertools
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from sqlglot.dialects import Postgres
from sqlglot.tokens import Token, TokenType

#: A word of the SQL → what somebody could have written instead.
_INSTEAD = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "=": "<>",
    "<>": "=",
    "+": "-",
    "-": "+",
    "and": "OR",
    "or": "AND",
    "not": "",
    "true": "false",
    "false": "true",
    "min": "max",
    "max": "min",
    "least": "greatest",
    "greatest": "least",
    "left": "INNER",
    "lag": "lead",
    "lead": "lag",
}
#: The same in the text of a module: what its statements say, and what Python itself does.
_SQL_WORD = re.compile(r"<=|>=|<>|(?<![<>=!])[<>=](?![<>=])|\b(?:AND|OR|NOT|LEFT|max|min|true|false)\b")
_PYTHON = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">", "+": "-", "-": "+"} | {
    "and": "or",
    "or": "and",
    "not": "",
    "True": "False",
    "False": "True",
}


class Mutant(NamedTuple):
    """One changed word: where it stands, the line it stands in, and the whole text with it."""

    line: int
    old: str
    new: str
    shown: str
    text: str


def drawn(text: str) -> Iterator[Mutant]:
    """Yield every mutant of an SQL text (of a function: of its body), in order."""
    head, mark, rest = text.partition("$$")
    body, _, tail = rest.rpartition("$$") if mark else (head, "", "")
    if mark:
        head, tail = head + mark, mark + tail
    else:
        head = ""
    tokens = Postgres().tokenize(body)
    for before, token in itertools.pairwise(tokens):
        new = _other(before, token)
        if new is None:
            continue
        line = body.count("\n", 0, token.start)
        yield Mutant(
            head.count("\n") + line + 1,
            body[token.start : token.end + 1],
            new,
            body.splitlines()[line].strip(),
            head + body[: token.start] + new + body[token.end + 1 :] + tail,
        )


def _other(before: Token, token: Token) -> str | None:
    """Return what stands instead of a word; None where nothing else could."""
    if token.token_type == TokenType.NUMBER:
        # The second number of numeric(5, 2), and of round(x, 2), decides no row.
        return None if before.text == "," or not token.text.isdigit() else str(int(token.text) + 1)
    if token.token_type in (TokenType.STRING, TokenType.IDENTIFIER):
        return None
    return _INSTEAD.get(token.text.lower())


def drawn_in_python(source: str) -> Iterator[Mutant]:
    """Yield every mutant of a module whose strings hold SQL, in order; its docstrings are left alone."""
    starts = list(itertools.accumulate((len(line) for line in source.splitlines(keepends=True)), initial=0))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        at = starts[token.start[0] - 1] + token.start[1]
        if token.type == tokenize.STRING:
            found = () if token.string.startswith('"""') else _SQL_WORD.finditer(token.string)
            places = [(at + one.start(), one[0], _INSTEAD[one[0].lower()]) for one in found]
        else:
            places = [(at, token.string, _PYTHON[token.string])] if token.string in _PYTHON else []
        for start, old, new in places:
            text = source[:start] + new + source[start + len(old) :]
            yield Mutant(token.start[0], old, new, token.line.strip(), text)
