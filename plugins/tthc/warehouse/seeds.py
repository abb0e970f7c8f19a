"""What a new warehouse starts with: the units of the commune. (The calendar comes as a stream.)"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import msgspec
import psycopg

from tthc import settings
from tthc.errors import UsageError
from tthc.vietnamese.names import name_key


class Unit(msgspec.Struct, forbid_unknown_fields=True):
    """A unit of the commune."""

    code: str
    name: str
    sort: int


class UnitName(msgspec.Struct, forbid_unknown_fields=True):
    """A name under which dossiers carry a unit, and the days on which it is valid."""

    unit: str
    name: str
    valid_from: date | None = None
    valid_to: date | None = None


class Units(msgspec.Struct, forbid_unknown_fields=True):
    """The declaration ``sources/units.yaml``."""

    units: list[Unit]
    names: list[UnitName] = []
    commune: str | None = None
    #: The commune's own code on the National Public Service Portal.
    portal_agency: str | None = None


def declared_units() -> Units:
    """Return the declared units; raise UsageError when the declaration is wrong."""
    path = settings.root() / "sources" / "units.yaml"
    try:
        return msgspec.yaml.decode(path.read_bytes(), type=Units)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"Khai báo sai ở sources/units.yaml: {error}.") from error


def units(connection: psycopg.Connection) -> bool:
    """Make the unit tables say what ``sources/units.yaml`` says; return whether anything changed."""
    declared, commune = declared_units(), settings.commune_code()
    rows = {(unit.code, unit.name, unit.sort) for unit in declared.units}
    names = {
        (
            name_key(entry.name),
            entry.valid_from or date.min,
            entry.valid_to or date.max,
            entry.unit,
            entry.name,
        )
        for entry in [*declared.names, *(UnitName(unit.code, unit.name) for unit in declared.units)]
    }
    _refuse_overlaps(names)
    with connection.transaction(), connection.cursor() as cursor:
        before = _fingerprint(cursor, commune)
        cursor.execute("DELETE FROM core.unit_names WHERE commune_code = %s", (commune,))
        cursor.execute(
            "INSERT INTO core.communes (commune_code, portal_agency_code) VALUES (%s, %s)"
            " ON CONFLICT (commune_code) DO UPDATE SET portal_agency_code = excluded.portal_agency_code",
            (commune, declared.portal_agency),
        )
        cursor.executemany(
            "INSERT INTO core.units (commune_code, unit_code, name, sort_order) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (commune_code, unit_code)"
            " DO UPDATE SET name = excluded.name, sort_order = excluded.sort_order, is_active = true",
            [(commune, *row) for row in rows],
        )
        cursor.execute(
            "UPDATE core.units SET is_active = false WHERE commune_code = %s AND unit_code <> ALL (%s)",
            (commune, [unit.code for unit in declared.units]),
        )
        cursor.executemany(
            "INSERT INTO core.unit_names (commune_code, name_key, valid_from, valid_to, unit_code, name)"
            " VALUES (%s, %s, coalesce(%s, '-infinity'::date), coalesce(%s, 'infinity'::date), %s, %s)",
            [
                (
                    commune,
                    key,
                    None if first == date.min else first,
                    None if last == date.max else last,
                    code,
                    name,
                )
                for key, first, last, code, name in names
            ],
        )
        cursor.execute("ANALYZE core.unit_names")
        return _fingerprint(cursor, commune) != before


def _fingerprint(cursor: psycopg.Cursor, commune: str):
    cursor.execute(
        "SELECT md5(string_agg(n::text, ',' ORDER BY n.name_key, n.valid_from)) AS names"
        " FROM core.unit_names AS n WHERE commune_code = %s",
        (commune,),
    )
    return cursor.fetchone()


def _refuse_overlaps(names: set[tuple]) -> None:
    ordered = sorted(names)
    for earlier, later in pairwise(ordered):
        if earlier[0] == later[0] and later[1] <= earlier[2]:
            raise UsageError(
                f"sources/units.yaml: tên “{later[4]}” được khai hai lần cho những ngày trùng nhau"
                f" (đơn vị {earlier[3]} và {later[3]})."
            )
