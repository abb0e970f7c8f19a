-- Grain: one row per version of a row of restricted.conduct_records.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__conduct. Columns are those of restricted.conduct_records.

CREATE TABLE restricted.conduct_record_versions (
    LIKE restricted.conduct_records INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, record_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE restricted.conduct_record_versions IS 'Mọi phiên bản: quán triệt, phản ánh và kết luận về kỷ luật, kỷ cương. Hạn chế.';
COMMENT ON COLUMN restricted.conduct_record_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
