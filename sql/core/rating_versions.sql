-- Grain: one row per response, item asked and version.
-- Filled by: the merge of ratings__responses. Columns are those of core.ratings.

CREATE TABLE core.rating_versions (
    LIKE core.ratings INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, response_code, item, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.rating_versions IS 'Mọi phiên bản của các đánh giá.';
COMMENT ON COLUMN core.rating_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
