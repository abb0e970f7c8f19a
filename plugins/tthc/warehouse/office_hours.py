"""Office hours and the limits of the early warnings: ``sources/office_hours.yaml`` in two tables of core."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any

import msgspec
import psycopg

from tthc import settings
from tthc.errors import UsageError

_PLACE = "sources/office_hours.yaml"
#: "07:30", so written that texts compare as hours do.
Hour = Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class Session(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One stretch of a working day, local time."""

    opens: Hour
    closes: Hour


class Dated(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What holds from one day through another; without a day, as far as there are days."""

    valid_from: date | None = None
    valid_to: date | None = None
    document: str


class Hours(Dated, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The sessions of a working day, in their order."""

    sessions: tuple[Session, ...]


class Limits(Dated, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From when on something is worth a warning; the columns of ``core.warning_limits``."""

    intake_working_hours: Decimal
    apology_days_before: int
    due_within_working_days: int
    result_waits_working_days: int
    result_uncollected_days: int
    same_finish_count: int


class OfficeHours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The declaration."""

    hours: tuple[Hours, ...]
    limits: tuple[Limits, ...]


def declared() -> OfficeHours:
    """Return the declaration; raise UsageError when it leaves a day out, says a day twice, or has no hours."""
    path = settings.root() / _PLACE
    try:
        found = msgspec.yaml.decode(path.read_bytes(), type=OfficeHours)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"Khai báo sai ở {_PLACE}: {error}.") from error
    for name, spans in (("hours", found.hours), ("limits", found.limits)):
        _require_every_day(name, spans)
    for hours in found.hours:
        ends = [moment for each in hours.sessions for moment in (each.opens, each.closes)]
        if not ends or any(earlier >= later for earlier, later in pairwise(ends)):
            raise UsageError(
                f"Khai báo sai ở {_PLACE}: sessions phải có ít nhất một buổi, giờ tăng dần, không chồng nhau."
            )
    return found


def fill(connection: psycopg.Connection) -> bool:
    """Make ``core.office_hours`` and ``core.warning_limits`` say what is declared; return whether they said else."""
    found, commune = declared(), settings.commune_code()
    hours = [
        {"commune_code": commune, **_span(each), "opens": session.opens, "closes": session.closes}
        for each in found.hours
        for session in each.sessions
    ]
    limits = [
        {
            "commune_code": commune,
            **_span(each),
            **{name: getattr(each, name) for name in Limits.__struct_fields__ if name not in _OF_SPANS},
        }
        for each in found.limits
    ]
    with connection.transaction(), connection.cursor() as cursor:
        before = _said(cursor, commune)
        for table, rows in (("core.office_hours", hours), ("core.warning_limits", limits)):
            cursor.execute(f"DELETE FROM {table} WHERE commune_code = %s", (commune,))
            names = list(rows[0])
            places = ", ".join(_PLACES.get(name, "%s") for name in names)
            cursor.executemany(
                f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})",
                [[row[name] for name in names] for row in rows],
            )
        return _said(cursor, commune) != before


def _said(cursor: psycopg.Cursor, commune: str) -> list:
    return cursor.execute(
        "SELECT h::text AS row FROM core.office_hours AS h WHERE commune_code = %(commune)s"
        " UNION ALL SELECT w::text FROM core.warning_limits AS w WHERE commune_code = %(commune)s ORDER BY 1",
        {"commune": commune},
    ).fetchall()


_OF_SPANS = Dated.__struct_fields__
_PLACES = {
    "valid_from": "coalesce(%s, '-infinity'::date)",
    "valid_to": "coalesce(%s, 'infinity'::date)",
}


def _span(each: Dated) -> dict[str, Any]:
    return {name: getattr(each, name) for name in _OF_SPANS}


def _require_every_day(name: str, spans: Sequence[Dated]) -> None:
    """A day without hours would be a day without a warning, which nobody would notice."""
    whole = bool(spans) and spans[0].valid_from is None and spans[-1].valid_to is None
    touching = all(
        earlier.valid_to and later.valid_from == earlier.valid_to + timedelta(days=1)
        for earlier, later in pairwise(spans)
    )
    backwards = any(each.valid_from and each.valid_to and each.valid_from > each.valid_to for each in spans)
    if not whole or not touching or backwards:
        raise UsageError(
            f"Khai báo sai ở {_PLACE}: các mục của {name} phải nối nhau từng ngày, mục đầu không có valid_from,"
            " mục cuối không có valid_to."
        )
