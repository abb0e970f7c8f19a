"""The key against dossiers worked out by hand, each with a sentence on why."""

from datetime import date, datetime

import pytest

from demo import answer_key, tally
from demo.city import City
from demo.connector import Memory, Pull, Seen, read_pulls, simulate
from demo.counting import Facts
from demo.judging import Events, Step, read_sheet, refusal
from demo.periods import Period, touched

AUGUST = Period("2025-08", "month", date(2025, 8, 1), date(2025, 8, 31))
SEPTEMBER = Period("2025-09", "month", date(2025, 9, 1), date(2025, 9, 30))
READ = datetime(2025, 9, 30, 18)
# 1.004873: three working days, full online, gives a result; 2.000815: no deadline; 2.000942: unknown.
MARRIAGE_STATUS, COPY, UNKNOWN_TERM = "1.004873.000.00.00.H24", "2.000815", "2.000942"


def row(**values: object) -> dict:
    """Return a plain dossier received on Friday 1 August 2025, due on Wednesday 6 August."""
    return {
        "MaHoSo": "H24.17.01-250801-0001",
        "MaTTHC": MARRIAGE_STATUS,
        "TrangThaiHoSo": "4",
        "NgayNopHoSo": "20250801080000",
        "NgayTiepNhan": "20250801080000",
        "NgayHenTra": "20250806170000",
        "KenhThucHien": "2",
        "DonViXuLy": "Trung tâm Phục vụ hành chính công",
    } | values


def known(*versions: dict, events: tuple[tuple[str, int], ...] = (), read: datetime = READ) -> Facts | None:
    """Return the facts of one dossier read once a day up to ``read``, with events (``d/m H:M``, status)."""
    seen = Events()
    for moment, status in events:
        seen.add(Step(datetime.strptime(f"2025 {moment}", "%Y %d/%m %H:%M"), status, None, None), None)
    rows = [
        Seen(read.replace(day=read.day - len(versions) + 1 + n), ((None, read_sheet(version)),))
        for n, version in enumerate(versions)
    ]
    code = "H24.17.01-250801-0001"
    return answer_key.known_facts(Memory({code: rows}, {code: seen})).get(code)


def counts(facts: Facts, period: Period = AUGUST) -> dict[str, int]:
    found = answer_key.tallies([facts], period)["commune", "11674"]
    return {name: n for name, n in found.items() if n}


def resolved(**values: object) -> dict:
    return row(TrangThaiHoSo="10", NgayKetThucXuLy="20250806235959", **values)


def test_a_minute_before_midnight_of_the_due_day_is_on_time():
    """Dates are compared, so 23:59:59 against a promise of 17:00 the same day is on time."""
    assert counts(known(resolved()))["on_time"] == 1


def test_a_second_after_midnight_is_late():
    """The day after the promise has begun."""
    assert counts(known(row(TrangThaiHoSo="9", NgayKetThucXuLy="00:00, 07/08/2025")))["late"] == 1


def test_an_answered_supplement_moves_a_computed_due_date_by_its_working_days():
    """Three working days after Friday 1 August is Wednesday 6. The applicant kept it from Monday 4 to
    Wednesday 6, so the ends of Monday and Tuesday were paused: two working days more, Friday 8 August; the
    first promise stays."""
    asked = [{"NgayBoSung": "20250804090000", "NgayTiepNhanBoSung": "20250806090000"}]
    facts = known(row(NgayHenTra="", DanhSachHoSoBoSung=asked))
    assert (facts.due, facts.due_source, facts.first_due) == (date(2025, 8, 8), "computed", date(2025, 8, 6))


def test_an_unanswered_supplement_keeps_the_dossier_within_its_term():
    """Open and paused at the end of the month is never overdue; a pause not ended leaves the due date."""
    asked = [{"NgayBoSung": "20250805090000", "NgayTiepNhanBoSung": None}]
    facts = known(row(TrangThaiHoSo="5", NgayHenTra=None, DanhSachHoSoBoSung=asked))
    assert facts.due == date(2025, 8, 6)
    assert counts(facts)["within_term"] == 1 and "overdue" not in counts(facts)


