-- Grain: one row per version of a row of restricted.objections.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__objections. Columns are those of restricted.objections.

CREATE TABLE restricted.objection_versions (
    LIKE restricted.objections INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, objection_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE restricted.objection_versions IS 'Mọi phiên bản: khiếu nại đề xuất đánh giá và kết quả trả lời. Hạn chế.';
COMMENT ON COLUMN restricted.objection_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
