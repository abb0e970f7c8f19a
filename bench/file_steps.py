"""The steps with files that are measured, each run as ``python -m bench.file_steps NAME ROWS`` in its own process.

They follow the steps with dossiers in the same warehouse: the csv shows the other side of those dossiers.
"""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

from bench import given_files
from bench.steps import clock, import_judge, silent, told
from tthc import flows, settings
from tthc.sources import reader_process, spreadsheets, streams
from tthc.warehouse import consequences, database, reconciliation

#: Of how many rows a workbook has one: nobody keeps a million in Excel.
XLSX_SHARE = 5
STEPS = {
    "csv_raw": "csv: chỉ đọc bằng mô-đun csv của Python",
    "csv_examine": "csv: xem xét (luồng nào, dấu mật, bảng mã, ngày, số)",
    "csv_read": "csv: xem xét rồi đọc mọi dòng",
    "csv_load": "csv: tthc load đến hết nhập vào core",
    "match": "khớp hai hệ thống và phân lớp mọi hồ sơ",
    "xlsx_raw": "xlsx: chỉ đọc bằng calamine",
    "xlsx_examine": "xlsx: xem xét",
    "xlsx_read": "xlsx: xem xét rồi đọc mọi dòng",
    "xlsx_load": "xlsx: tthc load đến hết nhập vào core",
}


def rows_of(name: str, rows: int) -> int:
    """Return how many rows a step works on."""
    return rows // XLSX_SHARE if name.startswith("xlsx") else rows


def made(name: str, rows: int) -> Path:
    """Return the file of a step, written outside the clock when it is not there yet."""
    folder = Path(settings.state()) / "files"
    folder.mkdir(parents=True, exist_ok=True)
    kind = name.partition("_")[0]
    path = folder / f"{rows}.{kind}"
    if not path.exists():
        (given_files.portal_csv if kind == "csv" else given_files.payments_xlsx)(path, rows)
    return path


def csv_raw(rows: int) -> float:
    """Take a csv apart with the standard library, and keep nothing."""
    body = made("csv", rows).read_bytes()

    def work() -> None:
        for _ in csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8-sig", newline="")):
            pass

    return clock(work)


def xlsx_raw(rows: int) -> float:
    """Take a workbook apart with calamine, and keep nothing."""
    import python_calamine as calamine

    body = made("xlsx", rows).read_bytes()

    def work() -> None:
        for _ in calamine.load_workbook(io.BytesIO(body)).get_sheet_by_index(0).iter_rows():
            pass

    return clock(work)


def _examine(name: str, rows: int) -> float:
    body, known = made(name, rows).read_bytes(), list(streams.streams().values())
    return clock(lambda: spreadsheets.examine(body, known))


def _read(name: str, rows: int) -> float:
    body, known = made(name, rows).read_bytes(), list(streams.streams().values())

    def work() -> None:
        stream = streams.stream_named(spreadsheets.examine(body, known).stream)
        for _ in spreadsheets.rows(body, stream):
            pass

    return clock(work)


def _load(name: str, rows: int) -> float:
    """Load a file without what follows from it: the matching is measured by itself."""
    import_judge()
    flows.init(silent)
    path = made(name, rows)
    consequences.after = lambda *_: []
    return clock(lambda: flows.load([str(path)], silent))


def match(rows: int) -> float:
    """Match and class every dossier of both systems."""

    def work() -> None:
        with database.connection() as connection:
            reconciliation.everything(connection)

    return clock(work)


WORK = {
    "csv_raw": csv_raw,
    "xlsx_raw": xlsx_raw,
    "match": match,
    **{f"{kind}_examine": lambda rows, kind=kind: _examine(kind, rows) for kind in ("csv", "xlsx")},
    **{f"{kind}_read": lambda rows, kind=kind: _read(kind, rows) for kind in ("csv", "xlsx")},
    **{f"{kind}_load": lambda rows, kind=kind: _load(kind, rows) for kind in ("csv", "xlsx")},
}


def measured(rows: int, name: str) -> str:
    """Run a step and tell of it, the process included in which files are opened."""

    def work(count: int) -> float:
        seconds = WORK[name](count)
        # Only a process that has ended tells its peak.
        reader_process.end_idle()
        return seconds

    return told(work, rows)


if __name__ == "__main__":
    print(measured(int(sys.argv[2]), sys.argv[1]))
