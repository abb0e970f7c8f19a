-- Grain: one row per dossier and version, in the order of the readings that brought them.
-- Answers: what was known of a dossier, and when.
-- Filled by: the merge of city__dossiers. Columns are those of core.dossiers.

CREATE TABLE core.dossier_versions (
    LIKE core.dossiers INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, dossier_code, fetched_at, fetch_id, row_number)
) PARTITION BY RANGE (fetched_at);

COMMENT ON TABLE core.dossier_versions IS 'Mọi phiên bản của mọi hồ sơ, theo thứ tự các lần đọc.';
COMMENT ON COLUMN core.dossier_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
