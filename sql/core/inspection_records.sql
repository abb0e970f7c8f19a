-- Grain: one row per inspection of a unit, or finding of an inspection.
-- Answers: which units were inspected as planned, what was found, what was mended in time.
-- Filled by: the merge of register__inspections.

CREATE TABLE core.inspection_records (
    commune_code text NOT NULL,
    entry_code text NOT NULL,
    kind text NOT NULL,
    inspection_code text,
    unit_code text NOT NULL,
    plan_document text,
    plan_issued_on date,
    planned_on date,
    inspected_on date,
    has_discipline_content boolean,
    concluded_on date,
    conclusion_document text,
    finding_kind text,
    finding text,
    dossier_code text,
    official_code text,
    mend_due_on date,
    mended_on date,
    evidence text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, entry_code),
    CHECK (kind = 'finding' OR num_nonnulls(inspection_code, finding_kind, finding, mend_due_on, mended_on) = 0)
);

COMMENT ON TABLE core.inspection_records IS 'Cuộc kiểm tra cải cách hành chính và tồn tại phát hiện.';
COMMENT ON COLUMN core.inspection_records.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.inspection_records.entry_code IS 'Mã dòng kiểm tra.';
COMMENT ON COLUMN core.inspection_records.kind IS 'Loại dòng: inspection (cuộc kiểm tra), finding (tồn tại).';
COMMENT ON COLUMN core.inspection_records.inspection_code IS 'Mã dòng của cuộc kiểm tra đã thấy tồn tại này.';
COMMENT ON COLUMN core.inspection_records.unit_code IS 'Mã đơn vị theo bảng tra tên.';
COMMENT ON COLUMN core.inspection_records.plan_document IS 'Kế hoạch kiểm tra; trống khi đột xuất.';
COMMENT ON COLUMN core.inspection_records.plan_issued_on IS 'Ngày ban hành kế hoạch.';
COMMENT ON COLUMN core.inspection_records.planned_on IS 'Ngày dự kiến trong kế hoạch.';
COMMENT ON COLUMN core.inspection_records.inspected_on IS 'Ngày đã kiểm tra.';
COMMENT ON COLUMN core.inspection_records.has_discipline_content IS 'Có nội dung kỷ luật, kỷ cương hành chính.';
COMMENT ON COLUMN core.inspection_records.concluded_on IS 'Ngày kết luận.';
COMMENT ON COLUMN core.inspection_records.conclusion_document IS 'Văn bản kết luận.';
COMMENT ON COLUMN core.inspection_records.finding_kind IS 'Loại tồn tại: wrong_authority, wrong_process, extra_papers, paperwork, discipline, other.';
COMMENT ON COLUMN core.inspection_records.finding IS 'Nội dung tồn tại.';
COMMENT ON COLUMN core.inspection_records.dossier_code IS 'Mã hồ sơ liên quan.';
COMMENT ON COLUMN core.inspection_records.official_code IS 'Mã công chức liên quan, theo sổ cán bộ.';
COMMENT ON COLUMN core.inspection_records.mend_due_on IS 'Hạn khắc phục.';
COMMENT ON COLUMN core.inspection_records.mended_on IS 'Ngày khắc phục; trống khi chưa.';
COMMENT ON COLUMN core.inspection_records.evidence IS 'Minh chứng khắc phục.';
COMMENT ON COLUMN core.inspection_records.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.inspection_records.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.inspection_records.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.inspection_records.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.inspection_records.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.inspection_records.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
