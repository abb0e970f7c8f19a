"""Every point of a sheet is followed to the rows it was counted from, and those rows give it again.

The rows come from the same place as ``tthc explain``: dossiers and lines of registers, each with its address in the
archive. What is done with them here is arithmetic of its own.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random

import psycopg
import pytest

from demo.files import FILES, Context
from tests.proof.running_city import STREAMS, catalogue, portal_export, pull_of, running
from tthc import flows
from tthc.evaluation import cases
from tthc.evaluation.scoring import Line
from tthc.evaluation.sheets import Sheet
from tthc.indicators import definitions, explain
from tthc.sources import patient_http
from tthc.warehouse import database
from tthc.workdays import periods

SEED = 1
BY = {"by": "phép thử", "reason": "lần theo từng điểm"}
REGISTERS = (
    "register__staff", "register__tasks", "register__conduct", "register__assessments", "register__apologies",
    "register__inspections", "register__publicity", "register__reviews", "documents__exchanges", "petitions__cases",
    "payments__transactions", "ratings__responses",
)  # fmt: skip


class Behind:
    """The rows behind the numbers of one period."""

    def __init__(self, connection: psycopg.Connection, gathered: cases.Gathered) -> None:
        self._connection, self._period, self._gathered = connection, gathered.period, gathered
        self.seen: Counter[str] = Counter()
        self.rows = cache(self._rows)

    def _rows(self, level: str, code: str, id: str) -> list[dict]:
        return explain.evidence(
            self._connection, definitions.indicators()[id], self._period, explain.Scope(level, code)
        )

    def part(self, level: str, code: str, text: str) -> Fraction:
        """Return a part of a number as its rows add up to it; exempted dossiers do not count."""
        id, _, part = text.partition(".")
        rows = self.rows(level, code, id)
        free = self._exempted(code, text)
        counted = [row for row in rows if row.get("dossier_code") not in free]
        self.seen["rows"] += len(counted)
        # A row stands in the archive, or it is made of rows that do: a month, a unit, a person.
        self.seen["addresses"] += sum(row.get("address") is not None for row in counted)
        above = sum(row["numerator_part"] for row in counted)
        below = sum(row["denominator_part"] or 0 for row in counted)
        return Fraction({"numerator": above, "denominator": below, "failures": below - above}[part])

    def _exempted(self, code: str, text: str) -> set[str]:
        person = next((one for one in self._gathered.persons if one.code == code), None)
        return {one.dossier_code for one in person.exempted if text in one.parts} if person else set()

    def follow(self, sheet: Sheet) -> None:
        """Fail unless every point of a sheet is what its rows give."""
        for line in sheet.total.lines:
            if line.points is not None:
                self._follow_line(sheet, line)
        weights = [line.weight for line in sheet.total.lines if line.state != "aside"]
        assert sum(weights) == (100 if weights else 0), sheet.code
        off = Fraction(0)
        for found, row in zip(sheet.total.deducted, sheet.rules.deductions.rows, strict=True):
            if found.events is None:
                assert found.points == 0
                continue
            events = self.part(sheet.level_of, sheet.code, row.events)
            assert (found.events, found.points) == (
                events,
                min(Fraction(row.each) * events, Fraction(row.most or 999)),
            )
            off += found.points
        if not sheet.rules.deductions.is_counted:
            off = Fraction(0)
        got = Fraction(0)
        for group in sheet.form.groups:
            lines = [
                line for line in sheet.total.lines if line.group == group.code and line.points is not None
            ]
            points = sum((line.points for line in lines), Fraction(0))
            got += max(Fraction(0), points - min(off, Fraction(10))) if group.takes_deductions else points
        assert sheet.total.least == _half_up(got), sheet.code

    def _follow_line(self, sheet: Sheet, line: Line) -> None:
        item, told = line.item, (sheet.code, line.item.code)
        if item.given or (line.why and line.value is None) or "khởi đầu đủ điểm" in (line.why or ""):
            # What everybody begins with comes from nowhere, and says so.
            self.seen["given"] += 1
            assert item.given or line.why, told
            assert line.points == line.weight, told
        elif item.entered or "đã chấm" in (line.why or ""):
            self._follow_entered(sheet, line)
        elif item.fact == "subordinates":
            led = [
                one
                for one in self._gathered.people.values()
                if one.person.home_unit == sheet.person.home_unit and not one.person.is_head and one.is_rated
            ]
            assert led, told
            is_any_low = any(one.level_most == "not_completed" for one in led)
            assert line.points == line.weight * (Fraction(1, 2) if is_any_low else 1), told
            self.seen["led"] += len(led)
        elif item.fact == "head_score":
            assert line.value == self._head_score(sheet.person.home_unit), told
            assert line.points == line.weight * line.value / 100, told
            self.seen["head"] += 1
        else:
            self._follow_counted(sheet, line)

    def _follow_counted(self, sheet: Sheet, line: Line) -> None:
        item, told = line.item, (sheet.code, line.item.code)
        measure = item.measure
        level, code = ("commune", explain.settings.commune_code()) if measure and measure.at else (
            sheet.level_of, sheet.code,
        )  # fmt: skip
        if item.count:
            events = self.part(level, code, f"{item.count}.numerator")
            unspread = max(Fraction(0), Fraction(item.weight) - Fraction(item.each) * events)
            assert line.value == events, told
            assert line.points == line.weight * unspread / Fraction(item.weight), told
            return
        of = measure.of if measure else (f"{item.rate}.denominator",)
        done = measure.done if measure else (f"{item.rate}.numerator",)
        whole = sum(self.part(level, code, text) for text in of)
        if done:
            good = sum(self.part(level, code, text) for text in done)
        else:
            failed = sum(self.part(level, code, text) for text in measure.failed)
            good = max(Fraction(0), whole - Fraction(measure.per_failure) * failed)
        assert (line.denominator, line.numerator) == (whole, good), told
        share = (100 * good / whole - Fraction(item.floor)) / (Fraction(item.target) - Fraction(item.floor))
        assert line.points == line.weight * max(Fraction(0), min(Fraction(1), share)), told
        self.seen["counted"] += 1

    def _follow_entered(self, sheet: Sheet, line: Line) -> None:
        rows = self._connection.execute(
            "SELECT points, fetch_id, row_number FROM restricted.assessments WHERE commune_code = %s AND period = %s"
            " AND official_code = %s AND item_code = %s AND assessor = 'head'",
            (explain.settings.commune_code(), self._period.label, sheet.code, line.item.code),
        ).fetchall()
        (row,) = rows
        most = Fraction(100) if line.item.weight is None else Fraction(line.item.weight)
        assert line.points == line.weight * Fraction(row["points"]) / most, (sheet.code, line.item.code)
        assert row["fetch_id"] and row["row_number"]
        self.seen["entered"] += 1

    def _head_score(self, unit: str) -> Fraction:
        got = weights = Decimal(0)
        for part in definitions.indicators()["unit_head_accountability_score"].parts:
            below = self.part("unit", unit, f"{part.indicator}.denominator")
            if not below:
                continue
            above = self.part("unit", unit, f"{part.indicator}.numerator")
            value = _half_up(100 * above / below)
            share = (value - Decimal(str(part.floor))) / (
                Decimal(str(part.target)) - Decimal(str(part.floor))
            )
            got += Decimal(str(part.weight)) * min(max(share, Decimal(0)), Decimal(1))
            weights += Decimal(str(part.weight))
        return Fraction((100 * got / weights).quantize(Decimal("0.01"), ROUND_HALF_UP))


def _half_up(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def follow(months: list[str], count: int) -> Counter[str]:
    """Follow so many sheets drawn from all that these months touch; return what was met on the way."""
    met: Counter[str] = Counter()
    with database.connection() as connection:
        every = []
        for calendar in ("month", "report"):
            for period in periods.periods_touched(months, calendar):
                gathered = cases.gather(connection, period, draft=True, subject="mọi người", **BY)
                behind = Behind(connection, gathered)
                every += [(behind, sheet) for sheet in (*gathered.units.values(), *gathered.people.values())]
        assert len(every) >= count
        for behind, sheet in Random(1).sample(every, count):
            behind.follow(sheet)
            met[f"{sheet.level_of}s"] += 1
            met[sheet.rules.ruleset] += 1
            met["points"] += sum(line.points is not None for line in sheet.total.lines)
        for behind in {id(behind): behind for behind, _ in every}.values():
            met += behind.seen
    return met


def load(folder: Path, moment: str) -> None:
    context = Context.at(SEED, datetime.fromisoformat(moment).replace(tzinfo=None))
    paths = []
    for stream in REGISTERS:
        path = folder / f"{moment[:10]} {FILES[stream].file_name}"
        path.write_bytes(FILES[stream].write(context))
        paths.append(str(path))
    assert all(done["merged"] + done["unchanged"] > 0 for done in flows.load(paths, progress=str))


def test_every_point_of_some_sheets_is_given_again_by_its_rows(small, tmp_path):
    small()
    load(tmp_path, "2025-07-31T18:00:00")
    flows.refresh(["2025-07"], progress=str)
    met = follow(["2025-07"], 40)
    assert met["units"] >= 2 and met["officials"] >= 20 and met["counted"] >= 20 and met["rows"] >= 50, met


@pytest.mark.long
def test_every_point_of_two_hundred_sheets_is_given_again_by_its_rows(warehouse, tmp_path, monkeypatch):
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.2)
    flows.init(progress=str)
    flows.load([catalogue(tmp_path / "registers")], progress=str)
    months = ["2025-07", "2026-05"]
    with running(SEED) as city:
        for name, value in city.environment.items():
            monkeypatch.setenv(name, value)
        for month in months:
            pull = pull_of(month)
            city.set_clock(pull["at"])
            flows.ingest(STREAMS, pull["from"], pull["to"], progress=str)
            flows.load([portal_export(tmp_path, SEED, pull["at"])], progress=str)
    load(tmp_path, "2026-11-05T18:00:00")
    flows.refresh(months, progress=str)
    met = follow(months, 200)
    print(met)
    assert met["units"] >= 10 and met["officials"] >= 100, met
    assert min(met[name] for name in ("qd212_2025", "nd335_2026", "units_default")) >= 10, met
    assert min(met[name] for name in ("counted", "entered", "led", "head", "rows")) >= 5, met
