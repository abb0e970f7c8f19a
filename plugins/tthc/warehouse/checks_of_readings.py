"""Checks of what was received: nothing lost between the source and core, and every failure has its incident."""

from __future__ import annotations

from tthc.landing.fetch import SHORT_WINDOW
from tthc.sources import streams
from tthc.warehouse.doctor import Check


def checks() -> list[Check]:
    """Return the checks of readings, quarantine and incidents."""
    return [*_ACCOUNTING, *_INCIDENTS, *(_staging(stream) for stream in streams.streams().values())]


def _staging(stream: streams.Stream) -> Check:
    return Check(
        "P10",
        f"staging_is_empty.{stream.stream}",
        f"{stream.staging_table} không giữ dòng của lần đọc đã nhập",
        f"SELECT s.fetch_id AS subject, f.state <> 'merged' OR f.merged_at > now() - interval '1 hour' AS is_right"
        f" FROM (SELECT fetch_id FROM {stream.staging_table} UNION SELECT fetch_id FROM staging.known_rows"
        f" WHERE stream = '{stream.stream}') AS s"
        f" LEFT JOIN ops.fetches AS f USING (fetch_id)",
        f"Xóa các dòng ấy khỏi {stream.staging_table} và staging.known_rows; chúng đọc lại được từ kho lưu.",
    )


_ACCOUNTING = (
    Check(
        "P1",
        "accounting",
        "mỗi lần đọc đã nhập: đọc = đổi + không đổi + cách ly + bị thay",
        "SELECT fetch_id AS subject, read_count = merged_count + unchanged_count + quarantined_count"
        " + superseded_count AND least(merged_count, unchanged_count, quarantined_count, superseded_count) >= 0"
        " AS is_right FROM ops.fetches WHERE commune_code = %(commune)s AND state = 'merged'",
        "Rút lần đọc ấy (tthc unload SỐ) rồi đọc hoặc nạp lại.",
    ),
    Check(
        "P1",
        "pages_make_the_reading",
        "các trang cộng lại bằng lần đọc: số bản ghi, số byte, mã băm",
        "SELECT f.fetch_id AS subject, f.read_count = coalesce(p.records, 0) AND f.byte_count = coalesce(p.bytes, 0)"
        " AND f.body_hash = encode(sha256(convert_to(coalesce(p.hashes, ''), 'UTF8')), 'hex') AS is_right"
        " FROM ops.fetches AS f LEFT JOIN (SELECT fetch_id, sum(record_count) AS records, sum(byte_count) AS bytes,"
        "  string_agg(sha256, '' ORDER BY page_number) AS hashes FROM ops.fetch_pages GROUP BY fetch_id) AS p"
        " USING (fetch_id) WHERE f.commune_code = %(commune)s AND f.state = 'merged'",
        "Sổ cái đã bị sửa: khôi phục ops.fetches, ops.fetch_pages từ bản sao lưu.",
    ),
    Check(
        "P1",
        "pages_are_contiguous",
        "các trang nối tiếp nhau, không hở, không chồng",
        "SELECT fetch_id || ' trang ' || page_number AS subject, first_row = 1 + coalesce(sum(record_count) OVER ("
        " PARTITION BY fetch_id ORDER BY page_number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS is_right"
        " FROM ops.fetch_pages INNER JOIN ops.fetches AS f USING (fetch_id) WHERE f.commune_code = %(commune)s",
        "Sổ cái đã bị sửa: khôi phục ops.fetch_pages từ bản sao lưu.",
    ),
    Check(
        "P1",
        "every_row_was_judged",
        "mỗi lần đọc đã nhập đều đã được chấm",
        "SELECT f.fetch_id AS subject, EXISTS (SELECT FROM ops.validations AS v WHERE v.fetch_id = f.fetch_id)"
        " AS is_right FROM ops.fetches AS f WHERE f.commune_code = %(commune)s AND f.state = 'merged'",
        "Rút lần đọc ấy (tthc unload SỐ) rồi đọc hoặc nạp lại: mỗi lần đọc phải qua bước chấm.",
    ),
    Check(
        "P1",
        "refused_rows_have_an_address",
        "mỗi dòng cách ly có lý do và nằm trong một trang của lần đọc",
        "SELECT q.quarantine_id AS subject, q.reason <> '' AND cardinality(q.rules) > 0 AND EXISTS ("
        " SELECT FROM ops.fetch_pages AS p WHERE p.fetch_id = q.fetch_id"
        " AND q.address LIKE 'sha256:' || p.sha256 || '%%'"
        " AND q.row_number BETWEEN p.first_row AND p.first_row + p.record_count - 1) AS is_right"
        " FROM ops.quarantine AS q WHERE q.commune_code = %(commune)s",
        "Xem dòng ấy: tthc quarantine show SỐ; đối chiếu ops.fetch_pages với bản sao lưu.",
    ),
    Check(
        "P2",
        "one_open_row_of_a_case",
        "mỗi vụ việc cách ly có nhiều nhất một dòng đang chờ; dòng được khép bởi một lần đọc còn hiệu lực",
        "SELECT coalesce(q.case_id, q.quarantine_id) AS subject, count(*) FILTER (WHERE q.state = 'open') <= 1"
        " AND bool_and(q.state <> 'resolved' OR o.state <> 'merged' OR c.state IS NULL OR c.state = 'merged')"
        " AS is_right FROM ops.quarantine AS q INNER JOIN ops.fetches AS o ON o.fetch_id = q.fetch_id"
        " LEFT JOIN ops.fetches AS c ON c.fetch_id = q.closed_fetch_id"
        " WHERE q.commune_code = %(commune)s GROUP BY coalesce(q.case_id, q.quarantine_id)",
        "Xem dòng ấy: tthc quarantine show SỐ; rút lần đọc của phiếu đã sửa (tthc unload) rồi nạp lại phiếu.",
    ),
    Check(
        "P1",
        "every_dossier_has_its_facts",
        "mỗi hồ sơ của core có đúng một dòng ở marts.dossiers, và ngược lại",
        "SELECT coalesce(c.dossier_code, m.dossier_code) AS subject, c.dossier_code IS NOT NULL"
        " AND m.dossier_code IS NOT NULL AS is_right"
        " FROM (SELECT dossier_code FROM core.dossiers WHERE commune_code = %(commune)s) AS c"
        " FULL JOIN (SELECT dossier_code FROM marts.dossiers WHERE commune_code = %(commune)s) AS m"
        " USING (dossier_code)",
        "Chạy tthc init để dựng lại; nếu vẫn còn thì rút lần đọc mới nhất của hồ sơ ấy và đọc lại.",
    ),
    Check(
        "P1",
        "windows_are_read_to_the_end",
        "cửa sổ đọc thiếu của lần đọc mới nhất đang có sự cố mở",
        "SELECT f.stream || ' ' || w.window_from || '…' || w.window_to AS subject,"
        " EXISTS (SELECT FROM ops.incidents AS i"
        " WHERE i.commune_code = f.commune_code AND i.kind = %(short)s AND i.subject = f.stream || ' ' || w.window_from"
        " AND i.closed_at IS NULL) AS is_right"
        " FROM (SELECT DISTINCT ON (stream) * FROM ops.fetches WHERE commune_code = %(commune)s"
        "  AND state = 'merged' AND kind <> 'codes' ORDER BY stream, fetched_at DESC, fetch_id DESC) AS f"
        " INNER JOIN ops.fetch_windows AS w ON w.fetch_id = f.fetch_id AND w.state = 'short'"
        " AND w.window_from IS NOT NULL",
        "Đọc lại khoảng ấy: tthc ingest LUỒNG --from NGÀY --to NGÀY.",
        {"short": SHORT_WINDOW},
    ),
)

