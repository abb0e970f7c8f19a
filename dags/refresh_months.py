"""Tính lại đúng những tháng mà một lần gộp vừa làm thay đổi, và các quý, nửa năm, năm chứa tháng đó.

- **Một lần hỏng có sao không?** Không. Số đã công bố không đổi; bản nháp của tháng đó còn là bản cũ.
- **Xem ở đâu?** Nhật ký của bước đỏ; cột «partition key» của lần chạy là tháng, ví dụ `2025-07`; khi có
  nhiều xã thì là xã và tháng, ví dụ `11674 2025-07`.
- **Chạy lại thế nào?** Bấm Clear, hoặc dùng DAG «Tính lại tháng theo yêu cầu». Mỗi lần chạy thay hẳn số của
  tháng đó nên chạy thừa hay chạy song song đều không sai.
"""

from datetime import timedelta
from functools import reduce
from operator import or_

from airflow.sdk import DAG, PartitionedAssetTimetable
from tthc_dags import communes, freshness
from tthc_dags.assets import MONTHS, month_assets
from tthc_dags.months import labels
from tthc_dags.steps import say, step

with DAG(
    dag_id="refresh_months",
    dag_display_name="Tính lại các tháng vừa thay đổi",
    description="Mỗi tháng bị một lần gộp chạm tới là một lần chạy",
    doc_md=__doc__,
    schedule=PartitionedAssetTimetable(assets=reduce(or_, month_assets())),
    catchup=False,
    # One at a time: readings come first, and what waits here meanwhile is counted once, not once for each.
    # Among several communes two are counted at a time; a run that gave way to another of its commune holds no place.
    max_active_runs=8 if communes.are_several() else 1,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    tags=["2. tính"],
):

    @step("Tính lại tháng", ends_run=True, inlets=[MONTHS], max_active_tis_per_dag=2)
    def refresh(dag_run=None, task_instance=None, asset_state_store=None) -> list[str]:
        """Tính lại tháng là khóa phân vùng của lần chạy này; trả về các kỳ đã tính.

        Tháng đã được tính sau lúc lần chạy này được yêu cầu thì không tính lại nữa (trừ khi có người bấm
        Clear).
        """
        from tthc import flows

        month, memory = communes.month_of(dag_run.partition_key), asset_state_store[MONTHS]
        counted = freshness.recall(memory, "counted")
        if freshness.is_fresh(month, counted, dag_run, task_instance):
            say(f"Tháng {month} đã được tính sau lúc có yêu cầu này.")
            return []
        if communes.are_several():
            began = freshness.recall(memory, "began")
            freshness.give_way_while_counted(month, began, counted, dag_run, task_instance)
        # Noted before the first look at the data: a merge that ends from here on asks again.
        began = freshness.present()
        months = {month}
        if communes.are_several():
            # What else waits for this commune is counted along: its quarters and years are then counted once.
            months |= freshness.waiting(freshness.recall(memory, "asked"), counted, began)
        freshness.remember(memory, "began", months, began)
        say(f"Tháng {', '.join(sorted(months))}")
        computed = labels(flows.refresh(months, progress=say))
        freshness.remember(memory, "counted", months, began)
        return computed

    refresh()
