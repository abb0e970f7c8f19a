-- Grain: one row per staged row of portal__procedures.
-- Answers: the row as core.national_procedures would hold it, and what its suite needs to judge it.

CREATE VIEW core.national_procedure_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.procedure_code,
    core.one_line(s.procedure_name) AS name,
    core.one_line(s.issuing_agency_name) AS issuing_agency,
    core.one_line(s.executing_agency_name) AS executing_agency,
    core.one_line(s.field_name) AS field
FROM staging.portal__procedures AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id;

COMMENT ON VIEW core.national_procedure_candidates IS 'Các dòng danh mục quốc gia vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.national_procedure_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.national_procedure_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.national_procedure_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.national_procedure_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.national_procedure_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.national_procedure_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.national_procedure_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.national_procedure_candidates.procedure_code IS 'Mã thủ tục dạng d.dddddd.';
COMMENT ON COLUMN core.national_procedure_candidates.name IS 'Tên thủ tục, gom về một dòng.';
COMMENT ON COLUMN core.national_procedure_candidates.issuing_agency IS 'Cơ quan ban hành, gom về một dòng.';
COMMENT ON COLUMN core.national_procedure_candidates.executing_agency IS 'Cơ quan thực hiện, gom về một dòng.';
COMMENT ON COLUMN core.national_procedure_candidates.field IS 'Lĩnh vực, gom về một dòng.';
