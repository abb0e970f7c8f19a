"""Checks of core: nothing twice, versions in order, every version with its bytes, no personal data."""

from __future__ import annotations

from tthc.sources import streams
from tthc.sources.streams import Stream
from tthc.warehouse.doctor import Check


def checks(*, full: bool = False) -> list[Check]:
    """Return the checks of core and of who may be known; ``full`` reads every list of every dossier."""
    every = list(streams.streams().values())
    return [*(check for stream in every for check in _versions(stream)), *_privacy(every, full), *_MARTS]


def _versions(stream: Stream) -> list[Check]:
    key = ", ".join(f"t.{name}" for name in stream.key)
    same = " AND ".join(f"c.{name} = t.{name}" for name in ("commune_code", *stream.key))
    subject = f"concat_ws(' ', {key})"
    rebuild = f"Dựng lại {stream.table} từ kho lưu: rút lần đọc mới nhất chạm tới khóa ấy (tthc unload SỐ) rồi nạp lại."
    return [
        Check(
            "P2",
            f"keys_are_single.{stream.stream}",
            f"{stream.table}: mỗi khóa một dòng",
            f"SELECT {subject} AS subject, count(*) = 1 AS is_right FROM {stream.table} AS t"
            f" WHERE t.commune_code = %(commune)s GROUP BY {key}",
            rebuild,
        ),
        Check(
            "P2",
            f"one_version_is_open.{stream.stream}",
            f"{stream.history_table}: mỗi khóa đúng một bản còn mở, và đó là dòng của {stream.table}",
            f"SELECT {subject} AS subject, count(*) FILTER (WHERE t.valid_to IS NULL) = 1"
            f" AND bool_or(t.valid_to IS NULL AND c.row_hash = t.row_hash"
            f"  AND (c.fetch_id, c.row_number) = (t.fetch_id, t.row_number)) IS TRUE AS is_right"
            f" FROM {stream.history_table} AS t LEFT JOIN {stream.table} AS c ON {same}"
            f" WHERE t.commune_code = %(commune)s GROUP BY {key}",
            rebuild,
        ),
        Check(
            "P1",
            f"nothing_without_history.{stream.stream}",
            f"mỗi dòng của {stream.table} có trong {stream.history_table}",
            f"SELECT {subject} AS subject, EXISTS (SELECT FROM {stream.history_table} AS c WHERE {same}"
            f" AND (c.fetch_id, c.row_number) = (t.fetch_id, t.row_number)) AS is_right"
            f" FROM {stream.table} AS t WHERE t.commune_code = %(commune)s",
            rebuild,
        ),
        Check(
            "P5",
            f"versions_are_in_order.{stream.stream}",
            f"{stream.history_table}: bản trước đóng đúng lúc bản sau mở, hai bản liền nhau khác nhau",
            f"SELECT subject, valid_to IS NOT DISTINCT FROM next_at AND row_hash IS DISTINCT FROM next_hash AS is_right"
            f" FROM (SELECT {subject} AS subject, t.valid_to, t.row_hash, lead(t.fetched_at) OVER later AS next_at,"
            f"  lead(t.row_hash) OVER later AS next_hash FROM {stream.history_table} AS t"
            f"  WHERE t.commune_code = %(commune)s WINDOW later AS"
            f"  (PARTITION BY t.commune_code, {key} ORDER BY t.fetched_at, t.fetch_id, t.row_number)) AS v",
            rebuild,
        ),
        Check(
            "P6",
            f"versions_have_an_address.{stream.stream}",
            f"{stream.history_table}: mỗi bản thuộc một lần đọc đã nhập và một trang trong kho lưu",
            f"SELECT {subject} AS subject, f.state = 'merged' AND f.fetched_at = t.fetched_at AND EXISTS ("
            f" SELECT FROM ops.fetch_pages AS p WHERE p.fetch_id = t.fetch_id"
            f" AND t.row_number BETWEEN p.first_row AND p.first_row + p.record_count - 1) AS is_right"
            f" FROM {stream.history_table} AS t LEFT JOIN ops.fetches AS f ON f.fetch_id = t.fetch_id"
            f" WHERE t.commune_code = %(commune)s",
            rebuild,
        ),
    ]


def _privacy(every: list[Stream], full: bool) -> list[Check]:
    found = [_columns(stream) for stream in every]
    for stream in every:
        hashed = [column.name for column in stream.staged_columns if column.personal == "hash"]
        found += [_is_a_hash(stream, name) for name in hashed]
        for column in stream.staged_columns:
            if column.type == "list":
                kept = {
                    member.name: member.personal for member in column.members if member.personal != "drop"
                }
                found.append(_members(stream, column.name, kept, full))
    return found


