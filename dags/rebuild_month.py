"""Tính lại những tháng do người dùng chọn, từ dữ liệu đang có trong kho; không công bố gì.

- **Khi nào dùng?** Sau khi sửa SQL, lịch làm việc, bảng đơn vị; hoặc khi nghi một tháng chưa được tính lại.
- **Một lần hỏng có sao không?** Không. Số đã công bố không đổi.
- **Xem ở đâu?** Nhật ký của bước đỏ, rồi `tthc doctor`.
- **Chạy lại thế nào?** Trigger và điền hai ô tháng; hoặc Backfill từ ngày đến ngày, mỗi tháng một lần chạy.
"""

from datetime import timedelta

import pendulum
from airflow.sdk import DAG, Param
from tthc_dags import communes
from tthc_dags.communes import mapped
from tthc_dags.months import chosen_months, labels
from tthc_dags.steps import say, step

from vietnamese_schedule import MonthsOnRequest

MONTH = {"type": ["null", "string"], "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"}

with DAG(
    dag_id="rebuild_month",
    dag_display_name="Tính lại tháng theo yêu cầu",
    description="Biểu mẫu chọn tháng, hoặc Backfill",
    doc_md=__doc__,
    schedule=MonthsOnRequest(),
    start_date=pendulum.datetime(2024, 1, 1, tz="Asia/Ho_Chi_Minh"),
    catchup=False,
    max_active_runs=2,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    params={
        "month_from": Param(None, title="Từ tháng", description="Ví dụ 2025-07.", **MONTH),
        "month_to": Param(None, title="Đến hết tháng", description="Để trống: chỉ một tháng.", **MONTH),
        **communes.form(),
    },
    tags=["2. tính"],
):

    @step("Chọn xã")
    def choose(params=None) -> list[str]:
        """Trả về các xã đã chọn trong biểu mẫu; không chọn thì mọi xã."""
        from tthc.flows import many

        return many.chosen(params["communes"])

    @step("Tính lại các tháng", ends_run=True, **mapped())
    def rebuild(params=None, data_interval_start=None, commune=None) -> list[str]:
        """Tính lại các tháng đã chọn và mọi quý, nửa năm, năm chứa chúng; trả về các kỳ đã tính."""
        from tthc import flows

        months = chosen_months(params["month_from"], params["month_to"], data_interval_start)
        say(f"Các tháng: {', '.join(months)}")
        return labels(flows.refresh(months, progress=say))

    rebuild.expand(commune=choose()) if communes.are_several() else rebuild()
