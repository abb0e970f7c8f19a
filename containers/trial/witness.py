"""What the trial looks at: the door, the work, and every table beside that of ``make run``."""

import json
import subprocess
import sys
from collections.abc import Iterator

from containers.trial.images import ROOT, TrialFailed
from containers.trial.stack import Stack

_DATABASES = ("metadata-db", "warehouse-db", "broker", "archive")
_CHECKSUMS = """
import json, sys
sys.path[:0] = [{root!r}, {root!r} + '/plugins']
from tests.proof.small_pull import checksums, nothing_lost_or_twice
nothing_lost_or_twice({url!r})
print(json.dumps(checksums({url!r}, accounting=False)))
"""
_REQUEST = (
    "import json, ssl, sys, urllib.request as u, urllib.error as e\n"
    + """
context = ssl._create_unverified_context()
def ask(path, token=None, body=None, method=None):
    headers = {'Content-Type': 'application/json'}
    if token: headers['Authorization'] = 'Bearer ' + token
    data = None if body is None else json.dumps(body).encode()
    request = u.Request('https://localhost:8443' + path, data=data, headers=headers, method=method)
    try:
        with u.urlopen(request, context=context, timeout=30) as answer:
            return answer.status, json.loads(answer.read() or b'null')
    except e.HTTPError as problem:
        return problem.code, None
def token(name, password):
    return ask('/auth/token', body={'username': name, 'password': password})[1]['access_token']
words = json.loads(sys.stdin.read())
found = {}
found['anonymous'] = ask('/api/v2/dags')[0]
found['wrong password'] = ask('/auth/token', body={'username': 'data', 'password': 'x' * 12})[0]
found['execution from outside'] = ask('/execution/health')[0]
data, approver = token('data', words['data']), token('approver', words['approver'])
found['data sees DAGs'] = ask('/api/v2/dags', data)[0]
found['approver sees DAGs'] = ask('/api/v2/dags', approver)[0]
run = {'logical_date': None, 'dag_run_id': 'not-mine'}
found['approver starts a run'] = ask('/api/v2/dags/rebuild_month/dagRuns', approver, run)[0]
found['data reads connections'] = ask('/api/v2/connections', data)[0]
found['data reads variables'] = ask('/api/v2/variables', data)[0]
found['data reads the configuration'] = ask('/api/v2/config', data)[0]
print(json.dumps(found))
"""
)
_EXPECTED = {
    "anonymous": {401}, "wrong password": {401}, "execution from outside": {404},
    "data sees DAGs": {200}, "approver sees DAGs": {200}, "approver starts a run": {403},
    "data reads connections": {403}, "data reads variables": {403}, "data reads the configuration": {403},
}  # fmt: skip


def of_the_door(stack: Stack) -> Iterator[str]:
    """Yield what was seen of the page in front; raise when somebody may what they should not."""
    words = {name: secret(stack, f"{name}_password") for name in ("data", "approver")}
    command = [*stack.podman.inside, sys.executable, "-c", _REQUEST]
    done = subprocess.run(command, input=json.dumps(words), capture_output=True, text=True)
    if done.returncode:
        raise TrialFailed(f"trang không trả lời: {done.stderr.strip()[-500:]}")
    found = json.loads(done.stdout)
    wrong = [f"{name}: {found[name]}" for name, right in _EXPECTED.items() if found[name] not in right]
    if wrong:
        raise TrialFailed(f"cửa không như phải thế: {', '.join(wrong)}")
    yield "cửa: " + ", ".join(f"{name} {code}" for name, code in found.items())
    stores = [service for service in _DATABASES if stack.containers(service)]
    for service in stores:
        ports = stack.podman.run("port", stack.containers(service)[0], check=False).strip()
        if ports:
            raise TrialFailed(f"{service} mở cổng ra máy chủ: {ports}")
    yield f"không mở cổng nào: {', '.join(stores)}"
    shown = stack.inside(at_work(stack), "sh", "-c", "id -u; id -g; touch /opt/tthc/x 2>/dev/null && echo writable; "
                         "command -v cc gcc; grep CapEff /proc/self/status; ulimit -n")  # fmt: skip
    words_of_worker = shown.split()
    if words_of_worker[0] == "0" or "writable" in words_of_worker or "gcc" in shown:
        raise TrialFailed(f"máy xử lý có quyền không nên có: {shown}")
    yield f"máy xử lý: {' '.join(words_of_worker)}"


