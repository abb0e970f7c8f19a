"""How things stand: doctor, env, status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from tthc.cli import output
from tthc.cli.options import AsJson

if TYPE_CHECKING:
    from tthc.warehouse.doctor import Finding

_STATUS_TABLES = {
    "fetches": (
        "Các lần đọc gần nhất",
        ("Lần đọc", "Luồng", "Loại", "Từ", "Đến", "Trạng thái", "Lúc đọc", "Đọc", "Đổi", "Không đổi", "Cách ly",
         "Bị thay", "Đủ"),
    ),
    "incidents": ("Sự cố đang mở", ("Số", "Loại", "Của", "Lời", "Mở lúc", "Số lần gặp")),
    "quarantine": ("Khu cách ly", ("Luồng", "Trạng thái", "Số dòng")),
    "periods": (
        "Các kỳ",
        ("Lịch", "Kỳ", "Bản tính", "Tính lúc", "Lần công bố", "Công bố lúc", "Người duyệt", "Chờ công bố"),
    ),
}  # fmt: skip


def doctor(
    full: Annotated[
        bool,
        typer.Option("--full", help="Mở mọi đối tượng của kho lưu, đọc lại mọi lần đọc, đếm lại mọi tháng."),
    ] = False,
    before_start: Annotated[
        bool,
        typer.Option(
            "--before-start", help="Khám cài đặt và bí mật của bản cài bằng compose, trước khi khởi động."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Khám kho: các lời hứa P1–P10, các hằng đẳng thức, cài đặt. Có điều nào không giữ được thì trả về 1.

    Mỗi dòng là một phép khám có tên; dòng hỏng nói chỗ hỏng và việc cần làm.

    Ví dụ: tthc doctor

    Ví dụ: tthc doctor --full --json

    Ví dụ: tthc doctor --before-start
    """
    from tthc.errors import TthcError

    if before_start:
        _refuse_to_start(as_json)
        return
    from tthc import settings
    from tthc.warehouse import database

    with database.connection() as connection:
        if connection.execute("SELECT to_regclass('ops.table_shapes') AS found").fetchone()["found"] is None:
            raise TthcError("Kho dữ liệu chưa được chuẩn bị: chạy tthc init trước.")
    codes = settings.in_force()
    found = []
    for number, code in enumerate(codes, start=1):
        if len(codes) > 1:
            output.note(f"[{number}/{len(codes)}] xã {code}")
        with settings.for_commune(code):
            found += [(code, each) for each in _examined(full)]
    several = len(codes) > 1
    if as_json:
        output.as_json([asdict(f) | ({"commune": code} if several else {}) for code, f in found])
    else:
        output.as_table(
            (*(("Xã",) if several else ()), "", "Lời hứa", "Phép khám", "Điều phải đúng", "Đã xét", "Sai"),
            (
                (*((code,) if several else ()),
                 "đúng" if f.holds else "SAI", f.promise, f.name, f.title, f.checked, f.wrong)
                for code, f in found
            ),
        )  # fmt: skip
    wrong = [(code, finding) for code, finding in found if not finding.holds]
    for code, finding in wrong:
        whose = f"[{code}] " if several else ""
        output.note(f"SAI {whose}{finding.promise} {finding.name}: {finding.title}.")
        output.note(f"  ví dụ: {'; '.join(finding.examples)}")
        output.note(f"  cần làm: {finding.todo}")
    if wrong:
        raise TthcError(f"{len(wrong)} trên {len(found)} phép khám không đạt.")
    output.note(f"{len(found)} phép khám đều đạt.")


def _examined(full: bool) -> list[Finding]:
    """Return what every check finds of the commune in force, in the order of the promises."""
    from tthc.indicators import definitions
    from tthc.warehouse import (
        chain,
        checks_of_core,
        checks_of_numbers,
        checks_of_place,
        checks_of_readings,
        checks_of_rights,
        database,
        score_chain,
    )
    from tthc.warehouse import doctor as examination

    declared = list(definitions.indicators().values())
    with database.connection() as connection:
        found = examination.run(
            connection,
            [
                *checks_of_readings.checks(),
                *checks_of_core.checks(full=full),
                *checks_of_numbers.checks(declared, definitions.definitions_hash(), full=full),
            ],
        )
        found += checks_of_place.findings(connection, full=full)
        found += checks_of_rights.findings(connection)
        found += chain.findings(connection, full=full)
        found += score_chain.findings(connection)
        found += checks_of_rights.guards(connection)
    order = list(examination.PROMISES)
    return sorted(found, key=lambda finding: order.index(finding.promise))


