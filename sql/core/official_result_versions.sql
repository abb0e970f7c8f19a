-- Grain: one row per version of a row of core.official_results.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__official_results. Columns are those of core.official_results.

CREATE TABLE core.official_result_versions (
    LIKE core.official_results INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, result_year, index_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.official_result_versions IS 'Mọi phiên bản: chỉ số và xếp loại do cấp trên công bố, mỗi năm một dòng cho mỗi chỉ số.';
COMMENT ON COLUMN core.official_result_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
