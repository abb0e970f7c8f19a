"""The rows that were counted: taken as they are now, kept with a revision, laid out again beside later ones.

A fact is one row of an item table with what it came from: ``source_digest`` stands for every version and event of
the dossier, ``register_digest`` for the catalogue entry and the unit that were applied to it. So a later change
of the row can be told from a change of what it was judged by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import zstandard

from tthc import settings
from tthc.indicators import definitions
from tthc.workdays.periods import Period

DOSSIERS = "marts.dossiers_in_period"
_PART = 4_000_000

_TAKE = """
CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS
SELECT
    x.{key}::text || coalesce('#' || nullif(row_number() OVER (PARTITION BY x.{key} ORDER BY x::text), 1), '')
        AS fact_key,
    x.*,
    {digests}
FROM {item}(%(commune)s, %(first)s::date, %(last)s::date) AS x
{joins}
"""
#: Stands for all that is said of a dossier: every version of it and every event; of rows of ``core.dossier_versions``
#: as ``v``, grouped by commune and dossier.
SOURCE_DIGEST = """md5(string_agg(v.row_hash::text, ',' ORDER BY v.fetched_at, v.fetch_id, v.row_number)
        || coalesce((
            SELECT string_agg(e.row_hash::text, ',' ORDER BY e.row_hash) FROM core.progress_events AS e
            WHERE e.commune_code = v.commune_code AND e.dossier_code = v.dossier_code
        ), ''))::uuid"""
_DIGESTS = "s.digest AS source_digest, r.digest AS register_digest"
_SOURCES = f"""
LEFT JOIN (
    SELECT v.dossier_code, {SOURCE_DIGEST} AS digest
    FROM core.dossier_versions AS v
    INNER JOIN marts.dossiers AS d ON d.commune_code = v.commune_code AND d.dossier_code = v.dossier_code
    WHERE v.commune_code = %(commune)s AND d.received_on <= %(last)s::date AND d.alive_through >= %(first)s::date
    GROUP BY v.commune_code, v.dossier_code
) AS s ON s.dossier_code = x.dossier_code
LEFT JOIN marts.dossiers AS d ON d.commune_code = %(commune)s AND d.dossier_code = x.dossier_code
LEFT JOIN core.procedures_in_force AS p
    ON p.commune_code = %(commune)s AND p.procedure_code = d.procedure_code
    AND d.received_on BETWEEN p.valid_from AND p.valid_to
