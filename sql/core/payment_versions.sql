-- Grain: one row per payment transaction and version.
-- Filled by: the merge of payments__transactions. Columns are those of core.payments.

CREATE TABLE core.payment_versions (
    LIKE core.payments INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, transaction_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.payment_versions IS 'Mọi phiên bản của giao dịch phí, lệ phí.';
COMMENT ON COLUMN core.payment_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