def _status_of_all(codes: Sequence[str], as_json: bool) -> None:
    """Tell how each commune stands, in one line."""
    from tthc.warehouse import database, seeds
    from tthc.warehouse import status as standing

    with database.connection() as connection:
        found = standing.of_communes(connection, codes)
    for row in found:
        row["name"] = seeds.label(row["commune"]).removeprefix(row["commune"]).strip()
    if as_json:
        output.as_json(found)
        return
    columns = (
        "commune",
        "name",
        "merged_at",
        "unfinished_count",
        "incident_count",
        "refused_count",
        "published",
    )
    titles = (
        "Xã",
        "Tên",
        "Nhập gần nhất",
        "Đang đọc dở",
        "Sự cố đang mở",
        "Dòng cách ly",
        "Công bố gần nhất",
    )
    output.as_table(titles, ([row[name] for name in columns] for row in found))
    output.note("Xem kỹ một xã: tthc --commune MÃ status")


def _refuse_to_start(as_json: bool) -> None:
    """Tell every reason not to start a compose installation; raise when there is one."""
    from tthc.compose import before_start
    from tthc.errors import TthcError

    found = before_start.refusals(before_start.given())
    if as_json:
        output.as_json([asdict(refusal) for refusal in found])
    for refusal in found:
        output.note(f"TỪ CHỐI {refusal.name}: {refusal.where}: {refusal.problem}.")
        output.note(f"  sửa: {refusal.mend}")
    if found:
        raise TthcError(f"Không khởi động: {len(found)} điều phải sửa trước.")
    output.note("Cài đặt và bí mật đều đạt: khởi động được.")


def env(as_json: AsJson = False) -> None:
    """In các cài đặt: giá trị, tìm thấy ở đâu, dùng để làm gì. Giá trị bí mật không bao giờ được in.

    Ví dụ: tthc env
    """
    from tthc import settings

    rows = []
    for setting in settings.SETTINGS.values():
        found = settings.find(setting.name)
        shown = None if found is None else (_masked(found[0]) if setting.secret else found[0])
        rows.append(
            {
                "name": setting.name,
                "value": shown,
                "found_in": found[1] if found else None,
                "purpose": setting.purpose,
            }
        )
    if as_json:
        output.as_json(rows)
    else:
        output.as_table(
            ("Tên", "Giá trị", "Tìm thấy ở", "Dùng để"),
            ((row["name"], row["value"], row["found_in"] or "chưa đặt", row["purpose"]) for row in rows),
        )


def _masked(secret: str) -> str:
    """Return what may be shown of a secret: of an address its place and user, of anything else only that it is."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(secret)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(bí mật)"
    if not (parts.scheme and parts.hostname):
        return "(bí mật)"
    user = f"{parts.username}:***@" if parts.username else ""
    return f"{parts.scheme}://{user}{parts.hostname}{port}{parts.path}"


def status(
    limit: Annotated[int, typer.Option(min=1, help="Số lần đọc gần nhất được in.")] = 15,
    as_json: AsJson = False,
) -> None:
    """Nhìn nhanh: các lần đọc gần nhất, sự cố đang mở, khu cách ly, các kỳ đã tính và đã công bố.

    Bản cài giữ nhiều xã thì mỗi xã một dòng; nêu một xã để xem kỹ.

    Ví dụ: tthc status

    Ví dụ: tthc --commune 11674 status
    """
    from tthc import settings
    from tthc.warehouse import database
    from tthc.warehouse import status as standing

    if len(codes := settings.in_force()) > 1:
        _status_of_all(codes, as_json)
        return
    with database.connection() as connection:
        report = {
            "fetches": standing.fetches(connection, limit),
            "incidents": standing.incidents(connection),
            "quarantine": standing.quarantine(connection),
            "periods": standing.periods(connection),
        }
    if as_json:
        output.as_json(report)
        return
    for name, (title, columns) in _STATUS_TABLES.items():
        if report[name]:
            output.as_table(columns, (list(row.values()) for row in report[name]), title)
        else:
            output.note(f"{title}: không có.")
