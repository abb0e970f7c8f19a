"""Quarantine as a desk: the return sheets that go to whoever can mend the rows."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import count
from pathlib import Path

import fsspec
import psycopg
from fsspec.implementations.local import LocalFileSystem

from tthc import settings
from tthc.errors import TthcError, UsageError
from tthc.flows.progress import Progress, say
from tthc.landing.readers import RecordReader
from tthc.landing.stage import records
from tthc.quality import decisions, quarantine
from tthc.quality.concerns import Concerns
from tthc.quality.suites import suite_of
from tthc.reports import return_sheets
from tthc.reports.return_sheets import ReturnedRow
from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.vietnamese.instants import ZONE
from tthc.vietnamese.names import name_key
from tthc.warehouse import database

NOBODY, NOBODY_NAME = "", "không rõ đơn vị"
#: More rows than this go into several sheets.
ROWS_A_SHEET = 10_000


@dataclass(frozen=True)
class _Sheet:
    stream: Stream
    unit_code: str
    rows: list[dict]


def export(
    by: str,
    reason: str,
    unit: str | None = None,
    stream: str | None = None,
    out: str | None = None,
    progress: Progress = say,
) -> list[dict]:
    """Write the open rows of quarantine as return sheets, one for each stream and unit; return what was written.

    ``unit`` is a code, a name, or “không rõ đơn vị”. Rows of restricted streams are written only when their stream
    is asked for. Each sheet leaves a line in ``ops.access_log`` before it is written, is readable by its owner
    only, and lies outside the repository, the archive and the inbox.
    """
    if not by.strip() or not reason.strip():
        raise UsageError(
            "Xuất phiếu trả lại mở nguyên văn các dòng: cần người xuất (--by) và lý do (--reason)."
        )
    declared = None if stream is None else streams.stream_named(stream)
    folder = _folder(out)
    written = []
    with database.connection() as connection:
        names = _unit_names(connection)
        code = None if unit is None else unit_code(connection, unit)
        rows = quarantine.list_rows(connection, "open", stream, code)
        for sheet in _sheets(rows, is_asked_for=declared is not None, progress=progress):
            unit_name = names.get(sheet.unit_code, NOBODY_NAME)
            progress(f"{sheet.stream.stream}, {unit_name}: {len(sheet.rows)} dòng")
            moment = datetime.now(ZONE)
            body = return_sheets.workbook(
                sheet.stream, unit_name, moment.date(), _returned(connection, sheet)
            )
            digest = sha256(body).hexdigest()
            access_id = decisions.note_export(
                connection, sheet.stream.stream, unit_name, [row["quarantine_id"] for row in sheet.rows],
                digest, by.strip(), reason.strip(),
            )  # fmt: skip
            # The log must stand before anybody sees anything.
            connection.commit()
            path = _write(
                folder, f"phieu-tra.{sheet.stream.stream}.{sheet.unit_code or 'khong-ro'}", moment, body
            )
            written.append(
                {
                    "stream": sheet.stream.stream,
                    "unit_code": sheet.unit_code or None,
                    "unit_name": unit_name,
                    "rows": len(sheet.rows),
                    "path": str(path),
                    "sha256": digest,
                    "access_id": access_id,
                }
            )
    return written


def _sheets(rows: list[dict], *, is_asked_for: bool, progress: Progress) -> Iterator[_Sheet]:
    together: dict[tuple[str, str], list[dict]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["quarantine_id"]):
        together[row["stream"], row["unit_code"] or NOBODY].append(row)
    for (name, unit_code), found in sorted(together.items()):
        declared = streams.stream_named(name)
        if declared.restricted and not is_asked_for:
            progress(f"{name}: {len(found)} dòng của luồng hạn chế, chỉ xuất khi nêu --stream {name}")
            continue
        for first in range(0, len(found), ROWS_A_SHEET):
            yield _Sheet(declared, unit_code, found[first : first + ROWS_A_SHEET])


def _returned(connection: psycopg.Connection, sheet: _Sheet) -> list[ReturnedRow]:
    """Read the rows of a sheet from the archive; raises TthcError when it does not hold one of them."""
    stream, concerns, suite = sheet.stream, Concerns(sheet.stream), suite_of(sheet.stream)
    reader = RecordReader(stream)
    wanted: dict[int, dict[int, dict]] = defaultdict(dict)
    for row in sheet.rows:
        wanted[row["fetch_id"]][row["row_number"]] = row
    made: dict[int, ReturnedRow] = {}
    for fetch_id, by_number in wanted.items():
        for number, _, _, record in records(connection, stream, fetch_id, only_rows=by_number.keys()):
            row = by_number[number]
            unreadable = reader(record)[1]
            wrong: dict[str, list[str]] = {}
            for name, rules in concerns.columns(row["rules"], unreadable).items():
                wrong.setdefault(concerns.column(name).header, []).extend(rules)
            made[row["quarantine_id"]] = ReturnedRow(
                case_number=row["case_id"] or row["quarantine_id"],
                reason=row["reason"],
                address=_place(row["address"]),
                values=record,
                wrong={header: suite.reason(list(dict.fromkeys(rules))) for header, rules in wrong.items()},
            )
    if missing := [row["quarantine_id"] for row in sheet.rows if row["quarantine_id"] not in made]:
        raise TthcError(
            f"Kho lưu không còn {len(missing)} dòng cách ly của luồng {stream.stream} (số {missing[0]}…): "
            "chạy tthc doctor --full để kiểm tra kho lưu."
        )
    return [made[row["quarantine_id"]] for row in sheet.rows]


def _place(address: str) -> str:
    """Return where a row stands for who has the file; in the city's answers, its address in the archive."""
    place = address.partition(" · ")[2]
    sheet, mark, row = place.rpartition("!")
    if not mark:
        return address
    return f"trang “{sheet}”, dòng {row}" if sheet else f"dòng {row}"


