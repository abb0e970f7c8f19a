"""Which columns of a stream a rule is about, read from the SQL of the rule and of the view it judges.

Nothing is kept beside the SQL: a rule names columns of the candidates view, and each of these is followed back to
the staged columns it is made of. So a return sheet colours the cells from which a refusal came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cache

import sqlglot
from sqlglot import expressions as exp

from tthc import settings
from tthc.quality.suites import suite_of
from tthc.sources.streams import Column, Stream

#: The view's own columns about a row: which columns of it could not be read.
UNREADABLE = "unreadable"


class Concerns:
    """What the rules of a stream's suite are about. Made once for a stream; SQL is read when it is made."""

    def __init__(self, stream: Stream) -> None:
        self._staged = {column.name: column for column in stream.staged_columns}
        self._made_of = _made_of(stream.candidates)
        self._rules: dict[str, tuple[frozenset[str], bool]] = {}
        for rule in suite_of(stream).row_rules:
            predicate = sqlglot.parse_one(rule.kwargs.fails_when, read="postgres", into=exp.Condition)
            names = {column.name for column in predicate.find_all(exp.Column)}
            # Names of columns also stand in texts, where a rule looks for them among the unreadable ones.
            named = self._named_in(predicate)
            asks_unreadable = UNREADABLE in names
            found = self.sources(names - {UNREADABLE})
            if stream.kind == "city":
                # Events are looked up by the dossier's code, which is right; unless it is all that is asked.
                found = found - set(stream.key) or found
            self._rules[rule.rule] = (found | named, asks_unreadable and not named)

    def columns(self, rules: Iterable[str], unreadable: Iterable[str] = ()) -> dict[str, list[str]]:
        """Return, by the name of each staged column of one row, the rules that it fails.

        ``unreadable`` names what could not be read of that row (a member of a list as ``list.member``). A rule
        that no longer exists is about nothing.
        """
        lost = {name.partition(".")[0] for name in unreadable}
        found: dict[str, list[str]] = {}
        for rule in rules:
            names, any_unreadable = self._rules.get(rule, (frozenset(), False))
            # Of several dates, the one that could not be read is the one to mend.
            about = (names & lost if names & lost else names) | (lost if any_unreadable else frozenset())
            for name in self._staged:
                if name in about:
                    found.setdefault(name, []).append(rule)
        return found

    def sources(self, names: Iterable[str]) -> frozenset[str]:
        """Return the staged columns that some columns of the view are made of."""
        found: set[str] = set()
        waiting, seen = list(names), set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self._staged:
                found.add(name)
            else:
                waiting += self._made_of.get(name, ())
        return frozenset(found)

    def headers(self, names: Iterable[str]) -> list[str]:
        """Return the headers of some columns of the view, in the order of the declaration."""
        found = self.sources(names)
        return list(dict.fromkeys(column.header for name, column in self._staged.items() if name in found))

    def column(self, name: str) -> Column:
        """Return the declaration of a staged column."""
        return self._staged[name]

    def _named_in(self, predicate: exp.Expression) -> frozenset[str]:
        texts = {literal.name for literal in predicate.find_all(exp.Literal) if literal.is_string}
        return frozenset(texts & self._staged.keys())


@cache
def _made_of(view: str) -> dict[str, frozenset[str]]:
    """Return, for each name that a view gives to something, the names of the columns this is made of."""
    schema, _, name = view.partition(".")
    text = (settings.root() / "sql" / schema / f"{name}.sql").read_text(encoding="utf-8")
    statement = next(part for part in sqlglot.parse(text, read="postgres") if isinstance(part, exp.Create))
    found: dict[str, set[str]] = defaultdict(set)
    for select in statement.find_all(exp.Select):
        joined = _joined_by(select)
        for each in select.expressions:
            columns = list(each.find_all(exp.Column))
            if isinstance(each, exp.Column):
                # Passed on as it is; unless it comes from a table looked up by other columns.
                found[each.name] |= joined.get(each.table, set())
                continue
            found[each.alias_or_name] |= {column.name for column in columns}
            found[each.alias_or_name] |= set().union(*(joined.get(c.table, set()) for c in columns))
    return {name: frozenset(columns - {name}) for name, columns in found.items()}


def _joined_by(select: exp.Select) -> dict[str, set[str]]:
    """Return, for each table that a select joins, the columns it is joined by with an equation."""
    found: dict[str, set[str]] = {}
    for join in select.args.get("joins") or ():
        condition, alias = join.args.get("on"), join.this.alias_or_name
        if isinstance(join.this, exp.Lateral):
            # What is computed aside is made of all that it looks at.
            found[alias] = {column.name for column in join.this.find_all(exp.Column)}
        elif condition is not None:
            conjuncts = condition.flatten() if isinstance(condition, exp.And) else (condition,)
            found[alias] = {
                column.name
                for equation in conjuncts
                if isinstance(equation, exp.EQ)
                for column in equation.find_all(exp.Column)
                if column.table != alias and column.name not in ("commune_code", "fetch_id")
            }
    return found
