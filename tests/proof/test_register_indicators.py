"""Every indicator of registers and documents against the answer key, which shares no code with the warehouse.

The demo's registers hold data from 2025-07 to 2026-10 with every edge of a period: the last day and the day after,
withdrawn, excused, without a unit, without a term, a term over Tết, what nobody checked and what nobody wrote.
"""

from collections import Counter, defaultdict
from datetime import date, datetime
from pathlib import Path
from random import Random

import pytest

from demo.answers import registers
from demo.files import FILES, Context
from demo.periods import touched
from tests.proof.running_city import catalogue
from tthc import flows
from tthc.indicators import build, changes, definitions, explain, publish
from tthc.warehouse import database
from tthc.workdays import periods

SEED = 1
#: All that the registers were written after.
MOMENT = datetime(2026, 11, 5, 18)
STREAMS = (
    "register__tasks",
    "register__reviews",
    "register__publicity",
    "register__inspections",
    "documents__exchanges",
    "register__conduct",
    "register__staff",
    "register__official_results",
)
# The two year ends, Tết, and months in which the document system left things out.
MONTHS = ["2025-11", "2025-12", "2026-01", "2026-02", "2026-05"]
ALL_MONTHS = periods.months_between("2025-06", "2026-10")
# A month, a unit and a person are no line of a register.
WITHOUT_ADDRESS = (
    "marts.monitoring_months_in_period",
    "marts.inspected_units_in_period",
    "marts.briefed_staff_in_period",
)
#: What looks into the restricted registers tells nobody.
HIDDEN = ("marts.conduct_in_period", "marts.briefed_staff_in_period")
IDS = {id for family in registers.INDICATORS.values() for id in family}
Key = tuple[str, str, str, str, str]


def prepare(folder: Path) -> None:
    """Bring in the working calendar and the catalogue of procedures."""
    flows.init(progress=str)
    flows.load([catalogue(folder / "registers")], progress=str)


def load_all(folder: Path, moment: datetime = MOMENT) -> tuple[registers.Registers, date]:
    """Load every file as its office hands it over; return what each stream says, and the day of the reading."""
    context = Context.at(SEED, moment)
    paths = []
    for stream in STREAMS:
        path = folder / f"{moment:%Y-%m-%d} {FILES[stream].file_name}"
        path.write_bytes(FILES[stream].write(context))
        paths.append(str(path))
    for told in flows.load(paths, progress=str):
        assert (told["quarantined"], told["is_new"]) == (0, True) and told["merged"] > 0, told
    with database.connection() as connection:
        (row,) = connection.execute(
            "SELECT min(core.day_of(fetched_at)) AS day FROM ops.fetches WHERE stream = ANY (%s)",
            (list(STREAMS),),
        ).fetchall()
    return {stream: FILES[stream].expected(context) for stream in STREAMS}, row["day"]


def computed() -> dict[Key, registers.Told]:
    """Return what the newest builds say of these indicators, by (calendar, period, level, code, indicator)."""
    found = {}
    with database.connection() as connection:
        rows = connection.execute(
            "SELECT b.calendar, b.period, v.* FROM indicators.values AS v"
            " INNER JOIN indicators.builds AS b USING (build_id) WHERE v.indicator = ANY (%s)",
            (sorted(IDS),),
        )
        for row in rows:
            place = tuple(row[name] for name in ("calendar", "period", "level", "code", "indicator"))
            numerator, denominator = (
                row[name] if row[name] is None else str(row[name]) for name in ("numerator", "denominator")
            )
            is_whole_number = denominator is None and numerator is not None
            value = "" if row["value"] is None else f"{row['value']:.{0 if is_whole_number else 2}f}"
            assert place not in found, "one build for each period"
            found[place] = registers.Told(numerator or "", denominator, value, row["status"])
    return found


def prove(folder: Path, months: list[str]) -> dict[Key, registers.Told]:
    """Load, count and compare every value of every period of some months; return the key."""
    prepare(folder)
    rows, read_on = load_all(folder)
    flows.refresh(months, progress=str)
    expected = {
        (period.calendar, period.label, *place): told
        for period in touched(months)
        for place, told in registers.values(rows, period, read_on).items()
    }
    found = computed()
    assert expected.keys() == found.keys(), list(expected.keys() ^ found.keys())[:5]
    different = {place: (told, found[place]) for place, told in expected.items() if told != found[place]}
    assert not different, f"{len(different)} values differ, first {list(different.items())[:5]}"
    return expected


def test_the_key_and_the_declarations_speak_of_the_same_levels_and_periods():
    known = definitions.indicators()
    asked = {id: one for family in registers.INDICATORS.values() for id, one in family.items()}
    assert len(asked) == 32
    for id, one in asked.items():
        assert (known[id].kind, known[id].at, known[id].periods) == (one.kind, one.levels, one.periods), id


def test_every_value_equals_the_answer_key(warehouse, tmp_path) -> None:
    assert len(prove(tmp_path, MONTHS)) > 3_000


@pytest.mark.long
def test_every_value_of_every_month_equals_the_answer_key(warehouse, tmp_path) -> None:
    """And the key is worth something: each indicator takes many values, each status is met."""
    expected = prove(tmp_path, ALL_MONTHS)
    assert len(expected) > 10_000
    statuses, values = Counter(told.status for told in expected.values()), defaultdict(set)
    for (*_, level, _, id), told in expected.items():
        if level == "commune":
            values[id].add(told.value)
    assert set(statuses) == {"ok", "small_n", "no_data", "incomplete"}
    assert not [id for id in IDS if len(values[id]) < 2], "an indicator that always says the same"
    for place in Random(SEED).sample(sorted(expected), 400):
        is_behind(expected[place], *place)


def is_behind(told: registers.Told, calendar: str, label: str, level: str, code: str, id: str) -> None:
    """Fail unless the rows listed behind a value make it again, each with the place in the archive it came from."""
    indicator = definitions.indicators()[id]
    with database.connection() as connection:
        rows = explain.evidence(
            connection, indicator, periods.parse(label, calendar), explain.Scope(level, code)
        )
    parts = [row["numerator_part"] for row in rows]
    if indicator.kind == "published":
        assert [f"{part:.2f}" for part in parts] == ([told.value] if told.value else [])
    else:
        assert sum(parts) == int(told.numerator)
        assert told.denominator in (None, str(len(rows)))
    if indicator.item not in WITHOUT_ADDRESS:
        assert all(row["address"] for row in rows if row.get("is_checked", True)), rows
    assert not [row for row in rows if "official_code" in row and indicator.item in HIDDEN]


@pytest.mark.long
@pytest.mark.parametrize("label", ["2025-12", "2025"])
def test_what_a_later_register_moves_adds_up(warehouse, tmp_path, label) -> None:
    """The numbers are published, the registers go on: each difference is told by its causes, to the last row."""
    prepare(tmp_path)
    load_all(tmp_path, datetime(2025, 12, 20, 18))
    period = periods.parse(label)
    with database.connection() as connection:
        build.build(connection, period)
        publish.publish(connection, period, "Người duyệt", "thử")
    load_all(tmp_path)
    with database.connection() as connection:
        build.build(connection, period)
        found = [one for one in changes.changes(connection, period).waterfalls if one.indicator in IDS]
    assert {part.cause for one in found for part in one.parts} >= {"late", "corrected"}
    for one in found:
        assert one.new[0] - one.old[0] == sum(part.numerator for part in one.parts), one
        if one.old[1] is not None:
            assert one.new[1] - one.old[1] == sum(part.denominator for part in one.parts), one