def of_the_work(stack: Stack) -> Iterator[str]:
    """Yield how the work was spread, and whether the ten promises hold."""
    rows = query(
        stack,
        "SELECT hostname, count(*), max(try_number) FROM task_instance WHERE state = 'success' AND hostname <> ''"
        " GROUP BY hostname ORDER BY hostname",
    )
    yield f"việc đã làm, theo máy: {rows}"
    tried = query(stack, "SELECT dag_id, task_id, try_number FROM task_instance WHERE try_number > 1")
    yield f"việc phải làm lại: {tried}"
    failed = query(stack, "SELECT dag_id, run_id FROM dag_run WHERE state = 'failed'")
    if failed:
        raise TrialFailed(f"lần chạy hỏng: {failed}")
    program = ("/opt/tthc/.venv/bin/python", "-m", "tthc.compose.container")
    told = stack.inside(at_work(stack), *program, "tthc", "doctor")
    yield told.strip().splitlines()[-1]


def at_work(stack: Stack) -> str:
    """Return a container in which steps run: a worker's, or the scheduler's where there are none."""
    return [*stack.containers("worker"), *stack.containers("scheduler")][0]


def running_steps(stack: Stack, dag_id: str) -> list[list[str]]:
    """Return (host, step) of what is running of a DAG."""
    return query(
        stack, f"SELECT hostname, task_id FROM task_instance WHERE state = 'running' AND dag_id = '{dag_id}'"
    )


def query(stack: Stack, sql: str) -> list[list[str]]:
    """Return rows of Airflow's own database."""
    shown = stack.inside(
        stack.containers("metadata-db")[0],
        "psql", "-h", "/tmp", "-U", "postgres", "-d", "airflow", "-At", "-F", "\t", "-c", sql,
    )  # fmt: skip
    return [line.split("\t") for line in shown.splitlines() if line]


def checksums(stack: Stack) -> dict[str, list]:
    """Return a checksum of every table of the trial's warehouse, read from the trial's own network."""
    database = [*stack.containers("warehouse-db"), *stack.containers("metadata-db")][0]
    address = json.loads(
        stack.podman.run("inspect", "--format", "{{json .NetworkSettings.Networks}}", database)
    )
    host = next(iter(address.values()))["IPAddress"]
    url = f"postgresql://tthc:{secret(stack, 'warehouse_password')}@{host}:5432/warehouse"
    return _checksums([*stack.podman.inside], url)


def checksums_of_make_run() -> dict[str, list]:
    """Return the same of the warehouse that ``make run`` made here."""
    return _checksums([], _of_make_run("TTHC_WAREHOUSE_URL"))


def key_of_make_run() -> str:
    """Return the key with which ``make run`` hashes identities."""
    return _of_make_run("TTHC_SECRET_KEY")


def secret(stack: Stack, name: str) -> str:
    """Return a secret of the trial."""
    return (stack.environment_file.parent / "secrets" / name).read_text(encoding="utf-8").strip()


def _of_make_run(name: str) -> str:
    lines = (
        (ROOT / "var" / "run.env").read_text(encoding="utf-8").splitlines()
        if (ROOT / "var" / "run.env").exists()
        else []
    )
    for line in lines:
        if line.startswith(f"{name}="):
            return line.partition("=")[2]
    raise TrialFailed("chưa có gì để so: chạy `make run` trước (bảng được so với bảng của lệnh ấy).")


def _checksums(inside: list[str], url: str) -> dict[str, list]:
    program = _CHECKSUMS.format(root=str(ROOT), url=url)
    done = subprocess.run([*inside, sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise TrialFailed(f"không tính được dấu của các bảng: {done.stderr.strip()[-600:]}")
    return json.loads(done.stdout.splitlines()[-1])
