"""What the scores made of other indicators must say, by the words of docs/counting.md and of Decision 766.

The points, thresholds and targets stand here a second time: nothing is read of what the warehouse declares.
"""

from collections.abc import Mapping
from fractions import Fraction as F

from ..periods import Period
from .registers import Told

COMMUNE = ("commune", "11674")
Place = tuple[str, str]
#: indicator → (level, code) → what it says.
Known = Mapping[str, Mapping[Place, Told]]
#: indicator → (weight, no points at, all points at).
ACCOUNTABILITY = {
    "par_task_on_time_rate": (25, 80, 100),
    "par_comm_task_completion_rate": (15, 80, 100),
    "dossier_on_time_rate": (35, 85, 98),
    "assigned_task_on_time_rate": (25, 80, 100),
}
#: What a commune can know of Decision 766: (indicator, points, all points at), until 2025 and from 2026.
OF_766 = {
    2022: (
        ("index_766_1_4", 6, 100),
        ("progress_rate_766", 20, 100),
        ("eresult_rate_766", 6, 100),
        ("index_766_4_2", 4, 80),
        ("index_766_4_3", 2, 80),
        ("index_766_3_1", 2, 80),
        ("index_766_3_2", 4, 100),
        ("online_submission_rate", 6, 50),
        ("index_766_3_5", 2, 100),
        ("online_payment_tthc_rate", 2, 50),
        ("index_766_3_6", 6, 30),
        ("index_766_5_2", 6, 100),
        ("index_766_5_3", 6, 100),
        ("index_766_5_4", 6, 100),
    ),
    2026: (
        ("index_766_1_4", 6, 100),
        ("progress_rate_766", 20, 100),
        ("index_766_3_1", 2, 80),
        ("index_766_3_2", 4, 100),
        ("index_766_3_3", 6, 50),
        ("index_766_3_5", 2, 80),
        ("online_payment_tthc_rate", 2, 50),
        ("index_766_3_6", 6, 100),
        ("index_766_4_1", 6, 100),
        ("index_766_4_2", 4, 80),
        ("index_766_4_3", 2, 80),
        ("index_766_4_4", 2, 100),
        ("index_766_4_5", 4, 100),
        ("index_766_4_5_procedure", 2, 100),
        ("index_766_5_2", 6, 100),
        ("index_766_5_3", 6, 100),
        ("index_766_5_4", 6, 90),
    ),
}
#: Who received no petition loses nothing by petitions.
ALL_WHEN_NONE = ("index_766_5_2", "index_766_5_3")
#: Clause of the directive → what keeps it; ≥ and ≤ a target, ± no further than that from zero.
CLAUSES = {
    "0": "sipas_commune_rate≥91.87 index_766_score≥90 index_766_published_score≥90 index_766_gap±1",
    "1.1": "par_plan_doc_issued_rate≥100 par_task_completion_rate≥100 par_task_on_time_rate≥100"
    " par_comm_task_completion_rate≥100 report_on_time_rate≥100 obstacle_resolved_rate≥90",
    "1.2": "component_digitized_rate≥100 result_digitized_rate≥100 eresult_rate_766≥95 process_compliance_rate≥100"
    " dossier_on_time_rate≥98 dossier_late_settled_count≤0 dossier_overdue_open_count≤0 processing_time_ratio≤0.8",
    "1.3": "e_document_rate≥100 digital_signature_rate≥100",
    "1.4": "ethics_briefing_rate≥100 discipline_violation_count≤0 harassment_substantiated_count≤0",
    "1.5": "assigned_task_on_time_rate≥100 unit_head_accountability_score≥90",
    "2.1": "tthc_review_rate≥100 tthc_simplification_proposal_count≥1",
    "2.2": "dossier_rating_coverage_rate≥30 dossier_satisfaction_rate≥95 index_766_1_4≥100 index_766_5_4≥90"
    " tthc_public_center_rate≥100 tthc_public_portal_rate≥100 tthc_public_on_time_rate≥100"
    " national_portal_receipt_rate≥100 dossier_traceable_rate≥100",
    "2.3": "ethics_briefing_rate≥100 harassment_substantiated_count≤0 attitude_satisfaction_rate≥95"
    " supplement_request_rate≤5 supplement_over_once_count≤0",
    "2.4": "online_intake_on_time_rate≥100 result_return_on_time_rate≥98 progress_update_completeness_rate≥100"
    " two_system_match_rate≥100 reconcile_missing_dvcqg_count≤0 reconcile_missing_city_count≤0"
    " reconcile_status_mismatch_count≤0 reconcile_date_mismatch_count≤0",
    "2.5": "index_766_3_1≥80 index_766_3_3≥50 index_766_3_5≥80 online_submission_rate≥50 full_online_rate≥80"
    " online_payment_rate≥80 full_online_share_all≥80 online_payment_tthc_rate≥50",
    "2.6": "data_reuse_rate≥80 digitization_by_officer_rate≥100 index_766_4_2≥80 index_766_4_3≥80",
    "2.7": "pakn_on_time_rate≥100 pakn_satisfaction_rate≥95 pakn_public_rate≥100 apology_issued_rate≥100"
    " apology_timely_rate≥100 reschedule_over_once_count≤0",
    "3.1": "par_reminder_rate≥100",
    "3.2": "city_task_on_time_rate≥100 city_task_overdue_count≤0",
    "4.1": "par_monitoring_regularity≥100",
    "4.2": "inspection_completion_rate≥100 inspection_coverage_rate≥100 inspection_finding_fixed_rate≥100"
    " discipline_joint_check_rate≥100 inspection_plan_issued≥100",
    "4.3": "evaluation_linkage_rate≥100 excellent_quota_check≤20 emulation_precondition_check≥100",
}
IDS = {
    "unit_head_accountability_score",
    "digitization_growth",
    "index_766_score",
    "index_766_gap",
    "directive_compliance_score",
}
_NOTHING = Told("", None, "", "no_data")


