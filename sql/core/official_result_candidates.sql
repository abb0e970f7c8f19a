-- Grain: one row per staged row of register__official_results.
-- Answers: the row as core.official_results would hold it, and what its suite needs to judge it.

CREATE VIEW core.official_result_candidates AS
SELECT
    f.commune_code,
    s.fetch_id,
    s.row_number,
    s.row_uid,
    s.row_hash,
    f.fetched_at,
    s.unreadable,
    s.result_year,
    s.index_code,
    s.value,
    s.class_name,
    CASE WHEN s.rank = trunc(s.rank) AND s.rank BETWEEN 0 AND 1000000 THEN s.rank::integer END AS rank,
    CASE WHEN s.ranked_count = trunc(s.ranked_count) AND s.ranked_count BETWEEN 0 AND 1000000 THEN s.ranked_count::integer END AS ranked_count,
    s.ranked_group,
    s.average_value,
    s.source_document,
    s.published_on,
    coalesce(s.rank = trunc(s.rank) AND s.rank BETWEEN 0 AND 1000000, true)
        AND coalesce(s.ranked_count = trunc(s.ranked_count) AND s.ranked_count BETWEEN 0 AND 1000000, true) AS has_whole_counts
FROM staging.register__official_results AS s
INNER JOIN ops.fetches AS f ON f.fetch_id = s.fetch_id;

COMMENT ON VIEW core.official_result_candidates IS 'Các dòng kết quả chính thức vừa nhận, đã định hình để chấm và để nhập.';
COMMENT ON COLUMN core.official_result_candidates.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.official_result_candidates.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.official_result_candidates.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.official_result_candidates.row_uid IS 'Số riêng của dòng trong luồng.';
COMMENT ON COLUMN core.official_result_candidates.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.official_result_candidates.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.official_result_candidates.unreadable IS 'Tên các cột mà nguồn ghi không đọc được.';
COMMENT ON COLUMN core.official_result_candidates.result_year IS 'Năm được đánh giá.';
COMMENT ON COLUMN core.official_result_candidates.index_code IS 'Chỉ số: par_index, sipas, head_class, index_766, ddci, papi.';
COMMENT ON COLUMN core.official_result_candidates.value IS 'Điểm hoặc tỷ lệ như đã công bố, 0 đến 100.';
COMMENT ON COLUMN core.official_result_candidates.class_name IS 'Xếp loại, đúng chữ của văn bản.';
COMMENT ON COLUMN core.official_result_candidates.rank IS 'Thứ hạng trong nhóm.';
COMMENT ON COLUMN core.official_result_candidates.ranked_count IS 'Số đơn vị trong nhóm xếp hạng.';
COMMENT ON COLUMN core.official_result_candidates.ranked_group IS 'Nhóm mà thứ hạng nói đến.';
COMMENT ON COLUMN core.official_result_candidates.average_value IS 'Trung bình của nhóm như đã công bố.';
COMMENT ON COLUMN core.official_result_candidates.source_document IS 'Văn bản công bố.';
COMMENT ON COLUMN core.official_result_candidates.published_on IS 'Ngày của văn bản ấy.';
COMMENT ON COLUMN core.official_result_candidates.has_whole_counts IS 'Thứ hạng và số đơn vị là số nguyên không âm.';
