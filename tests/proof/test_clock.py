"""Day lists, stored numbers, pauses and warnings agree for every dossier of a pull."""

from datetime import date, timedelta

from tests.proof.small_pull import NEXT, read_on
from tthc.settings import root
from tthc.warehouse import clock, database, early_warnings
from tthc.workdays.working_calendar import read_seed

COMMUNE = "11674"


def test_the_days_of_every_dossier_make_its_numbers(small, city):
    url = small()
    city.set_clock(NEXT["at"])
    read_on()
    calendar = read_seed(root() / "sources" / "seeds" / "register__working_days.csv")
    with database.connection(url) as connection:
        days: dict[str, list[dict]] = {}
        for row in connection.execute("SELECT * FROM marts.dossier_days ORDER BY dossier_code, day"):
            days.setdefault(row["dossier_code"], []).append(row)
        dossiers = connection.execute(
            "SELECT dossier_code, received_on, first_due_on, due_on, due_source, pauses, used_working_days,"
            " allowed_working_days FROM marts.dossiers WHERE is_counted"
        ).fetchall()
        spans = connection.execute(
            "SELECT dossier_code, unnest(range_agg(days) FILTER (WHERE NOT isempty(days))) AS days"
            " FROM marts.dossier_pauses GROUP BY dossier_code"
        ).fetchall()
        shown = clock.clock(connection, next(d["dossier_code"] for d in dossiers if d["used_working_days"]))
    assert len(dossiers) > 300 and days.keys() == {dossier["dossier_code"] for dossier in dossiers}
    used = allowed = computed = paused = 0
    for dossier in dossiers:
        listed = days[dossier["dossier_code"]]
        first, last = listed[0]["day"], listed[-1]["day"]
        assert [row["day"] for row in listed] == [
            first + timedelta(days=n) for n in range((last - first).days + 1)
        ]
        assert first == dossier["received_on"]
        pauses = [span["days"] for span in spans if span["dossier_code"] == dossier["dossier_code"]]
        assert pauses == list(dossier["pauses"])
        if dossier["used_working_days"] is not None:
            counted = [row["day"] for row in listed if row["is_counted"]]
            assert len(counted) == dossier["used_working_days"]
            assert all(calendar.is_working(day) for day in counted)
            used += len(counted) > 0
        if dossier["allowed_working_days"] is not None and dossier["first_due_on"] >= first:
            (promise,) = [row for row in listed if row["is_first_due"]]
            assert promise["working_days_through"] == dossier["allowed_working_days"]
            allowed += 1
        if dossier["due_source"] == "computed" and dossier["first_due_on"] != dossier["due_on"]:
            lost = sum(1 for day in covered(pauses) if calendar.is_working(day))
            assert dossier["due_on"] == calendar.add(dossier["first_due_on"], lost)
            computed += 1
        paused += any(row["why"] == "paused" for row in listed)
    assert min(used, allowed, paused) > 20 and computed > 0, (used, allowed, computed, paused)
    assert shown["agrees"] is True and shown["days"][0]["documents"][0].count("sha256:") == 1


def covered(pauses) -> set[date]:
    """Return the days of the pauses that are over."""
    over = [span for span in pauses if span.upper is not None]
    return {span.lower + timedelta(days=n) for span in over for n in range((span.upper - span.lower).days)}


def test_warnings_are_what_the_counting_rules_call_overdue_and_within_term(small, city):
    url = small()
    city.set_clock(NEXT["at"])
    read_on()
    seen = dict.fromkeys(early_warnings.WARNINGS, 0)
    with database.connection(url) as connection:
        newest = early_warnings.known_at(connection)
        for day in (date(2025, 7, 11), date(2025, 7, 18), date(2025, 8, 1), date(2025, 9, 30)):
            rows = early_warnings.warnings(connection, early_warnings.moment_of(day, newest))
            states = connection.execute(
                "SELECT * FROM marts.dossiers_in_period(%s, %s, %s)", (COMMUNE, day, day)
            ).fetchall()
            told = {name: {r["dossier_code"] for r in rows if r["warning"] == name} for name in seen}
            assert told["overdue"] == {s["dossier_code"] for s in states if s["is_overdue"]}
            assert told["due_soon"] <= {s["dossier_code"] for s in states if s["is_within_term"]}
            assert not told["due_soon"] & told["overdue"]
            assert len(rows) == len({(row["warning"], row["dossier_code"]) for row in rows})
            assert sum(line[name] for line in early_warnings.summary(rows) for name in seen) == len(rows)
            for name, codes in told.items():
                seen[name] += len(codes)
    assert all(seen[name] for name in ("overdue", "due_soon", "apology_owed", "result_waiting")), seen
