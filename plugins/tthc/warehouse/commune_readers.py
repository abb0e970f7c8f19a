"""Which login sees which communes: what the owner says in ``ops.commune_readers``, and what comes of it."""

from __future__ import annotations

from typing import Any

import psycopg

from tthc.errors import TthcError, UsageError
from tthc.warehouse import roles

#: All communes of the warehouse, those to come too.
CITY = "*"


def give(connection: psycopg.Connection, login: str, communes: list[str], by: str, reason: str) -> list[str]:
    """Let a login see communes (``*`` for all); return those that it was not yet told of.

    Raises UsageError for a login that the server does not have, and a commune that the warehouse does not hold.
    """
    _check_owner(connection)
    known = connection.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", (login,)).fetchone()
    if known is None or not known["rolcanlogin"]:
        raise UsageError(
            f"Máy chủ Postgres không có tài khoản đăng nhập {login}. Nhờ người quản trị tạo trước, xem docs/roles.md, "
            "mục “Cho một người vào”."
        )
    held = connection.execute("SELECT ops.known_communes() AS held").fetchone()["held"]
    strange = [code for code in communes if code != CITY and code not in held]
    if strange:
        raise UsageError(f"Kho không có xã {', '.join(strange)}. Các xã của kho: {', '.join(held)}.")
    _say_who(connection, by, reason)
    new = connection.execute(
        "INSERT INTO ops.commune_readers (login, commune_code, given_by, reason) SELECT %s, c, %s, %s"
        " FROM unnest(%s::text[]) AS c ON CONFLICT DO NOTHING RETURNING commune_code",
        (login, by, reason, communes),
    ).fetchall()
    return [row["commune_code"] for row in new]


def take(connection: psycopg.Connection, login: str, communes: list[str], by: str, reason: str) -> list[str]:
    """Let a login no longer see communes (all that it was told of when none is named); return those taken away."""
    _check_owner(connection)
    _say_who(connection, by, reason)
    gone = connection.execute(
        "DELETE FROM ops.commune_readers WHERE login = %s AND (%s::text[] = '{}' OR commune_code = ANY (%s))"
        " RETURNING commune_code",
        (login, communes, communes),
    ).fetchall()
    return [row["commune_code"] for row in gone]


def readers(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Return every login that is a member of a group of readers, or was told of a commune, and what it sees.

    ``communes`` is None for whoever sees the only commune there is without having been told.
    """
    groups = {roles.role_of(group): group for group in ("analyst", "steward", "hr")}
    rows = connection.execute(
        "SELECT coalesce(m.rolname, r.login) AS login, m.groups, r.communes, r.given FROM ("
        " SELECT p.rolname::text, array_agg(g.rolname::text ORDER BY g.rolname) AS groups"
        " FROM pg_roles AS p INNER JOIN pg_roles AS g ON g.rolname = ANY (%s) AND pg_has_role(p.oid, g.oid, 'MEMBER')"
        " WHERE p.rolcanlogin AND NOT p.rolsuper"
        " AND p.oid <> (SELECT relowner FROM pg_class WHERE oid = 'ops.commune_readers'::regclass)"
        " GROUP BY p.rolname) AS m FULL JOIN (SELECT login, array_agg(commune_code ORDER BY commune_code) AS communes,"
        " json_agg(json_build_object('commune', commune_code, 'by', given_by, 'reason', reason, 'at', given_at)"
        " ORDER BY commune_code) AS given FROM ops.commune_readers GROUP BY login) AS r ON r.login = m.rolname"
        " ORDER BY 1",
        (list(groups),),
    ).fetchall()
    held = connection.execute("SELECT ops.known_communes() AS held").fetchone()["held"]
    return [
        {
            "login": row["login"],
            "groups": [groups[name] for name in row["groups"] or []],
            "communes": row["communes"] or (None if len(held) == 1 else []),
            "given": row["given"] or [],
        }
        for row in rows
    ]


def _check_owner(connection: psycopg.Connection) -> None:
    if not connection.execute(
        "SELECT has_table_privilege('ops.commune_readers', 'INSERT') AS may"
    ).fetchone()["may"]:
        raise TthcError("Chỉ chủ kho (tài khoản chạy tthc init) được nói ai xem xã nào.")


def _say_who(connection: psycopg.Connection, by: str, reason: str) -> None:
    """Tell the trigger that writes the log who does this, and why."""
    connection.execute(
        "SELECT set_config('tthc.changed_by', %s, true), set_config('tthc.changed_because', %s, true)",
        (by, reason),
    )
