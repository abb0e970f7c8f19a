"""Airflow's REST API, as a person's account: trigger, wait, answer what waits for a person."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from tthc.errors import TthcError, Unreachable

#: A look costs the API server 20 ms of processor time.
STEP_SECONDS = 0.4
#: How often a question is put that got no answer at all.
TRIES = 5
RUNNING = ("queued", "running")


class Airflow:
    """One account's session; a token lasts a day, far longer than any command of ours."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=60, trust_env=False)
        answer = self._http.post("/auth/token", json={"username": user, "password": password})
        if answer.status_code != 201:
            raise Unreachable(f"Airflow không nhận tài khoản {user} (mã {answer.status_code}).")
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, **options: Any) -> Any:
        """Return the JSON answer of one call; an error has status and path, never the body that was sent."""
        answer = self._answer(method, f"/api/v2{path}", options)
        if answer.is_error:
            raise TthcError(
                f"Airflow từ chối {method} {path}: mã {answer.status_code}. {_detail(answer)}".strip()
            )
        return answer.json() if answer.content else None

    def _answer(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        """Return one answer; a question, which changes nothing, is put again on a machine that is too busy."""
        for attempt in range(TRIES if method == "GET" else 1):
            try:
                return self._http.request(method, path, **options)
            except httpx.HTTPError as error:
                problem = error
                time.sleep(STEP_SECONDS * 2**attempt)
        raise Unreachable(f"Airflow ở {self.url} không trả lời ({type(problem).__name__}).") from problem

    def items(self, path: str, key: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Yield every item of a list, page by page."""
        offset = 0
        while True:
            page = self.call("GET", path, params={**query, "limit": 100, "offset": offset})
            yield from page[key]
            offset += len(page[key])
            if not page[key] or offset >= page["total_entries"]:
                return

    def dag_ids(self) -> set[str]:
        """Return the DAGs that Airflow has read and that still exist."""
        return {dag["dag_id"] for dag in self.items("/dags", "dags", exclude_stale=True)}

    def import_errors(self) -> list[str]:
        """Return the DAG files that could not be read."""
        return [error["filename"] for error in self.items("/importErrors", "import_errors")]

    def set_pool(self, name: str, slots: int, description: str) -> None:
        """Make a pool, or give it this many slots; what a person set it to is overwritten."""
        body = {
            "name": name,
            "pool": name,
            "slots": slots,
            "description": description,
            "include_deferred": False,
        }
        known = {pool["name"] for pool in self.items("/pools", "pools")}
        if name in known:
            self.call("PATCH", f"/pools/{name}", json={key: body[key] for key in body if key != "name"})
        else:
            self.call("POST", "/pools", json={key: body[key] for key in body if key != "pool"})

    def runs(self, dag_id: str, **query: Any) -> list[dict[str, Any]]:
        """Return runs of a DAG."""
        return list(self.items(f"/dags/{dag_id}/dagRuns", "dag_runs", **query))

    def start(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> None:
        """Start a run of this name; one that failed goes on where it failed, one that is there is left."""
        known = next(
            (run for run in self.runs(dag_id, run_id_pattern=run_id) if run["dag_run_id"] == run_id), None
        )
        if known is None:
            body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
            self.call("POST", f"/dags/{dag_id}/dagRuns", json=body)
        elif known["state"] == "failed":
            self.call(
                "POST", f"/dags/{dag_id}/dagRuns/{run_id}/clear", json={"dry_run": False, "only_failed": True}
            )

    def wait(
        self,
        dag_id: str,
        run_id: str,
        *,
        until: str | None = None,
        meanwhile: Callable[[], Any] | None = None,
        patience: float = 900,
    ) -> None:
        """Return when a run (or its step ``until``) succeeded; raise with the failed step when it failed."""
        deadline = time.monotonic() + patience
        place = f"/dags/{dag_id}/dagRuns/{run_id}"
        watched = f"{place}/taskInstances/{until}" if until else place
        while True:
            state = self.call("GET", watched)["state"]
            if state == "success":
                return
            if state in ("failed", "upstream_failed"):
                raise TthcError(self._why(dag_id, run_id))
            if time.monotonic() > deadline:
                page = f"{self.url}/dags/{dag_id}/runs/{run_id}"
                raise TthcError(f"{dag_id} chưa xong sau {patience:.0f} giây; xem {page}")
            if meanwhile is not None:
                meanwhile()
            time.sleep(STEP_SECONDS)

    def result(self, dag_id: str, run_id: str, task_id: str) -> Any:
        """Return what a step of a run returned."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        return self.call("GET", path, params={"deserialize": True})["value"]

    def waiting(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return what waits for a person's answer in a run."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/hitlDetails"
        return list(self.items(path, "hitl_details", response_received=False))

    def answer(self, detail: dict[str, Any], options: list[str], **form: str) -> None:
        """Give a person's answer to one waiting step."""
        step = detail["task_instance"]
        place = f"/dags/{step['dag_id']}/dagRuns/{step['dag_run_id']}/taskInstances/{step['task_id']}"
        body = {"chosen_options": options, "params_input": form}
        self.call("PATCH", f"{place}/{step['map_index']}/hitlDetails", json=body)

    def _why(self, dag_id: str, run_id: str) -> str:
        steps = self.items(f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances", "task_instances", state="failed")
        names = ", ".join(sorted({step["task_display_name"] for step in steps})) or "không rõ bước nào"
        return f"{dag_id} hỏng ở bước: {names}. Xem {self.url}/dags/{dag_id}/runs/{run_id}"


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json().get("detail", ""))[:300]
    except (ValueError, AttributeError):
        return ""
