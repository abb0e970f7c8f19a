-- Grain: one row per staged row of register__staff.
-- Answers: the row as restricted.staff would hold it, and what its suite needs to judge it.

CREATE VIEW restricted.staff_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.official_code,
    s.kind,
    s.starts_on,
    s.ends_on,
    s.full_name,
    s.official_key,
    h.unit_code AS home_unit_code,
    coalesce(w.unit_code, h.unit_code) AS working_unit_code,
    s.job_title,
    s.staff_kind,
    coalesce(s.is_head = 'yes', false) AS is_head,
    s.absence_reason,
    s.home_unit_key,
    s.working_unit_key,
    w.unit_code IS NOT NULL AS has_working_unit
FROM restricted.register__staff AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
LEFT JOIN core.unit_names AS h
    ON
        h.commune_code = f.commune_code
        AND h.name_key = s.home_unit_key
        AND coalesce(s.starts_on, core.day_of(f.fetched_at)) BETWEEN h.valid_from AND h.valid_to
LEFT JOIN core.unit_names AS w
    ON
        w.commune_code = f.commune_code
        AND w.name_key = s.working_unit_key
        AND coalesce(s.starts_on, core.day_of(f.fetched_at)) BETWEEN w.valid_from AND w.valid_to;

COMMENT ON VIEW restricted.staff_candidates IS 'Các dòng sổ cán bộ vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN restricted.staff_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.staff_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN restricted.staff_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN restricted.staff_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN restricted.staff_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN restricted.staff_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN restricted.staff_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN restricted.staff_candidates.official_code IS 'Mã công chức.';
COMMENT ON COLUMN restricted.staff_candidates.kind IS 'Loại dòng: posting (công tác), absence (vắng mặt).';
COMMENT ON COLUMN restricted.staff_candidates.starts_on IS 'Ngày đầu của quãng.';
COMMENT ON COLUMN restricted.staff_candidates.ends_on IS 'Ngày cuối; trống khi còn tiếp tục.';
COMMENT ON COLUMN restricted.staff_candidates.full_name IS 'Họ và tên; chỉ có ở đây.';
COMMENT ON COLUMN restricted.staff_candidates.official_key IS 'Mã băm có khóa của họ tên, so được với người xử lý của hệ thống thành phố.';
COMMENT ON COLUMN restricted.staff_candidates.home_unit_code IS 'Đơn vị chủ quản: nơi quản lý và đánh giá.';
COMMENT ON COLUMN restricted.staff_candidates.working_unit_code IS 'Đơn vị làm việc; trong sổ để trống thì là đơn vị chủ quản.';
COMMENT ON COLUMN restricted.staff_candidates.job_title IS 'Chức danh.';
COMMENT ON COLUMN restricted.staff_candidates.staff_kind IS 'Nhóm: leader, civil_servant, public_employee, contract.';
COMMENT ON COLUMN restricted.staff_candidates.is_head IS 'Là người đứng đầu đơn vị chủ quản; để trống là không.';
COMMENT ON COLUMN restricted.staff_candidates.absence_reason IS 'Lý do vắng mặt: maternity, sickness, training, secondment, other.';
COMMENT ON COLUMN restricted.staff_candidates.home_unit_key IS 'Khóa so tên của đơn vị chủ quản.';
COMMENT ON COLUMN restricted.staff_candidates.working_unit_key IS 'Khóa so tên của đơn vị làm việc.';
COMMENT ON COLUMN restricted.staff_candidates.has_working_unit IS 'Đơn vị làm việc có ghi và có trong bảng tra.';
