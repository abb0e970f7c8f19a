-- Grain: one row per response and item asked.
-- Answers: what people answered about a dossier or a visit, on which scale, and whether that is satisfied.
-- Filled by: the merge of ratings__responses.

CREATE TABLE core.ratings (
    commune_code text NOT NULL,
    response_code text NOT NULL,
    item text NOT NULL,
    source text,
    dossier_code text,
    visit_code text,
    scale text NOT NULL CHECK (scale IN ('words_5', 'words_3', 'stars_5', 'yes_no')),
    rating_level smallint CHECK (rating_level BETWEEN 1 AND 5),
    is_satisfied boolean NOT NULL,
    rated_at timestamptz NOT NULL,
    unit_name text,
    unit_key text,
    official_code text,
    official_key text,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, response_code, item)
);
CREATE INDEX ratings_of_dossier ON core.ratings (commune_code, dossier_code);

COMMENT ON TABLE core.ratings IS 'Đánh giá của người dân: mỗi phiếu, mỗi nội dung một dòng.';
COMMENT ON COLUMN core.ratings.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.ratings.response_code IS 'Mã phiếu đánh giá.';
COMMENT ON COLUMN core.ratings.item IS 'Nội dung được hỏi: overall Mức độ hài lòng chung, access Tiếp cận dịch vụ, procedure Thủ tục hành chính, attitude Thái độ của công chức, competence Năng lực của công chức, time Thời gian giải quyết, result Kết quả giải quyết, feedback Tiếp thu góp ý, harassment Bị gây phiền hà, sách nhiễu.';
COMMENT ON COLUMN core.ratings.source IS 'Nguồn: portal Cổng DVCQG, kiosk ki-ốt tại quầy, paper phiếu giấy, online trực tuyến; trống khi không rõ.';
COMMENT ON COLUMN core.ratings.dossier_code IS 'Mã hồ sơ được đánh giá, khi có.';
COMMENT ON COLUMN core.ratings.visit_code IS 'Mã lượt giao dịch tại quầy, khi có.';
COMMENT ON COLUMN core.ratings.scale IS 'Thang đo: words_5 hài lòng 5 mức, words_3 tốt 3 mức, stars_5 5 sao, yes_no có/không.';
COMMENT ON COLUMN core.ratings.rating_level IS 'Mức trả lời quy về 5 (cao nhất) … 1; trống với thang có/không.';
COMMENT ON COLUMN core.ratings.is_satisfied IS 'Câu trả lời là hài lòng: mức 4, 5; với câu hỏi có/không là Có, riêng về sách nhiễu là Không.';
COMMENT ON COLUMN core.ratings.rated_at IS 'Lúc đánh giá.';
COMMENT ON COLUMN core.ratings.unit_name IS 'Đơn vị được đánh giá như đã nhận.';
COMMENT ON COLUMN core.ratings.unit_key IS 'Khóa so tên của đơn vị được đánh giá.';
COMMENT ON COLUMN core.ratings.official_code IS 'Mã công chức được đánh giá, khi nguồn ghi.';
COMMENT ON COLUMN core.ratings.official_key IS 'Mã băm có khóa của tên công chức được đánh giá; không phải tên.';
COMMENT ON COLUMN core.ratings.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.ratings.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.ratings.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.ratings.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.ratings.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.ratings.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
