"""Who may do what in the warehouse: five group roles beside the owner, their rights declared once, over schemas.

People and programs log in with roles of their own, which an administrator makes members of a group. The owner is
whoever ``TTHC_WAREHOUSE_URL`` logs in as when ``tthc init`` runs: the tables are its own, so it needs no grants.
Because rights are declared over schemas, a new table is covered in the transaction that makes it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import NamedTuple

import psycopg
from psycopg import errors, sql

#: Every group is called so and its own name, in all databases of a server: ``tthc_analyst``.
PREFIX = "tthc_"
SCHEMAS = ("ops", "staging", "restricted", "core", "marts", "indicators", "reports")
GROUPS = {
    "loader": "đưa dữ liệu vào: mọi bước của luồng dữ liệu",
    "analyst": "tra cứu số liệu: không có dữ liệu hạn chế, không có dòng vừa nhận, không có khu cách ly",
    "steward": "như analyst, thêm sổ cái và quyền quyết định ở khu cách ly, kể cả đề nghị xét lại",
    "hr": "như analyst, thêm dữ liệu hạn chế về cán bộ, công chức, viên chức",
    "reader": "người được đánh giá, người đứng đầu: phiếu đánh giá được phép xem, không gì khác",
}
_READ = ("SELECT",)
_WRITE = ("SELECT", "INSERT", "UPDATE", "DELETE")
#: Through such a view its reader would see staged rows.
_CANDIDATES = "*_candidates"
_EVERYONE = "PUBLIC"
#: Personal sheets, and who asked for them: read through functions that write it down, by nobody directly.
_SHEETS = ("score_sheets", "sheet_requests")
#: Who may see which sheet, and which commune, is said by the owner alone.
_READERS = ("readers", "commune_readers")
#: Holds the wrapped keys: for programs that may have the secret.
_KEYS = "key_changes"


@dataclass(frozen=True)
class Right:
    """What a group may do with the tables and views of one schema whose names are like ``only`` and not ``but``."""

    group: str
    schema: str
    privileges: tuple[str, ...]
    only: tuple[str, ...] = ("*",)
    but: tuple[str, ...] = ()

    def covers(self, table: str) -> bool:
        """Say whether a table of the schema is meant."""
        return any(fnmatchcase(table, like) for like in self.only) and not any(
            fnmatchcase(table, like) for like in self.but
        )


def _figures(group: str) -> tuple[Right, ...]:
    return (
        Right(group, "core", _READ, but=(_CANDIDATES,)),
        *(Right(group, schema, _READ) for schema in ("marts", "indicators", "reports")),
    )


RIGHTS: tuple[Right, ...] = (
    *(Right("loader", schema, _WRITE, but=(*_READERS, "sheet_requests")) for schema in SCHEMAS),
    *(Right("loader", schema, _READ, only=(*_READERS, "sheet_requests")) for schema in ("ops", "restricted")),
    *_figures("analyst"),
    # Views of marts tell when the city was last read, as whoever asks.
    *(
        Right(group, "ops", _READ, only=("fetches", "validations", "incidents"))
        for group in ("analyst", "hr")
    ),
    # Who takes tables out of the warehouse says so first.
    Right("analyst", "ops", ("INSERT",), only=("access_log",)),
    *_figures("steward"),
    Right("steward", "ops", _READ, but=(_KEYS,)),
    Right("steward", "ops", ("UPDATE",), only=("quarantine",)),
    Right("steward", "ops", ("INSERT",), only=("access_log", "release_requests")),
    *_figures("hr"),
    Right("hr", "restricted", _READ, but=("register__*", _CANDIDATES, *_SHEETS)),
    # Who computes a personal sheet leaves a line.
    Right("hr", "ops", ("INSERT",), only=("access_log",)),
    # No table, only the functions in CALLS.
    Right("reader", "restricted", ()),
)


_SEES = "restricted.sees_sheet(bigint,text,text,text)"
_ASKS = (
    "restricted.ask_for_sheets(text,text,text,text,integer,text,text,text)",
    "restricted.read_sheets(bigint)",
)
_HASHES = "restricted.sheet_hashes(bigint)"
#: Every policy asks these, as whoever reads.
_IN_SIGHT = ("ops.communes_in_sight()", "ops.is_loader()", "ops.sees_city()", "ops.sight()")
#: What a group may call of the functions that act as the owner; nobody else may call any.
CALLS = {
    "loader": ("core.make_year_partition(text,integer)", _SEES, _HASHES, *_ASKS, *_IN_SIGHT),
    "hr": (_SEES, _HASHES, *_ASKS, *_IN_SIGHT),
    "reader": _ASKS,
    # A view over sheets of units asks for each row whether it may be seen, as whoever reads the view.
    "analyst": (_SEES, *_IN_SIGHT),
    "steward": (_SEES, *_IN_SIGHT),
}
#: From this server on, rights to ANALYZE can be given; before, only owners may.
_MAINTAIN_SINCE = 170_000


class Grant(NamedTuple):
    """One right on one schema (``table`` is empty), one table, or one function (by its signature)."""

    group: str
    schema: str
    table: str
    privilege: str


_AS_OWNER = """
SELECT p.oid::regprocedure::text AS signature
FROM pg_proc AS p
WHERE p.prosecdef AND p.pronamespace::regnamespace::text = ANY (%(schemas)s)
"""


def role_of(group: str) -> str:
    """Return the name of a group's role."""
    return PREFIX + group


