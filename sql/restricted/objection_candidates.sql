-- Grain: one row per staged row of register__objections.
-- Answers: the row as restricted.objections would hold it, and what its suite needs to judge it.

CREATE VIEW restricted.objection_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.objection_code,
    s.period,
    s.official_code,
    n.unit_code,
    s.filed_on,
    s.item_code,
    s.answered_on,
    s.answer,
    s.document,
    s.unit_key
FROM restricted.register__objections AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = f.commune_code
        AND n.name_key = s.unit_key
        AND coalesce(s.filed_on, core.day_of(f.fetched_at)) BETWEEN n.valid_from AND n.valid_to;

COMMENT ON VIEW restricted.objection_candidates IS 'Các dòng sổ khiếu nại vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN restricted.objection_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.objection_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN restricted.objection_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN restricted.objection_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN restricted.objection_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN restricted.objection_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN restricted.objection_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN restricted.objection_candidates.objection_code IS 'Mã khiếu nại.';
COMMENT ON COLUMN restricted.objection_candidates.period IS 'Kỳ đánh giá: 2025, 2026-Q1.';
COMMENT ON COLUMN restricted.objection_candidates.official_code IS 'Mã công chức khiếu nại; trống khi đơn vị khiếu nại.';
COMMENT ON COLUMN restricted.objection_candidates.unit_code IS 'Mã đơn vị khiếu nại, theo bảng tra tên; trống khi cá nhân khiếu nại.';
COMMENT ON COLUMN restricted.objection_candidates.filed_on IS 'Ngày nhận khiếu nại.';
COMMENT ON COLUMN restricted.objection_candidates.item_code IS 'Mục, điểm trừ hoặc điều kiện chặn mức bị khiếu nại; trống: cả phiếu.';
COMMENT ON COLUMN restricted.objection_candidates.answered_on IS 'Ngày trả lời; trống khi chưa trả lời.';
COMMENT ON COLUMN restricted.objection_candidates.answer IS 'Kết quả trả lời: accepted (chấp nhận), partly_accepted, rejected.';
COMMENT ON COLUMN restricted.objection_candidates.document IS 'Văn bản trả lời.';
COMMENT ON COLUMN restricted.objection_candidates.unit_key IS 'Khóa so tên của đơn vị khiếu nại.';
