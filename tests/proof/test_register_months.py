"""What a register changes: every month in which something is counted otherwise is among those that the load tells."""

from datetime import datetime
from pathlib import Path

import pytest

from demo.files import FILES, Context
from tests.proof.running_city import catalogue
from tthc import flows
from tthc.indicators import definitions
from tthc.warehouse import database
from tthc.workdays import periods

ITEMS = {
    "register__tasks": ("marts.tasks_in_period", "marts.monitoring_months_in_period"),
    "register__reviews": ("marts.reviews_in_period",),
    "register__publicity": ("marts.publicity_in_period",),
    "register__inspections": ("marts.inspections_in_period", "marts.inspected_units_in_period"),
    "documents__exchanges": ("marts.documents_in_period",),
    "register__conduct": ("marts.conduct_in_period", "marts.briefed_staff_in_period"),
    "register__staff": ("marts.briefed_staff_in_period",),
    "register__official_results": ("marts.official_results_in_period",),
}
MONTHS = periods.months_between("2025-06", "2026-11")
BEFORE, AFTER = datetime(2026, 1, 20, 18), datetime(2026, 11, 5, 18)


def counted(items: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """Return the fingerprint of what is counted in every period, by (calendar, label)."""
    found = {}
    with database.connection() as connection:
        for name in periods.CALENDARS:
            for period in periods.periods_touched(MONTHS, name):
                found[name, period.label] = "/".join(
                    connection.execute(
                        f"SELECT coalesce(md5(string_agg(x::text, ',' ORDER BY x::text)), '-') AS print"
                        f" FROM {item}('11674', %s, %s) AS x",
                        (period.start, period.end),
                    ).fetchone()["print"]
                    for item in items
                    if item in definitions.by_item(period)
                )
    return found


def load(folder: Path, stream: str, moment: datetime) -> tuple[int, set[str]]:
    file = FILES[stream]
    path = folder / f"{moment:%Y%m%d}" / file.file_name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.write(Context.at(1, moment)))
    (told,) = flows.load([str(path)], progress=str)
    assert told["quarantined"] == 0 and told["merged"] > 0
    return told["fetch_id"], set(told["months"])


def moved(before: dict, after: dict) -> list:
    """Return the periods in which something is counted otherwise: the first proof that there is something to tell."""
    return [place for place in before if before[place] != after[place]]


def is_told(place: tuple[str, str], months: set[str]) -> bool:
    """Say whether a period will be computed again: one of its months was told."""
    return bool(months & set(periods.parse(place[1], place[0]).months))


@pytest.mark.long
@pytest.mark.parametrize("stream", ITEMS)
def test_every_moved_month_is_told_by_the_load_and_by_taking_it_back(stream, warehouse, tmp_path):
    flows.init(progress=str)
    flows.load([catalogue(tmp_path / "registers")], progress=str)
    if stream in ("register__staff", "register__conduct"):
        (other,) = {"register__staff", "register__conduct"} - {stream}
        load(tmp_path, other, AFTER)
    empty = counted(ITEMS[stream])
    _, months = load(tmp_path, stream, BEFORE)
    before = counted(ITEMS[stream])
    assert [place for place in moved(empty, before) if not is_told(place, months)] == []
    fetch_id, months = load(tmp_path, stream, AFTER)
    after = counted(ITEMS[stream])
    found = moved(before, after)
    assert len(found) >= 2
    assert [place for place in found if not is_told(place, months)] == []
    assert set(flows.unload(fetch_id, progress=str)["months"]) >= {
        month for month in months if any(is_told(place, {month}) for place in found)
    }
    assert counted(ITEMS[stream]) == before


def test_a_check_of_publicity_moves_only_the_months_until_the_next(warehouse, tmp_path):
    flows.init(progress=str)
    load(tmp_path, "register__publicity", datetime(2025, 9, 29, 18))
    _, months = load(tmp_path, "register__publicity", datetime(2025, 10, 2, 18))
    assert min(months) == "2025-09"
