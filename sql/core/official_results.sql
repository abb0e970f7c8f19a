-- Grain: one row per year and index, as published.
-- Answers: what the city or a ministry published about the commune: score, rank, class.
-- Filled by: the merge of register__official_results.

CREATE TABLE core.official_results (
    commune_code text NOT NULL,
    result_year integer NOT NULL,
    index_code text NOT NULL,
    value numeric,
    class_name text,
    rank integer,
    ranked_count integer,
    ranked_group text,
    average_value numeric,
    source_document text NOT NULL,
    published_on date NOT NULL,
    row_hash uuid NOT NULL,
    fetch_id bigint NOT NULL,
    row_number integer NOT NULL,
    fetched_at timestamptz NOT NULL,
    flags text[] NOT NULL DEFAULT '{}',
    missing_since timestamptz,
    PRIMARY KEY (commune_code, result_year, index_code),
    CHECK (num_nonnulls(value, class_name) > 0)
);

COMMENT ON TABLE core.official_results IS 'Chỉ số và xếp loại do cấp trên công bố, mỗi năm một dòng cho mỗi chỉ số.';
COMMENT ON COLUMN core.official_results.commune_code IS 'Mã đơn vị hành chính của xã.';
COMMENT ON COLUMN core.official_results.result_year IS 'Năm được đánh giá.';
COMMENT ON COLUMN core.official_results.index_code IS 'Chỉ số: par_index, sipas, head_class, index_766, ddci, papi.';
COMMENT ON COLUMN core.official_results.value IS 'Điểm hoặc tỷ lệ như đã công bố, 0 đến 100.';
COMMENT ON COLUMN core.official_results.class_name IS 'Xếp loại, đúng chữ của văn bản.';
COMMENT ON COLUMN core.official_results.rank IS 'Thứ hạng trong nhóm.';
COMMENT ON COLUMN core.official_results.ranked_count IS 'Số đơn vị trong nhóm xếp hạng.';
COMMENT ON COLUMN core.official_results.ranked_group IS 'Nhóm mà thứ hạng nói đến.';
COMMENT ON COLUMN core.official_results.average_value IS 'Trung bình của nhóm như đã công bố.';
COMMENT ON COLUMN core.official_results.source_document IS 'Văn bản công bố.';
COMMENT ON COLUMN core.official_results.published_on IS 'Ngày của văn bản ấy.';
COMMENT ON COLUMN core.official_results.row_hash IS 'Dấu vân tay của mọi cột được giữ.';
COMMENT ON COLUMN core.official_results.fetch_id IS 'Lần đọc đã đưa bản này vào.';
COMMENT ON COLUMN core.official_results.row_number IS 'Số thứ tự dòng trong lần đọc ấy.';
COMMENT ON COLUMN core.official_results.fetched_at IS 'Thời điểm của lần đọc ấy.';
COMMENT ON COLUMN core.official_results.flags IS 'Các luật cảnh báo mà bản này phạm.';
COMMENT ON COLUMN core.official_results.missing_since IS 'Vắng mặt từ lần đọc đủ nào.';
