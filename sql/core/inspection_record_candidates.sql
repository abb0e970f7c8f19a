-- Grain: one row per staged row of register__inspections.
-- Answers: the row as core.inspection_records would hold it, and what its suite needs to judge it.

CREATE VIEW core.inspection_record_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.entry_code,
    s.kind,
    s.inspection_code,
    n.unit_code,
    s.plan_document,
    s.plan_issued_on,
    s.planned_on,
    s.inspected_on,
    s.has_discipline_content = 'yes' AS has_discipline_content,
    s.concluded_on,
    s.conclusion_document,
    s.finding_kind,
    s.finding,
    s.dossier_code,
    s.official_code,
    s.mend_due_on,
    s.mended_on,
    s.evidence,
    s.unit_key
FROM staging.register__inspections AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = f.commune_code
        AND n.name_key = s.unit_key
        AND coalesce(s.inspected_on, s.planned_on, core.day_of(f.fetched_at)) BETWEEN n.valid_from AND n.valid_to;

COMMENT ON VIEW core.inspection_record_candidates IS 'Các dòng sổ kiểm tra vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.inspection_record_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.inspection_record_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.inspection_record_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.inspection_record_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.inspection_record_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.inspection_record_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.inspection_record_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.inspection_record_candidates.entry_code IS 'Mã dòng kiểm tra.';
COMMENT ON COLUMN core.inspection_record_candidates.kind IS 'Loại dòng: inspection (cuộc kiểm tra), finding (tồn tại).';
COMMENT ON COLUMN core.inspection_record_candidates.inspection_code IS 'Mã dòng của cuộc kiểm tra đã thấy tồn tại này.';
COMMENT ON COLUMN core.inspection_record_candidates.unit_code IS 'Mã đơn vị theo bảng tra tên.';
COMMENT ON COLUMN core.inspection_record_candidates.plan_document IS 'Kế hoạch kiểm tra; trống khi đột xuất.';
COMMENT ON COLUMN core.inspection_record_candidates.plan_issued_on IS 'Ngày ban hành kế hoạch.';
COMMENT ON COLUMN core.inspection_record_candidates.planned_on IS 'Ngày dự kiến trong kế hoạch.';
COMMENT ON COLUMN core.inspection_record_candidates.inspected_on IS 'Ngày đã kiểm tra.';
COMMENT ON COLUMN core.inspection_record_candidates.has_discipline_content IS 'Có nội dung kỷ luật, kỷ cương hành chính.';
COMMENT ON COLUMN core.inspection_record_candidates.concluded_on IS 'Ngày kết luận.';
COMMENT ON COLUMN core.inspection_record_candidates.conclusion_document IS 'Văn bản kết luận.';
COMMENT ON COLUMN core.inspection_record_candidates.finding_kind IS 'Loại tồn tại: wrong_authority, wrong_process, extra_papers, paperwork, discipline, other.';
COMMENT ON COLUMN core.inspection_record_candidates.finding IS 'Nội dung tồn tại.';
COMMENT ON COLUMN core.inspection_record_candidates.dossier_code IS 'Mã hồ sơ liên quan.';
COMMENT ON COLUMN core.inspection_record_candidates.official_code IS 'Mã công chức liên quan, theo sổ cán bộ.';
COMMENT ON COLUMN core.inspection_record_candidates.mend_due_on IS 'Hạn khắc phục.';
COMMENT ON COLUMN core.inspection_record_candidates.mended_on IS 'Ngày khắc phục; trống khi chưa.';
COMMENT ON COLUMN core.inspection_record_candidates.evidence IS 'Minh chứng khắc phục.';
COMMENT ON COLUMN core.inspection_record_candidates.unit_key IS 'Khóa so tên của đơn vị được kiểm tra.';
