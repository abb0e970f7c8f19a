"""Rows for the rules of a stream, written in ``tests/quality/rule_rows/<stream>.yaml``.

``good`` is a row that breaks nothing, by staged column; ``refused`` and ``warned`` name a rule and what differs
from the good row so that it is broken; ``accepted`` are other rows that break nothing.
"""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from tthc.sources.streams import Stream, stream_named

VIETNAM = timezone(timedelta(hours=7))
HERE = Path(__file__).with_suffix("")
Row = dict[str, Any]


class RuleRows(msgspec.Struct, forbid_unknown_fields=True):
    """What one file holds."""

    good: Row
    refused: list[tuple[str, Row]]
    warned: list[tuple[str, Row]]
    accepted: list[Row]


@cache
def every() -> dict[str, RuleRows]:
    """Return the rows by stream, values as psycopg takes them."""
    found = {}
    for path in sorted(HERE.glob("*.yaml")):
        stream = stream_named(path.stem)
        written = msgspec.yaml.decode(path.read_bytes(), type=RuleRows)
        found[stream.stream] = RuleRows(
            good=_typed(stream, written.good),
            refused=[(rule, _typed(stream, row)) for rule, row in written.refused],
            warned=[(rule, _typed(stream, row)) for rule, row in written.warned],
            accepted=[_typed(stream, row) for row in written.accepted],
        )
    return found


def _typed(stream: Stream, row: Row) -> Row:
    types = {column.name: column.type for column in stream.staged_columns} | {"unreadable": "list"}
    return {name: _value(types[name], value) for name, value in row.items()}


def _value(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "instant":
        return datetime.fromisoformat(str(value)).replace(tzinfo=VIETNAM)
    if kind == "date":
        return date.fromisoformat(str(value))
    return Decimal(str(value)) if kind == "decimal" else value
