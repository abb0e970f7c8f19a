"""Bỏ những gì đã quá hạn giữ, theo `sources/retention.yaml`: mỗi thứ giữ mấy tháng, theo văn bản nào.

- **Khi nào chạy?** 04:00 ngày làm việc thứ tư sau khi hết tháng, sau khi đã sao lưu.
- **Một lần hỏng có sao không?** Không: giữ thừa một tháng, lần sau bỏ. Số liệu không bao giờ đổi.
- **Xem ở đâu?** Nhật ký của bước đỏ; `tthc retention` cho biết còn gì quá hạn; sổ `ops.erasures`, `ops.redactions`.
- **Chạy lại thế nào?** Bấm Clear: chạy thừa không sao.
"""

from datetime import timedelta

import pendulum
from airflow.sdk import DAG
from tthc_dags.steps import say, step

from vietnamese_schedule import AfterMonthEnd

with DAG(
    dag_id="monthly_cleaning",
    dag_display_name="Bỏ những gì đã quá hạn giữ",
    description="Thời hạn giữ kho lưu, vùng chờ, nhật ký",
    doc_md=__doc__,
    schedule=AfterMonthEnd(n=4, hour=4),
    start_date=pendulum.datetime(2025, 7, 1, tz="Asia/Ho_Chi_Minh"),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=5)},
    tags=["4. giữ gìn"],
):

    @step("Bỏ những gì đã quá hạn", ends_run=True)
    def clean() -> dict[str, int]:
        """Làm theo từng luật; trả về mỗi luật đã bỏ bao nhiêu."""
        from pathlib import Path

        from airflow.sdk.configuration import conf

        from tthc import settings
        from tthc.safekeeping import retention

        logs, now = Path(conf.get("logging", "base_log_folder")), pendulum.now("Asia/Ho_Chi_Minh")
        removed: dict[str, int] = {}
        for code in settings.in_force():
            with settings.for_commune(code):
                for each in retention.due(now, logs):
                    count = each.apply(say) if each.count else 0
                    removed[each.rule.what] = removed.get(each.rule.what, 0) + count
        return removed

    clean()
