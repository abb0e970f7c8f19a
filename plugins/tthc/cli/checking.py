"""The dry run of a file: check."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import typer

from tthc.cli import output
from tthc.cli.options import AsJson
from tthc.cli.reading import Dates, Encoding, MendedBy, Thousands, choices

#: Rows of each table on a screen.
_SHOWN = 20
_WORDS = {"month": "tháng", "report": "báo cáo"}
_COUNTS = (
    ("read", "đọc"), ("new", "mới"), ("changed", "đổi"), ("unchanged", "không đổi"), ("rejected", "bị từ chối"),
    ("superseded", "bị thay trong tệp"),
)  # fmt: skip


def check(
    file: Annotated[
        str,
        typer.Argument(
            metavar="TỆP", help="Đường dẫn hoặc URL; xlsx, xls, csv, bảng HTML.", show_default=False
        ),
    ],
    encoding: Encoding = None,
    dates: Dates = None,
    thousands: Thousands = None,
    by: MendedBy = "",
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="Mỗi bảng nhiều nhất từng này dòng (mặc định 20; với --json là 1000)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Nạp thử một tệp, không ghi gì: tệp thuộc luồng nào, dòng nào mới, đổi, bị từ chối vì sao, số nào sẽ đổi.

    Mọi bước của “tthc load” được làm thật trong một giao dịch rồi bỏ đi; nguyên văn không vào kho lưu. Có dòng bị
    từ chối vẫn trả về 0; luật dừng cả tệp thì trả về 3.

    Ví dụ: tthc check so-nhiem-vu.xlsx
    """
    from tthc.errors import BatchStopped
    from tthc.flows import checking

    told = checking.check(
        file,
        output.note,
        choices(encoding, dates, thousands),
        by.strip() or None,
        limit=(limit or checking.LISTED) if as_json else (limit or _SHOWN) + 1,
    )
    if as_json:
        output.as_json(told)
    else:
        _print(told, limit or _SHOWN)
    if told["stopped_because"]:
        raise BatchStopped(f"Tệp này sẽ bị dừng, không dòng nào được nhập. {told['stopped_because']}")
    output.note("Chưa ghi gì vào kho. Nạp thật: tthc load TỆP.")


def _print(told: dict[str, Any], limit: int) -> None:
    where = "; ".join(
        f"trang “{table['sheet']}”, tiêu đề ở dòng {table['header_row']}" for table in told["tables"]
    )
    output.facts([("luồng", f"{told['stream']} ({told['title']})"), ("bảng", where)])
    if told["unknown_columns"]:
        output.facts([("cột không được nạp", told["unknown_columns"])])
    if told["is_known"]:
        output.facts([("đã nạp rồi", f"lần đọc {told['fetch_id']}; không gì đổi")])
        return
    output.facts((title, told[name]) for name, title in _COUNTS)
    _table("Bị từ chối", ("Địa chỉ", "Khóa", "Ô", "Lý do"), _rejections(told["rows"]["rejected"]), limit)
    _table("Sẽ mới", ("Địa chỉ", "Khóa"), ((r["address"], r["key"]) for r in told["rows"]["new"]), limit)
    _table(
        "Sẽ đổi", ("Địa chỉ", "Khóa", "Cột đổi"),
        ((r["address"], r["key"], r["columns"]) for r in told["rows"]["changed"]), limit,
    )  # fmt: skip
    _table(
        "Được nhập kèm cảnh báo", ("Luật", "Số dòng", "Lý do"),
        ((w["rule"], w["rows"], w["reason"]) for w in told["warnings"]), limit,
    )  # fmt: skip
    _table(
        "Dòng cách ly được khép", ("Số", "Khóa", "Người", "Vì"),
        ((c["quarantine_id"], c["key"], c["by"], c["reason"]) for c in told["closed_cases"]), limit,
    )  # fmt: skip
    output.facts([("tháng có thể đổi số", ", ".join(told["months"]) or "không")])
    _table(
        "Chỉ tiêu sẽ đổi", ("Lịch", "Kỳ", "Cấp", "Mã", "Chỉ tiêu", "Trước", "Sau", "Chênh"),
        (
            (
                _WORDS[row["calendar"]], row["period"], row["level"], row["code"], row["indicator"],
                _figure(row["before"]), _figure(row["after"]), _signed(row["change"]),
            )
            for row in told["moved"]
        ),
        limit,
    )  # fmt: skip
    if told["months"] and not told["moved"]:
        output.facts([("chỉ tiêu sẽ đổi", "không")])


def _table(title: str, columns: tuple[str, ...], rows: Any, limit: int) -> None:
    kept = list(rows)
    if kept:
        more = f" ({limit} dòng đầu)" if len(kept) > limit else ""
        output.as_table(columns, kept[:limit], title=f"{title}{more}")


def _rejections(rows: list[dict[str, Any]]) -> Any:
    for row in rows:
        cells = [
            f"{cell['cell']} ({cell['header']})" if cell["cell"] else cell["header"] for cell in row["cells"]
        ]
        yield row["address"], row["key"], cells, row["reason"]


def _figure(found: dict[str, Any] | None) -> str:
    if found is None or found["value"] is None:
        return "–"
    shown = output.vietnamese_decimal(found["value"])
    of = "" if found["denominator"] is None else f" ({found['numerator']}/{found['denominator']})"
    return shown + of


def _signed(change: Decimal | None) -> str:
    if change is None:
        return ""
    return ("+" if change > 0 else "") + output.vietnamese_decimal(change)