def declared(connection: psycopg.Connection) -> set[Grant]:
    """Return every grant that the declared rights mean for the tables and views that exist."""
    relations = connection.execute(
        "SELECT c.relnamespace::regnamespace::text AS schema, c.relname AS name, c.relkind <> 'v' AS is_table"
        " FROM pg_class AS c"
        " WHERE c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition"
        " AND c.relnamespace::regnamespace::text = ANY (%s)",
        (list(SCHEMAS),),
    ).fetchall()
    can_maintain = connection.info.server_version >= _MAINTAIN_SINCE
    wanted = {Grant(right.group, right.schema, "", "USAGE") for right in RIGHTS}
    for right in RIGHTS:
        for row in relations:
            if row["schema"] == right.schema and right.covers(row["name"]):
                wanted |= {Grant(right.group, right.schema, row["name"], each) for each in right.privileges}
                if right.privileges == _WRITE and row["is_table"] and can_maintain:
                    wanted.add(Grant(right.group, right.schema, row["name"], "MAINTAIN"))
    callable_ = {row["signature"] for row in connection.execute(_AS_OWNER, {"schemas": list(SCHEMAS)})}
    for group, signatures in CALLS.items():
        for signature in callable_ & set(signatures):
            schema, _, name = signature.partition(".")
            wanted.add(Grant(group, schema, name, "EXECUTE"))
    return wanted


def given(connection: psycopg.Connection) -> set[Grant]:
    """Return the grants that the groups, and everyone, hold in our schemas; partitions and columns included."""
    names = {role_of(group): group for group in GROUPS}
    rows = connection.execute(
        "WITH held AS ("
        " SELECT n.nspname AS schema, '' AS name, a.grantee, a.privilege_type"
        " FROM pg_namespace AS n, aclexplode(n.nspacl) AS a WHERE n.nspname = ANY (%(schemas)s)"
        " UNION ALL SELECT n.nspname, c.relname, a.grantee, a.privilege_type FROM pg_class AS c"
        " INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(c.relacl) AS a"
        " WHERE n.nspname = ANY (%(schemas)s) AND c.relkind IN ('r', 'p', 'v')"
        " UNION ALL SELECT n.nspname, c.relname, a.grantee, a.privilege_type FROM pg_attribute AS t"
        " INNER JOIN pg_class AS c ON c.oid = t.attrelid"
        " INNER JOIN pg_namespace AS n ON n.oid = c.relnamespace, aclexplode(t.attacl) AS a"
        " WHERE n.nspname = ANY (%(schemas)s)"
        " UNION ALL SELECT n.nspname, substr(p.oid::regprocedure::text, length(n.nspname) + 2), a.grantee,"
        " a.privilege_type FROM pg_proc AS p INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace,"
        " aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a"
        " WHERE p.prosecdef AND n.nspname = ANY (%(schemas)s))"
        " SELECT DISTINCT held.schema, held.name, coalesce(r.rolname, %(everyone)s) AS role, privilege_type"
        " FROM held LEFT JOIN pg_roles AS r ON r.oid = held.grantee"
        " WHERE held.grantee = 0 OR r.rolname = ANY (%(roles)s)",
        {"schemas": list(SCHEMAS), "roles": list(names), "everyone": _EVERYONE},
    ).fetchall()
    return {
        Grant(names.get(row["role"], _EVERYONE), row["schema"], row["name"], row["privilege_type"])
        for row in rows
    }


def may_load(connection: psycopg.Connection) -> bool:
    """Say whether who is logged in may put rows into core, as the loaders and the owner may."""
    return connection.execute(
        "SELECT bool_and(has_table_privilege(c.oid, 'INSERT')) AS may_load FROM pg_class AS c"
        " WHERE c.relnamespace::regnamespace::text || '.' || c.relname IN ('staging.verdicts', 'core.dossiers')"
    ).fetchone()["may_load"]


