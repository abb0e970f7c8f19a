-- Grain: one row per dossier and number of the apology, as its newest version says.
-- Answers: when a late dossier was announced, apologised for and given a new date, and how often.
-- Filled by: the merge of register__apologies.

CREATE TABLE core.apology_letters (
    commune_code text NOT NULL,
    dossier_code text NOT NULL,
    letter_number integer NOT NULL,
    unit_code text NOT NULL,
    official_code text,
    noticed_on date,
    apologized_on date,
    new_due_on date,
    reason_kind text,
    sent_through text,
    document text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, dossier_code, letter_number),
    CHECK (letter_number >= 1),
    CHECK (num_nonnulls(noticed_on, apologized_on) > 0)
);

COMMENT ON TABLE core.apology_letters IS 'Thông báo chậm, thư xin lỗi và ngày hẹn mới.';
COMMENT ON COLUMN core.apology_letters.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.apology_letters.dossier_code IS 'Mã hồ sơ.';
COMMENT ON COLUMN core.apology_letters.letter_number IS 'Lần xin lỗi, từ 1.';
COMMENT ON COLUMN core.apology_letters.unit_code IS 'Mã đơn vị theo bảng tra tên.';
COMMENT ON COLUMN core.apology_letters.official_code IS 'Mã công chức phụ trách, theo sổ cán bộ.';
COMMENT ON COLUMN core.apology_letters.noticed_on IS 'Ngày báo chậm cho bộ phận một cửa.';
COMMENT ON COLUMN core.apology_letters.apologized_on IS 'Ngày gửi thư xin lỗi; trống khi mới báo chậm.';
COMMENT ON COLUMN core.apology_letters.new_due_on IS 'Ngày hẹn trả mới.';
COMMENT ON COLUMN core.apology_letters.reason_kind IS 'Lý do chậm: verification, other_agency, own_fault, system, force_majeure, other.';
COMMENT ON COLUMN core.apology_letters.sent_through IS 'Hình thức gửi: letter, email, sms, portal.';
COMMENT ON COLUMN core.apology_letters.document IS 'Số văn bản xin lỗi.';
COMMENT ON COLUMN core.apology_letters.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.apology_letters.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.apology_letters.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.apology_letters.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.apology_letters.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.apology_letters.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