def test_a_pause_by_events_ends_with_the_next_other_status():
    """Status 6 from the 5th to the 28th: paused at the end of the 27th, not the 28th, overdue on the 31st."""
    facts = known(row(), events=(("5/8 09:00", 6), ("6/8 09:00", 6), ("28/8 10:00", 4)))
    assert facts.paused_on(date(2025, 8, 27)) and not facts.paused_on(date(2025, 8, 28))
    assert counts(facts)["overdue"] == 1


def test_a_wait_that_nothing_dates_begins_when_it_was_first_seen():
    """Read on 29 and 30 September in status 5, no event, no list: paused from the 29th, not in August."""
    facts = known(row(TrangThaiHoSo="5"), row(TrangThaiHoSo="5"))
    assert facts.pauses == [(date(2025, 9, 29), None)]
    assert counts(facts, AUGUST)["overdue"] == 1 and counts(facts, SEPTEMBER)["within_term"] == 1


def test_the_first_promise_is_that_of_the_first_good_version():
    """Version one promised the 6th; the silent move to the 12th makes it on time, the first promise stays."""
    facts = known(
        row(), row(NgayHenTra="20250812170000", TrangThaiHoSo="9", NgayKetThucXuLy="20250811100000")
    )
    assert (facts.due, facts.first_due) == (date(2025, 8, 12), date(2025, 8, 6))
    # Working days after Friday 1 August: up to Monday 11 there are six, up to the first promise three.
    assert (facts.spent, facts.allowed) == (6, 3)


def test_a_refused_version_leaves_the_last_good_one_in_force():
    """Version two has no reception date in status 4, so what version one said stands."""
    assert known(row(), row(NgayTiepNhan="", KenhThucHien="1")).channel == 2


def test_a_withdrawal_ends_with_its_last_event():
    """Status 7 without any end instant: the last event of status 7 tells, and its month counts it."""
    facts = known(row(TrangThaiHoSo="7"), events=(("20/8 08:00", 7), ("21/8 00:01", 7)))
    assert (facts.outcome, facts.ended) == ("withdrawn", date(2025, 8, 21))
    assert counts(facts)["withdrawn"] == 1


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"MaHoSo": ""}, "no_code"),
        ({"TrangThaiHoSo": "11"}, "status"),
        ({"NgayHenTra": "31/02/2026 08:00:00"}, "unreadable"),
        ({"DanhSachXinLoi": [{"NgayXinLoi": "chưa xác định"}]}, "unreadable"),
        ({"NgayTiepNhan": None}, "no_reception"),
        ({"TrangThaiHoSo": "9"}, "no_end"),
        ({"TrangThaiHoSo": "8", "NgayTra": "20250805080000"}, "no_end"),
        ({"TrangThaiHoSo": "3"}, "no_end"),
        ({"NgayTra": "20251001000001"}, "future"),
        ({"TrangThaiHoSo": "9", "NgayKetThucXuLy": "20250731235959"}, "ended_before_reception"),
        ({"DonViXuLy": "UBND xã An Thái"}, "unit"),
        ({"DonViXuLy": "Phòng Kinh tề"}, "unit"),
        ({"DonViXuLy": None}, "unit"),
        ({"DonViXuLy": "UBND  XÃ AN THÁI", "NgayTiepNhan": "20250630235959"}, None),
        ({"DonViXuLy": "PHÒNG VĂN HOÁ–XÃ HỘI"}, None),
        ({"TrangThaiHoSo": "5", "NgayTiepNhan": None}, None),
        ({"TrangThaiHoSo": "3", "NgayTiepNhan": None}, None),
        ({"NgayTra": "20250930235959"}, None),
        ({"TrangThaiHoSo": "10", "NgayTra": "20250806080000"}, None),
    ],
)
def test_refusals(values, why):
    """Each rule of section 6 sets off on its own row, and its nearest good neighbour is kept."""
    assert refusal(read_sheet(row(**values)), READ.date(), Events()) == why


