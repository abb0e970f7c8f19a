-- Grain: one row per document sent or received and version.
-- Filled by: the merge of documents__exchanges. Columns are those of core.document_exchanges.

CREATE TABLE core.document_exchange_versions (
    LIKE core.document_exchanges INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, document_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.document_exchange_versions IS 'Mọi phiên bản của văn bản gửi và nhận.';
COMMENT ON COLUMN core.document_exchange_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
