-- Grain: one row per day that differs from Monday to Friday, and its legal notice.
-- Answers: which weekdays are off and which Saturdays are worked. A year without rows is not published.
-- Filled by: the merge of register__working_days. Every single day is in marts.days.

CREATE TABLE core.working_days (
    commune_code text NOT NULL,
    day date NOT NULL,
    is_working boolean NOT NULL,
    reason text NOT NULL,
    document text NOT NULL,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, day)
);

COMMENT ON TABLE core.working_days IS 'Ngày nghỉ và ngày làm bù khác với thứ Hai–thứ Sáu, mỗi ngày kèm văn bản.';
COMMENT ON COLUMN core.working_days.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.working_days.day IS 'Ngày.';
COMMENT ON COLUMN core.working_days.is_working IS 'Là ngày làm việc (làm bù) hay ngày nghỉ.';
COMMENT ON COLUMN core.working_days.reason IS 'Lý do.';
COMMENT ON COLUMN core.working_days.document IS 'Văn bản làm căn cứ.';
COMMENT ON COLUMN core.working_days.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.working_days.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.working_days.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.working_days.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.working_days.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.working_days.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