def _columns(stream: Stream) -> Check:
    # A table's own columns (an archive address…) may share a word with a field that is dropped.
    allowed = {column.name for column in stream.staged_columns} | {"address"}
    dropped = sorted({column.name for column in stream.columns if column.personal == "drop"} - allowed)
    return Check(
        "P8",
        f"dropped_columns_are_absent.{stream.stream}",
        "không cột nào khai personal: drop có mặt trong bảng tạm hay core",
        "SELECT c.table_schema || '.' || c.table_name || '.' || c.column_name AS subject,"
        " c.column_name <> ALL (%(dropped)s::text[]) AS is_right FROM information_schema.columns AS c"
        " WHERE c.table_schema || '.' || c.table_name = ANY (%(tables)s)",
        "Bỏ cột ấy khỏi tệp SQL của bảng rồi chạy tthc init.",
        {"dropped": dropped, "tables": [stream.staging_table, stream.table, stream.history_table]},
    )


def _is_a_hash(stream: Stream, name: str) -> Check:
    return Check(
        "P8",
        f"identity_is_a_hash.{stream.stream}.{name}",
        f"{stream.history_table}.{name} chỉ giữ mã băm có khóa",
        f"SELECT concat_ws(' ', {', '.join(f't.{key}' for key in stream.key if key != name)}) AS subject,"
        f" t.{name} ~ '^[0-9a-f]{{32}}$' AS is_right FROM {stream.history_table} AS t"
        f" WHERE t.commune_code = %(commune)s AND t.{name} <> ''",
        f"Cột {name} phải khai personal: hash trong sources/{stream.stream}.yaml; dựng lại bảng rồi báo người phụ"
        " trách dữ liệu cá nhân.",
    )


def _members(stream: Stream, column: str, kept: dict[str, str], full: bool) -> Check:
    hashed = [name for name, personal in kept.items() if personal == "hash"]
    newest = "" if full else " ORDER BY t.fetch_id DESC, t.row_number DESC LIMIT 2000"
    return Check(
        "P8",
        f"lists_keep_what_is_declared.{stream.stream}.{column}",
        f"{stream.table}.{column}: chỉ có các thành viên được giữ, định danh chỉ là mã băm",
        f"SELECT t.dossier_code || '.' || m.key AS subject, m.key = ANY (%(kept)s::text[])"
        f" AND (m.key <> ALL (%(hashed)s::text[]) OR m.value ~ '^[0-9a-f]{{32}}$') AS is_right"
        f" FROM (SELECT t.* FROM {stream.table} AS t WHERE t.commune_code = %(commune)s{newest}) AS t"
        f" CROSS JOIN LATERAL jsonb_array_elements(t.{column}) AS item"
        f" CROSS JOIN LATERAL jsonb_each_text(item) AS m",
        f"Sửa khai báo của {column} trong sources/{stream.stream}.yaml rồi dựng lại bảng.",
        {"kept": list(kept), "hashed": hashed},
    )


_MARTS = (
    Check(
        "ĐẾM",
        "units_are_known",
        "mỗi hồ sơ thuộc một đơn vị có trong bảng đơn vị",
        "SELECT d.dossier_code AS subject, EXISTS (SELECT FROM core.units AS u"
        " WHERE u.commune_code = d.commune_code AND u.unit_code = d.unit_code) AS is_right"
        " FROM marts.dossiers AS d WHERE d.commune_code = %(commune)s",
        "Thêm đơn vị hoặc tên vào sources/units.yaml rồi chạy tthc init.",
    ),
    Check(
        "ĐẾM",
        "ends_are_known",
        "hồ sơ được đếm có ngày tiếp nhận; đã kết thúc thì có ngày kết thúc không trước ngày tiếp nhận",
        "SELECT dossier_code AS subject, received_on IS NOT NULL AND (outcome IS NULL OR ended_on >= received_on)"
        " IS TRUE AS is_right FROM marts.dossiers WHERE commune_code = %(commune)s AND is_counted",
        "Dòng như vậy phải bị cách ly: xem tthc trace MÃ_HỒ_SƠ và luật của expectations/city__dossiers.json.",
    ),
    Check(
        "ĐẾM",
        "calendar_is_published",
        "lịch làm việc của năm nay đã có",
        "SELECT y.year AS subject, EXISTS (SELECT FROM core.working_days AS w WHERE w.commune_code = %(commune)s"
        " AND extract(YEAR FROM w.day) = y.year) AS is_right"
        " FROM (SELECT extract(YEAR FROM now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::integer AS year) AS y",
        "Nạp lịch làm việc của năm nay: tthc load TỆP (luồng register__working_days).",
    ),
    Check(
        "ĐẾM",
        "catalogue_is_loaded",
        "đã có danh mục thủ tục",
        "SELECT 'danh mục' AS subject, EXISTS (SELECT FROM core.procedures WHERE commune_code = %(commune)s)"
        " OR NOT EXISTS (SELECT FROM core.dossiers WHERE commune_code = %(commune)s) AS is_right",
        "Nạp danh mục: tthc load TỆP (luồng register__procedures).",
    ),
)