def _unit_names(connection: psycopg.Connection) -> dict[str, str]:
    rows = connection.execute(
        "SELECT unit_code, name FROM core.units WHERE commune_code = %s ORDER BY sort_order, unit_code",
        (settings.commune_code(),),
    )
    return {row["unit_code"]: row["name"] for row in rows}


def unit_code(connection: psycopg.Connection, unit: str) -> str:
    """Return the code of a unit given by code or by any of its names; raise UsageError that lists the units."""
    known = _unit_names(connection)
    if unit in known:
        return unit
    if name_key(unit) == name_key(NOBODY_NAME):
        return NOBODY
    found = connection.execute(
        "SELECT unit_code FROM core.unit_names WHERE commune_code = %s AND name_key = %s"
        " ORDER BY valid_to DESC LIMIT 1",
        (settings.commune_code(), name_key(unit)),
    ).fetchone()
    if found is None:
        units = ", ".join(f"{code} ({name})" for code, name in known.items())
        raise UsageError(f"Không có đơn vị “{unit}”. Các đơn vị: {units}; hoặc “{NOBODY_NAME}”.")
    return found["unit_code"]


def _folder(out: str | None) -> Path:
    """Return the folder for return sheets; raise UsageError for one that others read, or that is read as input."""
    folder = Path(out).expanduser() if out else Path.home() / "phieu-tra-lai"
    folder = folder.resolve()
    for place, name in (
        (settings.root(), "kho mã nguồn"),
        (settings.state(), "thư mục trạng thái của kho"),
        (_local(settings.archive_url()), "kho lưu"),
        (_local(settings.inbox_url()), "hộp nhận"),
    ):
        if place is not None and folder.is_relative_to(place):
            raise UsageError(
                f"Phiếu trả lại có dữ liệu cá nhân, không được nằm trong {name}: nêu thư mục khác ở --out."
            )
    return folder


def _local(url: str) -> Path | None:
    filesystem, path = fsspec.url_to_fs(url)
    return Path(path).resolve() if isinstance(filesystem, LocalFileSystem) else None


def _write(folder: Path, stem: str, moment: datetime, body: bytes) -> Path:
    """Write a file of a name that is not taken, whole or not at all, readable by its owner only."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for number in count(1):
            more = f"-{number}" if number > 1 else ""
            path = folder / f"{stem}.{moment:%Y%m%d-%H%M%S}{more}.xlsx"
            with suppress(FileExistsError):
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
                break
        try:
            with open(descriptor, "wb") as file:
                file.write(body)
        except BaseException:
            path.unlink()
            raise
    except OSError as error:
        raise UsageError(
            f"Không ghi được phiếu trả lại ({error.strerror}): kiểm tra thư mục ở --out và quyền ghi."
        ) from None
    return path
