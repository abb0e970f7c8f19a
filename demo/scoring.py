"""What every sheet of the year must say, by the words of the scoring scheme; no rule file is read here.

``numbers`` are (level, code, indicator) → (numerator, denominator), only what is known. People owe some points: every
answer has a least and a most, by points and by level.
"""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction as F
from typing import NamedTuple

from .stream_file import Row

Numbers = Mapping[tuple[str, str, str], tuple[int | None, int | None]]
COMMUNE = "11674"
CENTRE = "phuc_vu_hanh_chinh_cong"
ORDER = ("not_completed", "completed", "good", "excellent")
CHAIRMAN = ("Chủ tịch UBND xã", "Chủ tịch Ủy ban nhân dân xã")
# The year's programme 20, what the city gave 10/10/10, indices 2/2/1/15.
OF_CHAIRMAN = {"p1": 20, "t1": 10, "t2": 10, "t3": 10, "x1": 2, "x2": 2, "x3": 1, "x4": 15}


class Said(NamedTuple):
    """Least and most in hundredths of a point, the levels of both (None: nobody rates), and the vetoes that hold."""

    least: int
    most: int
    level_least: str | None
    level_most: str | None
    vetoes: tuple[str, ...]


def hundredths(points: F) -> int:
    """Return points in hundredths, a half up."""
    return (2 * 100 * points.numerator + points.denominator) // (2 * points.denominator)


def level_335(cents: int) -> str:
    """Return the level: 90, 70, 50."""
    return (
        "excellent"
        if cents >= 9000
        else "good"
        if cents >= 7000
        else "completed"
        if cents >= 5000
        else ORDER[0]
    )


def level_212(cents: int) -> str:
    """Return the level: above 90, above 80, 50."""
    return (
        "excellent"
        if cents > 9000
        else "good"
        if cents > 8000
        else "completed"
        if cents >= 5000
        else ORDER[0]
    )


def _lowest(level: str, caps: Iterable[str]) -> str:
    return ORDER[min(ORDER.index(each) for each in (level, *caps))]


# A unit: (weight, indicators whose numerators and denominators are added, no points at, all points at).
RATES_OF_A = (
    (15, ("dossier_on_time_rate",), 85, 98),
    (5, ("dossier_early_rate",), 20, 60),
    (5, ("process_compliance_rate",), 90, 100),
    (5, ("apology_issued_rate",), 0, 100),
)
RATES_OF_B = (
    (5, ("component_digitized_rate",), 50, 100),
    (6, ("result_digitized_rate",), 50, 100),
    (4, ("data_reuse_rate",), 20, 80),
    (5, ("full_online_rate",), 30, 80),
    (3, ("online_payment_rate",), 20, 80),
    (2, ("two_system_match_rate",), 95, 100),
)
RATES_OF_C = ((6, ("dossier_satisfaction_rate",), 80, 95), (5, ("pakn_on_time_rate",), 80, 100))
RATES_OF_D = (
    (7, ("par_task_on_time_rate", "par_comm_task_completion_rate"), 80, 100),
    (5, ("city_task_on_time_rate", "assigned_task_on_time_rate"), 80, 100),
    (3, ("report_on_time_rate",), 80, 100),
)


def unit(numbers: Numbers, code: str) -> Said:
    """Return what the sheet of a unit says."""
    mine = {name: told for (level, at, name), told in numbers.items() if (level, at) == ("unit", code)}
    groups = [
        [_rate(mine, *row) for row in rows] for rows in (RATES_OF_A, RATES_OF_B, RATES_OF_C, RATES_OF_D)
    ]
    overdue = mine.get("dossier_overdue_open_count", (None, None))[0]
    if overdue is not None and mine.get("form_ii06a_received_or_carried", (0,))[0]:
        groups[0].append((5, F(max(0, 5 - overdue))))
    if code == CENTRE:
        whole = {name: told for (level, _, name), told in numbers.items() if level == "commune"}
        groups[2].append(_rate(whole, 4, ("tthc_public_center_rate",), 90, 100))
    known = [[each for each in group if each is not None] for group in groups]
    weights = (35, 25, 15, 15)
    here = 10 + sum(weight for weight, group in zip(weights, known, strict=True) if group)
    points = F(0)
    for weight, group in zip(weights, known, strict=True):
        if group:
            points += F(weight, sum(each[0] for each in group)) * sum(each[1] for each in group)
    papers = _rate(mine, 5, ("e_document_rate",), 90, 100)
    discipline = F(10 if papers is None else 5 + papers[1]) * F(100, here)
    cents = hundredths(points * F(100, here) + max(F(0), discipline - _deducted(mine)))
    held = _vetoes_of_unit(mine)
    if sum(each[0] for group in known for each in group) + (0 if papers is None else 5) < 15:
        return Said(cents, cents, None, None, held)
    level = _lowest(level_335(cents), ["good" for _ in held])
    return Said(cents, cents, level, level, held)


