"""Checks of where things stand: settings, the shape of the warehouse, and the bytes in the archive."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg

from tthc import settings
from tthc.errors import TthcError
from tthc.landing import key_record, key_ring
from tthc.landing.archive import Archive
from tthc.landing.readers import RecordReader
from tthc.landing.stage import records
from tthc.sources import streams
from tthc.warehouse import tables, versions
from tthc.warehouse.doctor import EXAMPLES, Check, Finding, finding

#: How many archived bodies are opened when not all are asked for.
SAMPLE = 25
#: Readings of up to so many rows are read again without ``full``.
SMALL_READING = 5_000
#: So long programs that were not restarted yet may go on with the secret of before.
OLD_SLOT_DAYS = 7
OLDEST_SERVER = 150_000

_SETTINGS = Check(
    "CÀI ĐẶT",
    "settings",
    "mọi cài đặt cần thiết đều có và dùng được",
    "",
    "Xem tthc env và tệp .env.example.",
)
_SERVER = Check(
    "CÀI ĐẶT",
    "server",
    "máy chủ là Postgres 15 trở lên, mã hóa UTF8",
    "",
    "Dùng Postgres 15 trở lên, dựng với UTF8.",
)
_MIGRATIONS = Check(
    "CÀI ĐẶT",
    "migrations",
    "sổ cái ở bản di trú mới nhất",
    "",
    "Chạy tthc init bằng đúng phiên bản phần mềm.",
)
_SHAPES = Check(
    "CÀI ĐẶT",
    "shapes",
    "mỗi bảng mang đúng hình dạng mà tệp sql/ của nó ghi",
    "",
    "Chạy tthc init để dựng lại.",
)
_NEWER = (
    "Kho đã qua một bước di trú mà phần mềm này không biết: một bản mới hơn đã, hoặc đang, nâng cấp nó. Bước di trú "
    "chỉ thêm nên bản này vẫn chạy được cho đến khi các bảng đổi; chạy tthc init bằng bản mới cho xong."
)
_ARCHIVE = Check(
    "P1", "archive_objects", "mỗi trang của sổ cái còn nguyên vẹn trong kho lưu", "",
    "Khôi phục kho lưu từ bản sao lưu, hoặc đặt lại TTHC_ARCHIVE, TTHC_SECRET_KEY như lúc lưu.",
)  # fmt: skip
_KEYS = Check(
    "CÀI ĐẶT",
    "keys",
    "TTHC_SECRET_KEY mở được tệp khóa; tệp khóa, kho dữ liệu và bản ghi đi cùng bản sao lưu nói về cùng những khóa",
    "",
    "Xem tthc key status. Đổi khóa dở dang: tthc key settle. Khóa cũ còn mở được: tthc key retire.",
)
_REPLAY = Check(
    "P6", "rows_read_again", "đọc lại từ kho lưu ra đúng dấu vân tay của các bản đang có trong core", "",
    "Khai báo hoặc cách đọc đã đổi mà core chưa dựng lại: UPDATE ops.table_shapes SET sql_hash = ''"
    " WHERE table_name = 'core.…' với bảng của luồng được nêu, rồi chạy tthc init.",
)  # fmt: skip


def findings(connection: psycopg.Connection, *, full: bool = False) -> list[Finding]:
    """Run these checks; ``full`` opens every archived body and reads every reading again."""
    found = [_settings(), _server(connection), _migrations(connection), _shapes(connection)]
    if found[0].holds:
        found.append(_keys(connection))
        found += [_archive(connection, full), _replay(connection, full)]
    return found


def _settings() -> Finding:
    began, wrong = time.monotonic(), []
    asked: list[Callable[[], object]] = [
        settings.commune_code,
        settings.warehouse_url,
        settings.archive_url,
        settings.inbox_url,
        settings.secret_key,
    ]
    # Who only analyses needs no city; half a description of one is wrong.
    if settings.optional("TTHC_CITY_URL"):
        asked.append(settings.city)
    for ask in asked:
        try:
            ask()
        except TthcError as error:
            wrong.append(str(error))
    return finding(_SETTINGS, len(asked), len(wrong), wrong, began)


def _server(connection: psycopg.Connection) -> Finding:
    began = time.monotonic()
    row = connection.execute(
        "SELECT current_setting('server_version_num')::integer AS version,"
        " current_setting('server_encoding') AS encoding"
    ).fetchone()
    wrong = []
    if row["version"] < OLDEST_SERVER:
        wrong.append(f"Postgres {row['version'] // 10_000}")
    if row["encoding"] != "UTF8":
        wrong.append(f"mã hóa {row['encoding']}")
    return finding(_SERVER, 2, len(wrong), wrong, began)


def _migrations(connection: psycopg.Connection) -> Finding:
    began, newest = time.monotonic(), versions.migrations()[-1]
    done, check, wrong = versions.migration_of(connection), _MIGRATIONS, []
    if done != newest:
        wrong = [f"kho ở {done or 'chưa có'}, phần mềm ở {newest}"]
    if done is not None and done not in versions.migrations():
        check = replace(check, todo=_NEWER)
    return finding(check, 1, len(wrong), wrong, began)


def _shapes(connection: psycopg.Connection) -> Finding:
    began, wrong = time.monotonic(), versions.others(connection)
    check = _SHAPES
    if wrong:
        check = replace(check, todo=versions.said(wrong, newer=versions.is_newer(connection)))
    return finding(check, len(tables.tables()), len(wrong), wrong[:EXAMPLES], began)


def _keys(connection: psycopg.Connection) -> Finding:
    began, wrong = time.monotonic(), []
    try:
        file, ring, known = key_ring.stored(), key_ring.present(), key_record.last(connection)
        if problem := key_record.disagreement(ring, known):
            wrong.append(problem)
        elif known and (known.key_file or "") != (file.text if file else ""):
            wrong.append(f"tệp khóa {key_ring.NAME} khác bản ghi trong kho dữ liệu: chạy tthc key settle")
        old = datetime.now(UTC) - timedelta(days=OLD_SLOT_DAYS)
        if file and len(file.slots) > 1 and all(datetime.fromisoformat(s.added_at) < old for s in file.slots):
            wrong.append(f"khóa cũ vẫn mở được kho lưu sau {OLD_SLOT_DAYS} ngày")
    except TthcError as error:
        wrong.append(str(error))
    return finding(_KEYS, 1, len(wrong), wrong, began)


def _archive(connection: psycopg.Connection, full: bool) -> Finding:
    began, archive, wrong = time.monotonic(), Archive(settings.archive_url()), []
    objects = connection.execute(
        "SELECT DISTINCT o.sha256, o.key_id FROM ops.archive_objects AS o"
        " INNER JOIN ops.fetch_pages AS p USING (sha256) INNER JOIN ops.fetches AS f USING (fetch_id)"
        " WHERE f.commune_code = %s ORDER BY o.sha256",
        (settings.commune_code(),),
    ).fetchall()
    try:
        present = key_ring.present().ids["archive"]
    except TthcError as error:
        return finding(_ARCHIVE, 0, 1, [str(error)], began)
    other_keys = [row["sha256"] for row in objects if row["key_id"] != present]
    chosen = objects if full else random.sample(objects, min(SAMPLE, len(objects)))
    for row in chosen:
        try:
            archive.get(row["sha256"])
        except TthcError as error:
            wrong.append(str(error))
    missing_key = [f"{digest}: lưu bằng khóa khác khóa đang dùng (tthc key status)" for digest in other_keys]
    return finding(
        _ARCHIVE, len(chosen), len(wrong) or len(missing_key), (wrong or missing_key)[:EXAMPLES], began
    )


def _replay(connection: psycopg.Connection, full: bool) -> Finding:
    began, checked, wrong = time.monotonic(), 0, []
    for stream in streams.streams().values():
        readings = connection.execute(
            f"SELECT f.fetch_id FROM ops.fetches AS f WHERE f.commune_code = %s AND f.stream = %s"
            f" AND f.state = 'merged' AND f.read_count <= %s"
            f" AND EXISTS (SELECT FROM {stream.history_table} AS v WHERE v.fetch_id = f.fetch_id)"
            f" ORDER BY f.fetched_at DESC, f.fetch_id DESC LIMIT %s",
            (
                settings.commune_code(),
                stream.stream,
                2**31 - 1 if full else SMALL_READING,
                None if full else 1,
            ),
        ).fetchall()
        if not readings:
            continue
        try:
            reader = RecordReader(stream)
        except TthcError as error:
            return finding(_REPLAY, checked, 1, [str(error)], began)
        for reading in readings:
            versions = {
                row["row_number"]: row["row_hash"].bytes
                for row in connection.execute(
                    f"SELECT row_number, row_hash FROM {stream.history_table} WHERE fetch_id = %s",
                    (reading["fetch_id"],),
                )
            }
            try:
                for number, _, _, record in records(connection, stream, reading["fetch_id"]):
                    if number in versions:
                        checked += 1
                        if reader(record)[0] != versions.pop(number):
                            wrong.append(f"{stream.stream} lần đọc {reading['fetch_id']} dòng {number}")
            except TthcError as error:
                wrong.append(str(error))
            wrong += [
                f"{stream.stream} lần đọc {reading['fetch_id']} dòng {number}: không còn"
                for number in versions
            ]
    return finding(_REPLAY, checked, len(wrong), wrong[:EXAMPLES], began)
