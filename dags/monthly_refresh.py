"""Chốt tháng: tính lần cuối tháng vừa hết, so với bản đã công bố, xin duyệt, công bố bản bất biến.

- **Khi nào chạy?** 02:00 ngày làm việc thứ hai sau khi hết tháng. Trigger bằng tay thì chọn các tháng trong
  biểu mẫu.
- **Duyệt ở đâu?** Mục «Required Actions» của Airflow, bằng tài khoản `approver`: đọc phần so sánh, chọn
  «Duyệt» hoặc «Trả lại», ghi lý do. Người duyệt được báo khi có việc và được nhắc lại nếu để quá hai ngày.
- **Một lần hỏng có sao không?** Không. Người đọc vẫn thấy bản công bố trước; bản đã công bố không bao giờ
  bị sửa.
- **Xem ở đâu?** Nhật ký của bước đỏ; `tthc indicators THÁNG --draft` cho thấy số sắp công bố.
- **Nhiều xã?** Mỗi xã một việc duyệt riêng; xã này bị trả lại hay hỏng không cản xã kia.
- **Chạy lại thế nào?** Bấm Clear từ bước đỏ. Công bố lại số không đổi thì không sinh bản mới.
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, Param, task_group
from tthc_dags import approval, communes
from tthc_dags.communes import mapped
from tthc_dags.months import listed_months
from tthc_dags.steps import say, step

from vietnamese_schedule import AfterMonthEnd

with DAG(
    dag_id="monthly_refresh",
    dag_display_name="Chốt tháng và công bố",
    description="Tháng vừa hết: tính, so, duyệt, công bố",
    doc_md=__doc__,
    schedule=AfterMonthEnd(n=2, hour=2),
    start_date=pendulum.datetime(2025, 7, 1, tz="Asia/Ho_Chi_Minh"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    params={
        "months": Param(
            None,
            type=["null", "array"],
            items={"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"},
            title="Các tháng",
            description="Mỗi dòng một tháng, ví dụ 2025-07. Để trống: tháng vừa hết.",
        ),
        **communes.form(),
    },
    tags=["3. công bố"],
):

    @step("Chọn xã")
    def choose(params=None) -> list[str]:
        """Trả về các xã đã chọn trong biểu mẫu; không chọn thì mọi xã."""
        from tthc.flows import many

        return many.chosen(params["communes"])

    @step("Tính lần cuối", **mapped())
    def refresh(params=None, data_interval_start=None, commune=None) -> list[str]:
        """Tính lại các tháng của lần chạy này; trả về các tháng."""
        from tthc import flows

        months = listed_months(params["months"], data_interval_start)
        flows.refresh(months, progress=say)
        return months

    @step("So với bản đã công bố", **mapped())
    def compare(months: list[str], commune=None) -> dict:
        """So các tháng với bản công bố gần nhất; trả về lời trình cho người duyệt."""
        from tthc import flows

        return approval.request([flows.compare(month) for month in months], commune)

    def ask_approver() -> HITLOperator:
        own = ", map_indexes=ti.map_index" if communes.are_several() else ""
        return HITLOperator(
            task_id="approve",
            task_display_name="Duyệt",
            subject=f"{{{{ ti.xcom_pull('compare'{own})['subject'] }}}}",
            body=f"{{{{ ti.xcom_pull('compare'{own})['body'] }}}}",
            options=[approval.APPROVE, approval.RETURN],
            params={"reason": Param("", type="string", title="Lý do", description="Bắt buộc khi trả lại.")},
            assigned_users=[{"id": "approver", "name": "approver"}],
            notifiers=[approval.Notice()],
            response_timeout=approval.REMIND_AFTER,
            retries=approval.REMINDERS,
            retry_delay=timedelta(seconds=10),
        )

    @step("Công bố", ends_run=True, map_index_template="{{ month }}")
    def publish(month: str, response: dict) -> dict:
        """Công bố tháng đã duyệt và mọi kỳ kết thúc cùng tháng; bị trả lại thì dừng kèm lý do."""
        from airflow.sdk import get_current_context

        from tthc import flows

        get_current_context()["month"] = month
        by, reason = approval.decision(response, month)
        return flows.publish(month, by=by, reason=reason)

    @step("Công bố", ends_run=True, **mapped())
    def publish_commune(months: list[str], response: dict, commune=None) -> dict:
        """Công bố các tháng đã duyệt của một xã; bị trả lại thì dừng kèm lý do."""
        from tthc import flows

        by, reason = approval.decision(response, ", ".join(months))
        return {month: flows.publish(month, by=by, reason=reason) for month in months}

    @task_group(group_id="commune", prefix_group_id=False)
    def close(commune) -> None:
        months = refresh(commune=commune)
        approve = ask_approver()
        compare(months, commune=commune) >> approve
        publish_commune(months, approve.output, commune=commune)

    if communes.are_several():
        close.expand(commune=choose())
    else:
        months, approve = refresh(), ask_approver()
        compare(months) >> approve
        publish.partial(response=approve.output).expand(month=months)
