-- Grain: one row per version of a row of core.inspection_records.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__inspections. Columns are those of core.inspection_records.

CREATE TABLE core.inspection_record_versions (
    LIKE core.inspection_records INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, entry_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.inspection_record_versions IS 'Mọi phiên bản: cuộc kiểm tra cải cách hành chính và tồn tại phát hiện.';
COMMENT ON COLUMN core.inspection_record_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