@pytest.mark.parametrize("values", [{"TrangThaiHoSo": "1"}, {"TrangThaiHoSo": "3", "NgayTiepNhan": ""}])
def test_waiting_and_never_accepted_dossiers_are_not_counted(values):
    """Status 1 always, even with a reception date, and a refusal before acceptance: intake matters only."""
    assert known(row(**values)) is None


def test_no_deadline_is_kept_apart_and_unknown_is_in_no_rate():
    """A procedure without a deadline counts as on time; one whose deadline nobody knows is in totals only."""
    none = counts(known(resolved(MaTTHC=COPY, NgayHenTra="")))
    assert (none["no_deadline"], none["kept_promise"]) == (1, 1)
    unknown = counts(known(resolved(MaTTHC=UNKNOWN_TERM, NgayHenTra="")))
    assert unknown["resolved_undetermined"] == 1 and "resolved_known" not in unknown
    assert counts(known(resolved(MaTTHC="ANHUNG-01", NgayHenTra=None)))["resolved_undetermined"] == 1


def test_a_term_that_leaves_the_published_calendar_is_unknown():
    """Three working days after 30 December 2026 lie in 2027, whose calendar nobody has published."""
    late = row(NgayTiepNhan="20261230080000", NgayNopHoSo="20261230080000", NgayHenTra="")
    facts = known(late, read=datetime(2026, 12, 31, 18))
    assert (facts.due, facts.due_source) == (None, "unknown")


def test_deleted_components_count_nowhere_not_even_as_input_files():
    """The listed paper is digitised; the deleted one is not, was reused, and its file came back as result."""
    papers = [
        {"IsDeleted": "False", "DuocSoHoa": "1", "DuongDanTaiTepTin": "a"},
        {"IsDeleted": "True", "DuocSoHoa": "0", "DuocTaiSuDung": "1", "DuongDanTaiTepTin": "b"},
    ]
    facts = known(
        resolved(KenhThucHien="", TaiLieuNop=papers, DanhSachGiayToKetQua=[{"DuongDanTepTinKetQua": "b"}])
    )
    assert facts.must_digitize and facts.components_digitized and facts.result_digitized and not facts.reused


def test_an_input_file_sent_as_the_result_is_no_result():
    """The sender's fallback: the first paper filed stands where the result should be."""
    papers = [{"IsDeleted": "0", "DuongDanTaiTepTin": "a"}]
    facts = known(resolved(TaiLieuNop=papers, DanhSachGiayToKetQua=[{"DuongDanTepTinKetQua": "a"}]))
    assert facts.gives_result and not facts.result_digitized


def test_an_apology_after_the_period_does_not_count_in_it():
    """Late since the 6th, the letter is of 2 September: not yet in August, there in September."""
    facts = known(row(DanhSachXinLoi=[{"NgayXinLoi": "20250902080000"}]))
    assert "late_or_overdue_apology" not in counts(facts, AUGUST)
    assert counts(facts, SEPTEMBER)["late_or_overdue_apology"] == 1


def test_supplements_are_list_rows_or_status_5_events_whichever_is_more():
    """One row, two events: asked twice."""
    facts = known(
        row(DanhSachHoSoBoSung=[{"NgayBoSung": "20250804090000", "NgayTiepNhanBoSung": "20250805090000"}]),
        events=(("4/8 09:00", 5), ("5/8 09:00", 4), ("6/8 09:00", 5), ("7/8 09:00", 4)),
    )
    assert facts.supplement_count == 2 and counts(facts)["received_supplement_twice"] == 1


def test_a_channel_nobody_knows_is_counted_as_in_person():
    """Not online, and it must be digitised; on form II.06a it stands in column 5."""
    columns = tally.form_columns(
        answer_key.tallies([known(row(KenhThucHien="Trực tuyến"))], AUGUST)["commune", "11674"]
    )
    assert (columns["c3"], columns["c4"], columns["c5"]) == (1, 0, 1)


