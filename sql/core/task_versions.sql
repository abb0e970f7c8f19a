-- Grain: one row per version of a row of core.tasks.
-- Answers: what the register said on any day.
-- Filled by: the merge of register__tasks. Columns are those of core.tasks.

CREATE TABLE core.task_versions (
    LIKE core.tasks INCLUDING COMMENTS,
    valid_to timestamptz,
    PRIMARY KEY (commune_code, task_code, fetched_at, fetch_id, row_number)
);

COMMENT ON TABLE core.task_versions IS 'Mọi phiên bản: nhiệm vụ, văn bản, báo cáo có hạn, như sổ nhiệm vụ ghi.';
COMMENT ON COLUMN core.task_versions.valid_to IS 'Thời điểm của bản kế tiếp; trống khi đây là bản mới nhất.';
