"""The answer key: every indicator of every period, from what a connector would have read."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from . import two_systems
from .answers.papers import NO_PAPERS, Papers
from .city import City
from .connector import Memory, Pull, read_pulls, simulate
from .counting import Facts, facts
from .dates import parse_moment
from .hai_phong import city_of
from .judging import NO_EVENTS
from .periods import DEMO_MONTHS, Period, touched
from .tally import EVERY_LEVEL, LEVELS, SOURCES, alive, count, form_columns, indicators, is_late_or_overdue
from .units import NAMES

COMMUNE = "11674"
KEY_COLUMNS = (
    "period",
    "calendar",
    "level",
    "code",
    "indicator",
    "numerator",
    "denominator",
    "value",
    "status",
)
CLASSES = (
    "equal",
    "missing_on_portal",
    "missing_in_city",
    "status_mismatch",
    "date_mismatch",
    "status_rewritten",
    "not_covered",
)
FORM_COLUMNS = ("period", "calendar", "code", *(f"c{n}" for n in range(3, 14)))
Tallies = dict[tuple[str, str], Counter]


def rows(
    seed: int,
    pulls: Iterable[dict] | list[Pull],
    months: list[str] = DEMO_MONTHS,
    exports: Iterable[str] = (),
    commune: str = COMMUNE,
    share: float = 1.0,
) -> list[dict[str, str]]:
    """Return the key as rows of KEY_COLUMNS: text exactly as the csv has it.

    ``pulls`` are entries ``{"at", "from", "to"}`` in order; ``months`` are those whose periods are wanted;
    ``exports`` the moments at which the portal's dossiers were exported, in order; ``commune`` and ``share`` say
    of which of the communes, and how large it is.
    """
    asked = _pulls(pulls)
    city = city_of(seed, commune, share)
    memory, periods, days = simulate(city, asked), touched(months), days_asked(asked)
    items = two_systems.compared(city.seed, memory, map(parse_moment, exports))
    found = [*key_rows(known_facts(memory).values(), periods, days), *reconciled_rows(items, periods, days)]
    return [row | {"code": commune} if row["level"] == "commune" else row for row in found]


def class_rows(
    seed: int,
    pulls: Iterable[dict] | list[Pull],
    exports: Iterable[str],
    months: list[str] = DEMO_MONTHS,
) -> dict[tuple[str, str, str, str], Counter]:
    """Return how many dossiers of each class of reconciliation, by (calendar, period, level, code)."""
    items = two_systems.compared(seed, simulate(City(seed), _pulls(pulls)), map(parse_moment, exports))
    return {
        (period.calendar, period.label, *place): Counter({k: n for k, n in tally.items() if k in CLASSES})
        for period in touched(months)
        for place, tally in two_systems.tallies(items, period, COMMUNE).items()
    }


def form_rows(seed: int, pulls: Iterable[dict] | list[Pull], months: list[str] = DEMO_MONTHS) -> list[dict]:
    """Return form II.06a as rows of FORM_COLUMNS: the five units, then the total under the commune's code."""
    return list(form(dossier_facts(seed, _pulls(pulls)).values(), touched(months)))


def write(
    seed: int, pulls_path: Path, out: Path, form_out: Path | None, exports_path: Path | None = None
) -> None:
    """Write the key, and the form when asked, as comma-separated UTF-8; ``exports_path`` lists moments as JSON."""
    pulls = json.loads(pulls_path.read_text(encoding="utf-8"))
    exports = json.loads(exports_path.read_text(encoding="utf-8")) if exports_path else []
    _write(out, KEY_COLUMNS, rows(seed, pulls, exports=exports))
    if form_out:
        _write(form_out, FORM_COLUMNS, form_rows(seed, pulls))


def dossier_facts(seed: int, pulls: list[Pull]) -> dict[str, Facts]:
    """Return the facts of every counted dossier by its code, as known after the last pull."""
    return known_facts(simulate(City(seed), pulls))


def known_facts(memory: Memory, papers: Papers = NO_PAPERS) -> dict[str, Facts]:
    """Return the facts of every counted dossier of ``memory`` by its code; ``papers`` is what other files say."""
    found = {}
    for code in memory.rows:
        versions = memory.versions(code)
        if versions and (known := facts(versions, memory.events.get(code, NO_EVENTS), papers)):
            found[code] = known
    return found


def tallies(known: Iterable[Facts], period: Period) -> Tallies:
    """Return the counts of one period by (level, code): commune and units always, others when alive."""
    found: Tallies = {("commune", COMMUNE): Counter()} | {("unit", unit): Counter() for unit in NAMES}
    for dossier in known:
        if alive(dossier, period):
            is_late = is_late_or_overdue(dossier, period)
            official = dossier.late_official if is_late else dossier.official
            for place in (
                ("commune", COMMUNE),
                ("unit", dossier.unit),
                ("procedure", dossier.procedure),
                ("field", dossier.field),
                *([("official", official)] if official else []),
            ):
                count(dossier, period, found.setdefault(place, Counter()))
    return found


def key_rows(known: Iterable[Facts], periods: list[Period], days: set[date]) -> Iterator[dict[str, str]]:
    """Yield the rows of the dossiers; ``days`` are those that the city was asked of, on or after each."""
    known = list(known)
    for period in periods:
        for place, tally in sorted(tallies(known, period).items()):
            told = (values for values in indicators(tally) if place[0] in LEVELS.get(values[0], EVERY_LEVEL))
            yield from _rows(period, place, told, days)


def reconciled_rows(
    items: list[two_systems.Item], periods: list[Period], days: set[date]
) -> Iterator[dict[str, str]]:
    for period in periods:
        for place, tally in sorted(two_systems.tallies(items, period, COMMUNE).items()):
            yield from _rows(period, place, two_systems.indicators(tally), days)


def _rows(
    period: Period, place: tuple[str, str], told: Iterable[tuple[str, str, str, str, str]], days: set[date]
) -> Iterator[dict[str, str]]:
    is_asked = set(days_between(period.first, period.last)) <= days
    for name, numerator, denominator, value, status in told:
        # This key reads none of the files beside the city's and the portal's.
        if not is_asked or any(not stream.startswith("city__") for stream in SOURCES.get(name, ())):
            # Nothing counted of a period that nobody was asked of to its end is nothing known.
            is_known = value != "" and (numerator, denominator) not in (("0", ""), ("0", "0"))
            value, status = (value, "incomplete") if is_known else ("", "no_data")
        values = (period.label, period.calendar, *place, name, numerator, denominator, value, status)
        yield dict(zip(KEY_COLUMNS, values, strict=True))


def days_asked(pulls: Iterable[Pull]) -> set[date]:
    """Return the days that the readings asked of, not after the day of each reading."""
    return {day for pull in pulls for day in days_between(pull.first, min(pull.last, pull.at.date()))}


def days_between(first: date, last: date) -> Iterator[date]:
    """Yield the days from first to last, both inside."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def form(known: Iterable[Facts], periods: list[Period]) -> Iterator[dict]:
    known = list(known)
    for period in periods:
        found = tallies(known, period)
        for place in [*(("unit", unit) for unit in NAMES), ("commune", COMMUNE)]:
            head = {"period": period.label, "calendar": period.calendar, "code": place[1]}
            yield head | form_columns(found[place])


def _pulls(pulls: Iterable[dict] | list[Pull]) -> list[Pull]:
    entries = list(pulls)
    return entries if entries and isinstance(entries[0], Pull) else read_pulls(entries)


def _write(path: Path, columns: tuple[str, ...], lines: Iterable[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