CROSS JOIN LATERAL (
    SELECT md5(concat_ws('|', x.unit_code, p.procedure_code, p.field_key, p.service_level, p.deadline_working_days,
        p.has_no_deadline, p.gives_result))::uuid AS digest
) AS r
"""


@dataclass(frozen=True)
class Definition:
    """An indicator as it counted: what a revision keeps of it."""

    id: str
    kind: str
    item: str
    levels: tuple[str, ...]
    numerator: str
    denominator: str
    form: str | None = None
    column: int | None = None


@dataclass(frozen=True)
class Laid:
    """Facts lying in temporary tables, and the definitions that count them; ``tables`` by item table."""

    definitions: tuple[Definition, ...]
    tables: dict[str, str]
    columns: dict[str, list[list[str]]]


def declared(period: Period) -> tuple[Definition, ...]:
    """Return the definitions of today that count in a period."""
    return tuple(
        Definition(i.id, i.kind, i.item or "", i.at, i.numerator_sql, i.denominator_sql, i.form, i.column)
        for i in definitions.indicators().values()
        if i.kind in definitions.ADDITIVE and i.holds_in(period)
    )


def take(connection: psycopg.Connection, period: Period) -> Laid:
    """Lay out the facts of a period as they are now."""
    counted = declared(period)
    found: dict[str, str] = {}
    columns: dict[str, list[list[str]]] = {}
    for place, item in enumerate(sorted({definition.item for definition in counted})):
        table = f"facts_now_{place}"
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        of_dossiers = item == DOSSIERS
        key = connection.execute(
            "SELECT proargnames[pronargs + 1] AS key FROM pg_proc WHERE oid = to_regproc(%s)", (item,)
        ).fetchone()["key"]
        connection.execute(
            _TAKE.format(
                table=table,
                key=key,
                item=item,
                digests=_DIGESTS
                if of_dossiers
                else "NULL::uuid AS source_digest, NULL::uuid AS register_digest",
                joins=_SOURCES if of_dossiers else "",
            ),
            {"commune": settings.commune_code(), "first": period.start, "last": period.end},
        )
        connection.execute(f"ANALYZE {table}")
        found[item], columns[item] = table, _columns(connection, table)
    return Laid(counted, found, columns)


def pack(connection: psycopg.Connection, laid: Laid) -> tuple[dict[str, Any], list[tuple]]:
    """Return (what to remember of the facts, by item table; the compressed parts (item, number, rows, body)).

    The same facts give the same bytes, so that their hash can be told again at any time.
    """
    told, parts = {}, []
    for item, table in laid.tables.items():
        digest, rows, number = hashlib.sha256(), 0, 0
        for number, body in enumerate(_blocks(connection, table), 1):
            digest.update(body)
            count = body.count(b"\n")
            rows += count
            parts.append((item, number, count, zstandard.ZstdCompressor(level=9).compress(body)))
        told[item] = {
            "columns": laid.columns[item],
            "rows": rows,
            "parts": number,
            "hash": digest.hexdigest(),
        }
    return told, parts


def _blocks(connection: psycopg.Connection, table: str) -> Iterator[bytes]:
    """Yield the rows of a table as COPY writes them, some thousands at a time."""
    waiting = bytearray()
    with connection.cursor().copy(
        f'COPY (SELECT * FROM {table} ORDER BY fact_key COLLATE "C") TO STDOUT'
    ) as copy:
        # One message of COPY is one row, so a block ends with a whole one.
        for row in copy:
            waiting += row
            if len(waiting) > _PART:
                yield bytes(waiting)
                waiting.clear()
    if waiting:
        yield bytes(waiting)


def _columns(connection: psycopg.Connection, table: str) -> list[list[str]]:
    rows = connection.execute(
        "SELECT attname::text AS name, format_type(atttypid, atttypmod) AS kind FROM pg_attribute"
        " WHERE attrelid = to_regclass(%s) AND attnum > 0 ORDER BY attnum",
        (f"pg_temp.{table}",),
    ).fetchall()
    return [[row["name"], row["kind"]] for row in rows]


def facts_hash(told: dict[str, Any]) -> str:
    """Return one fingerprint for the facts of all item tables."""
    lines = "\n".join(f"{item} {told[item]['hash']}" for item in sorted(told))
    return hashlib.sha256(lines.encode()).hexdigest()


def unpack(
    connection: psycopg.Connection, revision: dict[str, Any], side: str, only: Collection[str] | None = None
) -> Laid:
    """Lay out the facts kept with a revision (``only`` some item tables), in temporary tables named for ``side``."""
    told = revision["inputs"]
    found: dict[str, str] = {}
    for place, (item, kept) in enumerate(sorted(told["facts"].items())):
        if only is not None and item not in only:
            continue
        table = f"facts_{side}_{place}"
        shape = ", ".join(f'"{name}" {kind}' for name, kind in kept["columns"])
        connection.execute(f"DROP TABLE IF EXISTS {table}")
        connection.execute(f"CREATE TEMPORARY TABLE {table} ({shape}) ON COMMIT DROP")
        packed = bodies(connection, revision["revision_id"], item)
        with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for body in packed:
                copy.write(zstandard.ZstdDecompressor().decompress(body))
        connection.execute(f"ANALYZE {table}")
        found[item] = table
    counted = tuple(Definition(**{**one, "levels": tuple(one["levels"])}) for one in told["definitions"])
    return Laid(counted, found, {item: kept["columns"] for item, kept in told["facts"].items()})


def under_present_keys(connection: psycopg.Connection, laid: Laid) -> None:
    """Let laid out facts of dossiers say where they came from as facts taken now would, after a change of keys too."""
    if table := laid.tables.get(DOSSIERS):
        connection.execute(
            f"UPDATE {table} AS f SET source_digest = c.new_digest FROM ops.digest_changes AS c"
            " WHERE c.commune_code = %s AND c.old_digest = f.source_digest",
            (settings.commune_code(),),
        )


def bodies(connection: psycopg.Connection, revision_id: int, item: str) -> Sequence[bytes]:
    """Return the compressed parts of one item table of a revision, in order."""
    rows = connection.execute(
        "SELECT body FROM indicators.revision_facts WHERE revision_id = %s AND item = %s ORDER BY part_number",
        (revision_id, item),
    ).fetchall()
    return [row["body"] for row in rows]


def disagreements(connection: psycopg.Connection, laid: Laid, build_id: int) -> int:
    """Return in how many numbers a build differs from what these facts give."""
    found = 0
    for item, table in laid.tables.items():
        counted = [one for one in laid.definitions if one.item == item]
        found += connection.execute(
            f"WITH measured AS ({measure(f'SELECT * FROM {table}', counted, laid.columns[item])}),"
            " told AS (SELECT * FROM indicators.values WHERE build_id = %(build)s AND indicator = ANY (%(ids)s))"
            " SELECT count(*) AS n FROM measured AS m FULL JOIN told AS t USING (level, code, indicator)"
            " WHERE coalesce(m.n, 0) <> coalesce(t.numerator, 0) OR coalesce(m.d, 0) <> coalesce(t.denominator, 0)",
            {
                "build": build_id,
                "ids": [one.id for one in counted],
                "commune": settings.commune_code(),
            },
        ).fetchone()["n"]
    return found


def measure(
    rows: str, counted: Iterable[Definition], columns: Sequence[Sequence[str]], by: Sequence[str] = ()
) -> str:
    """Return the query that counts rows: (``by`` …, level, code, indicator, n, d), d NULL for a count.

    ``rows`` is a query that gives the columns of the item table and those of ``by``; needs ``%(commune)s``.
    """
    known = {name for name, _ in columns}
    levels = [("commune", None)] + [
        (level, column) for level, column in definitions.CODES.items() if column in known
    ]
    every = list(counted)
    aggregates = ", ".join(
        f"({one.numerator})::bigint AS n{place}, ({one.denominator})::bigint AS d{place}"
        for place, one in enumerate(every)
    )
    told = ", ".join(
        f"('{one.id}', ARRAY[{', '.join(repr(level) for level in one.levels)}]::text[], n{place}, d{place})"
        for place, one in enumerate(every)
    )
    head = "".join(f"{name}, " for name in by)
    sets = ", ".join(f"({', '.join([*by, *([column] if column else [])])})" for _, column in levels)
    named = "".join(f" WHEN grouping({column}) = 0 THEN '{level}'" for level, column in levels if column)
    codes = "".join(f" WHEN grouping({column}) = 0 THEN {column}" for _, column in levels if column)
    return (
        f"SELECT {head}g.level, g.code, v.indicator, v.n, v.d FROM ("
        f"SELECT {head}CASE{named or ' WHEN false THEN NULL'} ELSE 'commune' END AS level,"
        f" CASE{codes or ' WHEN false THEN NULL'} ELSE %(commune)s END AS code, {aggregates}"
        f" FROM ({rows}) AS f GROUP BY GROUPING SETS ({sets})) AS g"
        f" CROSS JOIN LATERAL (VALUES {told}) AS v (indicator, levels, n, d)"
        f" WHERE g.level = ANY (v.levels) AND g.code IS NOT NULL"
    )