def _rate(
    mine: Mapping, weight: int, names: tuple[str, ...], floor: int, target: int
) -> tuple[int, F] | None:
    told = [mine[name] for name in names if name in mine]
    n, d = sum(each[0] for each in told), sum(each[1] for each in told)
    if d < 5:
        return None
    share = (F(100 * n, d) - floor) / (target - floor)
    return weight, weight * min(F(1), max(F(0), share))


def _failures(mine: Mapping, name: str) -> int:
    n, d = mine.get(name, (0, 0))
    return d - n


def _deducted(mine: Mapping) -> F:
    points = F(_failures(mine, "apology_issued_rate") + _failures(mine, "process_compliance_rate"))
    points += F(mine.get("reschedule_over_once_count", (0,))[0], 2)
    points += F(mine.get("supplement_over_once_count", (0,))[0] + _failures(mine, "report_on_time_rate"), 4)
    return min(F(10), points + _failures(mine, "inspection_finding_fixed_rate"))


def _vetoes_of_unit(mine: Mapping) -> tuple[str, ...]:
    held = []
    if _failures(mine, "apology_issued_rate") > 0:
        held.append("V4")
    n, d = mine.get("dossier_on_time_rate", (0, 0))
    if d >= 20 and 10 * n < 9 * d:
        held.append("V5")
    overdue, still_open = (
        mine.get(name, (0,))[0] for name in ("dossier_overdue_open_count", "form_ii06a_open")
    )
    if overdue > 5 or 50 * overdue > still_open > 0:
        held.append("V6")
    return tuple(held)


class Freed(NamedTuple):
    """How many late dossiers of somebody two people exempted: settled late, still open, not apologised for."""

    late: int
    overdue: int
    not_apologised: int


class Quota(NamedTuple):
    """How many of those at good or above may be excellent in one unit and kind of work, and who is or may be."""

    good: int
    allowed: int
    raised: int
    excellent: tuple[str, ...]
    maybe: tuple[str, ...]


class Person(NamedTuple):
    """Somebody with a post in the year; of a head, unit and day of every day as its head."""

    code: str
    home: str
    kind: str
    is_head: bool
    title: str | None
    days_at_work: int
    days_away: int
    head_days: set[tuple[str, date]]


def people(rows: Iterable[Row], first: date, last: date) -> list[Person]:
    """Return everybody with a post between two days; of several posts the last one says whose they are."""
    posts: dict[str, list[Row]] = {}
    for row in rows:
        if row["kind"] == "posting" and row["starts_on"] <= last and (row["ends_on"] or last) >= first:
            posts.setdefault(row["official_code"], []).append(row)
    found = []
    for code, held in posts.items():
        reasons: dict[date, set[str]] = {}
        for row in rows:
            if row["official_code"] == code and row["kind"] == "absence":
                for day in _each(row, first, last):
                    reasons.setdefault(day, set()).add(row["absence_reason"])
        at_post = {day for row in held for day in _each(row, first, last)}
        away = {day for day in at_post if reasons.get(day, set()) & {"sickness", "other"}}
        gone = {day for day in at_post if reasons.get(day, set()) & {"sickness", "other", "maternity"}}
        last_post = sorted(held, key=lambda row: row["starts_on"])[-1]
        about = (last_post["home_unit_code"], last_post["staff_kind"], bool(last_post["is_head"]))
        led = [(row["home_unit_code"], _each(row, first, last)) for row in held if row["is_head"]]
        days = (len(at_post) - len(gone), len(away), {(home, day) for home, each in led for day in each})
        found.append(Person(code, *about, last_post["job_title"], *days))
    return found


