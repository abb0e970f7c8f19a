-- Grain: one row per procedure, of the catalogue or only seen on dossiers.
-- Answers: the procedures around the facts.

CREATE VIEW marts.procedures AS
SELECT
    commune_code,
    procedure_code,
    p.name,
    coalesce(p.field, 'Khác') AS field,
    coalesce(p.field_key, 'khac') AS field_code,
    p.service_level,
    p.deadline_working_days,
    p.has_no_deadline,
    p.gives_result,
    p.procedure_code IS NOT NULL AS is_in_catalogue
FROM core.procedures AS p
FULL JOIN (
    SELECT DISTINCT commune_code, procedure_code FROM core.dossiers WHERE procedure_code IS NOT NULL
) AS seen USING (commune_code, procedure_code);

COMMENT ON VIEW marts.procedures IS 'Các thủ tục: trong danh mục, hoặc chỉ gặp trên hồ sơ.';
COMMENT ON COLUMN marts.procedures.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.procedures.procedure_code IS 'Mã thủ tục.';
COMMENT ON COLUMN marts.procedures.name IS 'Tên thủ tục; trống khi không có trong danh mục.';
COMMENT ON COLUMN marts.procedures.field IS 'Lĩnh vực; “Khác” khi không có trong danh mục.';
COMMENT ON COLUMN marts.procedures.field_code IS 'Khóa so tên của lĩnh vực; khac khi không có trong danh mục.';
COMMENT ON COLUMN marts.procedures.service_level IS 'Mức độ dịch vụ công theo bản danh mục mới nhất.';
COMMENT ON COLUMN marts.procedures.deadline_working_days IS 'Thời hạn, ngày làm việc.';
COMMENT ON COLUMN marts.procedures.has_no_deadline IS 'Không quy định thời hạn.';
COMMENT ON COLUMN marts.procedures.gives_result IS 'Có kết quả là giấy tờ hoặc tệp.';
COMMENT ON COLUMN marts.procedures.is_in_catalogue IS 'Có trong danh mục.';
