-- Grain: one row per dossier about which the two systems differ.
-- Answers: what each unit has to look at this morning, and what to do about it.

CREATE VIEW marts.reconciliation_worklist AS
SELECT
    r.commune_code,
    r.unit_code,
    coalesce(u.name, 'Đơn vị chưa rõ') AS unit_name,
    c.title,
    c.todo,
    r.dossier_code,
    r.portal_code,
    r.class,
    r.matched_by,
    r.procedure_code,
    r.city_status,
    r.portal_status,
    r.city_received_on,
    r.portal_received_on,
    r.city_due_on,
    r.portal_due_on,
    r.city_ended_on,
    r.portal_ended_on
FROM marts.reconciliation AS r
INNER JOIN marts.reconciliation_classes AS c ON c.class = r.class
LEFT JOIN marts.units AS u ON u.commune_code = r.commune_code AND u.unit_code = r.unit_code
WHERE r.class <> 'equal' AND r.is_covered;

COMMENT ON VIEW marts.reconciliation_worklist IS 'Việc buổi sáng của từng đơn vị: các hồ sơ mà hai hệ thống nói khác nhau.';
COMMENT ON COLUMN marts.reconciliation_worklist.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN marts.reconciliation_worklist.unit_code IS 'Mã đơn vị.';
COMMENT ON COLUMN marts.reconciliation_worklist.unit_name IS 'Tên đơn vị.';
COMMENT ON COLUMN marts.reconciliation_worklist.title IS 'Tên loại lệch.';
COMMENT ON COLUMN marts.reconciliation_worklist.todo IS 'Việc cần làm.';
COMMENT ON COLUMN marts.reconciliation_worklist.dossier_code IS 'Mã hồ sơ ở hệ thống thành phố; hồ sơ chỉ có trên cổng thì là mã trên cổng.';
COMMENT ON COLUMN marts.reconciliation_worklist.portal_code IS 'Mã hồ sơ trên cổng.';
COMMENT ON COLUMN marts.reconciliation_worklist.class IS 'Loại, như ở marts.reconciliation.';
COMMENT ON COLUMN marts.reconciliation_worklist.matched_by IS 'Quy tắc đã ghép hai bên.';
COMMENT ON COLUMN marts.reconciliation_worklist.procedure_code IS 'Mã thủ tục.';
COMMENT ON COLUMN marts.reconciliation_worklist.city_status IS 'Trạng thái ở hệ thống thành phố.';
COMMENT ON COLUMN marts.reconciliation_worklist.portal_status IS 'Trạng thái trên cổng.';
COMMENT ON COLUMN marts.reconciliation_worklist.city_received_on IS 'Ngày tiếp nhận ở hệ thống thành phố.';
COMMENT ON COLUMN marts.reconciliation_worklist.portal_received_on IS 'Ngày tiếp nhận trên cổng.';
COMMENT ON COLUMN marts.reconciliation_worklist.city_due_on IS 'Ngày hẹn trả như hệ thống thành phố ghi.';
COMMENT ON COLUMN marts.reconciliation_worklist.portal_due_on IS 'Ngày hẹn trả như cổng ghi.';
COMMENT ON COLUMN marts.reconciliation_worklist.city_ended_on IS 'Ngày kết thúc theo hệ thống thành phố.';
COMMENT ON COLUMN marts.reconciliation_worklist.portal_ended_on IS 'Ngày kết thúc theo cổng.';
