-- Grain: one row per briefing of an official, report about conduct, or concluded finding.
-- Answers: who was briefed, what was reported, what was concluded; a report is never a finding.
-- Filled by: the merge of register__conduct.

CREATE TABLE restricted.conduct_records (
    commune_code text NOT NULL,
    record_code text NOT NULL,
    kind text NOT NULL,
    happened_on date NOT NULL,
    unit_code text,
    official_code text,
    behaviour text,
    reported_through text,
    report_code text,
    verdict text,
    discipline text,
    disciplined_on date,
    document text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, record_code),
    CHECK (kind = 'finding' OR num_nonnulls(report_code, verdict, discipline, disciplined_on, document) = 0),
    CHECK (kind <> 'finding' OR num_nulls(behaviour, verdict, document) = 0)
);

COMMENT ON TABLE restricted.conduct_records IS 'Quán triệt, phản ánh và kết luận về kỷ luật, kỷ cương. Hạn chế.';
COMMENT ON COLUMN restricted.conduct_records.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.conduct_records.record_code IS 'Mã dòng.';
COMMENT ON COLUMN restricted.conduct_records.kind IS 'Loại dòng: briefing (quán triệt), report (phản ánh, chưa biết đúng sai), finding (kết luận).';
COMMENT ON COLUMN restricted.conduct_records.happened_on IS 'Ngày quán triệt, ngày nhận phản ánh, hoặc ngày kết luận.';
COMMENT ON COLUMN restricted.conduct_records.unit_code IS 'Mã đơn vị theo bảng tra tên; phản ánh có thể chưa rõ đơn vị.';
COMMENT ON COLUMN restricted.conduct_records.official_code IS 'Mã công chức; phản ánh có thể chưa rõ người.';
COMMENT ON COLUMN restricted.conduct_records.behaviour IS 'Hành vi: harassment (phiền hà, sách nhiễu), indiscipline, attitude, falsification (làm sai dữ liệu), corruption (tham nhũng, lãng phí).';
COMMENT ON COLUMN restricted.conduct_records.reported_through IS 'Nguồn tin: petition_system, letter, hotline, inspection, other; chỉ ở phản ánh.';
COMMENT ON COLUMN restricted.conduct_records.report_code IS 'Mã dòng của phản ánh đã dẫn tới kết luận này.';
COMMENT ON COLUMN restricted.conduct_records.verdict IS 'Kết luận: substantiated (đúng), partly_substantiated, unsubstantiated; chỉ ở kết luận.';
COMMENT ON COLUMN restricted.conduct_records.discipline IS 'Hình thức kỷ luật: none, reprimand, warning, salary_cut, demotion, removal, dismissal; chỉ ở kết luận.';
COMMENT ON COLUMN restricted.conduct_records.disciplined_on IS 'Ngày quyết định kỷ luật.';
COMMENT ON COLUMN restricted.conduct_records.document IS 'Văn bản kết luận.';
COMMENT ON COLUMN restricted.conduct_records.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN restricted.conduct_records.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN restricted.conduct_records.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN restricted.conduct_records.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN restricted.conduct_records.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN restricted.conduct_records.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
