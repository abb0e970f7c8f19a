"""The city: every dossier of a seed, month by month, and what it would answer at a moment.

The same seed always gives the same city, whatever was asked before; months are made when a moment first
needs them.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from random import Random
from uuid import UUID

from . import quirks, units
from .clockwork import opens
from .dossier import Dossier
from .life import Start
from .plot import live
from .procedures import CATALOGUE, OUTSIDE_CATALOGUE

FIRST_DAY, LAST_DAY = date(2025, 5, 20), date(2026, 11, 30)
PER_MONTH = 1500
REFORM = date(2025, 7, 1)
# Middle group of a dossier code, per unit.
UNIT_NUMBERS = {
    "kinh_te": "12",
    "van_hoa_xa_hoi": "13",
    "van_phong": "11",
    "phuc_vu_hanh_chinh_cong": "17",
    "su_nghiep_cong": "19",
}

_PROCEDURES = CATALOGUE + OUTSIDE_CATALOGUE
_WEIGHTS = [procedure.weight for procedure in _PROCEDURES]


class City:
    """A seeded city. ``dossiers(moment)`` is everything filed in months begun by then, in order of serial.

    ``share`` is how many dossiers a month it has beside the usual number; a smaller city is the beginning of the
    larger one of its seed.
    """

    def __init__(self, seed: int | str, share: float = 1.0) -> None:
        self.seed, self.share = seed, share
        self._months: dict[date, list[Dossier]] = {}

    def dossiers(self, moment: datetime) -> Iterator[Dossier]:
        for start in month_starts():
            if start <= moment.date():
                if start not in self._months:
                    self._months[start] = make_month(self.seed, start, self.share)
                yield from self._months[start]


def month_starts() -> list[date]:
    """Return the first day of every month in which dossiers are filed."""
    first = date(FIRST_DAY.year, FIRST_DAY.month, 1)
    months = (LAST_DAY.year - first.year) * 12 + LAST_DAY.month - first.month + 1
    return [
        date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1)
        for n in range(months)
    ]


def make_month(seed: int | str, month: date, share: float = 1.0) -> list[Dossier]:
    """Return the dossiers filed in ``month``, each drawn from its own generator so that none moves
    another."""
    draw = Random(f"{seed}/{month}")
    days = _filing_days(month)
    count = round(PER_MONTH * share * (0.94 + 0.12 * draw.random()) * len(set(days)) / _days_in(month))
    return [_make(seed, month, serial, days) for serial in range(1, count + 1)]


def _days_in(month: date) -> int:
    return ((month.replace(day=28) + timedelta(days=4)).replace(day=1) - month).days


@lru_cache(maxsize=32)
def _filing_days(month: date) -> list[date]:
    """Return the month's days, working days twenty times: chosen from evenly, weekends get a few dossiers."""
    every = [month + timedelta(days=n) for n in range(_days_in(month))]
    return [day for day in every if FIRST_DAY <= day <= LAST_DAY for _ in range(20 if opens(day) else 1)]


def _make(seed: int | str, month: date, serial: int, days: list[date]) -> Dossier:
    rng = Random(f"{seed}/{month}/{serial}")
    day = rng.choice(days)
    procedure = rng.choices(_PROCEDURES, _WEIGHTS)[0]
    unit = procedure.unit
    is_dissolved = day < REFORM and rng.random() < 0.6
    if is_dissolved:
        name = units.spelling(rng, rng.choice(units.DISSOLVED))
        unit = "phuc_vu_hanh_chinh_cong"
    else:
        name = units.spelling(rng, units.NAMES[unit])
    has_canary = serial % 97 == 5
    code = _code(rng, serial, day, unit)
    life = live(rng, Start(serial, code, day, procedure, unit, name, has_canary))
    if code.count("-") != 2 or code[0] not in "H0":
        life.tags.add("code:other_shape")
    elif code.split("-")[1] != f"{day:%y%m%d}":
        life.tags.add("code:other_date")
    else:
        life.tags.add("code:old_shape" if code[0] == "0" else "code:new_shape")
    if has_canary:
        life.tags.add("canary")
    dossier = life.dossier()
    if is_dissolved and life.received is not None and life.received.date() >= REFORM:
        life.tags.add("dissolved_unit_received_later")
        dossier.clean = False
    if "withdrawn:late_event" in life.tags:
        dossier.clean = False
    _disturb(rng, life, dossier, serial)
    dossier.freeze()
    return dossier


def _disturb(rng: Random, life, dossier: Dossier, serial: int) -> None:
    """Plant the quirks: mistakes and corrections in turn by serial, so that every month has every kind."""
    if serial % 50 == 7:
        kinds = quirks.MISTAKES
        first = (serial // 50 + life.start.day.month) % len(kinds)
        for kind in (*kinds[first:], *kinds[:first]):
            if quirks.mistake(life, dossier, kind):
                break
    elif (life.supplements and serial % 12 == 3) or (life.apologies and serial % 30 == 4):
        quirks.mistake(life, dossier, quirks.NESTED_MISTAKES[serial // 12 % 4 if life.supplements else 4])
    elif serial % 40 == 11:
        kinds = quirks.CORRECTIONS
        first = serial // 40 % len(kinds)
        for kind in (*kinds[first:], *kinds[:first]):
            if quirks.correct(life, dossier, kind):
                break
    elif serial % 80 == 23:
        quirks.repeat(life, dossier)
    elif serial % 70 == 31:
        quirks.enter_late(life, dossier)
    elif serial % 210 == 43:
        quirks.delete(rng, dossier)
    elif serial % 150 == 61:
        quirks.break_event(rng, dossier, ("no_code", "unreadable", "status")[serial // 150 % 3])
    # A mistake and a repeat on one dossier: the refused row must not hide the good one, nor the other way
    # round.
    if serial % 400 == 107:
        quirks.repeat(life, dossier)


def _code(rng: Random, serial: int, day: date, unit: str) -> str:
    number = UNIT_NUMBERS[unit]
    roll = rng.random()
    if roll < 0.004:
        return str(UUID(int=rng.getrandbits(128), version=4))
    if roll < 0.008:
        return f"G15.99-{day:%Y%m%d}-{serial:07}"
    if roll < 0.02:
        numbered = day - timedelta(days=rng.randrange(1, 4))
        return f"H24.{number}.01-{numbered:%y%m%d}-{10_000 + serial}"
    old = 0.9 if day < REFORM else 0.03
    if rng.random() < old:
        return f"000.00.{number}.H24-{day:%y%m%d}-{serial:04}"
    return f"H24.{number}.01-{day:%y%m%d}-{serial:04}"
