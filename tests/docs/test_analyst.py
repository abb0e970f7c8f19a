"""The questions of ``docs/analyst.md``, asked as an analyst: what each query says is what the demo's own facts say."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from statistics import median
from types import SimpleNamespace

import psycopg
import yaml

from demo import answer_key
from demo.counting import Facts
from demo.files import FILES, Context
from demo.periods import Period, touched
from demo.tally import count
from demo.units import NAMES
from demo.working_days import between, is_working, nth_after
from tests.proof.running_city import STREAMS, catalogue, pull_of, running
from tthc import flows, settings
from tthc.sources import patient_http

SEED = 1
MONTHS = ["2025-07", "2025-08"]
PULLS = [pull_of(month) for month in MONTHS]
FIRST, LAST = date(2025, 8, 1), date(2025, 8, 31)
PAGE = settings.root() / "docs" / "analyst.md"
QUERIES = dict(re.findall(r"```sql\n-- (q\d\d)\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
Rows = list[tuple]


class Answers:
    """What the demo knows, record by record: nothing here is read from the warehouse."""

    def __init__(self) -> None:
        self.key = {
            tuple(row[name] for name in ("calendar", "period", "level", "code", "indicator")): row
            for row in answer_key.rows(SEED, PULLS, MONTHS)
        }
        self.facts = answer_key.dossier_facts(SEED, answer_key._pulls(PULLS))
        self.period = next(p for p in touched(MONTHS) if (p.calendar, p.label) == ("month", "2025-08"))
        self.tasks = FILES["register__tasks"].expected(Context.at(SEED, datetime(2025, 9, 1, 18)))

    def told(
        self, indicator: str, period: str = "2025-08", level: str = "commune", code: str = "11674"
    ) -> dict:
        return self.key["month", period, level, code, indicator]

    def where(self, kind: str, period: Period | None = None) -> Iterator[tuple[str, Facts]]:
        """Yield the dossiers that count as ``kind`` in the month."""
        inside = period or self.period
        for code, one in sorted(self.facts.items()):
            if answer_key.alive(one, inside):
                tally: Counter = Counter()
                count(one, inside, tally)
                if tally[kind]:
                    yield code, one

    def q01(self) -> Rows:
        row = self.told("dossier_on_time_rate")
        value = Decimal(row["value"])
        return [
            (int(row["numerator"]), int(row["denominator"]), value, row["status"], Decimal(98), value >= 98)
        ]

    def q02(self) -> Rows:
        rows = [(code, self.told("dossier_on_time_rate", level="unit", code=code)) for code in NAMES]
        ranked = [Decimal(row["value"]) for _, row in rows if row["status"] in ("ok", "small_n")]
        return [
            (NAMES[code], code, Decimal(row["value"]) if row["value"] else None, row["status"],
             1 + sum(other > Decimal(row["value"]) for other in ranked) if row["value"] else None,
             len(ranked) if row["value"] else None)
            for code, row in rows
        ]  # fmt: skip

    def q04(self) -> Rows:
        months = [f"2024-{m:02}" for m in range(8, 13)] + [f"2025-{m:02}" for m in range(1, 9)]
        told = {month: self.told("dossier_on_time_rate", month) for month in MONTHS}
        return [
            (month, Decimal(told[month]["value"]), told[month]["status"])
            if month in told
            else (month, None, "not_published")
            for month in months
        ]

    def q05(self) -> Rows:
        """Of the sources, only the city, the catalogue and the tasks were read."""
        declared = [
            one
            for path in (settings.root() / "indicators").glob("*.yaml")
            for one in yaml.safe_load(path.read_text(encoding="utf-8"))
            if "form" not in one and one.get("item") and "month" in one.get("periods", ["month"])
        ]
        read = {"city__dossiers", "city__progress_events", "register__tasks", "register__procedures"}
        lacking = Counter(stream for one in declared for stream in set(one["sources"]) - read)
        return [(stream, FIRST, number) for stream, number in sorted(lacking.items())]

    def q06(self) -> Rows:
        still, overdue = (Counter(one.unit for _, one in self.where(kind)) for kind in ("open", "overdue"))
        return [(code, still[code], overdue[code]) for code in NAMES]

    def q07(self) -> Rows:
        rows = [(code, one.unit, one.due, len(between(one.due, LAST))) for code, one in self.where("overdue")]
        return sorted(rows, key=lambda row: (row[2], row[0]))

    def q08(self) -> Rows:
        return [(code, one.unit) for code, one in self.where("late")]

    def q09(self) -> Rows:
        found = Counter(one.field for _, one in self.where("late_or_overdue"))
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))

    def q10(self) -> Rows:
        return [
            (code, one.unit)
            for code, one in self.where("late_or_overdue")
            if not (one.apology_on and one.apology_on <= LAST)
        ]

    def q11(self) -> Rows:
        soon = nth_after(LAST, 3)
        last_day = SimpleNamespace(first=LAST, last=LAST)
        rows = [
            (code, one.unit, one.due)
            for code, one in self.where("open", last_day)
            if not one.paused_on(LAST) and one.due and LAST < one.due <= soon
        ]
        return sorted(rows, key=lambda row: (row[2], row[0]))

    def q12(self) -> Rows:
        found = Counter(one.procedure for _, one in self.where("received"))
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:10]

    def q13(self) -> Rows:
        found = Counter(one.channel or 1 for _, one in self.where("received"))
        whole = sum(found.values())
        return [(c, n, Decimal(answer_key_percent(n, whole))) for c, n in sorted(found.items())]

    def q14(self) -> Rows:
        found = Counter(one.received for one in self.facts.values())
        days = [date(2025, 8, day) for day in range(1, 32)]
        return [(day, is_working(day), found[day]) for day in days]

    def q15(self) -> Rows:
        found: dict[str, list[Facts]] = {}
        for _, one in self.where("resolved"):
            if one.spent is not None and one.allowed is not None:
                found.setdefault(one.unit, []).append(one)
        return [
            (
                unit,
                len(some),
                float(median(one.spent for one in some)),
                float(median(one.allowed for one in some)),
            )
            for unit, some in sorted(found.items())
        ]

    def q16(self) -> Rows:
        rows = [(code, one.unit, one.received) for code, one in self.where("open")]
        return sorted(rows, key=lambda row: (row[2], row[0]))[:5]

    def q17(self) -> Rows:
        every = Counter(one.procedure for _, one in self.where("received_full"))
        online = Counter(one.procedure for _, one in self.where("received_full_online"))
        return [(code, n, online[code]) for code, n in sorted(every.items()) if n > online[code]]

    def q18(self) -> Rows:
        every = Counter(one.unit for _, one in self.where("received_must_digitize"))
        done = Counter(one.unit for _, one in self.where("received_digitized"))
        return [(unit, n, n - done[unit]) for unit, n in sorted(every.items())]

    def q19(self) -> Rows:
        return [(c, one.unit, one.supplement_count) for c, one in self.where("received_supplement_twice")]

    def q20(self) -> Rows:
        rows = [
            (row["task_code"], row["unit_code"], row["due_on"], row["excused_by"] is not None)
            for row in self.tasks
            if row["state"] != "cancelled"
            and FIRST <= row["due_on"] <= LAST
            and not (row["done_on"] and row["done_on"] <= LAST)
        ]
        return sorted(rows, key=lambda row: (row[2], row[0]))


def answer_key_percent(n: int, d: int) -> str:
    from demo.tally import hundredths

    return hundredths(100 * n, d)


def test_twenty_questions_are_answered_as_the_demo_knows_it(warehouse, member, tmp_path, monkeypatch):
    monkeypatch.setattr(patient_http, "LONGEST_WAIT", 0.2)
    flows.init(progress=str)
    tasks = tmp_path / FILES["register__tasks"].file_name
    tasks.write_bytes(FILES["register__tasks"].write(Context.at(SEED, datetime(2025, 9, 1, 18))))
    flows.load([catalogue(tmp_path / "registers"), str(tasks)], progress=str)
    with running(SEED) as city:
        for name, value in city.environment.items():
            monkeypatch.setenv(name, value)
        for pull in PULLS:
            city.set_clock(pull["at"])
            flows.ingest(STREAMS, pull["from"], pull["to"], progress=str)
    flows.refresh(MONTHS, "month", progress=str)
    for month in MONTHS:
        flows.publish(month, "Người duyệt", "thử", "month")
    assert len(QUERIES) == 20
    answers, wrong = Answers(), {}
    with psycopg.connect(member(warehouse, "analyst")) as connection:
        for name, query in QUERIES.items():
            found = connection.execute(query).fetchall()
            assert found, f"{name} answers nothing"
            wanted = q03(answers, found) if name == "q03" else getattr(answers, name)()
            shown = {"q08": lambda row: row[:2], "q12": lambda row: (row[0], row[2])}.get(name)
            if sorted(map(str, map(shown, found) if shown else found)) != sorted(map(str, wanted)):
                wrong[name] = (found[:4], wanted[:4])
            if name == "q08":
                assert all(re.fullmatch(r"sha256:[0-9a-f]{64} · bản ghi \d+", row[2]) for row in found)
            if name == "q12":
                assert all(row[1] for row in found if row[0] != "khac")
    assert wrong == {}


def q03(answers: Answers, found: Rows) -> Rows:
    """What the key says of the indicators that it knows; of the others nothing is told here."""
    known = {place[4] for place in answers.key}
    rows = [row for row in found if row[0] in known]
    assert len(rows) > 10
    wanted = []
    for id in sorted(known):
        now, before = (answers.told(id, month) for month in ("2025-08", "2025-07"))
        if now["value"] and before["value"] and now["value"] != before["value"]:
            wanted.append((id, Decimal(before["value"]), Decimal(now["value"])))
    assert [row[:3] for row in rows] == wanted
    assert all(row[3] == row[2] - row[1] for row in found)
    return found
