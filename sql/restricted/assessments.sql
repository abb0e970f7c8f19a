-- Grain: one row per period, official, assessor and item of a rule set, as its newest version says.
-- Answers: what people gave for what the machine does not know; one's own points are shown, never counted.
-- Filled by: the merge of register__assessments.

CREATE TABLE restricted.assessments (
    commune_code text NOT NULL,
    period text NOT NULL,
    official_code text NOT NULL,
    assessor text NOT NULL,
    item_code text NOT NULL,
    points numeric NOT NULL,
    signed_on date NOT NULL,
    document text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, period, official_code, assessor, item_code),
    CHECK (assessor IN ('self', 'head')),
    CHECK (points BETWEEN 0 AND 100)
);

COMMENT ON TABLE restricted.assessments IS 'Điểm tự chấm và điểm của người đứng đầu, từng mục. Hạn chế.';
COMMENT ON COLUMN restricted.assessments.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN restricted.assessments.period IS 'Kỳ đánh giá: 2025, 2026-Q1.';
COMMENT ON COLUMN restricted.assessments.official_code IS 'Mã công chức.';
COMMENT ON COLUMN restricted.assessments.assessor IS 'Ai chấm: self (tự chấm, không tính), head (người đứng đầu).';
COMMENT ON COLUMN restricted.assessments.item_code IS 'Mã mục của bộ quy tắc: g1, g2, e…';
COMMENT ON COLUMN restricted.assessments.points IS 'Điểm chấm; mục e theo thang 100.';
COMMENT ON COLUMN restricted.assessments.signed_on IS 'Ngày ký.';
COMMENT ON COLUMN restricted.assessments.document IS 'Số, ký hiệu phiếu hoặc biên bản họp.';
COMMENT ON COLUMN restricted.assessments.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN restricted.assessments.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN restricted.assessments.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN restricted.assessments.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN restricted.assessments.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN restricted.assessments.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
