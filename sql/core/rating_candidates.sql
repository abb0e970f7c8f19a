-- Grain: one row per staged row of ratings__responses.
-- Answers: the row as core.ratings would hold it, and what its suite needs to judge it.

CREATE VIEW core.rating_candidates AS
WITH staged AS (
    SELECT
        f.commune_code,
        f.fetched_at,
        s.*,
        CASE s.scale
            WHEN 'words_5' THEN CASE
                WHEN s.answer_word = 'rất hài lòng' THEN 5
                WHEN s.answer_word = 'hài lòng' THEN 4
                WHEN s.answer_word = 'bình thường' THEN 3
                WHEN s.answer_word = 'không hài lòng' THEN 2
                WHEN s.answer_word = 'rất không hài lòng' THEN 1
            END
            WHEN 'words_3' THEN CASE
                WHEN s.answer_word IN ('rất tốt', '1') THEN 5
                WHEN s.answer_word IN ('tốt', '2') THEN 4
                WHEN s.answer_word IN ('chưa tốt', '3') THEN 2
            END
            WHEN 'stars_5' THEN CASE
                WHEN s.answer_word IN ('1', '1 sao') THEN 1
                WHEN s.answer_word IN ('2', '2 sao') THEN 2
                WHEN s.answer_word IN ('3', '3 sao') THEN 3
                WHEN s.answer_word IN ('4', '4 sao') THEN 4
                WHEN s.answer_word IN ('5', '5 sao') THEN 5
            END
        END AS rating_level,
        CASE WHEN s.scale = 'yes_no' THEN CASE s.answer_word WHEN 'có' THEN true WHEN 'không' THEN false END END AS is_yes,
        core.day_of(coalesce(s.rated_at, f.fetched_at)) AS named_on
    FROM staging.ratings__responses AS s
    INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id
)

SELECT
    s.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    s.fetched_at,
    s.unreadable,
    s.response_code,
    s.item,
    s.source,
    s.dossier_code,
    s.visit_code,
    s.scale,
    s.rating_level,
    coalesce(s.rating_level >= 4, s.is_yes <> (s.item = 'harassment')) AS is_satisfied,
    s.rated_at,
    s.unit_name,
    s.unit_key,
    s.official_code,
    s.official_key,
    -- From here on: for the judgement only.
    s.answer_word,
    s.is_yes,
    n.unit_code
FROM staged AS s
LEFT JOIN core.unit_names AS n
    ON
        n.commune_code = s.commune_code
        AND n.name_key = s.unit_key
        AND s.named_on BETWEEN n.valid_from AND n.valid_to;

COMMENT ON VIEW core.rating_candidates IS 'Các đánh giá vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.rating_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.rating_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.rating_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.rating_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.rating_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.rating_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.rating_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.rating_candidates.response_code IS 'Mã phiếu đánh giá.';
COMMENT ON COLUMN core.rating_candidates.item IS 'Nội dung được hỏi: overall Mức độ hài lòng chung, access Tiếp cận dịch vụ, procedure Thủ tục hành chính, attitude Thái độ của công chức, competence Năng lực của công chức, time Thời gian giải quyết, result Kết quả giải quyết, feedback Tiếp thu góp ý, harassment Bị gây phiền hà, sách nhiễu.';
COMMENT ON COLUMN core.rating_candidates.source IS 'Nguồn: portal Cổng DVCQG, kiosk ki-ốt tại quầy, paper phiếu giấy, online trực tuyến; trống khi không rõ.';
COMMENT ON COLUMN core.rating_candidates.dossier_code IS 'Mã hồ sơ được đánh giá, khi có.';
COMMENT ON COLUMN core.rating_candidates.visit_code IS 'Mã lượt giao dịch tại quầy, khi có.';
COMMENT ON COLUMN core.rating_candidates.scale IS 'Thang đo: words_5 hài lòng 5 mức, words_3 tốt 3 mức, stars_5 5 sao, yes_no có/không.';
COMMENT ON COLUMN core.rating_candidates.rating_level IS 'Mức trả lời quy về 5 (cao nhất) … 1; trống với thang có/không.';
COMMENT ON COLUMN core.rating_candidates.is_satisfied IS 'Câu trả lời là hài lòng: mức 4, 5; với câu hỏi có/không là Có, riêng về sách nhiễu là Không.';
COMMENT ON COLUMN core.rating_candidates.rated_at IS 'Lúc đánh giá.';
COMMENT ON COLUMN core.rating_candidates.unit_name IS 'Đơn vị được đánh giá như đã nhận.';
COMMENT ON COLUMN core.rating_candidates.unit_key IS 'Khóa so tên của đơn vị được đánh giá.';
COMMENT ON COLUMN core.rating_candidates.official_code IS 'Mã công chức được đánh giá, khi nguồn ghi.';
COMMENT ON COLUMN core.rating_candidates.official_key IS 'Mã băm có khóa của tên công chức được đánh giá; không phải tên.';
COMMENT ON COLUMN core.rating_candidates.answer_word IS 'Câu trả lời như đã nhận.';
COMMENT ON COLUMN core.rating_candidates.is_yes IS 'Câu trả lời là Có, với thang có/không.';
COMMENT ON COLUMN core.rating_candidates.unit_code IS 'Mã đơn vị theo bảng tra tên, vào ngày đánh giá; trống là tên lạ.';
