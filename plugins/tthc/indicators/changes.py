"""Why a number is another one than it was: the waterfall between two revisions, or from one to the newest draft.

Every row of the item tables that differs gets exactly one cause, the first rule below that holds; what it moved in
each number is what the old definitions count in its new state less what they counted in its old one. What the new
definitions then count in the new rows differently is the part of the definitions. So the parts always add up.

Rules, in this order, for a row that stands on one side only or differs:

``released``    a quarantined row of the dossier was released, or passed when judged again, since the first moment
``late``        only new, and no version of the dossier had been merged by then
``removed``     only old, and core no longer knows the dossier: a duplicate, or its reading was taken back
``corrected``   its versions or events are others than they were
``registers``   its catalogue entry or its unit is another one
``calendar``    the working calendar is another one
``definition``  the SQL that makes the rows is another one
``corrected``   what is left: another source (portal, registers) says something else of it
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.indicators import causes, facts, provenance, publish
from tthc.indicators.facts import Definition, Laid
from tthc.quality.resolution import MENDED
from tthc.workdays.periods import Period

#: The causes in the order in which the waterfall shows them, and what they are called.
CAUSES = {
    "late": "đến muộn",
    "corrected": "sửa ở nguồn",
    "removed": "bỏ vì trùng hoặc rút lại",
    "released": "ra khỏi cách ly",
    "registers": "danh mục, đơn vị đổi",
    "calendar": "lịch làm việc đổi",
    "definition": "định nghĩa đổi",
}


@dataclass
class Part:
    """What one cause moved: differences of numerator and denominator, the value after it, and the dossiers.

    ``dossiers`` are (code, difference of the numerator, difference of the denominator).
    """

    cause: str
    numerator: int
    denominator: int
    value_after: Decimal | None
    dossiers: list[tuple[str, int, int]] = field(default_factory=list)


@dataclass
class Waterfall:
    """One number then and now; the parts add up to the difference. ``old_value`` None: there was none."""

    level: str
    code: str
    indicator: str
    old: tuple[int, int | None]
    new: tuple[int, int | None]
    old_value: Decimal | None
    new_value: Decimal | None
    parts: list[Part]


@dataclass(frozen=True)
class Follower:
    """A number that is no sum over rows (a median, a score made of others) then and now: it follows what moved."""

    level: str
    code: str
    indicator: str
    old_value: Decimal | None
    new_value: Decimal | None


@dataclass(frozen=True)
class Changes:
    """The waterfalls of a period from one revision to another, or (``later`` None) to the newest draft."""

    period: Period
    earlier: int
    later: int | None
    waterfalls: list[Waterfall]
    followers: list[Follower]


def changes(
    connection: psycopg.Connection,
    period: Period,
    earlier: int | None = None,
    later: int | None = None,
) -> Changes:
    """Return the waterfalls of every number of a period that moved.

    Without numbers of revisions: from the last revision to the newest draft, or, when there is no newer draft, from
    the revision before the last to the last. Raises TthcError when one of the sides is not there.
    """
    old, new = _sides(connection, period, earlier, later)
    before = facts.unpack(connection, old, "old")
    if new is None:
        after, inputs, build = _draft(connection, period)
    else:
        after, build = facts.unpack(connection, new, "new"), new["build_id"]
        inputs = {**new["inputs"], "published_at": new["published_at"]}
        facts.under_present_keys(connection, after)
    facts.under_present_keys(connection, before)
    _lay_moves(connection, old, before, inputs, after)
    additive = {*_kinds(before), *_kinds(after)}
    told = _numbers(connection, old["build_id"], build, additive)
    parts = connection.execute(
        "SELECT level, code, indicator, cause, fact_key, n, d FROM moves"
        ' ORDER BY level, code COLLATE "C", indicator, cause, fact_key COLLATE "C"'
    ).fetchall()
    found = _waterfalls(told, parts, {**_kinds(before), **_kinds(after)})
    followers = _followers(connection, old["build_id"], build, additive)
    return Changes(period, old["revision_number"], new["revision_number"] if new else None, found, followers)


def _sides(
    connection: psycopg.Connection, period: Period, earlier: int | None, later: int | None
) -> tuple[dict, dict | None]:
    last = publish.last_revision(connection, period)
    build = publish.newest_build(connection, period)
    if last is None or build is None:
        raise TthcError(
            f"Kỳ {period.label} (lịch {period.calendar}) chưa được công bố lần nào: chưa có gì để so."
        )
    new = None
    if later is not None:
        new = _revision(connection, period, later)
        earlier = later - 1 if earlier is None else earlier
    elif earlier is None and build["build_id"] == last["build_id"] and last["revision_number"] > 1:
        new, earlier = last, last["revision_number"] - 1
    old = _revision(connection, period, earlier if earlier is not None else last["revision_number"])
    if new and old["revision_number"] >= new["revision_number"]:
        raise TthcError(
            f"Bản công bố {old['revision_number']} không đứng trước bản {new['revision_number']}: hãy đổi chỗ."
        )
    return old, new


def _revision(connection: psycopg.Connection, period: Period, number: int) -> dict:
    found = publish.revision(connection, period, number)
    if found is None:
        raise TthcError(f"Kỳ {period.label} (lịch {period.calendar}) không có bản công bố lần {number}.")
    if found["facts_hash"] is None:
        raise TthcError(
            f"Bản công bố lần {number} của kỳ {period.label} có trước khi phần mềm giữ dữ kiện: không giải thích được."
        )
    return found


def _draft(connection: psycopg.Connection, period: Period) -> tuple[Laid, dict[str, Any], int]:
    build = publish.newest_build(connection, period)
    laid = facts.take(connection, period)
    if facts.disagreements(connection, laid, build["build_id"]):
        raise TthcError(
            f"Số liệu của kỳ {period.label} đã đổi từ khi được tính: chạy “tthc refresh” cho các tháng của kỳ"
            " rồi chạy lại lệnh này."
        )
    return laid, provenance.hashes(connection, list(laid.tables)), build["build_id"]


def _kinds(laid: Laid) -> dict[str, str]:
    return {one.id: one.kind for one in laid.definitions}


_MOVES = (
    "CREATE TEMPORARY TABLE moves (cause text, fact_key text, level text, code text, indicator text,"
    " n bigint, d bigint) ON COMMIT DROP"
)
_MOVED = """
INSERT INTO moves
SELECT cause, fact_key, level, code, indicator, sum(sign * n) AS n, coalesce(sum(sign * d), 0) AS d
FROM ({measured}) AS m
GROUP BY cause, fact_key, level, code, indicator
HAVING sum(sign * n) <> 0 OR coalesce(sum(sign * d), 0) <> 0
"""


def _lay_moves(
    connection: psycopg.Connection, old: dict, before: Laid, inputs: dict[str, Any], after: Laid
) -> None:
    """Fill the temporary table ``moves``: what each row moved in each number, and by which cause."""
    connection.execute("DROP TABLE IF EXISTS moves")
    connection.execute(_MOVES)
    then = old["inputs"]
    for item in sorted({*before.tables, *after.tables}):
        old_rows, new_rows = _same_columns(connection, item, before, after)
        columns = before.columns.get(item) or after.columns[item]
        _differing(connection, item, before, after, old, then, inputs)
        names = ", ".join(f'"{name}"' for name, _ in columns)
        told = [one for one in before.definitions if one.item == item]
        if told:
            rows = (
                f"SELECT w.cause, -1 AS sign, {_named(names)} FROM ({old_rows}) AS r"
                f" INNER JOIN differing AS w ON w.fact_key = r.fact_key"
                f" UNION ALL SELECT w.cause, 1, {_named(names)} FROM ({new_rows}) AS r"
                f" INNER JOIN differing AS w ON w.fact_key = r.fact_key"
            )
            _move(connection, rows, told, columns)
        now = {one.id: one for one in after.definitions if one.item == item}
        then_by_id = {one.id: one for one in told}
        changed = {id for id in {*now, *then_by_id} if now.get(id) != then_by_id.get(id)}
        for sign, defined in ((-1, then_by_id), (1, now)):
            some = [defined[id] for id in sorted(changed & defined.keys())]
            if some:
                rows = f"SELECT 'definition'::text AS cause, {sign} AS sign, r.* FROM ({new_rows}) AS r"
                _move(connection, rows, some, after.columns.get(item) or columns)
    # A definition that was replaced is taken off and put on: what stays the same of it is no move.
    connection.execute("DROP TABLE IF EXISTS moved")
    connection.execute(
        "CREATE TEMPORARY TABLE moved ON COMMIT DROP AS SELECT cause, fact_key, level, code, indicator,"
        " sum(n)::bigint AS n, sum(d)::bigint AS d FROM moves GROUP BY 1, 2, 3, 4, 5"
        " HAVING sum(n) <> 0 OR sum(d) <> 0"
    )
    connection.execute("DROP TABLE moves")
    connection.execute("ALTER TABLE moved RENAME TO moves")


def _named(names: str) -> str:
    return ", ".join(f"r.{name}" for name in names.split(", "))


def _move(
    connection: psycopg.Connection, rows: str, counted: Sequence[Definition], columns: list[list[str]]
) -> None:
    measured = facts.measure(rows, counted, columns, by=("cause", "sign", "fact_key"))
    connection.execute(_MOVED.format(measured=measured), {"commune": settings.commune_code()})


def _same_columns(connection: psycopg.Connection, item: str, before: Laid, after: Laid) -> tuple[str, str]:
    """Return a query for the rows of each side, with the columns of both; a column that a side lacks is NULL."""
    kinds = {name: kind for laid in (before, after) for name, kind in laid.columns.get(item, [])}
    queries = []
    for laid in (before, after):
        own = {name for name, _ in laid.columns.get(item, [])}
        listed = ", ".join(
            f'"{name}"' if name in own else f'NULL::{kind} AS "{name}"' for name, kind in kinds.items()
        )
        queries.append(f"SELECT {listed} FROM {laid.tables[item]}" if own else f"SELECT {listed} WHERE false")
    return queries[0], queries[1]


def _differing(
    connection: psycopg.Connection,
    item: str,
    before: Laid,
    after: Laid,
    old: dict,
    then: dict[str, Any],
    now: dict[str, Any],
) -> None:
    """Fill the temporary table ``differing``: the rows that differ, and why."""
    own = {"source_digest", "register_digest", "fact_key"}
    both = [
        name
        for name, _ in before.columns.get(item, [])
        if name not in own and name in {name for name, _ in after.columns.get(item, [])}
    ]
    old_rows, new_rows = _same_columns(connection, item, before, after)
    row = ", ".join(["{side}.fact_key", *(f'{{side}}."{name}"' for name in both)])
    connection.execute("DROP TABLE IF EXISTS differing")
    connection.execute(
        causes.DIFFERING.format(
            old=f"({old_rows})",
            new=f"({new_rows})",
            old_row=f"ROW({row.format(side='o')})",
            new_row=f"ROW({row.format(side='n')})",
            **causes.history_of(item),
        ),
        {
            "commune": settings.commune_code(),
            "then": old["published_at"],
            "until": now.get("published_at") or "infinity",
            "mended": MENDED,
            "other_calendar": then["calendar_hash"] != now["calendar_hash"],
            "other_rules": then["rules_hash"] != now["rules_hash"],
        },
    )


def _numbers(connection: psycopg.Connection, old: int, new: int, known: set[str]) -> list[dict]:
    """Return (level, code, indicator) with numerator and denominator on both sides, where they differ."""
    return connection.execute(
        "SELECT level, code, indicator, o.numerator AS old_n, o.denominator AS old_d, o.value AS old_value,"
        " n.numerator AS new_n, n.denominator AS new_d, n.value AS new_value"
        " FROM (SELECT * FROM indicators.values WHERE build_id = %(old)s) AS o"
        " FULL JOIN (SELECT * FROM indicators.values WHERE build_id = %(new)s) AS n USING (level, code, indicator)"
        " WHERE indicator = ANY (%(known)s)"
        ' ORDER BY level, code COLLATE "C", indicator',
        {"old": old, "new": new, "known": list(known)},
    ).fetchall()


def _followers(connection: psycopg.Connection, old: int, new: int, additive: set[str]) -> list[Follower]:
    rows = connection.execute(
        "SELECT level, code, indicator, o.value AS old_value, n.value AS new_value"
        " FROM (SELECT * FROM indicators.values WHERE build_id = %(old)s) AS o"
        " FULL JOIN (SELECT * FROM indicators.values WHERE build_id = %(new)s) AS n USING (level, code, indicator)"
        " WHERE indicator <> ALL (%(additive)s) AND o.value IS DISTINCT FROM n.value"
        ' ORDER BY level, code COLLATE "C", indicator',
        {"old": old, "new": new, "additive": list(additive)},
    ).fetchall()
    return [Follower(**row) for row in rows]


def _waterfalls(told: list[dict], parts: list[dict], kinds: dict[str, str]) -> list[Waterfall]:
    """Put the moves to the numbers; raises TthcError when they do not add up, which no later step could mend."""
    moved: dict[tuple, dict[str, list]] = {}
    for row in parts:
        place = moved.setdefault((row["level"], row["code"], row["indicator"]), {})
        place.setdefault(row["cause"], []).append((row["fact_key"], row["n"], row["d"]))
    found = []
    for row in told:
        place = (row["level"], row["code"], row["indicator"])
        by_cause = moved.pop(place, {})
        n, d = row["old_n"] or 0, row["old_d"] or 0
        listed = []
        for cause in [cause for cause in CAUSES if cause in by_cause]:
            dossiers = by_cause[cause]
            step = sum(one[1] for one in dossiers), sum(one[2] for one in dossiers)
            n, d = n + step[0], d + step[1]
            listed.append(Part(cause, *step, _value(kinds[row["indicator"]], n, d), dossiers))
        if (n, d) != (row["new_n"] or 0, row["new_d"] or 0):
            raise TthcError(_not_whole(place))
        if listed:
            found.append(
                Waterfall(
                    *place,
                    (row["old_n"] or 0, row["old_d"]),
                    (row["new_n"] or 0, row["new_d"]),
                    row["old_value"],
                    row["new_value"],
                    listed,
                )
            )
    if moved:
        raise TthcError(_not_whole(next(iter(moved))))
    return found


def _not_whole(place: tuple[str, str, str]) -> str:
    return (
        f"Các phần của {' '.join(place)} không cộng thành chênh lệch: dữ kiện không khớp số đã tính."
        " Chạy tthc doctor --full."
    )


def _value(kind: str, n: int, d: int) -> Decimal | None:
    if kind in ("count", "sum"):
        return Decimal(n)
    if d == 0:
        return None
    factor = 100 if kind == "rate" else 1
    return (Decimal(n * factor) / Decimal(d)).quantize(Decimal("0.01"), ROUND_HALF_UP)