def missing(connection: psycopg.Connection) -> list[str]:
    """Return the roles of the groups that the server does not have."""
    names = [role_of(group) for group in GROUPS]
    rows = connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY (%s)", (names,)).fetchall()
    known = {row["rolname"] for row in rows}
    return [name for name in names if name not in known]


def apply(connection: psycopg.Connection) -> list[str]:
    """Make the groups where that is allowed, and give and take until their rights are as declared.

    Runs in the caller's transaction. Returns sentences for a person: what an administrator has to do, if anything.
    """
    absent = make_missing(connection)
    reachable = {group for group in GROUPS if role_of(group) not in absent}
    wanted = {grant for grant in declared(connection) if grant.group in reachable}
    held = given(connection)
    _each(connection, held - wanted, "REVOKE {} ON {} FROM {}")
    _each(connection, wanted - held, "GRANT {} ON {} TO {}")
    return [advice(absent)] if absent else []


def make_missing(connection: psycopg.Connection) -> list[str]:
    """Make the groups that the server does not have; return those that the owner of this connection may not make."""
    return [name for name in missing(connection) if not _create(connection, name)]


def apply_aside(connection: psycopg.Connection, names: list[str], prefix: str) -> None:
    """Give the groups their rights on what stands aside, so that it has them in the moment it is in force."""
    absent = missing(connection)
    for right in RIGHTS:
        ours = [
            name
            for name in names
            if name.startswith(f"{right.schema}.") and right.covers(name.partition(".")[2])
        ]
        if role_of(right.group) in absent or not ours or not right.privileges:
            continue
        rows = connection.execute(
            "SELECT c.oid::regclass::text AS name, c.relkind <> 'v' AS is_table FROM pg_class AS c"
            " WHERE c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition"
            " AND c.relnamespace::regnamespace::text || '.' || c.relname = ANY (%s)",
            ([prefix + name for name in ours],),
        ).fetchall()
        for row in rows:
            granted = [*right.privileges]
            if (
                right.privileges == _WRITE
                and row["is_table"]
                and connection.info.server_version >= _MAINTAIN_SINCE
            ):
                granted.append("MAINTAIN")
            connection.execute(f"GRANT {', '.join(granted)} ON {row['name']} TO {role_of(right.group)}")
    for group, signatures in CALLS.items():
        for signature in signatures:
            if signature.partition("(")[0] in names and role_of(group) not in absent:
                connection.execute(f"GRANT EXECUTE ON FUNCTION {prefix}{signature} TO {role_of(group)}")


def advice(absent: list[str]) -> str:
    """Return what to ask an administrator when groups are missing."""
    statements = " ".join(f"CREATE ROLE {name} NOLOGIN;" for name in absent)
    return (
        f"Thiếu nhóm quyền {', '.join(absent)}: tài khoản của kho không được phép tạo nhóm. "
        f"Nhờ người quản trị Postgres chạy: {statements} Rồi chạy lại lệnh này."
    )


def differences(connection: psycopg.Connection) -> list[str]:
    """Return in words every grant that is missing or too many; none when rights are as declared."""
    wanted, held = declared(connection), given(connection)
    return [f"thiếu {_said(grant)}" for grant in sorted(wanted - held)] + [
        f"thừa {_said(grant)}" for grant in sorted(held - wanted)
    ]


def _said(grant: Grant) -> str:
    role = grant.group if grant.group == _EVERYONE else role_of(grant.group)
    return f"{grant.privilege} trên {grant.schema}{'.' if grant.table else ''}{grant.table} của {role}"


def _create(connection: psycopg.Connection, name: str) -> bool:
    """Make a group; return whether it is there now. Another database's init may have made it meanwhile."""
    try:
        with connection.transaction():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
    except errors.InsufficientPrivilege:
        return False
    except (errors.DuplicateObject, errors.UniqueViolation):
        pass
    return True


def _each(connection: psycopg.Connection, grants: set[Grant], statement: str) -> None:
    together: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for grant in sorted(grants):
        together[grant[:3]].append(grant.privilege)
    for (group, schema, table), privileges in together.items():
        kind = sql.SQL("FUNCTION " if "(" in table else "TABLE " if table else "SCHEMA ")
        name = sql.Identifier(schema, *([table] if table else []))
        if "(" in table:
            # A signature as the server itself writes it.
            name = sql.SQL(f"{schema}.{table}")
        role = sql.SQL(_EVERYONE) if group == _EVERYONE else sql.Identifier(role_of(group))
        connection.execute(
            sql.SQL(statement).format(sql.SQL(", ").join(map(sql.SQL, privileges)), kind + name, role)
        )