def test_values_are_exact_and_small_or_empty_denominators_are_said():
    """Two of three is 66.67 and small; nothing at all is no_data, never 0 %."""
    found = tally.Counter(kept_promise=2, resolved_known=3, late=1, spent=7, allowed=8)
    rows = {name: values for name, *values in tally.indicators(found)}
    assert rows["dossier_on_time_rate"] == ["2", "3", "66.67", "small_n"]
    assert rows["dossier_late_settled_count"] == ["1", "", "1", "ok"]
    assert rows["processing_time_ratio"] == ["7", "8", "0.88", "ok"]
    assert rows["data_reuse_rate"] == ["0", "0", "", "no_data"]


def test_periods_of_both_calendars():
    """The report calendar's third quarter of 2025 runs from 15 June to 14 September."""
    spans = {(p.label, p.calendar): (p.first, p.last) for p in touched(["2025-09", "2025-12"])}
    assert spans["2025-Q3", "report"] == (date(2025, 6, 15), date(2025, 9, 14))
    assert spans["2025", "report"] == (date(2024, 12, 15), date(2025, 12, 14))
    assert spans["2025-9M", "report"] == (date(2024, 12, 15), date(2025, 9, 14))
    assert spans["2025-H2", "month"] == (date(2025, 7, 1), date(2025, 12, 31))
    assert spans["2025-12", "report"] == (date(2025, 11, 15), date(2025, 12, 14))


PULLS = [
    {"at": "2025-06-30T18:00:00+07:00", "from": "2025-01-01", "to": "2025-06-30"},
    {"at": "2025-07-31T18:00:00+07:00", "from": "2025-01-01", "to": "2025-07-31"},
]


@pytest.fixture(scope="module")
def memory() -> Memory:
    return simulate(City(4), read_pulls(PULLS))


def test_the_form_balances_for_every_unit_and_both_calendars():
    lines = answer_key.form_rows(4, PULLS, ["2025-07"])
    assert len(lines) == 2 * 5 * 6 and sum(line["c3"] for line in lines) > 1000
    for start in range(0, len(lines), 6):
        *units, total = lines[start : start + 6]
        assert all(total[f"c{n}"] == sum(unit[f"c{n}"] for unit in units) for n in range(3, 14))


def test_levels_add_up_and_every_unit_has_a_row():
    lines = answer_key.rows(4, PULLS, ["2025-07"])
    received = [r for r in lines if r["indicator"] == "online_submission_rate" and r["period"] == "2025-07"]
    for calendar in ("month", "report"):
        sums = {}
        for line in received:
            if line["calendar"] == calendar:
                sums[line["level"]] = sums.get(line["level"], 0) + int(line["denominator"])
        assert len(set(sums.values())) == 1 and sums["commune"] > 500
    assert len({line["code"] for line in received if line["level"] == "unit"}) == 5


def test_a_deleted_dossier_is_counted_on(memory):
    """Absent from later readings, it stays as it was last seen until a steward decides."""
    city = City(4)
    last = Pull(datetime(2025, 7, 31, 18), date(2025, 1, 1), date(2025, 7, 31))
    gone = [
        d.record(d.created)["MaHoSo"]
        for d in city.dossiers(last.at)
        if d.created <= datetime(2025, 6, 30, 18) < d.deleted <= last.at and d.clean
    ]
    assert gone and all(memory.in_force(code) for code in gone)


def test_what_was_refused_and_mended_counts(memory):
    """A row refused in June and good in July is in force after July."""
    june, july = (datetime.fromisoformat(pull["at"]).replace(tzinfo=None) for pull in PULLS)
    mended = [
        code
        for code, seen in memory.rows.items()
        if seen[0].at == june
        and seen[-1].at == july
        and all(refusal(sheet, june.date(), Events()) for _, sheet in seen[0].rows)
        and memory.in_force(code)
    ]
    assert mended
