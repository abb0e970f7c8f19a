"""Đọc một luồng dữ liệu: lấy về, cất nguyên văn, đưa vào vùng chờ, kiểm tra, gộp vào kho.

- **Một lần hỏng có sao không?** Không. Kho giữ trạng thái tốt gần nhất; lần đọc sau đọc lại từ 7 ngày trước
  lần đọc đủ gần nhất nên không mất gì. Hỏng hai lần liền thì phải xem.
- **Xem ở đâu?** Nhật ký của bước đỏ. Bước «audit» đỏ nghĩa là luật của lô dừng luồng này (và chỉ luồng này):
  `tthc quarantine list` cho biết luật nào, dòng nào. Bước «fetch» đỏ nghĩa là hệ thống nguồn không trả lời.
- **Chạy lại thế nào?** Bấm Clear ở bước đỏ, hoặc Trigger một lần mới; chạy thừa không làm sai số nào.
  Muốn đọc một khoảng ngày nhất định thì điền hai ô ngày khi Trigger; để trống là theo lệ thường.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, Param
from tthc_dags import freshness, order
from tthc_dags.assets import MONTHS, outlet
from tthc_dags.steps import say, step

from tthc.sources.streams import Stream, streams

ZONE = "Asia/Ho_Chi_Minh"
DAY = {"type": ["null", "string"], "format": "date"}
WINDOW = {
    "window_from": Param(None, title="Đọc từ ngày", description="Để trống: theo lệ thường.", **DAY),
    "window_to": Param(None, title="Đến hết ngày", description="Để trống: đến hôm nay.", **DAY),
}
RETRIES = {"retries": 2, "retry_delay": timedelta(seconds=30), "retry_exponential_backoff": True}


def schedule(stream: Stream) -> CronTriggerTimetable | None:
    """Return when a stream is read: at its next time to come, never at one before it was known."""
    if stream.schedule is None:
        return None
    return CronTriggerTimetable(stream.schedule, timezone=ZONE, run_immediately=timedelta(0))


def ingest(stream: Stream) -> DAG:
    """Return the DAG of one stream."""
    is_city = stream.kind == "city"
    with DAG(
        dag_id=f"ingest_{stream.stream}",
        dag_display_name=f"Đọc {stream.title}",
        description=f"Nguồn {stream.stream} → {stream.table}",
        doc_md=__doc__,
        schedule=schedule(stream),
        catchup=False,
        # One writer per stream; a second run waits its turn.
        max_active_runs=1,
        default_args=RETRIES,
        params=WINDOW if is_city else {},
        tags=["1. đọc"],
    ) as dag:

        @step("Lấy về", tells_itself=True)
        def fetch(params: dict | None = None) -> int:
            """Lấy dữ liệu về và cất nguyên văn vào kho lưu; trả về số hiệu lần lấy."""
            from tthc import flows

            window = params["window_from"], params["window_to"]
            return flows.fetch(stream.stream, *window, progress=say)

        @step("Tìm tệp mới")
        def inbox() -> list[int]:
            """Cất mọi tệp mới của luồng này trong hộp nhận; trả về số hiệu các lần lấy."""
            from tthc import flows

            return flows.inbox(stream.stream, progress=say)

        @step("Đưa vào vùng chờ")
        def stage(fetch_id: int) -> int:
            """Chép các cột được phép vào vùng chờ; định danh người chỉ còn mã băm."""
            from tthc import flows

            say(f"{flows.stage(fetch_id, progress=say)}")
            return fetch_id

        @step("Kiểm tra")
        def audit(fetch_id: int) -> int:
            """Chấm từng dòng theo bộ luật; dòng sai vào vùng cách ly, lô sai thì dừng luồng."""
            from tthc import flows

            order.wait_for_others(stream, fetch_id, say)
            say(f"{flows.audit(fetch_id, progress=say)}")
            return fetch_id

        @step("Gộp vào kho", ends_run=True, outlets=[outlet(stream)], inlets=[MONTHS])
        def merge(
            fetch_id: int, outlet_events=None, asset_state_store=None, dag_run=None, task_instance=None
        ) -> dict:
            """Gộp vào kho trong một giao dịch; yêu cầu tính lại những tháng có số đã đổi."""
            from tthc import flows

            result = flows.merge(fetch_id, progress=say)
            memory, now = asset_state_store[MONTHS], freshness.present()
            months = result["months"]
            if not freshness.is_repeated(dag_run, task_instance):
                months = freshness.to_ask(months, memory.get("asked", {}), memory.get("began", {}), now)
            memory.set("asked", freshness.note(memory.get("asked"), months, now))
            # Without a month the event carries no partition and starts nothing.
            outlet_events[outlet(stream)].add_partitions(months)
            say(f"Yêu cầu tính lại: {', '.join(months) or 'không tháng nào'}")
            return result

        if is_city:
            merge(audit(stage(fetch())))
        else:
            merge.expand(fetch_id=audit.expand(fetch_id=stage.expand(fetch_id=inbox())))
    return dag


for declared in streams().values():
    globals()[f"ingest_{declared.stream}"] = ingest(declared)
