"""Which joins of the SQL keep to one commune: read with sqlglot, apart from the code under test."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp

from tthc.warehouse.tables import Table

logging.getLogger("sqlglot").setLevel(logging.ERROR)
COLUMN = "commune_code"


def queries(table: Table) -> Iterator[exp.Expression]:
    """Yield every statement of a file, and every one in the body of its function, when that is SQL."""
    body = re.search(r"LANGUAGE sql\b.*?AS \$(\w*)\$(.*?)\$\1\$", table.shape, flags=re.DOTALL)
    for text in (table.shape, table.refill, body[2] if body else ""):
        # Postgres lets a table be called `values` where its schema is named; the parser does not.
        text = re.sub(r"%\((\w+)\)s", r":\1", text).replace(".values", '."values"')
        yield from (one for one in sqlglot.parse(text, read="postgres") if one is not None)


def loose(query: exp.Expression, spread: set[str]) -> list[str]:
    """Return each SELECT that joins relations of ``spread`` without saying that the commune is the same."""
    return [said for said, is_tied in joined(query, spread) if not is_tied]


def joined(query: exp.Expression, spread: set[str]) -> Iterator[tuple[str, bool]]:
    """Yield each SELECT that joins relations of ``spread``, and whether the commune is the same in all of them."""
    for select in query.find_all(exp.Select):
        own = _sources(select)
        known = {alias: name for alias, name in own.items() if name in spread}
        outer: dict[str, str] = {}
        above = select.parent_select
        conditions = list(_conditions(select))
        while above is not None:
            outer |= {alias: name for alias, name in _sources(above).items() if name in spread}
            conditions += _conditions(above)
            above = above.parent_select
        mentioned = {column.table for column in select.find_all(exp.Column)}
        together = {*known, *(alias for alias in outer if alias in mentioned and alias not in own)}
        if not known or len(together) < 2:
            continue
        classes = _classes(conditions, together | outer.keys())
        said = ", ".join(sorted(f"{(own | outer)[alias]} {alias}" for alias in together))
        yield said, len({classes[alias] for alias in together}) == 1


def _sources(select: exp.Select) -> dict[str, str]:
    found = {}
    for clause in [select.args.get("from_") or select.args.get("from"), *(select.args.get("joins") or [])]:
        source = clause.this if clause is not None else None
        if isinstance(source, exp.Table) and not isinstance(source.this, exp.Func):
            found[source.alias_or_name] = f"{source.db}.{source.name}" if source.db else source.name
    return found


def _conditions(select: exp.Select) -> Iterator[exp.EQ]:
    """Yield the equalities that hold for every row: of WHERE and of ON, joined by AND."""
    clauses = [select.args.get("where"), *(select.args.get("joins") or [])]
    for clause in clauses:
        whole = (
            clause.args.get("on")
            if isinstance(clause, exp.Join)
            else clause.this
            if clause is not None
            else None
        )
        if whole is None:
            continue
        for part in whole.flatten() if isinstance(whole, exp.And) else [whole]:
            part = part.unnest()
            if isinstance(part, exp.EQ):
                yield part


def _classes(conditions: list[exp.EQ], aliases: set[str]) -> dict[str, str]:
    """Return for each alias what its commune equals, followed to the end."""
    parents: dict[str, str] = {}

    def root(name: str) -> str:
        while name in parents:
            name = parents[name]
        return name

    for condition in conditions:
        sides = [side.unnest() for side in (condition.this, condition.expression)]
        if not any(isinstance(side, exp.Column) and side.name == COLUMN for side in sides):
            continue
        names = [
            side.table if isinstance(side, exp.Column) and side.name == COLUMN else side.sql()
            for side in sides
        ]
        left, right = (root(name) for name in names)
        if left != right:
            parents[left] = right
    return {alias: root(alias) for alias in aliases}
