-- Grain: one row per agency, month of the 766 index and version.
-- Filled by: the merge of portal__index_766. Columns are those of core.index_766_scores.

CREATE TABLE core.index_766_score_versions (
    LIKE core.index_766_scores INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, agency_code, year, month, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.index_766_score_versions IS 'Mọi phiên bản của điểm Bộ chỉ số 766.';
COMMENT ON COLUMN core.index_766_score_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
