"""Which rows of a table a login may see: policies on every table with data of communes, derived from the catalogue.

A table with a ``commune_code`` shows the rows of the communes in sight of whoever is logged in; one without it shows
the rows whose parent, by a foreign key, is shown; one that has neither is for those who see the whole city. So a new
table is guarded in the transaction that makes it, and nobody keeps a list. Views ask as whoever reads them; the few
over tables that their readers may not read run as the owner, behind a barrier, and ask themselves.

The owner is exempt (no FORCE), and loaders have a policy that is always true, which the planner drops: the month's
work costs what it did. Unlogged tables hold rows that have just come, which nobody but loaders may read, and COPY
into a table with policies is refused to all but its owner: they have none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from tthc.warehouse.roles import SCHEMAS, role_of

#: Tables that say nothing of any commune.
SHARED = frozenset({"indicators.definition_versions", "ops.migrations", "ops.table_shapes", "ops.upgrades"})
#: Guarded by policies of its own, person by person: migration 0013.
GUARDED_BY_PERSON = frozenset({"restricted.score_sheets"})
#: Everyone with the right to do so leaves lines here, and sees them only with the whole city.
WRITTEN_BY_ALL = frozenset({"ops.access_log"})

#: Two conditions that say the same. The first costs the planner nothing, so it comes before every condition of the
#: reader, and what a plan tells (how many rows which condition put aside, whether one was asked at all) is told of the
#: rows in sight only. The second finds them by the key.
_IN_SIGHT = (
    "((SELECT ops.sight()))[commune_code] IS NOT NULL"
    " AND commune_code = ANY ((SELECT ops.communes_in_sight())::text[])",
    "(((( SELECT ops.sight() AS sight))[commune_code] IS NOT NULL)"
    " AND (commune_code = ANY (( SELECT ops.communes_in_sight() AS communes_in_sight)::text[])))",
)
_CITY = ("(SELECT ops.sees_city())", "( SELECT ops.sees_city() AS sees_city)")


@dataclass(frozen=True)
class Policy:
    """One policy: its condition as we write it, and as the server tells it back."""

    name: str
    command: str
    role: str
    condition: str
    told: str


@dataclass
class Guard:
    """The policies that a table has to have; a partition has none, so that nobody but its owner reads it directly."""

    table: str
    policies: list[Policy] = field(default_factory=list)


def wanted(connection: psycopg.Connection, schemas: Collection[str] = SCHEMAS) -> list[Guard]:
    """Return the guard of every table that has to have one, partitions included, in the order of their names."""
    rows = connection.execute(_TABLES, {"schemas": list(schemas)}).fetchall()
    conditions = _conditions({row["name"]: row for row in rows if not row["is_partition"]})
    loader = role_of("loader")
    known = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (loader,)).fetchone() is not None
    guards = []
    for row in rows:
        name = row["name"]
        if name in SHARED | GUARDED_BY_PERSON:
            continue
        guard = Guard(name)
        if not row["is_partition"]:
            guard.policies.append(Policy("communes_in_sight", "ALL", "public", *conditions[name]))
            if known:
                guard.policies.append(Policy("loaders_see_all", "ALL", loader, "true", "true"))
            if name in WRITTEN_BY_ALL:
                guard.policies.append(Policy("anyone_leaves_a_line", "INSERT", "public", "true", "true"))
        guards.append(guard)
    return guards


def apply(
    connection: psycopg.Connection,
    schemas: Collection[str] = SCHEMAS,
    of: Callable[[str], bool] = lambda _: True,
) -> None:
    """Make policies and views as they have to be, where they are not. Runs in the caller's transaction.

    ``schemas`` are those in which parents are looked for; ``of`` says of which tables and views, by their names.
    Nobody reads what is changed here until the transaction ends: see :func:`unguarded`.
    """
    for guard, policies in _wrong(connection, schemas):
        if not of(guard.table):
            continue
        table = sql.Identifier(*guard.table.split(".", 1))
        connection.execute(sql.SQL("ALTER TABLE {} ENABLE ROW LEVEL SECURITY").format(table))
        for name in policies:
            connection.execute(sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(name), table))
        for policy in guard.policies:
            kind = "WITH CHECK" if policy.command == "INSERT" else "USING"
            role = sql.SQL("PUBLIC") if policy.role == "public" else sql.Identifier(policy.role)
            connection.execute(
                sql.SQL(f"CREATE POLICY {{}} ON {{}} FOR {policy.command} TO {{}} {kind} ({{}})").format(
                    sql.Identifier(policy.name), table, role, sql.SQL(policy.condition)
                )
            )
    for view in connection.execute(_VIEWS, {"schemas": list(schemas)}).fetchall():
        if not view["asks_itself"] and not view["is_invoker"] and of(view["name"]):
            name = sql.Identifier(*view["name"].split(".", 1))
            connection.execute(sql.SQL("ALTER VIEW {} SET (security_invoker = true)").format(name))


def unguarded(connection: psycopg.Connection) -> list[str]:
    """Return the tables and views that :func:`apply` would change."""
    views = connection.execute(_VIEWS, {"schemas": list(SCHEMAS)}).fetchall()
    return [guard.table for guard, _ in _wrong(connection)] + [
        view["name"] for view in views if not view["asks_itself"] and not view["is_invoker"]
    ]


def differences(connection: psycopg.Connection) -> list[str]:
    """Return in words every table and view through which somebody might see another commune; none when all is well."""
    tables = [
        f"{guard.table}: chính sách từng dòng tắt, thiếu, thừa hoặc đã sửa" for guard, _ in _wrong(connection)
    ]
    views = [
        f"{view['name']}: chạy bằng quyền chủ mà không tự hỏi xã nào được xem"
        for view in connection.execute(_VIEWS, {"schemas": list(SCHEMAS)}).fetchall()
        if not view["asks_itself"] and not view["is_invoker"]
    ]
    functions = [
        f"{row['signature']}: hàm chạy bằng quyền chủ mà search_path không khóa, hoặc chưa ai xét"
        for row in connection.execute(
            _FUNCTIONS, {"schemas": list(SCHEMAS), "known": list(AS_OWNER)}
        ).fetchall()
        if not row["is_right"]
    ]
    return tables + views + functions


#: Functions that act as the owner, each looked at: none shows a row of a commune that its caller may not see.
AS_OWNER = frozenset(
    {
        "core.make_year_partition(text,integer)",
        "ops.communes_in_sight()",
        "ops.is_loader()",
        "ops.known_communes()",
        "ops.sees_city()",
        "ops.sight()",
        "restricted.ask_for_sheets(text,text,text,text,integer,text,text,text)",
        "restricted.read_sheets(bigint)",
        "restricted.sees_sheet(bigint,text,text,text)",
        "restricted.sheet_hashes(bigint)",
    }
)


def _wrong(
    connection: psycopg.Connection, schemas: Collection[str] = SCHEMAS
) -> Iterator[tuple[Guard, list[str]]]:
    """Yield each guard that is not as it has to be, with the names of the policies that are there now."""
    held = {row["name"]: row for row in connection.execute(_HELD, {"schemas": list(schemas)}).fetchall()}
    for guard in wanted(connection, schemas):
        found = held[guard.table]
        expected = {(p.name, p.command, p.role, p.told) for p in guard.policies}
        if not found["is_on"] or {tuple(policy) for policy in found["policies"]} != expected:
            yield guard, [policy[0] for policy in found["policies"]]


def _conditions(tables: dict[str, dict]) -> dict[str, tuple[str, str]]:
    """Return for each table its condition, as written and as told back."""
    found = {name: _IN_SIGHT for name, row in tables.items() if row["has_commune"]}
    waiting = [name for name in tables if name not in found]
    while waiting:
        rest = []
        for name in waiting:
            parents = [parent for parent in tables[name]["parents"] if parent["name"] in found]
            if parents:
                found[name] = _through(parents[0])
            else:
                rest.append(name)
        if len(rest) == len(waiting):
            break
        waiting = rest
    return {name: found.get(name, _CITY) for name in tables}


def _through(parent: dict) -> tuple[str, str]:
    own, theirs = parent["columns"], parent["referenced"]
    left = own[0] if len(own) == 1 else f"({', '.join(own)})"
    written = f"{left} IN (SELECT {', '.join(f'p.{each}' for each in theirs)} FROM {parent['name']} AS p)"
    told = f"({left} IN ( SELECT {', '.join(f'p.{each}' for each in theirs)} FROM {parent['name']} p))"
    return written, told


_TABLES = """
SELECT
    n.nspname || '.' || c.relname AS name,
    c.relispartition AS is_partition,
    EXISTS (
        SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attname = 'commune_code' AND NOT a.attisdropped
    ) AS has_commune,
    (
        SELECT coalesce(json_agg(json_build_object(
            'name', f.confrelid::regclass::text,
            'columns', (
                SELECT json_agg(quote_ident(a.attname) ORDER BY k.place)
                FROM unnest(f.conkey) WITH ORDINALITY AS k (number, place)
                INNER JOIN pg_attribute AS a ON a.attrelid = f.conrelid AND a.attnum = k.number
            ),
            'referenced', (
                SELECT json_agg(quote_ident(a.attname) ORDER BY k.place)
                FROM unnest(f.confkey) WITH ORDINALITY AS k (number, place)
                INNER JOIN pg_attribute AS a ON a.attrelid = f.confrelid AND a.attnum = k.number
            )
        ) ORDER BY cardinality(f.conkey), f.conname), '[]')
        FROM pg_constraint AS f
        WHERE
            f.conrelid = c.oid AND f.contype = 'f' AND f.confrelid <> c.oid
            -- Of a row without a parent nobody could be told whose it is.
            AND NOT EXISTS (
                SELECT FROM pg_attribute AS a
                WHERE a.attrelid = c.oid AND a.attnum = ANY (f.conkey) AND NOT a.attnotnull
            )
    ) AS parents
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
ORDER BY n.nspname, c.relname COLLATE "C"
"""

_HELD = """
SELECT
    n.nspname || '.' || c.relname AS name,
    c.relrowsecurity AS is_on,
    (
        SELECT coalesce(json_agg(json_build_array(
            p.polname,
            CASE p.polcmd WHEN '*' THEN 'ALL' WHEN 'a' THEN 'INSERT' ELSE p.polcmd::text END,
            CASE
                WHEN NOT p.polpermissive OR p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL THEN '?'
                WHEN p.polroles = '{0}' THEN 'public'
                ELSE (SELECT string_agg(r.rolname, ',') FROM pg_roles AS r WHERE r.oid = ANY (p.polroles))
            END,
            regexp_replace(pg_get_expr(coalesce(p.polqual, p.polwithcheck), p.polrelid), '\\s+', ' ', 'g')
        )), '[]')
        FROM pg_policy AS p
        WHERE p.polrelid = c.oid
    ) AS policies
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p')
"""

# A view asks itself when it has a barrier and its query calls both functions.
_VIEWS = """
SELECT
    n.nspname || '.' || c.relname AS name,
    coalesce(c.reloptions @> ARRAY['security_invoker=true'], false) AS is_invoker,
    coalesce(c.reloptions @> ARRAY['security_barrier=true'], false) AND (
        SELECT count(DISTINCT d.refobjid) FROM pg_rewrite AS w
        INNER JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
        WHERE
            w.ev_class = c.oid AND d.refclassid = 'pg_proc'::regclass
            AND d.refobjid IN ('ops.communes_in_sight()'::regprocedure, 'ops.sight()'::regprocedure)
    ) = 2 AS asks_itself
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('v', 'm')
ORDER BY n.nspname, c.relname COLLATE "C"
"""

_FUNCTIONS = """
SELECT
    p.oid::regprocedure::text AS signature,
    p.oid::regprocedure::text = ANY (%(known)s)
    AND coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false) AS is_right
FROM pg_proc AS p
INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = ANY (%(schemas)s) AND p.prosecdef
"""
