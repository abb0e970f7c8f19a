-- Grain: one row per version of a row of core.reviews.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__reviews. Columns are those of core.reviews.

CREATE TABLE core.review_versions (
    LIKE core.reviews INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, review_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.review_versions IS 'Mọi phiên bản: thủ tục được rà soát, đề xuất cắt giảm và kết quả.';
COMMENT ON COLUMN core.review_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
