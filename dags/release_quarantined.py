"""Xét lại những dòng cách ly mà người trông khu cách ly đã đề nghị (`tthc quarantine release`).

Người trông khu cách ly chỉ được quyết định, không được nhập dòng vào kho; bước này làm việc nhập ấy thay họ.

- **Một lần hỏng có sao không?** Không. Đề nghị còn nguyên, mười phút sau được làm lại.
- **Xem ở đâu?** Nhật ký của bước đỏ; `tthc quarantine show SỐ` cho biết ai đề nghị và dòng đã đạt hay chưa.
- **Chạy lại thế nào?** Bấm Clear, hoặc Trigger; chạy thừa không làm gì. Không qua Airflow: `tthc quarantine answer`.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from tthc_dags import communes, freshness
from tthc_dags.assets import MONTHS, month_assets, outlet
from tthc_dags.communes import mapped, partitions
from tthc_dags.steps import say, step

from tthc.sources.streams import stream_named

with DAG(
    dag_id="release_quarantined",
    dag_display_name="Xét lại dòng cách ly theo đề nghị",
    description="Đề nghị của người trông khu cách ly → kho",
    doc_md=__doc__,
    schedule=CronTriggerTimetable(
        "*/10 6-18 * * *", timezone="Asia/Ho_Chi_Minh", run_immediately=timedelta(0)
    ),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(seconds=30)},
    tags=["1. đọc"],
):

    @step("Tìm đề nghị đang chờ", ends_run=True)
    def waiting() -> list[list[int]]:
        """Trả về số của các dòng có đề nghị chưa được xét lại; không có thì bước sau được bỏ qua."""
        from tthc.flows import releases

        numbers = releases.waiting()
        return [numbers] if numbers else []

    @step("Tìm đề nghị đang chờ", ends_run=True)
    def waiting_anywhere() -> list[dict]:
        """Trả về các xã có đề nghị chưa được xét lại, kèm số của các dòng; không có thì bước sau được bỏ qua."""
        from tthc.flows import many

        return many.waiting()

    @step("Xét lại theo đề nghị", ends_run=True, outlets=month_assets(), inlets=[MONTHS], **mapped())
    def answer(numbers: list[int], outlet_events=None, asset_state_store=None, commune=None) -> dict:
        """Chấm lại các dòng được đề nghị, nhập dòng đạt; yêu cầu tính lại những tháng có số đã đổi."""
        from tthc.flows import releases

        done = releases.answer(numbers, progress=say)
        memory = asset_state_store[MONTHS]
        for stream, months in done["streams"].items():
            freshness.remember(memory, "asked", months, freshness.present())
            outlet_events[outlet(stream_named(stream))].add_partitions(partitions(months))
        say(f"Đã nhập {len(done['released'])} dòng; còn bị cách ly {len(done['still_refused'])} dòng.")
        return {"released": done["released"], "months": done["months"]}

    if communes.are_several():
        answer.expand_kwargs(waiting_anywhere())
    else:
        answer.expand(numbers=waiting())
