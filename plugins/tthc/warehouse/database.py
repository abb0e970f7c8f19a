"""Connections to the warehouse, and its errors said without a value of any row."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg
from psycopg.rows import dict_row, tuple_row

from tthc import rehearsal, settings
from tthc.errors import TthcError, Unreachable, UsageError
from tthc.landing import key_record
from tthc.rehearsal import Rehearsal, Uncommitted

#: So long a rehearsal waits for whoever is writing what it has to touch.
_PATIENCE = "60s"
_BUSY, _NOT_ALLOWED = "55P03", "42501"
#: What is not there: a table, a column, a function.
_ABSENT = ("42P01", "42703", "42883")
_Kind = TypeVar("_Kind", bound=psycopg.Connection)


@contextmanager
def connection(
    url: str | None = None, *, autocommit: bool = False, rows: Any = dict_row
) -> Iterator[psycopg.Connection]:
    """Give a connection to the warehouse, closed afterwards; the transaction is committed unless an error left it.

    Raises Unreachable when the server does not answer, TthcError for any other error of the database: with its
    SQLSTATE, table and constraint, never with the server's text, which quotes the failing row. In a rehearsal
    everyone gets its one connection, and nothing is committed.
    """
    url = url or settings.warehouse_url()
    held = rehearsal.present()
    try:
        if held is not None:
            with held.lent(rows) as lent:
                yield lent
            return
        with opened(url, psycopg.Connection, autocommit, rows) as ours:
            _refuse_unseen(ours, url)
            if not autocommit:
                ours.commit()
            yield ours
    except psycopg.Error as error:
        raise wrapped(error) from None


@contextmanager
def rehearsed(url: str | None = None) -> Iterator[Rehearsal]:
    """Let every step until the end of the block be done in one transaction that is undone then.

    Raises as :func:`connection` does, and TthcError when somebody else is writing the same for a whole minute.
    """
    try:
        ours = opened(url or settings.warehouse_url(), Uncommitted)
        with rehearsal.on(ours) as held:
            ours.execute(f"SET lock_timeout = '{_PATIENCE}'")
            yield held
    except psycopg.Error as error:
        raise wrapped(error) from None


def opened(url: str, kind: type[_Kind], autocommit: bool = False, rows: Any = dict_row) -> _Kind:
    """Return a connection of some kind, with our settings; the caller closes it. Raises Unreachable."""
    try:
        ours = kind.connect(url, autocommit=autocommit, row_factory=rows, application_name="tthc")
    except psycopg.OperationalError as error:
        raise Unreachable(
            "Không kết nối được kho dữ liệu (TTHC_WAREHOUSE_URL). Kiểm tra Postgres có chạy không (make status), "
            "địa chỉ, cổng và mật khẩu."
        ) from error
    # One reading of dates and instants, whatever the server's own settings are.
    ours.execute("SET TIME ZONE 'Asia/Ho_Chi_Minh'")
    ours.execute("SET work_mem = '256MB'")
    # Compiling our wide statements takes many times longer than running them.
    ours.execute("SET jit = off")
    # Disks no longer turn: by the default a part of a table would be found by reading all of it.
    ours.execute("SET random_page_cost = 1.1")
    ours.execute("SET client_min_messages = warning")
    return ours


#: Who was found to see which commune: asked once in a process.
_SEEN: set[tuple[str, str]] = set()


def _refuse_unseen(connection: psycopg.Connection, url: str) -> None:
    """Raise TthcError when policies would show whoever is logged in nothing of the commune in force.

    They would find no row and no reason; so they are told. Who has no right to ask is guarded elsewhere.
    """
    try:
        commune = settings.commune_code()
    except UsageError:
        return
    if (url, commune) in _SEEN:
        return
    asked = connection.cursor(row_factory=tuple_row).execute(
        "SELECT session_user, EXISTS (SELECT FROM pg_proc AS p INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        " WHERE n.nspname = 'ops' AND p.proname = 'communes_in_sight' AND has_schema_privilege(n.oid, 'USAGE')"
        " AND has_function_privilege(p.oid, 'EXECUTE'))"
    )
    login, may_ask = asked.fetchone()
    if may_ask:
        (is_seen,) = (
            connection.cursor(row_factory=tuple_row)
            .execute("SELECT ops.is_loader() OR %s = ANY (ops.communes_in_sight())", (commune,))
            .fetchone()
        )
        if not is_seen:
            raise TthcError(
                f"Tài khoản {login} không được xem số liệu của xã {commune}. Nhờ chủ kho chạy: "
                f"tthc rights give {login} --commune {commune} --by … --reason …; hoặc đặt TTHC_COMMUNE là xã được xem."
            )
        _SEEN.add((url, commune))


def wrapped(error: psycopg.Error) -> TthcError:
    """Return an error of the database as one of ours, without any value."""
    if isinstance(error, psycopg.OperationalError) and error.sqlstate is None:
        return Unreachable(
            "Mất kết nối với kho dữ liệu giữa chừng; giao dịch đang dở đã được bỏ. Chạy lại lệnh này."
        )
    if error.sqlstate == _BUSY:
        return TthcError("Kho dữ liệu đang bận nhập đúng phần này: chờ lần nhập ấy xong rồi chạy lại.")
    if error.sqlstate == _NOT_ALLOWED:
        return TthcError(
            "Tài khoản này không có quyền làm việc ấy trong kho dữ liệu: dùng tài khoản của nhóm được phép, "
            "hoặc nhờ người quản trị cho vào nhóm (docs/roles.md)."
        )
    if error.sqlstate in _ABSENT:
        return TthcError(
            f"Kho dữ liệu không có bảng, cột hoặc hàm mà phần mềm này cần ({error.sqlstate}): thường là kho và phần "
            "mềm không cùng phiên bản. Xem bên nào cũ hơn: tthc init --plan; số đã công bố không bị đụng tới."
        )
    where = error.diag.table_name or "?"
    raised = error.diag.message_primary if error.sqlstate == "P0001" else None
    message = raised or (
        f"Kho dữ liệu báo lỗi {error.sqlstate} ({type(error).__name__})"
        f" ở bảng {where}, ràng buộc {error.diag.constraint_name or '?'}."
    )
    return TthcError(message)


def lock(connection: psycopg.Connection, name: str, *, session: bool = False, of_all: bool = False) -> None:
    """Wait until this connection is the only writer of that name: to the transaction's end, or the session's.

    A name is that of the commune in force, unless it is one ``of_all``: of everything in the warehouse. So long
    nobody changes the keys either.
    """
    key_record.hold(connection, session=session)
    function = "pg_advisory_lock" if session else "pg_advisory_xact_lock"
    number = zlib.crc32(f"{'*' if of_all else settings.commune_code()}:{name}".encode()) - 2**31
    connection.execute(f"SELECT {function}(%s, %s)", (74484, number))
