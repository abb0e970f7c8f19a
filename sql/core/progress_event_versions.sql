-- Grain: one row per progress event and version.
-- Filled by: the merge of city__progress_events. Columns are those of core.progress_events.

CREATE TABLE core.progress_event_versions (
    LIKE core.progress_events INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, dossier_code, occurred_at, status, text_key, fetched_at, fetch_id, row_number)
) PARTITION BY RANGE (fetched_at);

COMMENT ON TABLE core.progress_event_versions IS 'Mọi phiên bản của mọi sự kiện tiến độ.';
COMMENT ON COLUMN core.progress_event_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
