"""SQL cases: rows in, rows out, and a sentence on why. Read from ``tests/sql/<layer>/<table>/cases/*.yaml``.

A row in is written by what differs from the good row of its table in ``good_rows.yaml``; ``_times: 32`` writes
it 32 times with ``{n}`` counted up. A row out is compared in the columns that the case names, as text of the
column's own type; ``is`` names every boolean column that is true, so a wrong yes anywhere is seen. A case with
``value`` asks a function, one with ``refused`` expects its last step to be refused with these words.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tthc.indicators import build, publish
from tthc.sources import streams
from tthc.warehouse import consequences, merge, seeds, tables
from tthc.workdays import periods

HERE = Path(__file__).parent
Rows = list[dict[str, Any]]
YES = "is"


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """One case as written; ``given`` and ``steps`` of its file come first."""

    why: str
    given: dict[str, Rows] = {}
    steps: list[dict[str, Any]] = []
    arguments: dict[str, Any] = {}
    where: dict[str, Any] = {}
    rows: Rows | None = None
    value: Any = msgspec.UNSET
    refused: str | None = None


class CaseFile(msgspec.Struct, forbid_unknown_fields=True):
    """One file of cases that share what is given and what is done with it."""

    cases: list[Case]
    #: Files of ``tests/sql/shared`` whose rows are given first.
    use: list[str] = []
    given: dict[str, Rows] = {}
    steps: list[dict[str, Any]] = []
    arguments: dict[str, Any] = {}


@dataclass(frozen=True)
class Placed:
    """A case, the table it is about, and the file it stands in."""

    table: str
    path: Path
    shared: CaseFile
    case: Case

    @property
    def id(self) -> str:
        """What pytest shows."""
        return f"{self.table}-{self.path.stem}-{self.shared.cases.index(self.case) + 1}"

    @property
    def steps(self) -> list[dict[str, Any]]:
        """What is done with what is given: the file's steps, then its own."""
        return [*self.shared.steps, *self.case.steps]


def every_case() -> list[Placed]:
    """Return every case, in the order of tables and files."""
    found = []
    for path in sorted(HERE.glob("*/*/cases/*.yaml")):
        shared = msgspec.yaml.decode(path.read_bytes(), type=CaseFile)
        table = f"{path.parts[-4]}.{path.parts[-3]}"
        found += [Placed(table, path, shared, case) for case in shared.cases]
    return found


def run(connection: psycopg.Connection, placed: Placed) -> None:
    """Do what a case says and compare; raises AssertionError that shows both. The caller rolls back."""
    case, shared = placed.case, placed.shared
    asserts = [case.rows is not None, case.value is not msgspec.UNSET, case.refused is not None]
    assert sum(asserts) == 1, "a case says exactly one of rows, value, refused"
    # What is given must all be there before the first step.
    for given in (*map(_shared, shared.use), shared.given, case.given):
        for table, rows in given.items():
            insert(connection, table, rows)
    if case.refused is not None:
        _refused(connection, placed.steps, case.refused)
        return
    for step in placed.steps:
        do(connection, step)
    if case.rows is None:
        _compare_value(connection, placed)
    else:
        _compare_rows(connection, placed)


def do(connection: psycopg.Connection, step: dict[str, Any]) -> None:
    """Do one step: what it is called, and what it needs."""
    ((name, needs),) = step.items()
    if name == "given":
        for table, rows in needs.items():
            insert(connection, table, rows)
    elif name == "derive":
        consequences.derive_everything(connection)
    elif name == "refill":
        consequences.refill_whole(connection, needs)
    elif name == "seed_units":
        seeds.units(connection)
    elif name == "merge":
        merge.merge(connection, streams.stream_named(needs["stream"]), needs["fetch_id"])
    elif name == "refill_month":
        build.refill_month(connection, periods.parse(**needs))
    elif name == "build":
        build.build(connection, periods.parse(**needs))
    elif name == "publish":
        publish.publish(connection, periods.parse(**needs), "Người duyệt", "thử")
    elif name == "all_read":
        read_everything(connection, needs)
    elif name == "run":
        connection.execute(needs)
    else:
        raise AssertionError(f"no such step: {name}")


def read_everything(connection: psycopg.Connection, day: Any) -> None:
    """Note in the ledger that every source was read whole on a day."""
    every = [
        {"stream": one.stream, "kind": "window" if one.kind == "city" else "file"}
        for one in streams.streams().values()
    ]
    window = {
        "window_from": "1990-01-01",
        "window_to": day,
        "fetched_at": f"{day} 23:00+07",
        "state": "merged",
    }
    counts = {f"{name}_count": 0 for name in ("read", "merged", "unchanged", "quarantined", "superseded")}
    insert(connection, "ops.fetches", [{**one, **window, **counts} for one in every])


def insert(connection: psycopg.Connection, table: str, rows: Rows) -> None:
    """Insert rows as a case writes them. A dossier without versions gets the one that it is."""
    types = column_types(connection, table)
    for row in _expanded(rows):
        values = _good_rows().get(table, {}) | row
        connection.execute(
            sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
                sql.Identifier(*table.split(".")),
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join(sql.SQL("%s::" + types[name]) for name in values),
            ),
            [parameter(value, types[name]) for name, value in values.items()],
        )
    if table == "core.dossiers":
        names = ", ".join(types)
        connection.execute(
            f"INSERT INTO core.dossier_versions ({names}) SELECT {names} FROM core.dossiers AS d WHERE NOT EXISTS"
            " (SELECT FROM core.dossier_versions AS v WHERE v.dossier_code = d.dossier_code)"
        )


