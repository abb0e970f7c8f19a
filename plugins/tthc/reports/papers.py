"""The papers that go out, one YAML per version in ``papers/<form>/<version>.yaml``: what stands where, what must hold.

A declaration is checked when it is loaded, against the indicators it is made of; the error names its file. Which
version fills a period is decided by the last day of the period.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec

from tthc import settings
from tthc.errors import UsageError
from tthc.indicators import definitions
from tthc.workdays.periods import Period

#: The first two columns of a grid are its serial number and its name; those that count follow.
FIRST_NUMBER = 3
Rows = Literal["unit", "field"]


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One cell of the header: a group of ``columns``, or a column that shows the value ``of`` an indicator."""

    head: str
    columns: tuple[Head, ...] = ()
    number: int | None = None
    of: str | None = None
    part: Literal["value", "numerator", "denominator"] = "value"
    meaning: str = ""
    #: Why nothing can be shown yet; instead of ``of``.
    no_source: str | None = None


class Footnote(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line below the form; with ``count`` only where that indicator of the commune is not 0, told as ``{n}``."""

    text: str
    count: str | None = None


class Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who signs, lines of the left and of the right; ``{place}`` is where the commune sits."""

    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()


class Common(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What every paper has: names, the days it is valid for, the calendar it is usually made in."""

    form: str
    code: str
    title: str
    legal: str
    valid_from: date
    valid_to: date | None = None
    calendar: Literal["month", "report"] = "report"
    footnotes: tuple[Footnote, ...] = ()
    signature: Signature = Signature()
    #: From the place of the file: ``papers/<name>/<version>.yaml``.
    name: str = ""
    version: str = ""


class Grid(Common, frozen=True, kw_only=True, tag_field="kind", tag="grid"):
    """A form with a row for each unit or field, and a total.

    ``total``: ``exact`` when the rows must add up to it, ``covers`` when some items belong to no row.
    """

    rows: Rows
    row_head: str
    counted: str
    columns: tuple[Head, ...]
    checks: tuple[str, ...] = ()
    total: Literal["exact", "covers"] = "exact"

    @property
    def leaves(self) -> tuple[Column, ...]:
        """The columns that have cells, from left to right."""
        return tuple(_leaves(self.columns, ()))

    @property
    def sums(self) -> tuple[Check, ...]:
        """The checks that must hold in every row."""
        return tuple(Check(text) for text in self.checks)


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A column of a scoreboard: what it shows of each indicator; ``units`` is one column for each unit."""

    show: Literal["target", "now", "met", "before", "change", "year_ago", "units"]
    head: str


class Scoreboard(Common, frozen=True, kw_only=True, tag_field="kind", tag="scoreboard"):
    """Every indicator in a row, beside its target, other periods, the units; ``groups`` by section."""

    row_head: str
    columns: tuple[Shown, ...]
    groups: dict[str, str]


class Index766(Common, frozen=True, kw_only=True, tag_field="kind", tag="index_766"):
    """The points of Decision 766 by group and part; the groups are those of the rule set in force."""

    heads: dict[str, str]


class Series(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A column of a table or a part of a chart of a report: its words, and the indicator it shows."""

    head: str
    of: str


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of a report: the units, and a total."""

    title: str
    columns: tuple[Series, ...]


class Chart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A chart: ``units`` stacks counts by unit, ``trend`` draws the commune's values of 13 months."""

    kind: Literal["units", "trend"]
    title: str
    parts: tuple[Series, ...]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A section: what it says, and the indicators that a list of it names."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    table: Table | None = None
    chart: Chart | None = None
    list: Literal["missed", "lacking"] | None = None


class Report(Common, frozen=True, kw_only=True, tag_field="kind", tag="report"):
    """A document in sentences; words in braces are values of indicators, or one of ``WORDS``."""

    opening: str
    sections: tuple[Section, ...]

    @property
    def asked(self) -> set[str]:
        """The indicators that its sentences, tables and charts show."""
        texts = [self.opening, *(text for section in self.sections for text in section.paragraphs)]
        found = {word for text in texts for word in re.findall(r"\{(\w+)\}", text)} - WORDS
        for section in self.sections:
            for part in section.table.columns if section.table else ():
                found.add(part.of)
            for part in section.chart.parts if section.chart else ():
                found.add(part.of)
        return found


class ScorePaper(Common, frozen=True, kw_only=True, tag_field="kind", tag="score"):
    """A paper of the year-end evaluation; ``blanks`` are lines to be filled in, ``remarks`` room for people's words."""

    of: Literal["official", "unit", "board", "council"]
    blanks: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    #: Who signs, one column each; instead of ``signature``.
    signers: tuple[Signature, ...] = ()


#: The columns of the sheet of Decision 766, in order.
INDEX_766 = (
    "number", "name", "max", "full_at", "numerator", "denominator", "rate", "points", "published", "gap", "way",
)  # fmt: skip
#: What stands in braces beside indicators.
WORDS = {"period", "days", "unit", "edition"}


@dataclass(frozen=True)
class Column:
    """One column of a grid; ``path`` are the heads above it and its own."""

    number: int
    path: tuple[str, ...]
    declared: Head

    @property
    def name(self) -> str:
        """Its heads in one line."""
        return ", ".join(self.path)

    @property
    def is_additive(self) -> bool:
        """Whether its rows can add up to a total."""
        if self.declared.of is None:
            return False
        return self.is_count or self.declared.part != "value"

    @property
    def is_count(self) -> bool:
        """Whether its value is a number of things, not a quotient."""
        return self.declared.of is not None and definitions.indicators()[self.declared.of].kind in (
            "count",
            "sum",
        )


@dataclass(frozen=True)
class Check:
    """A relation between columns, written ``(3) = (4) + (5)``; also with ``-``, ``≥``."""

    text: str

    @property
    def numbers(self) -> tuple[int, ...]:
        """The columns that it speaks of."""
        return tuple(int(number) for number in re.findall(r"\((\d+)\)", self.text))

    def holds(self, cells: dict[int, int]) -> bool:
        """Say whether it holds for the numbers of a row."""
        left, relation, right = self._sides(cells)
        return left == right if relation == "=" else left >= right

    def told(self, cells: dict[int, int]) -> str:
        """Return both sides as numbers."""
        left, relation, right = self._sides(cells)
        return f"{left} {relation} {right}"

    def _sides(self, cells: dict[int, int]) -> tuple[int, str, int]:
        left, relation, right = re.split(r"([=≥])", self.text)
        return self._sum(left, cells), relation, self._sum(right, cells)

    @staticmethod
    def _sum(side: str, cells: dict[int, int]) -> int:
        terms = re.findall(r"([+-]?)\s*\((\d+)\)", side)
        return sum((-1 if sign == "-" else 1) * cells[int(number)] for sign, number in terms)


_CHECK = re.compile(r"\(\d+\)( [+-] \(\d+\))* [=≥] \(\d+\)( [+-] \(\d+\))*")


@cache
def papers() -> dict[str, tuple[Common, ...]]:
    """Return every version of every paper by form, oldest first; raise UsageError for the first wrong one."""
    found: dict[str, list[Common]] = {}
    for path in sorted((settings.root() / "papers").glob("*/*.yaml")):
        paper = read(path)
        found.setdefault(paper.form, []).append(paper)
    if not found:
        raise UsageError("Không có biểu nào trong thư mục papers/.")
    for form, versions in found.items():
        versions.sort(key=lambda paper: paper.valid_from)
        for older, newer in pairwise(versions):
            if older.valid_to is None or older.valid_to >= newer.valid_from:
                raise UsageError(f"Hai mẫu của biểu {form} cùng có hiệu lực từ {newer.valid_from:%d/%m/%Y}.")
    return {form: tuple(versions) for form, versions in found.items()}


def paper(form: str, period: Period) -> Common:
    """Return the version of a form in force on the last day of a period.

    Raises UsageError that lists the forms there are, or the days for which there is a version.
    """
    known = {_key(name): versions for name, versions in papers().items()}
    versions = known.get(_key(form))
    if versions is None:
        raise UsageError(f"Không có biểu “{form}”; các biểu đã có: {', '.join(papers())}.")
    for version in versions:
        if version.valid_from <= period.end and (version.valid_to is None or period.end <= version.valid_to):
            return version
    raise UsageError(
        f"Không có mẫu nào của biểu {versions[0].form} dùng cho kỳ {period.label};"
        f" mẫu đầu tiên có hiệu lực từ {versions[0].valid_from:%d/%m/%Y}."
    )


def usual_calendar(form: str) -> str:
    """Return the calendar in which a form is usually made; ``report`` for one that does not exist."""
    versions = next((v for name, v in papers().items() if _key(name) == _key(form)), None)
    return versions[-1].calendar if versions else "report"


def read(path: Path) -> Common:
    """Return the paper that a file declares; raise UsageError with the file when it cannot be right."""
    place = f"papers/{path.parent.name}/{path.name}"
    try:
        declared = msgspec.yaml.decode(path.read_bytes(), type=Kinds)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise UsageError(f"Khai báo sai ở {place}: {error}.") from error
    for problem in _problems(declared):
        raise UsageError(f"Khai báo sai ở {place}: {problem}")
    return msgspec.structs.replace(declared, name=path.parent.name, version=path.stem)


def _key(form: str) -> str:
    return re.sub(r"[^\w]", "", form.casefold())


def _leaves(heads: tuple[Head, ...], above: tuple[str, ...]) -> Iterator[Column]:
    for head in heads:
        path = (*above, head.head)
        if head.columns:
            yield from _leaves(head.columns, path)
        else:
            yield Column(head.number or 0, path, head)


def _problems(declared: Common) -> Iterator[str]:
    known = definitions.indicators()
    for footnote in declared.footnotes:
        if footnote.count is not None and footnote.count not in known:
            yield f"lời chú đếm bằng {footnote.count}, nhưng không có chỉ tiêu ấy."
    if isinstance(declared, Grid):
        yield from _problems_of_grid(declared)
    if isinstance(declared, Index766) and tuple(declared.heads) != INDEX_766:
        yield f"heads phải có đúng thứ tự: {', '.join(INDEX_766)}."
    if isinstance(declared, Report):
        for id in sorted(declared.asked - known.keys()):
            yield f"báo cáo dùng {id}, nhưng không có chỉ tiêu ấy."


def _problems_of_grid(grid: Grid) -> Iterator[str]:
    known, leaves = definitions.indicators(), grid.leaves
    if [leaf.number for leaf in leaves] != list(range(FIRST_NUMBER, FIRST_NUMBER + len(leaves))):
        yield f"các cột phải được đánh số liền nhau từ {FIRST_NUMBER}, từ trái sang phải."
    for leaf in leaves:
        head = leaf.declared
        if (head.of is None) == (head.no_source is None):
            yield f"cột ({leaf.number}) cần đúng một trong of (chỉ tiêu nào) và no_source (vì sao chưa có)."
        elif head.of is not None and head.of not in known:
            yield f"cột ({leaf.number}) lấy {head.of}, nhưng không có chỉ tiêu ấy."
        elif head.of is not None and not {"commune", grid.rows} <= set(known[head.of].at):
            yield f"cột ({leaf.number}): chỉ tiêu {head.of} không được tính cho cấp {grid.rows}."
    additive = {leaf.number for leaf in leaves if leaf.is_additive}
    for check in grid.sums:
        if not _CHECK.fullmatch(check.text):
            yield f"phép kiểm tra “{check.text}” phải viết như (3) = (4) + (5)."
        elif not set(check.numbers) <= additive:
            yield f"phép kiểm tra “{check.text}” nói đến một cột không có, hoặc không cộng được."


Kinds = Grid | Scoreboard | Index766 | Report | ScorePaper
