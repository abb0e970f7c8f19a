"""Trông chừng: luồng nào đọc chậm, sự cố nào mới, sự cố nào đã xong; mỗi nguyên do báo một lần hỏng, một lần xong.

- **Khi nào chạy?** Mười phút một lần. Tin của một lần chạy gộp vào một lời báo.
- **Một lần hỏng có sao không?** Không với số liệu; nhưng không ai được báo gì cho đến khi nó chạy lại. Việc chưa báo
  được vẫn nằm đó, lần sau báo.
- **Xem ở đâu?** Nhật ký của bước đỏ; `GET /health` của trang Airflow; `tthc status`.
- **Chạy lại thế nào?** Tự chạy lại. Báo thử: đặt `TTHC_MAIL_URL` hoặc `TTHC_ALERT_URLS` rồi Trigger.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from tthc_dags import alerts
from tthc_dags.steps import say, step

with DAG(
    dag_id="watch",
    dag_display_name="Trông chừng và báo",
    description="Độ tươi của các luồng, sự cố mới và đã xong",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("*/10 * * * *", timezone="Asia/Ho_Chi_Minh", run_immediately=timedelta(0)),
    catchup=False,
    max_active_runs=1,
    tags=["4. giữ gìn"],
):

    @step("Trông chừng", ends_run=True)
    def watch() -> dict:
        """Mở và khép sự cố đọc chậm, báo những gì chưa báo, ghi các số đo cho OpenTelemetry."""
        from tthc.flows import watching

        done = watching.watch(alerts.tell)
        say(
            f"{done['opened']} sự cố mới, {done['closed']} đã xong; đã báo: {'có' if done['told'] else 'không'}"
        )
        return done

    watch()
