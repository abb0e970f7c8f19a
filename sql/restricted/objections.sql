-- Grain: one row per objection to a proposed evaluation, as its newest version says.
-- Answers: who objected to what, and what was answered.
-- Filled by: the merge of register__objections.

CREATE TABLE restricted.objections (
    commune_code text NOT NULL,
    objection_code text NOT NULL,
    period text NOT NULL,
    official_code text,
    unit_code text,
    filed_on date NOT NULL,
    item_code text,
    answered_on date,
    answer text,
    document text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, objection_code),
    CHECK (num_nonnulls(official_code, unit_code) = 1),
    CHECK ((answered_on IS NULL) = (answer IS NULL))
);

COMMENT ON TABLE restricted.objections IS 'Khiếu nại đề xuất đánh giá và kết quả trả lời. Hạn chế.';
COMMENT ON COLUMN restricted.objections.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.objections.objection_code IS 'Mã khiếu nại.';
COMMENT ON COLUMN restricted.objections.period IS 'Kỳ đánh giá: 2025, 2026-Q1.';
COMMENT ON COLUMN restricted.objections.official_code IS 'Mã công chức khiếu nại; trống khi đơn vị khiếu nại.';
COMMENT ON COLUMN restricted.objections.unit_code IS 'Mã đơn vị khiếu nại, theo bảng tra tên; trống khi cá nhân khiếu nại.';
COMMENT ON COLUMN restricted.objections.filed_on IS 'Ngày nhận khiếu nại.';
COMMENT ON COLUMN restricted.objections.item_code IS 'Mục, điểm trừ hoặc điều kiện chặn mức bị khiếu nại; trống: cả phiếu.';
COMMENT ON COLUMN restricted.objections.answered_on IS 'Ngày trả lời; trống khi chưa trả lời.';
COMMENT ON COLUMN restricted.objections.answer IS 'Kết quả trả lời: accepted (chấp nhận), partly_accepted, rejected.';
COMMENT ON COLUMN restricted.objections.document IS 'Văn bản trả lời.';
COMMENT ON COLUMN restricted.objections.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN restricted.objections.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN restricted.objections.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN restricted.objections.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN restricted.objections.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN restricted.objections.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
