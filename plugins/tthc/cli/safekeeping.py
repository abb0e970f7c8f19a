"""What is kept against the worst: backup, restore."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tthc.cli import output
from tthc.cli.options import AsJson


def backup(
    to: Annotated[
        str | None,
        typer.Option(
            metavar="NƠI", help="Thư mục hoặc URL của fsspec; không nêu: TTHC_BACKUP.", show_default=False
        ),
    ] = None,
    keep: Annotated[
        int,
        typer.Option(min=0, metavar="SỐ", help="Chỉ giữ bấy nhiêu bản mới nhất ở nơi ấy; 0: giữ mọi bản."),
    ] = 0,
    drill: Annotated[
        bool, typer.Option("--drill", help="Rồi khôi phục thử vào một cơ sở dữ liệu tạm và so, xong thì bỏ.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Sao lưu kho: cơ sở dữ liệu (cả sổ cái, mục lục kho lưu) và mọi khai báo, nén, mã hóa bằng TTHC_BACKUP_KEY.

    Không có trong bản sao lưu: nguyên văn trong kho lưu (chép riêng, như đang có), và các khóa. Cất TTHC_BACKUP_KEY và
    TTHC_SECRET_KEY ở nơi khác bản sao lưu.

    Ví dụ: tthc backup --to /mnt/nas/tthc --keep 12

    Ví dụ: tthc backup --drill
    """
    from tthc import settings
    from tthc.safekeeping import bundle, restoring

    place = to or settings.backup_url()
    done = restoring.drill(place, output.note) if drill else {"backup": bundle.backup(place, output.note)}
    done["removed"] = restoring.keep_newest(place, keep)
    if as_json:
        output.as_json(done)
        return
    output.facts(
        [
            ("bản sao lưu", done["backup"]["backup"]),
            ("lần công bố", done["backup"]["revision_count"]),
            ("đối tượng trong mục lục kho lưu", done["backup"]["archive_object_count"]),
            ("mã của khóa", done["backup"]["key_id"]),
        ]
    )
    if drill:
        output.note(f"Khôi phục thử sau {done['restored']['seconds']} giây: mọi lần công bố giống hệt.")


def retention(
    apply: Annotated[bool, typer.Option("--apply", help="Làm: bỏ những gì đã quá hạn giữ.")] = False,
    logs: Annotated[
        Path | None, typer.Option(metavar="THƯ_MỤC", help="Thư mục nhật ký của Airflow.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cái gì đã quá hạn giữ theo sources/retention.yaml; với --apply thì bỏ. Số liệu không đổi.

    Ví dụ: tthc retention

    Ví dụ: tthc retention --apply --logs var/logs/airflow
    """
    from datetime import datetime

    from tthc.safekeeping import retention as terms
    from tthc.warehouse.freshness import ZONE

    found = terms.due(datetime.now(ZONE), logs)
    rows = terms.summary(found)
    if apply:
        for each, row in zip(found, rows, strict=True):
            row["done_count"] = each.apply(output.note) if each.count else 0
    if as_json:
        output.as_json(rows)
        return
    columns = ("Thứ", "Giữ mấy tháng", "Theo", "Quá hạn", *(["Đã bỏ"] if apply else []))
    output.as_table(columns, (list(row.values()) for row in rows))


def restore(
    source: Annotated[str, typer.Argument(metavar="BẢN", help="Tệp của bản sao lưu.", show_default=False)],
    declarations: Annotated[
        Path | None,
        typer.Option(metavar="THƯ_MỤC", help="Viết các khai báo lúc sao lưu ra đây, để so hoặc dùng lại."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Khôi phục một bản sao lưu vào cơ sở dữ liệu trống mà TTHC_WAREHOUSE_URL chỉ tới, rồi so các lần công bố.

    Khác một lần công bố nào thì lệnh hỏng. Sau đó chạy tthc init để cho lại các quyền.

    Ví dụ: tthc restore /mnt/nas/tthc/tthc-11674-20261101T190000Z.tthc-backup
    """
    from tthc import settings
    from tthc.safekeeping import restoring

    done = restoring.restore(source, settings.warehouse_url(), output.note, declarations=declarations)
    if as_json:
        output.as_json(done)
        return
    output.note(
        f"Đã khôi phục sau {done['seconds']} giây: {done['revision_count']} lần công bố giống hệt lúc sao lưu, mục lục "
        f"kho lưu có {done['archive_object_count']} đối tượng. Tiếp theo: tthc init, rồi tthc doctor --full."
    )
