"""What the people of an evaluation are asked in Airflow, with counts only, and how their answers are read."""

from typing import Any

from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowSkipException

from tthc import settings
from tthc.errors import UsageError
from tthc_dags import approval, communes

LOADED = "Đã nạp đủ"
GO_ON = "Tiếp tục khi thiếu"
#: Who compiles, and who decides: two accounts, in a compose installation two roles.
COMPILES, DECIDES = "data", "approver"


def asked(who: str, title: str, *, asks: str) -> dict[str, Any]:
    """Return the options of a step that waits for an answer of ``who``; its words come from the step ``asks``."""
    return {
        "task_display_name": title,
        "subject": f"{{{{ ti.xcom_pull('{asks}')['subject'] }}}}",
        "body": f"{{{{ ti.xcom_pull('{asks}')['body'] }}}}",
        "params": {"reason": Param("", type="string", title="Lý do", description="Lời của người trả lời.")},
        "assigned_users": [{"id": who, "name": who}],
        "notifiers": [approval.Notice()],
        "response_timeout": approval.REMIND_AFTER,
        "retries": approval.REMINDERS,
    }


def about_missing(told: dict[str, Any]) -> dict[str, str]:
    """Return the question whether to wait for points; skips when none are missing."""
    if not told["lacking_own_count"] and not told["lacking_head_count"]:
        raise AirflowSkipException("Không thiếu điểm của ai.")
    return {
        "subject": f"Đánh giá {told['period']}: còn thiếu điểm{_whose()}",
        "body": "\n".join(
            [
                f"- Chưa tự chấm: {told['lacking_own_count']} người.",
                f"- Chưa đủ điểm của người đứng đầu: {told['lacking_head_count']} người.",
                "",
                f"Xem là ai: `tthc score check {told['period']} --by …`. Nạp sổ chấm điểm rồi chọn «{LOADED}»;"
                f" hoặc chọn «{GO_ON}» và ghi vì sao: lý do được giữ cùng phiếu.",
            ]
        ),
    }


def reason_to_go_on(response: dict[str, Any] | None) -> str | None:
    """Return why to go on without some points; None when nothing was asked or everything is there now."""
    if response is None or response["chosen_options"] != [GO_ON]:
        return None
    reason = approval.words(response)
    if not reason:
        raise UsageError(f"«{GO_ON}» cần lý do: bấm Clear ở bước hỏi rồi trả lời lại.")
    return f"{approval.who(response)}: {reason}"


def about_sheets(told: dict[str, Any]) -> dict[str, str]:
    """Return what both approvers are asked: counts, and the hash of exactly these sheets."""
    lines = [
        f"- {told['unit_count']} phiếu đơn vị, {told['official_count']} phiếu người;"
        f" {told['provisional_count']} phiếu tạm.",
        f"- Từ lần công bố thứ {told['revision_number']} của kỳ.",
        f"- Mở ngày {told['opened_on']}, nhận khiếu nại đến hết ngày {told['closes_on']};"
        f" {told['objection_count']} khiếu nại, đều đã trả lời.",
        f"- {told['moved_count']} phiếu đổi so với lúc mở.",
        f"- Thiếu điểm mà vẫn tiếp tục: {max(told['lacking_own_count'], told['lacking_head_count'])} người.",
        f"- Dấu của các phiếu: `{told['content_hash']}`.",
    ]
    if told["moved_since_sealed_count"] is not None:
        lines.append(
            f"- Khác phiên bản {told['version'] - 1} đã niêm ở {told['moved_since_sealed_count']} phiếu."
        )
    lines += ["", f"Xem các phiếu: `tthc score {told['period']} --people --by …`."]
    return {
        "subject": f"Niêm đánh giá {told['period']}, phiên bản {told['version']}{_whose()}",
        "body": "\n".join(lines),
    }


def runner(run: Any) -> str:
    """Return who is noted as having made the sheets: the account that started the run."""
    return f"Airflow · {getattr(run, 'triggering_user_name', None) or 'không rõ'}"


def _whose() -> str:
    """Return of which commune a question is, when there are several."""
    return f", {approval.commune_label(settings.commune_code())}" if communes.are_several() else ""
