-- Grain: one row per staged row of register__conduct.
-- Answers: the row as restricted.conduct_records would hold it, and what its suite needs to judge it.

CREATE VIEW restricted.conduct_record_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.record_code,
    s.kind,
    s.happened_on,
    n.unit_code,
    s.official_code,
    s.behaviour,
    s.reported_through,
    s.report_code,
    s.verdict,
    s.discipline,
    s.disciplined_on,
    s.document,
    s.unit_key
FROM restricted.register__conduct AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = f.commune_code
        AND n.name_key = s.unit_key
        AND coalesce(s.happened_on, core.day_of(f.fetched_at)) BETWEEN n.valid_from AND n.valid_to;

COMMENT ON VIEW restricted.conduct_record_candidates IS 'Các dòng sổ kỷ luật, kỷ cương vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN restricted.conduct_record_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.conduct_record_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN restricted.conduct_record_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN restricted.conduct_record_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN restricted.conduct_record_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN restricted.conduct_record_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN restricted.conduct_record_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN restricted.conduct_record_candidates.record_code IS 'Mã dòng.';
COMMENT ON COLUMN restricted.conduct_record_candidates.kind IS 'Loại dòng: briefing (quán triệt), report (phản ánh, chưa biết đúng sai), finding (kết luận).';
COMMENT ON COLUMN restricted.conduct_record_candidates.happened_on IS 'Ngày quán triệt, ngày nhận phản ánh, hoặc ngày kết luận.';
COMMENT ON COLUMN restricted.conduct_record_candidates.unit_code IS 'Mã đơn vị theo bảng tra tên; phản ánh có thể chưa rõ đơn vị.';
COMMENT ON COLUMN restricted.conduct_record_candidates.official_code IS 'Mã công chức; phản ánh có thể chưa rõ người.';
COMMENT ON COLUMN restricted.conduct_record_candidates.behaviour IS 'Hành vi: harassment (phiền hà, sách nhiễu), indiscipline, attitude, falsification (làm sai dữ liệu), corruption (tham nhũng, lãng phí).';
COMMENT ON COLUMN restricted.conduct_record_candidates.reported_through IS 'Nguồn tin: petition_system, letter, hotline, inspection, other; chỉ ở phản ánh.';
COMMENT ON COLUMN restricted.conduct_record_candidates.report_code IS 'Mã dòng của phản ánh đã dẫn tới kết luận này.';
COMMENT ON COLUMN restricted.conduct_record_candidates.verdict IS 'Kết luận: substantiated (đúng), partly_substantiated, unsubstantiated; chỉ ở kết luận.';
COMMENT ON COLUMN restricted.conduct_record_candidates.discipline IS 'Hình thức kỷ luật: none, reprimand, warning, salary_cut, demotion, removal, dismissal; chỉ ở kết luận.';
COMMENT ON COLUMN restricted.conduct_record_candidates.disciplined_on IS 'Ngày quyết định kỷ luật.';
COMMENT ON COLUMN restricted.conduct_record_candidates.document IS 'Văn bản kết luận.';
COMMENT ON COLUMN restricted.conduct_record_candidates.unit_key IS 'Khóa so tên của đơn vị.';
