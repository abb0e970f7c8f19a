"""Which columns a column is made of, read from the SQL itself: the SELECT of a view, of a refill, of a function.

What is followed are values: the columns in the expression that gives a column, through CTEs, subqueries and unions, and
those by which a joined row is found. Columns that only choose which rows are there are told apart, by ``chosen_by``.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import expressions
from sqlglot.optimizer.scope import Scope, build_scope

from tthc.sources import streams
from tthc.warehouse import tables
from tthc.warehouse.tables import Table

Place = tuple[str, str]
#: Of a row of a stream, where it stands in its reading: no source gives these.
STANDING = {"commune_code", "fetch_id", "row_number", "row_uid", "row_hash", "key_mark", "mark", "fetched_at",
            "answered_at", "address", "unreadable", "valid_to", "missing_since", "flags"}  # fmt: skip


@dataclass(frozen=True)
class Origins:
    """Of one table: its columns in order, what each is made of, and the columns that choose its rows."""

    columns: tuple[str, ...]
    made_of: dict[str, frozenset[Place]]
    chosen_by: frozenset[Place]


@cache
def origins() -> dict[str, Origins]:
    """Return the origins of every table, view and table function of ``sql/``, each after those it reads."""
    # The body of a function is a text to the parser, which it says on every one.
    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    found: dict[str, Origins] = {}
    merged = {s.table: s.candidates for s in streams.streams().values()}
    merged |= {s.history_table: s.candidates for s in streams.streams().values()}
    current = {s.history_table: s.table for s in streams.streams().values()}
    for name, table in tables.tables().items():
        query, columns = _query(table)
        if name in merged:
            # A history has the columns of its table (LIKE), and its own.
            columns = tuple(
                dict.fromkeys((*(found[current[name]].columns if name in current else ()), *columns))
            )
            # The merge writes what the candidates say, column by column.
            made = {column: frozenset({(merged[name], column)}) for column in columns}
            found[name] = Origins(columns, made, frozenset())
        elif query is None:
            found[name] = Origins(columns, {column: frozenset() for column in columns}, frozenset())
        else:
            found[name] = _read(query, columns, found)
    return found


def _query(table: Table) -> tuple[expressions.Expression | None, tuple[str, ...]]:
    """Return (the query that gives a table's rows, or None; its columns)."""
    if table.kind == "FUNCTION":
        given = re.search(r"RETURNS TABLE \((.*?)\n?\)\s*(?:LANGUAGE|AS)", table.shape, re.DOTALL)
        columns = tuple(re.findall(r"^\s*([a-z_0-9]+) ", given[1], re.MULTILINE)) if given else ()
        body = re.search(r"AS (\$\w*\$)(.*?)\1", table.shape, re.DOTALL)
        is_sql = "LANGUAGE sql" in table.shape
        return (_parsed(body[2])[-1] if columns and body and is_sql else None), columns
    if table.kind == "VIEW":
        (created,) = (one for one in _parsed(table.shape) if isinstance(one, expressions.Create))
        return created.expression, tuple(one.alias_or_name for one in created.expression.selects)
    (created, *_) = (one for one in _parsed(table.shape) if isinstance(one, expressions.Create))
    columns = tuple(one.name for one in created.find_all(expressions.ColumnDef))
    steps = _parsed(table.refill)
    inserts = [one for one in steps if isinstance(one, expressions.Insert)]
    if not inserts:
        return None, columns
    insert = inserts[-1]
    query = insert.expression
    named = insert.args.get("with_") or insert.args.get("with") or query.args.get("with_")
    # What was laid into a temporary table first is read as if it were named in the query itself.
    laid = [
        expressions.CTE(this=one.expression, alias=expressions.TableAlias(this=one.this.this))
        for one in steps
        if isinstance(one, expressions.Create) and one.expression is not None
    ]
    if named or laid:
        query.set("with_", expressions.With(expressions=[*laid, *(named.expressions if named else ())]))
    return query, tuple(one.name for one in insert.this.expressions)


def _parsed(text: str) -> list[expressions.Expression]:
    text = re.sub(r"%\(\w+\)s", "NULL", text).replace("%%", "%").replace(".values", '."values"')
    # What the parser does not know, and what changes no column.
    text = text.replace(" ON COMMIT DROP AS", " AS")
    return [one for one in sqlglot.parse(text, read="postgres") if one is not None]


def _read(query: expressions.Expression, columns: tuple[str, ...], known: dict[str, Origins]) -> Origins:
    reader = _Reader(query, known)
    made = {column: frozenset(reader.made_at(reader.root, place)) for place, column in enumerate(columns)}
    return Origins(columns, made, frozenset(reader.chosen()))


class _Reader:
    """One query with its scopes, and the tables whose columns are known."""

    def __init__(self, query: expressions.Expression, known: dict[str, Origins]) -> None:
        self.root = build_scope(query)
        self.known = known
        self.scope_of: dict[int, Scope] = {}
        for scope in self.root.traverse():
            for column in scope.columns:
                # Inner scopes come first, and a column belongs to the innermost.
                self.scope_of.setdefault(id(column), scope)
        self.open: set[tuple[int, str]] = set()

    def made_at(self, scope: Scope, place: int) -> set[Place]:
        """Return what the column at a place of a query is made of."""
        if scope.set_operation_scopes:
            return {one for part in scope.set_operation_scopes for one in self.made_at(part, place)}
        selects = _selects(scope.expression)
        return self.columns_in(selects[place]) if place < len(selects) else set()

    def columns_in(self, expression: expressions.Expression) -> set[Place]:
        """Return the columns of tables that an expression is made of."""
        found: set[Place] = set()
        for column in expression.find_all(expressions.Column):
            scope = self.scope_of.get(id(column))
            if scope is not None and column.name:
                found |= self.resolve(scope, column.table, column.name)
        return found

    def resolve(self, scope: Scope | None, qualifier: str, name: str) -> set[Place]:
        """Return what a name means in a scope, or in one around it."""
        while scope is not None:
            whole = None if qualifier else scope.sources.get(name)
            if isinstance(whole, Scope):
                # A member of a list that a function unfolds, taken whole.
                return self.columns_in(whole.expression)
            for alias, source in scope.sources.items():
                if alias in scope.cte_sources and alias not in scope.selected_sources:
                    continue
                if qualifier in ("", alias) and self.has(source, name, is_sure=bool(qualifier)):
                    return self.of_source(source, name) | self.looked_up_by(scope, alias)
            scope = scope.parent
        return set()

    def has(self, source: Scope | expressions.Expression, name: str, *, is_sure: bool) -> bool:
        if isinstance(source, Scope):
            if source.set_operation_scopes:
                return self.has(source.set_operation_scopes[0], name, is_sure=is_sure)
            selects = _selects(source.expression)
            if not selects:
                return True
            return any(one.alias_or_name == name for one in selects) or any(one.is_star for one in selects)
        origin = self.known.get(_named(source))
        return name in origin.columns if origin else is_sure

    def of_source(self, source: Scope | expressions.Expression, name: str) -> set[Place]:
        if not isinstance(source, Scope):
            # Of what a function unfolds (the members of a list), each column is made of what it was given.
            return {(_named(source), name)} if _named(source) in self.known else self.columns_in(source)
        mark = (id(source), name)
        if mark in self.open:  # a recursive CTE
            return set()
        self.open.add(mark)
        try:
            return self.of_scope(source, name)
        finally:
            self.open.discard(mark)

    def looked_up_by(self, scope: Scope, alias: str) -> set[Place]:
        """Return the columns by which a joined row is found: it would be another row by others."""
        for join in scope.expression.args.get("joins") or []:
            condition, mark = join.args.get("on"), (id(join), "")
            if join.this.alias_or_name == alias and condition is not None and mark not in self.open:
                self.open.add(mark)
                try:
                    return self.columns_in(condition)
                finally:
                    self.open.discard(mark)
        return set()

    def of_scope(self, scope: Scope, name: str) -> set[Place]:
        if scope.set_operation_scopes:
            first = scope.set_operation_scopes[0]
            while first.set_operation_scopes:
                first = first.set_operation_scopes[0]
            names = [one.alias_or_name for one in first.expression.selects]
            if name in names:
                return self.made_at(scope, names.index(name))
            return {one for part in scope.set_operation_scopes for one in self.of_scope(part, name)}
        selects = _selects(scope.expression)
        if not selects:
            return self.columns_in(scope.expression)
        for select in selects:
            if select.alias_or_name == name and not select.is_star:
                return self.columns_in(select) | self.picked_by(scope, select)
        for select in selects:
            if select.is_star:
                qualifier = select.table if isinstance(select, expressions.Column) else ""
                return self.resolve(scope, qualifier, name)
        # The columns of VALUES and of unnest are named from outside.
        return {one for select in selects for one in self.columns_in(select)}

    def picked_by(self, scope: Scope, select: expressions.Expression) -> set[Place]:
        """Return the columns by which rows are picked, where a value depends on it: in a lateral, or when counting."""
        where = _inner(scope.expression).args.get("where")
        depends = isinstance(scope.expression, expressions.Lateral) or any(
            isinstance(count.this, expressions.Star) for count in select.find_all(expressions.Count)
        )
        return self.columns_in(where) if depends and where is not None else set()

    def chosen(self) -> set[Place]:
        """Return the columns of all conditions that choose rows, in any part of the query."""
        found: set[Place] = set()
        for scope in self.root.traverse():
            select = scope.expression
            if not isinstance(select, expressions.Select):
                continue
            conditions = [
                select.args.get("where"),
                *(j.args.get("on") for j in select.args.get("joins") or []),
            ]
            for condition in conditions:
                found |= self.columns_in(condition) if condition is not None else set()
        return found


def _inner(expression: expressions.Expression) -> expressions.Expression:
    """Return the query inside ``LATERAL (…)``."""
    is_wrapped = isinstance(expression, expressions.Lateral | expressions.Subquery)
    return _inner(expression.this) if is_wrapped else expression


def _selects(expression: expressions.Expression) -> list[expressions.Expression]:
    inner = _inner(expression)
    return list(inner.selects) if isinstance(inner, expressions.Query) else []


def _named(source: expressions.Expression) -> str:
    if isinstance(source, expressions.Table):
        inner = source.this
        name = inner.name if not isinstance(inner, expressions.Anonymous) else str(inner.this)
        return f"{source.db}.{name}"
    return ""
