-- Grain: one row per staged row of register__tasks.
-- Answers: the row as core.tasks would hold it, and what its suite needs to judge it.

CREATE VIEW core.task_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.task_code,
    s.title,
    s.kind,
    s.source,
    s.source_document,
    n.unit_code,
    s.official_code,
    s.assigned_on,
    s.due_on,
    s.state,
    s.done_on,
    s.evidence,
    CASE WHEN s.planned_count = trunc(s.planned_count) AND s.planned_count BETWEEN 0 AND 1000000 THEN s.planned_count::integer END AS planned_count,
    CASE WHEN s.done_count = trunc(s.done_count) AND s.done_count BETWEEN 0 AND 1000000 THEN s.done_count::integer END AS done_count,
    s.reminded_on,
    CASE WHEN s.reminder_count = trunc(s.reminder_count) AND s.reminder_count BETWEEN 0 AND 1000000 THEN s.reminder_count::integer END AS reminder_count,
    s.obstacle_reported_on,
    s.obstacle_due_on,
    s.obstacle_resolved_on,
    s.excused_by,
    s.unit_key,
    coalesce(s.planned_count = trunc(s.planned_count) AND s.planned_count BETWEEN 0 AND 1000000, true)
        AND coalesce(s.done_count = trunc(s.done_count) AND s.done_count BETWEEN 0 AND 1000000, true)
        AND coalesce(s.reminder_count = trunc(s.reminder_count) AND s.reminder_count BETWEEN 0 AND 1000000, true) AS has_whole_counts
FROM staging.register__tasks AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = f.commune_code
        AND n.name_key = s.unit_key
        AND coalesce(s.assigned_on, s.due_on, core.day_of(f.fetched_at)) BETWEEN n.valid_from AND n.valid_to;

COMMENT ON VIEW core.task_candidates IS 'Các dòng sổ nhiệm vụ vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.task_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.task_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.task_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.task_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.task_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.task_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.task_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.task_candidates.task_code IS 'Mã nhiệm vụ.';
COMMENT ON COLUMN core.task_candidates.title IS 'Nội dung nhiệm vụ.';
COMMENT ON COLUMN core.task_candidates.kind IS 'Loại việc: task, document, report, monitoring_report, inspection_plan, communication_product.';
COMMENT ON COLUMN core.task_candidates.source IS 'Nguồn giao: par_plan (kế hoạch CCHC), communication_plan (kế hoạch tuyên truyền), city, commune, reporting_rule.';
COMMENT ON COLUMN core.task_candidates.source_document IS 'Văn bản giao.';
COMMENT ON COLUMN core.task_candidates.unit_code IS 'Mã đơn vị theo bảng tra tên.';
COMMENT ON COLUMN core.task_candidates.official_code IS 'Mã công chức, theo sổ cán bộ.';
COMMENT ON COLUMN core.task_candidates.assigned_on IS 'Ngày giao.';
COMMENT ON COLUMN core.task_candidates.due_on IS 'Hạn đang có hiệu lực.';
COMMENT ON COLUMN core.task_candidates.state IS 'Trạng thái: not_started, in_progress, done, cancelled.';
COMMENT ON COLUMN core.task_candidates.done_on IS 'Ngày hoàn thành; có khi và chỉ khi trạng thái là done.';
COMMENT ON COLUMN core.task_candidates.evidence IS 'Minh chứng.';
COMMENT ON COLUMN core.task_candidates.planned_count IS 'Số sản phẩm phải làm.';
COMMENT ON COLUMN core.task_candidates.done_count IS 'Số sản phẩm đã làm.';
COMMENT ON COLUMN core.task_candidates.reminded_on IS 'Ngày đôn đốc đầu tiên.';
COMMENT ON COLUMN core.task_candidates.reminder_count IS 'Số lần đôn đốc.';
COMMENT ON COLUMN core.task_candidates.obstacle_reported_on IS 'Ngày báo khó khăn, vướng mắc.';
COMMENT ON COLUMN core.task_candidates.obstacle_due_on IS 'Hạn xử lý vướng mắc.';
COMMENT ON COLUMN core.task_candidates.obstacle_resolved_on IS 'Ngày xử lý xong vướng mắc.';
COMMENT ON COLUMN core.task_candidates.excused_by IS 'Văn bản xác nhận chậm vì lý do khách quan.';
COMMENT ON COLUMN core.task_candidates.unit_key IS 'Khóa so tên của đơn vị thực hiện.';
COMMENT ON COLUMN core.task_candidates.has_whole_counts IS 'Mọi số đếm đều là số nguyên không âm.';
