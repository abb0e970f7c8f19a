"""A running demo city, and a reader patient enough to get the truth out of it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
CLIENT_ID, SECRET = "thu", "bi-mat-chi-dung-de-thu"
SEED, CLOCK = 3, "2025-07-31T18:00:00+07:00"


class RunningCity:
    """The city's address, its keeper's key, and plain calls to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def put(self, path: str, body: dict) -> httpx.Response:
        return self.client.put(path, json=body, headers={"X-Demo-Key": SECRET})

    def set_troubles(self, **rates: float) -> None:
        assert self.put("/_demo/troubles", {"seed": 11, "rates": rates}).status_code == 200

    def counts(self) -> dict[str, int]:
        return self.client.get("/_demo/troubles", headers={"X-Demo-Key": SECRET}).json()["counts"]

    def token(self) -> str:
        form = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": SECRET}
        return self.client.post("/oauth/token", data=form).json()["access_token"]

    def get(self, path: str, **query: object) -> httpx.Response:
        return self.client.get(path, params=query, headers={"Authorization": f"Bearer {self.token()}"})


class PatientReader:
    """Reads windows until they are complete: last page seen, as many distinct keys as announced."""

    def __init__(self, city: RunningCity, page_size: int = 200) -> None:
        self.city, self.page_size = city, page_size
        self.token = city.token()
        self.tries = 0

    def window(self, kind: str, first: date, last: date, passes: int = 3) -> list[dict]:
        """Return every row of the window, in order of reading (rows read twice are there twice)."""
        rows: list[dict] = []
        for _ in range(passes if first == last else 1):
            pages, is_complete = self._pass(kind, first, last)
            rows += pages
            if is_complete:
                return rows
        assert first < last, f"{kind} {first} is still short after {passes} passes"
        middle = first + (last - first) // 2
        rows += self.window(kind, first, middle)
        rows += self.window(kind, middle + timedelta(days=1), last)
        return rows

    def _pass(self, kind: str, first: date, last: date) -> tuple[list[dict], bool]:
        rows: list[dict] = []
        announced, page = 0, 1
        while True:
            envelope = self.page(kind, pageNumber=page, tuNgay=f"{first:%Y%m%d}", denNgay=f"{last:%Y%m%d}")
            rows += envelope["data"]
            announced = max(announced, envelope.get("totalCount", announced))
            if not envelope.get("hasNextPage"):
                break
            page += 1
        return rows, "hasNextPage" in envelope and len({key(kind, row) for row in rows}) >= announced

    def page(self, kind: str, **query: object) -> dict:
        """Return one page, through at most eight tries."""
        for _ in range(8):
            self.tries += 1
            headers = {"Authorization": f"Bearer {self.token}"}
            params = {"pageSize": self.page_size} | query
            try:
                found = self.city.client.get(f"/api/{kind}", params=params, headers=headers)
                if found.status_code == 200:
                    return json.loads(found.content)
            except (httpx.TransportError, json.JSONDecodeError):
                continue
            if found.status_code == 401:
                self.token = self.city.token()
        raise AssertionError(f"eight tries were not enough for {kind} {query}")


def key(kind: str, row: dict) -> object:
    """Return what makes a row distinct."""
    if kind == "ho-so":
        return row.get("MaHoSo")
    return tuple(row.get(name) for name in ("MaHoSo", "ThoiDiemXuLy", "TrangThai", "NoiDungXuLy"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def city_process() -> Iterator[RunningCity]:
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "demo",
        "serve",
        "--port",
        str(port),
        "--seed",
        str(SEED),
        "--clock",
        CLOCK,
    ]
    settings = os.environ | {"TTHC_CITY_CLIENT_ID": CLIENT_ID, "TTHC_CITY_CLIENT_SECRET": SECRET}
    process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL)
    try:
        city = RunningCity(f"http://127.0.0.1:{port}")
        end = time.monotonic() + 30
        while True:
            try:
                assert city.client.get("/_demo/health").json()["seed"] == SEED
                break
            except httpx.ConnectError:
                assert process.poll() is None and time.monotonic() < end, "the demo city did not start"
                time.sleep(0.05)
        yield city
        city.client.close()
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def city(city_process: RunningCity) -> RunningCity:
    """A city without troubles whose clock stands at the evening of 31 July 2025."""
    city_process.set_troubles()
    city_process.put("/_demo/clock", {"now": CLOCK})
    return city_process


@pytest.fixture
def reader(city: RunningCity) -> PatientReader:
    return PatientReader(city)