def _expanded(rows: Rows) -> Rows:
    found = []
    for row in rows:
        times = row.get("_times", 1)
        for n in range(1, times + 1):
            copy = {name: value for name, value in row.items() if name != "_times"}
            if "_times" in row:
                copy = {k: v.replace("{n}", str(n)) if isinstance(v, str) else v for k, v in copy.items()}
            found.append(copy)
    return found


@cache
def _shared(name: str) -> dict[str, Rows]:
    return msgspec.yaml.decode((HERE / "shared" / f"{name}.yaml").read_bytes(), type=dict[str, Rows])


@cache
def _good_rows() -> dict[str, dict[str, Any]]:
    return msgspec.yaml.decode((HERE / "good_rows.yaml").read_bytes(), type=dict[str, dict[str, Any]])


def column_types(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """Return the type of each column of a table or view."""
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, atttypmod) AS type FROM pg_attribute"
        " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        (table,),
    ).fetchall()
    return {row["attname"]: row["type"] for row in rows}


def parameter(value: Any, kind: str) -> Any:
    """Return a value of YAML as psycopg takes it for a column of that type."""
    if value is None or (isinstance(value, list) and kind.endswith("[]")):
        return value
    if kind == "jsonb":
        return Jsonb(value)
    return str(value)


def _refused(connection: psycopg.Connection, steps: list[dict[str, Any]], words: str) -> None:
    assert steps, "nothing to refuse"
    for step in steps[:-1]:
        do(connection, step)
    try:
        with connection.transaction():
            do(connection, steps[-1])
    except psycopg.Error as error:
        assert words in str(error), f"refused with other words: {error}"
        return
    raise AssertionError(f"was not refused: {steps[-1]}")


def _compare_value(connection: psycopg.Connection, placed: Placed) -> None:
    call, values = _call(connection, placed)
    row = connection.execute(
        f"SELECT {call}::text AS found, pg_typeof({call})::text AS type", values * 2
    ).fetchone()
    wanted = connection.execute(
        f"SELECT %s::{row['type']}::text AS wanted", (parameter(placed.case.value, row["type"]),)
    ).fetchone()["wanted"]
    assert row["found"] == wanted, _told(placed, wanted, row["found"])


def _call(connection: psycopg.Connection, placed: Placed) -> tuple[str, list[Any]]:
    """Return the call of the function a case is about; arguments that it does not name are null."""
    schema, _, name = placed.table.partition(".")
    (signature,) = connection.execute(
        "SELECT proargnames[1:pronargs] AS names, ARRAY(SELECT format_type(t, NULL) FROM unnest(proargtypes) AS t)"
        " AS types FROM pg_proc WHERE proname = %s AND pronamespace = %s::regnamespace",
        (name, schema),
    ).fetchall()
    arguments = placed.shared.arguments | placed.case.arguments
    assert arguments.keys() <= set(signature["names"]), "an argument that the function does not have"
    places = ", ".join(f"%s::{kind}" for kind in signature["types"])
    return f"{placed.table}({places})", [
        parameter(arguments.get(name), kind) for name, kind in zip(*signature.values(), strict=True)
    ]


def _compare_rows(connection: psycopg.Connection, placed: Placed) -> None:
    rows = placed.case.rows or []
    source, values = placed.table, []
    if tables.tables().get(placed.table) and tables.tables()[placed.table].kind == "FUNCTION":
        source, values = _call(connection, placed)
    described = connection.execute(f"SELECT * FROM {source} LIMIT 0", values).description
    types = {
        column.name: connection.execute("SELECT format_type(%s, NULL) AS t", (column.type_code,)).fetchone()[
            "t"
        ]
        for column in described
    }
    names = list(rows[0]) if rows else []
    assert all(list(row) == names for row in rows), "every row out names the same columns in the same order"
    compared = [name for name in names if name != YES]
    yeses = [name for name, kind in types.items() if kind == "boolean"] if YES in names else []
    chosen = " AND ".join(f"{name} = %s::{types[name]}" for name in placed.case.where) or "true"
    listed = ", ".join(f"{name}::text AS {name}" for name in [*compared, *yeses]) or "1"
    found = connection.execute(
        f"SELECT {listed} FROM {source} WHERE {chosen}",
        [*values, *(parameter(value, types[name]) for name, value in placed.case.where.items())],
    ).fetchall()
    seen = [{name: row[name] for name in compared} for row in found] if rows else [{} for _ in found]
    wanted = [_normal(connection, {name: row[name] for name in compared}, types) for row in rows]
    if YES in names:
        for row, told in zip(seen, found, strict=True):
            row[YES] = sorted(name for name in yeses if told[name] == "true")
        for row, told in zip(wanted, rows, strict=True):
            row[YES] = sorted(told[YES])
    seen, wanted = sorted(seen, key=str), sorted(wanted, key=str)
    assert seen == wanted, _told(placed, wanted, seen)


def _normal(connection: psycopg.Connection, row: dict[str, Any], types: dict[str, str]) -> dict[str, Any]:
    listed = ", ".join(f"%s::{types[name]}::text AS {name}" for name in row) or "1"
    found = connection.execute(
        f"SELECT {listed}", [parameter(value, types[name]) for name, value in row.items()]
    )
    return {name: value for name, value in found.fetchone().items() if name in row}


def _told(placed: Placed, wanted: Any, seen: Any) -> str:
    return f"\n{placed.path.relative_to(HERE)}\nwhy:    {placed.case.why}\nwanted: {wanted}\nfound:  {seen}"
