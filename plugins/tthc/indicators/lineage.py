"""From a column of a source to the indicators that it moves, and back: read from the SQL, kept nowhere.

``python -m tthc.indicators.lineage`` writes ``docs/lineage.md``; with ``--check`` it only says whether the page is
stale. No database is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache

import sqlglot
from sqlglot import expressions

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.indicators import definitions
from tthc.indicators.definitions import CODES, Indicator
from tthc.sources import streams
from tthc.warehouse.column_origins import STANDING, Place, origins
from tthc.warehouse.dictionary import write_or_check

PAGE = "docs/lineage.md"
_HEAD = """# Từ cột nguồn đến chỉ tiêu

Trang này do máy viết từ chính các câu SQL của `sql/`, các tệp `sources/` và `indicators/`; viết lại bằng
`.venv/bin/python -m tthc.indicators.lineage`, phép thử `tests/indicators` báo khi trang đã cũ. Hỏi một cột hay một
chỉ tiêu: `tthc lineage NgayHenTra`, `tthc lineage marts.dossiers.due_on`, `tthc lineage dossier_on_time_rate`.

Một cột **đến** một chỉ tiêu khi giá trị của nó làm ra một câu trả lời mà chỉ tiêu ấy hỏi, quyết định dòng nào có mặt
trong hàm của kỳ, hoặc cho biết dòng là của ai. Phép nối đi theo cả khóa tìm dòng (tra danh mục, tra lịch làm việc).
Cột chỉ nói dòng ở đâu trong lần đọc thì không kể.
"""


def asked_of(indicator: Indicator) -> frozenset[Place]:
    """Return the columns that decide a number: those of its predicates, those that choose its rows and say whose."""
    if indicator.item is None:
        known = definitions.indicators()
        return frozenset(place for other in indicator.reads for place in asked_of(known[other]))
    texts = (
        indicator.who,
        indicator.succeeds,
        indicator.needs,
        indicator.sum,
        indicator.of_sum,
        indicator.of,
    )
    used = {
        column.name
        for text in texts
        if text is not None
        for column in sqlglot.parse_one(f"SELECT {text}", read="postgres").find_all(expressions.Column)
    }
    used |= {CODES[level] for level in indicator.at if level in CODES}
    return frozenset({(indicator.item, name) for name in used} | origins()[indicator.item].chosen_by)


@cache
def upstream(place: Place) -> frozenset[Place]:
    """Return every column that one is made of, itself or through others, and it."""
    found, waiting = {place}, [place]
    while waiting:
        table, column = waiting.pop()
        known = origins().get(table)
        for other in known.made_of.get(column, ()) if known else ():
            if other not in found and other[1] not in STANDING:
                found.add(other)
                waiting.append(other)
    return frozenset(found)


@cache
def reached() -> dict[Place, frozenset[str]]:
    """Return the indicators (not cells of forms) that each column of the warehouse reaches."""
    found: dict[Place, set[str]] = {}
    for indicator in definitions.shown().values():
        for place in asked_of(indicator):
            for other in upstream(place):
                found.setdefault(other, set()).add(indicator.id)
    return {place: frozenset(ids) for place, ids in found.items()}


def sources_of(places: Iterable[Place]) -> list[Place]:
    """Return the columns of staging that some columns are made of: (stream, column), sorted."""
    staged = {stream.staging_table: name for name, stream in streams.streams().items()}
    return sorted(
        {
            (staged[table], column)
            for place in places
            for table, column in upstream(place)
            if table in staged and column not in STANDING
        }
    )


def header(stream: str, column: str) -> str:
    """Return what a source itself calls a column."""
    return next(one.header for one in streams.stream_named(stream).columns if one.name == column)


def told(name: str) -> list[dict]:
    """Return what is known of an indicator, of a column (``marts.dossiers.due_on``), or of a header of a source.

    Each: column, made_of (columns of sources), through (columns between), reaches (indicators). Raises UsageError when
    nothing has this name.
    """
    if name in definitions.indicators():
        asked = asked_of(definitions.indicators()[name])
        return [_told(name, sorted(asked), frozenset([name]))]
    found = _columns_named(name)
    if not found:
        raise UsageError(
            f"Không có chỉ tiêu, cột nguồn hay cột nào tên “{name}”: viết mã chỉ tiêu, tên cột như nguồn ghi, hoặc"
            " bảng.cột như marts.dossiers.due_on."
        )
    return [_told(".".join(place), [place], reached().get(place, frozenset())) for place in found]


def _told(name: str, places: list[Place], reaches: frozenset[str]) -> dict:
    own = {f"{table}.{column}" for table, column in places}
    between = {
        f"{table}.{column}"
        for place in places
        for table, column in upstream(place)
        if table.split(".")[0] in ("core", "marts") and not table.endswith("_candidates")
    }
    return {
        "column": name,
        "made_of": [f"{stream}.{column} ({header(stream, column)})" for stream, column in sources_of(places)],
        "through": sorted(between | own - {name}),
        "reaches": sorted(reaches),
    }


def _columns_named(name: str) -> list[Place]:
    staged = [
        (stream.staging_table, column.name)
        for key, stream in streams.streams().items()
        for column in stream.staged_columns
        if name in (column.header, f"{key}.{column.name}", f"{key}.{column.header}")
    ]
    table, _, column = name.rpartition(".")
    known = origins().get(table)
    return staged or ([(table, column)] if known and column in known.columns else [])


def page() -> str:
    """Return the page: every column of every source with what it reaches, then every indicator with its sources."""
    parts = [_HEAD, "## Từ nguồn", ""]
    for name, stream in sorted(streams.streams().items()):
        rows = [(column, *_onward((stream.staging_table, column.name))) for column in stream.staged_columns]
        parts += [f"### {name}", "", f"{stream.title}, [sources/{name}.yaml](../sources/{name}.yaml).", ""]
        parts += ["| Cột nguồn | Cột trong kho | Ở marts | Chỉ tiêu |", "|---|---|---|---|"]
        parts += [f"| {column.header} | `{column.name}` | {marts} | {ids} |" for column, marts, ids in rows]
        parts.append("")
    parts += ["## Từ chỉ tiêu", "", "| Chỉ tiêu | Hàm của kỳ | Cột nguồn |", "|---|---|---|"]
    for indicator in definitions.shown().values():
        by_stream: dict[str, list[str]] = {}
        for stream, column in sources_of(asked_of(indicator)):
            by_stream.setdefault(stream, []).append(f"`{column}`")
        made = "; ".join(f"{stream}: {', '.join(columns)}" for stream, columns in by_stream.items())
        parts.append(f"| {indicator.id} | {f'`{indicator.item}`' if indicator.item else ''} | {made} |")
    return "\n".join([*parts, ""])


def _onward(place: Place) -> tuple[str, str]:
    """Return (columns of marts tables made of a column, indicators that it reaches), as the page shows them."""
    marts = [f"`{table.removeprefix('marts.')}.{column}`" for table, column in _in_marts().get(place, ())]
    return ", ".join(marts), ", ".join(sorted(reached().get(place, ())))


@cache
def _in_marts() -> dict[Place, tuple[Place, ...]]:
    """Return, by column, those of the tables and views around the items that are made of it."""
    items = {indicator.item for indicator in definitions.indicators().values()}
    found: dict[Place, set[Place]] = {}
    for table, known in origins().items():
        if not table.startswith("marts.") or table in items or table in _SHOWN_ELSEWHERE:
            continue
        for column in known.columns:
            if column not in STANDING:
                for other in upstream((table, column)):
                    found.setdefault(other, set()).add((table, column))
    return {place: tuple(sorted(places)) for place, places in found.items()}


#: What is made of marts.dossiers again would only repeat its columns.
_SHOWN_ELSEWHERE = {
    "marts.dossier_periods",
    "marts.level_names",
    "marts.dossier_days",
    "marts.dossier_pauses",
}


def main(arguments: list[str]) -> int:
    """Write the page, or check it; return the exit code."""
    path = settings.root() / PAGE
    return write_or_check(path, page(), "tthc.indicators.lineage", check="--check" in arguments)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except TthcError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
