-- Grain: one row per staged row that some rule of its suite does not accept.
-- Answers: which staged rows are refused, which are warned about, and by what rules.
-- Filled by: the audit of a reading, which replaces what it wrote for the same reading.

CREATE UNLOGGED TABLE staging.verdicts (
    stream text NOT NULL,
    fetch_id bigint NOT NULL,
    row_uid bigint NOT NULL,
    row_number integer NOT NULL,
    refused text[] NOT NULL,
    warned text[] NOT NULL,
    PRIMARY KEY (stream, fetch_id, row_uid),
    CHECK (cardinality(refused) + cardinality(warned) > 0)
);

COMMENT ON TABLE staging.verdicts IS 'Kết quả chấm từng dòng vừa nhận; chỉ có các dòng phạm ít nhất một luật.';
COMMENT ON COLUMN staging.verdicts.stream IS 'Luồng.';
COMMENT ON COLUMN staging.verdicts.fetch_id IS 'Số của lần đọc.';
COMMENT ON COLUMN staging.verdicts.row_uid IS 'Số hiệu của dòng trong bảng staging của luồng.';
COMMENT ON COLUMN staging.verdicts.row_number IS 'Số thứ tự dòng trong lần đọc.';
COMMENT ON COLUMN staging.verdicts.refused IS 'Các luật bắt buộc không đạt: dòng bị cách ly.';
COMMENT ON COLUMN staging.verdicts.warned IS 'Các luật cảnh báo không đạt: dòng vẫn được nhập, mang cờ.';
