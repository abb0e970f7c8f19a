-- Grain: one row per version of a row of core.apology_letters.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__apologies. Columns are those of core.apology_letters.

CREATE TABLE core.apology_letter_versions (
    LIKE core.apology_letters INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, dossier_code, letter_number, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.apology_letter_versions IS 'Mọi phiên bản: thông báo chậm, thư xin lỗi và ngày hẹn mới.';
COMMENT ON COLUMN core.apology_letter_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
