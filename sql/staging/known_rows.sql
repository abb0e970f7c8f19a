-- Grain: one row per row of a reading that says, byte for byte, what is in force already.
-- Answers: which rows of a reading are not in the staging table of its stream, because nothing in them is new.
-- Filled by: the staging of a reading; any other merge of the stream empties it, and the reading is staged again.

CREATE UNLOGGED TABLE staging.known_rows (
    stream text NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    key_mark uuid NOT NULL,
    first_key text NOT NULL
);

CREATE INDEX ON staging.known_rows (fetch_id);

COMMENT ON TABLE staging.known_rows IS 'Các dòng của một lần đọc giống hệt bản đang có hiệu lực: không cần giải mã và chấm lại.';
COMMENT ON COLUMN staging.known_rows.stream IS 'Luồng.';
COMMENT ON COLUMN staging.known_rows.fetch_id IS 'Số của lần đọc.';
COMMENT ON COLUMN staging.known_rows.row_number IS 'Số thứ tự dòng trong lần đọc.';
COMMENT ON COLUMN staging.known_rows.key_mark IS 'Mã băm có khóa của khóa dòng.';
COMMENT ON COLUMN staging.known_rows.first_key IS 'Cột khóa thứ nhất, như mã hồ sơ.';
