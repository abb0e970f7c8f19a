"""The indicators, one record each in ``indicators/*.yaml``: two predicates over an item table.

A definition is checked when it is loaded: its predicates must be SQL over columns that the item table has. The
error names the file and the line of the record.
"""

from __future__ import annotations

import hashlib
import re
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal, get_args

import msgspec
import sqlglot
from sqlglot import expressions

from tthc import settings
from tthc.errors import UsageError
from tthc.indicators import directive, index_766
from tthc.sources import streams
from tthc.warehouse import tables
from tthc.workdays import periods
from tthc.workdays.periods import Period

Level = Literal["commune", "unit", "procedure", "field", "official"]
LEVELS: tuple[Level, ...] = ("commune", "unit", "procedure", "field", "official")
#: The column of an item table that says whose a row is, by level.
CODES: dict[str, str] = {level: f"{level}_code" for level in LEVELS[1:]}
Kind = Literal[
    "rate",
    "count",
    "sum",
    "ratio",
    "median",
    "published",
    "change",
    "difference",
    "weighted",
    "scored",
    "clauses",
    "mapped",
    "no_source",
]
#: Kinds whose numerators and denominators are sums over rows: their changes can be told row by row.
ADDITIVE = ("rate", "count", "sum", "ratio")
#: Kinds that look at rows of an item table; the others look at indicators, or at nothing yet.
OVER_ROWS = (*ADDITIVE, "median", "published")
#: What each kind takes beside what all take.
_TAKES: dict[str, tuple[str, ...]] = {
    "sum": ("sum",),
    "ratio": ("sum", "of_sum"),
    "median": ("of",),
    "published": ("of",),
    "change": ("of",),
    "difference": ("of", "minus"),
    "scored": ("of",),
    "mapped": ("of",),
    "weighted": ("parts",),
    "no_source": ("reason",),
}


class Target(msgspec.Struct, frozen=True, rename={"valid_from": "from"}, forbid_unknown_fields=True):
    """A target from a day on, and where it comes from."""

    valid_from: date
    value: float
    source: str