def values(known: Known, before: Known, period: Period) -> dict[tuple[str, Place], Told]:
    """Return what each of these indicators must say of a period; ``before``: what was said of the one before it."""
    places = {place for of in known.values() for place in of if place[0] == "unit"} | {COMMUNE}
    said: dict[tuple[str, Place], Told] = {}
    for place in places:
        said["unit_head_accountability_score", place] = _accountability(known, place)
        said["digitization_growth", place] = _less(
            _of(known, "component_digitized_rate", place), _of(before, "component_digitized_rate", place)
        )
    said["index_766_score", COMMUNE] = own = _of_766(known, 2022 if period.last.year < 2026 else 2026)
    if period.label[5:].isdigit():
        said["index_766_gap", COMMUNE] = _less(own, _of(known, "index_766_published_score", COMMUNE))
    together = {id: dict(of) for id, of in known.items()}
    for (id, place), told in said.items():
        together.setdefault(id, {})[place] = told
    said["directive_compliance_score", COMMUNE] = _directive(together)
    return said


def _of(known: Known, id: str, place: Place) -> Told:
    return known.get(id, {}).get(place, _NOTHING)


def _cents(exact: F) -> str:
    """Return an exact number with two decimals, a half away from zero."""
    hundredths = (abs(exact) * 200 + 1) // 2
    return f"{'-' if exact < 0 and hundredths else ''}{hundredths // 100}.{hundredths % 100:02d}"


def _less(value: Told, other: Told) -> Told:
    if not value.value or not other.value:
        return _NOTHING
    statuses = (value.status, other.status)
    worst = next((status for status in ("incomplete", "small_n") if status in statuses), "ok")
    return Told("", None, _cents(F(value.value) - F(other.value)), worst)


def _accountability(known: Known, place: Place) -> Told:
    got = whole = F(0)
    is_partial = False
    for id, (weight, floor, target) in ACCOUNTABILITY.items():
        told = _of(known, id, place)
        is_partial |= told.status == "incomplete"
        if told.value:
            whole += weight
            got += weight * min(max((F(told.value) - floor) / (target - floor), F(0)), F(1))
    if not whole:
        return _NOTHING
    return Told("", None, _cents(100 * got / whole), "incomplete" if is_partial else "ok")


def _of_766(known: Known, rules: int) -> Told:
    got = whole = F(0)
    is_partial = False
    for id, points, full_at in OF_766[rules]:
        told = _of(known, id, COMMUNE)
        is_none = told.status == "no_data" and told.denominator == "0" and told.numerator == "0"
        if told.value:
            got += points * min(F(100 * int(told.numerator), int(told.denominator)) / full_at, F(1))
        elif id in ALL_WHEN_NONE and is_none:
            got += points
        else:
            is_partial |= COMMUNE in known.get(id, {})
            continue
        whole += points
        is_partial |= told.status == "incomplete"
    if not whole:
        return _NOTHING
    return Told("", None, _cents(100 * got / whole), "incomplete" if is_partial else "ok")


def _directive(known: Known) -> Told:
    kept = asked = 0
    is_partial = False
    for goals in CLAUSES.values():
        answers = []
        for goal in goals.split():
            sign = next(sign for sign in "≥≤±" if sign in goal)
            id, _, target = goal.partition(sign)
            told = _of(known, id, COMMUNE)
            is_partial |= told.status == "incomplete"
            if told.value:
                value, wanted = F(told.value), F(target)
                answers.append({"≥": value >= wanted, "≤": value <= wanted, "±": abs(value) <= wanted}[sign])
        if answers:
            asked += 1
            kept += all(answers)
    if not asked:
        return Told("0", "0", "", "no_data")
    status = "incomplete" if is_partial else "small_n" if asked < 5 else "ok"
    return Told(str(kept), str(asked), _cents(F(100 * kept, asked)), status)
