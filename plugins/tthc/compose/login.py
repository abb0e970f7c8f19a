"""Who may do what in Airflow's pages: its provider with accounts and roles, held to the two roles of ours.

``data`` runs and repeats work, and answers what waits for who compiles; ``approver`` answers what waits for who
decides and changes nothing else. Nobody administers through the pages: accounts are made on the command line, and
roles are set back to what is written here at every start.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
    from airflow.providers.fab.auth_manager.models import User

DATA, APPROVER = "data", "approver"
HITL = "HITL Detail"
_SEEN = (
    "DAGs", "DAG Code", "DAG Dependencies", "DAG Runs", "DAG Versions", "DAG Warnings", "Assets", "Asset Aliases",
    "Backfills", "Cluster Activity", "ImportError", "Jobs", "Pools", "Task Instances", "Task Logs", "XComs",
    "HITL Detail", "Website", "My Password", "My Profile", "Plugins",
)  # fmt: skip
_MENUS = (
    "Browse", "DAGs", "DAG Dependencies", "DAG Runs", "Assets", "Cluster Activity", "Jobs", "Task Instances",
    "HITL Detail", "Pools",
)  # fmt: skip
_EVERYONE = [
    *(("can_read", what) for what in _SEEN),
    *(("menu_access", what) for what in _MENUS),
    ("can_edit", "My Password"),
    ("can_edit", "My Profile"),
]
ROLES: dict[str, list[tuple[str, str]]] = {
    DATA: [
        *_EVERYONE,
        ("can_edit", "DAGs"),
        ("can_create", "DAG Runs"),
        ("can_edit", "DAG Runs"),
        ("can_create", "Task Instances"),
        ("can_edit", "Task Instances"),
        ("can_create", "Backfills"),
        ("can_edit", "Backfills"),
        ("can_create", "Assets"),
        # A step says whose answer it waits for: this opens none of those that wait for the approver.
        ("can_edit", HITL),
    ],
    APPROVER: [*_EVERYONE, ("can_edit", HITL)],
}


def as_setting() -> str:
    """Return the roles as Airflow's ``[fab] custom_roles``."""
    return json.dumps(
        {
            role: [{"action": action, "resource": resource} for action, resource in permissions]
            for role, permissions in ROLES.items()
        }
    )


class AuthManager(FabAuthManager):
    """Accounts with passwords in Airflow's database. A step assigned to ``approver`` waits for that role."""

    def is_authorized_dag(
        self,
        *,
        method: ResourceMethod,
        user: User,
        access_entity: DagAccessEntity | None = None,
        details: DagDetails | None = None,
    ) -> bool:
        """Whether this person may do this: answering asks for no right to change the DAG, as it does in FAB itself."""
        answers = access_entity is DagAccessEntity.HITL_DETAIL and method == "PUT"
        if answers and not self._is_authorized(method="PUT", resource_type=HITL, user=user):
            return False
        asked = "GET" if answers else method
        return super().is_authorized_dag(
            method=asked, user=user, access_entity=access_entity, details=details
        )

    def is_authorized_hitl_task(self, *, assigned_users: set[str], user: User) -> bool:
        """Whether this person may answer: named, or of a role that is named."""
        return bool(assigned_users & {user.get_name(), *(role.name for role in user.roles)})