class Clause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A further clause of the directive that an indicator answers to."""

    clause: str
    clause_text: str


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a weighted score: no points at ``floor``, all of ``weight`` at ``target``, in proportion between."""

    indicator: str
    weight: float
    floor: float
    target: float


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One indicator as declared.

    Over the rows of ``item`` that ``who`` admits: a ``rate`` is the percentage that ``succeeds``, a ``count`` how many
    do, a ``sum`` that of a column, a ``ratio`` the sum of one column over that of another, a ``median`` that of column
    ``of``, and ``published`` the value in column ``of`` of the one row that somebody else published. Rows of which
    ``needs`` is not known stand aside, and make the number ``incomplete``.

    Over indicators: a ``change`` is the value of ``of`` less that of the period before, a ``difference`` that of ``of``
    less that of ``minus``, a ``weighted`` the points of its ``parts`` of 100, ``scored`` the points by the rule set
    ``of``, ``clauses`` the percentage of the directive's clauses whose targets are met, ``mapped`` how many indicators
    feed ``of``. ``no_source`` is what nothing can tell yet, and its ``reason``.

    A target is reached at or above it (``up``), at or below it (``down``), or within it on either side of 0 (``near``).

    ``sources`` are the streams without which the number of a period is not whole.
    """

    id: str
    name: str
    clause: str
    clause_text: str
    responsible: str
    kind: Kind
    legal: str
    direction: Literal["up", "down", "near", "none"]
    item: str | None = None
    sources: tuple[str, ...] = ()
    who: str = "true"
    succeeds: str = "true"
    needs: str | None = None
    sum: str | None = None
    of_sum: str | None = None
    of: str | None = None
    minus: str | None = None
    parts: tuple[Part, ...] = ()
    reason: str | None = None
    targets: tuple[Target, ...] = ()
    levels: tuple[Level, ...] = ()
    periods: tuple[periods.Kind, ...] = get_args(periods.Kind)
    feeds: tuple[str, ...] = ()
    also: tuple[Clause, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    form: str | None = None
    column: int | None = None

    def holds_in(self, period: Period) -> bool:
        """Say whether it is computed for a period: for periods of its kind, and valid on its last day."""
        return (
            period.kind in self.periods
            and (self.valid_from is None or self.valid_from <= period.end)
            and (self.valid_to is None or period.end <= self.valid_to)
        )

    def target_on(self, day: date) -> Target | None:
        """Return the target in force on a day."""
        return max(
            (target for target in self.targets if target.valid_from <= day),
            key=lambda target: target.valid_from,
            default=None,
        )

    def reaches(self, value: Decimal, day: date) -> bool | None:
        """Say whether a value reaches the target of a day; None when there is none."""
        target = self.target_on(day)
        if target is None or self.direction == "none":
            return None
        goal = Decimal(str(target.value))
        if self.direction == "near":
            return abs(value) <= goal
        return value >= goal if self.direction == "up" else value <= goal

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses of the directive that it answers to."""
        return (self.clause, *(other.clause for other in self.also))

    @property
    def reads(self) -> tuple[str, ...]:
        """The indicators that it is made of; ``clauses`` is made of every one with a target."""
        if self.kind in ("change", "difference"):
            return tuple(name for name in (self.of, self.minus) if name)
        if self.kind == "scored":
            return index_766.reads()
        return tuple(part.indicator for part in self.parts)

    @property
    def at(self) -> tuple[str, ...]:
        """The levels at which it is computed: those declared, else all that its rows know (officials are asked for)."""
        if self.levels:
            return self.levels
        if self.item is None:
            return ("commune",)
        return ("commune", *(level for level in LEVELS[1:-1] if CODES[level] in item_columns(self.item)))

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
        """The aggregate that gives the numerator; NULL for what is no quotient."""
        if self.kind in ("median", "published"):
            return "NULL::bigint"
        if self.kind in ("sum", "ratio"):
            return f"coalesce(sum({self.sum}) FILTER (WHERE {self.asked}), 0)"
        return f"count(*) FILTER (WHERE ({self.asked}) AND ({self.succeeds}))"

    @property
    def denominator_sql(self) -> str:
        """The aggregate that gives the denominator; NULL for a count, a sum and a published value."""
        if self.kind in ("count", "sum", "published"):
            return "NULL::bigint"
        if self.kind == "ratio":
            return f"coalesce(sum({self.of_sum}) FILTER (WHERE {self.asked}), 0)"
        return f"count(*) FILTER (WHERE {self.asked})"

    @property
    def value_sql(self) -> str:
        """The aggregate that gives the value of what is no quotient; NULL for what is one."""
        if self.kind == "median":
            return f"(percentile_cont(0.5) WITHIN GROUP (ORDER BY {self.of}) FILTER (WHERE {self.asked}))::numeric"
        if self.kind == "published":
            return f"(max({self.of}) FILTER (WHERE {self.asked}))::numeric"
        return "NULL::numeric"

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
    for indicator in found.values():
        for other in indicator.reads:
            if other not in found:
                raise UsageError(f"Định nghĩa sai ở indicators/ ({indicator.id}): không có chỉ tiêu {other}.")
    return found


def shown() -> dict[str, Indicator]:
    """Return the indicators that are indicators, not cells of a form."""
    return {id: indicator for id, indicator in indicators().items() if indicator.form is None}


def by_item(period: Period | None = None) -> dict[str, list[Indicator]]:
    """Return the indicators of each item table (those of a period): what one pass over it gives."""
    found: dict[str, list[Indicator]] = {}
    for indicator in indicators().values():
        if indicator.item and (period is None or indicator.holds_in(period)):
            found.setdefault(indicator.item, []).append(indicator)
    return found


