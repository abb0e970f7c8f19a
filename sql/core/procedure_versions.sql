-- Grain: one row per procedure and version of its catalogue entry.
-- Answers: what the catalogue said on the day of reception. The first known version also holds for earlier days.
-- Filled by: the merge of register__procedures. Columns are those of core.procedures.

CREATE TABLE core.procedure_versions (
    LIKE core.procedures INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, procedure_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.procedure_versions IS 'Mọi phiên bản của danh mục thủ tục.';
COMMENT ON COLUMN core.procedure_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
