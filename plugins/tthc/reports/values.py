"""The values of a period as readers ask for them: the revision in force, or the newest build as a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.indicators import definitions, publish
from tthc.sources import streams
from tthc.workdays.periods import Period

COLUMNS = ("period", "calendar", "level", "code", "indicator", "numerator", "denominator", "value", "status")


@dataclass(frozen=True)
class Edition:
    """Which numbers of a period: ``build_id`` of what is read, and the revision that it is, if it is one."""

    build_id: int
    revision_number: int | None
    published_at: datetime | None
    approved_by: str | None
    #: What a revision remembers of the day on which it was published; None for a draft, and for very old ones.
    inputs: dict[str, Any] | None = None

    @property
    def units(self) -> dict[str, tuple[str, int]] | None:
        """Names and order of the units as they were when this was published; None: as they are now."""
        if self.inputs is None:
            return None
        return {code: (name, order) for code, name, order in self.inputs["units"]}


def edition(
    connection: psycopg.Connection,
    period: Period,
    draft: bool,
    number: int | None = None,
    before: datetime | None = None,
) -> Edition | None:
    """Return the revision in force, or with ``draft`` the newest build; None when there is none.

    ``number`` asks for one revision, however old; raises TthcError when there is no such. ``before`` asks for the
    revision that was in force at an instant.
    """
    if before is not None:
        old = publish.revision_at(connection, period, before)
        return _published(old) if old else None
    if number is not None:
        if (old := publish.revision(connection, period, number)) is None:
            raise TthcError(f"Kỳ {period.label} (lịch {period.calendar}) không có bản công bố lần {number}.")
        return _published(old)
    revision = publish.last_revision(connection, period)
    if not draft:
        return _published(revision) if revision else None
    build = publish.newest_build(connection, period)
    if build is None:
        return None
    if revision and revision["build_id"] == build["build_id"]:
        return _published(revision)
    return Edition(build["build_id"], None, None, None)


def _published(revision: dict[str, Any]) -> Edition:
    return Edition(
        revision["build_id"],
        revision["revision_number"],
        revision["published_at"],
        revision["approved_by"],
        revision["inputs"],
    )


def values(
    connection: psycopg.Connection, period: Period, edition: Edition, levels: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Return the values of the indicators at these levels, one dict of ``COLUMNS`` each; forms' cells are not.

    In the order commune, units as the commune orders them, procedures, fields; inside each as they are declared. A
    revision comes as on the day of its publication.
    """
    units = edition.units
    shown = list(definitions.shown()) if edition.inputs is None else edition.inputs["shown"]
    return connection.execute(
        "SELECT %(period)s::text AS period, %(calendar)s::text AS calendar, v.level, v.code, v.indicator,"
        " v.numerator, v.denominator, v.value, v.status"
        " FROM indicators.values AS v"
        " LEFT JOIN marts.units AS u ON u.commune_code = %(commune)s AND v.level = 'unit' AND u.unit_code = v.code"
        " WHERE v.build_id = %(build_id)s AND v.level = ANY (%(levels)s) AND v.indicator = ANY (%(shown)s)"
        " ORDER BY array_position(%(every_level)s, v.level), CASE WHEN %(units)s::text[] IS NULL THEN u.sort_order"
        "  WHEN v.level = 'unit' THEN array_position(%(units)s::text[], v.code) END NULLS LAST, v.code COLLATE \"C\","
        " array_position(%(shown)s, v.indicator)",
        {
            "period": period.label,
            "calendar": period.calendar,
            "commune": settings.commune_code(),
            "build_id": edition.build_id,
            "levels": list(levels),
            "every_level": list(definitions.LEVELS),
            "shown": shown,
            "units": None if units is None else sorted(units, key=lambda code: (units[code][1], code)),
        },
    ).fetchall()


def gaps(
    connection: psycopg.Connection, edition: Edition, ids: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Return which sources an edition lacked: ``stream``, ``lacks_from``, and the ``indicators`` that need it.

    Of all indicators that are no cells of forms, or of ``ids``.
    """
    return connection.execute(
        "SELECT stream, min(lacks_from) AS lacks_from, array_agg(indicator ORDER BY indicator) AS indicators"
        " FROM indicators.gaps WHERE build_id = %s AND indicator = ANY (%s) GROUP BY stream ORDER BY stream",
        (edition.build_id, list(definitions.shown() if ids is None else ids)),
    ).fetchall()


def stream_title(stream: str) -> str:
    """Return what people call a stream."""
    declared = streams.streams().get(stream)
    return declared.title if declared else stream


def names(connection: psycopg.Connection) -> dict[tuple[str, str], str]:
    """Return the Vietnamese name of each (level, code); a code without one is not in it."""
    commune = settings.commune_code()
    found = {("commune", commune): "Toàn xã"}
    for level, statement in (
        ("unit", "SELECT unit_code AS code, name FROM marts.units WHERE commune_code = %s"),
        ("procedure", "SELECT procedure_code AS code, name FROM marts.procedures WHERE commune_code = %s"),
        (
            "field",
            "SELECT field_code AS code, min(field) AS name FROM marts.procedures WHERE commune_code = %s GROUP BY 1",
        ),
    ):
        for row in connection.execute(statement, (commune,)):
            if row["name"]:
                found[level, row["code"]] = row["name"]
    return found


def unit_order(connection: psycopg.Connection) -> dict[str, int]:
    """Return the place of each unit in the order of the commune."""
    rows = connection.execute(
        "SELECT unit_code, sort_order FROM marts.units WHERE commune_code = %s", (settings.commune_code(),)
    )
    return {row["unit_code"]: row["sort_order"] for row in rows}


def field_name(code: str) -> str:
    """Return the name of a field by its code, which is its normalised name: an old paper keeps its words.

    >>> field_name("đất đai"), field_name("khac")
    ('Đất đai', 'Khác')
    """
    return "Khác" if code == "khac" else code[:1].upper() + code[1:]


def refreshed_since(connection: psycopg.Connection, period: Period, edition: Edition) -> bool:
    """Say whether a newer build than this one waits to be published."""
    newest = publish.newest_build(connection, period)
    return newest is not None and newest["build_id"] != edition.build_id
