"""The indicators, one record each in ``indicators/*.yaml``: two predicates over an item table.

A definition is checked when it is loaded: its predicates must be SQL over columns that the item table has. The
error names the file and the line of the record.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import sqlglot
from sqlglot import expressions

from tthc import settings
from tthc.errors import UsageError
from tthc.warehouse import tables

Level = Literal["commune", "unit", "procedure", "field"]
LEVELS: tuple[Level, ...] = ("commune", "unit", "procedure", "field")


class Target(msgspec.Struct, frozen=True, rename={"valid_from": "from"}, forbid_unknown_fields=True):
    """A target from a day on, and where it comes from."""

    valid_from: date
    value: float
    source: str


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One indicator as declared.

    A ``rate`` is ``100 · n / d`` of rows that ``who`` admits; a ``count`` the rows that ``succeeds``; a ``ratio``
    the sum of one column over the sum of another, over the rows that ``who`` admits. Rows of which ``needs`` is not
    known stand aside, and make the number ``incomplete``.
    """

    id: str
    name: str
    clause: str
    clause_text: str
    responsible: str
    item: str
    kind: Literal["rate", "count", "ratio"]
    legal: str
    direction: Literal["up", "down", "none"]
    who: str = "true"
    succeeds: str = "true"
    needs: str | None = None
    sum: str | None = None
    of_sum: str | None = None
    targets: tuple[Target, ...] = ()
    levels: tuple[Level, ...] = LEVELS
    feeds: tuple[str, ...] = ()
    form: str | None = None
    column: int | None = None

    @property
    def asked(self) -> str:
        """Who is counted: those whom it is about, and of whom what it needs is known."""
        if self.needs is None:
            return self.who
        return self.needs if self.who == "true" else f"{self.who} AND {self.needs}"

    @property
    def lacking_sql(self) -> str:
        """The aggregate that gives the rows that stand aside because what is needed of them is not known."""
        if self.needs is None:
            return "0"
        return f"count(*) FILTER (WHERE ({self.who}) AND ({self.needs}) IS NOT TRUE)"

    @property
    def numerator_sql(self) -> str:
        """The aggregate that gives the numerator."""
        if self.kind == "ratio":
            return f"coalesce(sum({self.sum}) FILTER (WHERE {self.asked}), 0)"
        return f"count(*) FILTER (WHERE ({self.asked}) AND ({self.succeeds}))"

    @property
    def denominator_sql(self) -> str:
        """The aggregate that gives the denominator; NULL for a count."""
        if self.kind == "count":
            return "NULL::bigint"
        if self.kind == "ratio":
            return f"coalesce(sum({self.of_sum}) FILTER (WHERE {self.asked}), 0)"
        return f"count(*) FILTER (WHERE {self.asked})"

    @property
    def evidence_sql(self) -> tuple[str, str]:
        """(who is behind the number, who of them succeeds), as predicates: those of the aggregates."""
        if self.kind == "count":
            return f"({self.asked}) AND ({self.succeeds})", "true"
        return self.asked, self.succeeds if self.kind == "rate" else "true"


@cache
def indicators() -> dict[str, Indicator]:
    """Return every indicator by id; raise UsageError for the first wrong one, with its file and line."""
    found: dict[str, Indicator] = {}
    for path in sorted((settings.root() / "indicators").glob("*.yaml")):
        for indicator in read_definitions(path):
            if indicator.id in found:
                raise UsageError(
                    f"{_place(path, indicator.id)}: mã chỉ tiêu {indicator.id} đã có ở nơi khác."
                )
            found[indicator.id] = indicator
    if not found:
        raise UsageError("Không có chỉ tiêu nào trong thư mục indicators/.")
    return found


def shown() -> dict[str, Indicator]:
    """Return the indicators that are indicators, not cells of a form."""
    return {id: indicator for id, indicator in indicators().items() if indicator.form is None}


def by_item() -> dict[str, list[Indicator]]:
    """Return the indicators of each item table: those that one pass over it gives."""
    found: dict[str, list[Indicator]] = {}
    for indicator in indicators().values():
        found.setdefault(indicator.item, []).append(indicator)
    return found


