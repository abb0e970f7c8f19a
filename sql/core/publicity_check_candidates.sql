-- Grain: one row per staged row of register__publicity.
-- Answers: the row as core.publicity_checks would hold it, and what its suite needs to judge it.

CREATE VIEW core.publicity_check_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.procedure_code,
    s.checked_on,
    s.is_at_center = 'yes' AS is_at_center,
    s.is_center_current = 'yes' AS is_center_current,
    s.is_center_complete = 'yes' AS is_center_complete,
    s.center_posted_on,
    s.is_on_portal = 'yes' AS is_on_portal,
    s.is_portal_current = 'yes' AS is_portal_current,
    s.is_portal_complete = 'yes' AS is_portal_complete,
    s.portal_posted_on,
    s.decision_document,
    s.decided_on,
    s.official_code,
    s.evidence
FROM staging.register__publicity AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id;

COMMENT ON VIEW core.publicity_check_candidates IS 'Các dòng bảng kiểm công khai vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.publicity_check_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.publicity_check_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.publicity_check_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.publicity_check_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.publicity_check_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.publicity_check_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.publicity_check_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.publicity_check_candidates.procedure_code IS 'Mã thủ tục dạng d.dddddd.';
COMMENT ON COLUMN core.publicity_check_candidates.checked_on IS 'Ngày kiểm.';
COMMENT ON COLUMN core.publicity_check_candidates.is_at_center IS 'Có niêm yết tại Trung tâm Phục vụ hành chính công.';
COMMENT ON COLUMN core.publicity_check_candidates.is_center_current IS 'Bản niêm yết đúng quyết định công bố mới nhất; trống khi không niêm yết.';
COMMENT ON COLUMN core.publicity_check_candidates.is_center_complete IS 'Bản niêm yết đủ các bộ phận của thủ tục; trống khi không niêm yết.';
COMMENT ON COLUMN core.publicity_check_candidates.center_posted_on IS 'Ngày niêm yết bản đang treo.';
COMMENT ON COLUMN core.publicity_check_candidates.is_on_portal IS 'Có trên Cổng thông tin điện tử xã.';
COMMENT ON COLUMN core.publicity_check_candidates.is_portal_current IS 'Bản trên Cổng đúng quyết định công bố mới nhất; trống khi không đăng.';
COMMENT ON COLUMN core.publicity_check_candidates.is_portal_complete IS 'Bản trên Cổng đủ các bộ phận của thủ tục; trống khi không đăng.';
COMMENT ON COLUMN core.publicity_check_candidates.portal_posted_on IS 'Ngày đăng bản đang có trên Cổng.';
COMMENT ON COLUMN core.publicity_check_candidates.decision_document IS 'Quyết định công bố mới nhất của thành phố.';
COMMENT ON COLUMN core.publicity_check_candidates.decided_on IS 'Ngày của quyết định ấy.';
COMMENT ON COLUMN core.publicity_check_candidates.official_code IS 'Mã công chức đi kiểm, theo sổ cán bộ.';
COMMENT ON COLUMN core.publicity_check_candidates.evidence IS 'Minh chứng.';
