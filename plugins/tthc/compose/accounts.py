"""Makes the accounts of Airflow's pages, and sets the roles back to what they should be.

Run by the first container after Airflow's database is ready (``python -m tthc.compose.accounts``): passwords
come from the environment, never from the command line.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from tthc.compose import login
from tthc.errors import TthcError

PASSWORDS = {login.DATA: "TTHC_DATA_PASSWORD", login.APPROVER: "TTHC_APPROVER_PASSWORD"}


def prepare() -> list[str]:
    """Make accounts that are missing and put roles right; return what was changed, in words."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        changed = []
        for role, permissions in login.ROLES.items():
            if _put_right(builder.sm, role, permissions):
                changed.append(f"vai {role}")
        for name, variable in PASSWORDS.items():
            if _put_account(builder.sm, name, os.environ[variable]):
                changed.append(f"tài khoản {name}")
        unknown = [user.username for user in builder.sm.get_all_users() if _is_above(user)]
    if unknown:
        raise TthcError(
            f"Tài khoản có vai quản trị của Airflow: {', '.join(sorted(unknown))}. Không ai quản trị qua trang; "
            "bỏ vai ấy: airflow users remove-role -u TÊN -r Admin"
        )
    return changed


def _put_right(manager: Any, name: str, permissions: list[tuple[str, str]]) -> bool:
    role = manager.find_role(name) or manager.add_role(name)
    wanted = set(permissions)
    present = {(each.action.name, each.resource.name): each for each in role.permissions}
    for pair in wanted - present.keys():
        manager.add_permission_to_role(role, manager.create_permission(*pair))
    for pair in present.keys() - wanted:
        manager.remove_permission_from_role(role, present[pair])
    return wanted != present.keys()


def _put_account(manager: Any, name: str, password: str) -> bool:
    if manager.find_user(username=name) is not None:
        return False
    made = manager.add_user(
        username=name,
        first_name=name,
        last_name="TTHC",
        email=f"{name}@tthc.invalid",
        role=manager.find_role(name),
        password=password,
    )
    if not made:
        raise TthcError(f"Airflow không nhận tài khoản {name}.")
    return True


def _is_above(user: Any) -> bool:
    """Whether an account has a role of Airflow's own: only ours say what may be done here."""
    return any(role.name in ("Admin", "Op", "User") for role in user.roles)


if __name__ == "__main__":
    try:
        for change in prepare():
            print(f"Đã đặt {change}.", file=sys.stderr)
    except TthcError as error:
        sys.exit(f"LỖI: {error}")
