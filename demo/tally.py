"""Counting dossiers in a period, and the indicators and form II.06a made of the counts."""

from collections import Counter
from collections.abc import Iterator

from .counting import Facts
from .periods import Period

# id → (what succeeds, what counts); None = a count without denominator.
RATES: dict[str, tuple[str, str | None]] = {
    "dossier_on_time_rate": ("kept_promise", "resolved_known"),
    "dossier_early_rate": ("early", "resolved_known"),
    "dossier_late_settled_count": ("late", None),
    "dossier_overdue_open_count": ("overdue", None),
    "progress_rate_766": ("in_time_766", "known_766"),
    "online_submission_rate": ("received_online", "received"),
    "full_online_rate": ("received_full_online", "received_full"),
    "online_payment_rate": ("received_paid_online", "received_fee"),
    "component_digitized_rate": ("received_digitized", "received_must_digitize"),
    "result_digitized_rate": ("resolved_result_digitized", "resolved_gives_result"),
    "data_reuse_rate": ("received_reused", "received"),
    "supplement_request_rate": ("received_supplement", "received"),
    "supplement_over_once_count": ("received_supplement_twice", None),
    "apology_issued_rate": ("late_or_overdue_apology", "late_or_overdue"),
    "processing_time_ratio": ("spent", "allowed"),
    "full_online_share_all": ("received_full_online", "received"),
    "eresult_rate_766": ("resolved_result_digitized_any", "alive"),
    "process_compliance_rate": ("resolved_compliant", "resolved"),
    "progress_update_completeness_rate": ("resolved_updated", "resolved_in_catalogue"),
    "apology_timely_rate": ("late_or_overdue_told", "late_or_overdue"),
    "reschedule_over_once_count": ("rescheduled_again", None),
    "dossier_rating_coverage_rate": ("resolved_rated", "resolved"),
    "index_766_3_3": ("received_online_with_result", "received"),
    "index_766_3_6": ("received_paid_online", "received_fee"),
    "index_766_4_1": ("giving_result_digitized", "giving_result"),
    "index_766_4_2": ("resolved_both_digitized", "alive"),
    "index_766_4_3": ("received_reused", "received"),
    "index_766_4_4": ("received_from_store", "received"),
    "index_766_4_5": ("connected", "alive"),
    "index_766_5_4": ("resolved_content", "resolved_known"),
}
MEDIAN = "settlement_days_median"
IDS = (*RATES, MEDIAN)
EVERY_LEVEL = ("commune", "unit", "procedure", "field")
#: At which levels an indicator is told, where not at all but that of officials.
LEVELS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        (
            "dossier_on_time_rate",
            "dossier_early_rate",
            "dossier_late_settled_count",
            "dossier_overdue_open_count",
            "component_digitized_rate",
            "result_digitized_rate",
            "supplement_request_rate",
            "supplement_over_once_count",
            "apology_issued_rate",
            "process_compliance_rate",
            "progress_update_completeness_rate",
        ),
        (*EVERY_LEVEL, "official"),
    ),
    "apology_timely_rate": ("commune", "unit"),
    "reschedule_over_once_count": ("commune", "unit", "official"),
    "dossier_rating_coverage_rate": ("commune", "unit"),
}
#: Beside the city's dossiers, the streams without which a number is not whole.
SOURCES: dict[str, tuple[str, ...]] = {
    "process_compliance_rate": ("register__inspections",),
    "progress_update_completeness_rate": ("city__progress_events",),
    "apology_timely_rate": ("register__apologies",),
    "reschedule_over_once_count": ("register__apologies",),
    "dossier_rating_coverage_rate": ("ratings__responses",),
    "index_766_5_4": ("ratings__responses", "petitions__cases"),
}


def alive(facts: Facts, period: Period) -> bool:
    """Say whether the dossier was received by the end of the period and had not ended before it began."""
    return facts.received <= period.last and (facts.ended is None or facts.ended >= period.first)


def count(facts: Facts, period: Period, tally: Counter) -> None:
    """Add one living dossier to ``tally``."""
    a, b = period.first, period.last
    tally["alive"] += 1
    tally["connected"] += facts.vneid or facts.from_national_store
    tally["rescheduled_again"] += facts.rescheduled_again is not None and a <= facts.rescheduled_again <= b
    tally["giving_result"] += facts.gives_result
    ended_inside = facts.ended is not None and a <= facts.ended <= b
    if facts.received < a:
        tally["carried_over"] += 1
    else:
        _count_received(facts, tally)
    overdue = late = False
    if not ended_inside:
        overdue = _count_open(facts, b, tally)
    elif facts.outcome == "resolved":
        late = _count_resolved(facts, tally)
    else:
        tally[facts.outcome] += 1
    if late or overdue:
        tally["late_or_overdue"] += 1
        tally["late_or_overdue_apology"] += facts.apology_on is not None and facts.apology_on <= b
        told = facts.told_late is not None and facts.told_late < facts.due and facts.told_late <= b
        tally["late_or_overdue_told"] += told


