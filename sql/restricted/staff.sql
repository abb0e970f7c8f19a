-- Grain: one row per official and span of days: a posting, or an absence.
-- Answers: whose code is whose, where an official belonged and worked on a day, and when absent.
-- Filled by: the merge of register__staff.

CREATE TABLE restricted.staff (
    commune_code text NOT NULL,
    official_code text NOT NULL,
    kind text NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    full_name text,
    official_key text,
    home_unit_code text,
    working_unit_code text,
    job_title text,
    staff_kind text,
    is_head boolean NOT NULL,
    absence_reason text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, official_code, kind, starts_on),
    CHECK (ends_on >= starts_on),
    CHECK (kind = 'absence' OR num_nulls(full_name, official_key, home_unit_code, staff_kind) = 0),
    CHECK ((kind = 'absence') = (absence_reason IS NOT NULL))
);

COMMENT ON TABLE restricted.staff IS 'Cán bộ, công chức, viên chức: mã, họ tên, đơn vị, quãng công tác và vắng mặt. Hạn chế: nơi duy nhất có họ tên.';
COMMENT ON COLUMN restricted.staff.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.staff.official_code IS 'Mã công chức.';
COMMENT ON COLUMN restricted.staff.kind IS 'Loại dòng: posting (công tác), absence (vắng mặt).';
COMMENT ON COLUMN restricted.staff.starts_on IS 'Ngày đầu của quãng.';
COMMENT ON COLUMN restricted.staff.ends_on IS 'Ngày cuối; trống khi còn tiếp tục.';
COMMENT ON COLUMN restricted.staff.full_name IS 'Họ và tên; chỉ có ở đây.';
COMMENT ON COLUMN restricted.staff.official_key IS 'Mã băm có khóa của họ tên, so được với người xử lý của hệ thống thành phố.';
COMMENT ON COLUMN restricted.staff.home_unit_code IS 'Đơn vị chủ quản: nơi quản lý và đánh giá.';
COMMENT ON COLUMN restricted.staff.working_unit_code IS 'Đơn vị làm việc; trong sổ để trống thì là đơn vị chủ quản.';
COMMENT ON COLUMN restricted.staff.job_title IS 'Chức danh.';
COMMENT ON COLUMN restricted.staff.staff_kind IS 'Nhóm: leader, civil_servant, public_employee, contract.';
COMMENT ON COLUMN restricted.staff.is_head IS 'Là người đứng đầu đơn vị chủ quản; để trống là không.';
COMMENT ON COLUMN restricted.staff.absence_reason IS 'Lý do vắng mặt: maternity, sickness, training, secondment, other.';
COMMENT ON COLUMN restricted.staff.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN restricted.staff.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN restricted.staff.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN restricted.staff.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN restricted.staff.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN restricted.staff.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
