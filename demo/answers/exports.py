"""What filings, results, receptions, the portal, procedures, ratings and petitions count in a period.

From what a connector read of the city and what the offices' files say, with the words of docs/counting.md, section 9.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from .. import answer_key, dates, judging, tally, two_systems
from ..city import City
from ..clockwork import opens
from ..connector import Memory, Pull, simulate
from ..counting import BY_CODE, Facts
from ..exports import payments, petitions, portal_dossiers, ratings
from ..judging import NO_EVENTS, Sheet, members, text, unit_code
from ..periods import Period
from ..procedures import CATALOGUE
from ..spelling import folded
from ..stream_file import Context, Row
from ..working_days import between
from .papers import Papers, papers
from .registers import UNKNOWN, Asked, Item, Told, by_place, told

SESSIONS = ((time(7, 30), time(11, 30)), (time(13, 30), time(17)))
INTAKE = timedelta(hours=8)
UNCOLLECTED_DAYS = 15
TERMS = {"replied_at": 15, "refused_at": 2, "supplement_requested_at": 5}
PUBLISHED_IN = 2
_ALL = ("commune", "unit", "procedure", "field")
_RECONCILED = ("commune", "unit", "procedure")
#: family → its indicators.
INDICATORS: dict[str, dict[str, Asked]] = {
    "filings": {
        "online_intake_on_time_rate": Asked("rate", (*_ALL, "official")),
        "intake_refusal_rate": Asked("rate", (*_ALL, "official")),
    },
    "results": {
        "result_return_on_time_rate": Asked("rate", _ALL),
        "result_uncollected_count": Asked("count", _ALL),
    },
    "receptions": {"digitization_by_officer_rate": Asked("rate", ("unit", "official"))},
    "traceable": {"dossier_traceable_rate": Asked("rate")},
    "procedures": {
        "online_tthc_used_rate": Asked("rate", ("commune", "field")),
        "online_payment_tthc_rate": Asked("rate", ("commune", "field")),
        "index_766_3_1": Asked("rate", ("commune", "field")),
        "index_766_3_2": Asked("rate", ("commune", "field")),
        "index_766_3_5": Asked("rate", ("commune", "field")),
        "index_766_4_5_procedure": Asked("rate", ("commune", "field")),
    },
    "ratings": {
        "dossier_satisfaction_rate": Asked("rate", ("commune", "unit", "procedure", "official")),
        "attitude_satisfaction_rate": Asked("rate", ("commune", "unit", "official")),
    },
    "petitions": {
        "pakn_on_time_rate": Asked("rate", ("commune", "unit")),
        "pakn_satisfaction_rate": Asked("rate"),
        "pakn_public_rate": Asked("rate"),
        "index_766_5_2": Asked("rate", ("commune", "unit")),
        "index_766_5_3": Asked("rate", ("commune", "unit")),
    },
    "reconciliation": {
        "reconcile_missing_dvcqg_count": Asked("count", _RECONCILED),
        "reconcile_missing_city_count": Asked("count", _RECONCILED),
        "reconcile_status_mismatch_count": Asked("count", _RECONCILED),
        "reconcile_date_mismatch_count": Asked("count", _RECONCILED),
        "reconcile_status_rewritten_count": Asked("count", _RECONCILED),
        "index_766_1_4": Asked("rate", _ALL),
    },
}
#: Families whose items belong to units: there every unit is told, with zeros when it had nothing.
WITH_UNITS = ("filings", "results", "receptions", "traceable", "ratings", "petitions", "reconciliation")
_CLASSES = {
    "missing_on_portal": "reconcile_missing_dvcqg_count",
    "missing_in_city": "reconcile_missing_city_count",
    "status_mismatch": "reconcile_status_mismatch_count",
    "date_mismatch": "reconcile_date_mismatch_count",
    "status_rewritten": "reconcile_status_rewritten_count",
}


class Known(NamedTuple):
    """All that a warehouse has read: the city, the portal's exports, and the offices' files of one moment."""

    seed: int
    memory: Memory
    facts: dict[str, Facts]
    papers: Papers
    exports: tuple[datetime, ...]
    compared: list[two_systems.Item]
    partners: dict[str, str]
    payments: list[Row]
    ratings: list[Row]
    petitions: list[Row]


def read(seed: int, pulls: list[Pull], exports: Iterable[datetime], moment: datetime) -> Known:
    """Return what is known after these readings, the last of the files written at ``moment`` (local time)."""
    memory, context, exports = simulate(City(seed), pulls), Context.at(seed, moment), tuple(exports)
    said = papers(context)
    return Known(
        seed,
        memory,
        answer_key.known_facts(memory, said),
        said,
        exports,
        two_systems.compared(seed, memory, exports),
        two_systems.partners(seed, memory, exports),
        payments.rows(context),
        ratings.rows(context),
        petitions.rows(context),
    )


def values(known: Known, period: Period) -> dict[tuple[str, str, str], Told]:
    """Return every value of a period by (level, code, indicator)."""
    families = {
        "filings": _filings(known, period),
        "results": _results(known, period),
        "receptions": _receptions(known, period),
        "traceable": _traceable(known, period),
        "procedures": _procedures(known, period),
        "ratings": _ratings(known, period),
        "petitions": _petitions(known, period),
        "reconciliation": _reconciliation(known, period),
    }
    found = {}
    for family, items in families.items():
        places = by_place(items, with_units=family in WITH_UNITS)
        for id, asked in INDICATORS[family].items():
            for (level, code), said in places.items():
                if level in asked.levels:
                    found[level, code, id] = told(asked.kind, [each[id] for each in said if id in each], True)
    return found | dict(_of_dossiers(known, period))


def _of_dossiers(known: Known, period: Period) -> Iterator[tuple[tuple[str, str, str], Told]]:
    for (level, code), counts in answer_key.tallies(known.facts.values(), period).items():
        for id, n, d, value, status in tally.indicators(counts):
            if level in tally.LEVELS.get(id, tally.EVERY_LEVEL):
                yield (level, code, id), Told(n, d or None, value, status)


def _field(procedure: str | None) -> str:
    entry = BY_CODE.get(procedure or "")
    return (folded(entry.field) or "khac") if entry else "khac"


def _sheets(known: Known) -> Iterator[tuple[str, datetime, Sheet]]:
    for code in known.memory.rows:
        if versions := known.memory.versions(code):
            yield code, *versions[-1]


def _moment(record: dict, name: str) -> datetime | None:
    written = text(record.get(name))
    return dates.read(written) if written else None


def worked(since: datetime, until: datetime) -> timedelta:
    """Return the office hours between two instants.

    >>> worked(datetime(2025, 7, 11, 16), datetime(2025, 7, 14, 9))
    datetime.timedelta(seconds=9000)
    """
    found, day = timedelta(), since.date()
    while day <= until.date():
        for opening, closing in SESSIONS if opens(day) else ():
            first, last = (
                max(since, datetime.combine(day, opening)),
                min(until, datetime.combine(day, closing)),
            )
            found += max(last - first, timedelta())
        day += timedelta(days=1)
    return found


def _filings(known: Known, period: Period) -> Iterator[Item]:
    end = datetime.combine(period.last + timedelta(days=1), time())
    for code, at, sheet in _sheets(known):
        filed = _moment(sheet.record, "NgayNopHoSo")
        if sheet.channel != 2 or filed is None or not period.first <= filed.date() <= period.last:
            continue
        events = known.memory.events.get(code, NO_EVENTS)
        answered = _answered(sheet, events)
        refused = sheet.status == 3 and sheet.received is None and answered and answered.date() <= period.last
        answers: dict = {"intake_refusal_rate": bool(refused)}
        if answered is not None:
            answers["online_intake_on_time_rate"] = worked(filed, answered) <= INTAKE
        elif worked(filed, end) > INTAKE:
            answers["online_intake_on_time_rate"] = False
        receiver = next((step for step in events.steps() if step.status == 2), None)
        official = known.papers.official(receiver.officer, receiver.moment.date()) if receiver else None
        yield Item(
            {
                "unit": unit_code(sheet, at.date()) or "khac",
                "procedure": sheet.procedure or "khac",
                "field": _field(sheet.procedure),
                "official": official,
            },
            answers,
        )


def _answered(sheet: Sheet, events) -> datetime | None:
    """Return when the one-stop first said anything: accepted, refused without accepting, or asked for papers."""
    found = [_moment(sheet.record, "NgayTiepNhan")]
    if sheet.status == 3 and sheet.received is None:
        last = [step.moment for step in events.steps() if step.status == 3]
        found.append(
            _moment(sheet.record, "NgayTuChoi")
            or _moment(sheet.record, "NgayKetThucXuLy")
            or max(last, default=None)
        )
    found += [step.moment for step in events.steps() if step.status == 5]
    found += [_moment(row, "NgayBoSung") for row in members(sheet.record.get("DanhSachHoSoBoSung"))]
    return min((moment for moment in found if moment), default=None)


def _places(facts: Facts) -> dict[str, str | None]:
    return {"unit": facts.unit, "procedure": facts.procedure, "field": facts.field}


def _results(known: Known, period: Period) -> Iterator[Item]:
    for facts in known.facts.values():
        if not facts.gives_result or facts.received > period.last:
            continue
        answers: dict = {}
        is_promised = facts.due_source in ("given", "computed") and period.first <= facts.due <= period.last
        is_waited_for = (
            is_promised and facts.paused_on(facts.due) and (not facts.ended or facts.ended > facts.due)
        )
        is_untold = facts.status == 10 and facts.handed_over is None
        if is_promised and facts.outcome in (None, "resolved") and not is_waited_for and not is_untold:
            answers["result_return_on_time_rate"] = (
                facts.handed_over is not None and facts.handed_over <= facts.due
            )
        if facts.outcome == "resolved" and (period.last - facts.ended).days > UNCOLLECTED_DAYS:
            handed = facts.handed_over
            if handed > period.last if handed else facts.status == 9:
                answers["result_uncollected_count"] = True
        if answers:
            yield Item(_places(facts), answers)


def _receptions(known: Known, period: Period) -> Iterator[Item]:
    for facts in known.facts.values():
        if period.first <= facts.received <= period.last:
            answers = (
                {"digitization_by_officer_rate": facts.components_digitized} if facts.must_digitize else {}
            )
            yield Item({"unit": facts.unit, "official": facts.reception_official}, answers)


def _traceable(known: Known, period: Period) -> Iterator[Item]:
    end = datetime.combine(period.last + timedelta(days=1), time())
    fresh = [moment for moment in known.exports if end - timedelta(hours=24) <= moment < end]
    if not fresh:
        return
    shown: set[str] = set()
    covered: list[date] = []
    for moment in known.exports:
        if moment <= max(fresh):
            rows = portal_dossiers.rows(Context.at(known.seed, moment))
            shown |= {row["dossier_code"] for row in rows}
            covered = sorted({row["received_at"].date() for row in rows if row["received_at"]})
    for code, facts in known.facts.items():
        if facts.received <= period.last and (facts.ended is None or facts.ended > period.last):
            is_shown = known.partners.get(code) in shown
            is_asked = is_shown or two_systems.is_between(facts.received, covered)
            yield Item(_places(facts), {"dossier_traceable_rate": is_shown if is_asked else UNKNOWN})


def _procedures(known: Known, period: Period) -> Iterator[Item]:
    counts: dict[str, Counter] = defaultdict(Counter)
    for _, _, sheet in _sheets(known):
        filed = _moment(sheet.record, "NgayNopHoSo")
        on = sheet.received or (filed.date() if filed else None)
        if sheet.channel == 2 and on and period.first <= on <= period.last:
            counts[sheet.procedure or "khac"]["online"] += 1
    for facts in known.facts.values():
        if period.first <= facts.received <= period.last:
            found = counts[facts.procedure]
            found["any"] += 1
            found["verified"] += facts.vneid or facts.from_national_store
            found["fee"] += facts.has_fee
    for row in known.payments:
        found, on = counts[row["procedure_code"]], (row["paid_at"] or row["requested_at"]).date()
        if not row["is_waived"]:
            found["payable"] += row["platform"] is not None and on <= period.last
            is_paid = row["method"] == "online" and row["status"] == "paid"
            found["paid"] += is_paid and period.first <= row["paid_at"].date() <= period.last
    for entry in CATALOGUE:
        found = counts[entry.code]
        answers: dict = {"index_766_3_1": entry.level in (3, 4)}
        if entry.level in (3, 4):
            answers |= dict.fromkeys(("online_tthc_used_rate", "index_766_3_2"), found["online"] > 0)
        if found["fee"]:
            answers |= {"online_payment_tthc_rate": found["paid"] > 0, "index_766_3_5": found["payable"] > 0}
        if found["any"]:
            answers["index_766_4_5_procedure"] = found["verified"] > 0
        yield Item({"field": folded(entry.field) or "khac"}, answers)


def _unit(key: str | None, on: date) -> str | None:
    if key in judging.UNIT_CODES:
        return judging.UNIT_CODES[key]
    return judging.DISSOLVED_INTO if key in judging.DISSOLVED and on <= judging.DISSOLVED_UNTIL else None


def _ratings(known: Known, period: Period) -> Iterator[Item]:
    for row in known.ratings:
        on = row["rated_at"].date()
        if not period.first <= on <= period.last:
            continue
        sheet = (
            known.memory.in_force(row["dossier_code"]) if row["dossier_code"] in known.memory.rows else None
        )
        facts = known.facts.get(row["dossier_code"])
        official = facts.official if facts else None
        if row["official_code"]:
            official = row["official_code"] if known.papers.is_official(row["official_code"], on) else None
        elif row["official_key"]:
            official = known.papers.official(str(row["official_key"]), on)
        answers: dict = {}
        if row["item"] == "overall" and row["dossier_code"]:
            answers["dossier_satisfaction_rate"] = row["is_satisfied"]
        if row["item"] == "attitude":
            answers["attitude_satisfaction_rate"] = row["is_satisfied"]
        unit = _unit(row["unit_key"], on) or (facts.unit if facts else "khac")
        procedure = (sheet.procedure or "khac") if sheet else None
        yield Item({"unit": unit, "procedure": procedure, "official": official}, answers)


def _petitions(known: Known, period: Period) -> Iterator[Item]:
    for row in known.petitions:
        arrived = (row["transferred_at"] or row["sent_at"]).date()
        means = next((name for name in TERMS if row[name]), None)
        handled = row[means].date() if means else None
        if arrived > period.last or (handled and handled < period.first):
            continue
        is_handled = handled is not None and handled <= period.last
        term = TERMS[means] if is_handled else 15
        is_late = len(between(arrived, handled if is_handled else period.last)) > term
        replied, published = (
            row[name].date() if row[name] else None for name in ("replied_at", "published_at")
        )
        is_published = published is not None and published <= period.last
        is_overdue = False
        if replied and replied <= period.last:
            is_overdue = len(between(replied, published if is_published else period.last)) > PUBLISHED_IN
        is_late = is_late or is_overdue
        answers: dict = {}
        if is_handled or is_late:
            on_time = is_handled and not is_late
            answers |= {"pakn_on_time_rate": on_time, "index_766_5_2": on_time}
        if arrived >= period.first:
            likes, dislikes = row["like_count"] or 0, row["dislike_count"] or 0
            content = not (is_late or row["is_satisfied"] is False or dislikes > likes or row["is_repeated"])
            answers |= {"pakn_satisfaction_rate": content, "index_766_5_3": content}
        if replied and period.first <= replied <= period.last and (is_published or is_overdue):
            answers["pakn_public_rate"] = is_published
        yield Item({"unit": _unit(row["unit_key"], arrived) or "khac"}, answers)


def _reconciliation(known: Known, period: Period) -> Iterator[Item]:
    for item in known.compared:
        in_city, on_portal = (
            on is not None and period.first <= on <= period.last for on in (item.in_city, item.on_portal)
        )
        if not (in_city or on_portal):
            continue
        answers: dict = dict.fromkeys(_CLASSES.values(), UNKNOWN)
        if item.is_covered:
            answers = {id: True for kind, id in _CLASSES.items() if kind == item.kind}
        if in_city:
            answers["index_766_1_4"] = item.is_shown if item.is_covered else UNKNOWN
        yield Item({"unit": item.unit, "procedure": item.procedure, "field": item.field}, answers)
