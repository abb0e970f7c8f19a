"""From a column to the indicators that it moves, and back: lineage."""

from __future__ import annotations

from typing import Annotated

import typer

from tthc.cli import output
from tthc.cli.options import AsJson


def lineage(
    name: Annotated[
        str,
        typer.Argument(
            metavar="TÊN", help="Mã chỉ tiêu, tên cột như nguồn ghi, hoặc bảng.cột.", show_default=False
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Cho biết một cột làm từ những cột nguồn nào và đến những chỉ tiêu nào; một chỉ tiêu làm từ những cột nào.

    Đọc từ chính các câu SQL; không cần kho dữ liệu. Cả bảng: docs/lineage.md.

    Ví dụ: tthc lineage NgayHenTra

    Ví dụ: tthc lineage marts.dossiers.due_on

    Ví dụ: tthc lineage dossier_on_time_rate --json
    """
    from tthc.indicators import lineage as reading

    found = reading.told(name)
    if as_json:
        output.as_json(found)
        return
    for one in found:
        output.facts(
            [
                (one["column"], ""),
                ("  làm từ", one["made_of"]),
                ("  đi qua", one["through"]),
                ("  đến chỉ tiêu", one["reaches"]),
            ]
        )