def _each(row: Row, first: date, last: date) -> Iterable[date]:
    day, end = max(row["starts_on"], first), min(row["ends_on"] or last, last)
    while day <= end:
        yield day
        day += timedelta(days=1)


def officials(
    numbers: Numbers,
    staff: list[Row],
    conduct: Iterable[Row],
    first: date,
    last: date,
    assessments: Iterable[Row] = (),
    freed: Mapping[str, Freed] | None = None,
) -> dict[str, Said]:
    """Return what the sheet of everybody says in a year of the calendar, by code."""
    given: dict[str, dict[str, F]] = {}
    for row in assessments:
        # What people say of themselves is shown, and counts for nothing.
        if row["period"] == str(first.year) and row["assessor"] == "head":
            given.setdefault(row["official_code"], {})[row["item_code"]] = F(row["points"])
    found = [
        row
        for row in conduct
        if row["kind"] == "finding"
        and row["verdict"] in ("substantiated", "partly_substantiated")
        and row["happened_on"] <= last
    ]
    everybody = [person for person in people(staff, first, last) if person.kind != "contract"]
    said: dict[str, Said] = {}
    for person in sorted(everybody, key=lambda each: each.is_head):
        led = []
        if person.is_head:
            led = [said[each.code] for each in everybody if each.home == person.home and not each.is_head]
        mine = _of_person(numbers, person.code, (freed or {}).get(person.code, Freed(0, 0, 0)))
        said[person.code] = _official(
            numbers, mine, person, found, led, first, last, given.get(person.code, {})
        )
    return said


def _of_person(numbers: Numbers, code: str, freed: Freed) -> dict[str, tuple[int | None, int | None]]:
    """Return the numbers of somebody, without what does not count against them."""
    mine = {name: told for (level, at, name), told in numbers.items() if (level, at) == ("official", code)}
    for name, off in (
        ("dossier_late_settled_count", freed.late),
        ("dossier_overdue_open_count", freed.overdue),
    ):
        if name in mine:
            mine[name] = (max(0, mine[name][0] - off), None)
    if "apology_issued_rate" in mine:
        n, d = mine["apology_issued_rate"]
        mine["apology_issued_rate"] = (min(d, n + freed.not_apologised), d)
    return mine


def _official(
    numbers: Numbers,
    mine: Mapping,
    person: Person,
    found: list[Row],
    led: list[Said],
    first: date,
    last: date,
    given: Mapping[str, F],
) -> Said:
    abc = dict(zip("abc", _results(mine, F(1, 4) if first.year >= 2026 else F(1)), strict=True))
    # (item, weight, share that the numbers give, the most points that people can write for it)
    if first.year >= 2026:
        parts = dict(abc)
        if person.is_head:
            parts |= {"d": _of_led(led), "đ": _of_head(numbers, person.home), "e": None}
        lines = [(item, F(70, len(parts)), part, 100) for item, part in parts.items()]
        lines += [(f"g{n}", F(10), None, 10) for n in (1, 2, 3)]
        level = level_335
    else:
        lines = [(f"g{n}", F(4), None, 4) for n in range(1, 6)]
        level = level_212
        if person.is_head or person.title in CHAIRMAN:
            lines += [("l1", F(5), None, 5), ("l2", F(5), None, 5)]
        if person.title in CHAIRMAN:
            lines += [(item, F(most), None, most) for item, most in OF_CHAIRMAN.items()]
        else:
            weights = (20, 30, 20) if person.is_head else (25, 30, 25)
            lines += [
                (item, F(weight), abc[item], weight) for item, weight in zip("abc", weights, strict=True)
            ]
    least = most = F(0)
    for item, weight, part, limit in lines:
        if part is None and item in given and given[item] <= limit:
            part = given[item] / limit
        least += weight * (part or 0)
        most += weight * (1 if part is None else part)
    least, most = hundredths(least), hundredths(most)
    held, caps = _vetoes_of_person(numbers, mine, person, found, first, last)
    if "V10" in held:
        return Said(least, most, None, None, held)
    return Said(least, most, _lowest(level(least), caps), _lowest(level(most), caps), held)