_INCIDENTS = (
    Check(
        "P9",
        "one_open_incident",
        "mỗi hỏng hóc có nhiều nhất một sự cố mở, có lời và số lần gặp",
        "SELECT kind || ' ' || subject AS subject, count(*) = 1 AND bool_and(message <> '' AND seen_count > 0)"
        " AS is_right FROM ops.incidents WHERE commune_code = %(commune)s AND closed_at IS NULL"
        " GROUP BY kind, ops.incidents.subject",
        "Chỉ mục incidents_one_open đã mất: dựng lại ops.incidents từ bản sao lưu.",
    ),
    Check(
        "P9",
        "stopped_is_loud",
        "luồng mà lần đọc mới nhất bị luật dừng lại có sự cố mở; luồng đang tốt thì không",
        "SELECT f.stream AS subject, (f.state = 'stopped') = EXISTS (SELECT FROM ops.incidents AS i"
        " WHERE i.commune_code = f.commune_code AND i.kind = 'batch_stopped' AND i.subject = f.stream"
        " AND i.closed_at IS NULL) AS is_right"
        " FROM (SELECT DISTINCT ON (stream) * FROM ops.fetches WHERE commune_code = %(commune)s"
        "  AND state IN ('merged', 'stopped') AND fetched_at IS NOT NULL"
        "  ORDER BY stream, fetch_id DESC) AS f",
        "Xem tthc status; chạy lại luồng ấy (tthc ingest hoặc tthc load).",
    ),
    Check(
        "P9",
        "calendar_is_loud",
        "mỗi năm chưa có lịch làm việc mà hạn của hồ sơ cần đến có sự cố mở",
        "SELECT y.year AS subject, EXISTS (SELECT FROM ops.incidents AS i WHERE i.commune_code = %(commune)s"
        " AND i.kind = 'calendar_not_published' AND i.subject = y.year::text AND i.closed_at IS NULL) AS is_right"
        " FROM (SELECT DISTINCT leaves_calendar_in AS year FROM marts.dossiers WHERE commune_code = %(commune)s"
        "  AND leaves_calendar_in IS NOT NULL) AS y",
        "Nạp lịch của năm ấy: tthc load TỆP (luồng register__working_days).",
    ),
    Check(
        "P9",
        "nothing_hangs",
        "không lần đọc nào dở dang quá một ngày",
        "SELECT fetch_id AS subject, state IN ('merged', 'stopped', 'undone') OR coalesce(fetched_at, started_at)"
        " > now() - interval '1 day' OR started_at > now() - interval '1 day' AS is_right"
        " FROM ops.fetches WHERE commune_code = %(commune)s",
        "Chạy lại luồng ấy: lần đọc dở được đọc tiếp, hoặc được ghi là đã bỏ.",
    ),
)
