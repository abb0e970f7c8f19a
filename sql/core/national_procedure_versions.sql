-- Grain: one row per procedure of the national catalogue and version.
-- Filled by: the merge of portal__procedures. Columns are those of core.national_procedures.

CREATE TABLE core.national_procedure_versions (
    LIKE core.national_procedures INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, procedure_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.national_procedure_versions IS 'Mọi phiên bản của danh mục thủ tục hành chính quốc gia.';
COMMENT ON COLUMN core.national_procedure_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
