-- Grain: one row per version of a row of restricted.staff.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__staff. Columns are those of restricted.staff.

CREATE TABLE restricted.staff_versions (
    LIKE restricted.staff INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, official_code, kind, starts_on, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE restricted.staff_versions IS 'Mọi phiên bản: cán bộ, công chức, viên chức: mã, họ tên, đơn vị, quãng công tác và vắng mặt. Hạn chế: nơi duy nhất có họ tên.';
COMMENT ON COLUMN restricted.staff_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