def fed_by(table: str) -> list[str]:
    """Return the indicators (not the cells of forms) whose item table reads ``table``, itself or through others."""
    every, fed = tables.tables(), []
    for item, indicators_of_it in by_item().items():
        reached, waiting = set(), [item]
        while waiting:
            name = waiting.pop()
            if name in every and name not in reached:
                reached.add(name)
                waiting += every[name].words
        if table in reached:
            fed += [indicator.id for indicator in indicators_of_it if indicator.form is None]
    return fed


def cells(form: str) -> list[Indicator]:
    """Return the cells of a form in the order of its columns."""
    return sorted((i for i in indicators().values() if i.form == form), key=lambda cell: cell.column or 0)


def definitions_hash() -> str:
    """Return the fingerprint of everything that decides a number: the definitions and the SQL of their items."""
    digest = hashlib.sha256(msgspec.json.encode(list(indicators().values())))
    for item in sorted({indicator.item for indicator in indicators().values()}):
        digest.update(tables.tables()[item].shape.encode())
    return digest.hexdigest()


def read_definitions(path: Path) -> list[Indicator]:
    """Return the definitions of one file; raise UsageError with file and line when one cannot be right."""
    try:
        declared = msgspec.yaml.decode(path.read_bytes(), type=list[Indicator])
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        place = re.search(r"\$\[(\d+)\]", str(error))
        line = _record_lines(path)[int(place[1])] if place else 1
        raise UsageError(f"Định nghĩa sai ở indicators/{path.name}, dòng {line}: {error}.") from error
    for indicator in declared:
        for problem in _problems(indicator):
            raise UsageError(f"{_place(path, indicator.id)}: {problem}")
    return declared


def _record_lines(path: Path) -> list[int]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if line.startswith("- ")] or [1]


def _place(path: Path, id: str) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    line = next((number for number, text in enumerate(lines, 1) if text == f"- id: {id}"), 1)
    return f"Định nghĩa sai ở indicators/{path.name}, dòng {line} ({id})"


def _problems(indicator: Indicator):
    if not re.fullmatch(r"[a-z][a-z0-9_]*", indicator.id):
        yield "mã chỉ tiêu chỉ gồm chữ thường không dấu, số và gạch dưới."
    columns = item_columns(indicator.item)
    if not columns:
        yield f"không có bảng {indicator.item} trong sql/."
        return
    if indicator.needs and any(" OR " in text.upper() for text in (indicator.who, indicator.needs)):
        yield "who và needs được nối bằng AND: điều kiện có OR thì đặt trong ngoặc ở một cột của bảng."
    if (indicator.kind == "ratio") != (indicator.sum is not None and indicator.of_sum is not None):
        yield "kind: ratio cần cả sum và of_sum, các kind khác thì không."
    for part in ("who", "succeeds", "needs", "sum", "of_sum"):
        text = getattr(indicator, part)
        if text is None:
            continue
        try:
            tree = sqlglot.parse_one(f"SELECT {text}", read="postgres")
        except sqlglot.errors.ParseError:
            yield f"{part} không phải là một điều kiện SQL: {text}"
            continue
        if tree.find(expressions.Subquery, expressions.From, expressions.AggFunc):
            yield f"{part} chỉ được dùng các cột của dòng, không có truy vấn con hay phép gộp."
        for column in tree.find_all(expressions.Column):
            if column.name not in columns:
                yield f"{part} dùng cột {column.name} mà {indicator.item} không có."


@cache
def item_columns(item: str) -> frozenset[str]:
    """Return the columns of an item table, read from its SQL; empty when there is no such table."""
    table = tables.tables().get(item)
    if table is None:
        return frozenset()
    declared = re.search(r"RETURNS TABLE \((.*?)\n\)", table.shape, re.DOTALL)
    return frozenset(re.findall(r"^\s+([a-z_]+) ", declared[1], re.MULTILINE)) if declared else frozenset()
