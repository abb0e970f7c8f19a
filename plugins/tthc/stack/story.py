"""The demo, told through Airflow itself: sixteen month ends pulled, counted, approved and published.

Each run has a name of its own (``demo__2025-07``), so telling it again goes on where it stopped and repeats
nothing.
"""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx

from tthc import settings
from tthc.errors import TthcError
from tthc.landing.inbox import SETTLED_AFTER_SECONDS
from tthc.sources import streams
from tthc.stack import installation
from tthc.stack.api import RUNNING, Airflow
from tthc.stack.installation import Installation
from tthc.stack.screen import elapsed, say
from tthc.workdays import periods
from tthc.workdays.periods import months_between

FIRST_MONTH, LAST_MONTH = "2025-07", "2026-10"
#: The first reading goes back this far: life before the commune was formed carries over.
BEGINNING = date(2025, 1, 1)
OVERLAP = timedelta(days=7)
EVENTS, DOSSIERS = "ingest_city__progress_events", "ingest_city__dossiers"
CATALOGUE, REFRESH, CLOSING = "ingest_register__procedures", "refresh_months", "monthly_refresh"
NEEDED = {EVENTS, DOSSIERS, CATALOGUE, REFRESH, CLOSING}
CATALOGUE_RUN, FILES_RUN = "demo__catalogue", "demo__files"
APPROVE = "Duyệt"
PERSON_NEEDS = timedelta(seconds=4)


def tell(here: Installation, last: str = LAST_MONTH) -> None:
    """Carry the demo city's dossiers to published months, ``last`` the last; then print the table."""
    airflow = Airflow(here.airflow_url, "data", here.keys.data_password)
    _wait_for_dags(airflow)
    if settings.has_several_communes():
        say(f"Đã dựng cho {len(settings.communes())} xã; câu chuyện mẫu chỉ kể cho một xã. Đọc cả thành phố:")
        say(f"Trigger ingest_city__progress_events, ingest_city__dossiers ở {airflow.url}; đo: make bench.")
        return
    if installation.has_demo_city():
        done = {run["dag_run_id"] for run in airflow.runs(DOSSIERS, state="success")}
        months = months_between(FIRST_MONTH, last)
        _offer_catalogue(here, airflow)
        with _files_being_written(airflow, months[-1]) as written:
            for month in months:
                if _run_id(month) not in done:
                    _pull(here, airflow, month)
            _move_clock(here, _end(months[-1]))
            _offer_files(here, airflow, written)
        _settle(airflow)
        _publish(here, airflow, months)
        _show(here, months)


def window(month: str) -> tuple[date, date]:
    """Return the days asked for at the end of a month: a week of overlap, as always; the first asks for all."""
    end = _end(month)
    return (BEGINNING if month == FIRST_MONTH else end.replace(day=1) - OVERLAP), end


def clock_file() -> Path:
    """Return where the city's time is kept, for a city that is started again."""
    return settings.state() / "demo-clock"


def _wait_for_dags(airflow: Airflow) -> None:
    deadline = time.monotonic() + 90
    told = False
    while missing := NEEDED.union(_file_dags()) - airflow.dag_ids():
        if broken := airflow.import_errors():
            raise TthcError(f"Airflow không đọc được tệp DAG: {', '.join(broken)}. Xem {airflow.url}.")
        if time.monotonic() > deadline:
            raise TthcError(f"Airflow chưa thấy DAG: {', '.join(sorted(missing))}. Kiểm tra thư mục dags/.")
        if not told:
            say("Đang chờ Airflow đọc các DAG…")
            told = True
        time.sleep(0.3)


def _offer_catalogue(here: Installation, airflow: Airflow) -> None:
    """Put the catalogue of procedures into the inbox and start its DAG; the first dossiers wait for it."""
    if any(run["dag_run_id"] == CATALOGUE_RUN for run in airflow.runs(CATALOGUE, state="success")):
        return
    inbox = here.folder / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        [sys.executable, "-m", "demo", "registers", str(inbox)],
        cwd=settings.root(),
        env=installation.base_environment(),
        capture_output=True,
        text=True,
    )
    if made.returncode != 0:
        raise TthcError(f"Không tạo được danh mục thủ tục mẫu: {made.stderr.strip()[-300:]}")
    airflow.start(CATALOGUE, CATALOGUE_RUN, {})


