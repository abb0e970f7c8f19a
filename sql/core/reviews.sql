-- Grain: one row per procedure in a round of reviews, as its newest version says.
-- Answers: which procedures were reviewed as planned, what was proposed, what came of it, what it saves.
-- Filled by: the merge of register__reviews.

CREATE TABLE core.reviews (
    commune_code text NOT NULL,
    review_code text NOT NULL,
    procedure_code text NOT NULL,
    plan_document text,
    is_planned boolean NOT NULL,
    unit_code text NOT NULL,
    official_code text,
    due_on date,
    reviewed_on date,
    proposal_kind text,
    proposal text,
    proposed_on date,
    proposal_document text,
    answer text,
    answered_on date,
    answer_document text,
    cost_cut_vnd bigint,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, review_code),
    CHECK ((reviewed_on IS NULL) = (proposal_kind IS NULL)),
    CHECK ((answer IS NULL) = (answered_on IS NULL))
);

COMMENT ON TABLE core.reviews IS 'Thủ tục được rà soát, đề xuất cắt giảm và kết quả.';
COMMENT ON COLUMN core.reviews.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.reviews.review_code IS 'Mã rà soát.';
COMMENT ON COLUMN core.reviews.procedure_code IS 'Mã thủ tục dạng d.dddddd.';
COMMENT ON COLUMN core.reviews.plan_document IS 'Kế hoạch rà soát.';
COMMENT ON COLUMN core.reviews.is_planned IS 'Có trong kế hoạch rà soát.';
COMMENT ON COLUMN core.reviews.unit_code IS 'Mã đơn vị theo bảng tra tên.';
COMMENT ON COLUMN core.reviews.official_code IS 'Mã công chức đề xuất, theo sổ cán bộ.';
COMMENT ON COLUMN core.reviews.due_on IS 'Hạn rà soát.';
COMMENT ON COLUMN core.reviews.reviewed_on IS 'Ngày rà soát xong; trống khi chưa.';
COMMENT ON COLUMN core.reviews.proposal_kind IS 'Loại đề xuất: none (không có gì để sửa), fewer_papers, shorter_term, amendment, repeal; trống khi chưa rà soát.';
COMMENT ON COLUMN core.reviews.proposal IS 'Nội dung đề xuất.';
COMMENT ON COLUMN core.reviews.proposed_on IS 'Ngày gửi đề xuất; trống khi chưa gửi.';
COMMENT ON COLUMN core.reviews.proposal_document IS 'Văn bản đề xuất.';
COMMENT ON COLUMN core.reviews.answer IS 'Trả lời: accepted, partly_accepted, rejected; trống khi chưa có.';
COMMENT ON COLUMN core.reviews.answered_on IS 'Ngày trả lời.';
COMMENT ON COLUMN core.reviews.answer_document IS 'Văn bản trả lời.';
COMMENT ON COLUMN core.reviews.cost_cut_vnd IS 'Chi phí tuân thủ cắt giảm được mỗi năm, đồng.';
COMMENT ON COLUMN core.reviews.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.reviews.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.reviews.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.reviews.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.reviews.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.reviews.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
