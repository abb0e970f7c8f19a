-- Grain: one row per staged row of register__reviews.
-- Answers: the row as core.reviews would hold it, and what its suite needs to judge it.

CREATE VIEW core.review_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.review_code,
    s.procedure_code,
    s.plan_document,
    s.is_planned = 'yes' AS is_planned,
    n.unit_code,
    s.official_code,
    s.due_on,
    s.reviewed_on,
    s.proposal_kind,
    s.proposal,
    s.proposed_on,
    s.proposal_document,
    s.answer,
    s.answered_on,
    s.answer_document,
    s.cost_cut_vnd,
    s.unit_key
FROM staging.register__reviews AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = f.commune_code
        AND n.name_key = s.unit_key
        AND coalesce(s.reviewed_on, s.due_on, core.day_of(f.fetched_at)) BETWEEN n.valid_from AND n.valid_to;

COMMENT ON VIEW core.review_candidates IS 'Các dòng sổ rà soát vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.review_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.review_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.review_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.review_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.review_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.review_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.review_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.review_candidates.review_code IS 'Mã rà soát.';
COMMENT ON COLUMN core.review_candidates.procedure_code IS 'Mã thủ tục dạng d.dddddd.';
COMMENT ON COLUMN core.review_candidates.plan_document IS 'Kế hoạch rà soát.';
COMMENT ON COLUMN core.review_candidates.is_planned IS 'Có trong kế hoạch rà soát.';
COMMENT ON COLUMN core.review_candidates.unit_code IS 'Mã đơn vị theo bảng tra tên.';
COMMENT ON COLUMN core.review_candidates.official_code IS 'Mã công chức đề xuất, theo sổ cán bộ.';
COMMENT ON COLUMN core.review_candidates.due_on IS 'Hạn rà soát.';
COMMENT ON COLUMN core.review_candidates.reviewed_on IS 'Ngày rà soát xong; trống khi chưa.';
COMMENT ON COLUMN core.review_candidates.proposal_kind IS 'Loại đề xuất: none (không có gì để sửa), fewer_papers, shorter_term, amendment, repeal; trống khi chưa rà soát.';
COMMENT ON COLUMN core.review_candidates.proposal IS 'Nội dung đề xuất.';
COMMENT ON COLUMN core.review_candidates.proposed_on IS 'Ngày gửi đề xuất; trống khi chưa gửi.';
COMMENT ON COLUMN core.review_candidates.proposal_document IS 'Văn bản đề xuất.';
COMMENT ON COLUMN core.review_candidates.answer IS 'Trả lời: accepted, partly_accepted, rejected; trống khi chưa có.';
COMMENT ON COLUMN core.review_candidates.answered_on IS 'Ngày trả lời.';
COMMENT ON COLUMN core.review_candidates.answer_document IS 'Văn bản trả lời.';
COMMENT ON COLUMN core.review_candidates.cost_cut_vnd IS 'Chi phí tuân thủ cắt giảm được mỗi năm, đồng.';
COMMENT ON COLUMN core.review_candidates.unit_key IS 'Khóa so tên của đơn vị rà soát.';