@contextmanager
def _files_being_written(airflow: Airflow, last: str) -> Iterator[subprocess.Popen | None]:
    """Let the offices write their registers and exports beside the pulls; None when they were taken in already."""
    if any(run["dag_run_id"] == FILES_RUN for run in airflow.runs(_file_dags()[-1], state="success")):
        yield None
        return
    folder = settings.state() / "demo-files"
    shutil.rmtree(folder, ignore_errors=True)
    clock = f"{_end(last).isoformat()}T23:00:00+07:00"
    writing = subprocess.Popen(
        [sys.executable, "-m", "demo", "files", "--out", str(folder), "--clock", clock, "--broken"],
        cwd=settings.root(),
        env=installation.base_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield writing
    finally:
        if writing.poll() is None:
            writing.kill()
            writing.communicate()


def _offer_files(here: Installation, airflow: Airflow, writing: subprocess.Popen | None) -> None:
    """Put every other office's file into the inbox and let its DAG take it; some hold planted errors."""
    if writing is None:
        return
    _, problem = writing.communicate()
    if writing.returncode != 0:
        raise TthcError(f"Không tạo được các tệp mẫu: {problem.strip()[-300:]}")
    for path in sorted((settings.state() / "demo-files").iterdir()):
        if path.suffix != ".json" and not (here.folder / "inbox" / path.name).exists():
            shutil.move(path, here.folder / "inbox" / path.name)
    time.sleep(SETTLED_AFTER_SECONDS + 1)
    first, *others = _file_dags()
    airflow.start(first, FILES_RUN, {})
    # The first to look receives them all; the others find theirs in the ledger.
    airflow.wait(first, FILES_RUN, until="inbox")
    for dag_id in others:
        airflow.start(dag_id, FILES_RUN, {})
    for dag_id in (first, *others):
        airflow.wait(dag_id, FILES_RUN)
    say(f"Tệp của {1 + len(others)} nguồn khác đã nạp; những dòng sai cố ý nằm ở vùng cách ly.")


def _file_dags() -> list[str]:
    """Return the DAGs of the streams that come in files; the catalogue's has run before."""
    return [
        f"ingest_{stream.stream}"
        for stream in streams.streams().values()
        if stream.kind == "file" and f"ingest_{stream.stream}" != CATALOGUE
    ]


def _pull(here: Installation, airflow: Airflow, month: str) -> None:
    """Read the city as it stands on the evening of a month end: events first, then dossiers."""
    first, last = window(month)
    _move_clock(here, last)
    conf = {"window_from": first.isoformat(), "window_to": last.isoformat()}
    run_id = _run_id(month)
    airflow.start(EVENTS, run_id, conf)
    airflow.wait(EVENTS, run_id, until="fetch")
    if month == FIRST_MONTH:
        airflow.wait(CATALOGUE, CATALOGUE_RUN)
        say("Danh mục thủ tục hành chính đã nạp từ tệp xlsx.")
    # The dossiers are fetched and staged meanwhile; they are judged when the events are merged.
    airflow.start(DOSSIERS, run_id, conf)
    airflow.wait(EVENTS, run_id)
    airflow.wait(DOSSIERS, run_id)
    merged = airflow.result(DOSSIERS, run_id, "merge")
    say(
        f"Cuối tháng {last:%m/%Y}: đọc {merged['read']} dòng hồ sơ, thay đổi {merged['merged']}, "
        f"cách ly {merged['quarantined']}; tính lại {len(merged['months'])} tháng."
    )


def _move_clock(here: Installation, end: date) -> None:
    """Set the city's clock to 23:00 of a day."""
    moment = f"{end.isoformat()}T23:00:00+07:00"
    answer = httpx.put(
        f"{here.city_url}/_demo/clock",
        json={"now": moment},
        headers={"X-Demo-Key": here.keys.city_client_secret},
        timeout=60,
        trust_env=False,
    )
    if answer.is_error:
        raise TthcError(f"Thành phố giả lập không nhận giờ mới (mã {answer.status_code}).")
    clock_file().write_text(moment + "\n", encoding="utf-8")


def _settle(airflow: Airflow) -> None:
    """Wait until every month that moved has been counted again."""
    told = False
    calm = 0
    while calm < 3:
        left = sum(len(airflow.runs(REFRESH, state=state)) for state in RUNNING)
        calm = 0 if left else calm + 1
        if left and not told:
            say("Đang chờ các tháng vừa thay đổi được tính lại…")
            told = True
        time.sleep(0.3)
    if failed := airflow.runs(REFRESH, state="failed"):
        keys = ", ".join(sorted({run["partition_key"] for run in failed}))
        raise TthcError(f"Có tháng tính lại bị hỏng: {keys}. Xem {airflow.url}/dags/{REFRESH}")


def _publish(here: Installation, airflow: Airflow, months: list[str]) -> None:
    """Let the approver approve every month of the story, in mapped tasks of one run."""
    run_id = f"demo__{months[0]}__{months[-1]}"
    if any(run["dag_run_id"] == run_id for run in airflow.runs(CLOSING, state="success")):
        return
    approver = Airflow(here.airflow_url, "approver", here.keys.approver_password)
    say(f"Đang chốt {len(months)} tháng; tài khoản approver duyệt từng tháng qua Airflow…")
    airflow.start(CLOSING, run_id, {"months": months})

    def approve() -> None:
        details = approver.waiting(CLOSING, run_id)
        newest = max((datetime.fromisoformat(detail["created_at"]) for detail in details), default=None)
        # An answer that comes before the scheduler has seen the step go to sleep would fail the step.
        if newest is None or datetime.now(UTC) - newest < PERSON_NEEDS:
            return
        for detail in details:
            if detail["task_instance"]["state"] == "awaiting_input":
                approver.answer(detail, [APPROVE], reason="Số liệu mẫu, duyệt khi dựng máy")

    airflow.wait(CLOSING, run_id, meanwhile=approve)
    say("Đã công bố mọi tháng.")


def _run_id(month: str) -> str:
    return f"demo__{month}"


def _end(month: str) -> date:
    return periods.parse(month).end


def _show(here: Installation, months: list[str]) -> None:
    """Print the last months' indicators and the addresses."""
    from tthc.stack import summary

    summary.show(months)
    for name, address in summary.addresses(here):
        say(f"{name:18} {address}")
    say(f"Xong sau {elapsed():.0f} giây.")
