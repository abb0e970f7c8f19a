"""What the approver is asked, told and reminded of, and how the answer is read."""

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseNotifier
from airflow.sdk.exceptions import AirflowSkipException

from tthc_dags import mail

log = logging.getLogger("tthc.dags")

APPROVE = "Duyệt"
RETURN = "Trả lại"
#: Without an answer the question is put again, and the approver told again; after four weeks it fails.
REMIND_AFTER = timedelta(days=2)
REMINDERS = 14
MOST_DIFFERENCES = 50


def request(comparisons: list[dict[str, Any]], commune: str | None = None) -> dict[str, str]:
    """Return subject and body (Markdown) for the approver, from what ``flows.compare`` found for each month.

    ``commune`` is whose months they are, when there are several.
    """
    months = [comparison["period"] for comparison in comparisons]
    span = months[0] if len(months) == 1 else f"{len(months)} tháng, {months[0]} đến {months[-1]}"
    shown = max(MOST_DIFFERENCES // len(months), 1)
    lines: list[str] = []
    for comparison in comparisons:
        lines += [f"### {comparison['period']}", "", comparison["summary"], ""]
        if comparison["differences"]:
            lines += [
                "| Lịch | Cấp | Mã | Chỉ tiêu | Đang công bố | Sắp công bố |",
                "|---|---|---|---|---|---|",
            ]
            lines += [_difference(each) for each in comparison["differences"][:shown]] + [""]
    chosen, whose = (f"--commune {commune} ", f" của {commune_label(commune)}") if commune else ("", "")
    lines += [f"Xem số đầy đủ: `tthc {chosen}indicators {months[-1]} --draft`."]
    return {"subject": f"Công bố {span}{whose}", "body": "\n".join(lines)}


def commune_label(commune: str) -> str:
    """Return a commune as the people who are asked know it."""
    from tthc.warehouse import seeds

    return f"xã {seeds.label(commune)}"


def decision(response: dict[str, Any], month: str) -> tuple[str, str]:
    """Return (who approved, why); a month that was returned skips its publication and says why."""
    by, reason = who(response), words(response)
    if response["chosen_options"] != [APPROVE]:
        raise AirflowSkipException(f"{by} trả lại {month}: {reason or 'không ghi lý do'}")
    return by, reason or "Duyệt trên Airflow"


def who(response: dict[str, Any]) -> str:
    """Return the name of the account that answered."""
    return (response.get("responded_by_user") or {}).get("name") or "không rõ"


def words(response: dict[str, Any]) -> str:
    """Return the reason that came with an answer, empty without one."""
    return str((response.get("params_input") or {}).get("reason") or "").strip()


class Notice(BaseNotifier):
    """Tells the approver that a month waits: in the log, and by mail when ``tthc_mail`` is declared."""

    def notify(self, context: Any) -> None:
        """Send the subject and the body of the task that asks."""
        task = context["task"]
        link = task.generate_link_to_ui_from_context(context=context)
        asked = context["task_instance"].try_number
        again = f" (nhắc lần {asked - 1})" if asked > 1 else ""
        mail.send(f"Cần duyệt{again}: {task.subject}", f"{task.body}\n\n{link}")


def _difference(difference: dict[str, Any]) -> str:
    names = ("calendar", "level", "code", "indicator", "old", "new")
    return f"| {' | '.join(_cell(difference[name]) for name in names)} |"


def _cell(value: Any) -> str:
    return "–" if value is None else str(value).replace("|", "/")
