-- Grain: one row per version of a row of core.publicity_checks.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__publicity. Columns are those of core.publicity_checks.

CREATE TABLE core.publicity_check_versions (
    LIKE core.publicity_checks INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, procedure_code, checked_on, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.publicity_check_versions IS 'Mọi phiên bản: bảng kiểm công khai thủ tục: từng thủ tục, từng ngày kiểm.';
COMMENT ON COLUMN core.publicity_check_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
