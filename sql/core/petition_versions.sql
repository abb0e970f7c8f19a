-- Grain: one row per petition and version.
-- Filled by: the merge of petitions__cases. Columns are those of core.petitions.

CREATE TABLE core.petition_versions (
    LIKE core.petitions INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, petition_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.petition_versions IS 'Mọi phiên bản của phản ánh, kiến nghị.';
COMMENT ON COLUMN core.petition_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
