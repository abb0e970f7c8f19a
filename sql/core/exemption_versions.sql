-- Grain: one row per version of a row of core.exemptions.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__exemptions. Columns are those of core.exemptions.

CREATE TABLE core.exemption_versions (
    LIKE core.exemptions INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, exemption_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.exemption_versions IS 'Mọi phiên bản: hồ sơ muộn vì nguyên nhân khách quan, với hai người duyệt.';
COMMENT ON COLUMN core.exemption_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
