-- Grain: one row per staged row of register__apologies.
-- Answers: the row as core.apology_letters would hold it, and what its suite needs to judge it.

CREATE VIEW core.apology_letter_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.dossier_code,
    CASE WHEN s.letter_number = trunc(s.letter_number) AND s.letter_number BETWEEN 0 AND 1000000 THEN s.letter_number::integer END AS letter_number,
    n.unit_code,
    s.official_code,
    s.noticed_on,
    s.apologized_on,
    s.new_due_on,
    s.reason_kind,
    s.sent_through,
    s.document,
    s.unit_key
FROM staging.register__apologies AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = f.commune_code
        AND n.name_key = s.unit_key
        AND coalesce(s.apologized_on, s.noticed_on, core.day_of(f.fetched_at)) BETWEEN n.valid_from AND n.valid_to;

COMMENT ON VIEW core.apology_letter_candidates IS 'Các dòng sổ xin lỗi vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.apology_letter_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.apology_letter_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.apology_letter_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.apology_letter_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.apology_letter_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.apology_letter_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.apology_letter_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.apology_letter_candidates.dossier_code IS 'Mã hồ sơ.';
COMMENT ON COLUMN core.apology_letter_candidates.letter_number IS 'Lần xin lỗi, từ 1.';
COMMENT ON COLUMN core.apology_letter_candidates.unit_code IS 'Mã đơn vị theo bảng tra tên.';
COMMENT ON COLUMN core.apology_letter_candidates.official_code IS 'Mã công chức phụ trách, theo sổ cán bộ.';
COMMENT ON COLUMN core.apology_letter_candidates.noticed_on IS 'Ngày báo chậm cho bộ phận một cửa.';
COMMENT ON COLUMN core.apology_letter_candidates.apologized_on IS 'Ngày gửi thư xin lỗi; trống khi mới báo chậm.';
COMMENT ON COLUMN core.apology_letter_candidates.new_due_on IS 'Ngày hẹn trả mới.';
COMMENT ON COLUMN core.apology_letter_candidates.reason_kind IS 'Lý do chậm: verification, other_agency, own_fault, system, force_majeure, other.';
COMMENT ON COLUMN core.apology_letter_candidates.sent_through IS 'Hình thức gửi: letter, email, sms, portal.';
COMMENT ON COLUMN core.apology_letter_candidates.document IS 'Số văn bản xin lỗi.';
COMMENT ON COLUMN core.apology_letter_candidates.unit_key IS 'Khóa so tên của đơn vị xin lỗi.';
