"""Sao lưu kho mỗi tháng, rồi khôi phục thử: bản sao lưu chưa khôi phục được thì chưa phải bản sao lưu.

- **Khi nào chạy?** 03:00 ngày làm việc thứ ba sau khi hết tháng, sau khi tháng đã chốt; Trigger lúc nào cũng được.
- **Một lần hỏng có sao không?** Có: đang không có bản sao lưu mới dùng được. Kho vẫn chạy; phải xem trong ngày.
- **Xem ở đâu?** Nhật ký của bước đỏ: thiếu `TTHC_BACKUP_KEY`, không ghi được vào `TTHC_BACKUP`, hoặc tài khoản của kho
  không được tạo cơ sở dữ liệu tạm (lời báo có câu lệnh cho người quản trị Postgres).
- **Chạy lại thế nào?** Bấm Clear. Mỗi lần là một tệp mới; mười hai bản mới nhất được giữ.
"""

from datetime import timedelta

import pendulum
from airflow.sdk import DAG
from tthc_dags import alerts
from tthc_dags.steps import say, step

from vietnamese_schedule import AfterMonthEnd

KEPT = 12

with DAG(
    dag_id="monthly_backup",
    dag_display_name="Sao lưu và khôi phục thử",
    description="Bản sao lưu của kho, đã khôi phục được",
    doc_md=__doc__,
    schedule=AfterMonthEnd(n=3, hour=3),
    start_date=pendulum.datetime(2025, 7, 1, tz="Asia/Ho_Chi_Minh"),
    catchup=False,
    max_active_runs=1,
    # Without a backup that opens nobody should wait for the next watch.
    default_args={
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "on_failure_callback": alerts.Alert(),
    },
    tags=["4. giữ gìn"],
):

    @step("Sao lưu rồi khôi phục thử", ends_run=True)
    def drill() -> dict:
        """Sao lưu, khôi phục vào một cơ sở dữ liệu tạm, so từng lần công bố, bỏ cơ sở dữ liệu tạm, dọn bản cũ."""
        from tthc import settings
        from tthc.safekeeping import restoring

        done = restoring.drill(settings.backup_url(), say)
        return {**done, "removed": restoring.keep_newest(settings.backup_url(), KEPT)}

    drill()
