-- Grain: one row per staged row of register__exemptions.
-- Answers: the row as core.exemptions would hold it, and what its suite needs to judge it.

CREATE VIEW core.exemption_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.exemption_code,
    s.dossier_code,
    s.step_official_code,
    s.cause,
    s.requested_on,
    s.first_approver_code,
    s.first_approved_on,
    s.second_approver_code,
    s.second_approved_on,
    s.document
FROM staging.register__exemptions AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id;

COMMENT ON VIEW core.exemption_candidates IS 'Các dòng sổ miễn trừ vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.exemption_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.exemption_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.exemption_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.exemption_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.exemption_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.exemption_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.exemption_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.exemption_candidates.exemption_code IS 'Mã miễn trừ.';
COMMENT ON COLUMN core.exemption_candidates.dossier_code IS 'Mã hồ sơ.';
COMMENT ON COLUMN core.exemption_candidates.step_official_code IS 'Mã công chức giữ bước được miễn; trống: cả hồ sơ.';
COMMENT ON COLUMN core.exemption_candidates.cause IS 'Nguyên nhân khách quan: other_agency, system, force_majeure, changed_rules, other.';
COMMENT ON COLUMN core.exemption_candidates.requested_on IS 'Ngày đề nghị.';
COMMENT ON COLUMN core.exemption_candidates.first_approver_code IS 'Mã công chức của người duyệt thứ nhất.';
COMMENT ON COLUMN core.exemption_candidates.first_approved_on IS 'Ngày duyệt thứ nhất.';
COMMENT ON COLUMN core.exemption_candidates.second_approver_code IS 'Mã công chức của người duyệt thứ hai.';
COMMENT ON COLUMN core.exemption_candidates.second_approved_on IS 'Ngày duyệt thứ hai.';
COMMENT ON COLUMN core.exemption_candidates.document IS 'Văn bản miễn trừ.';
