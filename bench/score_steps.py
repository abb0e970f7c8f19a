"""The evaluation of a whole city, run as ``python -m bench.score_steps NAME PEOPLE`` in its own process.

Every commune has the registers of the demo's sixty people and drawn numbers for each of them and for its five units.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import psycopg

from bench.steps import clock, silent, told
from demo.files import FILES, Context
from demo.kept.officials import LETTERS
from demo.stream_file import Hashed, Row
from tthc import flows
from tthc.evaluation import cases, rule_files, telling
from tthc.evaluation.rules import RuleSet, parts_read
from tthc.indicators import definitions
from tthc.warehouse import database
from tthc.workdays import periods
from tthc.workdays.periods import Period

COMMUNES, PEOPLE = 114, 60
STEPS = {"score": f"chấm {COMMUNES} xã × {PEOPLE} người và 5 đơn vị, một năm, từ số trong kho đến mọi phiếu"}
YEAR, MOMENT = "2026", datetime(2026, 12, 31, 18)
_TABLES = {
    "restricted.staff": "register__staff",
    "restricted.conduct_records": "register__conduct",
    "restricted.assessments": "register__assessments",
}
Value = tuple[str, str, str, int, int | None, Decimal | None, str]


def communes(people: int) -> list[str]:
    """Return as many codes of communes as have so many people."""
    return [f"{11_001 + number:05}" for number in range(max(1, people // PEOPLE))]


def score(people: int) -> float:
    """Score everybody of a year, commune after commune in one process."""
    flows.init(silent)
    period = periods.parse(YEAR)
    with database.connection() as connection:
        registers = {stream: FILES[stream].expected(Context.at(1, MOMENT)) for stream in _TABLES.values()}
        for commune in communes(people):
            _fill(connection, commune, period, registers)
        connection.commit()
        connection.execute("ANALYZE indicators.values, indicators.builds")
        connection.commit()
    sheets = 0

    def work() -> None:
        nonlocal sheets
        for commune in communes(people):
            os.environ["TTHC_COMMUNE"] = commune
            with database.connection() as connection:
                gathered = cases.gather(
                    connection, period, draft=True, subject="mọi người", by="đo tốc độ", reason="đo tốc độ"
                )
                sheets += sum(
                    bool(telling.told(sheet))
                    for sheet in (*gathered.units.values(), *gathered.people.values())
                )

    seconds = clock(work)
    # Contracts have no sheet; everybody else and every unit has one.
    assert sheets >= len(communes(people)) * (len(LETTERS) + PEOPLE - 10), sheets
    return seconds


def _fill(
    connection: psycopg.Connection, commune: str, period: Period, registers: dict[str, list[Row]]
) -> None:
    for table, stream in _TABLES.items():
        names = [name for name, value in registers[stream][0].items() if name != "home_unit_key"]
        own = ("commune_code", "row_hash", "fetch_id", "row_number", "fetched_at")
        with connection.cursor().copy(f"COPY {table} ({', '.join((*own, *names))}) FROM STDIN") as copy:
            for number, row in enumerate(registers[stream], 1):
                values = (f"mã {commune}" if isinstance(row[name], Hashed) else row[name] for name in names)
                copy.write_row((commune, f"{number:032x}", 1, number, MOMENT, *values))
    build_id = connection.execute(
        "INSERT INTO indicators.builds (commune_code, calendar, period, period_start, period_end, definitions_hash,"
        " content_hash) VALUES (%s, %s, %s, %s, %s, 'đo', 'đo') RETURNING build_id",
        (commune, period.calendar, period.label, period.start, period.end),
    ).fetchone()["build_id"]
    people = sorted({row["official_code"] for row in registers["register__staff"]})
    columns = "build_id, level, code, indicator, numerator, denominator, value, status"
    with connection.cursor().copy(f"COPY indicators.values ({columns}) FROM STDIN") as copy:
        for value in _values(random.Random(commune), commune, people, period):
            copy.write_row((build_id, *value))


def _values(draw: random.Random, commune: str, people: list[str], period: Period) -> Iterator[Value]:
    unit, official = (
        rule_files.in_force("unit", period.end),
        rule_files.in_force("official", period.end, "leader"),
    )
    for level, codes, rules in (
        ("commune", [commune], unit),
        ("unit", list(LETTERS), unit),
        ("official", people, official),
    ):
        for id in _indicators(rules, level):
            for code in codes:
                whole = draw.randrange(5, 400)
                some = whole - draw.choice((0, 0, 1, 2, whole // 10, whole // 4))
                if definitions.indicators()[id].kind == "rate":
                    yield level, code, id, some, whole, round(Decimal(100 * some) / whole, 2), "ok"
                else:
                    yield level, code, id, draw.randrange(8), None, Decimal(draw.randrange(8)), "ok"


def _indicators(rules: RuleSet, level: str) -> list[str]:
    every = definitions.indicators()
    found = dict.fromkeys(part.partition(".")[0] for part in parts_read(rules))
    return [id for id in found if level in every[id].at]


if __name__ == "__main__":
    print(told(globals()[sys.argv[1]], int(sys.argv[2])))
