-- Grain: one row per dossier on the portal and version.
-- Filled by: the merge of portal__dossiers. Columns are those of core.portal_dossiers.

CREATE TABLE core.portal_dossier_versions (
    LIKE core.portal_dossiers INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, dossier_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.portal_dossier_versions IS 'Mọi phiên bản của hồ sơ trên Cổng Dịch vụ công quốc gia.';
COMMENT ON COLUMN core.portal_dossier_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