def fed_by(table: str) -> list[str]:
    """Return the indicators (not the cells of forms) whose item table reads ``table``, itself or through others."""
    return [
        indicator.id
        for item, of_it in by_item().items()
        if table in tables.reached_from(item)
        for indicator in of_it
        if indicator.form is None
    ]


def cells(form: str) -> list[Indicator]:
    """Return the cells of a form in the order of its columns."""
    return sorted((i for i in indicators().values() if i.form == form), key=lambda cell: cell.column or 0)


def definitions_hash() -> str:
    """Return the fingerprint of what decides a number: the definitions, the SQL of their items, the rule sets."""
    digest = hashlib.sha256(msgspec.json.encode(list(indicators().values())))
    digest.update(index_766.fingerprint().encode())
    for item in sorted(by_item()):
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
    for clause, words in (
        (indicator.clause, indicator.clause_text),
        *((other.clause, other.clause_text) for other in indicator.also),
    ):
        if not directive.quotes(clause, words):
            yield f"clause_text không có trong mục {clause} của sources/directive.yaml: {words}"
    if indicator.kind == "scored" and indicator.of != "index_766":
        yield f"không có bộ quy tắc rulesets/{indicator.of}."
    for name in ("sum", "of_sum", "of", "minus", "parts", "reason"):
        takes = name in _TAKES.get(indicator.kind, ())
        if takes != bool(getattr(indicator, name)):
            yield f"kind: {indicator.kind} {'cần' if takes else 'không dùng'} {name}."
    if (indicator.item is not None) != (indicator.kind in OVER_ROWS):
        yield f"kind: {indicator.kind} {'cần' if indicator.kind in OVER_ROWS else 'không dùng'} item."
        return
    if indicator.item is None:
        return
    columns = item_columns(indicator.item)
    if not columns:
        yield f"không có bảng {indicator.item} trong sql/."
        return
    for level in indicator.levels:
        if level != "commune" and CODES[level] not in columns:
            yield f"levels có {level} nhưng {indicator.item} không có cột {CODES[level]}."
    if not indicator.sources and indicator.form is None:
        yield "sources phải nêu các luồng mà thiếu thì con số không đủ."
    reached = tables.reached_from(indicator.item)
    for source in indicator.sources:
        declared = streams.streams().get(source)
        if declared is None or declared.table not in reached:
            yield f"sources có {source}, nhưng {indicator.item} không đọc luồng ấy."
    if indicator.needs and any(" OR " in text.upper() for text in (indicator.who, indicator.needs)):
        yield "who và needs được nối bằng AND: điều kiện có OR thì đặt trong ngoặc ở một cột của bảng."
    columns_meant = meanings(indicator.item)
    for part in ("who", "succeeds", "needs", "sum", "of_sum", "of"):
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
            elif column.name not in columns_meant:
                yield f"lời chú của hàm {indicator.item} chưa nói cột {column.name} nghĩa là gì."


@cache
def item_columns(item: str) -> tuple[str, ...]:
    """Return the columns of an item table in order, read from its SQL; empty when there is no such table."""
    table = tables.tables().get(item)
    if table is None:
        return ()
    declared = re.search(r"RETURNS TABLE \((.*?)\n\)", table.shape, re.DOTALL)
    return tuple(re.findall(r"^\s+([a-z_0-9]+) ", declared[1], re.MULTILINE)) if declared else ()


@cache
def meanings(item: str) -> dict[str, str]:
    """Return what each column of an item table means, as the comment of its function says: a line a column."""
    comment = re.search(r"COMMENT ON FUNCTION .*? IS\s+'(.*?)';", tables.tables()[item].shape, re.DOTALL)
    lines = comment[1].replace("''", "'").splitlines() if comment else []
    return dict(re.findall(r"^([a-z_0-9]+): (.+)$", "\n".join(lines), re.MULTILINE))
