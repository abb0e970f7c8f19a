"""Which months a run stands for: those a person chose, else the month that is its data interval."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tthc.errors import UsageError
from tthc.workdays import periods

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def month_of_interval(start: datetime | None) -> str:
    """Return the label of the month in which an interval begins in Vietnam, such as ``2025-07``."""
    if start is None:
        raise UsageError("Lần chạy này không gắn với tháng nào: hãy chọn tháng trong biểu mẫu khi Trigger.")
    return start.astimezone(ZONE).strftime("%Y-%m")


def chosen_months(first: str | None, last: str | None, start: datetime | None) -> list[str]:
    """Return the months ``first`` to ``last``, both inside; without ``first`` the month of the interval."""
    first = first or month_of_interval(start)
    return list(periods.months_between(first, last or first))


def listed_months(months: Sequence[str] | None, start: datetime | None) -> list[str]:
    """Return the listed months in order, each once; without any the month of the interval."""
    found = sorted(set(months or [month_of_interval(start)]))
    for month in found:
        if periods.parse(month).kind != "month":
            raise UsageError(f"Không phải là tháng: {month!r}. Hãy viết như 2025-07.")
    return found


def labels(refreshed: dict) -> list[str]:
    """Return the labels of the periods that a refresh computed, each once, in order."""
    return sorted({entry["period"] for entry in refreshed["periods"]})
