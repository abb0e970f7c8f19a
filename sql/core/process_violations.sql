-- Grain: one row per concluded finding that a dossier was handled against its process.
-- Answers: in which dossiers an inspection concluded a wrong authority, a wrong process or papers asked for too much.
-- A petition is what somebody says; only an inspection concludes. A finding counts once its inspection is concluded.

CREATE VIEW core.process_violations AS
SELECT
    f.commune_code,
    f.entry_code,
    f.dossier_code,
    f.finding_kind,
    coalesce(f.concluded_on, i.concluded_on) AS concluded_on
FROM core.inspection_records AS f
LEFT JOIN core.inspection_records AS i
    ON i.commune_code = f.commune_code AND i.entry_code = f.inspection_code AND i.kind = 'inspection'
WHERE
    f.kind = 'finding'
    AND f.dossier_code IS NOT NULL
    AND f.finding_kind IN ('wrong_authority', 'wrong_process', 'extra_papers')
    AND coalesce(f.concluded_on, i.concluded_on) IS NOT NULL;

COMMENT ON VIEW core.process_violations IS 'Hồ sơ mà kiểm tra đã kết luận là sai thẩm quyền, sai quy trình hoặc yêu cầu thêm giấy tờ.';
COMMENT ON COLUMN core.process_violations.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.process_violations.entry_code IS 'Mã dòng kiểm tra.';
COMMENT ON COLUMN core.process_violations.dossier_code IS 'Mã hồ sơ liên quan.';
COMMENT ON COLUMN core.process_violations.finding_kind IS 'Loại tồn tại: wrong_authority, wrong_process, extra_papers.';
COMMENT ON COLUMN core.process_violations.concluded_on IS 'Ngày kết luận, của tồn tại hoặc của cuộc kiểm tra.';