def _count_received(facts: Facts, tally: Counter) -> None:
    tally["received"] += 1
    tally["received_online"] += facts.channel == 2
    if facts.level == 4:
        tally["received_full"] += 1
        tally["received_full_online"] += facts.channel == 2
    if facts.has_fee:
        tally["received_fee"] += 1
        tally["received_paid_online"] += facts.paid_online
    if facts.must_digitize:
        tally["received_must_digitize"] += 1
        tally["received_digitized"] += facts.components_digitized
    tally["received_reused"] += facts.reused
    tally["received_from_store"] += facts.from_national_store
    with_result = facts.result_digitized or not facts.gives_result
    tally["received_online_with_result"] += facts.channel == 2 and with_result
    tally["received_supplement"] += facts.supplement_count >= 1
    tally["received_supplement_twice"] += facts.supplement_count >= 2


def _count_resolved(facts: Facts, tally: Counter) -> bool:
    """Count a dossier resolved in the period; return whether it was late."""
    tally["resolved"] += 1
    tally["resolved_result_digitized_any"] += facts.result_digitized
    tally["resolved_both_digitized"] += facts.result_digitized and facts.component_file
    tally["giving_result_digitized"] += facts.result_digitized and facts.gives_result
    tally["resolved_compliant"] += not facts.violated
    tally["resolved_rated"] += facts.rated
    if facts.is_known:
        tally["resolved_in_catalogue"] += 1
        updated = facts.full_progress and (facts.result_digitized or not facts.gives_result)
        tally["resolved_updated"] += updated
    if facts.gives_result:
        tally["resolved_gives_result"] += 1
        tally["resolved_result_digitized"] += facts.result_digitized
    if facts.spent is not None:
        tally["spent_days", facts.spent] += 1
        if facts.allowed is not None:
            tally["spent"] += facts.spent
            tally["allowed"] += facts.allowed
    if facts.due_source == "unknown":
        tally["resolved_undetermined"] += 1
        return False
    tally["resolved_known"] += 1
    tally["known_766"] += 1
    if facts.due_source != "none" and facts.ended > facts.due:
        tally["late"] += 1
        return True
    tally["kept_promise"] += 1
    tally["resolved_content"] += not facts.rated_badly and not facts.petitioned
    tally["in_time_766"] += 1
    if facts.due_source == "none":
        tally["no_deadline"] += 1
    else:
        tally["early" if facts.ended < facts.due else "on_time"] += 1
    return False


def _count_open(facts: Facts, b, tally: Counter) -> bool:
    """Count a dossier still open at the end of day ``b``; return whether it was overdue."""
    tally["open"] += 1
    if not facts.paused_on(b) and facts.due_source == "unknown":
        tally["open_undetermined"] += 1
        return False
    tally["known_766"] += 1
    if facts.paused_on(b) or facts.due_source == "none" or facts.due >= b:
        tally["within_term"] += 1
        tally["in_time_766"] += 1
        return False
    tally["overdue"] += 1
    return True


def is_late_or_overdue(facts: Facts, period: Period) -> bool:
    """Say whether a living dossier ended late in the period, or was overdue at its end."""
    tally: Counter = Counter()
    count(facts, period, tally)
    return tally["late_or_overdue"] > 0


def indicators(tally: Counter) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield (id, numerator, denominator, value, status) as text; a count has no denominator."""
    for name, (succeeds, counts) in RATES.items():
        n = tally[succeeds]
        if counts is None:
            yield name, str(n), "", str(n), "ok"
            continue
        d = tally[counts]
        scale = 1 if name == "processing_time_ratio" else 100
        value = hundredths(n * scale, d) if d else ""
        yield name, str(n), str(d), value, _status(d)
    spent = sorted(Counter({key[1]: n for key, n in tally.items() if key[0] == "spent_days"}).elements())
    middle = spent[(len(spent) - 1) // 2 : len(spent) // 2 + 1]
    value = hundredths(sum(middle), len(middle)) if middle else ""
    yield MEDIAN, "", str(len(spent)), value, _status(len(spent))


def _status(d: int) -> str:
    return "no_data" if d == 0 else "small_n" if d < 5 else "ok"


def hundredths(n: int, d: int) -> str:
    """Return n / d with two decimals, halves rounded up.

    >>> hundredths(100 * 1, 3), hundredths(1, 8), hundredths(981, 10)
    ('33.33', '0.13', '98.10')
    """
    rounded = (200 * n + d) // (2 * d)
    return f"{rounded // 100}.{rounded % 100:02}"


def form_columns(tally: Counter) -> dict[str, int]:
    """Return columns (3) to (13) of form II.06a; raise AssertionError when the form's own checks fail."""
    returned = tally["withdrawn"] + tally["stopped"] + tally["refused"]
    on_time = tally["on_time"] + tally["no_deadline"] + returned + tally["resolved_undetermined"]
    columns = {
        "c3": tally["received"] + tally["carried_over"],
        "c4": tally["received_online"],
        "c5": tally["received"] - tally["received_online"],
        "c6": tally["carried_over"],
        "c7": tally["resolved"] + returned,
        "c8": tally["early"],
        "c9": on_time,
        "c10": tally["late"],
        "c11": tally["open"],
        "c12": tally["within_term"] + tally["open_undetermined"],
        "c13": tally["overdue"],
    }
    assert columns["c3"] == columns["c4"] + columns["c5"] + columns["c6"] == columns["c7"] + columns["c11"]
    assert columns["c7"] == columns["c8"] + columns["c9"] + columns["c10"]
    assert columns["c11"] == columns["c12"] + columns["c13"]
    return columns
