"""A city's installation: its DAGs are those of one commune, mapped over all of them.

One commune needs none of this: its steps, keys and memories are as they always were.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from airflow.sdk import Param, get_current_context

from tthc import settings
from tthc.errors import UsageError
from tthc.stack import pools

#: Later steps go first, so that a commune that was begun is finished before others are begun.
STEPS = ("fetch", "stage", "audit", "merge")


def are_several() -> bool:
    """Whether the DAGs are mapped over communes; reads the environment only."""
    return settings.has_several_communes()


def in_pool(step: str, *, is_waited_for: bool = False) -> dict[str, Any]:
    """Return the options of a step of a reading; streams that others wait for go before those."""
    if not are_several():
        return {}
    weight = 10 + STEPS.index(step) + (len(STEPS) if is_waited_for else 0)
    return {
        "pool": pools.INGEST,
        "priority_weight": weight,
        "weight_rule": "absolute",
        "map_index_template": "{{ commune }}",
    }


def mapped(**options: Any) -> dict[str, Any]:
    """Return the options of any other step that is mapped over communes."""
    return {"map_index_template": "{{ commune }}", **options} if are_several() else options


def form() -> dict[str, Param]:
    """Return what a form asks more when there are several: for which communes; nothing for one."""
    if not are_several():
        return {}
    return {
        "communes": Param(
            None,
            type=["null", "array"],
            items={"type": "string", "enum": list(settings.communes())},
            title="Các xã",
            description="Mỗi dòng một mã xã. Để trống: mọi xã.",
        )
    }


def choice() -> dict[str, Param]:
    """Return what a form asks more when there are several and a run is one commune's; nothing for one."""
    if not are_several():
        return {}
    codes = list(settings.communes())
    return {"commune": Param(type="string", enum=codes, title="Xã", description="Mỗi xã một lần chạy.")}


def partitions(months: list[str]) -> list[str]:
    """Return the partition keys of months of the commune in force: ``2025-07``, among several ``11674 2025-07``."""
    return [f"{settings.commune_code()} {month}" for month in months] if are_several() else list(months)


def month_of(key: str) -> str:
    """Return the month of a partition key.

    >>> month_of("11674 2025-07"), month_of("2025-07")
    ('2025-07', '2025-07')
    """
    return key.rpartition(" ")[2]


def of_step(named: Mapping[str, Any]) -> str | None:
    """Return the commune that a step works for, None for one that works for all, or for the only one.

    It is the step's argument ``commune``, else the first word of the run's partition key, else what the form says.
    """
    if not are_several():
        return None
    if named.get("commune"):
        return named["commune"]
    context = _context()
    run = context.get("dag_run")
    key = (getattr(run, "partition_key", None) or "").split()
    params = context.get("params") or {}
    return key[0] if len(key) == 2 else params.get("commune")


@contextmanager
def in_force(commune: str | None) -> Iterator[None]:
    """Let a commune be in force, and be the name of the mapped step; None changes nothing."""
    if commune is None:
        yield
        return
    if commune not in settings.communes():
        raise UsageError(f"Bản cài này không có xã {commune}.")
    if context := _context():
        context["commune"] = commune
    with settings.for_commune(commune):
        yield


def _context() -> Any:
    try:
        return get_current_context()
    except RuntimeError:
        return {}
