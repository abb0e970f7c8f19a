-- Grain: one row per version of a row of restricted.assessments.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__assessments. Columns are those of restricted.assessments.

CREATE TABLE restricted.assessment_versions (
    LIKE restricted.assessments INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, period, official_code, assessor, item_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE restricted.assessment_versions IS 'Mọi phiên bản: điểm tự chấm và điểm của người đứng đầu. Hạn chế.';
COMMENT ON COLUMN restricted.assessment_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
