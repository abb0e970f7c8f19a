"""What ``make run`` ends with: the last months' indicators, by ``tthc indicators``, and the addresses."""

import csv
import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tthc import settings
from tthc.errors import TthcError
from tthc.stack.installation import Installation

if TYPE_CHECKING:
    from rich.table import Table

MONTHS_SHOWN = 3
NOT_A_TERMINAL_WIDTH = 150


def show(months: list[str]) -> None:
    """Print two tables on stdout: the commune over the last months, and its units in the last one."""
    from rich.console import Console

    shown, last = months[-MONTHS_SHOWN:], months[-1]
    commune = {month: _values(indicators(month, "commune")) for month in shown}
    columns = {month: next(iter(values.values()), {}) for month, values in commune.items()}
    console = Console(width=None if sys.stdout.isatty() else NOT_A_TERMINAL_WIDTH)
    console.print(_table(f"Chỉ tiêu đã công bố của xã {settings.commune_code()}", columns))

    names = unit_names()
    units = {names.get(code, code): values for code, values in _values(indicators(last, "unit")).items()}
    console.print(_table(f"Các đơn vị, tháng {last}", units))
    console.print("–: không có hồ sơ nào để tính.   *: mẫu số nhỏ hơn 5.   …: chưa đủ dữ liệu của cả kỳ.")


def indicators(month: str, level: str) -> list[dict[str, str]]:
    """Return the published rows of a month, as the command line gives them."""
    command = [str(Path(sys.executable).parent / "tthc"), "indicators", month, "--level", level]
    done = subprocess.run([*command, "--format", "csv"], capture_output=True, text=True, cwd=settings.root())
    if done.returncode != 0:
        raise TthcError(f"`tthc indicators {month}` không chạy được: {done.stderr.strip()[-500:]}")
    return list(csv.DictReader(io.StringIO(done.stdout)))


def unit_names() -> dict[str, str]:
    """Return the names of the units by their codes."""
    from tthc.warehouse import seeds

    return {unit.code: unit.name for unit in seeds.declared_units().units}


def addresses(here: Installation) -> list[tuple[str, str]]:
    """Return what is running and where."""
    return [
        ("Airflow", f"{here.airflow_url} (tài khoản data và approver, mật khẩu ở {here.passwords_place})"),
        ("Kho dữ liệu", f"{here.warehouse_place}, người dùng tthc (địa chỉ: tthc env)"),
        ("Thành phố giả lập", here.city_url),
        ("Dòng lệnh", ".venv/bin/tthc --help"),
    ]


def _table(title: str, columns: dict[str, dict[str, str]]) -> "Table":
    """Return a table with one row per indicator that any column has."""
    from rich.table import Table

    from tthc.indicators import definitions

    table = Table(title=title, title_justify="left")
    table.add_column("Chỉ tiêu", min_width=44)
    for name in columns:
        table.add_column(name, justify="right")
    present = {indicator for values in columns.values() for indicator in values}
    for name, indicator in definitions.shown().items():
        if name in present:
            table.add_row(indicator.name, *(values.get(name, "") for values in columns.values()))
    return table


def _values(rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return the text to show, by code and indicator."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        text = row["value"] or "–"
        mark = {"small_n": " *", "incomplete": " …"}.get(row["status"], "")
        found.setdefault(row["code"], {})[row["indicator"]] = text + mark
    return found
