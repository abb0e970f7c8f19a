"""Numbers of a year for both scorers: invented ones with every edge, and those of the demo's answer keys."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from random import Random
from types import SimpleNamespace

from demo import scoring
from demo.kept import conduct, staff
from demo.stream_file import Row
from demo.units import NAMES
from tthc.evaluation.entered import of_rows, with_entered
from tthc.evaluation.figures import Figure, Figures
from tthc.evaluation.people import Exempted, findings_until, persons
from tthc.evaluation.rule_files import in_force
from tthc.evaluation.sheets import Sheet, official_sheets, unit_sheets
from tthc.workdays import periods

COMMUNE = "11674"
MOMENT = datetime(2026, 12, 31, 18)
Numbers = dict[tuple[str, str, str], tuple[int | None, int | None]]

UNIT_RATES = (
    "dossier_on_time_rate",
    "dossier_early_rate",
    "process_compliance_rate",
    "apology_issued_rate",
    "component_digitized_rate",
    "result_digitized_rate",
    "data_reuse_rate",
    "full_online_rate",
    "online_payment_rate",
    "two_system_match_rate",
    "dossier_satisfaction_rate",
    "pakn_on_time_rate",
    "par_task_on_time_rate",
    "par_comm_task_completion_rate",
    "city_task_on_time_rate",
    "assigned_task_on_time_rate",
    "report_on_time_rate",
    "e_document_rate",
    "inspection_finding_fixed_rate",
)
UNIT_COUNTS = (
    "dossier_overdue_open_count",
    "reschedule_over_once_count",
    "supplement_over_once_count",
    "form_ii06a_open",
    "form_ii06a_received_or_carried",
)
OFFICIAL_RATES = (
    "dossier_on_time_rate",
    "process_compliance_rate",
    "apology_issued_rate",
    "assigned_task_on_time_rate",
)
OFFICIAL_COUNTS = (
    "dossier_late_settled_count",
    "dossier_overdue_open_count",
    "reschedule_over_once_count",
    "supplement_over_once_count",
)


def register_rows() -> tuple[list[Row], list[Row]]:
    """Return what the demo's registers of staff and of conduct say at the end of 2026."""
    context = SimpleNamespace(moment=MOMENT)
    return staff.rows(context), conduct.rows(context)


def invented(random: Random, officials: list[str]) -> Numbers:
    """Return numbers of five units and their people: some high, some low, some few, some nothing."""
    found: Numbers = {("commune", COMMUNE, "tthc_public_center_rate"): _rate(random)}
    for level, codes, rates, counts in (
        ("unit", list(NAMES), UNIT_RATES, UNIT_COUNTS),
        ("official", officials, OFFICIAL_RATES, OFFICIAL_COUNTS),
    ):
        for code in codes:
            if random.random() < 0.1:
                continue
            for id in rates:
                if random.random() < 0.85:
                    found[level, code, id] = _rate(random)
            for id in counts:
                found[level, code, id] = (random.choice((0, 0, 1, 2, 5, 6, 40)), None)
            if level == "unit" and random.random() < 0.7:
                found["unit", code, "unit_head_accountability_score"] = (random.randrange(10_001), None)
    return found


def _rate(random: Random) -> tuple[int, int]:
    whole = random.choice((0, 1, 4, 5, 19, 20, 21, 100, 317))
    return whole - random.choice((0, 0, 1, 2, whole // 10, whole // 2, whole)) if whole > 3 else whole, whole


def figures(numbers: Numbers, label: str, revision: int | None = 1) -> Figures:
    """Return the same numbers as a published revision has them."""
    told = {}
    for key, (n, d) in numbers.items():
        if key[2] == "unit_head_accountability_score":
            told[key] = Figure(None, None, Decimal(n) / 100, "ok")
        elif d is None:
            told[key] = Figure(n, None, Decimal(n), "ok")
        else:
            status = "no_data" if d == 0 else "small_n" if d < 5 else "ok"
            told[key] = Figure(n, d, round(Decimal(100 * n) / d, 2) if d else None, status)
    return Figures(periods.parse(label), COMMUNE, told, revision)


def sheets(
    numbers: Numbers,
    label: str,
    staff_rows: list[Row],
    conduct_rows: list[Row],
    assessments: list[Row] = (),
    freed: Mapping[str, scoring.Freed] | None = None,
) -> tuple[Mapping[str, Sheet], Mapping[str, Sheet]]:
    """Return the sheets of all units and officials of a year."""
    known, period = figures(numbers, label), periods.parse(label)
    units = unit_sheets(in_force("unit", period.end), known, sorted(NAMES))
    rules = {
        kind: found
        for kind in ("leader", "civil_servant", "public_employee", "contract")
        if (found := in_force("official", period.end, kind))
    }
    people = persons(staff_rows, period)
    given = of_rows([row for row in assessments if row["period"] == label], people, rules)
    people = with_entered(people, given, {code: _exempted(told) for code, told in (freed or {}).items()})
    found = findings_until(conduct_rows, period)
    return units, official_sheets(rules, known, people, found, units, given.counted)


def _exempted(told: scoring.Freed) -> tuple[Exempted, ...]:
    parts = (
        ("dossier_late_settled_count.numerator", told.late),
        ("dossier_overdue_open_count.numerator", told.overdue),
        ("apology_issued_rate.failures", told.not_apologised),
    )
    return tuple(
        Exempted(f"H-{part}-{number}", "MT-1", "other", None, (part,))
        for part, count in parts
        for number in range(count)
    )


def year(label: str) -> tuple[date, date]:
    """Return the first and the last day of a calendar year."""
    return date(int(label), 1, 1), date(int(label), 12, 31)
