-- Grain: one row per staged row of register__procedures.
-- Answers: the row as core.procedures would hold it, and what its suite needs to judge it.

CREATE VIEW core.procedure_candidates AS
WITH staged AS (
    SELECT
        f.commune_code,
        f.fetched_at,
        s.*,
        lower(s.service_level_name) AS level_word,
        lower(s.deadline_text) AS deadline_word
    FROM staging.register__procedures AS s
    INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
)

SELECT
    commune_code,
    fetch_id,
    row_number,
    row_uid,
    row_hash,
    fetched_at,
    unreadable,
    procedure_code,
    procedure_name AS name,
    field_name AS field,
    field_key,
    CASE level_word
        WHEN 'toàn trình' THEN 4
        WHEN 'một phần' THEN 3
        WHEN 'cung cấp thông tin' THEN 2
    END AS service_level,
    CASE WHEN deadline_word ~ '^[0-9]{1,4}$' THEN deadline_word::integer END AS deadline_working_days,
    coalesce(deadline_word = 'không quy định', false) AS has_no_deadline,
    gives_result,
    lead_unit_name AS unit_name,
    service_level_name,
    deadline_text
FROM staged;

COMMENT ON VIEW core.procedure_candidates IS 'Các dòng danh mục thủ tục vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.procedure_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.procedure_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.procedure_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.procedure_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.procedure_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.procedure_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.procedure_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.procedure_candidates.procedure_code IS 'Mã thủ tục dạng d.dddddd.';
COMMENT ON COLUMN core.procedure_candidates.name IS 'Tên thủ tục.';
COMMENT ON COLUMN core.procedure_candidates.field IS 'Lĩnh vực như đã khai.';
COMMENT ON COLUMN core.procedure_candidates.field_key IS 'Khóa so tên của lĩnh vực.';
COMMENT ON COLUMN core.procedure_candidates.service_level IS 'Mức độ dịch vụ công: 4 toàn trình, 3 một phần, 2 cung cấp thông tin; trống khi chưa biết.';
COMMENT ON COLUMN core.procedure_candidates.deadline_working_days IS 'Thời hạn giải quyết, ngày làm việc; trống khi chưa biết hoặc không quy định.';
COMMENT ON COLUMN core.procedure_candidates.has_no_deadline IS 'Danh mục ghi rõ là không quy định thời hạn.';
COMMENT ON COLUMN core.procedure_candidates.gives_result IS 'Thủ tục có kết quả là giấy tờ hoặc tệp.';
COMMENT ON COLUMN core.procedure_candidates.unit_name IS 'Đơn vị chủ trì như đã khai.';
COMMENT ON COLUMN core.procedure_candidates.service_level_name IS 'Mức độ dịch vụ công như đã khai.';
COMMENT ON COLUMN core.procedure_candidates.deadline_text IS 'Thời hạn như đã khai.';
