-- Grain: one row per task, report or document with a deadline, as its newest version says.
-- Answers: which work of the plans, of the city and of the commune was due when, and what became of it.
-- Filled by: the merge of register__tasks.

CREATE TABLE core.tasks (
    commune_code text NOT NULL,
    task_code text NOT NULL,
    title text NOT NULL,
    kind text NOT NULL,
    source text NOT NULL,
    source_document text,
    unit_code text NOT NULL,
    official_code text,
    assigned_on date,
    due_on date NOT NULL,
    state text NOT NULL,
    done_on date,
    evidence text,
    planned_count integer,
    done_count integer,
    reminded_on date,
    reminder_count integer,
    obstacle_reported_on date,
    obstacle_due_on date,
    obstacle_resolved_on date,
    excused_by text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, task_code),
    CHECK ((state = 'done') = (done_on IS NOT NULL))
);

COMMENT ON TABLE core.tasks IS 'Nhiệm vụ, văn bản, báo cáo có hạn, như sổ nhiệm vụ ghi.';
COMMENT ON COLUMN core.tasks.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.tasks.task_code IS 'Mã nhiệm vụ.';
COMMENT ON COLUMN core.tasks.title IS 'Nội dung nhiệm vụ.';
COMMENT ON COLUMN core.tasks.kind IS 'Loại việc: task, document, report, monitoring_report, inspection_plan, communication_product.';
COMMENT ON COLUMN core.tasks.source IS 'Nguồn giao: par_plan (kế hoạch CCHC), communication_plan (kế hoạch tuyên truyền), city, commune, reporting_rule.';
COMMENT ON COLUMN core.tasks.source_document IS 'Văn bản giao.';
COMMENT ON COLUMN core.tasks.unit_code IS 'Mã đơn vị theo bảng tra tên.';
COMMENT ON COLUMN core.tasks.official_code IS 'Mã công chức, theo sổ cán bộ.';
COMMENT ON COLUMN core.tasks.assigned_on IS 'Ngày giao.';
COMMENT ON COLUMN core.tasks.due_on IS 'Hạn đang có hiệu lực.';
COMMENT ON COLUMN core.tasks.state IS 'Trạng thái: not_started, in_progress, done, cancelled.';
COMMENT ON COLUMN core.tasks.done_on IS 'Ngày hoàn thành; có khi và chỉ khi trạng thái là done.';
COMMENT ON COLUMN core.tasks.evidence IS 'Minh chứng.';
COMMENT ON COLUMN core.tasks.planned_count IS 'Số sản phẩm phải làm.';
COMMENT ON COLUMN core.tasks.done_count IS 'Số sản phẩm đã làm.';
COMMENT ON COLUMN core.tasks.reminded_on IS 'Ngày đôn đốc đầu tiên.';
COMMENT ON COLUMN core.tasks.reminder_count IS 'Số lần đôn đốc.';
COMMENT ON COLUMN core.tasks.obstacle_reported_on IS 'Ngày báo khó khăn, vướng mắc.';
COMMENT ON COLUMN core.tasks.obstacle_due_on IS 'Hạn xử lý vướng mắc.';
COMMENT ON COLUMN core.tasks.obstacle_resolved_on IS 'Ngày xử lý xong vướng mắc.';
COMMENT ON COLUMN core.tasks.excused_by IS 'Văn bản xác nhận chậm vì lý do khách quan.';
COMMENT ON COLUMN core.tasks.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.tasks.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.tasks.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.tasks.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.tasks.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.tasks.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
