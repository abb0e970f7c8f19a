-- Grain: one row per day and version.
-- Filled by: the merge of register__working_days. Columns are those of core.working_days.

CREATE TABLE core.working_day_versions (
    LIKE core.working_days INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, day, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.working_day_versions IS 'Mọi phiên bản của lịch làm việc.';
COMMENT ON COLUMN core.working_day_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
