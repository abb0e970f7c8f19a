"""Đánh giá một quý hoặc một năm: tính phiếu, kiểm, chờ điểm và khiếu nại, hai người duyệt, niêm.

- **Khi nào chạy?** Trigger khi kỳ đã công bố; năm thì trước 15/12. Đã cho xem phiếu giấy từ trước thì ghi ngày ấy: năm
  ngày làm việc tính từ đó; lần chạy và phiếu đã niêm đều nói ngày nào, ai ghi.
- **Trả lời ở đâu?** Mục «Required Actions». `data` (bên tổng hợp): thiếu điểm thì chờ hay tiếp tục, rồi duyệt;
  `approver` (bên quyết định): duyệt sau cùng. Một người trả lời cả hai lần duyệt thì không niêm.
- **Chờ lâu có sao không?** Không. Trong năm ngày làm việc khiếu nại, bước chờ không giữ máy nào.
- **Một lần hỏng có sao không?** Không. Phiếu đã mở, đã niêm không đổi; phiếu chưa niêm thì tính lại được.
- **Xem ở đâu?** Nhật ký của bước đỏ chỉ có số đếm; ai thiếu, sai gì: `tthc score check KỲ --by …`.
- **Chạy lại thế nào?** Nạp sổ (chấm điểm, khiếu nại, miễn trừ) rồi bấm Clear từ bước đỏ. Bị trả lại, hoặc phiếu đổi sau
  khi duyệt: Clear từ «Tính lại sau khiếu nại». Niêm lại kỳ đã niêm: Trigger lần nữa, thành phiên bản mới bên cạnh.
"""

from datetime import timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import DAG, Param
from tthc_dags import approval, communes, scoring
from tthc_dags.steps import say, step

with DAG(
    dag_id="score_period",
    dag_display_name="Đánh giá kỳ và niêm phiếu",
    description="Tính, kiểm, khiếu nại, hai người duyệt, niêm",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=4,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=30)},
    params={
        "period": Param(
            type="string",
            pattern=r"^\d{4}(-Q[1-4])?$",
            title="Kỳ đánh giá",
            description="2025, hoặc 2025-Q3.",
        ),
        "opened_on": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Ngày đã cho xem phiếu",
            description="Để trống: hôm nay. Năm ngày làm việc khiếu nại tính từ ngày này.",
        ),
        **communes.choice(),
    },
    tags=["4. đánh giá"],
):

    @step("Tính và kiểm phiếu")
    def check(params=None, dag_run=None) -> dict:
        """Tính mọi phiếu của kỳ và kiểm: tổng, khoảng điểm, không thiếu ai, không ai hai lần. Sai thì dừng."""
        from tthc.flows import score_period

        return score_period.check(params["period"], scoring.runner(dag_run), strict=True, progress=say)

    @step("Có thiếu điểm của ai không")
    def missing(told: dict) -> dict:
        """Đếm người chưa tự chấm, chưa có điểm của người đứng đầu; không thiếu ai thì không hỏi."""
        return scoring.about_missing(told)

    ask_missing = HITLOperator(
        task_id="ask_missing",
        options=[scoring.LOADED, scoring.GO_ON],
        doc_md="Bên tổng hợp trả lời: đã nạp đủ sổ chấm điểm, hay tiếp tục khi thiếu và vì sao.",
        retry_delay=timedelta(seconds=10),
        **scoring.asked(scoring.COMPILES, "Thiếu điểm: chờ hay tiếp tục", asks="missing"),
    )

    @step("Mở cho xem và khiếu nại", trigger_rule="none_failed")
    def open_window(params=None, dag_run=None, ti=None) -> dict:
        """Giữ lại các phiếu như cho xem; từ hôm nay (hoặc ngày đã ghi) nhận khiếu nại năm ngày làm việc."""
        from tthc.flows import score_period

        answer = ti.xcom_pull(task_ids="ask_missing")
        return score_period.open_window(
            params["period"],
            scoring.runner(dag_run),
            opened_on=params["opened_on"],
            missing_reason=scoring.reason_to_go_on(answer),
            progress=say,
        )

    wait = DateTimeSensorAsync(
        task_id="wait_for_objections",
        task_display_name="Chờ hết năm ngày làm việc",
        target_time="{{ ti.xcom_pull('open_window')['closes_at'] }}",
        timeout=timedelta(days=60).total_seconds(),
        doc_md="Chờ đến hết ngày cuối nhận khiếu nại, theo lịch làm việc của kho; không giữ máy nào.",
    )

    @step("Tính lại sau khiếu nại")
    def settle(params=None, dag_run=None, ti=None) -> dict:
        """Mỗi khiếu nại phải có trả lời; tính lại mọi phiếu và cho biết bao nhiêu phiếu đã đổi."""
        from tthc.flows import score_period

        told = score_period.settle(params["period"], scoring.runner(dag_run), progress=say)
        return {**told, **scoring.about_sheets(told)}

    approve_compiled = HITLOperator(
        task_id="approve_compiled",
        options=[approval.APPROVE, approval.RETURN],
        doc_md="Bên tổng hợp (tài khoản data) duyệt hoặc trả lại, kèm lý do.",
        retry_delay=timedelta(seconds=10),
        **scoring.asked(scoring.COMPILES, "Duyệt: bên tổng hợp", asks="settle"),
    )

    @step("Bên tổng hợp đã duyệt")
    def passed_on(response: dict, params=None) -> list[str]:
        """Ghi ai duyệt, lời gì; bị trả lại thì không hỏi bên quyết định."""
        return list(approval.decision(response, params["period"]))

    approve_decided = HITLOperator(
        task_id="approve_decided",
        options=[approval.APPROVE, approval.RETURN],
        doc_md="Bên quyết định (tài khoản approver, người khác) duyệt hoặc trả lại, kèm lý do.",
        retry_delay=timedelta(seconds=10),
        **scoring.asked(scoring.DECIDES, "Duyệt: bên quyết định", asks="settle"),
    )

    @step("Niêm phiếu", ends_run=True)
    def seal(first: list[str], response: dict, settled: dict, params=None, dag_run=None) -> dict:
        """Niêm đúng các phiếu hai người đã duyệt; phiếu đã đổi, hoặc hai lần duyệt là một người, thì không niêm."""
        from tthc.evaluation.sealed import Approvals
        from tthc.flows import score_period

        second = approval.decision(response, params["period"])
        return score_period.seal(
            params["period"],
            scoring.runner(dag_run),
            Approvals(*first, *second),
            content_hash=settled["content_hash"],
            progress=say,
        )

    checked = check()
    opened, settled = open_window(), settle()
    checked >> missing(checked) >> ask_missing >> opened >> wait >> settled >> approve_compiled
    first = passed_on(approve_compiled.output)
    first >> approve_decided
    seal(first, approve_decided.output, settled)