def _results(mine: Mapping, step: F) -> tuple[F | None, F | None, F | None]:
    """Return quantity, quality and progress as shares of 1; None with fewer than five products."""
    done = mine.get("dossier_on_time_rate", (0, 0))[1]
    overdue = mine.get("dossier_overdue_open_count", (0,))[0]
    late = mine.get("dossier_late_settled_count", (0,))[0]
    kept, tasks = mine.get("assigned_task_on_time_rate", (0, 0))
    right, judged = mine.get("process_compliance_rate", (0, 0))
    asked = done + overdue
    quantity = F(done, asked) if asked >= 5 else None
    quality = max(F(0), 1 - step * F(judged - right, judged)) if judged >= 5 else None
    products = asked + tasks
    delays = late + overdue + tasks - kept
    progress = max(F(0), 1 - step * F(delays, products)) if products >= 5 else None
    return quantity, quality, progress


def _of_led(led: list[Said]) -> F | None:
    rated = [each for each in led if each.level_most is not None]
    if any(each.level_most == "not_completed" for each in rated):
        return F(1, 2)
    return F(1) if rated and all(each.level_least != "not_completed" for each in rated) else None


def _of_head(numbers: Numbers, home: str) -> F | None:
    told = numbers.get(("unit", home, "unit_head_accountability_score"))
    return None if told is None or told[0] is None else F(told[0], 10000)


def _vetoes_of_person(
    numbers: Numbers, mine: Mapping, person: Person, found: list[Row], first: date, last: date
) -> tuple[tuple[str, ...], list[str]]:
    held: list[tuple[str, str | None]] = []
    own = [row for row in found if row["official_code"] == person.code]

    def disciplined(row: Row) -> bool:
        day = row["disciplined_on"]
        return row["discipline"] not in (None, "none") and day is not None and first <= day <= last

    def harassed(row: Row) -> bool:
        return row["behaviour"] == "harassment" and first <= row["happened_on"] <= last

    if any(disciplined(row) for row in own):
        held.append(("V1", "not_completed"))
    if any(harassed(row) and not disciplined(row) for row in own):
        held.append(("V2", "completed"))
    if person.is_head and any(harassed(row) for row in found if row["unit_code"] == person.home):
        held.append(("V2H", "good"))
    if any(row["behaviour"] == "falsification" and first <= row["happened_on"] for row in own):
        held.append(("V3", "completed"))
    if _failures(mine, "apology_issued_rate") > 0:
        held.append(("V4", "good"))
    house = unit(numbers, person.home)
    if person.is_head and "V5" in house.vetoes:
        held.append(("V5", "good"))
    if mine.get("dossier_overdue_open_count", (0,))[0] > 5:
        held.append(("V6", "good"))
    if person.is_head and house.level_most is not None:
        held.append(("V7", house.level_most))
    corrupt = {(row["unit_code"], row["happened_on"]) for row in found if row["behaviour"] == "corruption"}
    if corrupt & person.head_days:
        held.append(("V8", "not_completed"))
    days = (last - first).days + 1
    if 2 * person.days_at_work < days:
        held.append(("V10", None))
    if days <= 4 * person.days_away and 2 * person.days_away < days:
        held.append(("V10B", "completed"))
    return tuple(code for code, _ in held), [cap for _, cap in held if cap]


def quotas(
    said: Mapping[str, Said], staff: Iterable[Row], first: date, last: date
) -> dict[tuple[str, str], Quota]:
    """Return the quota of excellence by unit and kind of work (heads among themselves): 20 %, or 25 % of good ones."""
    groups: dict[tuple[str, str], list[tuple[str, Said]]] = {}
    for person in people(staff, first, last):
        sheet = said.get(person.code)
        if sheet is not None and sheet.level_most is not None:
            work = "heads" if person.is_head else person.kind
            groups.setdefault((person.home, work), []).append((person.code, sheet))
    found = {}
    for place, held in groups.items():
        good = sorted(one for one in held if one[1].level_most in ("good", "excellent"))
        surely = tuple(code for code, sheet in good if sheet.level_least == "excellent")
        maybe = tuple(code for code, sheet in good if sheet.level_most == "excellent" and code not in surely)
        found[place] = Quota(len(good), len(good) * 20 // 100, len(good) * 25 // 100, surely, maybe)
    return found
