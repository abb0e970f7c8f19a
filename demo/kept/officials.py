"""Who works for the commune, by code: the people whose names the city's events carry, and one canary."""

from typing import NamedTuple

from .. import canary
from ..units import OFFICERS

LETTERS = {
    "kinh_te": "KT",
    "van_hoa_xa_hoi": "VX",
    "van_phong": "VP",
    "phuc_vu_hanh_chinh_cong": "TT",
    "su_nghiep_cong": "SN",
}
# Sent to the Centre by other units, which go on judging them.
SENT_BY = {"AH-TT-03": "kinh_te", "AH-TT-04": "van_hoa_xa_hoi"}
# The register writes some names in another way than the one-stop system; they are the same names.
RETYPED = {"Quách Hoà Vịnh": "QUÁCH HÒA  VỊNH", "Ngô Thị Lài": "ngô thị lài"}


class Official(NamedTuple):
    """One person: ``home`` judges, ``unit`` is where the work is."""

    code: str
    name: str
    home: str
    unit: str
    is_head: bool


def _all() -> tuple[Official, ...]:
    found = []
    for unit, names in OFFICERS.items():
        more = (canary.OFFICER,) if unit == "phuc_vu_hanh_chinh_cong" else ()
        for number, name in enumerate((*names, *more), start=1):
            code = f"AH-{LETTERS[unit]}-{number:02}"
            found.append(Official(code, name, SENT_BY.get(code, unit), unit, number == 1))
    return tuple(found)


OFFICIALS = _all()
CODES = {unit: tuple(official.code for official in OFFICIALS if official.unit == unit) for unit in OFFICERS}


def written(name: str) -> str:
    """Return a name as the register of staff writes it."""
    return RETYPED.get(name, name)
