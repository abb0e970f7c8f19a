"""Đọc một luồng dữ liệu: lấy về, cất nguyên văn, đưa vào vùng chờ, kiểm tra, gộp vào kho.

- **Một lần hỏng có sao không?** Không. Kho giữ trạng thái tốt gần nhất; lần đọc sau đọc lại từ 7 ngày trước
  lần đọc đủ gần nhất nên không mất gì. Hỏng hai lần liền thì phải xem.
- **Xem ở đâu?** Nhật ký của bước đỏ. Bước «audit» đỏ nghĩa là luật của lô dừng luồng này (và chỉ luồng này):
  `tthc quarantine list` cho biết luật nào, dòng nào. Bước «fetch» đỏ nghĩa là hệ thống nguồn không trả lời.
- **Chạy lại thế nào?** Bấm Clear ở bước đỏ, hoặc Trigger một lần mới; chạy thừa không làm sai số nào.
  Muốn đọc một khoảng ngày nhất định thì điền hai ô ngày khi Trigger; để trống là theo lệ thường.
- **Nhiều xã?** Mỗi xã (hay mỗi tệp) một hàng bước riêng, mang mã xã: xã này hỏng không cản xã kia. Clear đúng hàng đỏ.
"""

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, Param, task_group
from tthc_dags import communes, freshness, order
from tthc_dags.assets import MONTHS, outlet
from tthc_dags.communes import in_pool, partitions
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
    is_city, are_several = stream.kind == "city", communes.are_several()
    first = any(stream.stream in other.after for other in streams().values())
    with DAG(
        dag_id=f"ingest_{stream.stream}",
        dag_display_name=f"Đọc {stream.title}",
        description=f"Nguồn {stream.stream} → {stream.table}",
        doc_md=__doc__,
        schedule=schedule(stream),
        catchup=False,
        # One writer per stream; a second run waits its turn, or takes the communes that the first one is done with.
        max_active_runs=2 if are_several and is_city else 1,
        default_args=RETRIES,
        params={**WINDOW, **communes.form()} if is_city else {},
        tags=["1. đọc"],
    ) as dag:

        @step("Chọn xã", priority_weight=20, weight_rule="absolute")
        def choose(params: dict | None = None, dag_run=None, task_instance=None) -> list[dict]:
            """Chọn các xã được đọc lần này; xã đang đọc dở ở lần chạy trước thì để lại cho lần ấy."""
            from tthc.flows import many

            return many.readings(
                stream.stream,
                params["communes"],
                is_asked=bool(params["window_from"] or params["window_to"]),
                leave_unfinished=task_instance.get_dr_count(dag_run.dag_id, states=["running"]) > 1,
                progress=say,
            )

        @step("Lấy về", tells_itself=True, **in_pool("fetch", is_waited_for=first))
        def fetch(params: dict | None = None, commune: str | None = None, kind: str = "asked") -> int:
            """Lấy dữ liệu về và cất nguyên văn vào kho lưu; trả về số hiệu lần lấy."""
            from tthc import flows

            window = params["window_from"], params["window_to"]
            how = None if kind == "asked" else kind
            return flows.fetch(stream.stream, *window, how, progress=say, waits=commune is None)

        @step("Tìm tệp mới")
        def inbox() -> list[int]:
            """Cất mọi tệp mới của luồng này trong hộp nhận; trả về số hiệu các lần lấy."""
            from tthc import flows

            return flows.inbox(stream.stream, progress=say)

        @step("Tìm tệp mới")
        def inboxes() -> list[dict]:
            """Cất mọi tệp mới trong hộp nhận của từng xã; trả về xã và số hiệu của các lần lấy thuộc luồng này."""
            from tthc.flows import many

            return many.inbox(stream.stream, progress=say)

        @step("Đưa vào vùng chờ", **in_pool("stage", is_waited_for=first))
        def stage(fetch_id: int, commune: str | None = None) -> int:
            """Chép các cột được phép vào vùng chờ; định danh người chỉ còn mã băm."""
            from tthc import flows

            say(f"{flows.stage(fetch_id, progress=say)}")
            return fetch_id

        @step("Kiểm tra", **in_pool("audit", is_waited_for=first))
        def audit(fetch_id: int, commune: str | None = None) -> int:
            """Chấm từng dòng theo bộ luật; dòng sai vào vùng cách ly, lô sai thì dừng luồng."""
            from tthc import flows

            order.wait_for_others(stream, fetch_id, say)
            say(f"{flows.audit(fetch_id, progress=say)}")
            return fetch_id

        @step(
            "Gộp vào kho",
            ends_run=True,
            outlets=[outlet(stream)],
            inlets=[MONTHS],
            **in_pool("merge", is_waited_for=first),
        )
        def merge(
            fetch_id: int,
            outlet_events=None,
            asset_state_store=None,
            dag_run=None,
            task_instance=None,
            commune: str | None = None,
        ) -> dict:
            """Gộp vào kho trong một giao dịch; yêu cầu tính lại những tháng có số đã đổi."""
            from tthc import flows

            result = flows.merge(fetch_id, progress=say)
            memory, now = asset_state_store[MONTHS], freshness.present()
            months = result["months"]
            if not freshness.is_repeated(dag_run, task_instance):
                asked, began = freshness.recall(memory, "asked"), freshness.recall(memory, "began")
                months = freshness.to_ask(months, asked, began, now)
            freshness.remember(memory, "asked", months, now)
            # Without a month the event carries no partition and starts nothing.
            outlet_events[outlet(stream)].add_partitions(partitions(months))
            say(f"Yêu cầu tính lại: {', '.join(months) or 'không tháng nào'}")
            return result

        def take_in(fetch_id, commune) -> None:
            merge(audit(stage(fetch_id, commune=commune), commune=commune), commune=commune)

        @task_group(group_id="commune", prefix_group_id=False)
        def of_commune(commune, kind) -> None:
            take_in(fetch(commune=commune, kind=kind), commune)

        @task_group(group_id="file", prefix_group_id=False)
        def of_file(commune, fetch_id) -> None:
            take_in(fetch_id, commune)

        if are_several:
            of_commune.expand_kwargs(choose()) if is_city else of_file.expand_kwargs(inboxes())
        elif is_city:
            merge(audit(stage(fetch())))
        else:
            merge.expand(fetch_id=audit.expand(fetch_id=stage.expand(fetch_id=inbox())))
    return dag


for declared in streams().values():
    globals()[f"ingest_{declared.stream}"] = ingest(declared)
