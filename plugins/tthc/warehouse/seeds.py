"""What a new warehouse starts with: the units of each commune. (The calendar comes as a stream.)"""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from pathlib import Path

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
    """The declaration of one commune: ``sources/units.yaml``, or ``sources/communes/<code>.yaml`` among several."""

    units: list[Unit]
    names: list[UnitName] = []
    commune: str | None = None
    #: What people call the commune, such as “xã An Hưng”; shown beside its code.
    name: str | None = None
    #: The commune's own code on the National Public Service Portal.
    portal_agency: str | None = None


def declaration(commune: str) -> Path:
    """Return where the units of a commune are declared; raise UsageError when a city has no declaration of it."""
    own, common = settings.communes_folder() / f"{commune}.yaml", settings.root() / "sources" / "units.yaml"
    if own.exists():
        return own
    # A single commune needs no folder. Among several, one without a declaration must not get another's units.
    if not settings.has_several_communes() or _read(common).commune == commune:
        return common
    raise UsageError(
        f'Xã {commune} chưa có khai báo đơn vị: viết {own} theo mẫu sources/units.yaml (commune: "{commune}"),'
        " rồi chạy tthc init."
    )


def declared_units(commune: str | None = None) -> Units:
    """Return the declared units of a commune (the one in force); raise UsageError when the declaration is wrong."""
    if commune is None and settings.find("TTHC_COMMUNE") is None:
        # A template of a register can be made before anything is configured.
        return _read(settings.root() / "sources" / "units.yaml")
    return _read(declaration(commune or settings.commune_code()))


def label(commune: str) -> str:
    """Return a commune as people are shown it: its code, and its name when that is declared."""
    try:
        name = declared_units(commune).name
    except UsageError:
        name = None
    return f"{commune} {name}" if name else commune


def check() -> None:
    """Read the units of every commune; raise UsageError for the first declaration that is wrong."""
    paths = [settings.root() / "sources" / "units.yaml", *sorted(settings.communes_folder().glob("*.yaml"))]
    for path in paths:
        _refuse_overlaps(_names(_read(path)), path)


def _read(path: Path) -> Units:
    try:
        found = msgspec.yaml.decode(path.read_bytes(), type=Units)
    except (OSError, msgspec.MsgspecError) as error:
        raise UsageError(f"Khai báo sai ở {shown(path)}: {error}.") from error
    if path.parent == settings.communes_folder() and found.commune != path.stem:
        raise UsageError(f'Khai báo sai ở {shown(path)}: commune phải là "{path.stem}", như tên tệp.')
    return found


def shown(path: Path) -> str:
    """Return a declaration's place as people name it: within the repository when it is there."""
    return str(path.relative_to(settings.root())) if path.is_relative_to(settings.root()) else str(path)


def _names(declared: Units) -> set[tuple]:
    return {
        (
            name_key(entry.name),
            entry.valid_from or date.min,
            entry.valid_to or date.max,
            entry.unit,
            entry.name,
        )
        for entry in [*declared.names, *(UnitName(unit.code, unit.name) for unit in declared.units)]
    }


def units(connection: psycopg.Connection) -> bool:
    """Make the unit tables say what is declared of the commune in force; return whether anything changed."""
    commune = settings.commune_code()
    declared = declared_units(commune)
    rows = {(unit.code, unit.name, unit.sort) for unit in declared.units}
    names = _names(declared)
    _refuse_overlaps(names, declaration(commune))
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


def _refuse_overlaps(names: set[tuple], path: Path) -> None:
    ordered = sorted(names)
    for earlier, later in pairwise(ordered):
        if earlier[0] == later[0] and later[1] <= earlier[2]:
            raise UsageError(
                f"{shown(path)}: tên “{later[4]}” được khai hai lần cho những ngày trùng nhau"
                f" (đơn vị {earlier[3]} và {later[3]})."
            )
