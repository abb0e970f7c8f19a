"""What commands say: data on stdout, everything else on stderr."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from tthc.whole_files import whole

#: Wide enough that a table going into a file or a pipe is never cut.
_UNCUT = 10_000


def note(text: str) -> None:
    """Say something to the person at the keyboard, where it disturbs no data."""
    print(text, file=sys.stderr, flush=True)


def data(text: str, out: Path | None = None) -> None:
    """Write data as it is, to stdout or to a file (UTF-8)."""
    binary(text.encode("utf-8"), out)


def binary(body: bytes, out: Path | None = None) -> None:
    """Write bytes to stdout or to a file; a file is whole or not there."""
    if out is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
        return
    with whole(out) as unfinished:
        unfinished.write_bytes(body)
    note(f"Đã ghi {out}.")


def as_json(value: Any, out: Path | None = None) -> None:
    """Write one JSON document and a line end."""
    data(json.dumps(value, ensure_ascii=False, indent=2, default=_plain) + "\n", out)


def as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: Path | None = None) -> None:
    """Write CSV: comma, UTF-8 without BOM, decimal point, an empty cell for null, ``\\n``."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    data(buffer.getvalue(), out)


def as_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> None:
    """Write a table for reading to stdout; numbers stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    kept = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        numeric = bool(kept) and all(isinstance(row[place], int | Decimal | type(None)) for row in kept)
        table.add_column(Text(column), justify="right" if numeric else "left", overflow="fold")
    for row in kept:
        table.add_row(*(Text(in_words(cell)) for cell in row))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _UNCUT, highlight=False)
    console.print(table)


def facts(pairs: Iterable[tuple[str, Any]]) -> None:
    """Write ``name: value`` lines to stdout."""
    for name, value in pairs:
        data(f"{name}: {in_words(value)}\n")


def vietnamese_decimal(value: Decimal | float) -> str:
    """Return a number as Vietnamese readers write it.

    >>> vietnamese_decimal(Decimal("97.50"))
    '97,50'
    """
    return f"{value}".replace(".", ",")


def in_words(value: Any) -> str:
    """Return a value as people read it; nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "có" if value else "không"
    if isinstance(value, datetime):
        return value.strftime("%d/%m/%Y %H:%M:%S")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, list | tuple | set):
        return ", ".join(in_words(item) for item in value)
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)
