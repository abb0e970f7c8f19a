"""Every indicator of registers and documents, counted from what the offices wrote, with the words of docs/counting.md.

An item is one line (or month, unit, person, procedure) that matters in a period. It says where it belongs and, of
each indicator that asks about it, ``True`` or ``False``; ``UNKNOWN`` when it must stand aside; a number to add up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from ..periods import Period
from ..procedures import CATALOGUE
from ..spelling import folded
from ..stream_file import Row
from ..tally import hundredths
from ..units import NAMES
from ..working_days import NotPublished, nth_after

UNKNOWN = "unknown"
COMMUNE = "11674"
LONG = ("quarter", "half", "nine_months", "year")
EVERY = ("month", *LONG)
PAR = ("par_plan", "communication_plan")
FIELDS = {procedure.code: folded(procedure.field) or "khac" for procedure in CATALOGUE}
REMINDER_DAYS, UPDATE_DAYS = 3, 5


class Asked(NamedTuple):
    """How an indicator is told: ``rate``, ``count`` (of what succeeds), ``sum`` or ``published``; where and when."""

    kind: str
    levels: tuple[str, ...] = ("commune",)
    periods: tuple[str, ...] = EVERY


_BOTH = ("commune", "unit")
#: family → its indicators.
INDICATORS: dict[str, dict[str, Asked]] = {
    "tasks": {
        "par_plan_doc_issued_rate": Asked("rate", _BOTH),
        "par_task_completion_rate": Asked("rate", _BOTH),
        "par_task_on_time_rate": Asked("rate", _BOTH),
        "par_comm_task_completion_rate": Asked("rate", _BOTH),
        "par_comm_product_count": Asked("sum", _BOTH),
        "report_on_time_rate": Asked("rate", _BOTH),
        "obstacle_resolved_rate": Asked("rate", _BOTH),
        "assigned_task_on_time_rate": Asked("rate", ("commune", "unit", "official")),
        "par_reminder_rate": Asked("rate", _BOTH),
        "city_task_on_time_rate": Asked("rate", _BOTH),
        "city_task_overdue_count": Asked("count", _BOTH),
        "inspection_plan_issued": Asked("rate", periods=("year",)),
    },
    "months": {"par_monitoring_regularity": Asked("rate", periods=LONG)},
    "reviews": {
        "tthc_review_rate": Asked("rate", ("commune", "field"), LONG),
        "tthc_simplification_proposal_count": Asked("count", ("commune", "procedure"), LONG),
        "tthc_proposal_accepted_rate": Asked("rate", periods=("year",)),
        "compliance_cost_cut": Asked("sum", ("commune", "procedure"), ("year",)),
    },
    "publicity": {
        "tthc_public_center_rate": Asked("rate", ("commune", "field")),
        "tthc_public_portal_rate": Asked("rate", ("commune", "field")),
        "tthc_public_on_time_rate": Asked("rate"),
    },
    "inspections": {
        "inspection_completion_rate": Asked("rate", periods=LONG),
        "inspection_finding_fixed_rate": Asked("rate", _BOTH, LONG),
        "discipline_joint_check_rate": Asked("rate", periods=("year",)),
    },
    "units": {"inspection_coverage_rate": Asked("rate", periods=("year",))},
    "documents": {"e_document_rate": Asked("rate", _BOTH), "digital_signature_rate": Asked("rate", _BOTH)},
    "conduct": {
        "discipline_violation_count": Asked("count", _BOTH),
        "harassment_substantiated_count": Asked("count", _BOTH),
        "harassment_report_count": Asked("count", _BOTH),
    },
    "staff": {"ethics_briefing_rate": Asked("rate", _BOTH, LONG)},
    "results": {
        "par_index_commune_score": Asked("published", periods=("year",)),
        "sipas_commune_rate": Asked("published", periods=("year",)),
    },
}
#: Families whose items belong to units: there every unit is told, with zeros when it had nothing.
WITH_UNITS = ("tasks", "reviews", "inspections", "units", "documents", "conduct", "staff")


class Item(NamedTuple):
    """What matters in the period: its codes by level, and what it says to each indicator."""

    places: dict[str, str | None]
    answers: dict[str, bool | str | int | Decimal]


class Told(NamedTuple):
    """A value: the numerator, the denominator (None for counts, sums and published values), as text, and its status."""

    numerator: str
    denominator: str | None
    value: str
    status: str


Registers = Mapping[str, list[Row]]
Place = tuple[str, str]


def values(registers: Registers, period: Period, read_on: date) -> dict[tuple[str, str, str], Told]:
    """Return every value of a period by (level, code, indicator), given the rows of each stream by its name.

    All were read on one day: a period that ends after it is not known whole.
    """
    families = {
        "tasks": _tasks(registers["register__tasks"], period),
        "months": _months(registers["register__tasks"], period),
        "reviews": _reviews(registers["register__reviews"], period),
        "publicity": _publicity(registers["register__publicity"], period),
        "inspections": _inspections(registers["register__inspections"], period),
        "units": _units(registers["register__inspections"], period),
        "documents": _documents(registers["documents__exchanges"], period),
        "conduct": _conduct(registers["register__conduct"], period),
        "staff": _staff(registers["register__staff"], registers["register__conduct"], period),
        "results": _results(registers["register__official_results"], period),
    }
    found = {}
    for family, items in families.items():
        places = by_place(items, with_units=family in WITH_UNITS)
        for id, asked in INDICATORS[family].items():
            if _kind(period) in asked.periods:
                for (level, code), said in places.items():
                    if level in asked.levels:
                        answers = [each[id] for each in said if id in each]
                        found[level, code, id] = told(asked.kind, answers, period.last <= read_on)
    return found


def _kind(period: Period) -> str:
    """Return what a label is: a month, a quarter, a half, nine months or a year."""
    after = period.label[5:]
    if not after:
        return "year"
    return {"Q": "quarter", "H": "half", "9": "nine_months"}.get(
        after[0] if not after.isdigit() else "", "month"
    )


def by_place(items: Iterable[Item], *, with_units: bool) -> dict[Place, list[dict]]:
    """Return the answers of the items by whose they are; ``with_units``: a unit without any has an empty list."""
    found: dict[Place, list[dict]] = defaultdict(list)
    found["commune", COMMUNE] = []
    if with_units:
        found |= {("unit", unit): [] for unit in NAMES}
    for item in items:
        found["commune", COMMUNE].append(item.answers)
        for level, code in item.places.items():
            if code is not None:
                found[level, code].append(item.answers)
    return found


def told(kind: str, answers: list, is_whole: bool) -> Told:
    """Return the value that answers make: what is unknown stands aside, and leaves it incomplete.

    Nothing counted of a period that is not known whole is nothing known.
    """
    known = [answer for answer in answers if answer is not UNKNOWN]
    partial = "incomplete" if not is_whole or len(known) < len(answers) else None
    if kind == "published":
        (value,) = known or (None,)
        return (
            Told("", None, "", "no_data")
            if value is None
            else Told("", None, f"{value:.2f}", partial or "ok")
        )
    n, d = sum(known), len(known)
    if kind != "rate":
        if n == 0 and not is_whole:
            return Told("0", None, "", "no_data")
        return Told(str(n), None, str(n), partial or "ok")
    if d == 0:
        return Told("0", "0", "", "no_data")
    return Told(str(n), str(d), hundredths(100 * n, d), partial or ("small_n" if d < 5 else "ok"))


def _inside(day: date | None, period: Period) -> bool:
    return day is not None and period.first <= day <= period.last


def _by(day: date | None, last: date) -> bool:
    return day is not None and day <= last


def _term(day: date, working_days: int) -> date | None:
    try:
        return nth_after(day, working_days)
    except NotPublished:
        return None


def _tasks(rows: list[Row], period: Period) -> Iterator[Item]:
    for row in rows:
        if row["state"] == "cancelled":
            continue
        due, done, source, kind = row["due_on"], row["done_on"], row["source"], row["kind"]
        answers: dict = {}
        matters = False
        if _inside(due, period):
            matters = True
            answers |= _due(kind, source, in_time=_by(done, due), in_period=_by(done, period.last))
        if due < period.last and not _by(done, period.last):
            matters = True
            if source == "city":
                answers["city_task_overdue_count"] = True
        if _inside(done, period):
            matters = True
            if kind == "communication_product":
                written = row["done_count"]
                answers["par_comm_product_count"] = 1 if written is None else written
        reported, term = row["obstacle_reported_on"], row["obstacle_due_on"]
        if reported and _inside(term or reported, period):
            matters = True
            answers["obstacle_resolved_rate"] = _by(row["obstacle_resolved_on"], term or period.last)
        if not _by(done, due):
            remind_by = _term(due, REMINDER_DAYS)
            if _inside(remind_by or due + timedelta(days=1), period):
                matters = True
                if source in PAR:
                    reminded = _by(row["reminded_on"], remind_by) if remind_by else UNKNOWN
                    answers["par_reminder_rate"] = reminded
        if matters:
            yield Item({"unit": row["unit_code"], "official": row["official_code"]}, answers)


def _due(kind: str, source: str, *, in_time: bool, in_period: bool) -> dict[str, bool]:
    """Return what a task due in the period says: done by its deadline, and done by the end of the period."""
    found = {}
    if source == "par_plan":
        found |= {"par_task_completion_rate": in_period, "par_task_on_time_rate": in_time}
    if source == "communication_plan":
        found["par_comm_task_completion_rate"] = in_period
    if source in PAR and kind == "document":
        found["par_plan_doc_issued_rate"] = in_time
    if kind in ("report", "monitoring_report"):
        found["report_on_time_rate"] = in_time
    if source == "commune":
        found["assigned_task_on_time_rate"] = in_time
    if source == "city":
        found["city_task_on_time_rate"] = in_time
    if kind == "inspection_plan":
        found["inspection_plan_issued"] = in_time
    return found


def _months(rows: list[Row], period: Period) -> Iterator[Item]:
    sent = [row["done_on"] for row in rows if row["kind"] == "monitoring_report" and row["done_on"]]
    first = period.first
    while first <= period.last:
        following = date(first.year + first.month // 12, first.month % 12 + 1, first.day)
        has_report = any(first <= day < following for day in sent)
        yield Item({}, {"par_monitoring_regularity": has_report})
        first = following


def _reviews(rows: list[Row], period: Period) -> Iterator[Item]:
    due: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row["is_planned"] and _inside(row["due_on"], period):
            due[row["procedure_code"]].append(row)
        answers: dict = {}
        is_answered = _inside(row["answered_on"], period)
        if is_answered:
            answers["tthc_proposal_accepted_rate"] = row["answer"] != "rejected"
        if _inside(row["proposed_on"], period):
            answers["tthc_simplification_proposal_count"] = True
            if not (row["answer"] == "rejected" and _by(row["answered_on"], period.last)):
                answers["compliance_cost_cut"] = row["cost_cut_vnd"] or 0
        if answers:
            yield Item(_of_procedure(row), answers)
    # Lines of one procedure may belong to several units; the plan is told by procedure and field alone.
    for procedure, lines in due.items():
        reviewed = any(_by(line["reviewed_on"], period.last) for line in lines)
        places = {"procedure": procedure, "field": FIELDS.get(procedure, "khac")}
        yield Item(places, {"tthc_review_rate": reviewed})


def _of_procedure(row: Row) -> dict[str, str | None]:
    code = row["procedure_code"]
    return {"unit": row.get("unit_code"), "procedure": code, "field": FIELDS.get(code, "khac")}


def _publicity(rows: list[Row], period: Period) -> Iterator[Item]:
    newest: dict[str, Row | None] = dict.fromkeys(FIELDS)
    for row in sorted(rows, key=lambda row: row["checked_on"]):
        if row["checked_on"] <= period.last:
            newest[row["procedure_code"]] = row
    for code, row in newest.items():
        answers: dict = {"tthc_public_center_rate": UNKNOWN, "tthc_public_portal_rate": UNKNOWN}
        if row:
            center = [row[name] for name in ("is_at_center", "is_center_current", "is_center_complete")]
            portal = [row[name] for name in ("is_on_portal", "is_portal_current")]
            answers = {"tthc_public_center_rate": all(center), "tthc_public_portal_rate": all(portal)}
            if row["decided_on"]:
                answers |= _updated(row, period)
        yield Item({"field": FIELDS.get(code, "khac")}, answers)


def _updated(row: Row, period: Period) -> dict[str, bool | str]:
    decided = row["decided_on"]
    term = _term(decided, UPDATE_DAYS)
    if not _inside(term or decided + timedelta(days=1), period):
        return {}
    if term is None:
        return {"tthc_public_on_time_rate": UNKNOWN}
    in_time = all(
        row[f"is_{place}_current"]
        and row[f"{place}_posted_on"] is not None
        and decided <= row[f"{place}_posted_on"] <= term
        for place in ("center", "portal")
    )
    if not in_time and row["checked_on"] < term:
        return {"tthc_public_on_time_rate": UNKNOWN}
    return {"tthc_public_on_time_rate": in_time}


def _inspections(rows: list[Row], period: Period) -> Iterator[Item]:
    for row in rows:
        answers: dict = {}
        if row["kind"] == "finding":
            if _inside(row["mend_due_on"], period):
                answers["inspection_finding_fixed_rate"] = _by(row["mended_on"], row["mend_due_on"])
        else:
            if _inside(row["planned_on"], period):
                answers["inspection_completion_rate"] = _by(row["inspected_on"], period.last)
            if _inside(row["inspected_on"], period):
                answers["discipline_joint_check_rate"] = bool(row["has_discipline_content"])
        if answers:
            yield Item({"unit": row["unit_code"]}, answers)


def _units(rows: list[Row], period: Period) -> Iterator[Item]:
    visited = {
        r["unit_code"] for r in rows if r["kind"] == "inspection" and _inside(r["inspected_on"], period)
    }
    for unit in NAMES:
        yield Item({"unit": unit}, {"inspection_coverage_rate": unit in visited})


def _documents(rows: list[Row], period: Period) -> Iterator[Item]:
    codes = {folded(name): code for code, name in NAMES.items()}
    for row in rows:
        if not _inside(row["exchanged_at"].date(), period):
            continue
        answers: dict = {}
        if row["partner_kind"] is None:
            answers["e_document_rate"] = UNKNOWN
        elif row["partner_kind"] == "agency":
            answers["e_document_rate"] = row["medium"] != "paper"
        if row["direction"] == "sent":
            signed = row["is_signed"]
            answers["digital_signature_rate"] = UNKNOWN if signed is None else signed
        yield Item({"unit": codes.get(row["unit_key"])}, answers)


def _conduct(rows: list[Row], period: Period) -> Iterator[Item]:
    for row in rows:
        if row["kind"] == "briefing" or not _inside(row["happened_on"], period):
            continue
        answers: dict = {}
        if row["kind"] == "report" and row["behaviour"] in ("harassment", "attitude"):
            answers["harassment_report_count"] = True
        if row["kind"] == "finding" and row["verdict"] != "unsubstantiated":
            is_harassment = row["behaviour"] == "harassment"
            answers["harassment_substantiated_count" if is_harassment else "discipline_violation_count"] = (
                True
            )
        yield Item({"unit": row["unit_code"]}, answers)


def _staff(rows: list[Row], conduct: list[Row], period: Period) -> Iterator[Item]:
    last = period.last
    briefed = {
        row["official_code"]
        for row in conduct
        if row["kind"] == "briefing" and date(last.year, 1, 1) <= row["happened_on"] <= last
    }
    posts: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: row["starts_on"]):
        if row["kind"] == "posting" and row["starts_on"] <= last <= (row["ends_on"] or last):
            posts[row["official_code"]] = row
    for code, row in posts.items():
        if row["staff_kind"] != "contract":
            yield Item({"unit": row["home_unit_code"]}, {"ethics_briefing_rate": code in briefed})


def _results(rows: list[Row], period: Period) -> Iterator[Item]:
    ids = {"par_index": "par_index_commune_score", "sipas": "sipas_commune_rate"}
    for row in rows:
        if row["result_year"] == period.last.year and row["index_code"] in ids:
            yield Item({}, {ids[row["index_code"]]: row["value"]})
