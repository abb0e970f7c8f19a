"""What ``make run`` ends with: the last months' indicators, by ``tthc indicators``, and the addresses."""

import csv
import io
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

from tthc import settings
from tthc.errors import TthcError
from tthc.stack.installation import Installation

MONTHS_SHOWN = 3
#: What the table of units shows: enough to see who is late, narrow enough for a screen.
UNIT_INDICATORS = (
    "dossier_on_time_rate",
    "progress_rate_766",
    "dossier_overdue_open_count",
    "online_submission_rate",
    "component_digitized_rate",
)


def show(months: list[str]) -> None:
    """Print two tables on stdout: the commune over the last months, and its units in the last one."""
    from rich.console import Console
    from rich.table import Table

    from tthc.indicators import definitions

    titles = {name: indicator.name for name, indicator in definitions.shown().items()}
    months, last = months[-MONTHS_SHOWN:], months[-1]
    console = Console(width=None if sys.stdout.isatty() else 150)
    commune = {
        month: {row["indicator"]: _cell(row) for row in indicators(month, "commune")} for month in months
    }
    table = Table(title=f"Chỉ tiêu đã công bố của xã {settings.commune_code()}")
    table.add_column("Chỉ tiêu")
    for month in months:
        table.add_column(month, justify="right")
    for indicator in dict.fromkeys(name for values in commune.values() for name in values):
        table.add_row(
            titles.get(indicator, indicator), *(commune[month].get(indicator, "") for month in months)
        )
    console.print(table)

    units: dict[str, dict[str, str]] = defaultdict(dict)
    for row in indicators(last, "unit"):
        units[row["code"]][row["indicator"]] = _cell(row)
    table = Table(title=f"Các đơn vị, tháng {last}")
    table.add_column("Đơn vị")
    for indicator in UNIT_INDICATORS:
        table.add_column(titles.get(indicator, indicator), justify="right")
    for unit, values in units.items():
        table.add_row(unit, *(values.get(indicator, "") for indicator in UNIT_INDICATORS))
    console.print(table)


def indicators(month: str, level: str) -> list[dict[str, str]]:
    """Return the published rows of a month, as the command line gives them."""
    command = [
        str(Path(sys.executable).parent / "tthc"),
        "indicators",
        month,
        "--level",
        level,
        "--format",
        "csv",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=settings.root())
    if done.returncode != 0:
        raise TthcError(f"`tthc indicators {month}` không chạy được: {done.stderr.strip()[-500:]}")
    return list(csv.DictReader(io.StringIO(done.stdout)))


def addresses(here: Installation) -> list[tuple[str, str]]:
    """Return what is running and where."""
    keys = here.keys
    return [
        ("Airflow", here.airflow_url),
        (
            "  tài khoản",
            "data, approver (mật khẩu: in một lần khi dựng; xem lại trong var/airflow/passwords.json)",
        ),
        ("Kho dữ liệu", f"127.0.0.1:{here.ports.postgres}/warehouse, người dùng tthc"),
        ("Thành phố giả lập", f"{here.city_url} (mã {keys.city_client_id})"),
        ("Dòng lệnh", ".venv/bin/tthc --help"),
    ]


def _cell(row: dict[str, str]) -> str:
    if row["status"] == "no_data":
        return "–"
    few = " *" if row["status"] == "small_n" else ""
    return f"{row['value']}{few}"
