"""The check that everyone's rights in the warehouse are as ``tthc.warehouse.roles`` declares them."""

from __future__ import annotations

import time

import psycopg

from tthc.warehouse import roles
from tthc.warehouse.doctor import EXAMPLES, Check, Finding, finding

_RIGHTS = Check(
    "P8",
    "rights_are_as_declared",
    "mỗi nhóm quyền có đúng những quyền đã khai, không thiếu, không thừa",
    "",
    "Chạy tthc init bằng tài khoản của kho; thiếu nhóm thì nhờ người quản trị Postgres, xem docs/roles.md.",
)


def findings(connection: psycopg.Connection) -> list[Finding]:
    """Compare the rights of the groups, and of everyone, with the declared ones."""
    began = time.monotonic()
    absent, wrong = roles.missing(connection), roles.differences(connection)
    examples = [f"chưa có nhóm {name}" for name in absent] + wrong
    return [finding(_RIGHTS, len(roles.declared(connection)), len(examples), examples[:EXAMPLES], began)]
