-- Grain: one row per staged row of city__progress_events.
-- Answers: the row as core.progress_events would hold it, and what its suite needs to judge it.

CREATE VIEW core.progress_event_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.dossier_code,
    s.occurred_at,
    s.status,
    coalesce(s.text_key, '') AS text_key,
    s.official_key,
    s.unit_key,
    s.step_started_at,
    s.step_due_at,
    core.day_of(s.occurred_at) AS occurred_on,
    core.day_of(s.answered_at) AS fetched_on
FROM staging.city__progress_events AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id;

COMMENT ON VIEW core.progress_event_candidates IS 'Các sự kiện tiến độ vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.progress_event_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.progress_event_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.progress_event_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.progress_event_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.progress_event_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.progress_event_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.progress_event_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.progress_event_candidates.dossier_code IS 'Mã hồ sơ (MaHoSo).';
COMMENT ON COLUMN core.progress_event_candidates.occurred_at IS 'Thời điểm xử lý (ThoiDiemXuLy).';
COMMENT ON COLUMN core.progress_event_candidates.status IS 'Trạng thái sau bước này 1…10 (TrangThai).';
COMMENT ON COLUMN core.progress_event_candidates.text_key IS 'Mã băm có khóa của nội dung xử lý, chỉ để phân biệt sự kiện; chuỗi rỗng khi nguồn để trống.';
COMMENT ON COLUMN core.progress_event_candidates.official_key IS 'Mã băm có khóa của họ tên người xử lý.';
COMMENT ON COLUMN core.progress_event_candidates.unit_key IS 'Khóa so tên của phòng ban xử lý.';
COMMENT ON COLUMN core.progress_event_candidates.step_started_at IS 'Lúc bước bắt đầu (NgayBatDau).';
COMMENT ON COLUMN core.progress_event_candidates.step_due_at IS 'Hạn của bước theo quy định (NgayKetThucTheoQuyDinh).';
COMMENT ON COLUMN core.progress_event_candidates.occurred_on IS 'Ngày xử lý.';
COMMENT ON COLUMN core.progress_event_candidates.fetched_on IS 'Ngày nguồn trả lời trang chứa dòng này.';
