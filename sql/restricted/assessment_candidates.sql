-- Grain: one row per staged row of register__assessments.
-- Answers: the row as restricted.assessments would hold it, and what its suite needs to judge it.

CREATE VIEW restricted.assessment_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.period,
    s.official_code,
    s.assessor,
    s.item_code,
    s.points,
    s.signed_on,
    s.document
FROM restricted.register__assessments AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id;

COMMENT ON VIEW restricted.assessment_candidates IS 'Các dòng sổ chấm điểm vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN restricted.assessment_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.assessment_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN restricted.assessment_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN restricted.assessment_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN restricted.assessment_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN restricted.assessment_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN restricted.assessment_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN restricted.assessment_candidates.period IS 'Kỳ đánh giá: 2025, 2026-Q1.';
COMMENT ON COLUMN restricted.assessment_candidates.official_code IS 'Mã công chức.';
COMMENT ON COLUMN restricted.assessment_candidates.assessor IS 'Ai chấm: self (tự chấm, không tính), head (người đứng đầu).';
COMMENT ON COLUMN restricted.assessment_candidates.item_code IS 'Mã mục của bộ quy tắc: g1, g2, e…';
COMMENT ON COLUMN restricted.assessment_candidates.points IS 'Điểm chấm; mục e theo thang 100.';
COMMENT ON COLUMN restricted.assessment_candidates.signed_on IS 'Ngày ký.';
COMMENT ON COLUMN restricted.assessment_candidates.document IS 'Số, ký hiệu phiếu hoặc biên bản họp.';
