-- Grain: one row per staged row of register__working_days.
-- Answers: the row as core.working_days would hold it, and what its suite needs to judge it.

CREATE VIEW core.working_day_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.day,
    s.is_working,
    s.reason,
    s.document
FROM staging.register__working_days AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id;

COMMENT ON VIEW core.working_day_candidates IS 'Các ngày vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.working_day_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.working_day_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.working_day_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.working_day_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.working_day_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.working_day_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.working_day_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.working_day_candidates.day IS 'Ngày.';
COMMENT ON COLUMN core.working_day_candidates.is_working IS 'Là ngày làm việc (làm bù) hay ngày nghỉ.';
COMMENT ON COLUMN core.working_day_candidates.reason IS 'Lý do.';
COMMENT ON COLUMN core.working_day_candidates.document IS 'Văn bản làm căn cứ.';
