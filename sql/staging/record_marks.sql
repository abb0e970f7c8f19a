-- Grain: one row per key of a city stream whose version in force was made from a record that is known byte for byte.
-- Answers: which records of the next reading say nothing new, so that they need not be decoded and judged again.
-- Filled by: the merge. Emptying it costs only time: what has no mark is read in full.

CREATE UNLOGGED TABLE staging.record_marks (
    commune_code text NOT NULL,
    stream text NOT NULL,
    key_mark uuid NOT NULL,
    first_key text NOT NULL,
    mark uuid NOT NULL,
    PRIMARY KEY (commune_code, stream, key_mark)
);

COMMENT ON TABLE staging.record_marks IS 'Dấu vân tay của bản ghi gốc đứng sau bản đang có hiệu lực; xóa đi chỉ tốn thời gian.';
COMMENT ON COLUMN staging.record_marks.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN staging.record_marks.stream IS 'Luồng.';
COMMENT ON COLUMN staging.record_marks.key_mark IS 'Mã băm có khóa của khóa dòng.';
COMMENT ON COLUMN staging.record_marks.first_key IS 'Cột khóa thứ nhất, như mã hồ sơ.';
COMMENT ON COLUMN staging.record_marks.mark IS 'Mã băm có khóa của bản ghi gốc và của mọi luật đã chấm nó.';
